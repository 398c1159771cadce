"""A ticket's whole story in plain words: every event and every message, each one a line. Pure.

What must not live here: how a line looks (templates), what follows from an event (domain/decide.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import assert_never

from app.domain import events as ev
from app.domain.clocks import zone_of
from app.domain.delivery import CALL_OUTCOMES
from app.domain.events import AnyEvent
from app.domain.message import Channel
from app.store.incidents import FOLDED
from app.store.outbox import Delivery
from app.usecases.views import TicketView
from app.web.words import (
    CHANNELS,
    METRICS,
    Moment,
    Names,
    address_text,
    moment,
    place_of,
    reason_text,
)

# What was learned later than this after it happened says so.
_LATE = timedelta(seconds=60)
# The link in a page is its reader's own key to the ticket: nobody else may read it here.
_LINK = re.compile(r"\S*/t/[0-9A-Za-z]{6,}")
_HIDDEN_LINK = "(their link)"
# What the ladder did, whoever set it off.
_CONSEQUENCES = (
    ev.EscalationArmed,
    ev.LevelReached,
    ev.PagesPlanned,
    ev.PagedAgain,
    ev.Exhausted,
    ev.AskedAnew,
    ev.HolderAsked,
    ev.HolderSilent,
    ev.Warned,
    ev.Breached,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. `side` is `event`, `in` (the customer's words) or `out` (ours); `tone` good, bad or empty.

    `late` is when it became known, if that was later. `status` says how the delivery fares.
    """

    key: str
    at: Moment
    title: str
    who: str = ""
    quote: str = ""
    side: str = "event"
    tone: str = ""
    marks: tuple[str, ...] = ()
    late: Moment | None = None
    status: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    """An event in words."""

    title: str
    quote: str = ""
    tone: str = ""
    marks: tuple[str, ...] = field(default=())
    side: str = "event"


def timeline(view: TicketView) -> tuple[Line, ...]:
    """Return all lines of a ticket, the newest first."""
    teller = _Teller(view)
    told = [(e.at, 0, index, teller.event(index, e)) for index, e in enumerate(view.events)]
    told += [(d.created_at, 1, d.id, teller.delivery(d)) for d in view.deliveries]
    return tuple(line for _, _, _, line in sorted(told, key=itemgetter(0, 1, 2), reverse=True))


def titles(view: TicketView) -> Callable[[AnyEvent], str]:
    """Return what says the events of a ticket in one line each."""
    teller = _Teller(view)
    return lambda event: teller.words(event).title


def delivery_status(delivery: Delivery) -> tuple[str, str]:
    """Return how a message fares, in words, and the tone of that."""
    reason = f": {delivery.detail or delivery.code}" if delivery.detail or delivery.code else ""
    match delivery.state:
        case "pending" if delivery.attempts:
            return f"tried {_times(delivery.attempts)}, will be tried again{reason}", "bad"
        case "pending" | "sending":
            return "queued", ""
        case "cancelled":
            return FOLDED if delivery.detail == FOLDED else "not sent: no longer needed", ""
        case "failed":
            return f"failed{reason}", "bad"
    match delivery.status:
        case "delivered" if delivery.channel == Channel.VOICE:
            return delivery.detail or "a key was pressed", "good"
        case "answered":
            return "picked up, no key yet", ""
        case "ended":
            return "hung up: no longer needed", ""
        case "delivered" | "read":
            return delivery.status, "good"
        case "undelivered" | "failed":
            return f"{delivery.status}{reason}", "bad"
        case _:
            return "sent", ""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


