"""Phones and a clock: an account manager is off, a cover stands in, a gap is told, a calendar says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from app.domain.roster import Scope
from app.rulebook.revision import Rulebook
from app.usecases import leave
from app.usecases.gap_watch import watch_gaps
from app.usecases.leave_calendar import read_calendar
from app.usecases.views import board
from tests import promises
from tests.stories.people import CALVIN, DANA, LUIS, NOOR, RUTH, TANYA
from tests.stories.town import Town, town

DAY = timedelta(days=1)
WATER = "water is coming through the ceiling, whole floor is flooded"
COVER = ("    name: Dana Reyes\n", "    name: Dana Reyes\n    cover: luis\n")


@pytest.fixture
def place(townsfolk: Engine, rulebook: Rulebook) -> Iterator[Town]:
    with town(townsfolk, rulebook) as built:
        yield built


def on_duty(place: Town) -> str:
    with place.house.begin() as connection:
        (key,) = place.house.roster(connection).who(["duty_manager"], Scope(), place.clock.now())
    return key


def test_leave_a_gap_a_cover_and_back_again(place: Town) -> None:
    house, now = place.house, place.clock.now()
    assert watch_gaps(house) == 0
    manager = on_duty(place)
    duty = {"ruth": RUTH, "calvin": CALVIN, "noor": NOOR}[manager]
    row, opened = leave.add_leave(house, manager, now + DAY, now + 2 * DAY, by="user:x")
    place.settle()
    assert [gap.target for gap in opened] == ["duty_manager"]
    assert place.last(duty).startswith(
        "GAP: nobody for duty manager Wed 12:11a to Thu 12:11a (Noor H. is off)"
    )
    assert [gap.target for gap in board(house).gaps] == ["duty_manager"]
    assert watch_gaps(house) == 0
    leave.remove_leave(house, row.id, by="user:x")
    assert board(house).gaps == ()

    # A cover: no gap, and the cover is paged.
    place.change_company(COVER)
    _, opened = leave.add_leave(house, "dana", now, now + DAY, by="user:x", note="away")
    assert opened == []
    place.text(TANYA, WATER)
    assert (place.inbox(DANA), "1042" in place.last(LUIS)) == ([], True)
    place.later(hours=1)
    assert place.inbox(DANA) == []
    place.text(LUIS, "1")
    place.text(LUIS, "DONE it was a valve")
    place.text(TANYA, "YES")
    place.later(days=1)
    with house.begin() as connection:
        assert house.roster(connection).who(["person:dana"], Scope(), place.clock.now()) == ("dana",)
    assert len([text for text in place.inbox(duty) if text.startswith("GAP")]) == 1
    promises.check(house.engine, place.clock.now())


CALENDAR = b"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:trip
DTSTAMP:20260601T000000Z
DTSTART;VALUE=DATE:20260615
DTEND;VALUE=DATE:20260617
SUMMARY:Trip
TRANSP:TRANSPARENT
END:VEVENT
BEGIN:VEVENT
UID:fridays
DTSTAMP:20260601T000000Z
DTSTART;TZID=America/New_York:20260612T120000
DTEND;TZID=America/New_York:20260612T180000
RRULE:FREQ=WEEKLY;COUNT=3
EXDATE;TZID=America/New_York:20260619T120000
END:VEVENT
BEGIN:VEVENT
UID:off
DTSTAMP:20260601T000000Z
DTSTART:20260620T120000Z
DTEND:20260620T130000Z
STATUS:CANCELLED
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar_is_leave_and_reading_it_again_changes_nothing(place: Town) -> None:
    house, now = place.house, place.clock.now()
    entries = read_calendar(CALENDAR, "America/New_York", now)
    assert [(one.uid, one.start.isoformat()[:16], one.end.isoformat()[:16]) for one in entries] == [
        ("fridays", "2026-06-12T16:00", "2026-06-12T22:00"),
        ("trip", "2026-06-15T04:00", "2026-06-17T04:00"),
        ("fridays", "2026-06-26T16:00", "2026-06-26T22:00"),
    ]
    assert leave.replace_leave(house, "dana", "file:a", entries, by="user:x") == (3, 0)
    with house.begin() as connection:
        version = house.roster(connection).directory.version
    assert leave.replace_leave(house, "dana", "file:a", entries, by="user:x") == (0, 0)
    with house.begin() as connection:
        assert house.roster(connection).directory.version == version
    assert leave.replace_leave(house, "dana", "file:a", entries[1:], by="user:x") == (0, 1)
    assert [row.uid for row in leave.list_leave(house, "dana")] == ["trip", "fridays"]
