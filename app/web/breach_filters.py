"""Which breaches the audit shows: the filters that its address holds, and the period that they mean. Pure.

What must not live here: who may look (access.py), reading (usecases/breaches.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from app.store.breaches import Place, Wanted
from app.web.words import METRICS

PRIORITIES: Final = ("P1", "P2", "P3", "P4")
THIS_MONTH, LAST_MONTH = "this_month", "last_month"
_EXCUSED: Final = {"yes": True, "no": False}
_LONGEST = 100
_PLACE_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachFilters:
    """Empty means any. `first` and `last` are days of the company's zone, both included, or None.

    Without them the period is the month that `period` names.
    """

    period: str = THIS_MONTH
    first: date | None = None
    last: date | None = None
    account: str = ""
    site: str = ""
    metric: str = ""
    priority: str = ""
    person: str = ""
    reason: str = ""
    excused: str = ""
    after: Place | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> BreachFilters:
        """Return the filters of an address; what cannot be read is left out."""

        def among(name: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
            value = query.get(name, "")
            return value if value in known else ""

        def key(name: str) -> str:
            return query.get(name, "").replace("\0", "")[:_LONGEST]

        return cls(
            period=LAST_MONTH if query.get("period") == LAST_MONTH else THIS_MONTH,
            first=_day(query.get("from", "")),
            last=_day(query.get("to", "")),
            account=key("account"),
            site=key("site"),
            metric=among("metric", METRICS),
            priority=among("priority", PRIORITIES),
            person=key("person"),
            reason=key("reason"),
            excused=among("excused", _EXCUSED),
            after=_place(query.get("after", "")),
        )

    def query(self, **changes: str) -> str:
        """Return the address's part for these filters with some changed: `?account=qb`, or nothing."""
        own = {
            "period": "" if self.period == THIS_MONTH else self.period,
            "from": self.first.isoformat() if self.first else "",
            "to": self.last.isoformat() if self.last else "",
            "account": self.account,
            "site": self.site,
            "metric": self.metric,
            "priority": self.priority,
            "person": self.person,
            "reason": self.reason,
            "excused": self.excused,
            "after": place_text(self.after) if self.after else "",
        }
        chosen = {name: value for name, value in {**own, **changes}.items() if value}
        return f"?{urlencode(chosen)}" if chosen else ""

    def days(self, now: datetime, zone: str) -> tuple[date, date]:
        """Return the first and the last day of the period; a missing end is filled up sensibly."""
        today = now.astimezone(ZoneInfo(zone)).date()
        if self.first or self.last:
            last = self.last or max(today, self.first or today)
            return min(self.first or last.replace(day=1), last), last
        first = today.replace(day=1)
        if self.period == LAST_MONTH:
            last = first - timedelta(days=1)
            return last.replace(day=1), last
        return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)

    def wanted(self, now: datetime, zone: str) -> Wanted:
        """Return what is looked for."""
        first, last = self.days(now, zone)
        return Wanted(
            since=_midnight(first, zone),
            until=_midnight(last + timedelta(days=1), zone),
            account=self.account,
            site=self.site,
            metric=self.metric,
            priority=self.priority,
            person=self.person,
            reason=self.reason,
            excused=_EXCUSED.get(self.excused),
        )


def place_text(place: Place) -> str:
    """Return where a page ends, for an address."""
    return f"{place.breached_at.isoformat()}~{place.ticket_id}~{place.metric}"


def _place(value: str) -> Place | None:
    parts = value.split("~")
    if len(parts) != _PLACE_PARTS or parts[2] not in METRICS:
        return None
    try:
        at, ticket_id = datetime.fromisoformat(parts[0]), int(parts[1])
    except ValueError:
        return None
    return Place(at, ticket_id, parts[2]) if at.tzinfo and 0 < ticket_id < 2**63 else None


def _day(value: str) -> date | None:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    # Room for a day on either side, whatever the zone.
    return day if date(2000, 1, 1) <= day <= date(2200, 1, 1) else None


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(0), ZoneInfo(zone)).astimezone(UTC)
