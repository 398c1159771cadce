"""From "tell Dana" to a row in the outbox: whom, where, in which language and zone, with which facts.

What must not live here: what a text says (rules/texts), when it is said (domain/decide.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.domain.call_texts import SpokenId
from app.domain.clocks import zone_of
from app.domain.directory import ContactMethod, Directory, MethodKind, Person, Site
from app.domain.drafting import Fact, Say
from app.domain.message import Channel
from app.domain.notifying import URGENT as MOST_URGENT
from app.domain.texts import FACTS, TextId
from app.domain.ticket import Ticket
from app.store.outbox import CUSTOMER, FIRST, NOTICE, PAGE, URGENT, USUAL, OutboxRow
from app.usecases.house import House

_REASONS = {
    "waiting_parts": "parts",
    "waiting_customer": "an answer from the customer",
    "no_access": "access",
    "other": "something else",
}

_To = tuple[Channel, str, str]
"""Channel, address and language of whoever is told."""

_NAMED = frozenset({"by", "to", "name", "missed"})
_WRITTEN = {MethodKind.SMS: Channel.SMS, MethodKind.EMAIL: Channel.EMAIL}
_PAGED = {**_WRITTEN, MethodKind.VOICE: Channel.VOICE}
_PHONE_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a command came from, so that its answer goes there. `thread` is the mail's Message-ID."""

    channel: Channel
    address: str
    thread: str = ""
    subject: str = ""


