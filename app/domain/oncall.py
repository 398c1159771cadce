"""Who is on call: at an instant, as shifts, and when nobody is (FORMATS, 'On-call').

One resolver, `_decide`, answers for the engine, previews, feeds, audits and `closeloop compute` alike.
What must not live here: the form of a schedule (schedules.py), the turn arithmetic (rotation.py), leave,
accounts and roles (roster.py), any reading of a clock.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Final

from app.domain.fields import keyed, nearest, shown
from app.domain.instants import format_instant
from app.domain.schedules import (
    Combine,
    Layer,
    Override,
    Schedule,
    ScheduleError,
    parse_schedule,
    read_instant,
)
from app.domain.zones import WEEK, from_micros, to_micros

__all__ = ["Schedule", "ScheduleError", "Shift", "answer", "gaps", "on_call", "parse_schedule", "shifts"]

# Handoffs and windows in one question: five centuries of daily turns, two decades of hourly ones.
_MOST_CHANGES: Final = 200_000

_HUGE: Final = 100  # layers and overrides that deciding once may look at without counting as more effort
_KEYS: Final = {"oncall.at": ("at",), "oncall.shifts": ("start", "end"), "oncall.gaps": ("start", "end")}

_Turn = tuple[str, ...] | None
_Change = tuple[int, int, _Turn]
_Span = tuple[int, int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Shift:
    """The same people, sorted, are on call from `start` until before `end`, UTC."""

    start: datetime
    end: datetime
    people: tuple[str, ...]


def on_call(schedule: Schedule, at: datetime) -> tuple[str, ...]:
    """Return who is on call at the instant `at` (aware), sorted; nobody is a gap.

    Takes the same time however long ago the rotations began. Raises NaiveInstantError.
    """
    moment = to_micros(at)
    return _decide(
        schedule,
        [_turn_at(layer, moment) for layer in schedule.layers],
        [override for override in schedule.overrides if override.begins <= moment < override.ends],
    )


def shifts(schedule: Schedule, start: datetime, end: datetime) -> list[Shift]:
    """Return the shifts between two instants (aware), clipped to them, in order; gaps are left out.

    Neighbours with the same people are one shift. Raises NaiveInstantError, and a CloseloopError when `end`
    is before `start` or the range has more changes than anybody could read.
    """
    return [
        Shift(from_micros(since), from_micros(until), people)
        for since, until, people in _course(schedule, start, end)
        if people
    ]


def gaps(schedule: Schedule, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return the half-open UTC intervals in which nobody is on call. Takes and raises what `shifts` does."""
    return [
        (from_micros(since), from_micros(until))
        for since, until, people in _course(schedule, start, end)
        if not people
    ]


def answer(question: Mapping[str, object]) -> object:
    """Return the answer to an `oncall.at`, `oncall.shifts` or `oncall.gaps` question, ready for JSON.

    Raises a CloseloopError for anything that is not exactly such a question.
    """
    ask = question.get("ask")
    if not isinstance(ask, str) or ask not in _KEYS:
        raise ScheduleError(f"ask: {shown(ask)} is not known{nearest(str(ask), _KEYS)}")
    keyed(question, "question", required=("ask", "schedule", *_KEYS[ask]), optional=("id",))
    schedule = parse_schedule(question["schedule"])
    if ask == "oncall.at":
        return list(on_call(schedule, read_instant(question["at"], "at")))
    start, end = read_instant(question["start"], "start"), read_instant(question["end"], "end")
    if ask == "oncall.gaps":
        return [[format_instant(since), format_instant(until)] for since, until in gaps(schedule, start, end)]
    return [
        {"from": format_instant(shift.start), "to": format_instant(shift.end), "people": list(shift.people)}
        for shift in shifts(schedule, start, end)
    ]


def _decide(schedule: Schedule, turns: Iterable[_Turn], overrides: Iterable[Override]) -> tuple[str, ...]:
    """Return who is on call, given each layer's turn (None: it has nobody) and the overrides that apply."""
    people: set[str] = set()
    for turn in turns:
        if turn is not None:
            people = {*people, *turn} if schedule.combine is Combine.ALL else set(turn)
    for override in overrides:
        override.apply(people)
    return tuple(sorted(people))


