"""Warnings and breaches that are told together: in a storm every ticket is late at the same time.

A few go out singly. Beyond the limit one text says how many there are, and what follows is told together
again at the next turn. Each ticket has its warning and breach recorded as ever. What must not live here: the
limit (rules/limits.yaml), pages (bundling.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from app.domain.instants import parse_duration
from app.domain.message import Channel
from app.domain.texts import TextId
from app.store import incidents as incident_store
from app.store import late_notices as store
from app.store import tickets as ticket_store
from app.store.late_notices import Late
from app.store.outbox import Claimed
from app.usecases.bundling import STANDS_FOR, lines
from app.usecases.house import House

log = structlog.get_logger()

_TEXTS = frozenset({TextId.WARNING, TextId.BREACH})
_SCOPE = "late"  # of the turns; those of pages have an incident's number or none
_SHOWN = 2


def bundle(house: House, connection: Connection, notices: Sequence[Claimed], now: datetime) -> list[Claimed]:
    """Return what is to be sent of the notices that were just claimed, in the same transaction."""
    alike = [n for n in notices if n.text_id in _TEXTS and n.person and STANDS_FOR not in n.thread]
    if not alike:
        return list(notices)
    known = store.claimed(connection, {n.id for n in alike})
    together: dict[tuple[str, str], list[Claimed]] = {}
    for notice in alike:
        if notice.id in known and not known[notice.id].danger:
            together.setdefault((notice.channel, notice.address), []).append(notice)
    limit = house.rulebook.limits.late_to_one
    within = parse_duration(limit.within)
    sent = {notice.id: notice for notice in notices}
    for (channel, address), late in sorted(together.items()):  # in one order on all nodes
        lately = store.lately(connection, address, texts=_TEXTS, since=now - within)
        if lately + len(late) <= limit.count:
            continue
        later = incident_store.take_turn(connection, _SCOPE, channel, address, now=now, every=within)
        if later is not None:
            incident_store.hold_back(connection, [notice.id for notice in late], later)
            told = late
        else:
            waiting = store.waiting(connection, channel, address, rank=late[0].rank, texts=_TEXTS)
            carrier, *told = late
            about = [*(known[notice.id] for notice in late), *waiting]
            sent[carrier.id] = _for_all(house, connection, carrier, about)
        for notice in told:
            del sent[notice.id]
        log.info("late_together", held=len(told), until=later and later.isoformat())
    return list(sent.values())


def _for_all(house: House, connection: Connection, carrier: Claimed, about: Sequence[Late]) -> Claimed:
    """Return the notice with words for all of `about`; the others are not sent."""
    others = [late.id for late in about if late.id != carrier.id]
    if not others:
        return carrier
    # What is late comes before what will be, and each ticket once.
    worst = sorted(about, key=lambda late: (late.text_id != TextId.BREACH, late.priority, late.number))
    ids = list(dict.fromkeys(late.ticket_id for late in worst))
    found = ticket_store.by_ids(connection, ids[:_SHOWN])
    roster, texts = house.roster(connection), house.rulebook.texts
    person = roster.directory.people.get(carrier.person)
    language = person.language if person else "en"
    breached = sum(late.text_id == TextId.BREACH for late in about)
    facts = {
        "late": str(breached or ""),
        "soon": str(len(about) - breached or ""),
        "items": lines([found[i] for i in ids[:_SHOWN] if i in found], len(ids), roster.directory),
        "link": house.identity.public_url,
    }
    subject = carrier.subject
    if carrier.channel == Channel.EMAIL:
        mail = texts.render_mail(TextId.LATE_BUNDLE, language, facts)
        subject, body = mail.subject, mail.text
    else:
        body = texts.render_sms(TextId.LATE_BUNDLE, language, facts)
    incident_store.fold_into(
        connection,
        carrier.id,
        others,
        subject=subject,
        body=body,
        incident_id=None,
        now=house.clock.now(),
    )
    thread = {**carrier.thread, STANDS_FOR: str(len(about))}
    return replace(carrier, subject=subject, body=body, thread=thread)