class Wording:
    """Writes outbox rows. `links` gathers the page links given out: token -> (ticket id, person)."""

    def __init__(self, house: House, directory: Directory, now: datetime) -> None:
        """Write for this directory at this instant."""
        self._house = house
        self._directory = directory
        self._now = now
        self.links: dict[str, tuple[int, str]] = {}

    def rows(self, say: Say, ticket: Ticket, origin: Origin | None) -> list[OutboxRow]:
        """Return the messages that `say` stands for; none when there is no way to say it."""
        if say.person:
            return self._to_staff(say, ticket, origin)
        ways = {r.address: written(r.channel, r.address) for r in ticket.readers}
        readers = {r.address: r for r in ticket.readers if ways[r.address] in _WRITTEN.values()}
        answered = []
        if say.answer and origin is not None:
            asker = readers.pop(origin.address, ticket.requester)
            answered = self._answer(say, ticket, origin, asker.language)
            if not say.also:
                return answered
        return answered + [
            self._row(say, ticket, (ways[r.address], r.address, r.language)) for r in readers.values()
        ]

    def loose(self, text_id: TextId, origin: Origin, language: str, **facts: str) -> OutboxRow:
        """Return an answer that belongs to no ticket."""
        company = self._directory.company
        known = {"company": company.short_name, "phone": company.phone, **facts}
        return self._write(text_id, language, known, origin.channel, origin.address, thread={}, origin=origin)

    def notice(self, person: Person, text_id: TextId, **facts: str) -> list[OutboxRow]:
        """Return a message to a colleague that belongs to no ticket, by the first way that can be written."""
        ways = [m for m in person.methods if m.kind in _WRITTEN][:1]
        return [
            self._write(
                text_id,
                person.language,
                facts,
                _WRITTEN[method.kind],
                method.address,
                thread={},
                rank=NOTICE,
                person=person.key,
            )
            for method in ways
        ]

    def spoken_page(self, ticket: Ticket, language: str) -> str:
        """Return what a call says of a ticket."""
        company = self._directory.company.short_name
        facts = {"company": company, "priority": ticket.priority, "quote": ticket.text}
        spoken = facts | self._spoken_facts(ticket)
        return self._house.rulebook.texts.render_spoken(SpokenId.CALL_PAGE, language, spoken)

    def _to_staff(self, say: Say, ticket: Ticket, origin: Origin | None) -> list[OutboxRow]:
        person = self._directory.people.get(say.person)
        language = person.language if person else "en"
        if say.answer:
            return self._answer(say, ticket, origin, language) if origin else []
        if person is None and "@" in say.person:  # somebody at the desk: their mail address is their key
            return [self._row(say, ticket, (Channel.EMAIL, say.person, language))]
        ways = _PAGED if say.page else _WRITTEN  # nobody is called for what they need not act upon
        methods = [m for m in (person.methods if person else ()) if m.kind in ways]
        chosen: Iterable[ContactMethod] = methods
        if not say.every_method and person:
            wanted = person.methods[say.method :]
            chosen = [m for m in wanted if m.kind in ways][:1]
        return [self._row(say, ticket, (ways[m.kind], m.address, language)) for m in chosen]

    def _answer(self, say: Say, ticket: Ticket, origin: Origin, language: str) -> list[OutboxRow]:
        if origin.channel not in (Channel.SMS, Channel.EMAIL):
            return []
        return [self._row(say, ticket, (origin.channel, origin.address, language), origin)]

    def _row(
        self,
        say: Say,
        ticket: Ticket,
        to: _To,
        origin: Origin | None = None,
    ) -> OutboxRow:
        channel, address, language = to
        facts = self._facts(say, ticket)
        if channel == Channel.VOICE:
            facts |= self._spoken_facts(ticket)
        thread = self._thread(ticket, address, origin) if channel == Channel.EMAIL else {}
        rank = PAGE if say.page else NOTICE if say.person else CUSTOMER
        return self._write(
            say.text,
            language,
            facts,
            channel,
            address,
            thread=thread,
            rank=rank,
            ticket=ticket,
            person=say.person,
            origin=origin,
        )

    def _write(
        self,
        text_id: TextId,
        language: str,
        facts: Mapping[str, str],
        channel: Channel,
        address: str,
        *,
        thread: dict[str, str],
        rank: int = CUSTOMER,
        ticket: Ticket | None = None,
        person: str = "",
        origin: Origin | None = None,
    ) -> OutboxRow:
        texts = self._house.rulebook.texts
        usable = {name: value for name, value in facts.items() if name in FACTS[text_id]}
        subject = ""
        if channel == Channel.VOICE:
            body = texts.render_spoken(SpokenId.CALL_PAGE, language, facts)
        elif channel == Channel.EMAIL:
            mail = texts.render_mail(text_id, language, usable)
            subject, body = (
                self._subject(mail.subject, ticket, address if not person else "", origin),
                mail.text,
            )
        else:
            body = texts.render_sms(text_id, language, usable)
        return OutboxRow(
            id=self._house.ids.next(),
            ticket_id=ticket.id if ticket else None,
            rank=rank,
            text_id=text_id,
            channel=channel,
            address=address,
            person=person,
            subject=subject,
            body=body,
            thread=thread,
            created_at=self._now,
            not_before=self._now,
            account=ticket.account if ticket else "",
            urgency=_urgency(rank, text_id, ticket),
        )

    def _subject(self, ours: str, ticket: Ticket | None, customer: str, origin: Origin | None) -> str:
        """Return a subject that keeps the customer's own thread together in their mail program."""
        if ticket and customer:
            readers = {reader.address: reader for reader in ticket.readers[::-1]}
            theirs = readers.get(customer, ticket.requester).subject
        else:
            theirs = origin.subject if origin else ""
        if not theirs:
            return ours
        mark = f"[{ticket.number}]" if ticket else ""
        bare = theirs if theirs.lower().startswith("re:") else f"Re: {theirs}"
        return bare if not mark or mark in bare else f"{bare} {mark}"

    def _thread(self, ticket: Ticket, address: str, origin: Origin | None) -> dict[str, str]:
        domain = self._house.identity.mail_domain
        root = f"<ticket-{ticket.number}@{domain}>"
        own = next((r.thread for r in ticket.readers if r.address == address), "")
        before = dict.fromkeys(filter(None, (root, own, origin.thread if origin else "")))
        return {
            "reply_to": f"ticket+{self._house.reply_token(ticket.number, address)}@{domain}",
            "references": " ".join(before),
        }

    def _facts(self, say: Say, ticket: Ticket) -> dict[str, str]:
        directory = self._directory
        account = directory.accounts.get(ticket.account)
        site = directory.sites.get(ticket.site)
        person = directory.people.get(say.person)
        zone = zone_of(ticket, directory)
        reader = person.timezone if person else zone
        facts = {
            "number": str(ticket.number),
            "priority": ticket.priority,
            "trade": trade_name(ticket.trade),
            "site": site_name(account.name if account else "", site),
            "quote": ticket.text,
            "sender": ticket.requester.name or ticket.requester.address,
            "company": directory.company.short_name,
            "phone": directory.company.phone,
        }
        if say.person:
            token = self._house.link_token(ticket.id, say.person)
            self.links[token] = (ticket.id, say.person)
            facts["link"] = f"{self._house.identity.public_url}/t/{token}"
        same = next((number for number in ticket.related if number < ticket.number), None)
        if same is not None:
            facts["same"] = str(same)
        if ticket.assignee:
            facts["name"] = self._fact("name", ticket.assignee, zone, reader, customer=not say.person)
        for name, value in say.facts.items():
            facts[name] = self._fact(name, value, zone, reader, customer=not say.person)
        return facts

    def _spoken_facts(self, ticket: Ticket) -> dict[str, str]:
        account = self._directory.accounts.get(ticket.account)
        site = self._directory.sites.get(ticket.site)
        place = {"code": site.code, "city": site.city} if site else {}
        trade = trade_name(ticket.trade).replace("/", ", ")
        return {"account": account.name if account else "", "trade": trade, **place}

    def _fact(self, name: str, value: Fact, zone: str, reader: str, *, customer: bool) -> str:
        if isinstance(value, datetime):
            return clock_text(value, self._now, zone, reader)
        if name in _NAMED and value:
            person = self._directory.people.get(value)
            if person is None:  # somebody at the desk who is not in the directory
                return self._directory.company.name if customer else value.partition("@")[0]
            return person.name if customer else short_name(person.name)
        if name == "reason":
            return _REASONS.get(value, value.replace("_", " "))
        return value