def _turn_at(layer: Layer, at: int) -> _Turn:
    if not layer.begins <= at < layer.ends:
        return None
    if layer.within is not None and not layer.within.between_micros(at, at + 1):
        return None
    turn = layer.rotation.turn(at)
    return None if turn < 0 else layer.people[turn % len(layer.people)]


def _course(schedule: Schedule, start: datetime, end: datetime) -> Iterator[_Span]:
    """Yield the whole range in order, gaps as spans of nobody; neighbours always differ."""
    first, last = to_micros(start), to_micros(end)
    if last < first:
        raise ScheduleError(f"the range ends at {format_instant(end)}, before its start")
    if _effort(schedule, first, last) > _MOST_CHANGES:
        raise ScheduleError("the range has too many changes to list; ask for a shorter one")
    since, people = first, None
    for at, now in _states(schedule, first, last):
        if now != people:
            if people is not None:
                yield since, at, people
            since, people = at, now
    if people is not None and since < last:
        yield since, last, people


def _states(schedule: Schedule, start: int, end: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield (instant, who is on call from then on) for `start` and each change up to `end`."""
    turns: list[_Turn] = [None] * len(schedule.layers)
    active: set[int] = set()
    streams: list[Iterable[_Change]] = [_override_changes(schedule, start, end)]
    streams.extend(_changes(layer, number, start, end) for number, layer in enumerate(schedule.layers))
    at = start
    for moment, number, turn in heapq.merge(*streams, key=itemgetter(0)):
        if moment != at:
            yield at, _decide(schedule, turns, (schedule.overrides[index] for index in sorted(active)))
            at = moment
        if number >= 0:
            turns[number] = turn
        else:
            active ^= {-1 - number}
    yield at, _decide(schedule, turns, (schedule.overrides[index] for index in sorted(active)))


def _override_changes(schedule: Schedule, start: int, end: int) -> list[_Change]:
    """Return where overrides begin and end, as changes of the layers -1, -2, ..."""
    changes: list[_Change] = []
    for index, override in enumerate(schedule.overrides):
        since, until = max(start, override.begins), min(end, override.ends)
        if since < until:
            changes += ((since, -1 - index, None), (until, -1 - index, None))
    return sorted(changes, key=itemgetter(0))


def _changes(layer: Layer, number: int, start: int, end: int) -> Iterator[_Change]:
    for since, until, people in _turns(layer, max(start, layer.begins), min(end, layer.ends)):
        yield since, number, people
        yield until, number, None


def _turns(layer: Layer, start: int, end: int) -> Iterator[_Span]:
    """Yield the layer's own turns, clipped to its windows and the range, in order."""
    start = max(start, layer.rotation.handoff(0))
    if start >= end:
        return
    windows = [(start, end)] if layer.within is None else layer.within.windows_micros(start, end)
    for opens, closes in windows:
        if layer.rotates:
            yield from _turns_in(layer, opens, closes)
        else:
            yield opens, closes, layer.people[0]


def _turns_in(layer: Layer, opens: int, closes: int) -> Iterator[_Span]:
    rotation, at = layer.rotation, opens
    turn = rotation.turn(at)
    while at < closes:
        until = rotation.handoff(turn + 1)
        # Of no length, so nobody's, where a gap in local time swallowed the turn.
        yield at, min(until, closes), layer.people[turn % len(layer.people)]
        turn, at = turn + 1, until


def _effort(schedule: Schedule, start: int, end: int) -> int:
    """Return how many changes the range has at most, times what deciding one costs in a huge schedule."""
    overrides = sum(1 for override in schedule.overrides if override.begins < end and start < override.ends)
    changes = sum(_most_changes(layer, start, end) for layer in schedule.layers) + 2 * overrides
    return changes * (1 + (len(schedule.layers) + overrides) // _HUGE)


def _most_changes(layer: Layer, start: int, end: int) -> int:
    """Return how many handoffs and windows the layer has in the range at most, without listing them."""
    start, end = max(start, layer.begins), min(end, layer.ends)
    if start >= end:
        return 0
    handoffs = layer.rotation.turn(end) - layer.rotation.turn(start) if layer.rotates else 0
    if layer.within is None or layer.within.always:
        return handoffs
    return handoffs + ((end - start) // WEEK + 2) * sum(map(len, layer.within.weekly.days))
