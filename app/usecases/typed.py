"""A ticket that a colleague types in for a customer who called, at a page or by text.

What must not live here: what a page or a text looks like, what follows from opening (domain/decide.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.domain import commands as cmd
from app.domain.classification import WEEKDAYS, Facts, TraceStep
from app.domain.decide import Decision
from app.domain.directory import Contact, Directory, MethodKind, Person, Site
from app.domain.errors import CloseloopError
from app.domain.events import Requester
from app.domain.message import Channel
from app.domain.replies import WallClock, eta_instant
from app.domain.replies_eta import find_eta
from app.domain.spelling import fold
from app.usecases.desk import Desk
from app.usecases.wording import Origin

OLDEST = timedelta(days=7)
# Whoever types needs a moment; a contact this recent is told as now and needs no reason.
_NOW = timedelta(minutes=1)
_HEAD = re.compile(
    r"#?(?P<code>[\w-]{1,12})\b(?:\s+at\s+(?P<at>\d{1,2}[:.]\d{2}\s*(?:[ap]\.?m?\b\.?)?))?[\s:,-]*",
    re.IGNORECASE,
)
_MINE = re.compile(r"(?:^|(?<=\s))MINE\b[\s.!]*")


class TypedError(CloseloopError):
    """The ticket was not opened; the text says why, for whoever typed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What a colleague typed. `contact_at` is when the customer called, UTC; `reason` why it comes later.

    An empty `priority` or `trade` is left to the rules. `mine`: whoever typed it takes it at once.
    """

    text: str
    account: str
    site: str
    contact_at: datetime
    reason: str = ""
    priority: str = ""
    trade: str = ""
    mine: bool = False
    inbox_id: int | None = None


def open_typed(
    desk: Desk,
    typed: Typed,
    *,
    actor: str,
    person: str,
    requester: Requester,
    origin: Origin | None = None,
) -> Decision:
    """Open the ticket. Raises TypedError: no words, a contact in the future, too old or without reason."""
    backdated = desk.now - typed.contact_at > _NOW
    if not typed.text.strip():
        raise TypedError("Nothing saved: say what happened.")
    if typed.contact_at > desk.now + _NOW:
        raise TypedError("Nothing saved: the customer cannot have called in the future.")
    if desk.now - typed.contact_at > OLDEST:
        raise TypedError("Nothing saved: a call of more than 7 days ago is not typed in.")
    if backdated and not typed.reason.strip():
        raise TypedError("Nothing saved: give the reason why an earlier call is typed in only now.")
    rulebook = desk.house.rulebook
    facts = _facts(desk, typed, requester)
    found = rulebook.classify(facts)
    by_hand = [
        TraceStep(stage=stage, rule=f"{value}, chosen by hand", matched=True)
        for stage, value in (("trade", typed.trade), ("priority", typed.priority))
        if value
    ]
    found = replace(
        found,
        priority=typed.priority or found.priority,
        trade=typed.trade or found.trade,
        trace=(*found.trace, *by_hand),
    )
    route = rulebook.route(facts, found)
    command = cmd.Open(
        actor=actor,
        ticket_id=desk.house.ids.next(),
        number=desk.number(),
        contact_at=typed.contact_at if backdated else desk.now,
        requester=requester,
        account=typed.account,
        site=typed.site,
        text=typed.text.strip(),
        classification=found,
        route=route,
        revision=rulebook.hash,
        policy=desk.house.policy_hash(desk.connection, route.sla),
        inbox_id=typed.inbox_id,
        ask_site=False,
        backdated_reason=typed.reason.strip() if backdated else "",
        taken_by=person if typed.mine else "",
        facts=facts,
    )
    decision = desk.apply(command, None, origin)
    if backdated:
        detail = {"by": actor, "at": typed.contact_at.isoformat(), "reason": command.backdated_reason}
        desk.note("backdated", str(command.number), detail)
    return decision


def _facts(desk: Desk, typed: Typed, requester: Requester) -> Facts:
    directory = desk.roster.directory
    account, site = directory.accounts.get(typed.account), directory.sites.get(typed.site)
    local = typed.contact_at.astimezone(ZoneInfo(desk.zone(typed.site)))
    return Facts(
        text=typed.text,
        channel=requester.channel,
        contact_known=bool(requester.contact),
        account=typed.account,
        tier=account.tier if account else "",
        site=site.code if site else "",
        region=site.region if site else "",
        local_hour=local.hour,
        weekday=WEEKDAYS[local.weekday()],
    )


def reporter(person: Person | None, key: str, our_address: str = "") -> Requester:
    """Return the colleague as requester: the first way to write to them, or a user's own mail."""
    ways = (MethodKind.SMS, MethodKind.EMAIL)
    method = next((m for m in (person.methods if person else ()) if m.kind in ways), None)
    channel, address = (Channel(method.kind), method.address) if method else (Channel.WEB, key)
    if method is None and "@" in key:
        channel = Channel.EMAIL
    name = person.name if person else key
    language = person.language if person else "en"
    return Requester(
        contact="", name=name, channel=channel, address=address, our_address=our_address, language=language
    )


def named(contact: Contact) -> Requester | None:
    """Return a contact of the customer as requester, by text if they have a phone; None without a way."""
    if not contact.phones and not contact.emails:
        return None
    channel, address = (
        (Channel.SMS, contact.phones[0]) if contact.phones else (Channel.EMAIL, contact.emails[0])
    )
    return Requester(
        contact=contact.key,
        name=contact.name,
        channel=channel,
        address=address,
        our_address="",
        language=contact.language,
    )


def read_text(desk: Desk, person: Person, text: str, sent_at: datetime, inbox_id: int) -> Typed | None:
    """Return what `NEW 114 at 2:10a: water MINE` says (the words behind NEW); None when no site is named."""
    head = _HEAD.match(text)
    site = _site(desk.roster.directory, person, head["code"]) if head else None
    if head is None or site is None:
        return None
    rest = text[head.end() :]
    words = _MINE.sub(" ", rest).strip()
    at, reason = min(sent_at, desk.now), ""
    said = find_eta(fold(head["at"])) if head["at"] else None
    if said and isinstance(said[0], WallClock):
        # The latest such time that is over: within a day, or within half a day when am or pm is open.
        back = timedelta(days=1) if said[0].exact else timedelta(hours=12)
        at, reason = eta_instant(said[0], desk.now - back, ZoneInfo(site.timezone)), "typed in by text"
        at = min(at, desk.now)
    return Typed(
        text=words,
        account=site.account,
        site=site.key,
        contact_at=at,
        reason=reason or "sent earlier",
        mine=words != rest.strip(),
        inbox_id=inbox_id,
    )


def _site(directory: Directory, person: Person, code: str) -> Site | None:
    """Return the site with that code: the only one, or the only one of an account that the person manages."""
    found = [s for a in directory.accounts if (s := directory.site_by_code(a, code)) is not None]
    own = [s for s in found if directory.accounts[s.account].manager == f"person:{person.key}"]
    sites = own if len(own) == 1 else found
    return sites[0] if len(sites) == 1 else None
