"""The audit of the clocks: what every clock should have led to, against what the live engine recorded.

Each figure is computed anew from the stored events and the stamped policy, by the functions that the engine
calls (promise 7). What must not live here: arithmetic of its own, any change, printing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Engine

from app.domain import events as ev
from app.domain import zones
from app.domain.calendars import local_instant
from app.domain.clock_entries import ClockEntry, entries
from app.domain.clocks import (
    CLOCK,
    Reports,
    Threshold,
    Timer,
    next_due,
    open_thresholds,
    read_clocks,
    wanted_timers,
)
from app.domain.errors import CloseloopError
from app.domain.events import AnyEvent
from app.domain.evolve import evolve, fold
from app.domain.instants import format_instant, parse_instant
from app.domain.sla import ClockState, Policy, SlaEvent
from app.domain.sla_history import sla_event
from app.domain.ticket import Ticket
from app.store import directory as directory_store
from app.store import sla_audit as store
from app.store.sla_audit import Stored
from app.usecases.promises import Promises

# A server that works fires within a second; what is later than this waits for one that does not.
_LATE = timedelta(minutes=1)
_TICKET = "ticket"


class SinceError(CloseloopError):
    """`--since` is a date such as 2026-06-01 or an instant such as 2026-06-01T07:30:00Z."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is recorded about a ticket and what its events make of it. `clock` is a metric or `ticket`."""

    number: int
    clock: str
    recorded: str
    computed: str

    def __str__(self) -> str:
        """Return one line in plain words."""
        return f"{self.number} {self.clock}: recorded {self.recorded}; computed {self.computed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One ticket that was recomputed: how many of its clocks had started, whether a timer waits too long."""

    number: int
    clocks: int
    overdue: bool
    differences: tuple[Difference, ...]


def verify(
    engine: Engine,
    *,
    now: datetime,
    since: datetime | None = None,
    total: Callable[[int], object] = lambda _count: None,
) -> Iterator[Checked]:
    """Recompute every ticket (that changed at or after `since`), one at a time; change nothing.

    All of it is seen at one instant, whatever the server does meanwhile. `total` is told first how many
    tickets there are to check.
    """
    with store.snapshot(engine) as connection:
        promises = Promises(connection)
        total(store.count(connection, since))
        for stored in store.stream(connection, since):
            yield check(stored, promises, now)


