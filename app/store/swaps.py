"""Rows of swaps: offered, decided once. What must not live here: what a swap does (usecases/swaps.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, insert, select, update

from app.domain.instants import format_instant, parse_instant
from app.domain.swaps import Piece
from app.store.oncall_tables import swaps


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapRow:
    """`giver` asks `taker` to be on call instead, in all `pieces`; open until it is answered or expires."""

    id: int
    giver: str
    taker: str
    pieces: tuple[Piece, ...]
    offered_by: str
    offered_at: datetime
    expires_at: datetime


def add(connection: Connection, row: SwapRow) -> None:
    """Insert an offer."""
    pieces = [
        {"schedule": p.schedule, "start": format_instant(p.start), "end": format_instant(p.end)}
        for p in row.pieces
    ]
    values = {
        "id": row.id,
        "giver": row.giver,
        "taker": row.taker,
        "starts": min(p.start for p in row.pieces),
        "ends": max(p.end for p in row.pieces),
        "pieces": pieces,
        "offered_by": row.offered_by,
        "offered_at": row.offered_at,
        "expires_at": row.expires_at,
    }
    connection.execute(insert(swaps).values(values))


def open_to(connection: Connection, taker: str, now: datetime) -> list[SwapRow]:
    """Return the offers that this colleague can still answer, the newest first; locks them."""
    return _open(connection, (swaps.c.taker == taker) & (swaps.c.expires_at > now))


def open_of(connection: Connection, giver: str) -> list[SwapRow]:
    """Return the offers that this colleague made and nobody has answered, the newest first; locks them."""
    return _open(connection, swaps.c.giver == giver)


def expired(connection: Connection, now: datetime) -> list[SwapRow]:
    """Return open offers whose time is up and that no other node is at; locks them."""
    return _open(connection, swaps.c.expires_at <= now, skip=True)


def decide(connection: Connection, ids: Sequence[int], state: str, now: datetime) -> None:
    """Close offers that the caller has locked: taken, refused, expired or withdrawn."""
    if ids:
        connection.execute(
            update(swaps)
            .where(swaps.c.id.in_(ids), swaps.c.state == "offered")
            .values(state=state, decided_at=now),
        )


def _open(connection: Connection, condition: ColumnElement[bool], *, skip: bool = False) -> list[SwapRow]:
    found = (
        select(swaps)
        .where(swaps.c.state == "offered", condition)
        .order_by(swaps.c.id.desc())
        .limit(50)
        .with_for_update(skip_locked=skip)
    )
    return [
        SwapRow(
            id=row.id,
            giver=row.giver,
            taker=row.taker,
            pieces=tuple(
                Piece(schedule=p["schedule"], start=parse_instant(p["start"]), end=parse_instant(p["end"]))
                for p in row.pieces
            ),
            offered_by=row.offered_by,
            offered_at=row.offered_at,
            expires_at=row.expires_at,
        )
        for row in connection.execute(found)
    ]
