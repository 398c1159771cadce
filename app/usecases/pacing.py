"""How bursts are smoothed: what may go now, of whom, in which lane; what a provider's "slow down" does to it.

Without a limit, and without a provider that says so, nothing here costs a claim more than it did
(docs/adr/0019-bursts-are-smoothed.md). What must not live here: the arithmetic (domain/pacing.py), SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection

from app.domain.message import Channel
from app.domain.pacing import PAGE_PATIENCE, Lane, pushed_back, room, taken, told_to_slow_down
from app.domain.segments import measure
from app.store import claims
from app.store import lanes as lane_store
from app.store.claims import Room, Wanted
from app.store.outbox import Claimed
from app.usecases.house import House
from app.usecases.outcomes import Outcome

log = structlog.get_logger()

Limits = Mapping[Channel, float]
"""How many a second each sender of ours may send, texts in segments. A channel not named has no limit."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What was claimed, and the lanes that are to be charged for what is really sent of it."""

    messages: list[Claimed]
    lanes: Sequence[Lane] = ()


def claim(house: House, limits: Limits, connection: Connection, wanted: Wanted) -> Claim:
    """Claim what may go now, in the order in which it is to go."""
    turns = house.turns
    if limits or turns.crowded.get(wanted.pages):
        waits = claims.waiting(connection, wanted, limits)
        free = {channel: Room() for channel, paced in waits.items() if not paced}
        messages = claims.claim_in_turns(connection, wanted, free, turns) if free else []
    else:
        messages, slow = claims.claim_due(connection, wanted)
        waits = claims.waiting(connection, wanted) if slow else {}
    paced = [channel for channel, has_pace in waits.items() if has_pace]
    # As long as there is more than can be taken at once, turns are taken. A round may leave places empty.
    turns.crowded[wanted.pages] = bool(paced) or len(messages) >= wanted.batch // 2
    if not paced:
        return Claim(messages)
    locked = lane_store.lock(connection, paced, wanted.now)
    rooms = {}
    for each in locked:
        left = room(each.lane, limits.get(Channel(each.lane.name)), wanted.now)
        if each.pages_wait and not wanted.pages:
            left = 0
        rooms[each.lane.name] = Room(left, each.lane.held(wanted.now))
    if any(each.segments != 0 or each.held for each in rooms.values()):
        more = claims.claim_in_turns(connection, wanted, rooms, turns, PAGE_PATIENCE)
        messages = sorted([*messages, *more], key=lambda c: (c.rank, c.urgency))
    return Claim(messages, [each.lane for each in locked])


def charge(
    limits: Limits, connection: Connection, lanes: Iterable[Lane], sent: Iterable[Claimed], now: datetime
) -> None:
    """Let the lanes pay for what is sent of a claim, in its own transaction."""
    costs: dict[str, int] = {}
    for message in sent:
        segments = max(1, measure(message.body).segments) if message.channel == Channel.SMS else 1
        costs[message.channel] = costs.get(message.channel, 0) + segments
    lane_store.write(
        connection,
        [
            taken(lane, limits.get(Channel(lane.name)), now, costs[lane.name])
            for lane in lanes
            if lane.name in costs
        ],
    )


def slow_down_for(house: House, results: Iterable[Outcome]) -> None:
    """Slow down the lanes whose providers answered a send with "too fast"."""
    now = house.clock.now()
    told = [
        (r.message.channel, r.attempt.code, None if r.again is None else now + r.again)
        for r in results
        if r.attempt.code
    ]
    if any(told_to_slow_down(Channel(channel), code) for channel, code, _ in told):
        with house.begin() as connection:
            slow_down(connection, told, now)


def slow_down(
    connection: Connection, told: Iterable[tuple[str, str, datetime | None]], now: datetime
) -> None:
    """Slow down what providers told to: channel, code and, if they said so, until when."""
    slower: dict[Channel, tuple[str, datetime | None]] = {}
    for channel, code, until in told:
        for slow in told_to_slow_down(Channel(channel), code):
            known = slower.get(slow, ("", None))[1]
            slower[slow] = (code, max(filter(None, (known, until)), default=None))
    if not slower:
        return
    later = []
    for each in lane_store.lock(connection, slower, now):
        code, until = slower[Channel(each.lane.name)]
        later.append(pushed_back(each.lane, code, now, until))
        log.warning("lane_slowed", lane=each.lane.name, code=code, until=later[-1].held_until.isoformat())
    lane_store.write(connection, later)
