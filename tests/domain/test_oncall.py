from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import CloseloopError, NaiveInstantError
from app.domain.oncall import ScheduleError, answer, gaps, on_call, parse_schedule, shifts

Doc = dict[str, object]


def layer(
    *people: object, unit: str = "weekly", length: int = 1, starts: str = "2026-01-05T08:00", **keys: object
) -> Doc:
    return {"people": list(people), "rotation": {"unit": unit, "length": length, "starts": starts}, **keys}


def document(
    *layers: Doc, overrides: tuple[Doc, ...] = (), zone: str = "America/New_York", **keys: object
) -> Doc:
    return {"timezone": zone, "layers": list(layers), "overrides": list(overrides), **keys}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def who(doc: Doc, at: str) -> list[str]:
    return list(on_call(parse_schedule(doc), datetime.fromisoformat(at)))


NIGHTS = {day: [["17:00", "08:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
WEEKS = layer("ana", "ben", "cy", name="weeks")
WEEKEND_NIGHTS = layer(
    ["fay", "eve"],
    "gus",
    unit="daily",
    starts="2026-01-05T20:00",
    within={"sat": [["20:00", "06:00"]], "sun": [["20:00", "06:00"]]},
    **{"from": "2026-02-01T00:00", "until": "2026-04-01T00:00"},
)
CHICAGO = {"zone": "America/Chicago"}


@pytest.mark.parametrize(
    ("doc", "at", "expected"),
    [
        (document(layer("a", "b", "c", unit="daily", starts="2020-03-05T02:30:00"), **CHICAGO), "2020-03-06T08:29:59Z", ["a"]),
        (document(layer("a", "b", "c", unit="daily", starts="2020-03-05T02:30:00"), **CHICAGO), "2020-03-06T08:30:00Z", ["b"]),
        (document(layer("a", "b", "c", unit="hourly", starts="2020-03-08T00:30:00"), **CHICAGO), "2020-03-08T07:30:00Z", ["b"]),
        # 02:30 does not exist: c's turn begins at 03:00, and lasts half an hour.
        (document(layer("a", "b", "c", unit="hourly", starts="2020-03-08T00:30:00"), **CHICAGO), "2020-03-08T08:00:00Z", ["c"]),
        (document(layer("a", "b", "c", unit="hourly", starts="2020-03-08T00:30:00"), **CHICAGO), "2020-03-08T08:30:00Z", ["a"]),
        # Several share a turn, sorted; the later layer wins in its windows and its life only.
        (document(WEEKS, WEEKEND_NIGHTS), "2026-03-09T02:00:00Z", ["eve", "fay"]),
        (document(WEEKS, WEEKEND_NIGHTS), "2026-03-09T11:00:00Z", ["cy"]),
        (document(WEEKS, WEEKEND_NIGHTS), "2026-04-06T02:00:00Z", ["ana"]),
        (document(WEEKS, WEEKEND_NIGHTS, combine="all"), "2026-03-09T02:00:00Z", ["cy", "eve", "fay"]),
        (document(WEEKS, WEEKEND_NIGHTS), "2026-02-01T04:59:59Z", ["ana"]),
        (document(WEEKS, layer("x", until="2026-04-01T00:00")), "2026-04-01T03:59:59Z", ["x"]),
        (document(WEEKS, layer("x", until="2026-04-01T00:00")), "2026-04-01T04:00:00Z", ["ana"]),
        (document(WEEKS, layer("x", **{"from": "2026-04-01T00:00"})), "2026-04-01T03:59:59Z", ["ana"]),
        (document(WEEKS, layer("x", **{"from": "2026-04-01T00:00"})), "2026-04-01T04:00:00Z", ["x"]),
        # 01:45 comes twice; b's turn began at the first one and stays b's when the clock shows 01:30 again.
        (document(layer("a", "b", unit="daily", starts="2026-10-31T01:45")), "2026-11-01T05:44:59Z", ["a"]),
        (document(layer("a", "b", unit="daily", starts="2026-10-31T01:45")), "2026-11-01T06:30:00Z", ["b"]),
        # Before `starts` a layer has nobody, and the one below decides.
        (document(WEEKS, layer("zoe", starts="2026-06-01T08:00")), "2026-03-09T02:00:00Z", ["cy"]),
        (document(WEEKS), "2026-01-05T12:59:59Z", []),
        (document(WEEKS), "2026-01-05T13:00:00Z", ["ana"]),
        (document(), "2026-01-05T13:00:00Z", []),
        # A window that opens on a date that never was is skipped; the evening before runs on.
        (document(layer("a", unit="daily", starts="2011-12-01T00:00", within={"fri": [["09:00", "24:00"]]}), zone="Pacific/Apia"), "2011-12-30T10:00:00Z", []),
        (document(layer("a", unit="daily", starts="2011-12-01T00:00", within={"thu": [["22:00", "06:00"]]}), zone="Pacific/Apia"), "2011-12-30T09:59:59Z", ["a"]),
    ],
)  # fmt: skip
def test_who_is_on_call(doc: Doc, at: str, expected: list[str]) -> None:
    assert who(doc, at) == expected


SPAN = {"from": "2026-03-07T18:00:00-05:00", "to": "2026-03-08T18:00:00-04:00"}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([{"in": "eve"}], ["cy", "eve"]),
        ([{"out": "cy"}], []),
        ([{"out": "cy", "in": "dee"}], ["dee"]),
        ([{"out": "ana", "in": "dee"}], ["cy"]),
        ([{"out": "*", "in": "fay"}], ["fay"]),
        ([{"out": "*"}], []),
        # Whoever covers a swapped shift covers it for the one who took it; the order matters.
        ([{"out": "cy", "in": "dee"}, {"out": "dee", "in": "hal"}], ["hal"]),
        ([{"out": "dee", "in": "hal"}, {"out": "cy", "in": "dee"}], ["dee"]),
        # Instead of everyone means also where nobody was left.
        ([{"out": "cy"}, {"out": "*", "in": "fay"}], ["fay"]),
        ([{"out": "cy", "in": None}], []),
    ],
)
def test_overrides_apply_in_order_to_the_result_of_those_before(
    overrides: list[Doc], expected: list[str]
) -> None:
    doc = document(WEEKS, overrides=tuple(SPAN | override for override in overrides))
    for inside in ("2026-03-07T23:00:00Z", "2026-03-08T13:00:00Z", "2026-03-08T21:59:59Z"):
        assert who(doc, inside) == expected
    for outside in ("2026-03-07T22:59:59Z", "2026-03-08T22:00:00Z"):
        assert who(doc, outside) == ["cy"]
    inside = shifts(parse_schedule(doc), utc("2026-03-07T23:00"), utc("2026-03-08T22:00"))
    assert [list(shift.people) for shift in inside] == ([expected] if expected else [])


def test_local_borders_that_come_twice_begin_at_the_first_and_end_at_the_last() -> None:
    twice = {"from": "2026-11-01T01:30", "until": "2026-11-01T01:45"}
    override = {"from": "2026-11-01T01:30", "to": "2026-11-01T01:45", "in": "eve"}
    doc = document(layer("a", unit="daily", starts="2026-01-01T00:00", **twice), overrides=(override,))
    found = shifts(parse_schedule(doc), utc("2026-11-01"), utc("2026-11-02"))
    assert [(s.start, s.end, s.people) for s in found] == [
        (utc("2026-11-01T05:30"), utc("2026-11-01T06:45"), ("a", "eve"))
    ]


def test_what_a_gap_in_local_time_swallows_never_applies() -> None:
    swallowed = {"from": "2026-03-08T02:15", "until": "2026-03-08T02:45"}
    override = {"from": "2026-03-08T02:15", "to": "2026-03-08T02:45", "in": "eve"}
    doc = document(WEEKS, layer("x", **swallowed), overrides=(override,))
    found = shifts(parse_schedule(doc), utc("2026-03-08"), utc("2026-03-09"))
    assert [(s.start, s.end, s.people) for s in found] == [(utc("2026-03-08"), utc("2026-03-09"), ("cy",))]
    for at in ("2026-03-08T06:59:59Z", "2026-03-08T07:00:00Z"):
        assert who(doc, at) == ["cy"]
    backwards = override | {"from": override["to"], "to": override["from"]}
    with pytest.raises(ScheduleError, match="the override ends before"):
        parse_schedule(document(WEEKS, overrides=(backwards,)))


def test_shifts_join_equal_neighbours_and_leave_gaps_out() -> None:
    schedule = parse_schedule(document(WEEKS | {"within": NIGHTS}))
    start, end = utc("2026-03-06"), utc("2026-03-10")
    assert [(s.start, s.end, s.people) for s in shifts(schedule, start, end)] == [
        (utc("2026-03-06"), utc("2026-03-06T13:00"), ("cy",)),
        (utc("2026-03-06T22:00"), utc("2026-03-07T13:00"), ("cy",)),
        (utc("2026-03-09T21:00"), utc("2026-03-10"), ("ana",)),
    ]
    assert gaps(schedule, start, end) == [
        (utc("2026-03-06T13:00"), utc("2026-03-06T22:00")),
        (utc("2026-03-07T13:00"), utc("2026-03-09T21:00")),
    ]
    alone = parse_schedule(document(layer("ana", "ana", unit="hourly")))
    assert len(shifts(alone, start, end)) == 1
    assert shifts(alone, start, start) == []


def test_people_are_all_names_that_the_schedule_mentions() -> None:
    doc = document(WEEKS, WEEKEND_NIGHTS, overrides=(SPAN | {"out": "*", "in": "fay"}, SPAN | {"out": "kim"}))
    assert parse_schedule(doc).people == {"ana", "ben", "cy", "eve", "fay", "gus", "kim"}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(("hourly", "daily", "weekly", "monthly")),
    st.integers(1, 6),
    st.integers(1, 5),
    st.sampled_from(("UTC", "Asia/Kathmandu")),
    st.integers(0, 3),
)
def test_over_a_full_cycle_each_has_the_same_number_of_turns(
    unit: str, length: int, people: int, zone: str, cycle: int
) -> None:
    names = [f"p{number}" for number in range(people)]
    schedule = parse_schedule(document(layer(*names, "x", unit=unit, length=length), zone=zone))
    rotation = schedule.layers[0].rotation
    handoffs = [rotation.handoff(n) for n in range(cycle * (people + 1), (cycle + 1) * (people + 1) + 1)]
    instants = [datetime(1, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros) for micros in handoffs]
    turns = Counter(person for at in instants[:-1] for person in on_call(schedule, at))
    assert turns == dict.fromkeys([*names, "x"], 1)
    assert [s.start for s in shifts(schedule, instants[0], instants[-1])] == instants[:-1]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 40 * 24),
    st.integers(1, 30 * 24),
    st.sampled_from(("ana", "ben", "*", None)),
    st.integers(0, 80 * 24),
)
def test_an_override_changes_nothing_outside_its_interval(
    since: int, hours: int, out: str | None, asked: int
) -> None:
    base = utc("2026-02-20")
    begins, ends = base + timedelta(hours=since), base + timedelta(hours=since + hours)
    override = {"from": begins.isoformat(), "to": ends.isoformat(), "in": "zoe", "out": out}
    plain = document(WEEKS | {"within": NIGHTS}, WEEKEND_NIGHTS)
    before, after = parse_schedule(plain), parse_schedule(plain | {"overrides": [override]})
    for at in (base + timedelta(hours=asked), begins - timedelta(microseconds=1), ends):
        if not begins <= at < ends:
            assert on_call(before, at) == on_call(after, at)


