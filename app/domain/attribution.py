"""Who had the ball while a clock ran: the time of a count, piece by piece, given to whoever it waited for.

Pure, from the segments of the clock and the events of the ticket. What must not live here: the arithmetic of
a clock (sla.py), names and words (the pages).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter

from app.domain import events as ev
from app.domain.directory import Person, Role
from app.domain.events import AnyEvent
from app.domain.sla import Segment


class Ball(StrEnum):
    """Whom a ticket waited for. `nobody`: no one had acknowledged it, or had it any more."""

    NOBODY = "nobody"
    ACCOUNT_MANAGER = "account_manager"
    SERVICE_MANAGER = "service_manager"
    DUTY_MANAGER = "duty_manager"
    REP = "rep"
    STAFF = "staff"
    PARTS = "parts"
    CUSTOMER = "customer"
    CLOSED_HOURS = "closed_hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a clock with one holder. `counted` is whether it is part of the elapsed time.

    `person` is a staff key, empty where nobody of the staff had it. `by` is the event that gave the ball to
    where it was (None before the first one); `kind` is the kind of the clock's segment.
    """

    start: datetime
    end: datetime
    kind: str
    ball: Ball
    person: str
    counted: bool
    by: AnyEvent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """All the time that one holder had the ball, within the elapsed time or beside it."""

    ball: Ball
    person: str
    counted: bool
    length: timedelta


@dataclass(frozen=True, slots=True)
class _Turn:
    """From `at` on: who has the ticket, what it is on hold for, whether it waits for the customer's yes."""

    at: datetime
    holder: str
    hold: str
    resolved: bool
    by: AnyEvent


RoleOf = Callable[[str], Ball]
_HOLDS = {"waiting_parts": Ball.PARTS, "waiting_customer": Ball.CUSTOMER, "no_access": Ball.CUSTOMER}
_PAUSED = "paused:"
TURNS = (
    ev.Opened,
    ev.Acknowledged,
    ev.Taken,
    ev.EtaGiven,
    ev.Arrived,
    ev.Passed,
    ev.Held,
    ev.Released,
    ev.Resolved,
    ev.Reopened,
)
"""The events at which the ball may change hands: no other ones are needed."""
_ROLES = (
    (Role.ACCOUNT_MANAGER, Ball.ACCOUNT_MANAGER),
    (Role.SERVICE_MANAGER, Ball.SERVICE_MANAGER),
    (Role.REP, Ball.REP),
    (Role.DUTY_MANAGER, Ball.DUTY_MANAGER),
)


def ball_of(person: Person | None) -> Ball:
    """Return what somebody of the staff is when they have a ticket."""
    roles = person.roles if person else ()
    return next((ball for role, ball in _ROLES if role in roles), Ball.STAFF)


def attribute(segments: Iterable[Segment], events: Sequence[AnyEvent], role_of: RoleOf) -> tuple[Piece, ...]:
    """Return the segments, cut where the ball changed hands: contiguous as they are, in the same order."""
    turns = list(_turns(events))
    pieces: list[Piece] = []
    for segment in segments:
        cuts = [t for t in turns if segment.start < t.at < segment.end]
        before = [t for t in turns if t.at <= segment.start]
        turn = before[-1] if before else None
        start = segment.start
        for following in cuts:
            if following.at > start:
                pieces.append(_piece(start, following.at, segment.kind, turn, role_of))
            start, turn = following.at, following
        pieces.append(_piece(start, segment.end, segment.kind, turn, role_of))
    return tuple(pieces)


def shares(pieces: Iterable[Piece]) -> tuple[Share, ...]:
    """Return how long each holder had the ball, what counts first, the longest first."""
    sums: dict[tuple[Ball, str, bool], timedelta] = {}
    for piece in pieces:
        key = (piece.ball, piece.person, piece.counted)
        sums[key] = sums.get(key, timedelta(0)) + (piece.end - piece.start)
    found = [Share(ball=b, person=p, counted=c, length=length) for (b, p, c), length in sums.items()]
    return tuple(sorted(found, key=lambda s: (not s.counted, -s.length, s.ball, s.person)))


def _turns(events: Iterable[AnyEvent]) -> Iterator[_Turn]:
    holder, hold, resolved = "", "", False
    for event in sorted(events, key=attrgetter("at")):
        match event:
            case ev.Opened():
                pass
            case ev.Acknowledged(joined=False) | ev.Taken() | ev.EtaGiven() | ev.Arrived():
                holder = event.person
            case ev.Passed() if event.person == holder:
                holder = ""
            case ev.Held():
                hold = event.reason
            case ev.Released():
                hold = ""
            case ev.Resolved():
                hold, resolved = "", True
            case ev.Reopened():
                holder, resolved = event.person, False
            case _:
                continue
        yield _Turn(event.at, holder, hold, resolved, event)


def _piece(start: datetime, end: datetime, kind: str, turn: _Turn | None, role_of: RoleOf) -> Piece:
    ball, person = _who(kind, turn, role_of)
    counted = kind == "running"
    by = turn.by if turn else None
    return Piece(start=start, end=end, kind=kind, ball=ball, person=person, counted=counted, by=by)


def _who(kind: str, turn: _Turn | None, role_of: RoleOf) -> tuple[Ball, str]:
    if kind == "closed_hours":
        return Ball.CLOSED_HOURS, ""
    if kind == "resolved" or (turn is not None and turn.resolved):
        return Ball.CUSTOMER, ""
    hold = kind.removeprefix(_PAUSED) if kind.startswith(_PAUSED) else turn.hold if turn else ""
    if hold in _HOLDS:
        return _HOLDS[hold], ""
    if turn is None or not turn.holder:
        return Ball.NOBODY, ""
    return role_of(turn.holder), turn.holder
