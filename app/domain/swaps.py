"""Swaps: what a colleague writes about one, which time is meant, and which turns that concerns.

What must not live here: whether a swap may be (usecases/swaps.py), what it does to a schedule (oncall.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.oncall import shifts
from app.domain.roster import Roster
from app.domain.spelling import fold
from app.domain.zones import local_instant


class SwapVerb(StrEnum):
    """What is asked for."""

    OFFER = "offer"
    OK = "ok"
    NO = "no"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapReply:
    """A parsed text; `who` (a key, or empty if not understood) and `when` are those of an offer."""

    verb: SwapVerb
    who: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Somebody's turn in a schedule on [start, end), UTC."""

    schedule: str
    start: datetime
    end: datetime


NEXT_SHIFT_WITHIN: Final = timedelta(days=60)
_SWAP = re.compile(r"\s*(?:swap|cambio)\b[\s:,-]*(.*)\Z", re.DOTALL)
_OK = frozenset({"ok", "okay", "yes", "y", "si", "sure", "fine", "accept", "acepto"})
_NO = frozenset({"no", "cant", "cannot", "sorry", "refuse", "nope"})
_OFF = frozenset({"cancel", "off", "withdraw", "never mind", "nevermind", "cancelar"})
_FILLER = frozenset({"with", "to", "for", "con", "a", "on", "my", "shift", "next", "the", "el", "mi"})
_DAYS: Final = {
    word: number
    for number, names in enumerate(
        (
            "mon monday lun lunes",
            "tue tues tuesday mar martes",
            "wed wednesday mie miercoles",
            "thu thur thurs thursday jue jueves",
            "fri friday vie viernes",
            "sat saturday sab sabado",
            "sun sunday dom domingo",
        )
    )
    for word in names.split()
}
_MONTHS: Final = {
    word: number
    for number, names in enumerate(
        (
            "jan january ene enero",
            "feb february febrero",
            "mar march marzo",
            "apr april abr abril",
            "may mayo",
            "jun june junio",
            "jul july julio",
            "aug august ago agosto",
            "sep sept september septiembre",
            "oct october octubre",
            "nov november noviembre",
            "dec december dic diciembre",
        ),
        1,
    )
    for word in names.split()
}
_HOURS = re.compile(
    r"(\d{1,2})(?::(\d{2}))?\s*([ap])?m?\s*(?:-|to|a)\s*(\d{1,2})(?::(\d{2}))?\s*([ap])?m?\s*\Z"
)


def parse_swap(text: str, person_named: Callable[[str], str]) -> SwapReply | None:
    """Return what a text says about a swap, None when it is about something else.

    `person_named` gives the key of the one colleague whom words name, or nothing.
    """
    found = _SWAP.match(fold(text.strip()[:300]))
    if found is None:
        return None
    rest = " ".join(found.group(1).replace("'", "").split()).strip(" .!,")
    if rest in _OFF:
        return SwapReply(verb=SwapVerb.WITHDRAW)
    first = re.match(r"[a-z]*", rest)
    word = first.group() if first else ""
    if word in _OK:
        return SwapReply(verb=SwapVerb.OK)
    if word in _NO:
        return SwapReply(verb=SwapVerb.NO)
    words = rest.split()
    while words and words[0] in _FILLER:
        words = words[1:]
    for length in (3, 2, 1):
        who = person_named(" ".join(words[:length])) if len(words) >= length else ""
        if who:
            return SwapReply(verb=SwapVerb.OFFER, who=who, when=" ".join(words[length:]))
    return SwapReply(verb=SwapVerb.OFFER) if text.strip()[:4].casefold() == "swap" else None


def read_span(when: str, now: datetime, zone: str) -> tuple[datetime, datetime] | None:
    """Return the UTC instants that words such as `thu`, `11/26`, `sat to sun`, `fri 6p-10p` name in `zone`.

    A day is from midnight to midnight; hours that end before they begin end on the next day. None when the
    words are not understood.
    """
    local = ZoneInfo(zone)
    today = now.astimezone(local).date()
    words = [word for word in when.split() if word not in _FILLER or word in {"to", "a"}]
    text = " ".join(words)
    if text in {"tonight", "esta noche"}:
        return _wall(today, 18 * 60, local), _wall(today + timedelta(days=1), 8 * 60, local, end=True)
    hours = _HOURS.search(text)
    day = _day(text[: hours.start()].strip(), today) if hours is not None else None
    if hours is not None and day is not None:
        begin = _minutes(hours.group(1), hours.group(2), hours.group(3) or hours.group(6))
        until = _minutes(hours.group(4), hours.group(5), hours.group(6))
        if begin is None or until is None:
            return None
        last = day + timedelta(days=1) if until <= begin else day
        return _wall(day, begin, local), _wall(last, until, local, end=True)
    parts = re.split(r"\s*(?:-|\bto\b|\ba\b|\buntil\b)\s*", text) if not re.match(r"\d{4}-", text) else [text]
    days = [found for part in parts if (found := _day(part, today)) is not None]
    if len(days) != len(parts) or len(days) > 2:  # noqa: PLR2004 - from one day to another
        return None
    first, last = days[0], days[-1]
    if last < first:
        last += timedelta(days=7)
    return _wall(first, 0, local), _wall(last + timedelta(days=1), 0, local, end=True)


def turns(roster: Roster, person: str, start: datetime, end: datetime) -> list[Piece]:
    """Return the person's turns in all schedules between two instants, clipped to them, by start."""
    found = [
        Piece(schedule=name, start=shift.start, end=shift.end)
        for name, schedule in roster.schedules.items()
        for shift in shifts(schedule, start, end)
        if person in shift.people
    ]
    return sorted(found, key=lambda piece: (piece.start, piece.schedule))


def next_turn(roster: Roster, person: str, now: datetime) -> list[Piece]:
    """Return the person's turn of now or the next one, whole but for what is over; empty for none soon."""
    return turns(roster, person, now, now + NEXT_SHIFT_WITHIN)[:1]


def _day(text: str, today: date) -> date | None:
    if text in {"today", "hoy"}:
        return today
    if text in {"tomorrow", "manana"}:
        return today + timedelta(days=1)
    if text in _DAYS:
        return today + timedelta(days=(_DAYS[text] - today.weekday()) % 7)
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text)
        if found := re.fullmatch(r"(\d{1,2})/(\d{1,2})", text):
            return _soon(int(found[1]), int(found[2]), today)
        if (found := re.fullmatch(r"([a-z]+)\.? (\d{1,2})", text)) and found[1] in _MONTHS:
            return _soon(_MONTHS[found[1]], int(found[2]), today)
        if (found := re.fullmatch(r"(\d{1,2}) ([a-z]+)", text)) and found[2] in _MONTHS:
            return _soon(_MONTHS[found[2]], int(found[1]), today)
    except ValueError:
        return None
    return None


def _soon(month: int, day: int, today: date) -> date:
    this_year = date(today.year, month, day)
    return this_year if this_year >= today else date(today.year + 1, month, day)


def _minutes(hour: str, minute: str | None, half: str | None) -> int | None:
    hours, minutes = int(hour), int(minute or 0)
    if half and hours > 12:  # noqa: PLR2004 - noon
        return None
    if half:
        hours = hours % 12 + (12 if half == "p" else 0)
    return hours * 60 + minutes if hours < 24 and minutes < 60 else None  # noqa: PLR2004 - a clock


def _wall(day: date, minutes: int, zone: ZoneInfo, *, end: bool = False) -> datetime:
    naive = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - wall time
    return local_instant(naive, zone, end=end)
