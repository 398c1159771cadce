"""What happened while somebody was asked to take a ticket: who was paged, who took it, who could not.

What must not live here: what the ladder does next (drafting.py), how an event changes the state (evolve.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.domain.directory import MethodKind
from app.domain.event import Event
from app.domain.message import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelReached(Event):
    """The ladder reached a level: `people` are asked, and at `next_at` it goes on if nobody acknowledges.

    `revision` is that of the rulebook, `directory` the version of the directory (schedules, leave, overrides)
    by which they were found; 0 where it was not kept. `waiting` are asked after them, one by one; `continued`
    when this goes on with the people of the same level.
    """

    kind: ClassVar[str] = "level_reached"
    cycle: int
    round: int
    level: int
    people: tuple[str, ...]
    revision: str
    next_at: datetime
    reason: str = ""
    waiting: tuple[str, ...] = ()
    continued: bool = False
    directory: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStep:
    """One try to page `person`: by this method, at `at` (UTC), with this text; `done` when it was sent."""

    person: str
    kind: MethodKind
    address: str
    at: datetime
    text: str = ""
    done: bool = False

    def by(self, kind: str, address: str) -> bool:
        """Return whether it goes by this method."""
        return (str(self.kind), self.address) == (str(kind), address)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesPlanned(Event):
    """`person`, who is asked now, is tried by several methods or later, until somebody has the ticket."""

    kind: ClassVar[str] = "pages_planned"
    person: str
    steps: tuple[PageStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PagedAgain(Event):
    """`person` did not answer yet (or a method failed) and is tried by another one, or once more."""

    kind: ClassVar[str] = "paged_again"
    person: str
    method: MethodKind
    address: str


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
    """Somebody has it. `implied` when a later step was reported first; `joined` when the holder stays.

    It counts until `holds_until` unless an arrival time or an update follows; None: for good.
    """

    kind: ClassVar[str] = "acknowledged"
    person: str
    implied: bool = False
    joined: bool = False
    holds_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderAsked(Event):
    """Nothing followed the acknowledgement: `person` is asked whether it is still theirs, until `until`."""

    kind: ClassVar[str] = "holder_asked"
    person: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderKept(Event):
    """The holder says that it is still theirs; that counts until `holds_until`."""

    kind: ClassVar[str] = "holder_kept"
    person: str
    holds_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderSilent(Event):
    """The holder did not answer: the ladder goes on where it was."""

    kind: ClassVar[str] = "holder_silent"
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffOffered(Event):
    """The holder asks `to` to take the ticket; it stays the holder's unless they do so before `until`."""

    kind: ClassVar[str] = "handoff_offered"
    person: str
    to: str
    until: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffEnded(Event):
    """`to` did not take the ticket; `reason` is refused, expired or unreachable."""

    kind: ClassVar[str] = "handoff_ended"
    to: str
    reason: str
    text: str = ""


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
    holds_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated(Event):
    """Somebody asked for the next level by hand."""

    kind: ClassVar[str] = "escalated"
    person: str
    text: str