class _Teller:
    """Tells the events of one ticket."""

    def __init__(self, view: TicketView) -> None:
        self.view = view
        self.ticket = view.ticket
        self.names = Names(view.directory, view.users)
        self.zone = zone_of(view.ticket, view.directory)

    def event(self, index: int, event: AnyEvent) -> Line:
        said = self.words(event)
        late = event.recorded_at - event.at > _LATE
        who = self.names.actor(event.actor, self.ticket)
        if isinstance(event, _CONSEQUENCES) or said.title.startswith(who):
            who = ""
        return Line(
            key=f"e{index}",
            at=self.when(event.at),
            who=who,
            late=self.when(event.recorded_at) if late else None,
            title=said.title,
            quote=said.quote,
            tone=said.tone,
            marks=said.marks,
            side=said.side,
        )

    def delivery(self, delivery: Delivery) -> Line:
        status, tone = delivery_status(delivery)
        name = self.names.short(delivery.person) if delivery.person else self.told(delivery.address)
        what = CHANNELS[delivery.channel]
        page = delivery.person and delivery.rank == 0
        return Line(
            key=f"d{delivery.id}",
            at=self.when(delivery.created_at),
            title=f"{'Page' if page else what.capitalize()} to {name}{f' by {what}' if page else ''}",
            quote=_LINK.sub(_HIDDEN_LINK, delivery.body).strip(),
            side="out",
            status=status,
            tone=tone,
        )

    def told(self, address: str) -> str:
        """Return who of the customer is told at an address: the requester, or one of a merged duplicate."""
        theirs = (self.ticket.requester, *self.ticket.also)
        found = next((one for one in theirs if one.address == address), self.ticket.requester)
        return found.name or address_text(found.address)

    def when(self, instant: datetime) -> Moment:
        return moment(instant, self.view.now, self.zone)

    def name(self, key: str) -> str:
        return self.names.short(key)

    def held(self, event: ev.Held) -> _Said:
        """Return what work waits for, and until when."""
        until = f", until {self.when(event.until).text}" if event.until else ""
        return _Said(f"On hold: {reason_text(event.reason)}{until}", event.text)

    def paging(self, event: ev.PagesPlanned | ev.PagedAgain) -> _Said:
        """Return how a person is tried, now and later."""
        if isinstance(event, ev.PagedAgain):
            return _Said(f"{self.name(event.person)} paged again, by {CHANNELS[event.method]}")
        tries = [
            f"{CHANNELS[step.kind]} {'now' if step.done else 'at ' + self.when(step.at).text}"
            for step in event.steps
        ]
        return _Said(f"{self.name(event.person)} is paged by {', '.join(tries)}")

    def words(self, event: AnyEvent) -> _Said:  # noqa: C901, PLR0912, PLR0915 - one flat branch for each event
        """Return an event in words."""
        match event:
            case ev.Opened():
                return self.opened(event)
            case ev.CustomerWrote():
                by = CHANNELS[event.channel]
                return _Said(f"The customer wrote, by {by}", event.text, side="in")
            case ev.EscalationArmed():
                return _Said(f"Asking begins at {self.when(event.next_at).text}")
            case ev.LevelReached():
                return self.level(event)
            case ev.PagesPlanned() | ev.PagedAgain():
                return self.paging(event)
            case ev.Exhausted():
                who = self.names.several(event.people) or "nobody on duty"
                again = self.when(event.next_at).text
                return _Said(f"Nobody took it. Alarmed: {who}. Starts over at {again}", tone="bad")
            case ev.AskedAnew():
                worse = "It is worse now: asked" if event.text else "Asked"
                why = "Somebody may be in danger: asked" if event.life_safety else worse
                return _Said(f"{why} for anew, from the first level on", tone="bad" if event.text else "")
            case ev.DeliveryFailed():
                return self.failed(event)
            case ev.Acknowledged():
                title = f"{self.name(event.person)} {'joins' if event.joined else 'has it'}"
                return _Said(title, tone="good", marks=_implied(event.implied))
            case ev.Passed():
                return _Said(f"{self.name(event.person)} cannot", event.text)
            case ev.Taken():
                whose = f" from {self.name(event.previous)}" if event.previous else ""
                return _Said(f"{self.name(event.person)} took it over{whose}", tone="good")
            case (
                ev.HolderAsked()
                | ev.HolderKept()
                | ev.HolderSilent()
                | ev.HandoffOffered()
                | ev.HandoffEnded()
            ):
                return self.holder(event)
            case ev.EtaGiven():
                return _Said(f"Expected on site at {self.when(event.eta).text}")
            case ev.Arrived():
                return _Said("On site", marks=_implied(event.implied))
            case ev.Held():
                return self.held(event)
            case ev.Released():
                return _Said("Work goes on" if event.person else "Work goes on: the time of the hold is up")
            case ev.Resolved():
                return _Said("Resolved", event.text, tone="good")
            case ev.ResolutionNoted():
                return _Said("What was done", event.text)
            case ev.ClosureReminded():
                return _Said("Customer asked once more whether it is over")
            case ev.Confirmed():
                return _Said("Customer agrees that it is over", event.text, tone="good", side="in")
            case ev.Declined():
                return _Said("Customer says that it is not over", event.text, tone="bad", side="in")
            case ev.Reopened():
                return _Said("Reopened: back to work")
            case ev.Closed():
                by = (
                    "confirmed by the customer"
                    if event.confirmed
                    else "unconfirmed: the customer never answered"
                )
                return _Said(f"Closed, {by}", tone="good" if event.confirmed else "")
            case ev.Cancelled():
                return _Said("Cancelled", event.text)
            case ev.Merged():
                return _Said(f"Merged into {event.into_number}, which goes on for both")
            case ev.MaybeSame():
                return _Said(f"Maybe the same: {event.number}, reported meanwhile", side="in")
            case ev.MergedIn():
                by = event.requester.name or address_text(event.requester.address)
                since = self.when(event.first_contact_at).text
                return _Said(
                    f"{event.number} was merged into this: {by} since {since}", event.text, side="in"
                )
            case ev.PriorityChanged():
                asked = f", ladder {event.ladder} from the next level on" if event.ladder else ""
                return _Said(f"Priority {event.previous} became {event.priority}{asked}")
            case ev.PolicyMoved():
                to = f" to {event.name}" if event.name else ""
                return _Said(f"SLA policy moved{to}", event.reason)
            case ev.SiteSet():
                return _Said(f"Site is {' '.join(place_of(self.ticket, self.view.directory)).strip()}")
            case ev.Updated():
                return _Said("Update to the customer", event.text)
            case ev.Noted():
                return _Said("Note", event.text)
            case ev.Escalated():
                return _Said(
                    "Next level wanted" if not event.person else "Asked for the next level", event.text
                )
            case ev.Warned():
                return _Said(f"{METRICS[event.metric]} clock at {event.share} % of its target")
            case ev.Breached():
                held = f"; {self.name(event.held_by)} had it" if event.held_by else "; nobody had it"
                return _Said(f"Breach: {METRICS[event.metric].lower()} was due{held}", tone="bad")
            case ev.BreachExplained() | ev.BreachExcused() | ev.BreachUnexcused():
                return _about_breach(event)
            case _:
                assert_never(event)

    def opened(self, event: ev.Opened) -> _Said:
        typed = event.inbox_id is None or event.backdated_reason
        how = "Typed in" if typed else f"Opened by {CHANNELS[event.requester.channel]}"
        rules = tuple(f"rule: {name}" for name in event.rules)
        trade = event.trade.replace("_", "/")
        if event.backdated_reason:
            rules = (f"typed in later: {event.backdated_reason}", *rules)
        if event.maybe_same:
            rules = (f"maybe the same as {event.maybe_same}", *rules)
        return _Said(f"{how} as {event.priority}, {trade}", event.text, marks=rules, side="in")

    def holder(
        self, event: ev.HolderAsked | ev.HolderKept | ev.HolderSilent | ev.HandoffOffered | ev.HandoffEnded
    ) -> _Said:
        match event:
            case ev.HolderAsked():
                until = self.when(event.until).text
                return _Said(f"No word from {self.name(event.person)} yet: asked until {until}")
            case ev.HolderKept():
                return _Said(f"{self.name(event.person)} still has it", tone="good")
            case ev.HolderSilent():
                return _Said(f"No word from {self.name(event.person)}: others are asked", tone="bad")
            case ev.HandoffOffered():
                until = self.when(event.until).text
                return _Said(f"{self.name(event.to)} is asked to take it, until {until}", event.text)
            case ev.HandoffEnded():
                why = {"expired": "did not answer", "unreachable": "cannot be reached"}
                return _Said(f"{self.name(event.to)} {why.get(event.reason, 'cannot')}: it stays", event.text)
            case _:
                assert_never(event)

    def level(self, event: ev.LevelReached) -> _Said:
        why = {
            "passed": "Passed on. ",
            "unreachable": "Not to be reached. ",
            "escalated": "Next level wanted. ",
            "reopened": "Reopened. ",
            "worse": "Worse news. ",
            "reserved": "The customer has more to say. ",
            "left": "Whoever had it has left. ",
            "warning": "A clock is soon due. ",
            "breach": "A clock is overdue. ",
            "silent": "The holder is silent. ",
            "named": "Named by a colleague. ",
        }.get(event.reason, "")
        until = self.when(event.next_at).text
        by = f", directory {event.directory}" if event.directory else ""
        marks = (f"level {event.level}, round {event.round}", f"rules {event.revision[:7]}{by}")
        if not event.people:
            return _Said(f"{why}Nobody to ask on this level", marks=marks)
        return _Said(f"{why}Asking {self.names.several(event.people)} until {until}", marks=marks)

    def failed(self, event: ev.DeliveryFailed) -> _Said:
        name = self.name(event.person) if event.person else self.told(event.address)
        what = CHANNELS[event.channel].capitalize()
        following = CHANNELS.get(event.next_channel, event.next_channel)
        # Words are only promised when they were a page, and somebody is still being asked.
        then = f" Next try by {following}." if following and event.page else ""
        if event.code in CALL_OUTCOMES:
            where = address_text(event.address)
            return _Said(f"Call to {name} at {where}: {CALL_OUTCOMES[event.code]}.{then}", tone="bad")
        code = f" ({event.code})" if event.code else ""
        reason = f": {event.detail.rstrip('.')}" if event.detail else ""
        title = f"{what} to {name} at {address_text(event.address)} did not arrive{reason}{code}.{then}"
        return _Said(title, tone="bad")


def _about_breach(event: ev.BreachExplained | ev.BreachExcused | ev.BreachUnexcused) -> _Said:
    clock = METRICS[event.metric].lower()
    match event:
        case ev.BreachExplained():
            texts = [event.remark, event.corrective_action and f"To be done: {event.corrective_action}"]
            return _Said(
                f"Why {clock} was breached: {reason_text(event.reason)}", "\n".join(filter(None, texts))
            )
        case ev.BreachExcused():
            return _Said(f"Breach of {clock} excused: {reason_text(event.reason)}", event.remark)
        case ev.BreachUnexcused():
            return _Said(f"Breach of {clock} no longer excused")
        case _:
            assert_never(event)


def _implied(implied: bool) -> tuple[str, ...]:
    return ("implied by what came next",) if implied else ()
