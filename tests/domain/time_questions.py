"""Random questions about calendars and clocks for the differential tests; everything on whole minutes."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from calendar_oracle import DAYS, wall_time

from app.domain.instants import format_instant

ZONES = [
    "UTC",
    "America/New_York",
    "America/Los_Angeles",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Asia/Tehran",
    "Africa/Casablanca",
    "America/St_Johns",
    "Africa/Cairo",
    "America/Havana",
    "America/Santiago",
    "Asia/Gaza",
    "Antarctica/Troll",
    "Pacific/Chatham",
    "Asia/Amman",
]
YEARS = (1969, 1995, 2006, 2007, 2011, 2014, 2018, 2021, 2024, 2026, 2037, 2040)
KINDS = [
    "acknowledged",
    "eta_given",
    "arrived",
    "updated",
    "held",
    "released",
    "held",
    "released",
    "held",
    "priority_changed",
    "priority_changed",
    "resolved",
    "reopened",
    "resolved",
    "reopened",
    "confirmed",
    "declined",
    "closed",
    "cancelled",
    "merged_in",
]
METRICS = ("acknowledge", "arrive", "resolve", "update", "confirm")


@cache
def clock_changes(zone: Any, year: Any) -> Any:
    """The instants near which the offset changes, to twelve hours."""
    found, at, last = [], datetime(year, 1, 1, tzinfo=UTC), None
    while at.year == year:
        offset = at.astimezone(ZoneInfo(zone)).utcoffset()
        if last is not None and offset != last:
            found.append(at)
        last = offset
        at += timedelta(hours=12)
    return found


def time_of_day(rnd: Any) -> Any:
    return f"{rnd.randrange(24):02}:{rnd.choice((0, 30, rnd.randrange(60))):02}"


def day_windows(rnd: Any) -> Any:
    found = []
    for _ in range(rnd.choice((0, 1, 1, 2, 3))):
        opening = rnd.choice(("00:00", *[time_of_day(rnd) for _ in range(5)]))
        closing = rnd.choice(("24:00", *[time_of_day(rnd) for _ in range(5)]))
        if closing < opening and rnd.random() < 0.6:
            opening, closing = closing, opening
        tried = [*found, [opening, closing]]
        spans = sorted(
            (wall_time(o), wall_time(c) + timedelta(days=c < o)) for o, c in tried if o not in (c, "24:00")
        )
        if opening != "24:00" and all(a[1] <= b[0] for a, b in itertools.pairwise(spans)):
            found = tried
    rnd.shuffle(found)
    return found


def calendar_case(rnd: Any) -> Any:
    """A calendar document and an instant that is often near a change of the clocks or a special date."""
    zone, year = rnd.choice(ZONES), rnd.choice(YEARS)
    changes = clock_changes(zone, year)
    if changes and rnd.random() < 0.8:
        near = rnd.choice(changes)
    else:
        near = datetime(year, rnd.randint(1, 12), rnd.randint(1, 28), tzinfo=UTC)
    days = rnd.sample(DAYS, rnd.randint(0, 7))
    doc = {"timezone": zone, "hours": {d: day_windows(rnd) for d in days} if rnd.random() < 0.95 else "24x7"}
    if rnd.random() < 0.5:
        doc["holidays"] = [near_date(rnd, near) for _ in range(rnd.randint(1, 2))]
    if rnd.random() < 0.5:
        doc["exceptions"] = {near_date(rnd, near): day_windows(rnd) for _ in range(rnd.randint(1, 2))}
    return doc, near


def near_date(rnd: Any, near: Any) -> Any:
    return (near + timedelta(days=rnd.randint(-4, 4))).date().isoformat()


def store_hours(rnd: Any, base: Any) -> Any:
    opening, closing = rnd.choice(
        (("09:00", "17:00"), ("08:30", "12:00"), ("22:00", "06:00"), ("00:00", "24:00"), ("10:00", "10:30"))
    )
    days = rnd.sample(DAYS, rnd.randint(3, 7))
    doc = {"timezone": rnd.choice(ZONES[:6]), "hours": {d: [[opening, closing]] for d in days}}
    if rnd.random() < 0.3:
        doc["holidays"] = [(base + timedelta(days=rnd.randint(0, 3))).date().isoformat()]
    return doc


def policy(rnd: Any, metrics: Any = METRICS) -> Any:
    targets = {}
    for metric in metrics:
        if rnd.random() > 0.7:
            continue

        def duration() -> Any:
            return f"{rnd.choice((5, 15, 30, 60, 90, 120, 5 * rnd.randint(1, 120)))}m"

        within = duration() if rnd.random() < 0.5 else {p: duration() for p in ("P1", "P2", "P3")}
        target = {"within": within, "warn_at": rnd.choice(([], ["20%"], ["80%", "40%"], ["20%", "100%"]))}
        if rnd.random() < 0.5:
            target["calendar"] = rnd.choice(("a", "b", "24x7"))
        targets[metric] = target
    found = {"targets": targets}
    if rnd.random() < 0.8:
        found["pause_on"] = {
            m: rnd.sample("xyz", rnd.randint(1, 3)) for m in METRICS[1:] if rnd.random() < 0.7
        }
    if rnd.random() < 0.9:
        found["on_reopen"] = rnd.choice(("exclude", "count", "restart", "freeze"))
    if rnd.random() < 0.9:
        found["on_priority_change"] = rnd.choice(("from_start", "from_change", "keep"))
    return found


def sla_question(rnd: Any, kinds: Any = KINDS) -> Any:
    """An `sla.explain` question: a ticket's life, seldom a sensible one."""
    month, day = rnd.choice(((3, 6), (3, 8), (3, 28), (6, 8), (10, 31), (11, 1)))
    base = datetime(2026, month, day, rnd.randrange(24), rnd.choice((0, 0, 30, 17)), tzinfo=UTC)
    events = [{"type": "opened", "at": base, "priority": rnd.choice(("P1", "P2", "P3"))}]
    span, grid = rnd.choice((60, 300, 1000, 4000)), rnd.choice((1, 1, 5, 15, 30))
    weights = [{"cancelled": 0.25, "closed": 0.5}.get(kind, 1) for kind in kinds]
    for _ in range(rnd.randint(0, 10)):
        kind = rnd.choices(kinds, weights)[0]
        event = {"type": kind, "at": base + timedelta(minutes=rnd.randint(0, span) // grid * grid)}
        if kind == "held" or (kind == "released" and rnd.random() < 0.7):
            event["reason"] = rnd.choice("xyz")
        if kind == "priority_changed":
            event["priority"] = rnd.choice(("P1", "P2", "P3"))
        if kind == "merged_in":
            event["first_contact_at"] = format_instant(base + timedelta(minutes=rnd.randint(-300, 60)))
        events.append(event)
    rnd.shuffle(events)
    edge = rnd.choice([event["at"] for event in events])
    last = max(event["at"] for event in events)
    as_of = rnd.choice(
        (
            last,
            edge,
            edge + timedelta(minutes=rnd.choice((-1, 1))),
            base + timedelta(minutes=rnd.randint(0, 5000)),
        )
    )
    for event in events:
        event["at"] = format_instant(event["at"])
    return {
        "id": 1,
        "ask": "sla.explain",
        "as_of": format_instant(max(as_of, base)),
        "calendars": {"a": store_hours(rnd, base), "b": store_hours(rnd, base)},
        "policy": policy(rnd),
        "events": events,
    }
