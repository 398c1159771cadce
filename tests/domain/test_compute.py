from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.domain.compute import answer_line

EXAMPLES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "compute-examples.jsonl").read_text().splitlines()
]
OFFICE = {
    "timezone": "UTC",
    "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
}
ADD = {"id": 1, "ask": "calendar.add", "calendar": OFFICE, "start": "2026-06-08T09:00:00Z", "minutes": 60}
EXPLAIN = {
    "id": 2,
    "ask": "sla.explain",
    "as_of": "2026-06-08T12:00:00Z",
    "site_timezone": "America/Chicago",
    "calendars": {"store": {**OFFICE, "timezone": "site"}},
    "policy": {
        "targets": {
            "resolve": {"within": "8h", "calendar": "store", "warn_at": ["50%"]},
            "confirm": {"within": "24h"},
        }
    },
    "events": [{"type": "opened", "at": "2026-06-08T10:00:00Z", "priority": "P1"}],
}


def ask(question: Any, **changes: Any) -> Any:
    return answer_line(json.dumps({**question, **changes}))


def agrees(expected: Any, found: Any) -> bool:
    """Whether `found` has everything that `expected` has; a mapping may have more."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(
            k in found and agrees(v, found[k]) for k, v in expected.items()
        )
    return bool(expected == found) and isinstance(expected, float) == isinstance(found, float)


@pytest.mark.parametrize("question", EXAMPLES, ids=[example["id"] for example in EXAMPLES])
def test_the_worked_cases(question: Any) -> None:
    found = answer_line(json.dumps({k: v for k, v in question.items() if not k.startswith("expect")}))
    assert found["id"] == question["id"]
    if question.get("expect_error"):
        assert found["error"]
    else:
        assert agrees(question["expect"], found["answer"])


def test_whole_numbers_are_written_without_a_point() -> None:
    between = {**ADD, "ask": "calendar.between", "end": "2026-06-08T09:30:00Z"}
    del between["minutes"]
    assert json.dumps(ask(between)["answer"]) == "30"
    assert json.dumps(ask(between, end="2026-06-08T09:00:15Z")["answer"]) == "0.25"
    assert json.dumps(ask(between, end="2026-06-08T08:00:00Z")["answer"]) == "0"
    assert (
        json.dumps(ask(between, start="2026-06-08T10:00:00Z", end="2026-06-08T09:00:00Z")["answer"]) == "-60"
    )


def test_fractions_of_a_minute_and_of_a_second() -> None:
    assert ask(ADD, minutes=0.1)["answer"] == "2026-06-08T09:00:06Z"
    assert ask(ADD, minutes=0.0125)["answer"] == "2026-06-08T09:00:00.75Z"
    assert ask(ADD, minutes=-0.5)["answer"] == "2026-06-05T16:59:30Z"
    assert ask(ADD, minutes=0, start="2026-06-07T09:00:00+02:00")["answer"] == "2026-06-07T07:00:00Z"


def test_windows_come_clipped_and_joined() -> None:
    question = {
        "ask": "calendar.windows",
        "calendar": OFFICE,
        "start": "2026-06-08T12:00:00Z",
        "end": "2026-06-09T10:00:00Z",
    }
    assert ask(question)["answer"] == [
        ["2026-06-08T12:00:00Z", "2026-06-08T17:00:00Z"],
        ["2026-06-09T09:00:00Z", "2026-06-09T10:00:00Z"],
    ]


def test_a_whole_report() -> None:
    assert ask(EXPLAIN)["answer"] == {
        "metrics": {
            "resolve": {
                "state": "running",
                "due_at": "2026-06-08T22:00:00Z",
                "elapsed_seconds": 0,
                "target_seconds": 28800,
                "breached": False,
                "breached_at": None,
                "warnings": ["2026-06-08T18:00:00Z"],
                "segments": [["2026-06-08T10:00:00Z", "2026-06-08T12:00:00Z", "closed_hours"]],
            },
            "confirm": {
                "state": "none",
                "due_at": None,
                "elapsed_seconds": 0,
                "target_seconds": 86400,
                "breached": False,
                "breached_at": None,
                "warnings": [],
                "segments": [],
            },
        }
    }


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "not an object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"id": ' + "9" * 5000 + "}", "not JSON"),
        ('{"ask": "calendar.add", "minutes": NaN}', "NaN is not a number"),
        ("{}", "'ask' is missing"),
        ('{"ask": "calendar.ad"}', "did you mean 'calendar.add'"),
        ('{"ask": ["calendar.add"]}', "is no question"),
    ],
)
def test_a_line_that_is_no_question(line: str, words: str) -> None:
    found = answer_line(line)
    assert found["id"] is None
    assert words in str(found["error"])


def test_no_line_stops_the_ones_after_it(tmp_path: Path) -> None:
    lines = [
        b"\xef\xbb\xbf" + json.dumps({**ADD, "id": "marked as UTF-8"}).encode(),
        b'{"id": "\\ud83d", "ask": "half a character"}',
        b'{"id": 1e999, "ask": "no such number"}',
        b'{"id": {"deep": []}, "ask": "no such id"}',
        b"\xff\xfe\x00",
        b"",
        json.dumps({**ADD, "id": "last"}).encode(),
    ]
    file = tmp_path / "questions.jsonl"
    file.write_bytes(b"\n".join(lines))
    result = CliRunner().invoke(cli, ["compute", str(file)])
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [found["id"] for found in answers] == ["marked as UTF-8", "\ud83d", None, None, None, "last"]
    assert ["error" in found for found in answers] == [False, True, True, True, True, False]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"minuts": 1}, "question: unknown key 'minuts'; did you mean 'minutes'?"),
        ({"minutes": "60"}, "minutes: '60' is not a number"),
        ({"minutes": True}, "not a number"),
        ({"minutes": 10**400}, "minutes: "),
        ({"minutes": 1e308}, "longer than the years"),
        ({"minutes": 5 * 10**9}, "years 1 to 9999"),
        ({"start": "2026-06-08T09:00:00"}, "start: '2026-06-08T09:00:00' has no offset"),
        ({"start": "9" * 10_000}, "not an instant"),
        ({"start": ["x"]}, "not an instant"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "not an instant"),
        ({"start": "9999-12-31T23:59:59Z"}, "years 1 to 9999"),
        ({"start": "0001-01-01T00:00:00Z", "minutes": -1}, "years 1 to 9999"),
        ({"calendar": "office"}, "not an object"),
        ({"calendar": {**OFFICE, "timezone": "Mars/Olympus"}}, "no time zone 'Mars/Olympus'"),
        ({"calendar": {**OFFICE, "timezone": ["UTC"]}}, "not a time zone"),
        ({"calendar": {**OFFICE, "timezone": "site"}}, "needs a site"),
        (
            {"site_timezone": "America/Chicag"},
            "site_timezone: no time zone 'America/Chicag'",
        ),  # asked for or not
        ({"site_timezone": ["UTC"]}, "site_timezone: ['UTC'] is not a text"),
    ],
)
def test_a_wrong_question_is_an_error_for_that_line_alone(changes: Any, words: str) -> None:
    found = ask(ADD, **changes)
    assert found["id"] == 1
    assert words in found["error"]
    assert len(found["error"]) < 300


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            {"type": "open", "at": "2026-06-08T10:00:00Z"},
            "events[0].type: 'open' is no event; did you mean 'opened'?",
        ),
        ({"type": "opened"}, "events[0]: 'at' is missing"),
        ({"type": "opened", "at": "2026-06-08"}, "events[0].at: '2026-06-08' is not an instant"),
        ({"type": "held", "at": "2026-06-08T10:00:00Z"}, "'reason' is missing"),
        ({"type": "priority_changed", "at": "2026-06-08T10:00:00Z", "priority": None}, "null is no priority"),
        ({"type": "merged_in", "at": "2026-06-08T10:00:00Z"}, "'first_contact_at' is missing"),
        ({"type": "opened", "at": "2026-06-08T10:00:00Z", "priorty": "P1"}, "did you mean 'priority'"),
        ("opened", "not an object"),
    ],
)
def test_a_wrong_event_says_which_and_what_would_be_right(event: Any, words: str) -> None:
    assert words in ask(EXPLAIN, events=[event])["error"]


def test_a_calendar_that_is_not_used_is_checked_too() -> None:
    found = ask(EXPLAIN, calendars={**EXPLAIN["calendars"], "spare": {"timezone": "UTC", "hours": {}}})
    assert found["error"] == "calendars.spare: this calendar never opens; give it hours, or 24x7"


def calls_of(question: Any) -> int:
    """Functions called for an answer, of Python and of C: what it costs, however busy the machine is."""
    line, calls, before = json.dumps(question), 0, sys.getprofile()

    def count(_frame: Any, event: str, _arg: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        answer_line(line)
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("zone", ["Asia/Gaza", "America/New_York"])
@pytest.mark.parametrize(("minutes", "year"), [(525_600, 2030), (90_000_000, 2745)])
def test_years_of_minutes_take_no_walk_over_days(zone: str, minutes: int, year: int) -> None:
    question = {**ADD, "minutes": minutes, "calendar": {**OFFICE, "timezone": zone}}
    assert ask(question)["answer"][:4] == str(year)
    assert calls_of(question) < 300 + 200 * (year - 2026)  # the weeks of a change of the clocks, one by one
