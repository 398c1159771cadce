"""What happened while somebody was asked to take a ticket: who was paged, who took it, who could not.

What must not live here: what the ladder does next (drafting.py), how an event changes the state (ticket.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.domain.event import Event
from app.domain.message import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelReached(Event):
    """The ladder reached a level: `people` are asked, and at `next_at` it goes on if nobody acknowledges."""

    kind: ClassVar[str] = "level_reached"
    cycle: int
    round: int
    level: int
    people: tuple[str, ...]
    revision: str
    next_at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationArmed(Event):
    """The ladder will begin (or go on) at `next_at`; nobody was asked yet."""

    kind: ClassVar[str] = "escalation_armed"
    cycle: int
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhausted(Event):
    """The ladder ran out: the duty managers are alarmed, and it starts over at `next_at`."""

    kind: ClassVar[str] = "exhausted"
    cycle: int
    people: tuple[str, ...]
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAnew(Event):
    """Worse news: the ticket is asked for once more, from the first level of `ladder` on.

    `text` are the words that pages quote from now on; `life_safety` when somebody may be in danger. `joining`
    when somebody has it and stays on it: whoever acknowledges joins them. `ladder` is empty for the same one.
    """

    kind: ClassVar[str] = "asked_anew"
    cycle: int
    ladder: str = ""
    text: str = ""
    life_safety: bool = False
    joining: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed(Event):
    """A message could not be brought to `person` (or, when empty, to the customer)."""

    kind: ClassVar[str] = "delivery_failed"
    person: str
    channel: Channel
    address: str
    page: bool
    code: str
    detail: str
    outbox_id: int
    next_channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(Event):
    """Somebody has it. `implied` when a later step was reported first; `joined` when the holder stays."""

    kind: ClassVar[str] = "acknowledged"
    person: str
    implied: bool = False
    joined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed(Event):
    """Somebody who was asked, or who held it, cannot."""

    kind: ClassVar[str] = "passed"
    person: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Event):
    """Somebody took the ticket over from whoever held it."""

    kind: ClassVar[str] = "taken"
    person: str
    previous: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated(Event):
    """Somebody asked for the next level by hand."""

    kind: ClassVar[str] = "escalated"
    person: str
    text: str
