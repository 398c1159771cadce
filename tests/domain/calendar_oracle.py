"""The naive truth about calendars: look at every minute (or second) of a range, one by one.

Shares nothing with app/: it reads the document itself and asks the zone for the wall time of every instant.
Exact where opening times, changes of the clocks and the asked instants fall on whole steps.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def wall_time(text: Any) -> Any:
    hour, minute = text.split(":")[:2]
    return timedelta(hours=int(hour), minutes=int(minute))


class Oracle:
    """Every step from `begin` to `end` (UTC), and whether it is open."""

    def __init__(self, doc: Any, begin: Any, end: Any, step: Any = 60) -> None:
        self.begin, self.step = begin, timedelta(seconds=step)
        zone = ZoneInfo(doc["timezone"])
        count = (end - begin) // self.step
        instants = [begin + i * self.step for i in range(count)]
        walls = [i.astimezone(zone).replace(tzinfo=None) for i in instants]
        self.open = [False] * count
        begins: dict[Any, int] = {}
        for index, wall in enumerate(walls):
            begins.setdefault(wall.date(), index)
        for day, begins_at in begins.items():  # a date that never was is not among them
            midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - wall time
            for opening, closing in self.windows(doc, day):
                o, c = midnight + wall_time(opening), midnight + wall_time(closing)
                if c == o:
                    continue
                if c < o:
                    c += timedelta(days=1)
                # Open from the first instant that shows the opening or later to the last one before closing.
                first = next((i for i in range(begins_at, count) if walls[i] >= o), count)
                latest = min(count, begins_at + 3 * 86_400 // step)
                last = next((i for i in range(latest - 1, -1, -1) if walls[i] <= c), -1)
                if last >= 0 and walls[last] < c:
                    last += 1
                for i in range(first, last):
                    self.open[i] = True

    @staticmethod
    def windows(doc: Any, day: Any) -> Any:
        name = day.isoformat()
        if name in doc.get("exceptions", {}):
            return doc["exceptions"][name]
        if name in doc.get("holidays", []):
            return []
        if doc["hours"] == "24x7":
            return [["00:00", "24:00"]]
        return doc["hours"].get(DAYS[day.weekday()], [])

    def index(self, instant: Any) -> Any:
        return (instant - self.begin) // self.step

    def at(self, index: Any) -> Any:
        return (self.begin + index * self.step).astimezone(UTC)

    def add(self, start: Any, steps: Any) -> Any:
        index = self.index(start)
        while steps > 0:
            if index >= len(self.open):
                return None
            steps -= self.open[index]
            index += 1
        while steps < 0:
            index -= 1
            if index < 0:
                return None
            steps += self.open[index]
        return self.at(index)

    def between(self, start: Any, end: Any) -> Any:
        if start > end:
            return -self.between(end, start)
        return sum(self.open[self.index(start) : self.index(end)])

    def next_open(self, start: Any) -> Any:
        index = next((i for i in range(self.index(start), len(self.open)) if self.open[i]), None)
        return None if index is None else self.at(index)

    def runs(self, start: Any, end: Any) -> Any:
        found = []
        for i in range(self.index(start), self.index(end)):
            if self.open[i]:
                if found and found[-1][1] == i:
                    found[-1][1] = i + 1
                else:
                    found.append([i, i + 1])
        return [(self.at(a), self.at(b)) for a, b in found]
