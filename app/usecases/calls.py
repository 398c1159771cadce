"""What our calls to colleagues are about: what to say when they pick up, and what a key does.

Only a key acknowledges: voicemails pick up and complete calls too, nor is a talk with the store a yes.
What must not live here: TwiML (inbound), what an acknowledgement does (domain), which phone is the store's
(store_phone.py), the calls of customers (they come as messages).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.domain import commands as cmd
from app.domain.call_texts import SpokenId
from app.domain.delivery import DeliveryStatus, canonical
from app.domain.directory import MethodKind, Person
from app.domain.drafting import Say
from app.domain.errors import ConflictError
from app.domain.message import Channel, Inbound
from app.domain.texts import TextId
from app.domain.ticket import State, Ticket
from app.ports import Prompt
from app.store import calls as call_store
from app.store import contact_checks
from app.store import directory as directory_store
from app.store import inbox as inbox_store
from app.store import outbox as outbox_store
from app.store import tickets as ticket_store
from app.store.inbox import Handled, Waiting
from app.store.outbox import Delivery
from app.usecases import joint_calls
from app.usecases.desk import Desk
from app.usecases.house import House
from app.usecases.store_phone import store_phone
from app.usecases.wording import Origin, short_name

log = structlog.get_logger()

TAKE, PASS, TALK = "1", "2", "0"
# Longer than a call may last: nobody is cut off in the middle of a talk with the customer.
_TALK_LASTS = timedelta(minutes=30)
_TRIES = 5
_WRITTEN = {MethodKind.SMS: Channel.SMS, MethodKind.EMAIL: Channel.EMAIL}


class Calls:
    """Implements ports.CallDesk."""

    def __init__(self, house: House) -> None:
        """Answer for this house."""
        self._house = house

    def outbox_id(self, token: str) -> int | None:
        """See ports.CallDesk."""
        known = self._house.call_of(token)
        return known[0] if known else None

    def picked_up(self, token: str, call_id: str, *, machine: bool) -> Prompt | None:
        """Look at the ticket again: a page that is moot by now says so, and asks for nothing."""
        return self._look(token, call_id, partial(_greeting, machine=machine))

    def talked(self, token: str, call_id: str, *, reached: bool) -> Prompt | None:
        """Look at the ticket again: the talk took it from nobody and gave it to nobody."""
        return self._look(token, call_id, partial(_back, reached=reached))

    def _look(
        self, token: str, call_id: str, say: Callable[[Desk, Delivery, Sequence[Ticket]], Prompt]
    ) -> Prompt | None:
        known = self._house.call_of(token)
        if known is None:
            return None
        row_id, attempt = known
        try:
            with self._house.begin() as connection:
                desk = Desk(self._house, connection, self._house.clock.now())
                row = outbox_store.deliveries(connection, [row_id]).get(row_id)
                if row is None or row.channel != Channel.VOICE or _is_foreign(row, attempt, call_id):
                    return None
                prompt = say(desk, row, joint_calls.told(desk, row))
                if not prompt.keys:
                    call_store.mark(connection, row.id, DeliveryStatus.ENDED, desk.now)
                elif canonical(row.status).rank < DeliveryStatus.ANSWERED.rank:
                    call_store.mark(connection, row.id, DeliveryStatus.ANSWERED, None)
                return prompt
        except (
            SQLAlchemyError
        ) as error:  # the phone is at somebody's ear: say what is true without a database
            log.warning("call_without_database", error=repr(error)[:200])
            return Prompt(words=self._words(SpokenId.CALL_NEUTRAL, "en"), language="en", keys=True)

    def pressed(self, key: Inbound) -> Prompt | None:
        """Keep the key and carry it out in one commit, before anybody hears that it counted."""
        for _ in range(_TRIES):
            try:
                return self._press(key)
            except (ConflictError, SQLAlchemyError) as error:
                log.warning("key_conflict", error=repr(error)[:200])
            except Exception:
                log.exception("key_failed")
                return None
        return None

    def _press(self, key: Inbound) -> Prompt | None:
        now = self._house.clock.now()
        with self._house.begin() as connection:
            desk = Desk(self._house, connection, now)
            row_id = self._house.ids.next()
            if inbox_store.store(connection, [(row_id, key)]):
                handled = handle_key(desk, Waiting(row_id, 0, key))
                desk.flush()
                inbox_store.finish(connection, [handled], now)
            answer = _answer(desk, key)
        self._house.wake("saved")
        return answer

    def say(self, text: SpokenId, caller: str = "") -> Prompt:
        """See ports.CallDesk."""
        language = "en"
        if caller:
            try:
                with self._house.begin() as connection:
                    found = directory_store.contacts_by_addresses(connection, [caller]).get(caller, ())
                    language = next((contact.language for contact in found), language)
                    self._house.roster(connection)
            except SQLAlchemyError as error:
                log.warning("call_without_database", error=repr(error)[:200])
        return Prompt(words=self._words(text, language), language=language)

    def _words(self, text: SpokenId, language: str) -> str:
        known = self._house.last_roster
        facts = {"company": known.directory.company.short_name} if known else {}
        return self._house.rulebook.texts.render_spoken(text, language, facts)


def handle_key(desk: Desk, waiting: Waiting) -> Handled:
    """Do what a key asks for: 1 takes the ticket, 2 passes it on, 0 is noted and changes nothing.

    On a call that told of many, 1 and 2 are about all of them that still ask.
    """
    row = _row_of(desk, waiting.inbound)
    told = joint_calls.told(desk, row) if row else []
    ticket = _ticket_of(desk, row, told) if row else None
    if row is None or ticket is None:
        return Handled(waiting.id, None, "key: no such call of ours")
    person = desk.roster.directory.people.get(row.person)
    who = {"actor": f"person:{row.person}", "person": row.person}
    digit = str(waiting.inbound.payload.get("Digits", ""))
    if digit == TALK:
        if _asked(ticket, row.person) and store_phone(desk, ticket.requester):
            text = f"Calls {ticket.requester.name or 'the store'} by key 0 of the page"
            note = cmd.Note(actor=who["actor"], person=row.person, text=text, inbox_id=waiting.id)
            desk.apply(note, ticket)
        return Handled(waiting.id, ticket.id, "")
    many = len(told) > 1 and person is not None
    if many and person and digit == TAKE:
        joint_calls.take(desk, told, person, _written_to(person))
    elif many and person and digit == PASS:
        joint_calls.pass_on(desk, told, person)
    elif digit == TAKE:
        desk.apply(cmd.Acknowledge(**who), ticket, _written_to(person))
    elif digit == PASS:
        desk.apply(cmd.Pass(**who, text=""), ticket, _written_to(person))
    else:
        return Handled(waiting.id, ticket.id, f"key: {digit} means nothing")
    if not many and desk.tickets[ticket.id].assignee == row.person:
        details = Say(text=TextId.DETAILS, person=row.person)
        desk.say(desk.wording.rows(details, desk.tickets[ticket.id], None))
    detail = f"pressed {digit} {joint_calls.FOR_ALL}" if many else f"pressed {digit}"
    call_store.mark(desk.connection, row.id, DeliveryStatus.DELIVERED, desk.now, detail)
    contact_checks.clear_failing(desk.connection, [(row.channel, row.address)])
    return Handled(waiting.id, ticket.id, "")


def _is_foreign(row: Delivery, attempt: int, call_id: str) -> bool:
    """Return whether another call than the one that we placed uses its token.

    Of an earlier attempt, whose answer was lost, we do not know the id; the token alone proves it.
    """
    return row.attempts == attempt and bool(row.provider_id) and row.provider_id != call_id


def _row_of(desk: Desk, key: Inbound) -> Delivery | None:
    outbox_id = str(key.payload.get("o", ""))
    row_id = int(outbox_id) if outbox_id.isascii() and outbox_id.isdigit() else 0
    return outbox_store.deliveries(desk.connection, [row_id]).get(row_id)


def _ticket_of(desk: Desk, row: Delivery, told: Sequence[Ticket] = ()) -> Ticket | None:
    """Return what a call is about: its ticket, or the first of those that it told of and that still ask."""
    if told:
        return told[0]
    if row.ticket_id is None:
        return None
    desk.know(ticket_store.by_ids(desk.connection, {row.ticket_id}))
    ticket = desk.tickets.get(row.ticket_id)
    if ticket is not None and ticket.merged_into:
        desk.know(ticket_store.by_ids(desk.connection, {ticket.merged_into}))
    return desk.standing(ticket) if ticket else None


def _written_to(person: Person | None) -> Origin:
    """Return where the details go that a call is too short for: the first way to write to them."""
    methods = person.methods if person else ()
    written = next((m for m in methods if m.kind in _WRITTEN), None)
    if written is None:
        return Origin(channel=Channel.VOICE, address="")
    return Origin(channel=_WRITTEN[written.kind], address=written.address)


def _greeting(desk: Desk, row: Delivery, told: Sequence[Ticket], *, machine: bool) -> Prompt:
    ticket = _ticket_of(desk, row, told)
    if ticket is None:
        return _said(desk, row.person, SpokenId.CALL_NEUTRAL)
    if not _asked(ticket, row.person):
        return _standing(desk, row.person, ticket)
    if machine:  # nothing about the customer on a voicemail; somebody taken for one can still press
        return _said(desk, row.person, SpokenId.CALL_NEUTRAL, keys=True)
    words = joint_calls.words(desk, row, told, _language(desk, row.person)) if told else row.body
    return _offered(desk, row, ticket, words, told)


def _back(desk: Desk, row: Delivery, told: Sequence[Ticket], *, reached: bool) -> Prompt:
    """Return what is said after a talk with the customer; from now on the line may be ended again."""
    ticket = _ticket_of(desk, row, told)
    call_store.leave_alone(desk.connection, row.id, desk.now)
    if ticket is None:
        return _said(desk, row.person, SpokenId.CALL_NEUTRAL)
    if not _asked(ticket, row.person):
        return _standing(desk, row.person, ticket)
    how = SpokenId.CALL_TALKED if reached else SpokenId.CALL_NOT_REACHED
    return _offered(desk, row, ticket, _said(desk, row.person, how).words, told)


def _asked(ticket: Ticket, person: str) -> bool:
    return ticket.escalating or ticket.awaits(person)


def _offered(
    desk: Desk, row: Delivery, ticket: Ticket, words: str, told: Sequence[Ticket], *, store: bool = True
) -> Prompt:
    """Return `words` and what the keys do: who would be asked next, and whether the store can be called."""
    choices = _choices(desk, row.person, ticket, told)
    said = [words, choices.words]
    if store and store_phone(desk, ticket.requester):
        said.append(_said(desk, row.person, SpokenId.CALL_STORE).words)
    return replace(choices, words=" ".join(said), keys=True)


def _choices(desk: Desk, person: str, ticket: Ticket, told: Sequence[Ticket]) -> Prompt:
    if len(told) > 1:
        return _said(desk, person, SpokenId.CALL_CHOICES_ALL)
    passed = desk.would(cmd.Pass(actor=f"person:{person}", person=person, text=""), ticket).ticket
    following = next((p for p in passed.next_asked if p != person), passed.assignee)
    to = _name(desk, following) if following != person else ""
    return _said(desk, person, SpokenId.CALL_CHOICES, to=to)


def _talk(desk: Desk, row: Delivery, ticket: Ticket, told: Sequence[Ticket]) -> Prompt:
    phone = store_phone(desk, ticket.requester)
    if not phone:
        words = _said(desk, row.person, SpokenId.CALL_NO_PHONE).words
        return _offered(desk, row, ticket, words, told, store=False)
    call_store.leave_alone(desk.connection, row.id, desk.now + _TALK_LASTS)
    return replace(_said(desk, row.person, SpokenId.CALL_DIALLING), dial=phone)


def _answer(desk: Desk, key: Inbound) -> Prompt | None:
    """Return what to say after a key, as the ticket stands after it; the same when the key comes twice."""
    row = _row_of(desk, key)
    told = joint_calls.told(desk, row) if row else []
    ticket = _ticket_of(desk, row, told) if row else None
    if row is None or ticket is None:
        return None
    if key.payload.get("Digits") == TALK and _asked(ticket, row.person):
        return _talk(desk, row, ticket, told)
    if row.detail.endswith(joint_calls.FOR_ALL):
        taken = key.payload.get("Digits") == TAKE
        return _said(desk, row.person, SpokenId.CALL_OWNED_ALL if taken else SpokenId.CALL_PASSED_ALL)
    asked = [person for person in ticket.escalation.asked if person != row.person]
    if key.payload.get("Digits") == PASS and ticket.escalating:
        return _said(desk, row.person, SpokenId.CALL_PASSED, to=_name(desk, asked[0]) if asked else "")
    return _standing(desk, row.person, ticket)


def _standing(desk: Desk, person: str, ticket: Ticket) -> Prompt:
    number = str(ticket.number)
    if not ticket.open or ticket.state == State.RESOLVED:
        return _said(desk, person, SpokenId.CALL_OVER, number=number)
    if ticket.assignee in (person, ""):
        return _said(desk, person, SpokenId.CALL_OWNED, number=number)
    return _said(desk, person, SpokenId.CALL_TAKEN, number=number, by=_name(desk, ticket.assignee))


def _said(desk: Desk, person: str, text: SpokenId, *, keys: bool = False, **facts: str) -> Prompt:
    language = _language(desk, person)
    known = {"company": desk.roster.directory.company.short_name, **facts}
    return Prompt(
        words=desk.house.rulebook.texts.render_spoken(text, language, known), language=language, keys=keys
    )


def _language(desk: Desk, person: str) -> str:
    known = desk.roster.directory.people.get(person)
    return known.language if known else "en"


def _name(desk: Desk, person: str) -> str:
    known = desk.roster.directory.people.get(person)
    return short_name(known.name).rstrip(".") if known else ""
