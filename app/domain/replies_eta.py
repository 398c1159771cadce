"""When somebody says that they arrive: "45", "1h30", "3:15", "2pm", read out of a reply, and as an instant.

What must not live here: whether a reply is about an arrival at all (replies.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.zones import local_instant

_NOON: Final = 12
_DAY: Final = 24
_HOUR: Final = 60
_LONGEST: Final = timedelta(hours=24)
# A bare number up to this counts minutes; "eta 315" is a time of day, nobody announces five hours like that.
_MOST_MINUTES: Final = 240


@dataclass(frozen=True, slots=True)
class WallClock:
    """A local time of day. `exact` is false when it may be the morning or the afternoon ("3:15")."""

    hour: int
    minute: int
    exact: bool


Eta = timedelta | WallClock

_LEAD = re.compile(
    r"(?:\s|[=:~,-]|(?:is|in|at|about|around|approx|by|of|be|will|like|maybe|now|to|"
    r"en|es|a las|a la|las|sobre|como|unos|dans|vers|a)\b)*",
)
_RANGE = re.compile(r"\d{1,3}(?:[:.]\d{2})?\s*(?:min|mins|am|pm)?\s*(?:-|to\b|or\b|a\b|o\b)\s*(?=\d)")
_HALF = r"(?:am|pm|a\.m|p\.m|a|p)\b"
_SAID = re.compile(
    r"(?P<half_hour>half an? hour|half hour|1/2 hour|media hora|une? demi.heure)\b"
    r"|(?P<hour_half>(?:an |1 |one |una |1)hour and a half|hora y media)\b"
    r"|(?P<one_hour>an hour|one hour|una hora|une heure)\b"
    r"|(?P<noon>noon|mediodia|midi)\b|(?P<midnight>midnight|medianoche|minuit)\b"
    rf"|(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?![\d])\s*(?P<half>{_HALF})?"
    r"|(?P<tenths>\d{1,2}[.,]\d)\s*(?:hours?|hrs?|h|horas?|heures?)\b"
    r"|(?P<hours>\d{1,2})\s*(?:hours?|hrs?|h|horas?|heures?)(?![a-z])"
    r"(?:\s*(?:and|y|et)?\s*(?P<rest>\d{1,2})(?:\s*(?:minut\w*|mins?|m)\b|\b))?"
    rf"|(?P<bare>\d{{1,2}})\s*(?P<bare_half>{_HALF})"
    r"|(?P<minutes>\d{1,3})\s*(?:minut\w*|mins?|m)\b",
)
_BARE = re.compile(r"(?P<number>\d{1,4})(?![\d:])")
_ANOTHER_DAY = re.compile(
    r"\b(?:tomorrow|tmrw|tmw|manana|demain|mon|tue|wed|thu|fri|sat|sun|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|lunes|martes|miercoles|jueves|viernes|sabado|domingo|next week)\b",
)


def find_eta(folded: str) -> tuple[Eta, int, int] | None:
    """Return the arrival that `folded` (a reply behind the word ETA) tells, and where it stands in it.

    A number without a unit counts only at the start; of a range the later end counts. Another day is not
    understood: better to ask than to arrive on the wrong one.
    """
    if _ANOTHER_DAY.search(folded):
        return None
    start = _end_of(_LEAD, folded, 0)
    start = _end_of(_RANGE, folded, start)
    if said := _SAID.match(folded, start):
        eta = _eta_of(said)
        return (eta, 0, said.end()) if eta is not None else None
    if bare := _BARE.match(folded, start):
        eta = _bare_number(bare.group("number"))
        return (eta, 0, bare.end()) if eta is not None else None
    said = _SAID.search(folded, start)
    eta = _eta_of(said) if said else None
    return (eta, said.start(), said.end()) if said and eta is not None else None


def clock_of_digits(digits: str) -> WallClock | None:
    """Return the time of day that `digits` such as 315 or 1530 write without a colon, if they do."""
    return _clock(int(digits[:-2]), int(digits[-2:]), "", exact=digits.startswith("0"))


def eta_instant(eta: Eta, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the aware UTC instant of `eta`, said at `now` for a site in `zone`.

    A time of day is its next occurrence there, the present minute included; without am or pm the next of the
    two. A local time that a clock change skips is the first instant after it; one that exists twice is the
    first that is still to come.
    """
    if isinstance(eta, timedelta):
        return now + eta
    minute = now.replace(second=0, microsecond=0)
    today = now.astimezone(zone).date()
    hours = {eta.hour} if eta.exact else {eta.hour % _NOON, eta.hour % _NOON + _NOON}
    candidates = (
        local_instant(datetime.combine(today + timedelta(days=days), time(hour, eta.minute)), zone, end=last)
        for days in (0, 1, 2)
        for hour in hours
        for last in (False, True)
    )
    return min(instant for instant in candidates if instant >= minute)


def _end_of(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _bare_number(digits: str) -> Eta | None:
    if len(digits) == 4:  # noqa: PLR2004  four digits with a nought in front are 03:15; others a ticket's number
        return clock_of_digits(digits)
    if int(digits) <= _MOST_MINUTES:
        return timedelta(minutes=int(digits))
    return clock_of_digits(digits)


def _eta_of(said: re.Match[str]) -> Eta | None:
    found = said.groupdict()
    fixed = {"half_hour": 30, "hour_half": 90, "one_hour": 60}
    for name, minutes in fixed.items():
        if found[name]:
            return timedelta(minutes=minutes)
    if found["noon"] or found["midnight"]:
        return WallClock(_NOON if found["noon"] else 0, 0, exact=True)
    if found["hour"]:
        return _clock(int(found["hour"]), int(found["minute"]), found["half"] or "")
    if found["bare"]:
        return _clock(int(found["bare"]), 0, found["bare_half"])
    if found["hours"] and found["rest"] and int(found["hours"]) > _NOON:
        return _clock(int(found["hours"]), int(found["rest"]), "")
    if found["tenths"]:
        span = timedelta(hours=float(found["tenths"].replace(",", ".")))
    elif found["hours"]:
        span = timedelta(hours=int(found["hours"]), minutes=int(found["rest"] or 0))
    else:
        span = timedelta(minutes=int(found["minutes"]))
    return span if span <= _LONGEST else None


def _clock(hour: int, minute: int, half: str, *, exact: bool = False) -> WallClock | None:
    if minute >= _HOUR or hour >= _DAY or (half and not 1 <= hour <= _NOON):
        return None
    if half:
        return WallClock(hour % _NOON + (_NOON if half.startswith("p") else 0), minute, exact=True)
    return WallClock(hour, minute, exact=exact or hour == 0 or hour > _NOON)