def test_a_century_of_shifts_is_a_matter_of_intervals() -> None:
    schedule = parse_schedule(document(WEEKS, WEEKEND_NIGHTS))
    found = shifts(schedule, utc("2026-02-01"), utc("2126-02-01"))
    assert len(found) > 5000
    assert all(a.end <= b.start and a.start < a.end for a, b in pairwise(found))


@pytest.mark.parametrize("unit", ["hourly", "daily", "weekly"])
def test_a_range_with_too_many_changes_is_refused_at_once(unit: str) -> None:
    schedule = parse_schedule(document(layer("a", "b", unit=unit, starts="0001-01-01T00:00")))
    with pytest.raises(ScheduleError, match="ask for a shorter one"):
        shifts(schedule, utc("0001-01-02"), utc("9999-12-30"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"timezon": "UTC"}, r"schedule: unknown key 'timezon'"),
        ({"timezone": "America/New_Yrok"}, r"timezone: .*'America/New_York'"),
        ({"timezone": None}, "timezone"),
        ({"layers": {}}, r"schedule.layers: \{\} is not a list"),
        ({"combine": "al"}, r"combine: 'al' is not known; did you mean 'all'"),
        ({"layers": [layer()]}, r"layers\[0\].people: there is nobody"),
        ({"layers": [layer([])]}, r"people\[0\]: nobody shares"),
        ({"layers": [layer("")]}, r"people\[0\]: '' is not a name"),
        ({"layers": [layer("*")]}, "nobody's name"),
        ({"layers": [{"people": ["a"]}]}, r"layers\[0\]: 'rotation' is missing"),
        ({"layers": [layer("a", untill=None)]}, "unknown key 'untill'; did you mean 'until'"),
        ({"layers": [layer("a", unit="dayly")]}, "unit: 'dayly' is not known; did you mean 'daily'"),
        ({"layers": [layer("a", length=0)]}, "length: 0 is not a whole number"),
        ({"layers": [layer("a", length=True)]}, "length: True"),
        ({"layers": [layer("a", length=1.5)]}, "length: 1.5"),
        ({"layers": [layer("a", starts="2026-01-05T08:00Z")]}, "starts: .*leave the offset out"),
        ({"layers": [layer("a", starts="2026-01-05")]}, "starts: .*write it like"),
        ({"layers": [layer("a", starts="2026-02-30T08:00")]}, "starts: .*not a local time"),
        ({"layers": [layer("a", within={})]}, "within: there is no window"),
        ({"layers": [layer("a", within={"mon": [["09:00", "09:00"]]})]}, "within: there is no window"),
        ({"layers": [layer("a", within={"monday": []})]}, "within: unknown key 'monday'; did you mean 'mon'"),
        ({"layers": [layer("a", within={"mon": [["25:00", "26:00"]]})]}, "within.mon"),
        ({"layers": [layer("a", **{"from": "2026-02-01T00:00", "until": "2026-02-01T00:00"})]}, "until: the layer ends"),
        ({"overrides": [SPAN]}, r"overrides\[0\]: neither 'in' nor 'out'"),
        ({"overrides": [{"from": SPAN["to"], "to": SPAN["from"], "in": "a"}]}, "the override ends before"),
        ({"overrides": [SPAN | {"in": "*"}]}, "nobody's name"),
        ({"overrides": [SPAN | {"in": ["a"]}]}, "is not a name"),
        ({"overrides": [SPAN | {"to": "tomorrow", "in": "a"}]}, r"overrides\[0\].to: 'tomorrow'"),
        ({"overrides": [SPAN | {"unitl": 1, "in": "a"}]}, "unknown key 'unitl'"),
    ],
)  # fmt: skip
def test_a_wrong_schedule_is_refused_with_the_place_and_what_would_be_right(
    change: Doc, message: str
) -> None:
    with pytest.raises(ScheduleError, match=message):
        parse_schedule(document(WEEKS) | change)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_junk_anywhere_is_an_error_and_never_a_crash(data: st.DataObject) -> None:
    junk = data.draw(
        st.sampled_from(
            [
                None,
                [],
                {},
                "",
                "*",
                "24x7",
                0,
                -1,
                10**30,
                1.5,
                float("nan"),
                True,
                [[]],
                {"a": 1},
                {1: 2},
                "2026-02-30T25:61",
                "9" * 5000,
                ["09:00"],
            ]
        )
    )
    doc = document(
        WEEKS | {"within": {"mon": [["09:00", "17:00"]]}},
        WEEKEND_NIGHTS,
        overrides=(SPAN | {"out": "ana", "in": "dee"},),
    )
    question = {
        "ask": "oncall.gaps",
        "schedule": doc,
        "start": "2026-03-06T00:00:00Z",
        "end": "2026-03-10T00:00:00Z",
    }

    def spoil(node: object) -> object:
        if isinstance(node, dict) and node and data.draw(st.booleans()):
            key = data.draw(st.sampled_from(sorted(node)))
            return node | {key: spoil(node[key])}
        if isinstance(node, list) and node and data.draw(st.booleans()):
            index = data.draw(st.integers(0, len(node) - 1))
            return [*node[:index], spoil(node[index]), *node[index + 1 :]]
        return junk

    spoilt = spoil(question)
    with suppress(CloseloopError):
        answer(spoilt if isinstance(spoilt, dict) else question)


