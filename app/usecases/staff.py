"""What a colleague's message is: a code for an address, words about a swap, or an answer about tickets.

What must not live here: which tickets an answer is about (visit.py), how words are read (domain/replies.py).
"""

from __future__ import annotations

from typing import assert_never

from app.domain import commands as cmd
from app.domain.directory import Person
from app.domain.message import Channel, Message
from app.domain.replies import Verb, parse_staff
from app.domain.swaps import SwapReply, SwapVerb, next_turn, parse_swap, read_span, turns
from app.domain.texts import TextId
from app.store.inbox import Handled, Waiting
from app.usecases import customers, incidents, swaps
from app.usecases.correspondents import Correspondents, answer_to, origin_of, replied_number
from app.usecases.desk import Desk
from app.usecases.verifying import Outcome as Proof
from app.usecases.verifying import digits_of, try_code
from app.usecases.visit import Visit

_FEW = 3
"""So many tickets that are taken at once are answered one by one, more of them in one answer."""


def handle(
    desk: Desk,
    people: Correspondents,
    waiting: Waiting,
    message: Message,
    person: Person,
) -> Handled:
    """Do what a colleague's message asks for."""
    return _code(desk, people, waiting, message, person) or _do(desk, people, waiting, message, person)


def _do(desk: Desk, people: Correspondents, waiting: Waiting, message: Message, person: Person) -> Handled:
    token_number = replied_number(desk, message)
    if message.channel == Channel.EMAIL and token_number is None and not message.authenticated:
        # Anybody can write a colleague's name into a mail; only our reply address or the domain proves it.
        desk.note("staff_mail_unproven", message.sender, {"mail_subject": message.subject})
        return customers.handle(desk, people, waiting, message)
    return _swap(desk, people, waiting, message, person) or _answer(
        desk, people, waiting, message, person, token_number
    )


def _answer(  # noqa: PLR0917 - what every answer needs
    desk: Desk,
    people: Correspondents,
    waiting: Waiting,
    message: Message,
    person: Person,
    token_number: int | None,
) -> Handled:
    reply = parse_staff(message.text)
    visit = Visit(desk, people, waiting=waiting, message=message, person=person, reply=reply)
    if reply.verb == Verb.NEW:
        opened = visit.open_typed()
        return opened or customers.handle(desk, people, waiting, message)
    if reply.verb in (Verb.LIST, Verb.WHO, Verb.HELP):
        return visit.inform()
    if reply.verb == Verb.MERGE:
        return visit.merge()
    if visit.answers_for_customer():
        return customers.handle(desk, people, waiting, message)
    wanted = visit.targets(token_number)
    if isinstance(wanted, TextId):
        return visit.cannot(wanted)
    if reply.verb == Verb.ETA and reply.eta is None:
        return visit.cannot(TextId.ETA_NEEDS_TIME, wanted[0])
    if reply.verb == Verb.ACK and len(wanted) > _FEW:
        taken = [t for t in wanted if desk.apply(visit.command(t), t, incidents.NOWHERE).events]
        incidents.say_once(desk)
        visit.took(taken or wanted)
        return Handled(waiting.id, wanted[0].id, "")
    for ticket in wanted:
        command = visit.command(ticket)
        chatter = isinstance(command, cmd.Note) and not command.understood
        origin = answer_to(desk, people, message) if chatter else origin_of(message)
        enough, said = not people.may_repeat(desk, message.sender), len(desk.outbox)
        if not desk.apply(command, ticket, origin).events and enough:
            del desk.outbox[said:]  # it changed nothing, again: a phone that says "ok" to whatever it gets
    return Handled(waiting.id, wanted[0].id, "")


def _swap(
    desk: Desk, people: Correspondents, waiting: Waiting, message: Message, person: Person
) -> Handled | None:
    """Do what a text says about a swap; None when it says nothing about one."""
    directory, key = desk.roster.directory, person.key

    def named(words: str) -> str:
        found = directory.person_named(words)
        return found.key if found else ""

    reply = parse_swap(message.text, named)
    if reply is None:
        return None
    table = swaps.Table(desk.house, desk.connection, desk.roster, desk.now)
    by = f"person:{key}"
    match reply.verb:
        case SwapVerb.OK:
            why = swaps.take(table, key, by=by)
            desk.look_again()
        case SwapVerb.NO:
            why = swaps.refuse(table, key)
        case SwapVerb.WITHDRAW:
            why = swaps.withdraw(table, key)
        case SwapVerb.OFFER:
            why = _offer(table, person, reply, by)
        case _:
            assert_never(reply.verb)
    if why and people.may_answer(desk, message.sender):
        origin = origin_of(message)
        desk.say([desk.wording.loose(TextId.SWAP_CANNOT, origin, person.language, reason=why)])
    return Handled(waiting.id, None, f"swap {reply.verb}: {why or 'done'}")


def _offer(table: swaps.Table, person: Person, reply: SwapReply, by: str) -> str:
    if not reply.who:
        return "with whom? Write a colleague's name"
    if not reply.when:
        pieces = next_turn(table.roster, person.key, table.now)
    else:
        span = read_span(reply.when, table.now, person.timezone)
        if span is None:
            return "when? Write a day"
        # A day that is given back is the day that was given: as the other one's clock has it.
        other = table.roster.directory.people[reply.who]
        theirs = read_span(reply.when, table.now, other.timezone)
        if theirs and swaps.taken_within(table, reply.who, person.key, *theirs):
            span = theirs
        start = max(span[0], table.now)
        pieces = turns(table.roster, person.key, start, span[1]) if start < span[1] else []
    return swaps.offer(table, person.key, reply.who, pieces, by=by)


def _code(
    desk: Desk, people: Correspondents, waiting: Waiting, message: Message, person: Person
) -> Handled | None:
    """Take digits for the code that this colleague was sent; None when they were sent none lately."""
    digits = digits_of(message.text)
    outcome, detail = try_code(desk, person.key, digits) if digits else (Proof.NONE, "")
    if outcome is Proof.NONE:
        return None
    said = {
        Proof.VERIFIED: (TextId.VERIFIED, {"to": detail}),
        Proof.WRONG: (TextId.CODE_WRONG, {"count": detail}),
        Proof.OVER: (TextId.CODE_OVER, {"link": f"{desk.house.identity.public_url}/me"}),
    }
    if people.may_answer(desk, message.sender):
        text_id, facts = said[outcome]
        desk.say([desk.wording.loose(text_id, origin_of(message), person.language, **facts)])
    return Handled(waiting.id, None, f"code: {outcome}")
