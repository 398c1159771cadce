"""The SLA clocks of a ticket as a page shows them: words, times, and a bar of segments. Pure.

The bar is drawn to scale as rectangles in per mille of its width, for an inline SVG. What must not live here:
the arithmetic of a clock (domain/sla.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import assert_never

from app.domain.clocks import zone_of
from app.domain.sla import ClockReport, ClockState, Segment
from app.usecases.views import TicketView
from app.web.words import METRICS, Moment, Timer, moment, reason_text, span, timer

_WIDTH = 1000
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """One rectangle: where it begins, how wide it is, and what it stands for (a class name)."""

    x: int
    width: int
    kind: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRow:
    """One clock. `timer` counts down while it runs; `due_x` is where on the bar it is due."""

    key: str
    name: str
    words: str
    tone: str
    timer: Timer | None
    due: Moment | None
    pieces: tuple[Piece, ...]
    due_x: int | None


def clock_rows(view: TicketView) -> tuple[ClockRow, ...]:
    """Return the clocks that say something about the ticket, in the order of the work."""
    zone = zone_of(view.ticket, view.directory)
    order = list(METRICS)
    reports = sorted(view.reports.items(), key=lambda item: order.index(item[0]))
    rows = [_row(metric, report, view.now, zone, ended=not view.ticket.open) for metric, report in reports]
    return tuple(row for row in rows if row is not None)


def _row(metric: str, report: ClockReport, now: datetime, zone: str, *, ended: bool) -> ClockRow | None:
    if report.state == ClockState.NONE:
        return None
    running = report.state == ClockState.RUNNING and report.due_at is not None and not ended
    words, tone = _words(report)
    pieces, due_x = _bar(report, now)
    return ClockRow(
        key=metric,
        name=METRICS[metric],
        words=words,
        tone=tone,
        timer=timer(report.due_at, now) if running and report.due_at else None,
        due=moment(report.due_at, now, zone) if report.due_at else None,
        pieces=pieces,
        due_x=due_x,
    )


def _words(report: ClockReport) -> tuple[str, str]:
    """Return where a clock stands, in words, and the tone of that."""
    took = span(timedelta(seconds=report.elapsed_seconds))
    target = span(timedelta(seconds=report.target_seconds or 0))
    over = span(timedelta(seconds=report.elapsed_seconds - (report.target_seconds or 0)))
    match report.state:
        case ClockState.RUNNING:
            return ("overdue", "bad") if report.breached else (f"running, {took} of {target} used", "")
        case ClockState.PAUSED:
            return f"paused, {took} of {target} used", ""
        case ClockState.MET:
            return f"met in {took} of {target}", "good"
        case ClockState.MISSED:
            return f"missed by {over}" if report.breached else "missed", "bad"
        case ClockState.CANCELLED:
            return "no longer counts", ""
        case ClockState.NONE:
            return "not started", ""
        case _:
            assert_never(report.state)


def _bar(report: ClockReport, now: datetime) -> tuple[tuple[Piece, ...], int | None]:
    running = report.state in (ClockState.RUNNING, ClockState.PAUSED)
    return bar_of(report.segments, report.breached_at, report.due_at, now if running else None)


def bar_of(
    segments: Sequence[Segment],
    over: datetime | None,
    due: datetime | None,
    until: datetime | None = None,
) -> tuple[tuple[Piece, ...], int | None]:
    """Return the rectangles of segments, late from `over` on, and where `due` is; room up to `until`."""
    if not segments:
        return (), None
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
            pieces.append(Piece(place(begin), width, kind, f"{title}, {span(end - begin)}"))
    return tuple(pieces), place(due) if due else None


def _kind(segment: str) -> tuple[str, str]:
    if segment.startswith("paused:"):
        return "paused", f"paused: {reason_text(segment.removeprefix('paused:'))}"
    if segment == "closed_hours":
        return "closed", "outside hours"
    if segment == "resolved":
        return "closed", "resolved, does not count"
    return "running", "running"
