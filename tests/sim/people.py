"""Customers and staff of a simulated world: what they write, when, and how they answer what reaches them.

They know only what arrives on their phones and in their mailboxes. What must not live here: how it is carried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from app.domain.directory import Contact, Directory, MethodKind, Person, Site
from app.domain.message import Channel, Inbound, InboundKind
from tests.sim.agenda import Agenda
from tests.sim.carrier import LATER, NUMBER

DOMAIN = "help.tidewell.example"
HELP = f"help@{DOMAIN}"
TROUBLES = (
    "water coming through the ceiling in the stock room",
    "toilet overflowing in the men's room",
    "walk-in freezer is at 20 degrees and rising",
    "AC is out, 84 degrees on the floor",
    "front door won't lock",
    "half the lights are out",
    "elevator stuck with somebody in it",
    "I smell gas by the ovens",
    "mice in the break room",
    "drain backs up in the kitchen",
    "sparks from an outlet behind register 3",
    "roof leak over aisle 4",
    "ice on the ramp, somebody slipped",
    "sign out front is dark",
    "please come and fix the thing in the back",
    "huele a gas en la cocina",
    "grease trap smells",
    "no hot water",
    "",
)
YES = ("YES", "yes", "Yes all good", "si", "y", "Yes thanks", "it is fixed, thank you")
NO = ("NO", "no", "no still leaking", "No it came back", "not fixed")
NONSENSE = ("what", "?", "who is this", "maybe", "call me", "the guy left", "1042?", "👍", "ok ok", "STATUS")
CHATTER = (
    "thanks",
    "ok",
    "how long?",
    "any update?",
    "it is getting worse",
    "water is everywhere now",
    "never mind",
)
WRONG = (
    "k",
    "lol",
    "who dis",
    "later",
    "in a meeting",
    "??",
    "ACK 9999",
    "DONE",
    "ok",
    "LIST",
    "WHO",
    "HELP",
)
PAGES = frozenset({"handoff_page", "holder_page"})
_ASKS = frozenset({"closing_question_c", "closing_reminder_c"})
_SITE_ASKED = frozenset({"need_site_c", "receipt_unknown_site_c", "receipt_unknown_sender_c"})


@dataclass
class Message:
    """What reached a phone or mailbox."""

    outbox_id: int
    channel: str
    address: str
    text_id: str
    number: int | None
    reply_to: str
    rank: int


@dataclass
class People:
    """Everybody who may write. `post` hands a message to the provider, who hands it to a node."""

    agenda: Agenda
    chance: Random
    post: Callable[[list[Inbound]], None]
    told: Callable[[str], None]
    directory: Directory
    contacts: list[Contact]
    willing: bool = False  # in the end all do what they are asked
    diligence: float = 0.0  # how likely somebody on the staff does at once what there is to do
    asleep: Callable[[Person], bool] = lambda _person: False  # who hears no page
    jobs: set[tuple[str, int]] = field(default_factory=set)
    said_yes: set[str] = field(default_factory=set)  # addresses
    _keys: int = 0

    # Customers.

    def emergency(self, contacts: Sequence[Contact] = (), troubles: Sequence[str] = TROUBLES) -> None:
        """Somebody (of these) has one (of these): a known contact, now and then a stranger."""
        roll = self.chance.random()
        contact = self.chance.choice(contacts or self.contacts)
        site = self._site_of(contact)
        words = self.chance.choice(troubles)
        if site is not None and self.chance.random() < 0.6:
            words = f"{words}, store {site.code}"
        if roll < 0.04:
            self.text(f"+1415555{self.chance.randrange(100, 200):04d}", words)
        elif roll < 0.3 and contact.emails:
            self.mail(contact.emails[0], words, subject=words[:30])
        elif roll < 0.34 and contact.phones:
            self.speak(contact.phones[0], words)
        elif contact.phones:
            self.text(contact.phones[0], words)
        if self.chance.random() < 0.12 and contact.phones:  # a second text follows at once
            self.later(0, 2, lambda: self.text(contact.phones[0], self.chance.choice((*CHATTER, *TROUBLES))))

    def _site_of(self, contact: Contact) -> Site | None:
        sites = self.directory.sites_of(contact.account, contact.sites)
        return self.chance.choice(sites) if sites else None

    def customer_got(self, message: Message) -> None:
        """A customer reads what arrived, and perhaps answers."""
        roll = self.chance.random()
        if message.text_id in _ASKS:
            late = 60 if self.willing else self.chance.choice((5, 60, 600, 3000))
            if self.willing or roll < 0.5:
                self._answer(message, self.chance.choice(YES[:3]), late)
            elif roll < 0.65:
                self._answer(message, self.chance.choice(NO), late)
            elif roll < 0.75:
                self._answer(message, self.chance.choice(NONSENSE), late)
        elif self.willing:
            return
        elif message.text_id in _SITE_ASKED and roll < 0.7:
            known = [c for c in self.contacts if message.address in (*c.phones, *c.emails)]
            site = (
                self._site_of(known[0]) if known else self.chance.choice(list(self.directory.sites.values()))
            )
            if site is not None:
                self._answer(
                    message, self.chance.choice((site.code, f"store {site.code}", "the big one")), 10
                )
        elif message.text_id.startswith("closed") and roll < 0.12:
            self._answer(message, self.chance.choice((*NO, *YES, "thanks")), 2000)
        elif roll < 0.1:
            self._answer(message, self.chance.choice((*CHATTER, *NONSENSE)), 90)

    def _answer(self, message: Message, words: str, minutes: float) -> None:
        def write() -> None:
            if message.channel == "email":
                to = message.reply_to if self.chance.random() < 0.9 else HELP
                self.mail(message.address, words, subject="Re: your ticket", to=to)
            else:
                self.text(message.address, words)

        self.later(0.2, minutes, write)

    # Staff.

    def colleague_got(self, message: Message, person: Person) -> None:
        """A colleague reads what arrived: pages are answered somehow, or not."""
        if message.rank == 0:
            self._paged(message, person)
        elif message.text_id in ("acked", "details", "joined") and message.number is not None:
            self.job(person, message.number)
        elif message.text_id == "done_needs_text" and self.chance.random() < 0.8:
            self.later(0.5, 20, lambda: self.say(person, "replaced the part"))
        elif message.text_id in ("which", "not_understood") and message.number is None and not self.willing:
            self.later(0.5, 5, lambda: self.say(person, "1"))
        elif message.text_id == "swap_offer":
            words = self.chance.choice(("swap ok", "swap no", "swap ok", "ok"))
            self.later(1, 300, lambda: self.say(person, words))
        elif message.text_id in ("customer_says", "breach", "warning") and self.chance.random() < 0.2:
            self._number(message, person, self.chance.choice(("UPDATE {} on it", "ETA {} 30", "ESC {}")), 10)

    def _paged(self, message: Message, person: Person) -> None:
        if message.number is None or (not self.willing and self.asleep(person)):
            return
        roll = self.chance.random()
        if self.willing or roll < 0.5 or self._is_diligent():
            self._number(message, person, "1" if roll < 0.25 else "ACK {}", 3)
        elif roll < 0.62:
            self._number(message, person, "1 {}", self.chance.choice((15, 40, 90)))
        elif roll < 0.7:
            to = self.chance.choice(list(self.directory.people.values())).first_name
            words = self.chance.choice(("2", "PASS {}", f"PASS {{}} {to}", "2", "PASS"))
            self._number(message, person, words, 6)
        elif roll < 0.8:
            self._number(message, person, self.chance.choice(WRONG), 8)
        elif roll < 0.82 and message.channel == "sms":
            self.later(0.5, 5, lambda: self.text(message.address, "STOP"))
            self.later(60, 600, lambda: self.text(message.address, "START"))
        elif roll < 0.86:
            self._number(message, person, "ETA {} 45", 6)

    def _is_diligent(self) -> bool:
        return self.diligence > 0 and self.chance.random() < self.diligence

    def _number(self, message: Message, person: Person, words: str, minutes: float) -> None:
        said = words.format(message.number)
        self.later(0.2, minutes, lambda: self.say(person, said, by_mail=message.channel == "email"))

    def job(self, person: Person, number: int) -> None:
        """Do the work of a ticket, with or without saying so."""
        if (person.key, number) in self.jobs:
            return
        self.jobs.add((person.key, number))
        diligent = self._is_diligent()
        steps: list[str] = []
        for share, words in (
            (0.75, "ETA {} 45"),
            (0.15, "UPDATE {} on our way"),
            (0.7, "ON SITE {}"),
            (0.2, "HOLD {} parts 2h"),
            (0.1, "HOLD {} waiting for the customer"),
            (0.1, "RELEASE {}"),
            (0.06, "PASS {}"),
            (0.05, "ESC {}"),
            (0.03, "CANCEL {} wrong number"),
            (0.08, "NOTE {} the valve is old"),
        ):
            if not self.willing and not diligent and self.chance.random() < share:
                steps.append(words)
        if diligent:
            steps = ["ETA {} 45", "ON SITE {}"]
        end = ("DONE {} replaced the valve", "DONE {}", "{} done, tightened the joint")
        steps.append("DONE {} replaced the valve" if self.willing else self.chance.choice(end))
        at = 0.0
        for words in steps:
            at += self.chance.uniform(1, self.chance.choice((20, 60, 60 if diligent else 400)))
            said = words.format(number)
            self.later(at, at, lambda said=said: self.say(person, said))
        self.later(at + 1, at + 2, lambda: self.jobs.discard((person.key, number)))

    def say(self, person: Person, words: str, *, by_mail: bool = False) -> None:
        """A colleague writes, from one of their addresses."""
        kind = MethodKind.EMAIL if by_mail else MethodKind.SMS
        addresses = [m.address for m in person.methods if m.kind == kind]
        if by_mail and addresses:
            self.mail(addresses[0], words, subject="Re: page")
        elif addresses:
            self.text(addresses[0], words)

    # Out to the provider.

    def later(self, least: float, most: float, do: Callable[[], Any]) -> None:
        """Do something between so many and so many minutes from now."""
        self.agenda.after(timedelta(minutes=self.chance.uniform(least, max(least, most))), do)

    def text(self, phone: str, words: str) -> None:
        self.told(f"{phone} texts {words!r}")
        self._said_yes(phone, words)
        sid = self._key("SM")
        payload: dict[str, object] = {"MessageSid": sid, "From": phone, "Body": words}
        self.post([self._inbound("twilio", Channel.SMS, sid, phone, NUMBER, payload=payload)])

    def speak(self, phone: str, words: str) -> None:
        self.told(f"{phone} calls and says {words!r}")
        sid = self._key("CA")
        payload: dict[str, object] = {"CallSid": sid, "From": phone, "SpeechResult": words}
        self.post([self._inbound("twilio", Channel.VOICE, sid, phone, NUMBER, payload=payload)])

    def mail(self, sender: str, words: str, *, subject: str, to: str = HELP) -> None:
        self.told(f"{sender} mails {words!r} to {to}")
        self._said_yes(sender, words)
        message_id = f"<{self._key('m')}@{sender.partition('@')[2]}>"
        recipient = to or HELP
        payload: dict[str, object] = {
            "from": sender,
            "to": recipient,
            "subject": subject,
            "text": words,
            "headers": f"Message-ID: {message_id}\nFrom: {sender}\nSubject: {subject}\n",
            "envelope": f'{{"from": "{sender}", "to": ["{recipient}"]}}',
            "SPF": self.chance.choice(("pass", "pass", "none")),
        }
        self.post([self._inbound("sendgrid", Channel.EMAIL, message_id, sender, recipient, payload=payload)])

    def _said_yes(self, address: str, words: str) -> None:
        if words in YES:
            self.said_yes.add(address)

    def _key(self, kind: str) -> str:
        self._keys += 1
        return f"{kind}{self._keys:032x}"

    def _inbound(
        self,
        provider: str,
        channel: Channel,
        key: str,
        sender: str,
        recipient: str,
        *,
        payload: dict[str, object],
    ) -> Inbound:
        return Inbound(
            provider=provider,
            kind=InboundKind.MESSAGE,
            channel=channel,
            key=key,
            sender=sender,
            recipient=recipient,
            received_at=LATER,
            payload=payload,
            raw=b"",
        )
