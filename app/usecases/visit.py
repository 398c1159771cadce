"""A colleague's reply: which tickets it is about, and which command it is for each (WORDS, reply grammar).

What must not live here: how words are read (domain/replies.py), what a command does (domain/decide.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.domain import commands as cmd
from app.domain.commands import Command
from app.domain.directory import Person
from app.domain.events import Requester
from app.domain.message import Message
from app.domain.replies import CustomerVerb, StaffReply, Verb, eta_instant, parse_customer
from app.domain.roster import Scope
from app.domain.texts import TextId
from app.domain.ticket import State, Ticket
from app.store import incidents as incident_store
from app.store import tickets as ticket_store
from app.store.inbox import Handled, Waiting
from app.store.said import LastPage
from app.usecases import bundling, customers
from app.usecases.correspondents import Correspondents, origin_of
from app.usecases.desk import Desk
from app.usecases.merging import merge
from app.usecases.typed import open_typed, read_text
from app.usecases.wording import site_name

# Two different pages within this time before a bare "1": we cannot know which one was meant.
_TOO_CLOSE = timedelta(seconds=10)
_LISTED = 8
_FEW = 2
_MOST = 1000
# Work on what one holds; the others are answers to a page.
_OF_HOLDER = frozenset(
    {Verb.ETA, Verb.ONSITE, Verb.DONE, Verb.HOLD, Verb.RELEASE, Verb.ESC, Verb.UPDATE, Verb.CANCEL},
)
# Words to keep, not an answer that changes something.
_WORDS = frozenset({Verb.NOTE, Verb.UNKNOWN})
# So long after their DONE, words of a colleague tell of what they have just finished.
_AFTER_DONE = timedelta(minutes=15)


class Visit:
    """One colleague's message being handled."""

    def __init__(
        self,
        desk: Desk,
        people: Correspondents,
        *,
        waiting: Waiting,
        message: Message,
        person: Person,
        reply: StaffReply,
    ) -> None:
        self.desk = desk
        self.people = people
        self.waiting = waiting
        self.message = message
        self.person = person
        self.reply = reply

    def answers_for_customer(self) -> bool:
        """Return whether this is the yes or no to the closing question of a ticket that they reported.

        A digit answers a page, and so does a word while they are asked to take something.
        """
        address = self.message.sender
        theirs = [
            t
            for t in self.desk.tickets.values()
            if t.state == State.RESOLVED and address in {reader.address for reader in t.readers}
        ]
        if not theirs or self.message.text.strip()[:1].isdigit() or self._asked():
            return False
        answer = parse_customer(self.message.text, asked=True).verb
        return self.reply.verb in (Verb.ACK, Verb.PASS) and answer in (CustomerVerb.YES, CustomerVerb.NO)

    def targets(self, token_number: int | None) -> list[Ticket] | TextId:
        """Return the tickets that the reply is about, or the text that asks which or says that none is."""
        if self.reply.numbers:
            named = [t for n in self.reply.numbers if (t := self.desk.by_number(n)) is not None]
            # In words that are no answer a number may be anything: "the unit is a 2019 model".
            if named or self.reply.verb not in _WORDS:
                return list({t.id: t for t in named}.values()) or TextId.NO_SUCH_TICKET
        if token_number is not None and (ticket := self.desk.by_number(token_number)) is not None:
            return [ticket]
        if self.reply.everything or self._answers_all():
            return self._asked_of_all() or TextId.NOTHING_OPEN
        if self.reply.verb in _OF_HOLDER:
            held = self._held()
            if len(held) > 1:
                return TextId.WHICH
            if held:
                return held
        return self._paged()

    def _held(self) -> list[Ticket]:
        mine = [t for t in self.desk.tickets.values() if t.open and t.assignee == self.person.key]
        working = [t for t in mine if t.state != "resolved"]
        return sorted(working or mine, key=lambda t: t.number)

    def _asked(self) -> list[Ticket]:
        asked = [t for t in self.desk.tickets.values() if self.person.key in t.escalation.asked]
        return sorted(asked, key=lambda t: t.number)

    def _answers_all(self) -> bool:
        """Return whether a bare yes answers a page that told of several tickets."""
        if self.reply.verb != Verb.ACK:
            return False
        address, sent = self.message.sender, self.waiting.inbound.received_at
        several = len({page.ticket_id for page in self.people.pages_to(self.desk, address)}) > 1
        return several and bundling.answers_all(self.desk.connection, address, sent)

    def _asked_of_all(self) -> list[Ticket]:
        """Return all open tickets that ask this colleague, also those of which no page is remembered."""
        ids = incident_store.asked(self.desk.connection, self.person.key, _MOST)
        self.desk.know(ticket_store.by_ids(self.desk.connection, ids))
        return self._asked()

    def took(self, tickets: Sequence[Ticket]) -> None:
        """Say in one answer that they have all of these."""
        items = bundling.lines(tickets[:_FEW], len(tickets), self.desk.roster.directory)
        self._say(TextId.ACKED_MANY, count=str(len(tickets)), items=items)

    def _paged(self) -> list[Ticket] | TextId:
        sent = self.waiting.inbound.received_at
        # What was paged after the reply was written cannot be what it answers.
        to_sender = self.people.pages_to(self.desk, self.message.sender)
        pages = [p for p in to_sender if p.created_at <= sent]
        if self.reply.verb in _WORDS and (finished := self._finished(pages, sent)):
            return [finished]
        if not pages:
            unseen = {p.ticket_id for p in to_sender}
            # Perhaps they were paged on another of their addresses.
            mine = [t for t in self._asked() if t.id not in unseen] or self._held()
            if len(mine) > 1 and self.reply.verb not in _WORDS:
                return TextId.WHICH
            return mine[-1:] or TextId.NOTHING_OPEN
        close = {p.ticket_id for p in pages if sent - p.created_at <= _TOO_CLOSE}
        unclear = [i for i in close if i in self.desk.tickets and self.desk.tickets[i].escalating]
        if len(unclear) > 1 and self.reply.verb not in _WORDS:
            return TextId.WHICH
        ticket = self.desk.tickets.get(pages[0].ticket_id)
        return [self.desk.standing(ticket)] if ticket else TextId.NOTHING_OPEN

    def _finished(self, pages: Sequence[LastPage], sent: datetime) -> Ticket | None:
        """Return the ticket that they reported as done last, if words sent now most likely tell of it.

        Who was paged since answers that page. But who wrote a bare DONE was asked what was done, and answers
        that.
        """
        mine = [t for t in self.desk.tickets.values() if t.assignee == self.person.key]
        done = {
            (t.resolved_at, t.number): t
            for t in mine
            if t.state in (State.RESOLVED, State.CLOSED)
            and t.resolved_at is not None
            and sent - t.resolved_at <= _AFTER_DONE
        }
        if not done:
            return None
        (at, _), last = max(done.items())
        paged_since = bool(pages) and pages[0].created_at > at
        return None if paged_since and last.resolution else last

    def open_typed(self) -> Handled | None:
        """Open a ticket for a customer who called this colleague; None when the words name no site."""
        sent = self.waiting.inbound.received_at
        typed = read_text(self.desk, self.person, self.reply.text, sent, self.waiting.id)
        if typed is None or not typed.text:
            return None
        message, key = self.message, self.person.key
        requester = Requester(
            contact="",
            name=self.person.name,
            channel=message.channel,
            address=message.sender,
            our_address=message.recipient,
            language=self.person.language,
            thread=message.message_id,
            subject=message.subject,
        )
        decision = open_typed(
            self.desk,
            typed,
            actor=f"person:{key}",
            person=key,
            requester=requester,
            origin=origin_of(message),
        )
        return Handled(self.waiting.id, decision.ticket.id, "")

    def merge(self) -> Handled:
        """Fold the first ticket that the reply names into the second."""
        first, second, *more = self.reply.numbers
        if more:
            return self._not_merged("name just two tickets")
        duplicate, target = self.desk.by_number(first), self.desk.by_number(second)
        if duplicate is None or target is None:
            number = self.reply.numbers[0 if duplicate is None else 1]
            self._say(TextId.NO_SUCH_TICKET, number=str(number))
            return Handled(self.waiting.id, None, "answered: no such ticket")
        key = self.person.key
        origin = origin_of(self.message)
        why = merge(self.desk, duplicate, target, person=key, actor=f"person:{key}", origin=origin)
        return self._not_merged(why) if why else Handled(self.waiting.id, target.id, "")

    def _not_merged(self, why: str) -> Handled:
        first, second, *_ = map(str, self.reply.numbers)
        self._say(TextId.NOT_MERGED, number=first, into=second, reason=why)
        return Handled(self.waiting.id, None, f"not merged: {why}")

    def command(self, ticket: Ticket) -> Command:  # noqa: C901, PLR0912 - one line for each verb
        """Return the command that the reply is for a ticket."""
        reply = self.reply
        who = {"actor": f"person:{self.person.key}", "person": self.person.key}
        match reply.verb:
            case Verb.ACK:
                return cmd.Acknowledge(**who)
            case Verb.PASS:
                return cmd.Pass(**who, text=reply.text, to=self._colleague(reply.text))
            case Verb.TAKE:
                return cmd.Take(**who)
            case Verb.ETA if reply.eta is not None:
                zone = ZoneInfo(self.desk.zone(ticket.site))
                sent = min(self.waiting.inbound.received_at, self.desk.now)
                return cmd.GiveEta(**who, eta=eta_instant(reply.eta, sent, zone))
            case Verb.ONSITE:
                return cmd.Arrive(**who)
            case Verb.HOLD:
                duration = reply.hold.duration if reply.hold else None
                reason = reply.hold.reason if reply.hold else ""
                return cmd.Hold(**who, reason=reason or "other", text=reply.text, duration=duration)
            case Verb.RELEASE:
                return cmd.Release(**who)
            case Verb.DONE:
                return cmd.Resolve(**who, text=reply.text)
            case Verb.REOPEN:
                return cmd.Reopen(**who, text=reply.text)
            case Verb.ESC:
                return cmd.Escalate(**who, text=reply.text)
            case Verb.UPDATE if reply.text:
                return cmd.Update(**who, text=reply.text)
            case Verb.CANCEL:
                return cmd.Cancel(**who, text=reply.text)
            case Verb.NOTE:
                return cmd.Note(
                    actor=who["actor"],
                    person=who["person"],
                    text=reply.text,
                    inbox_id=self.waiting.id,
                )
            case _:
                return cmd.Note(
                    actor=who["actor"],
                    person=who["person"],
                    text=self.message.text,
                    understood=False,
                    inbox_id=self.waiting.id,
                )

    def _colleague(self, text: str) -> str:
        """Return the key of the colleague whom `text` names and does nothing else, or nothing.

        "PASS dana" hands over; in "PASS will be late" Will is a word.
        """
        words = text.removeprefix("to ").removeprefix("a ") if text else ""
        named = self.desk.roster.directory.person_named(words)
        return named.key if named and named.key != self.person.key else ""

    def inform(self) -> Handled:
        """Answer LIST, WHO or HELP."""
        held = self._held()
        if self.reply.verb == Verb.LIST and held:
            self._say(TextId.LIST, count=str(len(held)), items=self._lines(held))
        elif self.reply.verb == Verb.LIST:
            self._say(TextId.NOTHING_OPEN)
        elif self.reply.verb == Verb.WHO:
            self._say(TextId.WHO, items=self._who())
        else:
            self._say(TextId.HELP)
        return Handled(self.waiting.id, None, f"answered: {self.reply.verb}")

    def _who(self) -> str:
        keys = self.desk.roster.who(["duty_manager"], Scope(), self.desk.now)
        names = [self.desk.roster.directory.people[key].name for key in keys]
        return "\n".join(f"Duty manager {name}" for name in names)

    def cannot(self, text_id: TextId, ticket: Ticket | None = None) -> Handled:
        """Say what is missing: which ticket is meant, or when somebody comes. Nothing is changed."""
        if text_id == TextId.WHICH:
            held = self._held()
            choices = held if self.reply.verb in _OF_HOLDER and held else self._asked() or held
            one = str(choices[0].number) if choices else ""
            self._say(text_id, choices=self._lines(choices), example=self.reply.verb.upper(), number=one)
        elif text_id == TextId.NO_SUCH_TICKET:
            self._say(text_id, number=str(self.reply.numbers[0]))
        elif self.reply.verb == Verb.UNKNOWN:
            # A colleague with nothing open who writes words: an emergency that they pass on.
            return customers.handle(self.desk, self.people, self.waiting, self.message)
        elif ticket is not None:
            self._say(text_id, number=str(ticket.number))
        else:
            self._say(text_id)
        return Handled(self.waiting.id, ticket.id if ticket else None, f"answered: {text_id}")

    def _lines(self, tickets: Sequence[Ticket]) -> str:
        directory = self.desk.roster.directory
        lines = []
        for ticket in tickets[:_LISTED]:
            account = directory.accounts.get(ticket.account)
            place = site_name(account.name if account else "", directory.sites.get(ticket.site))
            lines.append(" ".join(filter(None, (str(ticket.number), ticket.priority, place))))
        return "\n".join(lines)

    def _say(self, text_id: TextId, **facts: str) -> None:
        if self.people.may_answer(self.desk, self.message.sender):
            facts.setdefault("link", self.desk.house.identity.public_url)
            origin = origin_of(self.message)
            self.desk.say([self.desk.wording.loose(text_id, origin, self.person.language, **facts)])
