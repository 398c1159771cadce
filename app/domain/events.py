"""What happened to a ticket. Events are facts: appended, never changed; the ticket's state is their fold.

`at` is when it happened, `recorded_at` when we learned of it; both aware, UTC. `actor` says who did it:
`person:KEY` (staff), `contact:KEY` or `address:+1...` (customer), `system` (a timer or a rule).
What must not live here: what follows from an event (decide.py), how it changes the state (ticket.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, TypedDict

from app.domain.message import Channel

SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """The contact who opened the ticket, at the address that they used; confirmation goes there.

    `contact` is empty for somebody whom the directory does not know. `our_address` is the number or mailbox
    of ours that they wrote to. `thread` is the Message-ID of their first mail, else empty.
    """

    contact: str
    name: str
    channel: Channel
    address: str
    our_address: str
    language: str = "en"
    thread: str = ""
    subject: str = ""


class Head(TypedDict):
    """What the constructor of each event takes besides its own fields."""

    at: datetime
    recorded_at: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The head that each event has."""

    kind: ClassVar[str] = ""
    at: datetime
    recorded_at: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Event):
    """A customer's first message became this ticket; `at` is the customer's contact."""

    kind: ClassVar[str] = "opened"
    number: int
    priority: str
    trade: str
    tags: tuple[str, ...]
    life_safety: bool
    account: str
    site: str
    requester: Requester
    text: str
    ladder: str
    revision: str
    policy: str
    rules: tuple[str, ...]
    also_notify: tuple[str, ...]
    remind_after_seconds: int
    close_after_seconds: int
    inbox_id: int | None
    backdated_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerWrote(Event):
    """The customer said something more on the open ticket."""

    kind: ClassVar[str] = "customer_wrote"
    text: str
    address: str
    channel: Channel
    inbox_id: int | None


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
class EtaGiven(Event):
    """Somebody will be on site at `eta`."""

    kind: ClassVar[str] = "eta_given"
    person: str
    eta: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived(Event):
    """Somebody is on site."""

    kind: ClassVar[str] = "arrived"
    person: str
    implied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Event):
    """Work waits for a `reason`, until `until` if that is known."""

    kind: ClassVar[str] = "held"
    person: str
    reason: str
    text: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(Event):
    """Work goes on; by a person, or because the hold's time was up."""

    kind: ClassVar[str] = "released"
    person: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Event):
    """A responder says that it is fixed; `text` is what was done."""

    kind: ClassVar[str] = "resolved"
    person: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionNoted(Event):
    """What was done, told after the fact."""

    kind: ClassVar[str] = "resolution_noted"
    person: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureReminded(Event):
    """The customer was asked once more whether it is over."""

    kind: ClassVar[str] = "closure_reminded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed(Event):
    """The customer agrees that it is over."""

    kind: ClassVar[str] = "confirmed"
    text: str
    inbox_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined(Event):
    """The customer says that it is not over."""

    kind: ClassVar[str] = "declined"
    text: str
    inbox_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(Event):
    """Back to work; clocks resume, and `person` (whoever had it) is paged."""

    kind: ClassVar[str] = "reopened"
    person: str
    text: str
    next_at: datetime | None
    cycle: int = 1
    round: int = 1
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Event):
    """Final. `confirmed` is false when the customer never answered."""

    kind: ClassVar[str] = "closed"
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Event):
    """Withdrawn."""

    kind: ClassVar[str] = "cancelled"
    person: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged(Event):
    """It is a duplicate: the ticket `into` (an id, with its number) goes on for both."""

    kind: ClassVar[str] = "merged"
    person: str
    into: int
    into_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedIn(Event):
    """The duplicate `number` was folded into this ticket; its requester hears from this one from now on."""

    kind: ClassVar[str] = "merged_in"
    number: int
    first_contact_at: datetime
    text: str
    requester: Requester
    life_safety: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityChanged(Event):
    """The order of work changed."""

    kind: ClassVar[str] = "priority_changed"
    person: str
    priority: str
    previous: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyMoved(Event):
    """Somebody moved the ticket to another SLA policy, on purpose; both are hashes of stored documents.

    Breaches that were recorded before stay, whatever the new policy says about them.
    """

    kind: ClassVar[str] = "policy_moved"
    policy: str
    previous: str
    person: str
    reason: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSet(Event):
    """The place became known."""

    kind: ClassVar[str] = "site_set"
    account: str
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated(Event):
    """Somebody told the customer something."""

    kind: ClassVar[str] = "updated"
    person: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Event):
    """Internal text."""

    kind: ClassVar[str] = "noted"
    person: str
    text: str
    inbox_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated(Event):
    """Somebody asked for the next level by hand."""

    kind: ClassVar[str] = "escalated"
    person: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Event):
    """A clock reached `share` percent of its target, at `at`."""

    kind: ClassVar[str] = "warned"
    metric: str
    share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Breached(Event):
    """A clock's target ran out while it was running, at `at`; `recorded_at` is when that was noticed."""

    kind: ClassVar[str] = "breached"
    metric: str
    held_by: str = field(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachExplained(Event):
    """Somebody says why a clock was breached, by a code of the rulebook, and what is done about it."""

    kind: ClassVar[str] = "breach_explained"
    person: str
    metric: str
    reason: str
    remark: str
    corrective_action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachExcused(Event):
    """Somebody lets a breach count apart, for a reason. It stays recorded."""

    kind: ClassVar[str] = "breach_excused"
    person: str
    metric: str
    reason: str
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachUnexcused(Event):
    """Somebody takes an excuse back."""

    kind: ClassVar[str] = "breach_unexcused"
    person: str
    metric: str


AnyEvent = (
    Opened
    | CustomerWrote
    | EscalationArmed
    | LevelReached
    | Exhausted
    | DeliveryFailed
    | Acknowledged
    | Passed
    | Taken
    | EtaGiven
    | Arrived
    | Held
    | Released
    | Resolved
    | ResolutionNoted
    | ClosureReminded
    | Confirmed
    | Declined
    | Reopened
    | Closed
    | Cancelled
    | Merged
    | MergedIn
    | PriorityChanged
    | PolicyMoved
    | SiteSet
    | Updated
    | Noted
    | Escalated
    | Warned
    | Breached
    | BreachExplained
    | BreachExcused
    | BreachUnexcused
)

EVENT_TYPES: dict[str, type[Event]] = {cls.kind: cls for cls in AnyEvent.__args__}
