"""One breach in words, as the list, its own page and the exports show it. Pure.

What must not live here: arithmetic of clocks (domain/sla.py), how a row looks (templates).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.attribution import Ball, Piece, Share, shares
from app.domain.clocks import zone_of
from app.domain.events import Opened
from app.rulebook.models import BreachReason
from app.usecases.breaches import Breach
from app.web.words import (
    METRICS,
    Moment,
    Names,
    exact_moment,
    exact_span,
    moment,
    place_of,
    reason_text,
    span,
)

_SHORTEST: Final = timedelta(seconds=1)
_BALLS: Final = {
    Ball.NOBODY: "nobody acknowledged",
    Ball.ACCOUNT_MANAGER: "account manager",
    Ball.SERVICE_MANAGER: "service manager",
    Ball.DUTY_MANAGER: "duty manager",
    Ball.REP: "rep",
    Ball.STAFF: "",
    Ball.PARTS: "parts",
    Ball.CUSTOMER: "customer",
    Ball.CLOSED_HOURS: "closed hours",
}


@dataclass(frozen=True, slots=True)
class Had:
    """Somebody had the ball for so long; `counted` is whether that is part of the actual time."""

    who: str
    length: str
    counted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachRow:
    """One breach. `ended` is false while its clock goes on. `path` is its own page's address.

    `seen` stands for what is noted about it, so that a form can tell what its writer saw. `typed_in` is why
    the customer's first contact was typed in later, empty when it was not.
    """

    key: str
    path: str
    number: int
    code: str
    place: str
    priority: str
    metric: str
    limit: str
    actual: str
    over: str
    ended: bool
    breached: Moment
    held_by: str
    had: tuple[Had, ...]
    reason: str
    reason_code: str
    remark: str
    corrective_action: str
    explained: str
    excused: bool
    excuse: str
    excuse_remark: str
    seen: str
    typed_in: str


def breach_row(
    row: Breach, names: Names, reasons: Sequence[BreachReason], now: datetime, *, exact: bool = False
) -> BreachRow:
    """Return one breach in words, as of now; `exact` lengths and instants are told to the second."""
    ticket, note, late = row.ticket, row.note, row.late
    zone = zone_of(ticket, names.directory)
    length = exact_span if exact else span
    breached = row.breached_at
    code, place = place_of(ticket, names.directory)
    return BreachRow(
        key=f"{ticket.number}-{row.metric}",
        path=f"/breaches/{ticket.number}/{row.metric}",
        number=ticket.number,
        code=code,
        place=place,
        priority=ticket.priority,
        metric=METRICS[row.metric],
        limit=length(timedelta(seconds=late.target_seconds)),
        actual=length(timedelta(seconds=late.elapsed_seconds)),
        over=length(timedelta(seconds=over_seconds(row))),
        ended=late.ended_at is not None,
        breached=exact_moment(breached, now, zone) if exact else moment(breached, now, zone, with_zone=True),
        held_by=names.short(note.held_by) if note.held_by else "nobody",
        had=tuple(
            Had(ball_text(s.ball, s.person, names), length(s.length), s.counted) for s in _seen(row.pieces)
        ),
        reason=text_of(note.reason, reasons),
        reason_code=note.reason,
        remark=note.remark,
        corrective_action=note.corrective_action,
        explained=_signed(names, note.explained_by, note.explained_at, now, zone),
        excused=note.excused,
        excuse=_signed(names, note.excused_by, note.excused_at, now, zone),
        excuse_remark=note.excuse_remark,
        seen=note.mark,
        typed_in=typed_in(row),
    )


def typed_in(row: Breach) -> str:
    """Return why the contact with which the clock began was typed in later; empty when it was not."""
    began = row.pieces[0].by if row.pieces else None
    return began.backdated_reason if isinstance(began, Opened) else ""


def _seen(pieces: Sequence[Piece]) -> list[Share]:
    """Return the shares that last; those of less than a second only when there is nothing else."""
    found = shares(pieces)
    return [share for share in found if share.length >= _SHORTEST] or list(found)


def over_seconds(row: Breach) -> float:
    """Return by how much the limit was passed, so far if the clock goes on."""
    return max(row.late.elapsed_seconds - row.late.target_seconds, 0)


def ball_text(ball: Ball, person: str, names: Names) -> str:
    """Return who had the ball: `Dana R. (account manager)`, `parts`."""
    what = _BALLS[ball]
    if not person:
        return what
    return f"{names.short(person)} ({what})" if what else names.short(person)


def had_text(row: Breach, names: Names) -> str:
    """Return who had the ball within the actual time, in one line for an export."""
    counted = [share for share in _seen(row.pieces) if share.counted]
    return "; ".join(f"{ball_text(s.ball, s.person, names)} {exact_span(s.length)}" for s in counted)


def text_of(code: str, reasons: Sequence[BreachReason]) -> str:
    """Return a reason's text; of one that is no longer in the list, its code in words."""
    return next((reason.text["en"] for reason in reasons if reason.code == code), reason_text(code))


def _signed(names: Names, person: str, at: datetime | None, now: datetime, zone: str) -> str:
    if at is None:
        return ""
    return f"{names.short(person)}, {moment(at, now, zone, with_zone=True).text}"