def since_instant(engine: Engine, text: str) -> datetime:
    """Return the instant of `--since`: of a date, its midnight in the company's zone. Raises SinceError."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        try:
            return parse_instant(text)
        except CloseloopError as error:
            raise SinceError(f"--since: {error}; a date such as 2026-06-01 will do") from None
    with store.snapshot(engine) as connection:
        zone = directory_store.read_directory(connection).company.timezone
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - local wall time, placed in its zone below
    return local_instant(midnight, zones.zone_of(zone, "company.timezone"))


def check(stored: Stored, promises: Promises, now: datetime) -> Checked:
    """Return what is different about one ticket."""
    report = _Report(stored.number)
    overdue = any(timer.due_at < now - _LATE for timer in stored.timers)
    clocks = 0
    try:
        report.sequence(stored.sequence)
        ticket, missed = _replay(stored, promises, report)
        policy = promises.policy(stored.policy, promises.zone(ticket))
        # As of the last decision, or of whatever has a later date: the server decides at that instant then.
        decided = max([stored.changed_at, ticket.changed_at, *(event.at for event in ticket.history)])
        reports = read_clocks(ticket, policy, decided)
        clocks = sum(clock.state != ClockState.NONE for clock in reports.values())
        standing = _kept_breaches(stored, promises, report)
        moved = _moved(stored.events, promises)
        breached = report.breaches(
            stored.events, ticket, policy, reports, decided, moved=moved, standing=standing
        )
        report.document(stored, ticket)
        report.due(stored, next_due(reports))
        # What should be on record and is not was listed already; a timer for it is not missing as well.
        right = replace(ticket, breached=breached, warned=(*ticket.warned, *missed))
        report.timers(stored.timers, wanted_timers(right, policy, reports), now)
        report.kept(stored.kept, entries(ticket, reports))
    except (CloseloopError, ValueError, LookupError) as error:
        report.add(_TICKET, "what no clock can be computed from", f"nothing: {error}")
    return Checked(number=stored.number, clocks=clocks, overdue=overdue, differences=tuple(report.found))


def _replay(stored: Stored, promises: Promises, report: _Report) -> tuple[Ticket, set[str]]:
    """Return the fold of the events, and which warnings are missing from them; the report lists these.

    A warning belongs to the target of its day: the next link of the chain, a restart or another priority
    sets other ones, so that the clocks of today no longer tell of it. As long as nothing happens that a clock
    looks at, the instants of the warnings stay as they are, so that one reading of the clocks will do.
    """
    if stored.unreadable:
        raise ValueError(f"what is stored cannot be read ({stored.unreadable})")
    ticket: Ticket | None = None
    missed: set[str] = set()
    read: tuple[object, Reports] = (None, {})
    for happened, thresholds in decisions(stored.events):
        for event in happened:
            ticket = evolve(ticket, event, ticket_id=stored.id)
        if ticket is None:
            raise ValueError("the first event is not `opened`")
        if thresholds or any(sla_event(event) for event in happened):
            zone, now = promises.zone(ticket), (*happened, *thresholds)[-1].recorded_at
            policy = promises.warnings(ticket.policy, zone)
            state = (len(ticket.history), ticket.policy, zone)
            if read[0] != state:
                read = (state, read_clocks(ticket, policy, now))
            report.warnings(ticket, open_thresholds(ticket, policy, read[1]), thresholds, now, missed)
        for threshold in thresholds:
            ticket = evolve(ticket, threshold, ticket_id=stored.id)
    if ticket is None:
        raise ValueError("it has no events")
    return ticket, missed


def _kept_breaches(stored: Stored, promises: Promises, report: _Report) -> dict[str, datetime]:
    """Return the breaches that stand, compared with what the events said on the day they were recorded.

    A move to another policy, and a duplicate whose customer had called earlier, change when a target runs
    out; what was on record before stays as it was: a breach is recorded once and never undone.
    """
    standing: dict[str, datetime] = {}
    for index, event in enumerate(stored.events):
        if isinstance(event, ev.PolicyMoved | ev.MergedIn):
            before = stored.events[:index]
            ticket = fold(stored.id, before)
            policy = promises.policy(ticket.policy, promises.zone(ticket))
            decided = max(ticket.changed_at, *(happened.at for happened in ticket.history))
            reports = read_clocks(ticket, policy, decided)
            moved = _moved(before, promises)
            report.breaches(before, ticket, policy, reports, decided, moved=moved, standing=standing)
            standing.update(ticket.breaches)
    return standing


def decisions(
    happened: Sequence[AnyEvent],
) -> Iterator[tuple[list[AnyEvent], list[ev.Warned | ev.Breached]]]:
    """Yield for each decision what it recorded: what happened, then the thresholds that had been crossed."""
    facts: list[AnyEvent] = []
    crossed: list[ev.Warned | ev.Breached] = []
    last: datetime | None = None
    for event in happened:
        threshold = isinstance(event, ev.Warned | ev.Breached)
        if event.recorded_at != last or (crossed and not threshold):
            if facts or crossed:
                yield facts, crossed
            facts, crossed = [], []
        last = event.recorded_at
        if isinstance(event, ev.Warned | ev.Breached):
            crossed.append(event)
        else:
            facts.append(event)
    if facts or crossed:
        yield facts, crossed


def _moved(happened: Sequence[AnyEvent], promises: Promises) -> bool:
    """Return whether the site was changed to one in another zone."""
    places = [event for event in happened if isinstance(event, ev.Opened | ev.SiteSet)]
    return len({event.timezone or promises.directory.timezone(event.site) for event in places}) > 1


class _Report:
    """Gathers the differences of one ticket."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.found: list[Difference] = []

    def add(self, clock: str, recorded: str, computed: str) -> None:
        self.found.append(
            Difference(number=self._number, clock=clock, recorded=recorded, computed=computed),
        )

    def sequence(self, numbers: Sequence[int]) -> None:
        """Compare the numbers of the events with 1, 2, 3 ..."""
        missing = sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))
        if missing:
            several = ", ".join(map(str, missing))
            self.add(_TICKET, f"{len(numbers)} events without number {several}", "an unbroken row of events")

    def warnings(
        self,
        ticket: Ticket,
        thresholds: Sequence[Threshold],
        crossed: Sequence[ev.Warned | ev.Breached],
        now: datetime,
        missed: set[str],
    ) -> None:
        """Compare the warnings of one decision; one that is missing is put into `missed`, and told once."""
        due = {f"{t.metric}:{t.share}": t for t in thresholds if not t.breach and t.seen_at <= now}
        for event in crossed:
            if not isinstance(event, ev.Warned):
                continue
            key, what = f"{event.metric}:{event.share}", f"a warning at {event.share}%"
            wanted = due.pop(key, None)
            recorded = f"{what} on {format_instant(event.at)}"
            if key in ticket.warned:
                self.add(event.metric, f"{recorded}, a second time", "one warning only")
            elif wanted is None:
                self.add(event.metric, recorded, f"none by {format_instant(now)}, when it was recorded")
            elif wanted.at != event.at:
                self.add(event.metric, recorded, f"it on {format_instant(wanted.at)}")
        for key, threshold in due.items():
            if key not in missed:
                missed.add(key)
                what = f"a warning at {threshold.share}% on {format_instant(threshold.at)}"
                self.add(str(threshold.metric), "no warning", what)

    def breaches(
        self,
        happened: Sequence[AnyEvent],
        ticket: Ticket,
        policy: Policy,
        reports: Reports,
        decided: datetime,
        *,
        moved: bool,
        standing: Mapping[str, datetime],
    ) -> tuple[str, ...]:
        """Compare the breaches with what all events say: each once, at the instant the target ran out.

        Returns the metrics that are breached by what all events say. `moved`: the place became known late.
        Those that are `standing` stay as they were recorded.
        """
        fresh = replace(ticket, breached=(), warned=())
        due = {
            str(t.metric): t.at
            for t in open_thresholds(fresh, policy, reports)
            if t.breach and t.seen_at <= decided
        } | dict(standing)
        recorded: dict[str, list[datetime]] = {}
        for event in happened:
            if isinstance(event, ev.Breached):
                recorded.setdefault(event.metric, []).append(event.at)
        for metric in dict.fromkeys((*recorded, *due)):
            instants, wanted = recorded.get(metric, []), due.get(metric)
            computed = "none" if wanted is None else f"one on {format_instant(wanted)}"
            if [wanted] != instants:
                if moved:
                    computed += " (the site, and with it the time zone, was set after the ticket was opened)"
                several = " and ".join(map(format_instant, instants))
                self.add(metric, f"a breach on {several}" if several else "no breach", computed)
        return tuple(due)

    def document(self, stored: Stored, ticket: Ticket) -> None:
        """Compare the folded document, and the columns that repeat it, with the fold of the events."""
        document = stored.document
        if document is None:
            return
        for index, (kept, event) in enumerate(zip(document.history, ticket.history, strict=False), start=1):
            if kept != event:
                where = f"in the document, as step {index},"
                self.add(_TICKET, f"{where} {_step(kept)}", f"from the events {_step(event)}")
        if len(document.history) != len(ticket.history):
            steps = f"{len(document.history)} steps that clocks look at in the document"
            self.add(_TICKET, steps, f"{len(ticket.history)} from the events")
        for name in (field.name for field in fields(Ticket) if field.name != "history"):
            kept, folded = getattr(document, name), getattr(ticket, name)
            if kept != folded:
                self.add(
                    _TICKET, f"{name} {_shown(kept)} in the document", f"{_shown(folded)} from the events"
                )
            if name in stored.columns and stored.columns[name] != kept:
                row = f"{name} {_shown(stored.columns[name])} in its row"
                self.add(_TICKET, row, f"{_shown(kept)} in the document")

    def due(self, stored: Stored, computed: tuple[str, datetime] | None) -> None:
        """Compare what the board sorts by."""
        wanted = computed or ("", None)
        if (stored.next_metric, stored.next_due_at) != wanted:
            recorded = _next(stored.next_metric, stored.next_due_at)
            self.add(str(wanted[0] or stored.next_metric), recorded, _next(*wanted))

    def timers(self, armed: frozenset[Timer], wanted: frozenset[Timer], now: datetime) -> None:
        """Compare what is armed with what the ticket needs."""
        have = {(timer.kind, timer.key): timer.due_at for timer in armed}
        need = {(timer.kind, timer.key): timer.due_at for timer in wanted}
        for kind, key in sorted(have.keys() | need.keys()):
            is_at, should = have.get((kind, key)), need.get((kind, key))
            if is_at == should:
                continue
            name = "timer" if kind == CLOCK else f"{kind} timer"
            recorded = f"a {name} for {format_instant(is_at)}" if is_at else f"no {name}"
            computed = f"one for {format_instant(should)}" if should else "none"
            if should and is_at is None and should <= now:
                computed += ", which has passed: nothing waits for it any more"
            self.add(str(key) or _TICKET, recorded, computed)

    def kept(self, recorded: Sequence[ClockEntry], computed: Sequence[ClockEntry]) -> None:
        """Compare what the breach audit counts."""
        have, need = ({entry.metric: entry for entry in rows} for rows in (recorded, computed))
        for metric in sorted(have.keys() | need.keys()):
            is_kept, should = have.get(metric), need.get(metric)
            if is_kept is None or should is None:
                recorded_one = "nothing" if is_kept is None else "an entry"
                wanted = "none" if should is None else "one"
                self.add(
                    metric, f"{recorded_one} for the breach audit", f"{wanted}; run: closeloop sla rebuild"
                )
                continue
            for name in (field.name for field in fields(ClockEntry)):
                kept, made = getattr(is_kept, name), getattr(should, name)
                if kept != made:
                    where = f"{name} {_shown(kept)} for the breach audit"
                    self.add(metric, where, f"{_shown(made)}; run: closeloop sla rebuild")


def _next(metric: str, due: datetime | None) -> str:
    return f"{metric} as next due on {format_instant(due)}" if due else "nothing as next due"


def _step(event: SlaEvent) -> str:
    more = "".join(f", {name}" for name in (event.priority, event.reason) if name)
    return f"{event.type} on {format_instant(event.at)}{more}"


def _shown(value: object) -> str:
    """Return a stored value in words."""
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], datetime):  # noqa: PLR2004 - a breach
        return f"{value[0]} on {format_instant(value[1])}"
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value)) or "nothing"
    if isinstance(value, StrEnum):
        return str(value)
    return "nothing" if value in ("", None) else str(value)
