"""The clocks of the service levels: states, due instants, segments and warnings of written stories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.calendars import parse_calendar
from app.domain.errors import CloseloopError
from app.domain.sla import (
    Metric,
    SlaEvent,
    Threshold,
    ThresholdKind,
    explain,
    next_threshold,
    parse_policy,
)

START = datetime(2026, 6, 8, 8, 0, tzinfo=UTC)  # a Monday
OFFICE = {
    "timezone": "UTC",
    "hours": {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
}


def clock(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def story(text: str) -> list[SlaEvent]:
    """Events from `minute type [word]` parts, such as `0 opened P1, 30 held parts`."""
    events = []
    for part in text.split(","):
        minute, kind, *word = part.split()
        more: dict[str, Any] = {}
        if word:
            key = "reason" if kind in ("held", "released") else "priority"
            more = {key: word[0]}
        if kind == "merged_in":
            more = {"first_contact_at": clock(int(word[0]))}
        events.append(SlaEvent(type=kind, at=clock(int(minute)), **more))
    return events


def report(metric: str, text: str, at: int, within: Any = "60m", calendar: Any = None, **more: Any) -> Any:
    target = {"within": within, "warn_at": more.pop("warn_at", [])}
    calendars = {}
    if calendar is not None:
        target["calendar"], calendars = "c", {"c": calendar}
    doc = {"targets": {metric: target}, **more}
    return explain(parse_policy(doc, calendars), story(text), clock(at))[Metric(metric)]


def brief(found: Any) -> tuple[str, int | None, float, int | None]:
    """State, due, elapsed, breached_at, in minutes from the start."""

    def minutes(instant: datetime | None) -> int | None:
        return None if instant is None else round((instant - START).total_seconds() / 60)

    assert found.breached == (found.breached_at is not None)
    return str(found.state), minutes(found.due_at), found.elapsed_seconds / 60, minutes(found.breached_at)


PAUSES = {"pause_on": {"resolve": ["parts", "access"]}}
P12 = {"P1": "60m", "P2": "240m"}


@pytest.mark.parametrize(
    ("metric", "text", "at", "more", "expected"),
    [
        # before anything, and the due instant itself
        ("acknowledge", "5 opened", 0, {}, ("none", None, 0, None)),
        ("acknowledge", "0 opened", 0, {}, ("running", 60, 0, None)),
        ("acknowledge", "0 opened", 60, {}, ("running", 60, 60, None)),
        ("acknowledge", "0 opened", 61, {}, ("running", 60, 61, 60)),
        ("acknowledge", "0 opened, 60 acknowledged", 90, {}, ("met", 60, 60, None)),
        ("acknowledge", "0 opened, 61 acknowledged", 90, {}, ("missed", 60, 61, 60)),
        ("acknowledge", "0 opened, 61 acknowledged", 60, {}, ("running", 60, 60, None)),
        # what is skipped counts as done
        ("acknowledge", "0 opened, 10 eta_given, 90 acknowledged", 99, {}, ("met", 60, 10, None)),
        ("acknowledge", "0 opened, 10 arrived", 99, {}, ("met", 60, 10, None)),
        ("acknowledge", "0 opened, 10 updated, 20 resolved, 30 reopened", 99, {}, ("met", 60, 20, None)),
        ("arrive", "0 opened, 10 acknowledged, 20 resolved", 99, {}, ("met", 60, 20, None)),
        # first contact is the earliest of all
        ("acknowledge", "0 opened, 5 merged_in -30, 20 acknowledged", 99, {}, ("met", 30, 50, None)),
        ("acknowledge", "0 opened, 5 merged_in 3, 20 acknowledged", 99, {}, ("met", 60, 20, None)),
        ("acknowledge", "0 opened, 50 merged_in -30", 40, {}, ("running", 60, 40, None)),
        # pauses: union, repeated, released all at once, not yet over, at the edge
        (
            "resolve",
            "0 opened, 10 held parts, 20 held access, 30 released parts, 40 released access",
            50,
            PAUSES,
            ("running", 90, 20, None),
        ),
        (
            "resolve",
            "0 opened, 10 held parts, 20 held parts, 30 released parts, 40 released parts",
            50,
            PAUSES,
            ("running", 80, 30, None),
        ),
        (
            "resolve",
            "0 opened, 10 held parts, 20 held access, 30 released",
            50,
            PAUSES,
            ("running", 80, 30, None),
        ),
        ("resolve", "0 opened, 10 held parts", 50, PAUSES, ("paused", None, 10, None)),
        ("resolve", "0 opened, 10 held lunch", 50, PAUSES, ("running", 60, 50, None)),
        ("resolve", "0 opened, 70 held parts", 80, PAUSES, ("paused", 60, 70, 60)),
        ("resolve", "0 opened, 60 held parts", 80, PAUSES, ("paused", 60, 60, 60)),
        ("resolve", "0 opened, 10 held parts, 50 resolved", 80, PAUSES, ("met", 100, 10, None)),
        (
            "resolve",
            "0 opened, 10 held parts, 50 resolved, 60 reopened",
            80,
            PAUSES,
            ("running", 110, 30, None),
        ),
        ("resolve", "0 opened, 10 held parts, 90 cancelled", 99, PAUSES, ("cancelled", 140, 10, None)),
        ("acknowledge", "0 opened, 10 held parts", 50, PAUSES, ("running", 60, 50, None)),
        # what is dated before first contact counts from then
        ("acknowledge", "0 opened, -10 acknowledged", 9, {}, ("met", 60, 0, None)),
        ("resolve", "0 opened, -10 held parts, 20 released parts", 50, PAUSES, ("running", 80, 30, None)),
        # cancelled: what was breached stays so, what was over stays over
        ("resolve", "0 opened, 70 cancelled, 80 resolved", 99, {}, ("cancelled", 60, 70, 60)),
        ("resolve", "0 opened, 30 resolved, 40 cancelled, 50 reopened", 99, {}, ("met", 60, 30, None)),
        # reopening, four ways
        (
            "resolve",
            "0 opened, 30 resolved, 90 reopened",
            100,
            {"on_reopen": "exclude"},
            ("running", 120, 40, None),
        ),
        (
            "resolve",
            "0 opened, 30 resolved, 90 reopened",
            100,
            {"on_reopen": "count"},
            ("running", 60, 100, 60),
        ),
        ("resolve", "0 opened, 30 resolved, 90 reopened", 80, {"on_reopen": "count"}, ("met", 60, 30, None)),
        (
            "resolve",
            "0 opened, 30 resolved, 90 reopened",
            100,
            {"on_reopen": "restart"},
            ("running", 150, 10, None),
        ),
        (
            "resolve",
            "0 opened, 70 resolved, 90 reopened, 95 resolved",
            100,
            {"on_reopen": "restart"},
            ("missed", 150, 5, 60),
        ),
        (
            "resolve",
            "0 opened, 30 resolved, 90 reopened",
            999,
            {"on_reopen": "freeze"},
            ("met", 60, 30, None),
        ),
        ("resolve", "0 opened, 30 resolved, 40 resolved", 99, {}, ("met", 60, 30, None)),
        ("resolve", "0 opened, 30 reopened, 40 resolved", 99, {}, ("met", 60, 40, None)),
        # priority changes, three ways
        ("resolve", "0 opened P2, 30 priority_changed P1", 40, {"within": P12}, ("running", 60, 40, None)),
        ("resolve", "0 opened P2, 90 priority_changed P1", 95, {"within": P12}, ("running", 60, 95, 90)),
        ("resolve", "0 opened P2, 60 priority_changed P1", 60, {"within": P12}, ("running", 60, 60, None)),
        ("resolve", "0 opened P1, 90 priority_changed P2", 95, {"within": P12}, ("running", 240, 95, 60)),
        (
            "resolve",
            "0 opened P1, 90 priority_changed P2, 99 resolved",
            99,
            {"within": P12},
            ("missed", 240, 99, 60),
        ),
        (
            "resolve",
            "0 opened P2, 90 priority_changed P1",
            95,
            {"within": P12, "on_priority_change": "from_change"},
            ("running", 150, 5, None),
        ),
        (
            "resolve",
            "0 opened P1, 90 priority_changed P2",
            95,
            {"within": P12, "on_priority_change": "from_change"},
            ("running", 330, 5, 60),
        ),
        (
            "resolve",
            "0 opened P2, 90 priority_changed P2",
            95,
            {"within": P12, "on_priority_change": "from_change"},
            ("running", 240, 95, None),
        ),
        (
            "resolve",
            "0 opened P2, 90 priority_changed P1",
            95,
            {"within": P12, "on_priority_change": "keep"},
            ("running", 240, 95, None),
        ),
        (
            "resolve",
            "0 opened P2, 90 priority_changed P1",
            95,
            {"on_priority_change": "from_change"},
            ("running", 60, 95, 60),
        ),
        (
            "resolve",
            "0 opened P2, 20 resolved, 90 priority_changed P1",
            95,
            {"within": P12},
            ("met", 240, 20, None),
        ),
        (
            "resolve",
            "0 opened P2, 70 resolved, 90 priority_changed P1, 95 reopened",
            99,
            {"within": P12},
            ("running", 60, 74, 90),
        ),
        # the update chain
        ("update", "0 opened, 50 acknowledged, 100 updated", 120, {}, ("running", 160, 20, None)),
        ("update", "0 opened, 70 updated, 80 resolved", 120, {}, ("missed", 130, 10, 60)),
        ("update", "0 opened, 50 updated, 80 resolved", 500, {}, ("met", 110, 30, None)),
        ("update", "0 opened, 50 resolved, 300 reopened", 310, {}, ("running", 360, 10, None)),
        # the customer's answer
        ("confirm", "0 opened", 50, {}, ("none", None, 0, None)),
        ("confirm", "0 opened, 10 resolved", 50, {}, ("running", 70, 40, None)),
        ("confirm", "0 opened, 10 resolved, 20 confirmed", 50, {}, ("met", 70, 10, None)),
        ("confirm", "0 opened, 10 resolved, 80 declined, 80 reopened", 99, {}, ("missed", 70, 70, 70)),
        (
            "confirm",
            "0 opened, 10 resolved, 80 declined, 80 reopened, 90 resolved",
            99,
            {},
            ("running", 150, 9, 70),
        ),
        ("confirm", "0 opened, 10 resolved, 20 closed", 50, {}, ("cancelled", 70, 10, None)),
        ("confirm", "0 opened, 10 resolved, 20 confirmed, 30 closed", 50, {}, ("met", 70, 10, None)),
        ("confirm", "0 opened, 10 resolved, 20 reopened", 50, {}, ("met", 70, 10, None)),
    ],
)
def test_what_a_clock_says(metric: str, text: str, at: int, more: Any, expected: Any) -> None:
    assert brief(report(metric, text, at, **more)) == expected


def test_a_stop_in_closed_hours_after_a_due_on_closing_is_late() -> None:
    found = report("resolve", "0 opened, 601 resolved", 700, "600m", OFFICE)
    assert brief(found) == ("missed", 600, 600, 600)


def test_a_pause_adds_only_the_open_time_that_it_covers() -> None:
    found = report(
        "resolve", "540 opened, 570 held parts, 1470 released parts", 1480, "60m", OFFICE, **PAUSES
    )
    assert brief(found) == ("running", 1500, 40, None)
    assert [(s.start, s.end, s.kind) for s in found.segments] == [
        (clock(540), clock(570), "running"),
        (clock(570), clock(600), "paused:parts"),
        (clock(600), clock(1440), "closed_hours"),
        (clock(1440), clock(1470), "paused:parts"),
        (clock(1470), clock(1480), "running"),
    ]


def test_segments_tell_the_first_open_reason_and_what_reopening_left_out() -> None:
    text = "0 opened, 10 held parts, 20 held access, 30 released parts, 40 released, 50 resolved, 70 reopened"
    found = report("resolve", text, 80, **PAUSES)
    assert [(s.kind, int((s.end - s.start).total_seconds()) // 60) for s in found.segments] == [
        ("running", 10),
        ("paused:parts", 20),
        ("paused:access", 10),
        ("running", 10),
        ("resolved", 20),
        ("running", 10),
    ]


def test_warnings_are_when_a_share_of_the_target_was_or_will_be_reached() -> None:
    shares = {"warn_at": ["50%", "80%", "100%"], **PAUSES}
    assert report("resolve", "0 opened", 40, **shares).warnings == (clock(30), clock(48), clock(60))
    assert report("resolve", "0 opened, 35 held parts", 40, **shares).warnings == (clock(30), None, None)
    assert report("resolve", "0 opened, 48 resolved", 99, **shares).warnings == (clock(30), clock(48), None)
    assert report("confirm", "0 opened", 99, **shares).warnings == (None, None, None)
    assert report("resolve", "0 opened, 10 held parts, 20 released", 40, **shares).warnings == (
        clock(40),
        clock(58),
        clock(70),
    )


def test_the_next_threshold_is_what_the_engine_arms() -> None:
    doc = {"targets": {"resolve": {"within": "60m", "warn_at": ["50%", "80%"]}}, **PAUSES}
    rules = parse_policy(doc)
    target = rules.targets[Metric.RESOLVE]

    def following(text: str, at: int) -> Threshold | None:
        return next_threshold(explain(rules, story(text), clock(at))[Metric.RESOLVE], target, clock(at))

    assert following("0 opened", 0) == Threshold(ThresholdKind.WARNING, 50, clock(30))
    assert following("0 opened", 30) == Threshold(ThresholdKind.WARNING, 80, clock(48))
    assert following("0 opened", 48) == Threshold(ThresholdKind.DUE, None, clock(60))
    assert following("0 opened", 60) == Threshold(ThresholdKind.DUE, None, clock(60))
    assert following("0 opened", 61) is None
    assert following("0 opened, 10 held parts", 20) is None
    assert following("0 opened, 10 resolved", 20) is None
    assert following("5 opened", 0) is None


@pytest.mark.parametrize(
    ("doc", "words"),
    [
        ({"targets": {"respond": {"within": "1h"}}}, "policy.targets: 'respond' is not known"),
        ({"targets": {"resolve": {"within": "1 hour"}}}, "resolve.within: '1 hour' is not a duration"),
        ({"targets": {"resolve": {"within": {}}}}, "no priority has a target"),
        ({"targets": {"resolve": {"within": "1h", "warn": []}}}, "did you mean 'warn_at'"),
        ({"targets": {"resolve": {"within": "1h", "warn_at": ["0.8"]}}}, "no share of the target"),
        ({"targets": {"resolve": {"within": "1h", "calendar": "stor"}}}, "did you mean 'store'"),
        ({"targets": {}, "pause_on": {"acknowledge": ["x"]}}, "acknowledge clock never pauses"),
        ({"targets": {}, "pause_on": {"resolve": "x"}}, "not a list"),
        ({"targets": {}, "on_reopen": "restarted"}, "did you mean 'restart'"),
        ({"targets": {}, "on_priority": "keep"}, "did you mean 'on_priority_change'"),
        ({}, "'targets' is missing"),
    ],
)
def test_a_wrong_policy_says_where_and_what_would_be_right(doc: Any, words: str) -> None:
    with pytest.raises(CloseloopError) as caught:
        parse_policy(doc, {"store": OFFICE})
    assert words in str(caught.value)


def test_a_priority_that_the_target_lacks_is_an_error() -> None:
    for text in ("0 opened P3", "0 opened", "0 opened P1, 5 priority_changed P3"):
        with pytest.raises(CloseloopError, match="it has P1, P2"):
            report("resolve", text, 10, P12)
    assert report("resolve", "0 opened P1, 5 priority_changed P3", 4, P12).target_seconds == 3600


def test_24x7_is_always_there_and_calendars_may_come_compiled() -> None:
    doc = {
        "targets": {
            "resolve": {"within": "10h", "calendar": "c"},
            "arrive": {"within": "1h", "calendar": "24x7"},
        }
    }
    rules = parse_policy(doc, {"c": parse_calendar(OFFICE)})
    found = explain(rules, story("60 opened"), clock(60))
    assert found[Metric.RESOLVE].due_at == clock(1440 + 60)
    assert found[Metric.ARRIVE].due_at == clock(120)
    with pytest.raises(CloseloopError, match="always there"):
        parse_policy(doc, {"24x7": OFFICE})
