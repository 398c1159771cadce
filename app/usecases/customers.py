"""What a customer's message does: open a ticket, add to one, confirm, decline, name the site.

What must not live here: how words are read (domain/replies.py), what a command does (domain/decide.py).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from app.domain import commands as cmd
from app.domain.another_trouble import continues, place_of_report
from app.domain.classification import PRIORITIES, WEEKDAYS, Facts
from app.domain.closing import may_reopen
from app.domain.directory import Contact, Site
from app.domain.events import Requester
from app.domain.message import Channel, Message
from app.domain.replies import CustomerReply, CustomerVerb, nothing_needed, parse_customer
from app.domain.site_codes import site_mentions
from app.domain.texts import TextId
from app.domain.ticket import State, Ticket
from app.store.inbox import Handled, Waiting
from app.usecases.correspondents import (
    Correspondents,
    answer_to,
    numbers_in,
    origin_of,
    replied_number,
)
from app.usecases.desk import Desk
from app.usecases.triage import NOTHING_WRITTEN
from app.usecases.urgency import worse_news

_TICKET_NUMBER: Final = re.compile(r"(?<!\d)[1-9]\d{3,6}(?!\d)")
# Who says so has no worse news, and waits for no answer.
_CONTENT = frozenset({CustomerVerb.THANKS, CustomerVerb.YES})


def handle(desk: Desk, people: Correspondents, waiting: Waiting, message: Message) -> Handled:
    """Do what a message from a customer, or from a stranger, asks for."""
    contact = people.contact(message)
    theirs = _tickets_of(desk, message, contact)
    asked = [t for t in theirs if t.state == State.RESOLVED]
    reply = parse_customer(message.text, asked=bool(asked))
    named = _named(desk, message, reply, theirs)
    visit = _Visit(desk, people, waiting=waiting, message=message, contact=contact, reply=reply)
    spoken = message.channel == Channel.VOICE  # "help!" on the phone asks for help, not about texts
    if reply.verb == CustomerVerb.HELP and contact is None and named is None and not spoken:
        return visit.loose(TextId.HELP_C, "help")
    if reply.verb == CustomerVerb.AUTO:
        return Handled(waiting.id, None, "automatic: it reads like an automatic answer")
    if reply.verb == CustomerVerb.NEW:
        return visit.open(reply.text or message.text)
    if reply.verb in (CustomerVerb.YES, CustomerVerb.NO):
        answered = visit.closing_answer(named, theirs)
        if answered is not None:
            return answered
    if named is not None and named.open:
        return visit.add_to(named)
    theirs_open = [t for t in theirs if t.open]
    if theirs_open and named is None:
        return visit.add_to_one_of(theirs_open)
    if reply.verb == CustomerVerb.THANKS and theirs:
        return Handled(waiting.id, None, "thanks: nothing is open")
    if visit.needs_nothing():
        return visit.loose(TextId.NOTHING_OPEN_C, f"nothing is open: {reply.verb}")
    return visit.open(message.text)


def _tickets_of(desk: Desk, message: Message, contact: Contact | None) -> list[Ticket]:
    """Return the sender's own tickets, newest first."""
    own = {
        standing.id: standing
        for t in desk.tickets.values()
        if t.requester.address == message.sender or (contact and t.requester.contact == contact.key)
        for standing in [desk.standing(t)]
    }
    return sorted(own.values(), key=lambda t: (t.opened_at, t.number), reverse=True)


def _named(desk: Desk, message: Message, reply: CustomerReply, theirs: list[Ticket]) -> Ticket | None:
    """Return the ticket that the message names: by the reply address, or by a number of the sender's own."""
    token_number = replied_number(desk, message)
    if token_number is not None:
        return desk.by_number(token_number)
    wanted = [reply.number] if reply.number else numbers_in(message)
    return next((t for t in theirs if t.number in wanted), None)


