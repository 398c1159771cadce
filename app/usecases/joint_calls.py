"""A call that tells of many tickets: which of them still ask whoever picked up, and what 1 and 2 do to all.

What must not live here: which pages are told together (bundling.py), a call about one ticket (calls.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from app.domain import commands as cmd
from app.domain.call_texts import SpokenId
from app.domain.directory import Person
from app.domain.drafting import Say
from app.domain.texts import TextId
from app.domain.ticket import Ticket
from app.store import incidents as incident_store
from app.store import tickets as ticket_store
from app.store.outbox import Delivery
from app.usecases import bundling, incidents
from app.usecases.desk import Desk
from app.usecases.wording import Origin

FOR_ALL = "for all"
"""At the end of what is noted about the line when a key was about all tickets of a joint call."""
_FEW = 3
"""So many tickets that are taken at once are answered one by one, more of them in one answer."""


def told(desk: Desk, row: Delivery) -> list[Ticket]:
    """Return the tickets that a joint call told of and that still ask its person; none for any other call.

    Its own comes first, then the most urgent.
    """
    ids = incident_store.told_in(desk.connection, row.id)
    desk.know(ticket_store.by_ids(desk.connection, ids))
    tickets = [desk.tickets[i] for i in ids if i in desk.tickets]
    return [t for t in tickets if t.escalating and row.person in t.escalation.asked]


def words(desk: Desk, row: Delivery, tickets: Sequence[Ticket], language: str) -> str:
    """Return what is said of these: how many there are by now, and the first of them."""
    first = tickets[0]
    own = first.id == row.ticket_id
    if len(tickets) == 1:
        return desk.wording.spoken_page(first, language)
    known = {"company": desk.roster.directory.company.short_name, "count": str(len(tickets))}
    many = desk.house.rulebook.texts.render_spoken(SpokenId.CALL_MANY, language, known)
    if own and row.body.startswith(f"{many} "):
        return row.body
    return f"{many} {desk.wording.spoken_page(first, language)}"


def take(desk: Desk, tickets: Sequence[Ticket], person: Person, origin: Origin) -> None:
    """Let somebody acknowledge all of these; they read in one text which, if there are many."""
    many = len(tickets) > _FEW
    for ticket in tickets:
        command = cmd.Acknowledge(actor=f"person:{person.key}", person=person.key)
        desk.apply(command, ticket, incidents.NOWHERE if many else origin)
        if not many:
            details = Say(text=TextId.DETAILS, person=person.key)
            desk.say(desk.wording.rows(details, desk.tickets[ticket.id], None))
    incidents.say_once(desk)
    if many:
        items = bundling.lines(tickets[: bundling.SHOWN], len(tickets), desk.roster.directory)
        facts = {"count": str(len(tickets)), "items": items, "link": desk.house.identity.public_url}
        desk.say(desk.wording.notice(person, TextId.ACKED_MANY, **facts))


def pass_on(desk: Desk, tickets: Sequence[Ticket], person: Person) -> None:
    """Let the next in line be asked for all of these."""
    for ticket in tickets:
        command = cmd.Pass(actor=f"person:{person.key}", person=person.key, text="")
        desk.apply(command, ticket, incidents.NOWHERE)
