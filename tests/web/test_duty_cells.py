"""What the on-call calendar draws: which days a view shows, bars, times and names. No server, no database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from app.domain.directory import Company, Directory, Person
from app.domain.duty_days import day_edges, days_of
from app.domain.oncall import Shift
from app.usecases.duty import DutyRow
from app.web import duty_page

NEW_YORK = ZoneInfo("America/New_York")
PEOPLE = {
    key: Person(key=key, name=name, roles=(), methods=(), timezone="America/New_York")
    for key, name in {"ana": "Ana Maria Silva", "ben": "Ben"}.items()
}
DIRECTORY = Directory(
    version=1,
    company=Company(name="T", short_name="T", phone="+16175550100", timezone="America/New_York"),
    duty="schedule:duty",
    people=MappingProxyType(PEOPLE),
    accounts={},
    sites={},
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def drawn(*course: tuple[str, str, tuple[str, ...]], first: date, count: int, now: str) -> duty_page.RowCells:
    shifts = [Shift(at(start), at(end), people) for start, end, people in course]
    row = DutyRow("duty", NEW_YORK, days_of(shifts, first, count, NEW_YORK))
    shown = duty_page.range_of("month", first)
    return duty_page.row_cells(row, DIRECTORY, duty_page.colours_of([row]), shown, at(now))


@pytest.mark.parametrize(
    ("view", "day", "expected"),
    [
        ("week", "2026-06-10", ("2026-06-08", 7, "08 Jun to 14 Jun 2026", "2026-06-01", "2026-06-15")),
        ("nonsense", "2026-06-14", ("2026-06-08", 7, "08 Jun to 14 Jun 2026", "2026-06-01", "2026-06-15")),
        ("month", "2026-06-30", ("2026-06-01", 35, "June 2026", "2026-05-01", "2026-07-01")),
        ("month", "2027-02-28", ("2027-02-01", 28, "February 2027", "2027-01-01", "2027-03-01")),
        ("month", "2026-08-01", ("2026-07-27", 42, "August 2026", "2026-07-01", "2026-09-01")),
        ("month", "2026-12-31", ("2026-11-30", 35, "December 2026", "2026-11-01", "2027-01-01")),
    ],
)
def test_a_view_shows_whole_weeks_and_its_arrows_lead_to_the_next_and_the_last(
    view: str, day: str, expected: tuple[object, ...]
) -> None:
    found = duty_page.range_of(view, date.fromisoformat(day))
    shown = (found.first.isoformat(), found.count, found.title)
    assert (*shown, found.before.isoformat(), found.after.isoformat()) == expected


def test_a_day_shows_its_parts_who_has_them_and_when_nobody_has() -> None:
    row = drawn(
        ("2026-06-30T00:00", "2026-06-30T06:00", ("ben",)),
        ("2026-06-30T06:00", "2026-06-30T18:00", ()),
        ("2026-06-30T18:00", "2026-07-02T00:00", ("ana", "ben")),
        first=date(2026, 6, 30),
        count=2,
        now="2026-07-01T23:59",
    )
    last, other = row.cells
    assert [(turn.who, turn.when, turn.colour) for turn in last.turns] == [
        ("Ben", "00:00 to 06:00", 2),
        ("nobody", "06:00 to 18:00", 0),
        ("Ana S., Ben", "18:00 to 24:00", 1),
    ]
    assert [(bar.x, bar.width, bar.colour) for bar in last.bars] == [(0, 25, 2), (25, 50, 0), (75, 25, 1)]
    assert (last.today, last.other, last.start, last.end) == (
        False,
        False,
        "2026-06-30T00:00",
        "2026-07-01T00:00",
    )
    assert [(turn.who, turn.when) for turn in other.turns] == [("Ana S., Ben", "")]
    assert (other.today, other.other) == (True, True)
    assert row.zone == "America/New_York"


def test_a_bar_is_as_long_as_its_part_of_a_day_of_23_hours() -> None:
    row = drawn(
        ("2026-03-08T00:00", "2026-03-08T12:30", ("ana",)),
        ("2026-03-08T12:30", "2026-03-09T00:00", ("ben",)),
        first=date(2026, 3, 8),
        count=1,
        now="2026-03-08T00:00",
    )
    assert [(bar.x, bar.width) for bar in row.cells[0].bars] == [(0, 50), (50, 50)]
    assert day_edges(date(2026, 3, 8), 1, NEW_YORK)[1] == at("2026-03-09T00:00")


def test_colours_go_round_by_person_and_a_stranger_keeps_the_key() -> None:
    people = tuple(f"p{n}" for n in range(10))
    days = days_of(
        [Shift(at("2026-06-30T00:00"), at("2026-07-01T00:00"), people)], date(2026, 6, 30), 1, NEW_YORK
    )
    colours = duty_page.colours_of([DutyRow("duty", NEW_YORK, days)])
    assert [colours[p] for p in people] == [1, 2, 3, 4, 5, 6, 7, 8, 1, 2]
    assert duty_page.short_name(None, "zed") == "zed"
    assert duty_page.local(at("2026-06-30T07:05"), NEW_YORK) == "Tue 30 Jun 2026 07:05"
