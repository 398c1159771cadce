"""Who wrote the messages of a batch, and which tickets they may be about: loaded in a few statements.

What must not live here: what their words mean.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from app.domain.closing import REOPEN_WINDOW
from app.domain.directory import Contact, Person
from app.domain.message import Channel, Message
from app.domain.replies import Verb, parse_staff
from app.domain.texts import TextId
from app.store import directory as directory_store
from app.store import outbox as outbox_store
from app.store import said as said_store
from app.store import tickets as ticket_store
from app.store.said import LastPage
from app.usecases import opting_out
from app.usecases.desk import Desk
from app.usecases.wording import Origin, written

# A bare reply is about a page of this recent past; older ones are named or looked up by who holds what.
_PAGE_MEMORY = timedelta(hours=24)
# No sender gets more of these answers than this, so that two robots do not talk for ever (WORDS: loop guard).
_ANSWERS, _ANSWERS_WITHIN = 5, timedelta(minutes=10)
_CHATTER = frozenset(
    {
        TextId.APPENDED_C,
        TextId.STATUS_C,
        TextId.HELP_C,
        TextId.KEPT_OPEN_C,
        TextId.NOTHING_OPEN_C,
        TextId.NOT_UNDERSTOOD,
        TextId.NOTHING_OPEN,
        TextId.NO_SUCH_TICKET,
        TextId.NOT_MERGED,
        TextId.WHICH,
        TextId.LIST,
        TextId.WHO,
        TextId.HELP,
    },
)
# What a phone hears that says "ok" to whatever it gets. Counted apart: whoever takes six tickets in a storm
# still hears that a DONE was not clear.
_ECHOES = frozenset({TextId.ACKED, TextId.NOT_YOURS, TextId.CLOSED_ALREADY})
# What a customer may say too: the last thread tells who is speaking.
_EITHER = frozenset({Verb.ACK, Verb.PASS, Verb.DONE, Verb.NEW, Verb.HELP, Verb.CANCEL, Verb.UNKNOWN})
_NUMBER = re.compile(r"(?<!\d)#?(\d{4,18})(?!\d)")


class Correspondents:
    """The senders of a batch, looked up once."""

    def __init__(
        self,
        *,
        contacts: dict[str, tuple[Contact, ...]],
        pages: list[LastPage],
        said: dict[str, int],
        echoed: dict[str, int],
        desk: Desk,
    ) -> None:
        """Hold what `gather` loaded."""
        self._contacts = contacts
        self._pages = pages
        self._said, self._echoed = said, echoed
        self._directory = desk.roster.directory

    def contact(self, message: Message) -> Contact | None:
        """Return the customer contact who wrote it, if the directory knows the address."""
        return next(iter(self._contacts.get(message.sender, ())), None)

    def colleague(self, desk: Desk, message: Message) -> Person | None:
        """Return the member of the staff who wrote it.

        Somebody who is both staff and a customer's contact speaks as the one to whom we wrote last, unless
        their words are such as only staff uses (WORDS, ambiguity rule f).
        """
        person = self._directory.person_by_address(message.sender)
        contact = self.contact(message)
        if person is None or contact is None:
            return person
        verb = parse_staff(message.text).verb
        if verb not in _EITHER:
            return person
        paged = [page.created_at for page in self._pages if page.address == message.sender]
        own = [t for t in desk.tickets.values() if t.requester.contact == contact.key]
        told = [t.reminded_at or t.resolved_at or t.opened_at for t in own]
        if told and (not paged or max(told) > max(paged)):
            return None
        return person if paged or verb != Verb.UNKNOWN else None

    def pages_to(self, desk: Desk, address: str) -> list[LastPage]:
        """Return the last pages to an address, newest first, those of this very batch included."""
        fresh = [
            LastPage(row.address, row.ticket_id, row.created_at)
            for row in desk.outbox
            if row.address == address and row.rank == outbox_store.PAGE and row.ticket_id is not None
        ]
        return fresh[::-1] + [page for page in self._pages if page.address == address]

    def may_answer(self, desk: Desk, address: str) -> bool:
        """Return whether one more automatic answer to this address is still sane (no loop of two robots)."""
        fresh = sum(1 for row in desk.outbox if row.address == address and row.text_id in _CHATTER)
        return self._said.get(address, 0) + fresh < _ANSWERS

    def may_repeat(self, desk: Desk, address: str) -> bool:
        """Return whether one more answer that changes nothing is still sane."""
        fresh = sum(1 for row in desk.outbox if row.address == address and row.text_id in _ECHOES)
        return self._echoed.get(address, 0) + fresh < _ANSWERS

    def note_opt_out(self, desk: Desk, message: Message) -> None:
        """Record STOP and START; a colleague who cannot be texted any more is the duty manager's business."""
        address, channel = message.sender, message.channel
        if message.opt_out == "STOP":
            opting_out.stop(desk, channel, address)
        elif message.opt_out == "START":
            opting_out.start(desk, channel, address)
        desk.note("opt_out", address, {"word": message.opt_out})


def answer_to(desk: Desk, people: Correspondents, message: Message) -> Origin:
    """Return where small talk with a sender goes: nowhere once they got too much of it."""
    if people.may_answer(desk, message.sender):
        return origin_of(message)
    return Origin(channel=Channel.WEB, address="")


def numbers_in(message: Message) -> list[int]:
    """Return the ticket numbers that a message names, in its text or its subject."""
    return [int(n) for n in _NUMBER.findall(f"{message.subject} {message.text}")]


def replied_number(desk: Desk, message: Message) -> int | None:
    """Return the ticket number of the reply address that was written to, if it was given to this sender."""
    return desk.house.replied_to(message.reply_token, message.sender) if message.reply_token else None


def gather(desk: Desk, messages: Sequence[Message]) -> Correspondents:
    """Load all that the messages of a batch may be about: contacts, tickets by sender and number, pages."""
    connection, directory = desk.connection, desk.roster.directory
    addresses = sorted({m.sender for m in messages})
    people = [p for p in map(directory.person_by_address, addresses) if p is not None]
    contacts = directory_store.contacts_by_addresses(connection, addresses)
    keys = sorted({c.key for found in contacts.values() for c in found})
    since = desk.now - REOPEN_WINDOW
    desk.know(ticket_store.of_customers(connection, keys, addresses, since))
    staff_addresses = sorted({m.address for p in people for m in p.methods})
    pages: list[LastPage] = []
    if people:
        desk.know(ticket_store.held_by(connection, [p.key for p in people]))
        pages = said_store.last_pages(connection, staff_addresses, desk.now - _PAGE_MEMORY)
        desk.know(ticket_store.by_ids(connection, {page.ticket_id for page in pages}))
    numbers = {n for m in messages for n in numbers_in(m)}
    numbers |= {n for n in (replied_number(desk, m) for m in messages) if n is not None}
    desk.know(ticket_store.by_numbers(connection, numbers))
    desk.know(
        ticket_store.by_ids(connection, {t.merged_into for t in desk.tickets.values() if t.merged_into})
    )
    lately = desk.now - _ANSWERS_WITHIN
    said = said_store.said_lately(connection, addresses, _CHATTER, lately)
    echoed = said_store.said_lately(connection, addresses, _ECHOES, lately) if people else {}
    return Correspondents(contacts=contacts, pages=pages, said=said, echoed=echoed, desk=desk)


def origin_of(message: Message) -> Origin:
    """Return where the answer to a message goes; a caller is texted."""
    return Origin(
        channel=written(message.channel, message.sender),
        address=message.sender,
        thread=message.message_id,
        subject=message.subject,
    )
