"""The breach audit as a page: rows, counts and rates with and without excuses, charts, choices. Pure.

What must not live here: who may see it (access.py), reading (usecases/breaches.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.domain import events as ev
from app.domain.clocks import zone_of
from app.domain.events import AnyEvent
from app.rulebook.models import BreachReason
from app.store.breaches import NOBODY, Total
from app.store.inbox import Kept
from app.usecases.breaches import Audit, BreachView
from app.web.breach_filters import LAST_MONTH, PRIORITIES, THIS_MONTH, BreachFilters, place_text
from app.web.breach_rows import BreachRow, ball_text, breach_row, text_of
from app.web.charts import Amount, Chart, columns, rows
from app.web.clock_rows import Piece as BarPiece
from app.web.clock_rows import bar_of
from app.web.timeline import titles
from app.web.words import METRICS, Moment, Names, address_text, exact_moment, exact_span, reason_text

Choice = tuple[str, str]
_WEEKS: Final = 53


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachPage:
    """All that the audit's template needs: of `decided` clocks `count` breached, `excused` of them."""

    rows: tuple[BreachRow, ...]
    filters: BreachFilters
    first: str
    last: str
    month: str
    decided: int
    count: int
    excused: int
    rate: str
    rate_without: str
    by_reason: Chart
    by_week: Chart
    next_query: str
    accounts: tuple[Choice, ...]
    sites: tuple[Choice, ...]
    people: tuple[Choice, ...]
    reasons: tuple[Choice, ...]
    excusable: tuple[Choice, ...]
    metrics: tuple[Choice, ...] = tuple(METRICS.items())
    priorities: tuple[str, ...] = PRIORITIES


def breach_page(audit: Audit, filters: BreachFilters) -> BreachPage:
    """Return the audit for these filters."""
    names = Names(audit.directory, audit.users)
    zone = audit.directory.company.timezone
    first, last = filters.days(audit.now, zone)
    count = sum(total.count for total in audit.totals)
    excused = sum(total.count for total in audit.totals if total.excused)
    accounts = sorted((a.name, a.key) for a in audit.directory.accounts.values())
    sites = sorted(
        (s.code, s.city, s.key) for s in audit.directory.sites.values() if s.account == filters.account
    )
    custom = filters.first or filters.last
    return BreachPage(
        rows=tuple(breach_row(row, names, audit.reasons, audit.now) for row in audit.rows),
        filters=filters,
        first=first.isoformat(),
        last=last.isoformat(),
        month="" if custom else {LAST_MONTH: LAST_MONTH}.get(filters.period, THIS_MONTH),
        decided=audit.decided,
        count=count,
        excused=excused,
        rate=_rate(count, audit.decided),
        rate_without=_rate(count - excused, audit.decided),
        by_reason=_by_reason(audit.totals, audit.reasons),
        by_week=_by_week(
            audit.totals, first, min(last, max(first, audit.now.astimezone(ZoneInfo(zone)).date()))
        ),
        next_query=filters.query(after=place_text(audit.after)) if audit.after else "",
        accounts=tuple((key, name) for name, key in accounts),
        sites=tuple((key, f"#{code} {city}") for code, city, key in sites),
        people=(
            (NOBODY, "Nobody"),
            *sorted(((key, names.short(key)) for key in audit.people), key=lambda c: c[1]),
        ),
        reasons=tuple((r.code, r.text["en"]) for r in audit.reasons),
        excusable=tuple((r.code, r.text["en"]) for r in audit.reasons if r.excusable),
    )


def _rate(part: int, whole: int) -> str:
    """Return a share in percent with one decimal, never 0.0 for something nor 100.0 for less than all.

    Nothing is no share of nothing: then it is empty.
    """
    if not whole:
        return ""
    shown = round(100 * part / whole, 1)
    if part and not shown:
        return "<0.1 %"
    return f"{min(shown, 99.9) if part < whole else shown:.1f} %"


def _by_reason(totals: Sequence[Total], reasons: Sequence[BreachReason]) -> Chart:
    sums: dict[str, list[int]] = {}
    for total in totals:
        sums.setdefault(total.reason, [0, 0])[total.excused] += total.count
    order = sorted(sums.items(), key=lambda item: (-sum(item[1]), item[0]))
    named = (Amount(text_of(code, reasons) if code else "Not explained yet", *both) for code, both in order)
    return rows(named, "Breaches by reason")


