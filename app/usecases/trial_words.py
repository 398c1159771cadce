"""What a tried message would lead to, as lines of a terminal.

What must not live here: deciding (trial.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from app.domain.instants import format_duration
from app.store.outbox import PAGE
from app.usecases.trial import Tried
from app.usecases.why import why
from app.usecases.why_ticket import trace_lines
from app.usecases.wording import clock_text, site_name, trade_name

NOTHING_SENT = "Nothing was stored, nothing was sent."


def lines(tried: Tried) -> Iterator[str]:
    """Yield the whole outcome: ticket, people with times, texts, clocks, and why."""
    yield from outcome_lines(tried)
    if tried.opened and tried.opened.trace:
        yield from trace_lines(why(tried.opened.trace))
    yield ""
    yield NOTHING_SENT


def outcome_lines(tried: Tried) -> Iterator[str]:
    """Yield ticket, people with times, texts and clocks."""
    ticket, directory = tried.ticket, tried.directory
    if ticket is None:
        yield f"No ticket: {tried.outcome or 'the message changes nothing'}."
    else:
        account = directory.accounts.get(ticket.account)
        place = site_name(account.name if account else "", directory.sites.get(ticket.site))
        trade = trade_name(ticket.trade) if ticket.trade else "trade not known"
        known = "It would open a ticket" if tried.opened else f"It would belong to ticket {ticket.number}"
        yield f"{known}: {ticket.priority}, {trade}, {place or 'place not known'}."
        if ticket.tags:
            yield f"Tags: {', '.join(ticket.tags)}."
    yield from _people(tried)
    yield from _clocks(tried)
    if tried.texts:
        yield ""
        yield "Texts:"
    for row in tried.texts:
        page = " (page)" if row.rank == PAGE else ""
        yield f"  {row.channel} to {_reader(tried, row.person)} {row.address}{page}"
        if row.subject:
            yield f"    Subject: {row.subject}"
        for line in row.body.strip().splitlines():
            yield f"    {line}"


def _people(tried: Tried) -> Iterator[str]:
    if not tried.steps:
        return
    yield ""
    yield "People, if nobody acknowledges:"
    for step in tried.steps:
        people = ", ".join(_reader(tried, person) for person in step.people) or "nobody"
        yield f"  {clock_text(step.at, tried.now, _zone(tried))}  {people}"


def _clocks(tried: Tried) -> Iterator[str]:
    if not tried.opened or not tried.clocks:
        return
    yield ""
    yield "Clocks:"
    for metric, report in tried.clocks.items():
        seconds = report.target_seconds
        within = format_duration(timedelta(seconds=seconds)) if seconds is not None else "no target"
        due = f", due {clock_text(report.due_at, tried.now, _zone(tried))}" if report.due_at else ""
        yield f"  {metric}: {within}{due}"


def _zone(tried: Tried) -> str:
    site = tried.directory.sites.get(tried.ticket.site) if tried.ticket else None
    zone = site.timezone if site else tried.directory.company.timezone
    return str(ZoneInfo(zone))


def _reader(tried: Tried, person: str) -> str:
    known = tried.directory.people.get(person)
    return known.name if known else person or "the customer"
