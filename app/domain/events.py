"""What happened to a ticket. Events are facts: appended, never changed; the ticket's state is their fold.

All are asked for here (`ev.NAME`), also those that stand in asking_events.py and breach_events.py.
What must not live here: what follows from an event (decide.py), how it changes the state (evolve.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.domain.asking_events import (
    Acknowledged,
    AskedAnew,
    DeliveryFailed,
    Escalated,
    EscalationArmed,
    Exhausted,
    HandoffEnded,
    HandoffOffered,
    HolderAsked,
    HolderKept,
    HolderSilent,
    LevelReached,
    PagedAgain,
    PagesPlanned,
    PageStep,
    Passed,
    Taken,
)
from app.domain.breach_events import (
    Breached,
    BreachExcused,
    BreachExplained,
    BreachUnexcused,
    Warned,
)
from app.domain.classification import Facts, Trace
from app.domain.event import SYSTEM, Event, Head, Requester
from app.domain.message import Channel

# Those of the other files; what is defined below is public anyway.
__all__ = [
    "SYSTEM",
    "Acknowledged",
    "AskedAnew",
    "BreachExcused",
    "BreachExplained",
    "BreachUnexcused",
    "Breached",
    "DeliveryFailed",
    "Escalated",
    "EscalationArmed",
    "Event",
    "Exhausted",
    "HandoffEnded",
    "HandoffOffered",
    "Head",
    "HolderAsked",
    "HolderKept",
    "HolderSilent",
    "LevelReached",
    "PageStep",
    "PagedAgain",
    "PagesPlanned",
    "Passed",
    "Requester",
    "Taken",
    "Warned",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Event):
    """A customer's first message became this ticket; `at` is the customer's contact.

    `facts` and `trace` are what the rules were asked and why they said so; None where no rule was asked.
    `timezone` is the site's on that day: the clocks go by it even if the directory is changed later. Empty in
    events of an older Closeloop, whose tickets go by the directory. `maybe_same` is the number of the open
    ticket that the sender has there about another trade, else 0.
    """

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
    facts: Facts | None = None
    trace: Trace | None = None
    timezone: str = ""
    maybe_same: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MaybeSame(Event):
    """While this ticket was open its customer reported something else, which became the ticket `number`."""

    kind: ClassVar[str] = "maybe_same"
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerWrote(Event):
    """The customer said something more on the open ticket.

    `reserves` when it was marked as fixed: then it stays open until a person has looked at these words.
    """

    kind: ClassVar[str] = "customer_wrote"
    text: str
    address: str
    channel: Channel
    inbox_id: int | None
    reserves: bool = False


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
    """The order of work changed; `ladder` is the one from now on, empty for the same."""

    kind: ClassVar[str] = "priority_changed"
    person: str
    priority: str
    previous: str
    ladder: str = ""


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
    """The place became known; `timezone` as in Opened."""

    kind: ClassVar[str] = "site_set"
    account: str
    site: str
    timezone: str = ""


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


AnyEvent = (
    Opened
    | MaybeSame
    | CustomerWrote
    | EscalationArmed
    | LevelReached
    | PagesPlanned
    | PagedAgain
    | Exhausted
    | AskedAnew
    | DeliveryFailed
    | Acknowledged
    | Passed
    | Taken
    | HolderAsked
    | HolderKept
    | HolderSilent
    | HandoffOffered
    | HandoffEnded
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