def _by_week(totals: Sequence[Total], first: date, last: date) -> Chart:
    sums: dict[date, list[int]] = {}
    for total in totals:
        sums.setdefault(total.week, [0, 0])[total.excused] += total.count
    monday = first - timedelta(days=first.weekday())
    weeks = [monday + timedelta(weeks=i) for i in range((last - monday).days // 7 + 1)]
    weeks = sorted({*weeks, *sums})[-_WEEKS:]
    named = (Amount(f"{week:%b} {week.day}", *sums.get(week, [0, 0])) for week in weeks)
    return columns(named, "Breaches by week, from Monday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of the clock with one holder, and the event that gave it to them.

    `path` leads to the event in the story, `message` is the anchor of the message behind it; or empty.
    """

    start: Moment
    end: Moment
    length: str
    what: str
    who: str
    counted: bool
    event: str
    path: str
    by: str
    message: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it came: its anchor, who sent it, when, and all that the provider said."""

    anchor: str
    sender: str
    received: Moment
    fields: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachDetail:
    """One breach with what its figures are made of; `typed` is when a late entry of the contact was made."""

    row: BreachRow
    stretches: tuple[Stretch, ...]
    messages: tuple[Message, ...]
    pieces: tuple[BarPiece, ...]
    due_x: int | None
    noticed: Moment | None
    contact: Moment
    typed: Moment | None
    backdated: str
    quote: str
    revision: str
    policy: str
    reasons: tuple[Choice, ...]
    excusable: tuple[Choice, ...]


def breach_detail(view: BreachView) -> BreachDetail:
    """Return one breach for its own page."""
    breach, whole = view.breach, view.view
    ticket, names, say = breach.ticket, Names(whole.directory, whole.users), titles(whole)
    zone = zone_of(ticket, whole.directory)

    def when(instant: datetime) -> Moment:
        return exact_moment(instant, whole.now, zone)

    stretches = []
    used: dict[int, Kept] = {}
    for piece in breach.pieces:
        found = message_of(piece.by, view.messages, _addresses(view)) if piece.by else None
        if found:
            used[found.id] = found
        stretches.append(
            Stretch(
                start=when(piece.start),
                end=when(piece.end),
                length=exact_span(piece.end - piece.start),
                what=_KINDS.get(piece.kind) or reason_text(piece.kind.removeprefix("paused:")),
                who=ball_text(piece.ball, piece.person, names),
                counted=piece.counted,
                event=say(piece.by) if piece.by else "",
                path=f"/tickets/{ticket.number}#e{whole.events.index(piece.by)}" if piece.by else "",
                by=names.actor(piece.by.actor, ticket) if piece.by else "",
                message=f"m{found.id}" if found else "",
            ),
        )
    noticed = next(
        (e.recorded_at for e in whole.events if isinstance(e, ev.Breached) and e.metric == breach.metric),
        None,
    )
    opened = next(event for event in whole.events if isinstance(event, ev.Opened))
    bar = bar_of(breach.late.segments, breach.breached_at, breach.breached_at)
    return BreachDetail(
        row=breach_row(breach, names, view.reasons, whole.now, exact=True),
        stretches=tuple(stretches),
        messages=tuple(_message(kept, when) for kept in used.values()),
        pieces=bar.pieces,
        due_x=bar.place(breach.breached_at),
        noticed=when(noticed) if noticed else None,
        contact=when(ticket.opened_at),
        typed=when(opened.recorded_at) if opened.backdated_reason else None,
        backdated=opened.backdated_reason,
        quote=ticket.text,
        revision=ticket.revision[:12],
        policy=ticket.policy[:12],
        reasons=tuple((r.code, r.text["en"]) for r in view.reasons),
        excusable=tuple((r.code, r.text["en"]) for r in view.reasons if r.excusable),
    )


_KINDS: Final = {
    "running": "running",
    "closed_hours": "outside hours",
    "resolved": "resolved, does not count",
}


def message_of(event: AnyEvent, messages: Sequence[Kept], addresses: Mapping[str, str]) -> Kept | None:
    """Return the message that led to an event: the one it names, else its actor's, handled at that instant.

    `addresses` has the actor (`person:KEY`) of each address of the staff.
    """
    named = getattr(event, "inbox_id", None)
    for kept in messages:
        if kept.id == named:
            return kept
    return next(
        (
            kept
            for kept in messages
            if kept.handled_at == event.recorded_at
            and event.actor in (addresses.get(kept.sender), f"address:{kept.sender}")
        ),
        None,
    )


def _addresses(view: BreachView) -> dict[str, str]:
    people = view.view.directory.people.values()
    return {method.address: f"person:{person.key}" for person in people for method in person.methods}


def _message(kept: Kept, when: Callable[[datetime], Moment]) -> Message:
    fields = tuple((str(name), str(value)) for name, value in kept.payload.items() if value)
    return Message(f"m{kept.id}", address_text(kept.sender), when(kept.received_at), fields)
