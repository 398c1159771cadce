"""A second, naive opinion on who is on call: it looks at every minute and shares no code with the product.

It knows a zone only as a list of what the wall shows at each minute of a stretch of days, reads documents of
FORMATS without checking them, and is right for whole minutes only.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Wall:
    """What the wall shows at each minute from `base` (midnight UTC) for `days` days; minutes count from `base`."""

    def __init__(self, zone: str, base: datetime, days: int) -> None:
        self.base = base
        self.first: dict[datetime, int] = {}
        self.last: dict[datetime, int] = {}
        self.dates: set[date] = set()
        tz = ZoneInfo(zone)
        before: datetime | None = None
        for minute in range(days * 1440):
            shows = (base + minute * MINUTE).astimezone(tz).replace(tzinfo=None)
            skipped = before + MINUTE if before is not None else shows
            while skipped < shows:
                self.first.setdefault(skipped, minute)
                self.last.setdefault(skipped, minute)
                skipped += MINUTE
            self.first.setdefault(shows, minute)
            self.last[shows] = minute
            self.dates.add(shows.date())
            before = shows if before is None else max(before, shows)


@lru_cache(maxsize=64)
def wall(zone: str, base: datetime, days: int) -> Wall:
    return Wall(zone, base, days)


def handoffs(rotation: Mapping[str, object], wall: Wall) -> list[int]:
    starts, length = datetime.fromisoformat(str(rotation["starts"])), int(str(rotation["length"]))
    found: list[int] = []
    for turn in range(100_000):
        if rotation["unit"] == "monthly":
            months = starts.month - 1 + turn * length
            year, month = starts.year + months // 12, months % 12 + 1
            local = starts.replace(year=year, month=month, day=min(starts.day, monthrange(year, month)[1]))
        else:
            unit = {"hourly": 1, "daily": 24, "weekly": 168}[str(rotation["unit"])]
            local = starts + timedelta(hours=turn * length * unit)
        if local not in wall.first:
            break
        found.append(wall.first[local])
    return found


def open_minutes(hours: Mapping[str, Sequence[Sequence[str]]], wall: Wall) -> set[int]:
    found: set[int] = set()
    for day in wall.dates:
        midnight = datetime.fromisoformat(day.isoformat())
        for opens, closes in hours.get(DAYS[day.weekday()], ()):
            if opens == closes:
                continue
            since = midnight + _clock(opens)
            until = midnight + _clock(closes) + timedelta(days=closes < opens)
            if since in wall.first and until in wall.last:
                found.update(range(wall.first[since], wall.last[until]))
    return found


def _clock(text: str) -> timedelta:
    hour, minute = text.split(":")
    return timedelta(hours=int(hour), minutes=int(minute))


def _minute(instant: str, wall: Wall) -> int:
    return (datetime.fromisoformat(instant).astimezone(UTC) - wall.base) // MINUTE


def people_by_minute(schedule: Mapping[str, object], wall: Wall, minutes: range) -> list[tuple[str, ...]]:
    """Return who is on call at each of `minutes`, counted from the wall's base."""
    layers = []
    for layer in schedule["layers"]:
        within = open_minutes(layer["within"], wall) if "within" in layer else None
        begins = wall.first[datetime.fromisoformat(layer["from"])] if layer.get("from") else -1
        ends = wall.last[datetime.fromisoformat(layer["until"])] if layer.get("until") else 10**9
        layers.append((layer["people"], handoffs(layer["rotation"], wall), within, begins, ends))
    overrides = [
        (_minute(o["from"], wall), _minute(o["to"], wall), o.get("out"), o.get("in"))
        for o in schedule.get("overrides", ())
    ]
    answers = []
    for minute in minutes:
        applying = []
        for people, changes, within, begins, ends in layers:
            turn = sum(1 for change in changes if change <= minute) - 1
            if turn >= 0 and begins <= minute < ends and (within is None or minute in within):
                entry = people[turn % len(people)]
                applying.append([entry] if isinstance(entry, str) else list(entry))
        chosen = applying if schedule.get("combine") == "all" else applying[-1:]
        on = {person for entry in chosen for person in entry}
        for begins, ends, out, joins in overrides:
            if begins <= minute < ends and (out is None or out == "*" or out in on):
                on = set() if out == "*" else on - {out}
                on |= {joins} if joins is not None else set()
        answers.append(tuple(sorted(on)))
    return answers
