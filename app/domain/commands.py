"""What people and clocks ask of a ticket. Nothing else changes one.

`actor` is as in events.py. A command that comes too late or asks for what is already so is answered, not
refused: see decide.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.classification import Classification, Facts, Route
from app.domain.events import Requester
from app.domain.message import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A customer's message opens a ticket. `contact_at` is when the customer wrote or called, UTC.

    A colleague who types it in later gives the `backdated_reason`; one who takes it at once is `taken_by`.
    `facts` are what the rules were asked, None when none was; `failure` says why they could not be asked.
    `maybe_same` is the number of an open ticket that may be about the same trouble, else 0.
    """

    actor: str
    ticket_id: int
    number: int
    contact_at: datetime
    requester: Requester
    account: str
    site: str
    text: str
    classification: Classification
    route: Route
    revision: str
    policy: str
    inbox_id: int | None
    ask_site: bool
    backdated_reason: str = ""
    taken_by: str = ""
    facts: Facts | None = None
    failure: str = ""
    maybe_same: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMaybeSame:
    """The customer of this ticket reported something else, which became the ticket `number`."""

    actor: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSays:
    """More words from the customer on an open ticket.

    `quiet` when no answer is wanted (a thank-you), `chase` when they ask how it stands.
    """

    actor: str
    text: str
    address: str
    channel: Channel
    inbox_id: int | None
    quiet: bool = False
    chase: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorseNews:
    """What the customer says later is worse than what they said first.

    `priority` is that of the new words alone; `ladder` is the one that the ticket has to climb if they count.
    """

    actor: str
    priority: str
    life_safety: bool
    ladder: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCommand:
    """Somebody of the staff asks; `person` is their key."""

    actor: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge(PersonCommand):
    """I have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass(PersonCommand):
    """I cannot; `to` is the colleague who should take it instead, empty for the next in line."""

    text: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Take(PersonCommand):
    """I take it over from whoever has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveEta(PersonCommand):
    """Somebody will be there at `eta`, UTC."""

    eta: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrive(PersonCommand):
    """I am there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(PersonCommand):
    """Work waits."""

    reason: str
    text: str = ""
    duration: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(PersonCommand):
    """Work goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve(PersonCommand):
    """It is fixed; `text` says what was done."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen(PersonCommand):
    """It is not over after all."""

    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate(PersonCommand):
    """Ask the next level now; whoever holds the ticket stays on it."""

    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(PersonCommand):
    """Internal text. `understood` is false when the text was an answer that we could not read."""

    text: str
    understood: bool = True
    inbox_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(PersonCommand):
    """Tell the customer something."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(PersonCommand):
    """Withdraw the ticket."""

    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeInto(PersonCommand):
    """This one is a duplicate of the ticket `into`; that one gets MergeIn in the same transaction."""

    into: int
    into_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeIn(PersonCommand):
    """A duplicate is folded into this ticket; `priority` and the rest are the duplicate's.

    `ladder` is the duplicate's when it is about danger, which this ticket did not know of; else empty.
    """

    number: int
    first_contact_at: datetime
    text: str
    requester: Requester
    life_safety: bool
    priority: str
    ladder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPriority(PersonCommand):
    """Change the order of work. `ladder` is the one for it; empty leaves the ticket on its own."""

    priority: str
    ladder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePolicy(PersonCommand):
    """From now on this ticket counts by the SLA policy of this hash; `name` is what people call it.

    A ticket keeps the policy that it was opened with unless a manager moves it, which needs a `reason`.
    """

    policy: str
    reason: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainBreach(PersonCommand):
    """Say why a clock was breached; `reason` is a code of the rulebook.

    `seen` is the mark of what whoever says it saw noted (breach_notes.py); empty when nobody looked.
    """

    metric: str
    reason: str
    remark: str = ""
    corrective_action: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcuseBreach(PersonCommand):
    """Let a breach count apart; `reason` is a code that the rulebook calls excusable; `seen` as above."""

    metric: str
    reason: str
    remark: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnexcuseBreach(PersonCommand):
    """Take an excuse back; `seen` as above."""

    metric: str
    seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSite:
    """The place became known, from the customer's answer or from a person."""

    actor: str
    account: str
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """The customer says yes, it is over."""

    actor: str
    text: str
    inbox_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """The customer says no, it is not over."""

    actor: str
    text: str
    inbox_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderLeft:
    """Whoever has the ticket is no longer on the staff, by the directory."""

    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired:
    """An armed timer came due. `due_at` is what it assumed; another one by now makes this a no-op."""

    kind: str
    key: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFailure:
    """A message could not be delivered for good; try the next contact method, then the next person.

    `text` is the id of the text that it said, for the next try to say the same.
    """

    outbox_id: int
    person: str
    channel: Channel
    address: str
    page: bool
    code: str
    detail: str
    text: str = ""


Command = (
    Open
    | LinkMaybeSame
    | CustomerSays
    | WorseNews
    | Acknowledge
    | Pass
    | Take
    | GiveEta
    | Arrive
    | Hold
    | Release
    | Resolve
    | Reopen
    | Escalate
    | Note
    | Update
    | Cancel
    | MergeInto
    | MergeIn
    | SetPriority
    | MovePolicy
    | ExplainBreach
    | ExcuseBreach
    | UnexcuseBreach
    | SetSite
    | Confirm
    | Decline
    | HolderLeft
    | TimerFired
    | ReportFailure
)
