"""The SLA clocks of a ticket as a page shows them: words, times, and a bar of segments. Pure.

The bar is drawn to scale as rectangles in per mille of its width, for an inline SVG. What must not live here:
the arithmetic of a clock (domain/sla.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import assert_never

from app.domain.clocks import zone_of
from app.domain.sla import ClockReport, ClockState, Segment
from app.usecases.views import TicketView
from app.web.words import METRICS, Moment, Timer, moment, reason_text, span, timer

_WIDTH = 1000
_SECOND = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Piece:
    """One rectangle: where it begins, how wide it is, and what it stands for (a class name)."""

    x: int
    width: int
    kind: str
    title: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One segment in words: from, to, what it was and how long; `kind` as the piece's."""

    start: Moment
    end: Moment
    title: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRow:
    """One clock. `timer` counts down while it runs; `due_x` is where on the bar it is due.

    `warn_xs` is where it warns. `breach` is the path of its breach in the audit, empty without one.
    """

    key: str
    name: str
    words: str
    tone: str
    timer: Timer | None
    due: Moment | None
    pieces: tuple[Piece, ...]
    steps: tuple[Step, ...]
    due_x: int | None
    warn_xs: tuple[int, ...]
    breach: str


def clock_rows(view: TicketView) -> tuple[ClockRow, ...]:
    """Return the clocks that say something about the ticket, in the order of the work."""
    zone = zone_of(view.ticket, view.directory)
    order = list(METRICS)
    reports = sorted(view.reports.items(), key=lambda item: order.index(item[0]))
    rows = [_row(view, metric, report, zone) for metric, report in reports]
    return tuple(row for row in rows if row is not None)


def _row(view: TicketView, metric: str, report: ClockReport, zone: str) -> ClockRow | None:
    if report.state == ClockState.NONE:
        return None
    ticket, now = view.ticket, view.now
    running = report.state == ClockState.RUNNING and report.due_at is not None and ticket.open
    words, tone = _words(report, now)
    bar = _bar(report, now)
    return ClockRow(
        key=metric,
        name=METRICS[metric],
        words=words,
        tone=tone,
        timer=timer(report.due_at, now) if running and report.due_at else None,
        due=moment(report.due_at, now, zone) if report.due_at else None,
        pieces=bar.pieces,
        steps=tuple(
            Step(moment(piece.start, now, zone), moment(piece.end, now, zone), piece.title, piece.kind)
            for piece in bar.pieces
        ),
        due_x=bar.place(report.due_at),
        warn_xs=tuple(x for x in map(bar.place, report.warnings) if x is not None),
        breach=f"/breaches/{ticket.number}/{metric}" if metric in ticket.breached else "",
    )


def _words(report: ClockReport, now: datetime) -> tuple[str, str]:
    """Return where a clock stands, in words, and the tone of that.

    A breach may be one of an earlier count, or of a policy that the ticket was moved from: the present count
    need not be over its target.
    """
    took = span(timedelta(seconds=report.elapsed_seconds))
    target = span(timedelta(seconds=report.target_seconds or 0))
    beyond = report.elapsed_seconds - (report.target_seconds or 0)
    over = span(timedelta(seconds=beyond))
    overdue = report.breached and report.due_at is not None and report.due_at < now
    before, tone = ("; missed before", "bad") if report.breached else ("", "")
    match report.state:
        case ClockState.RUNNING:
            return ("overdue", "bad") if overdue else (f"running, {took} of {target} used{before}", tone)
        case ClockState.PAUSED:
            return (f"paused, {took} of {target} used{'; overdue' if overdue else before}", tone)
        case ClockState.MET:
            return f"met in {took} of {target}", "good"
        case ClockState.MISSED:
            if beyond <= 0 and report.breached_at == report.due_at:
                return "missed, done in closed hours after it", "bad"
            return f"missed by {over}" if beyond > 0 else f"missed before; then {took} of {target}", "bad"
        case ClockState.CANCELLED:
            return f"no longer counts{before}", tone
        case ClockState.NONE:
            return "not started", ""
        case _:
            assert_never(report.state)


@dataclass(frozen=True, slots=True)
class Bar:
    """The rectangles of a clock on a line from `start`, `whole` long."""

    pieces: tuple[Piece, ...]
    start: datetime
    whole: timedelta

    def place(self, instant: datetime | None) -> int | None:
        """Return where on the bar an instant is; None for none, beside the bar, and on a bar of nothing."""
        if instant is None or not self.pieces or not self.start <= instant <= self.start + self.whole:
            return None
        return round((instant - self.start) / self.whole * _WIDTH)


def _bar(report: ClockReport, now: datetime) -> Bar:
    running = report.state in (ClockState.RUNNING, ClockState.PAUSED)
    over = report.due_at if report.elapsed_seconds > (report.target_seconds or 0) else None
    return bar_of(report.segments, over, report.due_at, now if running else None)


def bar_of(
    segments: Sequence[Segment],
    over: datetime | None,
    due: datetime | None,
    until: datetime | None = None,
) -> Bar:
    """Return the rectangles of segments, late from `over` on, with room up to `due` and `until`."""
    if not segments:
        return Bar((), _EPOCH, _SECOND)
    start = segments[0].start
    ends = [segments[-1].end, *filter(None, (until, due))]
    whole = max(max(ends) - start, _SECOND)

    def place(instant: datetime) -> int:
        return round((instant - start) / whole * _WIDTH)

    pieces: list[Piece] = []
    for segment in segments:
        cuts = [segment.start, segment.end]
        if over is not None and segment.start < over < segment.end:
            cuts.insert(1, over)
        for begin, end in pairwise(cuts):
            late = over is not None and begin >= over and segment.kind == "running"
            kind, title = ("late", "over the target") if late else _kind(segment.kind)
            width = max(place(end) - place(begin), 2)
            pieces.append(Piece(place(begin), width, kind, f"{title}, {span(end - begin)}", begin, end))
    return Bar(tuple(pieces), start, whole)


def _kind(segment: str) -> tuple[str, str]:
    if segment.startswith("paused:"):
        return "paused", f"paused: {reason_text(segment.removeprefix('paused:'))}"
    if segment == "closed_hours":
        return "closed", "outside hours"
    if segment == "resolved":
        return "closed", "resolved, does not count"
    return "running", "running"
