"""Private iCalendar feeds: who is on call, in the calendar that a person has anyway (RFC 5545).

Whoever has the address sees the shifts and nothing else; an address is revoked by its owner. What must not
live here: HTTP (web/duty.py), who is on call (domain/roster.py).
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final

from icalendar import Calendar, Event

from app.domain.duty_days import shifts_of
from app.domain.oncall import Shift
from app.domain.roster import Roster, Scope
from app.store import feeds as feed_store
from app.store.feeds import FeedRow
from app.usecases.house import House

PERSON: Final = "person"
SCHEDULE: Final = "schedule"
_BACK, _AHEAD = timedelta(days=30), timedelta(days=180)
_KEY_LENGTH = 32
_LONGEST_ID = 19


def feed_key(house: House, feed_id: int) -> str:
    """Return the key of a feed's address: its number and what only this installation can know of it."""
    mac = hmac.new(house.identity.secret, f"feed:{feed_id}".encode(), hashlib.sha256).hexdigest()
    return f"{feed_id}-{mac[:_KEY_LENGTH]}"


def make_feed(house: House, kind: str, name: str, *, by: str) -> None:
    """Make the address of a person's or schedule's feed, unless there is one."""
    with house.begin() as connection:
        feed_store.make(connection, FeedRow(house.ids.next(), kind, name), by=by, now=house.clock.now())


def revoke_feed(house: House, feed_id: int) -> bool:
    """End a feed: its address answers no more. Return whether it was in force."""
    with house.begin() as connection:
        return feed_store.revoke(connection, feed_id, house.clock.now())


def read_feed(house: House, key: str) -> bytes | None:
    """Return the iCalendar document behind a key, from a month ago to half a year ahead; None for no feed."""
    number, _, _ = key.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_ID):
        return None
    if not hmac.compare_digest(feed_key(house, int(number)).encode(), key.encode()):
        return None
    now = house.clock.now()
    with house.begin() as connection:
        feed = feed_store.by_id(connection, int(number))
        roster = house.roster(connection)
    return _document(roster, feed, now) if feed else None


def _document(roster: Roster, feed: FeedRow, now: datetime) -> bytes:
    start, end = now - _BACK, now + _AHEAD
    directory = roster.directory
    calendar = Calendar()
    calendar.add("prodid", "-//Closeloop//On call//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"On call: {_title(roster, feed)}")
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"value": "DURATION"})
    for schedule in sorted(directory.schedules) if feed.kind == PERSON else [feed.name]:
        if schedule not in directory.schedules:
            continue
        course = roster.course((f"schedule:{schedule}",), Scope(), start, end)
        mine = shifts_of(course, feed.name) if feed.kind == PERSON else course
        for shift in mine:
            calendar.add_component(_event(roster, schedule, feed, shift, now))
    return bytes(calendar.to_ical())


def _event(roster: Roster, schedule: str, feed: FeedRow, shift: Shift, now: datetime) -> Event:
    event = Event()
    # The same shift keeps its identity, so that a calendar changes its entry and makes no second one.
    event.add("uid", f"{feed.id}.{schedule}.{shift.start:%Y%m%dT%H%M%SZ}@closeloop")
    event.add("dtstamp", now)
    event.add("dtstart", shift.start)
    event.add("dtend", shift.end)
    names = ", ".join(_name(roster, person) for person in shift.people)
    told = f"On call: {schedule}" if feed.kind == PERSON else names or "NOBODY is on call"
    event.add("summary", told)
    return event


def _title(roster: Roster, feed: FeedRow) -> str:
    return _name(roster, feed.name) if feed.kind == PERSON else feed.name


def _name(roster: Roster, person: str) -> str:
    known = roster.directory.people.get(person)
    return known.name if known else person
