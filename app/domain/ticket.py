"""The ticket: what is known of one customer emergency at an instant, as values.

What must not live here: how an event changes it (evolve.py), what to do about it (decide.py), texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain import events as ev
from app.domain.breach_notes import BreachNote
from app.domain.events import Requester
from app.domain.sla import SlaEvent


class State(StrEnum):
    """Where a ticket stands (DESIGN, 'Words')."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SITE = "on_site"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"


ENDED = frozenset({State.CLOSED, State.CANCELLED, State.MERGED})
WORKING = frozenset({State.ACKNOWLEDGED, State.EN_ROUTE, State.ON_SITE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Where the ladder stands. `next_at` is when it goes on; None while nobody needs to be asked.

    `cycle` counts how often the whole ladder was begun. `asked` are those who were paged at the present
    level and have neither refused nor turned out to be unreachable; `waiting` are asked after them, one by
    one. `joining` means that the holder asked for the next level by hand, or was paged with the others after
    worse news: whoever acknowledges joins, and the holder stays. `alarmed` means that the ladder ran out and
    nobody has taken the ticket since.
    """

    cycle: int = 1
    round: int = 0
    level: int = 0
    next_at: datetime | None = None
    asked: tuple[str, ...] = ()
    joining: bool = False
    waiting: tuple[str, ...] = ()
    alarmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """An offer that is open: the holder asks `to` to take the ticket, until `until`."""

    to: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One customer emergency, first message to confirmed closure. `version` counts its events.

    `changed_at` is when the last of them was recorded; no further one can have happened before `latest_at`,
    which is that of the last event, or when a warning or breach was noticed. `breached` are the metrics whose
    breach is on record, `breaches` the same with the instant of each; the first `kept_breaches` of them were
    recorded under a policy that the ticket was moved from.
    `news` are the customer's later words that had it asked for anew; pages quote them before `text`.
    `page_steps` are the further tries to page those who are asked (notifying.py).
    `passed` are those who said that they cannot, since they were last asked. `reserved` when the customer has
    more to say than yes or no about a ticket that is marked as fixed: it does not close unconfirmed.
    `ack_until` is when the acknowledgement counts no longer if nothing follows it, and `ack_asked` whether
    the holder was asked about that; `handoff` is the holder's open offer to somebody else.
    `merged_into` is the id of the ticket that goes on for a duplicate, else 0; `also` are the requesters of
    the duplicates that were merged into this one, who hear what its own requester hears.
    `related` are the numbers of tickets of the same customer that may be about the same trouble.
    `timezone` is that of the site on the day when the place became known; empty on older tickets.
    """

    id: int
    number: int
    version: int
    state: State
    priority: str
    trade: str
    tags: tuple[str, ...]
    life_safety: bool
    account: str
    site: str
    requester: Requester
    text: str
    opened_at: datetime
    changed_at: datetime
    ladder: str
    revision: str
    policy: str
    also_notify: tuple[str, ...]
    remind_after: timedelta
    close_after: timedelta
    assignee: str = ""
    acknowledged_at: datetime | None = None
    ack_until: datetime | None = None
    ack_asked: bool = False
    handoff: Handoff | None = None
    escalation: Escalation = Escalation()
    paged: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    news: str = ""
    reserved: bool = False
    eta: datetime | None = None
    hold_reason: str = ""
    hold_until: datetime | None = None
    before_hold: State = State.NEW
    resolution: str = ""
    resolved_at: datetime | None = None
    reminded_at: datetime | None = None
    ended_at: datetime | None = None
    merged_into: int = 0
    also: tuple[Requester, ...] = ()
    related: tuple[int, ...] = ()
    timezone: str = ""
    confirmed: bool = False
    breached: tuple[str, ...] = ()
    breaches: tuple[tuple[str, datetime], ...] = ()
    kept_breaches: int = 0
    breach_notes: tuple[BreachNote, ...] = ()
    warned: tuple[str, ...] = ()
    history: tuple[SlaEvent, ...] = ()
    latest_at: datetime | None = None
    page_steps: tuple[ev.PageStep, ...] = ()

    @property
    def open(self) -> bool:
        """Return whether the ticket still needs somebody: not closed, cancelled or merged."""
        return self.state not in ENDED

    @property
    def over(self) -> bool:
        """Return whether nothing is left to do but to wait for the customer's yes, or not even that."""
        return not self.open or (self.state == State.RESOLVED and not self.reserved)

    @property
    def readers(self) -> tuple[Requester, ...]:
        """Return who at the customer hears of it: its requester first."""
        return (self.requester, *self.also)

    @property
    def first_contact_at(self) -> datetime:
        """Return when the customer first told us, of this ticket or of a duplicate of it; UTC."""
        merged = (e.first_contact_at for e in self.history if e.first_contact_at is not None)
        return min((self.opened_at, *merged))

    @property
    def next_asked(self) -> tuple[str, ...]:
        """Return who is being asked, without a holder who stays whatever the others answer."""
        escalation = self.escalation
        return tuple(p for p in escalation.asked if not (escalation.joining and p == self.assignee))

    def awaits(self, person: str) -> bool:
        """Return whether an answer is awaited from `person` about a ticket that somebody has."""
        offered = self.handoff is not None and self.handoff.to == person
        silent = self.ack_asked and self.assignee == person and self.state == State.ACKNOWLEDGED
        return offered or (silent and not self.escalating)

    @property
    def escalating(self) -> bool:
        """Return whether somebody is being asked to take it."""
        return self.escalation.next_at is not None
