"""One ticket as a page shows it: head, words, people, buttons, clocks, timeline. Pure.

What must not live here: who may see it (access.py), reading (usecases/views.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import Final
from urllib.parse import quote, urlencode

from app.domain.clocks import zone_of
from app.domain.directory import Directory
from app.domain.events import Opened
from app.domain.message import Channel
from app.domain.roster import Roster
from app.domain.ticket import Ticket
from app.usecases.views import TicketView
from app.usecases.why import StageWords, why
from app.web.access import Action, Visitor
from app.web.acting import PRIORITIES, next_step, offers
from app.web.board import who_has
from app.web.clock_rows import ClockRow, clock_rows
from app.web.forget_page import may_forget
from app.web.incident_line import IncidentLine, line_of
from app.web.policy_move_page import MANAGERS
from app.web.timeline import Line, timeline
from app.web.words import (
    STATES,
    Moment,
    Names,
    address_text,
    moment,
    place_of,
    reason_text,
    trade_of,
)

_MAP = "https://maps.google.com/maps"
HOLD_LENGTHS: Final = (
    ("60", "1 hour"),
    ("240", "4 hours"),
    ("480", "8 hours"),
    ("1440", "1 day"),
    ("4320", "3 days"),
)
ETA_MINUTES: Final = (15, 30, 45, 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who opened the ticket, and how to reach them: pairs of words and address."""

    name: str
    address: str
    ways: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPage:
    """All that the ticket's template needs. `action` begins the addresses that its forms post to.

    `related` are the numbers of tickets that may be about the same; `links` if this visitor may open them.
    """

    number: int
    code: str
    place: str
    site_name: str
    address: str
    map_url: str
    priority: str
    trade: str
    state: str
    state_key: str
    open: bool
    quote: str
    opened: Moment
    life_safety: bool
    requester: Requester
    who: str
    asked: bool
    until: Moment | None
    facts: tuple[tuple[str, str], ...]
    related: tuple[int, ...]
    links: bool
    incident: IncidentLine | None
    blocked: tuple[tuple[str, Moment], ...]
    action: str
    fragment: str
    offers: tuple[Action, ...]
    primary: Action | None
    clocks: tuple[ClockRow, ...]
    next_clock: ClockRow | None
    lines: tuple[Line, ...]
    zone: str
    now_ms: int
    may_move: bool
    may_forget: bool
    audits: bool
    why: tuple[StageWords, ...]
    priorities: tuple[str, ...] = PRIORITIES
    colleagues: tuple[tuple[str, str], ...]
    hold_reasons: tuple[tuple[str, str], ...]
    hold_lengths: tuple[tuple[str, str], ...] = HOLD_LENGTHS
    eta_minutes: tuple[int, ...] = ETA_MINUTES


def ticket_page(view: TicketView, visitor: Visitor) -> TicketPage:
    """Return a ticket as this visitor sees it."""
    ticket, directory, now = view.ticket, view.directory, view.now
    names = Names(directory, view.users)
    zone = zone_of(ticket, directory)
    code, place = place_of(ticket, directory)
    site = directory.sites.get(ticket.site)
    next_at = ticket.escalation.next_at
    address = f"{site.address}, {site.city}" if site and site.city not in site.address else ""
    if site and not address:
        address = site.address
    clocks = clock_rows(view)
    base = visitor.base or f"/tickets/{ticket.number}"
    return TicketPage(
        number=ticket.number,
        code=code,
        place=place,
        site_name=site.name if site else "",
        address=address,
        map_url=f"{_MAP}?{urlencode({'q': address})}" if address else "",
        priority=ticket.priority,
        trade=trade_of(ticket),
        state=STATES[ticket.state],
        state_key=ticket.state,
        open=ticket.open,
        quote=ticket.text,
        opened=moment(ticket.opened_at, now, zone),
        life_safety=ticket.life_safety,
        requester=_requester(ticket),
        who=who_has(ticket, names) if ticket.open else "",
        asked=ticket.escalating,
        until=moment(next_at, now, zone) if next_at else None,
        facts=_facts(view, names, zone),
        related=ticket.related if ticket.open else (),
        links=not visitor.base,
        blocked=_blocked(view, names, zone),
        incident=line_of(view.incident, directory, visitor) if view.incident else None,
        action=base,
        fragment=f"{visitor.base}/fragment" if visitor.base else f"/fragments/tickets/{ticket.number}",
        offers=offers(ticket, visitor),
        primary=next_step(ticket, visitor),
        clocks=clocks,
        next_clock=_first_due(clocks),
        lines=timeline(view),
        colleagues=_colleagues(view, visitor.person),
        hold_reasons=_hold_reasons(view),
        zone=_zone_text(ticket, directory),
        why=_why(view),
        may_move=ticket.open and visitor.role in MANAGERS,
        may_forget=visitor.role == "owner" and may_forget(ticket),
        audits=visitor.audits,
        now_ms=int(now.timestamp() * 1000),
    )


