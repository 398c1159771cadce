"""Ladders: in which order people are asked, and how long each level is waited for (FORMATS, 'Escalation').

`following` is the one stepping rule: the live engine asks it after each level, `plan` plays it to the end.
What must not live here: who a target is (roster.py), what an acknowledgement does (the ticket's decisions).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.errors import CloseloopError
from app.domain.fields import FieldError, items, keyed, mapping, nearest, shown
from app.domain.instants import DurationError, format_instant, parse_duration
from app.domain.oncall import on_call, parse_schedule
from app.domain.schedules import read_instant

DUTY_MANAGER: Final = "duty_manager"
_PERSON: Final = "person"
_SCHEDULE: Final = "schedule"
_TEAM: Final = "team"
_MOST_STEPS: Final = 10_000  # levels x rounds; nobody is served by a longer ladder, and a plan stays quick


class LadderError(CloseloopError):
    """An escalation policy has levels with notify and after, and says how often to repeat."""


@dataclass(frozen=True, slots=True)
class Level:
    """One step: whom to notify, and the wait since the level before (the first: since the start).

    With `one_by_one` the people of a level are asked in the order of `notify`, so long apart; the level after
    waits from the last of them on.
    """

    notify: tuple[str, ...]
    after: timedelta
    one_by_one: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """All levels, and how many further rounds follow the first.

    `ack_holds` is how long an acknowledgement counts without an arrival time or an update after it; None:
    for good.
    """

    levels: tuple[Level, ...]
    repeat: int
    ack_holds: timedelta | None = None

    @property
    def targets(self) -> frozenset[str]:
        """Return every target that some level names, so that a reader of files can check that each exists."""
        return frozenset(target for level in self.levels for target in level.notify)


@dataclass(frozen=True, slots=True)
class Position:
    """Where on a ladder a ticket stands: round and level, both counted from 1."""

    round: int
    level: int


@dataclass(frozen=True, slots=True)
class Next:
    """What comes after a position (None: the ladder is exhausted), and how long to wait for it."""

    position: Position | None
    wait: timedelta


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a plan: who is asked at `at` (UTC). `position` is None where the ladder is exhausted."""

    at: datetime
    position: Position | None
    people: tuple[str, ...]


def parse_ladder(doc: object, *, where: str = "policy", bare: bool = False) -> Ladder:
    """Return the ladder that a FORMATS escalation policy describes; `repeat` is 0 where it is absent.

    `where` opens each message. Raises LadderError for unknown or missing keys, a ladder without levels, a
    level without targets (unless `bare` ones may be, which find nobody), a target that is neither a role nor
    `person:`, `team:` or `schedule:NAME`, a bad duration, and more than 10,000 steps. Whether a role or
    schedule of that name exists is for the caller to check (`Ladder.targets`).
    """
    try:
        policy = keyed(doc, where, required=("levels",), optional=("repeat", "ack_holds"))
        found = items(policy["levels"], f"{where}.levels")
        levels = tuple(_level(item, f"{where}.levels[{n}]", bare=bare) for n, item in enumerate(found))
    except FieldError as error:
        raise LadderError(str(error)) from None
    if not levels:
        raise LadderError(f"{where}.levels: there is no level, so nobody would ever be asked")
    repeat = policy.get("repeat", 0)
    if not isinstance(repeat, int) or isinstance(repeat, bool) or repeat < 0:
        raise LadderError(f"{where}.repeat: {shown(repeat)} is not a number of further rounds")
    if len(levels) * (repeat + 1) > _MOST_STEPS:
        raise LadderError(f"{where}.repeat: levels times rounds may be at most {_MOST_STEPS}")
    holds = policy.get("ack_holds")
    return Ladder(levels, repeat, None if holds is None else _some_time(holds, f"{where}.ack_holds"))


def following(ladder: Ladder, position: Position | None, *, found: bool) -> Next:
    """Return what comes after `position` (None: the ladder has not begun), and how long to wait for it.

    `found` tells whether `position` reached anybody; if not, what follows comes at once. It means nothing
    before the first level, whose own `after` counts from the start. A later round's first level waits the
    last level's `after` plus its own; being exhausted waits the last level's `after`.
    """
    first, last = ladder.levels[0], ladder.levels[-1]
    if position is None:
        return Next(Position(1, 1), first.after)
    if position.level < len(ladder.levels):
        step = Next(Position(position.round, position.level + 1), ladder.levels[position.level].after)
    elif position.round <= ladder.repeat:
        step = Next(Position(position.round + 1, 1), last.after + first.after)
    else:
        step = Next(None, last.after)
    return step if found else Next(step.position, timedelta(0))