def test_questions_are_answered_in_the_form_of_the_contract() -> None:
    range_ = {"start": "2026-03-06T00:00:00Z", "end": "2026-03-07T00:00:00Z"}
    doc = document(WEEKS | {"within": NIGHTS})
    assert answer({"id": 1, "ask": "oncall.at", "at": "2026-03-05T19:00:00-05:00", "schedule": doc}) == ["cy"]
    assert answer({"id": 2, "ask": "oncall.shifts", "schedule": doc, **range_}) == [
        {"from": "2026-03-06T00:00:00Z", "to": "2026-03-06T13:00:00Z", "people": ["cy"]},
        {"from": "2026-03-06T22:00:00Z", "to": "2026-03-07T00:00:00Z", "people": ["cy"]},
    ]
    assert answer({"id": 3, "ask": "oncall.gaps", "schedule": doc, **range_}) == [
        ["2026-03-06T13:00:00Z", "2026-03-06T22:00:00Z"]
    ]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"ask": "oncall.att"}, "ask: 'oncall.att' is not known; did you mean 'oncall.at'"),
        ({"ask": None}, "ask: None"),
        ({"ask": "oncall.at", "at": "2026-03-06T00:00:00"}, "at: .*no offset"),
        ({"ask": "oncall.at"}, "'at' is missing"),
        ({"ask": "oncall.at", "at": "2026-03-06T00:00:00Z", "start": 1}, "unknown key 'start'"),
        (
            {"ask": "oncall.gaps", "start": "2026-03-06T00:00:00Z", "end": "2026-03-05T00:00:00Z"},
            "before its start",
        ),
    ],
)
def test_a_wrong_question_is_refused(question: Doc, message: str) -> None:
    with pytest.raises(CloseloopError, match=message):
        answer({"schedule": document(WEEKS)} | question)


def test_naive_instants_are_refused() -> None:
    schedule = parse_schedule(document(WEEKS))
    with pytest.raises(NaiveInstantError):
        on_call(schedule, utc("2026-03-06").replace(tzinfo=None))
    with pytest.raises(NaiveInstantError):
        shifts(schedule, utc("2026-03-06").replace(tzinfo=None), utc("2026-03-07"))
