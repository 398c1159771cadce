"""The clocks of one ticket in words that its customer understands, and as a question for `closeloop compute`.

What must not live here: arithmetic of a clock (domain/sla.py), comparing it with what was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from app.domain.calendars import ALWAYS_NAME
from app.domain.clocks import read_clocks
from app.domain.errors import CloseloopError
from app.domain.events import AnyEvent, EtaGiven, PolicyMoved
from app.domain.evolve import fold
from app.domain.instants import format_instant
from app.domain.sla import ClockReport, ClockState, Metric, Policy, Segment, Target
from app.domain.sla_history import sla_event
from app.domain.sla_report import CLOSED_HOURS, PAUSED, RESOLVED, RUNNING
from app.domain.ticket import Ticket
from app.store import sla_audit as store
from app.usecases.promises import Promises
from app.usecases.wording import site_name

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_REASONS = {
    "waiting_parts": "waiting for parts",
    "waiting_customer": "waiting for the customer",
    "no_access": "no access",
}
_PROMISED: Mapping[Metric, str] = {
    Metric.ACKNOWLEDGE: "somebody takes it within",
    Metric.ARRIVE: "somebody is on site within",
    Metric.RESOLVE: "it is fixed within",
    Metric.UPDATE: "the customer hears from us at least every",
    Metric.CONFIRM: "the customer's answer is awaited for",
}


class UnknownTicketError(CloseloopError):
    """There is no ticket with this number."""


class UnreadableTicketError(CloseloopError):
    """What is stored of this ticket cannot be read; `closeloop sla verify` lists such tickets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A ticket's clocks as of an instant. `questions` are what `closeloop compute` recomputes them from.

    There is one for each policy that the ticket counted by, each but the last as of the move to the next one:
    breaches of that time stay, and only the policy of that time tells of them. The last is the present one.
    """

    ticket: Ticket
    place: str
    zone: str
    as_of: datetime
    policy: Policy
    reports: Mapping[Metric, ClockReport]
    questions: tuple[dict[str, object], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTable:
    """One clock: what was promised, what became of it, and its stretches, of which the counting ones add up.

    A row is from, to, what, how long, and how much had been counted at its end.
    """

    promise: str
    verdict: str
    rows: tuple[tuple[str, str, str, str, str], ...]


def explain_ticket(engine: Engine, number: int, as_of: datetime) -> Explanation:
    """Recompute the clocks of a ticket from its events. Raises UnknownTicketError, UnreadableTicketError."""
    with store.snapshot(engine) as connection:
        stored = store.by_number(connection, number)
        if stored is None:
            raise UnknownTicketError(f"there is no ticket {number}")
        if stored.unreadable or not stored.events:
            raise UnreadableTicketError(f"the events of ticket {number} cannot be read {stored.unreadable}")
        promises = Promises(connection)
        ticket = fold(stored.id, stored.events)
        zone = promises.zone(ticket)
        questions = tuple(_questions(stored.events, ticket, promises, as_of))
        policy = promises.policy(stored.policy, zone)
        account = promises.directory.accounts.get(ticket.account)
        site = promises.directory.sites.get(ticket.site)
    return Explanation(
        ticket=ticket,
        place=site_name(account.name if account else "", site),
        zone=zone,
        as_of=as_of,
        policy=policy,
        reports=read_clocks(ticket, policy, as_of),
        questions=questions,
    )


def _questions(
    happened: Sequence[AnyEvent], ticket: Ticket, promises: Promises, as_of: datetime
) -> Iterator[dict[str, object]]:
    """Yield the question of each policy that the ticket was moved from, as of then, and the present one."""
    for index, event in enumerate(happened):
        if isinstance(event, PolicyMoved) and event.recorded_at <= as_of:
            before = happened[:index]
            zone = promises.zone(fold(ticket.id, before))
            moved = event.recorded_at
            name = f"{ticket.number} until it was moved on {format_instant(moved)}"
            yield _question(name, before, promises.document(event.previous), zone, moved)
    yield _question(ticket.number, happened, promises.document(ticket.policy), promises.zone(ticket), as_of)


def _question(
    name: str | int, happened: Sequence[AnyEvent], document: Mapping[str, object], zone: str, as_of: datetime
) -> dict[str, object]:
    return {
        "id": name,
        "ask": "sla.explain",
        "as_of": format_instant(as_of),
        "site_timezone": zone,
        "calendars": document["calendars"],
        "policy": document["policy"],
        "events": list(_events(happened)),
    }


def _events(happened: Sequence[AnyEvent]) -> Iterator[dict[str, str]]:
    """Yield what clocks look at, in the order recorded, as FORMATS writes it."""
    for event in happened:
        seen = sla_event(event)
        if seen is None or (seen.type == "held" and seen.reason is None):
            continue  # a wait without a reason pauses nothing
        written = {"type": seen.type, "at": format_instant(seen.at)}
        if event.recorded_at != seen.at:
            written["recorded_at"] = format_instant(event.recorded_at)
        if seen.priority is not None:
            written["priority"] = seen.priority
        if seen.reason is not None:
            written["reason"] = seen.reason
        if seen.first_contact_at is not None:
            written["first_contact_at"] = format_instant(seen.first_contact_at)
        if isinstance(event, EtaGiven):
            written["eta"] = format_instant(event.eta)
        yield written


def headline(explanation: Explanation) -> str:
    """Return which ticket it is, as of when, and in which zone all times are."""
    ticket, zone = explanation.ticket, ZoneInfo(explanation.zone)
    place = f", {explanation.place}" if explanation.place else ""
    as_of = local_time(explanation.as_of, zone)
    return f"Ticket {ticket.number}{place}, as of {as_of}. Times are local to {explanation.zone}."


def clock_tables(explanation: Explanation) -> tuple[ClockTable, ...]:
    """Return a table for each clock, in the order of the work."""
    zone = ZoneInfo(explanation.zone)
    return tuple(
        ClockTable(
            promise=_promise(metric, explanation.policy.targets[metric], explanation.reports[metric]),
            verdict=_verdict(explanation.reports[metric], zone),
            rows=tuple(_rows(explanation.reports[metric], zone)),
        )
        for metric in Metric
        if metric in explanation.reports
    )


def local_time(instant: datetime, zone: ZoneInfo, *, year: bool = True) -> str:
    """Return an instant in a zone, to the second: `Tue Jun 9 2026, 2:11:05 AM EDT`; fractions are cut."""
    local = instant.astimezone(zone)
    half = "AM" if local.hour < 12 else "PM"  # noqa: PLR2004 - noon
    day = f"{local:%a} {local:%b} {local.day}{f' {local.year}' if year else ''}"
    return f"{day}, {local.hour % 12 or 12}:{local:%M:%S} {half} {local.tzname()}"


def in_words(seconds: float, *, days: bool = True) -> str:
    """Return a length of time: `1 hour 15 minutes`, from two days on also in days; fractions are cut."""
    rest = abs(int(seconds))
    units = [("hour", _HOUR), ("minute", _MINUTE), ("second", 1)]
    if days and rest >= 2 * _DAY:
        units.insert(0, ("day", _DAY))
    parts = []
    for unit, size in units:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts) or ("less than a second" if seconds else "0 seconds")


def _promise(metric: Metric, target: Target, report: ClockReport) -> str:
    always = target.calendar_name == ALWAYS_NAME
    hours = "" if always else f", counted in the hours {target.calendar_name!r}"
    # Hours that are closed are no part of a day: there only hours can be counted.
    limit = "?" if report.target_seconds is None else in_words(report.target_seconds, days=always)
    return f"{str(metric).capitalize()}: {_PROMISED[metric]} {limit}{hours}"


def _verdict(report: ClockReport, zone: ZoneInfo) -> str:
    """Return what became of the promise, by how much."""
    spare = (report.target_seconds or 0) - report.elapsed_seconds
    stopped = f"on {local_time(report.segments[-1].end, zone)}" if report.segments else "at once"
    due = local_time(report.due_at, zone) if report.due_at else ""
    before = f"Missed on {local_time(report.breached_at, zone)}. " if report.breached_at else ""
    match report.state:
        case ClockState.MET:
            left = f"with {in_words(spare)} left" if spare else "at the last moment"
            return f"Met {stopped}, {left}."
        case ClockState.MISSED if spare < 0:
            return f"Missed by {in_words(spare)}: due on {due}, done {stopped}."
        case ClockState.MISSED:
            return f"{before}What is counted below was in time, done {stopped}."
        case ClockState.RUNNING if spare < 0:
            return f"Missed, and running: over by {in_words(spare)}, due on {due}."
        case ClockState.RUNNING:
            return f"{before}Running: {in_words(spare)} left, due on {due}."
        case ClockState.PAUSED if spare < 0:
            return f"Missed, and paused: over by {in_words(spare)}, due on {due}."
        case ClockState.PAUSED:
            return f"{before}Paused: {in_words(spare)} left when it goes on."
        case ClockState.CANCELLED:
            return f"{before}Ended {stopped} without an answer to it; no longer counted."
        case ClockState.NONE:
            return "Not started."
        case _:
            assert_never(report.state)


def _rows(report: ClockReport, zone: ZoneInfo) -> Iterator[tuple[str, str, str, str, str]]:
    counted = timedelta()
    for piece, late in _pieces(report):
        length = piece.end - piece.start
        if piece.kind == RUNNING:
            counted += length
        yield (
            local_time(piece.start, zone, year=False),
            local_time(piece.end, zone, year=False),
            _kind(piece.kind, late=late),
            in_words(length.total_seconds()),
            in_words(counted.total_seconds(), days=False),
        )


def _pieces(report: ClockReport) -> Iterator[tuple[Segment, bool]]:
    """Yield the segments, cut where the target ran out, and whether each is running beyond it.

    A breach may lie in an earlier link or cycle; where the present one ran out says `due_at`.
    """
    over = report.due_at if report.elapsed_seconds > (report.target_seconds or 0) else None
    for piece in report.segments:
        if over is None or piece.kind != RUNNING or piece.end <= over:
            yield piece, False
        elif piece.start >= over:
            yield piece, True
        else:
            yield Segment(piece.start, over, piece.kind), False
            yield Segment(over, piece.end, piece.kind), True


def _kind(kind: str, *, late: bool) -> str:
    if kind.startswith(PAUSED):
        reason = kind.removeprefix(PAUSED)
        return f"paused: {_REASONS.get(reason, reason.replace('_', ' '))}"
    if kind == CLOSED_HOURS:
        return "closed hours, not counted"
    if kind == RESOLVED:
        return "held to be fixed, not counted"
    return "running, over the target" if late else "running"
