"""On-call schedules as values, and the reading of their document: layers, rotations, lives, overrides.

A schedule is checked and compiled once, here; afterwards every moment in it is an instant in microseconds
(zones.py). What must not live here: who is on call (oncall.py), the turn arithmetic (rotation.py), whether
the people in a schedule exist (whoever has the directory compares `Schedule.people` with it).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.calendars import parse_hours
from app.domain.errors import CloseloopError
from app.domain.fields import items, keyed, nearest, shown
from app.domain.instants import parse_instant
from app.domain.opening import Calendar
from app.domain.rotation import Rotation, Unit
from app.domain.zones import LAST_WEEK, WEEK, to_micros, wall_micros, zone_line, zone_of

EVERYONE: Final = "*"
_FIRST: Final = 0
_LAST: Final = (LAST_WEEK + 1) * WEEK
_LONGEST_INSTANT: Final = 64
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?\Z")
_OFFSET = re.compile(r":\d{2}(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})\Z")


class ScheduleError(CloseloopError):
    """A schedule has a timezone, layers of people who take turns, and overrides."""


class Combine(StrEnum):
    """Who of several layers that apply is on call: those of the last one, or all."""

    TOP = "top"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One stacked rule: entry n mod len(people) has turn n, while `within` is open, on [begins, ends).

    `within` None means always. An entry is everyone who shares the turn, sorted.
    """

    people: tuple[tuple[str, ...], ...]
    rotation: Rotation
    within: Calendar | None
    begins: int
    ends: int
    name: str = ""

    @property
    def rotates(self) -> bool:
        """Return whether a handoff can change who is on call."""
        return len(set(self.people)) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A dated exception on [begins, ends). `out` may be EVERYONE; one of `out` and `joins` may be empty."""

    begins: int
    ends: int
    out: str
    joins: str

    def apply(self, people: set[str]) -> None:
        """Change `people`, the result of the overrides before this one, in place."""
        if self.out == EVERYONE:
            people.clear()  # and whoever joins is on call even where nobody was: "fay instead of everyone"
        elif self.out:
            if self.out not in people:
                return
            people.remove(self.out)
        if self.joins:
            people.add(self.joins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A compiled schedule; answers nothing by itself, see oncall.py."""

    zone: ZoneInfo
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...]
    combine: Combine

    @property
    def people(self) -> frozenset[str]:
        """Return every name that the schedule mentions, whether or not it ever comes up."""
        names = {person for layer in self.layers for entry in layer.people for person in entry}
        for override in self.overrides:
            names.update((override.out, override.joins))
        return frozenset(names - {"", EVERYONE})


def parse_schedule(doc: object, *, where: str = "schedule") -> Schedule:
    """Return the schedule that a FORMATS document (timezone, layers, overrides, combine) describes.

    `where` opens each message. A null counts as a key that is absent. Raises ScheduleError for unknown or
    missing keys and values of a wrong form, and also for what could never put anybody on call: no people
    in a layer, a `within` without a window, a life or an override that ends before it begins. One that a gap
    in local time swallows applies never.
    """
    try:
        return _schedule(doc, where)
    except ScheduleError:
        raise
    except CloseloopError as error:
        raise ScheduleError(str(error)) from None


def read_instant(value: object, where: str) -> datetime:
    """Return the aware UTC instant that `value` names. Raises ScheduleError that says where."""
    if isinstance(value, str) and len(value) > _LONGEST_INSTANT:
        raise ScheduleError(f"{where}: {shown(value)} is not an instant; write it like 2026-03-08T07:30:00Z")
    try:
        return parse_instant(value)
    except CloseloopError as error:
        raise ScheduleError(f"{where}: {error}") from None


def _schedule(doc: object, where: str) -> Schedule:
    top = _keyed(doc, where, required=("timezone", "layers"), optional=("overrides", "combine"))
    zone = zone_of(_if_text(top["timezone"]), f"{where}.timezone")
    layers = items(top["layers"], f"{where}.layers")
    overrides = items(top.get("overrides", ()), f"{where}.overrides")
    return Schedule(
        zone=zone,
        layers=tuple(_layer(item, zone, f"{where}.layers[{index}]") for index, item in enumerate(layers)),
        overrides=tuple(
            _override(item, zone, f"{where}.overrides[{index}]") for index, item in enumerate(overrides)
        ),
        combine=Combine(_choice(top.get("combine", Combine.TOP), tuple(Combine), f"{where}.combine")),
    )


def _keyed(
    value: object, where: str, *, required: Collection[str], optional: Collection[str] = ()
) -> Mapping[str, object]:
    found = keyed(value, where, required=required, optional=optional)
    return {key: item for key, item in found.items() if item is not None or key in required}