def _why(view: TicketView) -> tuple[StageWords, ...]:
    opened = next((event for event in view.events if isinstance(event, Opened)), None)
    return why(opened.trace) if opened and opened.trace else ()


def _first_due(clocks: tuple[ClockRow, ...]) -> ClockRow | None:
    running = [(clock.timer.due_ms, clock) for clock in clocks if clock.timer]
    return min(running, key=itemgetter(0))[1] if running else None


def _hold_reasons(view: TicketView) -> tuple[tuple[str, str], ...]:
    """Return the reasons that the ticket's contract lists, and one that stops no clock."""
    pausing = sorted({reason for reasons in view.policy.pause_on.values() for reason in reasons})
    names = [(key, reason_text(key)) for key in pausing if key != "other"]
    return (*names, ("other", f"{reason_text('other')} (stops no clock)"))


def _colleagues(view: TicketView, me: str) -> tuple[tuple[str, str], ...]:
    """Return whom a ticket may be handed to, as keys and names, by name; those who are off are left out."""
    roster = Roster(view.directory)
    found = [
        (person.key, person.name)
        for person in view.directory.people.values()
        if person.key != me and roster.reachable(person.key) and roster.away(person.key, view.now) is None
    ]
    return tuple(sorted(found, key=itemgetter(1)))


def _requester(ticket: Ticket) -> Requester:
    who = ticket.requester
    ways: tuple[tuple[str, str], ...]
    if who.channel == Channel.EMAIL:
        ways = (("Mail", f"mailto:{quote(who.address, safe='@')}"),)
    elif who.address.startswith("+"):
        ways = (("Call", f"tel:{who.address}"), ("Text", f"sms:{who.address}"))
    else:
        ways = ()
    return Requester(name=who.name, address=address_text(who.address), ways=ways)


def _facts(view: TicketView, names: Names, zone: str) -> tuple[tuple[str, str], ...]:
    """Return what else is to be known at a glance, as pairs of a name and a value."""
    ticket, now = view.ticket, view.now
    found = []
    if ticket.eta and ticket.open and ticket.state in ("en_route", "on_hold", "acknowledged"):
        found.append(("Expected on site", moment(ticket.eta, now, zone).text))
    if ticket.hold_reason:
        until = f", until {moment(ticket.hold_until, now, zone).text}" if ticket.hold_until else ""
        found.append(("On hold", f"{reason_text(ticket.hold_reason)}{until}"))
    if ticket.handoff and ticket.open:
        to, until = names.short(ticket.handoff.to), moment(ticket.handoff.until, now, zone).text
        found.append(("Asked to take it", f"{to}, until {until}"))
    if ticket.resolution:
        found.append(("What was done", ticket.resolution))
    if ticket.ended_at:
        agreed = {True: "confirmed by the customer", False: "unconfirmed"}[ticket.confirmed]
        how = f", {agreed}" if ticket.state == "closed" else ""
        found.append((STATES[ticket.state], f"{moment(ticket.ended_at, now, zone).text}{how}"))
    return tuple(found)


def _blocked(view: TicketView, names: Names, zone: str) -> tuple[tuple[str, Moment], ...]:
    """Return whose address said STOP, and since when."""
    people = view.directory.people.values()
    owners = {m.address: names.short(person.key) for person in people for m in person.methods}
    requester = view.ticket.requester
    owners[requester.address] = requester.name or "the customer"
    return tuple(
        (f"{owners.get(address, 'somebody')} ({address_text(address)})", moment(since, view.now, zone))
        for address, since in sorted(view.suppressed.items(), key=lambda item: item[1])
    )


def _zone_text(ticket: Ticket, directory: Directory) -> str:
    zone = zone_of(ticket, directory)
    return zone.rpartition("/")[2].replace("_", " ")
