"""Phones and a clock: a shift begins and ends, a cover takes over, a calendar feed breaks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.providers.feeds import Feeds
from app.rulebook.revision import Rulebook
from app.usecases import leave
from app.usecases.leave_feeds import read_feed
from app.usecases.shift_texts import tell_shifts
from tests.stories.people import DANA, LUIS, NOOR, RUTH, TANYA
from tests.stories.town import Town, town

HANDOFF = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)  # Monday, 8 in the morning in New York
DAY = timedelta(days=1)


@pytest.fixture
def place(townsfolk: Engine, rulebook: Rulebook) -> Iterator[Town]:
    with town(townsfolk, rulebook) as built:
        yield built


def look(place: Town, at: datetime) -> int:
    place.clock.at = at
    told = tell_shifts(place.house)
    place.settle()
    return told


def test_who_starts_and_who_ends_hear_it_once(place: Town) -> None:
    place.text(TANYA, "water is coming through the ceiling, whole floor is flooded")
    place.text(DANA, "1")
    place.text(DANA, "ETA 45")
    assert look(place, HANDOFF - timedelta(minutes=20)) == 0
    assert look(place, HANDOFF - timedelta(minutes=15)) == 1
    assert place.last(RUTH).startswith(
        "You are ON CALL for duty from 8:00a until Jun 22 8:00a. 1 open:\n1042 P1 Pantry Row"
    )
    assert look(place, HANDOFF - timedelta(minutes=15)) == 0  # another node, the same minute
    assert look(place, HANDOFF - timedelta(minutes=5)) == 0
    assert look(place, HANDOFF) == 1
    assert place.last(NOOR).startswith(
        "Thank you. Your shift is over: duty, now Ruth O.; you hand over 1 open:"
    )
    assert look(place, HANDOFF + timedelta(minutes=1)) == 0


def test_a_cover_is_told_when_the_leave_begins_and_ends(place: Town) -> None:
    place.change_company(("    name: Dana Reyes\n", "    name: Dana Reyes\n    cover: luis\n"))
    start = place.clock.at + DAY
    leave.add_leave(place.house, "dana", start, start + DAY, by="user:x")
    assert look(place, start - timedelta(minutes=10)) == 1
    assert place.last(LUIS).startswith(
        "You are ON CALL for Dana R.'s accounts from 2:11a until Thu 2:11a. 0 open"
    )
    assert look(place, start + DAY) == 2
    assert place.last(LUIS).startswith("Thank you. Your shift is over: Dana R.'s accounts, now Dana R.")
    assert place.last(DANA).startswith("You are ON CALL for Dana R.'s accounts. 0 open"), "from now on"


def test_a_feed_is_read_again_and_a_broken_one_keeps_what_it_said(place: Town, tmp_path: Path) -> None:
    file = tmp_path / "dana.ics"
    file.write_bytes(
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260601T000000Z\r\n"
        b"DTSTART;VALUE=DATE:20260701\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    place.change_company(("    name: Dana Reyes\n", f"    name: Dana Reyes\n    leave_feed: {file}\n"))
    feeds = Feeds(1000)
    assert read_feed(place.house, feeds) == 1
    (row,) = leave.list_leave(place.house, "dana")
    assert (row.source, row.ends - row.starts) == ("feed", DAY)
    assert read_feed(place.house, feeds) == 0
    file.write_text("<html>please sign in</html>", "utf-8")
    place.clock.at += timedelta(hours=1)
    assert read_feed(place.house, feeds) == 1
    place.settle()
    assert place.last(NOOR).startswith("The leave calendar of Dana Reyes cannot be read")
    told = len(place.inbox(NOOR))
    file.unlink()
    place.clock.at += timedelta(hours=1)
    assert read_feed(place.house, feeds) == 1
    place.settle()
    assert len(place.inbox(NOOR)) == told
    assert leave.list_leave(place.house, "dana") == [row]
    place.change_company()
    assert read_feed(place.house, feeds) == 1
    assert leave.list_leave(place.house, "dana") == []