def _layer(item: object, zone: ZoneInfo, where: str) -> Layer:
    layer = _keyed(item, where, required=("people", "rotation"), optional=("name", "within", "from", "until"))
    entries = items(layer["people"], f"{where}.people")
    if not entries:
        raise ScheduleError(f"{where}.people: there is nobody to take turns")
    begins = _local(layer["from"], zone, f"{where}.from") if "from" in layer else _FIRST
    ends = _local(layer["until"], zone, f"{where}.until", end=True) if "until" in layer else _LAST
    if ends <= begins and not _emptied(layer.get("from"), layer.get("until")):
        raise ScheduleError(f"{where}.until: the layer ends before it begins")
    return Layer(
        people=tuple(_entry(entry, f"{where}.people[{index}]") for index, entry in enumerate(entries)),
        rotation=_rotation(layer["rotation"], zone, f"{where}.rotation"),
        within=_within(layer["within"], zone, f"{where}.within") if "within" in layer else None,
        begins=begins,
        ends=ends,
        name=_name(layer["name"], f"{where}.name") if "name" in layer else "",
    )


def _entry(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        return (_person(value, where),)
    if not value:
        raise ScheduleError(f"{where}: nobody shares this turn")
    return tuple(sorted({_person(person, where) for person in value}))


def _person(value: object, where: str) -> str:
    person = _name(value, where)
    if person == EVERYONE:
        raise ScheduleError(f"{where}: {EVERYONE!r} means everyone and is nobody's name; only 'out' has it")
    return person


def _name(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ScheduleError(f"{where}: {shown(value)} is not a name")
    return value


def _choice(value: object, known: Collection[str], where: str) -> str:
    if not isinstance(value, str) or value not in known:
        raise ScheduleError(
            f"{where}: {shown(value)} is not known{nearest(_if_text(value), map(str, known))}"
        )
    return value


def _if_text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _rotation(value: object, zone: ZoneInfo, where: str) -> Rotation:
    rotation = _keyed(value, where, required=("unit", "length", "starts"))
    length = rotation["length"]
    if not isinstance(length, int) or isinstance(length, bool) or length < 1:
        raise ScheduleError(f"{where}.length: {shown(length)} is not a whole number from 1")
    return Rotation(
        unit=Unit(_choice(rotation["unit"], tuple(Unit), f"{where}.unit")),
        length=length,
        starts=wall_micros(_wall_time(rotation["starts"], f"{where}.starts")),
        zone=zone,
    )


def _within(value: object, zone: ZoneInfo, where: str) -> Calendar:
    calendar = parse_hours(value, where).calendar(zone)
    if calendar.never:
        raise ScheduleError(f"{where}: there is no window, so the layer would never apply")
    return calendar


def _override(item: object, zone: ZoneInfo, where: str) -> Override:
    override = _keyed(item, where, required=("from", "to"), optional=("out", "in"))
    if "out" not in override and "in" not in override:
        raise ScheduleError(f"{where}: neither 'in' nor 'out', so nothing would change")
    begins = _moment(override["from"], zone, f"{where}.from")
    ends = _moment(override["to"], zone, f"{where}.to", end=True)
    if ends <= begins and not _emptied(override["from"], override["to"]):
        raise ScheduleError(f"{where}.to: the override ends before it begins")
    out = override.get("out", "")
    return Override(
        begins=begins,
        ends=ends,
        out=EVERYONE if out == EVERYONE else _person(out, f"{where}.out") if "out" in override else "",
        joins=_person(override["in"], f"{where}.in") if "in" in override else "",
    )


def _moment(value: object, zone: ZoneInfo, where: str, *, end: bool = False) -> int:
    """Return the instant that an override's border names: RFC 3339, or local time in the schedule's zone."""
    if isinstance(value, str) and _LOCAL.match(value):
        return _local(value, zone, where, end=end)
    return to_micros(read_instant(value, where))


def _emptied(since: object, until: object) -> bool:
    """Return whether both are local times, in order: then a gap in local time swallowed what is between."""
    both = isinstance(since, str) and isinstance(until, str) and _LOCAL.match(since) and _LOCAL.match(until)
    return bool(both) and datetime.fromisoformat(str(since)) < datetime.fromisoformat(str(until))


def _local(value: object, zone: ZoneInfo, where: str, *, end: bool = False) -> int:
    wall, line = wall_micros(_wall_time(value, where)), zone_line(zone)
    # As a window's end, an end that comes twice is the later one: rather two people than nobody.
    return line.last(wall) if end else line.first(wall)


def _wall_time(value: object, where: str) -> datetime:
    if isinstance(value, str) and _LOCAL.match(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise ScheduleError(f"{where}: {value!r} is not a local time: {error}") from None
    advice = "write it like 2026-01-05T08:00"
    if isinstance(value, str) and _OFFSET.search(value):
        advice = "it is local time in the schedule's zone, so leave the offset out"
    raise ScheduleError(f"{where}: {shown(value)} is not a local time; {advice}")