class _Visit:
    """One customer message being handled."""

    def __init__(
        self,
        desk: Desk,
        people: Correspondents,
        *,
        waiting: Waiting,
        message: Message,
        contact: Contact | None,
        reply: CustomerReply,
    ) -> None:
        self.desk = desk
        self.people = people
        self.waiting = waiting
        self.message = message
        self.contact = contact
        self.reply = reply
        self.actor = f"contact:{contact.key}" if contact else f"address:{message.sender}"
        self.origin = origin_of(message)

    def loose(self, text_id: TextId, outcome: str) -> Handled:
        """Answer without a ticket."""
        if self.people.may_answer(self.desk, self.message.sender):
            language = self.contact.language if self.contact else "en"
            self.desk.say([self.desk.wording.loose(text_id, origin_of(self.message), language)])
        return Handled(self.waiting.id, None, outcome)

    def needs_nothing(self) -> bool:
        """Return whether the message only says that all is well, which opens no ticket."""
        if self.reply.verb not in _CONTENT and not nothing_needed(self.message.text):
            return False
        account = self.contact.account if self.contact else ""
        found = self.desk.house.rulebook.classify(self._facts(account, None, self.message.text))
        # Two readers, and the more anxious one is believed: a yes to a thief's door is no yes.
        return not found.life_safety and found.priority != PRIORITIES[0]

    def closing_answer(self, named: Ticket | None, theirs: list[Ticket]) -> Handled | None:
        """Carry out a yes or no to the closing question; None when no ticket of theirs asks one."""
        target = named or self._asked_last(theirs)
        if target is None or target.state not in (State.RESOLVED, State.CLOSED):
            return None
        if self.reply.verb == CustomerVerb.NO and not may_reopen(target, self.desk.now):
            return None  # too long ago: it is a new emergency, and must not end here
        theirs_to_close = self._is_requester(target) or self.reply.verb == CustomerVerb.NO
        if not theirs_to_close or not self._may_confirm(target):
            return self.add_to(target) if target.open else None
        text = self.message.text
        if self.reply.verb == CustomerVerb.YES:
            command: cmd.Command = cmd.Confirm(actor=self.actor, text=text, inbox_id=self.waiting.id)
        else:
            command = cmd.Decline(actor=self.actor, text=text, inbox_id=self.waiting.id)
        decision = self.desk.apply(command, target, self.origin)
        worse = self._worse(decision.ticket, None)
        if worse is not None:
            self.desk.apply(worse, decision.ticket, self.origin)
        return Handled(self.waiting.id, target.id, "" if decision.events else "nothing to answer")

    def _asked_last(self, theirs: list[Ticket]) -> Ticket | None:
        """Return the ticket that a bare yes or no is about: the one that was asked about last.

        Without an open question it is about the open ticket, if there is one; else about what ended lately.
        """
        asked = [t for t in theirs if t.state == State.RESOLVED]
        if not asked and not any(t.open for t in theirs):
            no = self.reply.verb == CustomerVerb.NO
            asked = [t for t in theirs if t.state == State.CLOSED and (no or not t.confirmed)]

        def last_word(ticket: Ticket) -> datetime:
            return ticket.ended_at or ticket.reminded_at or ticket.resolved_at or ticket.opened_at

        return max(asked, key=last_word, default=None)

    def _is_requester(self, ticket: Ticket) -> bool:
        """Return whether the writer is the ticket's own requester, not one of a merged duplicate.

        The requester's yes closes for all; a no of anybody concerned keeps it open.
        """
        address = self.message.sender
        merged = any(
            r.address == address or (self.contact and r.contact == self.contact.key) for r in ticket.also
        )
        own = ticket.requester
        return (
            not merged or own.address == address or (bool(own.contact) and self._contact_key == own.contact)
        )

    @property
    def _contact_key(self) -> str:
        return self.contact.key if self.contact else ""

    def _may_confirm(self, ticket: Ticket) -> bool:
        """Return whether this message may close or reopen: a mail must prove where it comes from.

        The sender of a mail is free text, so a yes counts when it goes to the reply address that only the
        requester was given, or when the sender's domain vouches for it. A call may reopen, never close.
        """
        if self.message.channel == Channel.VOICE:  # a caller's number is easily forged
            return self.reply.verb == CustomerVerb.NO
        if self.message.channel != Channel.EMAIL:
            return True
        number = replied_number(self.desk, self.message)
        standing = self.desk.by_number(number) if number is not None else None
        by_token = standing is not None and standing.id == ticket.id
        return by_token or self.message.authenticated

    def add_to_one_of(self, tickets: list[Ticket]) -> Handled:
        """Add the message to the one of the sender's open `tickets` that it is about.

        A report about another trade at the same place is a ticket of its own, linked as maybe the same: other
        people may have to come. Whatever reports nothing by itself (a chase, an answer, vague words) is about
        the newest.
        """
        last = tickets[0]
        if self.reply.verb != CustomerVerb.TEXT or self._names_a_ticket() or continues(self.message.text):
            return self.add_to(last)
        account = self.contact.account if self.contact else last.account
        site = self._named_site(account)
        place = site or self.desk.roster.directory.sites.get(last.site)
        rulebook = self.desk.house.rulebook
        found = rulebook.classify(self._facts(account, place, self.message.text))
        if found.kind != "new" or found.vague:
            return self.add_to(last)
        about, maybe = place_of_report(
            tickets,
            trade=found.trade,
            site=site.key if site else "",
            alike=rulebook.alike,
            now=self.desk.now,
        )
        if maybe is not None:
            return self.open_beside(maybe, site)
        return self.add_to(about or last)

    def _names_a_ticket(self) -> bool:
        """Return whether the message has the number of a ticket of the sender's, merged ones included."""
        numbers = {int(number) for number in _TICKET_NUMBER.findall(self.message.text)}
        return any(ticket.number in numbers for ticket in self.desk.tickets.values())

    def open_beside(self, ticket: Ticket, site: Site | None) -> Handled:
        """Open a ticket of its own at the place of another one; each tells of the other."""
        opened = self.open(
            self.message.text,
            site=site or self.desk.roster.directory.sites.get(ticket.site),
            maybe_same=ticket.number,
        )
        number = max(t.number for t in self.desk.tickets.values() if t.id == opened.ticket_id)
        link = cmd.LinkMaybeSame(actor=self.actor, number=number)
        self.desk.apply(link, self.desk.tickets[ticket.id], self.origin)
        return opened

    def add_to(self, ticket: Ticket) -> Handled:
        """Add the message to an open ticket; a named place that is another one opens a new ticket."""
        text = self.message.text
        account = self.contact.account if self.contact else ticket.account
        site = self._named_site(account)
        if site is not None and site.key != ticket.site:
            if ticket.site:
                return self.open(text)
            self._set_site(ticket, site)
            ticket = self.desk.tickets[ticket.id]
        worse = self._worse(ticket, site)
        command = cmd.CustomerSays(
            actor=self.actor,
            text=text or _pictures(self.message) or NOTHING_WRITTEN,
            address=self.message.sender,
            channel=self.message.channel,
            inbox_id=self.waiting.id,
            # Of danger they are paged and told at once, which says all.
            quiet=self.reply.verb in _CONTENT or bool(worse and worse.life_safety),
            chase=self.reply.verb == CustomerVerb.CHASE,
        )
        decision = self.desk.apply(command, ticket, answer_to(self.desk, self.people, self.message))
        if worse is not None:
            self.desk.apply(worse, decision.ticket, self.origin)
        return Handled(self.waiting.id, ticket.id, "")

    def _set_site(self, ticket: Ticket, site: Site) -> None:
        command = cmd.SetSite(actor=self.actor, account=site.account, site=site.key)
        self.desk.apply(command, ticket, self.origin)

    def _worse(self, ticket: Ticket, site: Site | None) -> cmd.WorseNews | None:
        """Return the worse news that the message brings, if it does."""
        if self.reply.verb in _CONTENT:
            return None
        place = site or self.desk.roster.directory.sites.get(ticket.site)
        facts = self._facts(ticket.account, place, self.message.text)
        return worse_news(self.desk, ticket, facts, self.actor)

    def open(self, text: str, *, site: Site | None = None, maybe_same: int = 0) -> Handled:
        """Open a ticket, at `site` if that is known already."""
        account = self.contact.account if self.contact else ""
        site = site or self._site(account)
        rulebook = self.desk.house.rulebook
        facts = self._facts(account, site, text)
        found = rulebook.classify(facts)
        route = rulebook.route(facts, found)
        command = cmd.Open(
            actor=self.actor,
            ticket_id=self.desk.house.ids.next(),
            number=self.desk.number(),
            contact_at=min(self.waiting.inbound.received_at, self.desk.now),
            requester=self._requester(),
            account=account,
            site=site.key if site else "",
            text=text.strip() or self.message.subject or _pictures(self.message) or NOTHING_WRITTEN,
            classification=found,
            route=route,
            revision=rulebook.hash,
            policy=self.desk.house.policy_hash(self.desk.connection, route.sla),
            inbox_id=self.waiting.id,
            ask_site=site is None,
            facts=facts,
            maybe_same=maybe_same,
        )
        decision = self.desk.apply(command, None, self.origin)
        return Handled(self.waiting.id, decision.ticket.id, "")

    def _requester(self) -> Requester:
        message, contact = self.message, self.contact
        return Requester(
            contact=contact.key if contact else "",
            name=contact.name if contact else message.sender_name,
            channel=message.channel,
            address=message.sender,
            our_address=message.recipient,
            language=contact.language if contact else "en",
            thread=message.message_id,
            subject=message.subject,
        )

    def _site(self, account: str) -> Site | None:
        """Return the site that the message is about: named in it, or the contact's only one."""
        named = self._named_site(account)
        if named is not None or self.contact is None:
            return named
        own = self.desk.roster.directory.sites_of(account, self.contact.sites)
        return own[0] if len(own) == 1 else None

    def _named_site(self, account: str) -> Site | None:
        """Return the site that the message names by its code."""
        directory = self.desk.roster.directory
        for code in site_mentions(f"{self.message.subject}\n{self.message.text}"):
            site = directory.site_by_code(account, code)
            if site is not None:
                return site
        return None

    def _facts(self, account: str, site: Site | None, text: str) -> Facts:
        directory = self.desk.roster.directory
        known = directory.accounts.get(account)
        zone = site.timezone if site else directory.company.timezone
        local: datetime = self.waiting.inbound.received_at.astimezone(ZoneInfo(zone))
        return Facts(
            text=text,
            subject=self.message.subject,
            channel=self.message.channel,
            contact_known=self.contact is not None,
            account=account,
            tier=known.tier if known else "",
            site=site.code if site else "",
            region=site.region if site else "",
            local_hour=local.hour,
            weekday=WEEKDAYS[local.weekday()],
            open_tickets=sum(1 for t in self.desk.tickets.values() if t.open and t.account == account),
            pictures=len(self.message.media),
        )


def _pictures(message: Message) -> str:
    count = len(message.media)
    return "" if count == 0 else "(1 picture)" if count == 1 else f"({count} pictures)"