def plan(
    ladder: Ladder,
    start: datetime,
    resolve: Callable[[str, datetime], Iterable[str]],
) -> list[Step]:
    """Return every step from `start` (UTC) on if nobody acknowledges, the exhausted one last.

    `resolve(target, at)` tells who a target is at the instant of a level. Raises LadderError when the
    ladder runs beyond the last year that can be written.
    """
    steps: list[Step] = []
    at, position, found = start, None, True
    while True:
        step = following(ladder, position, found=found)
        try:
            at += step.wait
        except OverflowError:
            raise LadderError("the ladder runs on beyond the year 9999") from None
        position = step.position
        targets = ladder.levels[position.level - 1].notify if position else (DUTY_MANAGER,)
        gap = ladder.levels[position.level - 1].one_by_one if position else None
        people = in_order([tuple(resolve(target, at)) for target in targets], one_by_one=gap is not None)
        if gap is None or len(people) <= 1:
            steps.append(Step(at, position, people))
        else:
            steps.extend(Step(at + gap * n, position, (person,)) for n, person in enumerate(people))
            at = steps[-1].at
        if position is None:
            return steps
        found = bool(people)


def in_order(named: Iterable[Iterable[str]], *, one_by_one: bool) -> tuple[str, ...]:
    """Return the people whom the targets of a level named, each once: sorted, or in the targets' order."""
    if one_by_one:
        return tuple(dict.fromkeys(person for people in named for person in sorted(people)))
    return tuple(sorted({person for people in named for person in people}))


def answer(question: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the answer to an `escalation.plan` question, ready for JSON. Raises a CloseloopError."""
    asked = keyed(
        question,
        "question",
        required=("ask", "start", "policy"),
        optional=("id", "schedules", "roles"),
    )
    ladder = parse_ladder(asked["policy"], bare=True)  # an auditor may ask about a ladder that rules refuse
    schedules = {
        name: parse_schedule(doc, where=f"schedules.{name}")
        for name, doc in mapping(asked.get("schedules", {}), "schedules").items()
    }
    roles = {
        role: [_name(person, f"roles.{role}") for person in items(people, f"roles.{role}")]
        for role, people in mapping(asked.get("roles", {}), "roles").items()
    }
    for target in sorted(ladder.targets):
        _check_known(target, schedules, roles)

    def resolve(target: str, at: datetime) -> Iterable[str]:
        kind, colon, named = target.partition(":")
        if not colon:
            return roles.get(
                target, ()
            )  # empty only for the exhausted ladder's duty managers: no level names them
        return (named,) if kind == _PERSON else on_call(schedules[named], at)

    return [_line(step) for step in plan(ladder, read_instant(asked["start"], "start"), resolve)]


def _level(item: object, where: str, *, bare: bool) -> Level:
    level = keyed(item, where, required=("notify", "after"), optional=("one_by_one",))
    targets = items(level["notify"], f"{where}.notify")
    if not targets and not bare:
        raise LadderError(f"{where}.notify: a level notifies at least one target")
    try:
        after = parse_duration(level["after"])
    except DurationError as error:
        raise LadderError(f"{where}.after: {error}") from None
    gap = level.get("one_by_one")
    return Level(
        tuple(_target(target, f"{where}.notify[{index}]") for index, target in enumerate(targets)),
        after,
        None if gap is None else _some_time(gap, f"{where}.one_by_one"),
    )


def _some_time(value: object, where: str) -> timedelta:
    try:
        found = parse_duration(value)
    except DurationError as error:
        raise LadderError(f"{where}: {error}") from None
    if found < timedelta(minutes=1):
        raise LadderError(f"{where}: {shown(value)} is too short; at least 1m")
    return found


def _target(value: object, where: str) -> str:
    target = _name(value, where)
    kind, colon, named = target.partition(":")
    if colon and (kind not in (_PERSON, _TEAM, _SCHEDULE) or not named.strip()):
        raise LadderError(f"{where}: {shown(target)} is neither a role nor person:NAME nor schedule:NAME")
    return target


def _name(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise LadderError(f"{where}: {shown(value)} is not a name")
    return value


def _check_known(target: str, schedules: Collection[str], roles: Collection[str]) -> None:
    # A mistyped name must not mean nobody.
    kind, colon, named = target.partition(":")
    if kind == _TEAM and colon:
        raise LadderError(f"{shown(target)}: teams are in the directory; name their people here")
    if kind == _SCHEDULE and colon and named not in schedules:
        raise LadderError(f"schedules: there is no {shown(named)}{nearest(named, schedules)}")
    if not colon and target not in roles:
        raise LadderError(f"roles: there is no {shown(target)}{nearest(target, roles)}")


def _line(step: Step) -> dict[str, object]:
    position: dict[str, object] = {"exhausted": True}
    if step.position is not None:
        position = {"round": step.position.round, "level": step.position.level}
    return {"at": format_instant(step.at), **position, "people": list(step.people)}
