"""Fairness: hours add up, nights, weekend days and holidays count by the schedule's own clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from app.domain.directory import Leave
from app.domain.fairness import at_night, shares
from app.domain.roster import Roster
from tests.building import directory

ZONE = "America/New_York"
# Monday, midnight in New York, to the Monday after the clocks went back.
START, END = datetime(2026, 10, 26, 4, tzinfo=UTC), datetime(2026, 11, 2, 5, tzinfo=UTC)
TWO_SHIFTS = {
    "timezone": ZONE,
    "layers": [
        {"people": ["ana", "sam"], "rotation": {"unit": "hourly", "length": 12, "starts": "2026-10-26T08:00"}}
    ],
}


def test_day_and_night_shifts_over_a_week_with_25_hours_in_a_day() -> None:
    found = {
        s.person: s
        for s in shares(Roster(directory(schedules={"s": TWO_SHIFTS})), START, END, [date(2026, 10, 30)])
    }
    # ana from 8 to 20 o'clock, sam by night; nobody before the first shift.
    ana, sam = found["ana"], found["sam"]
    assert ana.time + sam.time == END - START - timedelta(hours=8)
    assert (ana.nights, ana.night_time, ana.weekend_days, ana.holidays) == (0, timedelta(0), 2, 1)
    assert (sam.nights, sam.weekend_days, sam.holidays) == (7, 2, 1)
    # Six whole nights of 9 hours, one of them an hour longer, and Sunday's until midnight.
    assert sam.night_time == timedelta(hours=6 * 9 + 1 + 2)


def test_whoever_is_off_carries_nothing_and_less_than_an_hour_does_not_count() -> None:
    off = Leave(person="sam", start=START, end=END - timedelta(minutes=30))
    found = {
        s.person: s
        for s in shares(Roster(directory(schedules={"s": TWO_SHIFTS}, leave=(off,))), START, END, [])
    }
    assert found["sam"].time == timedelta(minutes=30)
    assert (found["sam"].nights, found["sam"].weekend_days) == (0, 0)


def test_night_is_by_the_clock_of_the_zone() -> None:
    at = datetime(2026, 6, 9, 10, 59, tzinfo=UTC)
    assert at_night(at, ZONE)
    assert not at_night(at + timedelta(minutes=1), ZONE)
    assert not at_night(at, "UTC")