def _urgency(rank: int, text_id: TextId, ticket: Ticket | None) -> int:
    """Return how urgent a message is among those of its rank."""
    if rank != PAGE or ticket is None or not (ticket.life_safety or ticket.priority == MOST_URGENT):
        return USUAL
    return FIRST if text_id in (TextId.PAGE, TextId.PAGE_UNKNOWN) else URGENT


def written(channel: Channel, address: str) -> Channel:
    """Return how somebody is told something who used `channel`: a caller by text, if we have a number."""
    if channel != Channel.VOICE:
        return channel
    return Channel.SMS if _PHONE_NUMBER.fullmatch(address) else Channel.WEB


def site_name(account: str, site: Site | None) -> str:
    """Return where it is, as people say it: `QuickBite #412 Boston`; the account alone without a site."""
    return f"{account} #{site.code} {site.city}".strip() if site else account


def trade_name(trade: str) -> str:
    """Return a trade as people read it: `doors_locks_glass` -> `Doors/locks/glass`, `hvac` -> `HVAC`."""
    if trade == "hvac":
        return "HVAC"
    return trade.replace("_", "/").capitalize()


def short_name(name: str) -> str:
    """Return a colleague's name as colleagues say it: first name and initial."""
    first, *rest = name.split()
    return f"{first} {rest[-1][0]}." if rest else first


def clock_text(instant: datetime, now: datetime, zone: str, reader: str = "") -> str:
    """Return an instant as a short local time in `zone`: `2:21a`, `Tue 2:21a`, `Nov 30 2:21a`.

    The zone's name follows when the reader's own zone shows another time.
    """
    local = instant.astimezone(ZoneInfo(zone))
    today = now.astimezone(ZoneInfo(zone)).date()
    hour = local.hour % 12 or 12
    text = f"{hour}:{local.minute:02d}{'a' if local.hour < 12 else 'p'}"  # noqa: PLR2004 - noon
    days = (local.date() - today).days
    if 0 < abs(days) < 7:  # noqa: PLR2004 - within a week the weekday says it
        text = f"{local:%a} {text}"
    elif days:
        text = f"{local:%b} {local.day} {text}"
    if reader and instant.astimezone(ZoneInfo(reader)).utcoffset() != local.utcoffset():
        text = f"{text} {zone_name(local)}"
    return text


def zone_name(local: datetime) -> str:
    """Return the zone as people say it: `ET` for EST and EDT, else the zone's own abbreviation."""
    name = local.tzname() or ""
    if len(name) == 3 and name[1] in "SD" and name[2] == "T":  # noqa: PLR2004 - EST, EDT
        return name[0] + "T"
    return name
