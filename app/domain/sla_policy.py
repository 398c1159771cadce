"""SLA policies: which metrics have a target, on which calendar, what pauses them (FORMATS, 'SLA').

What must not live here: the clocks themselves (sla.py), which ticket gets which policy (the rulebook).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from app.domain.calendars import ALWAYS, ALWAYS_NAME, Calendar, parse_calendar
from app.domain.errors import CloseloopError
from app.domain.fields import items, keyed, mapping, nearest, shown, text
from app.domain.instants import DurationError, parse_duration
from app.domain.zones import SECOND

_SHARE = re.compile(r"([1-9][0-9]?|100)%\Z")
_Word = TypeVar("_Word", bound=StrEnum)


class PolicyError(CloseloopError):
    """An SLA policy is not written as it should be, or does not fit the ticket."""


class Metric(StrEnum):
    """What is timed on a ticket; each is a clock of its own."""

    ACKNOWLEDGE = "acknowledge"
    ARRIVE = "arrive"
    RESOLVE = "resolve"
    UPDATE = "update"
    CONFIRM = "confirm"


class OnReopen(StrEnum):
    """What becomes of the resolve clock when a resolved ticket is reopened."""

    EXCLUDE = "exclude"
    COUNT = "count"
    RESTART = "restart"
    FREEZE = "freeze"


class OnPriorityChange(StrEnum):
    """What becomes of a clock with a target by priority when the priority changes."""

    FROM_START = "from_start"
    FROM_CHANGE = "from_change"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A duration of open time on a calendar: `within` in microseconds, by priority or one for all (key None).

    `warn_at` are the shares of the target, in whole percent, at which a warning is due.
    """

    metric: Metric
    within: Mapping[str | None, int]
    calendar: Calendar = ALWAYS
    calendar_name: str = ALWAYS_NAME
    warn_at: tuple[int, ...] = ()

    @property
    def by_priority(self) -> bool:
        """Return whether the duration depends on the ticket's priority."""
        return None not in self.within

    def micros(self, priority: str | None) -> int:
        """Return the duration for a priority, in microseconds. Raises PolicyError if the map lacks it."""
        found = self.within.get(None)
        if found is None:
            found = self.within.get(priority)
        if found is None:
            known = sorted(key for key in self.within if key is not None)
            place = f"targets.{self.metric}.within"
            raise PolicyError(f"{place}: none for priority {shown(priority)}; it has {', '.join(known)}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The promises for a ticket. `pause_on` has the reasons that pause a metric; no entry, no pause."""

    targets: Mapping[Metric, Target]
    pause_on: Mapping[Metric, frozenset[str]]
    on_reopen: OnReopen = OnReopen.EXCLUDE
    on_priority_change: OnPriorityChange = OnPriorityChange.FROM_START


def parse_policy(
    doc: object,
    calendars: Mapping[str, object] | None = None,
    site_timezone: str | None = None,
    *,
    where: str = "policy",
) -> Policy:
    """Return the policy that a document of FORMATS describes.

    `calendars` has what the document may name: Calendars or documents of such; `24x7` is always there.
    Raises PolicyError, CalendarError, FieldError, ZoneError with the key at fault and the nearest right one.
    """
    found = keyed(doc, where, required=("targets",), optional=("pause_on", "on_reopen", "on_priority_change"))
    book = _Book(calendars or {}, site_timezone)
    place = f"{where}.targets"
    targets = {
        metric: _target(target, metric, book, f"{place}.{metric}")
        for metric, target in _by_metric(found["targets"], place).items()
    }
    place = f"{where}.pause_on"
    pauses = _by_metric(found.get("pause_on", {}), place)
    if Metric.ACKNOWLEDGE in pauses:
        raise PolicyError(f"{place}.acknowledge: the acknowledge clock never pauses; leave the key out")
    return Policy(
        targets=targets,
        pause_on={
            metric: frozenset(
                text(reason, f"{place}.{metric}") for reason in items(reasons, f"{place}.{metric}")
            )
            for metric, reasons in pauses.items()
        },
        on_reopen=_word(OnReopen, found.get("on_reopen", OnReopen.EXCLUDE), f"{where}.on_reopen"),
        on_priority_change=_word(
            OnPriorityChange,
            found.get("on_priority_change", OnPriorityChange.FROM_START),
            f"{where}.on_priority_change",
        ),
    )


class _Book:
    """The calendars by name; a document is read when the first target names it."""

    def __init__(self, calendars: Mapping[str, object], site_timezone: str | None) -> None:
        if ALWAYS_NAME in calendars:
            raise PolicyError(f"calendars: {ALWAYS_NAME!r} is always there and cannot be another calendar")
        self._calendars = calendars
        self._site_timezone = site_timezone

    def find(self, name: object, where: str) -> Calendar:
        if name == ALWAYS_NAME:
            return ALWAYS
        if not isinstance(name, str) or name not in self._calendars:
            known = nearest(name if isinstance(name, str) else "", (ALWAYS_NAME, *self._calendars))
            raise PolicyError(f"{where}: no calendar {shown(name)}{known}")
        found = self._calendars[name]
        if isinstance(found, Calendar):
            return found
        return parse_calendar(found, where=f"calendars.{name}", site_timezone=self._site_timezone)


def _by_metric(doc: object, where: str) -> dict[Metric, object]:
    found: dict[Metric, object] = {}
    for key, value in mapping(doc, where).items():
        found[_word(Metric, key, where)] = value
    return found


def _word(kind: type[_Word], value: object, where: str) -> _Word:
    name = value if isinstance(value, str) else ""
    try:
        return kind(name)
    except ValueError:
        known = nearest(name, [str(member) for member in kind])
        raise PolicyError(f"{where}: {shown(value)} is not known{known}") from None


def _target(doc: object, metric: Metric, book: _Book, where: str) -> Target:
    found = keyed(doc, where, required=("within",), optional=("calendar", "warn_at"))
    within: dict[str | None, int] = {}
    place = f"{where}.within"
    if isinstance(found["within"], Mapping):
        for priority, duration in mapping(found["within"], place).items():
            within[priority] = _duration(duration, f"{place}.{priority}")
        if not within:
            raise PolicyError(f"{place}: no priority has a target; give one duration, or one by priority")
    else:
        within[None] = _duration(found["within"], place)
    name = found.get("calendar", ALWAYS_NAME)
    shares = items(found.get("warn_at", ()), f"{where}.warn_at")
    return Target(
        metric=metric,
        within=within,
        calendar=book.find(name, f"{where}.calendar"),
        calendar_name=str(name),
        warn_at=tuple(_share(share, f"{where}.warn_at[{index}]") for index, share in enumerate(shares)),
    )


def _duration(value: object, where: str) -> int:
    try:
        duration = parse_duration(value)
    except DurationError as error:
        raise PolicyError(f"{where}: {error}") from None
    return (duration.days * 86_400 + duration.seconds) * SECOND


def _share(value: object, where: str) -> int:
    match = _SHARE.match(value) if isinstance(value, str) else None
    if match is None:
        raise PolicyError(f"{where}: {shown(value)} is no share of the target; write 1% to 100%")
    return int(match.group(1))
