"""Leave out of an iCalendar file: every entry is time off, all-day and timed, once and recurring (RFC 5545).

What must not live here: fetching (providers), what becomes of the entries (leave.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from app.domain.errors import CloseloopError
from app.domain.zones import local_instant

MOST_BYTES: Final = 2_000_000
AHEAD: Final = timedelta(days=400)
_MOST_ENTRIES: Final = 2000
_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})


class CalendarFileError(CloseloopError):
    """This is not an iCalendar file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One time off on [start, end), UTC; `uid` is what the calendar calls it."""

    uid: str
    start: datetime
    end: datetime
    note: str = ""


def read_calendar(content: bytes, zone: str, now: datetime) -> list[Entry]:
    """Return the times off from `now` to 400 days later, by start; whole days are those of `zone`.

    Cancelled entries count not; whether one is marked as free does: calendars mark whole days so by
    themselves. Raises CalendarFileError for anything that is no calendar, too long, or recurs within a day.
    """
    if len(content) > MOST_BYTES:
        raise CalendarFileError(f"more than {MOST_BYTES // 1_000_000} MB")
    try:
        calendar = icalendar.Calendar.from_ical(content)
        for event in calendar.walk("VEVENT"):
            _check(event)
        query = recurring_ical_events.of(calendar, components=["VEVENT"], skip_bad_series=True)
        found = list(islice(query.between(now - timedelta(days=1), now + AHEAD), _MOST_ENTRIES + 1))
        events = [one for one in found if isinstance(one, icalendar.Event) and _counts(one)]
        entries = [_entry(event, ZoneInfo(zone)) for event in events]
    except CalendarFileError:
        raise
    except Exception as error:  # noqa: BLE001 - a stranger's file may break the library in any way
        raise CalendarFileError(f"this is not an iCalendar file: {str(error)[:100]}") from None
    if len(found) > _MOST_ENTRIES:
        raise CalendarFileError(f"more than {_MOST_ENTRIES} entries in {AHEAD.days} days")
    kept = {(one.uid, one.start, one.end): one for one in entries if now < one.end and one.start < one.end}
    return sorted(kept.values(), key=lambda one: (one.start, one.end, one.uid))


def _check(event: icalendar.Component) -> None:
    rules = event.get("RRULE") or []
    for rule in rules if isinstance(rules, list) else [rules]:
        if _OFTEN & {str(word).upper() for word in rule.get("FREQ", [])}:
            raise CalendarFileError("an entry recurs more often than daily; that is no leave")


def _counts(event: icalendar.Event) -> bool:
    return str(event.get("STATUS", "")).upper() != "CANCELLED"


def _entry(event: icalendar.Event, zone: ZoneInfo) -> Entry:
    note = " ".join(str(event.get("SUMMARY", "")).split())[:200]
    return Entry(
        uid=str(event.get("UID", ""))[:500],
        start=_instant(event.start, zone),
        end=_instant(event.end, zone, end=True),
        note="".join(c for c in note if c.isprintable()),
    )


def _instant(moment: date | datetime, zone: ZoneInfo, *, end: bool = False) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - wall time, of the zone
    if moment.tzinfo is None:
        return local_instant(moment, zone, end=end)
    return moment.astimezone(UTC)
