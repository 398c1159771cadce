"""Pages that are told together: those of one incident, and whatever is too much for one person.

The first goes out at once and says how many there are; what follows is held back and told together again,
with the new count. Nothing is dropped: each ticket keeps its ladder. What must not live here: what an
incident is (incidents.py), the limits (rules/limits.yaml).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from app.domain.call_texts import SpokenId
from app.domain.directory import Directory
from app.domain.instants import parse_duration
from app.domain.message import Channel
from app.domain.notifying import URGENT
from app.domain.texts import TextId
from app.domain.ticket import Ticket
from app.store import incidents as incident_store
from app.store import tickets as ticket_store
from app.store.incidents import Burst
from app.store.outbox import Claimed
from app.usecases.house import House
from app.usecases.wording import site_name

log = structlog.get_logger()

STANDS_FOR = "stands_for"
"""In `thread` of a page that stands for several."""
# What asks somebody to take a ticket; any other page tells something of its own.
_ALIKE = frozenset({TextId.PAGE, TextId.PAGE_UNKNOWN, TextId.PAGE_NEXT, TextId.EXHAUSTED})
_MEMORY = timedelta(hours=12)
_EARLIER = timedelta(hours=1)
"""So much older than the page that stands for it a page may be."""
_COUNTED = 1000
SHOWN = 2
"""So many tickets a text about many names: more lines would be cut, and with them how many there are."""
_WIDTH = 50
_Key = tuple[str, str, str]


def bundle(house: House, connection: Connection, claimed: Sequence[Claimed], now: datetime) -> list[Claimed]:
    """Return what is to be sent of the pages that were just claimed, in the same transaction.

    Of those to be told together one is returned, with words for all, and the others are given back.
    """
    for page in claimed:
        if STANDS_FOR in page.thread and not page.wanted:
            # Its own ticket is taken, before it could be sent; the others still ask.
            incident_store.revive(
                connection, page.channel, page.address, page.person, since=page.created_at - _EARLIER, now=now
            )
    alike = [c for c in claimed if c.ticket_id is not None and c.text_id in _ALIKE and c.wanted]
    if not alike:
        return list(claimed)
    limits = house.rulebook.limits
    within = parse_duration(limits.pages_to_one.within)
    most = limits.pages_to_one.count
    known = incident_store.bursts(connection, {c.id for c in alike}, now - within, most)
    together: dict[_Key, list[Claimed]] = {}
    passing: dict[tuple[str, str, bool], int] = {}
    for page in sorted(alike, key=lambda c: (known[c.id].priority, c.id)):
        burst = known[page.id]
        scope = _scope(burst, passing, page, most)
        if scope is not None:
            together.setdefault((scope, page.channel, page.address), []).append(page)
    sent = {page.id: page for page in claimed}
    for (scope, channel, address), pages in sorted(together.items()):  # in one order on all nodes
        every = parse_duration(limits.storm.update_every) if scope else within
        later = incident_store.take_turn(connection, scope, channel, address, now=now, every=every)
        if later is None:
            carrier, others = pages[0], pages[1:]
            sent[carrier.id] = _for_all(house, connection, carrier, others, scope)
        else:
            incident_store.hold_back(connection, [page.id for page in pages], later)
            others = pages
        for page in others:
            del sent[page.id]
        log.info("pages_together", scope=scope, held=len(others), until=later and later.isoformat())
    return list(sent.values())


def _scope(burst: Burst, passing: dict[tuple[str, str, bool], int], page: Claimed, most: int) -> str | None:
    """Return under what a page is told together with others, None if it goes alone.

    Danger to people is always told by itself.
    """
    if burst.danger or STANDS_FOR in page.thread:
        return None
    if burst.incident_id is not None:  # the urgent ones have turns of their own: the first waits for nothing
        return f"{burst.incident_id}:{URGENT if burst.priority == URGENT else ''}"
    lane = (page.channel, page.address, burst.priority == URGENT)
    passing[lane] = passing.get(lane, burst.lately) + 1
    return "" if passing[lane] > most else None


def _for_all(
    house: House, connection: Connection, carrier: Claimed, others: Sequence[Claimed], scope: str
) -> Claimed:
    """Return the page with words for all tickets that ask this person; what it stands for is not sent."""
    incident = int(scope.partition(":")[0]) if scope else None
    ids = incident_store.asked(connection, carrier.person, _COUNTED, incident)
    ids = ids or [page.ticket_id for page in (carrier, *others) if page.ticket_id]
    if len(ids) == 1:
        return carrier
    count = str(len(ids)) if len(ids) < _COUNTED else f"{_COUNTED}+"
    roster, texts = house.roster(connection), house.rulebook.texts
    person = roster.directory.people.get(carrier.person)
    language = person.language if person else "en"
    subject = carrier.subject
    if carrier.channel == Channel.VOICE:
        known = {"company": roster.directory.company.short_name, "count": count}
        body = f"{texts.render_spoken(SpokenId.CALL_MANY, language, known)} {carrier.body}"
    else:
        tickets = ticket_store.by_ids(connection, ids[:SHOWN])
        shown = [tickets[i] for i in ids[:SHOWN] if i in tickets]
        items = lines(shown, len(ids), roster.directory)
        facts = {"count": count, "items": items, "link": house.identity.public_url}
        if carrier.channel == Channel.EMAIL:
            mail = texts.render_mail(TextId.PAGE_BUNDLE, language, facts)
            subject, body = mail.subject, mail.text
        else:
            body = texts.render_sms(TextId.PAGE_BUNDLE, language, facts)
    told = [page.id for page in others]
    now = house.clock.now()
    incident_store.fold_into(
        connection, carrier.id, told, subject=subject, body=body, incident_id=incident, now=now
    )
    thread = {**carrier.thread, STANDS_FOR: str(len(ids))}
    return replace(carrier, subject=subject, body=body, thread=thread)


def lines(tickets: Sequence[Ticket], count: int, directory: Directory) -> str:
    """Return a line for each of these tickets, and how many more there are of `count`."""
    found = []
    for ticket in tickets:
        account = directory.accounts.get(ticket.account)
        place = site_name(account.name if account else "", directory.sites.get(ticket.site))
        line = " ".join(filter(None, (str(ticket.number), ticket.priority, place)))
        found.append(line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3].rstrip()}...")
    if count > len(found):
        found.append(f"and {count - len(found)} more")
    return "\n".join(found)


def answers_all(connection: Connection, address: str, sent: datetime) -> bool:
    """Return whether a bare answer from an address is about all that ask: its last page told of many."""
    return incident_store.last_was_joint(connection, address, since=sent - _MEMORY, until=sent)
