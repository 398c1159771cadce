"""How calendars are written (FORMATS): documents to `Calendar`, with errors that say what would be right.

What must not live here: the arithmetic (opening.py, zones.py), where the documents come from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from app.domain.fields import items, keyed, shown
from app.domain.opening import Calendar, CalendarError, Weekly, Windows, build_calendar
from app.domain.zones import DAY, SECOND, local_instant, zone_of

__all__ = ["ALWAYS", "Calendar", "CalendarError", "Weekly", "local_instant", "parse_calendar", "parse_hours"]

ALWAYS_NAME = "24x7"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ALL_WEEK = Weekly((((0, DAY),),) * 7)
_CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_PAIR = 2

ALWAYS = build_calendar(_ALL_WEEK, zone_of("UTC", "calendar"), {})
"""The calendar `24x7`."""


def parse_calendar(doc: object, *, where: str = "calendar", site_timezone: str | None = None) -> Calendar:
    """Return the calendar that a document of FORMATS describes; the name `24x7` is one too.

    `site_timezone` is what the time zone `site` stands for. Raises CalendarError, FieldError or ZoneError
    with the key at fault, also for a calendar that never opens.
    """
    if doc == ALWAYS_NAME:
        return ALWAYS
    found = keyed(doc, where, required=("timezone", "hours"), optional=("holidays", "exceptions"))
    name = found["timezone"]
    if name == "site":
        if site_timezone is None:
            raise CalendarError(
                f"{where}.timezone: 'site' needs a site; name a time zone or give site_timezone"
            )
        zone = zone_of(site_timezone, "site_timezone")
    else:
        zone = zone_of(name if isinstance(name, str) else None, f"{where}.timezone")
    special: dict[int, Windows] = {}
    if isinstance(found.get("holidays"), Mapping):
        raise CalendarError(
            f"{where}.holidays: by country only in the rulebook, which pins them; list the dates here"
        )
    place = f"{where}.holidays"
    for day in items(found.get("holidays", ()), place):
        special[_day(day, place)] = ()
    exceptions = found.get("exceptions", {})
    if not isinstance(exceptions, Mapping):
        raise CalendarError(f"{where}.exceptions: {shown(exceptions)} is not an object of dates")
    for day, windows in exceptions.items():
        place = f"{where}.exceptions.{day}"
        special[_day(day, place)] = _windows(windows, place)
    calendar = build_calendar(parse_hours(found["hours"], f"{where}.hours"), zone, special)
    if calendar.never:
        raise CalendarError(f"{where}: this calendar never opens; give it hours, or 24x7")
    return calendar


def parse_hours(doc: object, where: str) -> Weekly:
    """Return weekly hours from `{"mon": [["09:00", "17:00"]], ...}` or `24x7`; a missing day is closed.

    They may be empty. Raises CalendarError or FieldError with the key at fault.
    """
    if doc == ALWAYS_NAME:
        return _ALL_WEEK
    if isinstance(doc, str):
        raise CalendarError(f"{where}: {shown(doc)} is neither an object of weekdays nor '24x7'")
    found = keyed(doc, where, optional=_DAYS)
    return Weekly(tuple(_windows(found.get(day, ()), f"{where}.{day}") for day in _DAYS))


def _day(value: object, where: str) -> int:
    """Return the days from 0001-01-01 to a date."""
    if isinstance(value, date):  # YAML reads an unquoted date as one
        return value.toordinal() - 1
    found = _days_to(value) if isinstance(value, str) else None
    if found is None:
        raise CalendarError(f"{where}: {shown(value)} is not a date; write it like 2026-12-25")
    return found


@lru_cache(maxsize=4096)
def _days_to(text: str) -> int | None:
    try:
        return date.fromisoformat(text).toordinal() - 1 if _DATE.match(text) else None
    except ValueError:
        return None


def _windows(value: object, where: str) -> Windows:
    """Return a day's windows in order, touching ones as one, those of no length left out."""
    spans: list[tuple[int, int]] = []
    for window in items(value, where):
        pair = items(window, where)
        if len(pair) != _PAIR:
            raise CalendarError(f'{where}: a window is two times, such as ["09:00", "17:00"]')
        opening, closing = _clock(pair[0], where), _clock(pair[1], where, end=True)
        if closing != opening:
            spans.append((opening, closing if closing > opening else closing + DAY))
    spans.sort()
    joined: list[tuple[int, int]] = []
    for opening, closing in spans:
        if not joined or opening > joined[-1][1]:
            joined.append((opening, closing))
        elif opening == joined[-1][1]:
            joined[-1] = (joined[-1][0], closing)
        else:
            raise CalendarError(f"{where}: two windows overlap; let one end before the next begins")
    return tuple(joined)


def _clock(value: object, where: str, *, end: bool = False) -> int:
    """Return the microseconds from midnight to a time of day; `24:00` only as an end."""
    micros = _since_midnight(value) if isinstance(value, str) else None
    if micros is not None and (micros < DAY or (end and micros == DAY)):
        return micros
    raise CalendarError(
        f"{where}: {shown(value)} is not a time of day; write it like 09:00, midnight at the end 24:00"
    )


@lru_cache(maxsize=4096)
def _since_midnight(text: str) -> int | None:
    match = _CLOCK.match(text)
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups())
    return ((hour * 60 + minute) * 60 + second) * SECOND
