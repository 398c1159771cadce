"""Random schedules around changes of the clocks: shifts, gaps and on_call against the minute-by-minute oracle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import groupby

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oncall_oracle import DAYS, MINUTE, people_by_minute, wall

from app.domain.oncall import gaps, on_call, parse_schedule, shifts

# Each stretch of fortnights has a change of the clocks, or of the date, in its middle.
STRETCHES = [
    ("America/New_York", datetime(2026, 3, 1, tzinfo=UTC)),
    ("America/Chicago", datetime(2026, 10, 25, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 3, 29, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 9, 27, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 23, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 10, 28, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2015, 2, 15, tzinfo=UTC)),
    ("Antarctica/Troll", datetime(2026, 3, 22, tzinfo=UTC)),
    ("Antarctica/Troll", datetime(2026, 10, 18, tzinfo=UTC)),
    ("America/Havana", datetime(2025, 10, 26, tzinfo=UTC)),
    ("Europe/Dublin", datetime(2026, 10, 18, tzinfo=UTC)),
    ("Pacific/Chatham", datetime(2026, 3, 29, tzinfo=UTC)),
    ("Asia/Pyongyang", datetime(2018, 4, 27, tzinfo=UTC)),
    ("Pacific/Kwajalein", datetime(1993, 8, 14, tzinfo=UTC)),
    ("UTC", datetime(2026, 2, 22, tzinfo=UTC)),
]
LENGTH = 14
PEOPLE = ("ana", "ben", "cy", "dee")
Draw = Callable[[st.SearchStrategy], object]


def local(base: datetime, minutes: int) -> str:
    return (base + minutes * MINUTE).replace(tzinfo=None).isoformat()


@st.composite
def windows(draw: Draw) -> list[list[str]]:
    marks = sorted(draw(st.lists(st.integers(0, 96), max_size=5, unique=True)))
    pairs = [[marks[i], marks[i + 1]] for i in range(0, len(marks) - 1, 2)]
    if len(marks) % 2 and marks[-1] < 96 and draw(st.booleans()):
        pairs.append([marks[-1], draw(st.integers(0, marks[-1]))])  # crosses midnight, or has no length
    clock = [f"{quarter // 4:02}:{quarter % 4 * 15:02}" for quarter in range(97)]
    return [[clock[opens], clock[closes]] for opens, closes in pairs]


@st.composite
def layers(draw: Draw, base: datetime) -> dict[str, object]:
    quarter = st.integers(0, 11 * 96).map(lambda q: 1440 + q * 15)
    unit, longest = draw(st.sampled_from([("hourly", 30), ("daily", 4), ("weekly", 1), ("monthly", 1)]))
    shared = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2, unique=True)
    layer = {
        "people": draw(st.lists(st.sampled_from(PEOPLE) | shared, min_size=1, max_size=4)),
        "rotation": {
            "unit": unit,
            "length": draw(st.integers(1, longest)),
            "starts": local(base, draw(quarter)),
        },
    }
    if draw(st.booleans()):
        hours = {day: draw(windows()) for day in draw(st.lists(st.sampled_from(DAYS), unique=True))}
        if any(opens != closes for day in hours.values() for opens, closes in day):
            layer["within"] = hours
    # Not around the middle, where a life could be swallowed by a gap and is then refused.
    if draw(st.booleans()):
        layer["from"] = local(base, 1440 + draw(st.integers(0, 5 * 1440)))
    if draw(st.booleans()):
        layer["until"] = local(base, 9 * 1440 + draw(st.integers(0, 4 * 1440)))
    return layer


@st.composite
def overrides(draw: Draw, base: datetime) -> dict[str, str]:
    since = draw(st.integers(2 * 1440, 10 * 1440))
    until = since + draw(st.integers(1, 1440) | st.integers(3 * 1440, 6 * 1440))
    span = {"from": (base + since * MINUTE).isoformat(), "to": (base + until * MINUTE).isoformat()}
    out, joins = st.sampled_from((*PEOPLE, "*")), st.sampled_from((*PEOPLE, "fay"))
    return span | draw(
        st.fixed_dictionaries({"out": out, "in": joins})
        | st.fixed_dictionaries({"out": out})
        | st.fixed_dictionaries({"in": joins})
    )


@st.composite
def questions(draw: Draw) -> tuple[dict[str, object], datetime, int, int]:
    zone, base = draw(st.sampled_from(STRETCHES))
    schedule = {
        "timezone": zone,
        "layers": draw(st.lists(layers(base), max_size=4)),
        "overrides": draw(st.lists(overrides(base), max_size=4)),
        "combine": draw(st.sampled_from(("top", "all"))),
    }
    start = draw(st.integers(3 * 1440, 8 * 1440))
    return schedule, base, start, start + draw(st.integers(0, 3 * 1440))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_shifts_gaps_and_on_call_agree_with_a_look_at_every_minute(
    question: tuple[dict[str, object], datetime, int, int],
) -> None:
    document, base, start, end = question
    minutes = range(start, end)
    seen = people_by_minute(document, wall(document["timezone"], base, LENGTH), minutes)
    runs = [
        (people, [minute for minute, _ in run])
        for people, run in groupby(zip(minutes, seen, strict=True), key=lambda pair: pair[1])
    ]
    spans = [(base + run[0] * MINUTE, base + (run[-1] + 1) * MINUTE, people) for people, run in runs]

    schedule = parse_schedule(document)
    since, until = base + start * MINUTE, base + end * MINUTE
    found = [(s.start, s.end, s.people) for s in shifts(schedule, since, until)]
    assert found == [span for span in spans if span[2]]
    assert gaps(schedule, since, until) == [span[:2] for span in spans if not span[2]]
    for minute, people in list(zip(minutes, seen, strict=True))[::37]:
        assert on_call(schedule, base + minute * MINUTE) == people
    for begin, finish, people in spans:
        second = timedelta(seconds=1)
        assert [on_call(schedule, at) for at in (begin, begin + second, finish - second)] == [people] * 3
