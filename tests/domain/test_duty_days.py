"""A course of shifts cut into local days, also on the days when the clock is changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.duty_days import day_edges, days_of, shifts_of
from app.domain.oncall import Shift

NEW_YORK = ZoneInfo("America/New_York")
ZONES = st.sampled_from(
    ["America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Santiago", "UTC"]
)
START = datetime(2026, 1, 1, tzinfo=UTC)


@st.composite
def courses(draw: st.DrawFn) -> list[Shift]:
    cuts = sorted(draw(st.sets(st.integers(0, 400 * 24 * 4), min_size=2, max_size=12)))
    edges = [START + timedelta(minutes=15 * cut) for cut in [0, *cuts, 400 * 24 * 4 + 1]]
    people = st.sampled_from([(), ("ana",), ("ben",), ("ana", "ben")])
    return [Shift(a, b, draw(people)) for a, b in pairwise(edges) if a < b]


@settings(max_examples=60, deadline=None)
@given(courses(), ZONES, st.integers(0, 340), st.integers(1, 42))
def test_the_days_hold_the_course_and_nothing_else(
    course: list[Shift], zone_name: str, offset: int, count: int
) -> None:
    zone, first = ZoneInfo(zone_name), date(2026, 1, 2) + timedelta(days=offset)
    days = days_of(course, first, count, zone)
    assert [day.start for day in days] + [days[-1].end] == day_edges(first, count, zone)
    for day in days:
        assert day.spans[0].start == day.start
        assert day.spans[-1].end == day.end
        assert all(a.end == b.start for a, b in pairwise(day.spans))
        for span in day.spans:
            middle = span.start + (span.end - span.start) / 2
            assert span.people == next(s.people for s in course if s.start <= middle < s.end)
            assert span.whole == (len(day.spans) == 1)


def test_a_day_has_23_or_25_hours_when_the_clock_is_changed() -> None:
    course = [Shift(START, START + timedelta(days=400), ("ana",))]
    hours = {
        day.day.isoformat(): (day.end - day.start).total_seconds() / 3600
        for day in (
            *days_of(course, date(2026, 3, 7), 3, NEW_YORK),
            *days_of(course, date(2026, 11, 1), 1, NEW_YORK),
        )
    }
    assert hours == {"2026-03-07": 24, "2026-03-08": 23, "2026-03-09": 24, "2026-11-01": 25}


def test_a_persons_shifts_join_over_a_change_of_company() -> None:
    at = [START + timedelta(hours=h) for h in range(5)]
    course = [Shift(at[0], at[1], ("ana",)), Shift(at[1], at[2], ("ana", "ben")), Shift(at[2], at[3], ())]
    course.append(Shift(at[3], at[4], ("ana",)))
    assert shifts_of(course, "ana") == [Shift(at[0], at[2], ("ana",)), Shift(at[3], at[4], ("ana",))]
    assert shifts_of(course, "zoe") == []
