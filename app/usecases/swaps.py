"""Swaps: offered, taken or refused by the other, and then an override. Taken back the same way, by another.

Each returns why not, or an empty text; those that take a Table work on its open transaction. What must not
live here: what a text means and which turns are concerned (domain/swaps.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from app.domain.directory import Person
from app.domain.roster import Roster
from app.domain.swaps import Piece, turns
from app.domain.texts import TextId
from app.store import directory as directory_store
from app.store import oncall as oncall_store
from app.store import outbox as outbox_store
from app.store import swaps as store
from app.store.oncall import OverrideRow
from app.store.swaps import SwapRow
from app.usecases.gap_watch import tell_gaps
from app.usecases.house import House
from app.usecases.leave import known_person
from app.usecases.wording import Wording, clock_text, short_name

LASTS: Final = timedelta(hours=24)
_AT_LEAST: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Table:
    """Where a swap is dealt with: the transaction, its instant, and who is who."""

    house: House
    connection: Connection
    roster: Roster
    now: datetime


def offer(table: Table, giver: str, taker: str, pieces: Sequence[Piece], *, by: str) -> str:
    """Ask `taker` to be on call instead of `giver`; both hear it. An older open offer of the giver ends."""
    people = table.roster.directory.people
    if giver == taker:
        return "that is you"
    if not pieces:
        return "you are not on call then"
    if not table.roster.reachable(taker):
        return f"{short_name(people[taker].name) if taker in people else taker} cannot be reached"
    why = _taker_cannot(table, taker, pieces)
    if why:
        return why
    before = store.open_of(table.connection, giver)
    store.decide(table.connection, [row.id for row in before], "withdrawn", table.now)
    first = min(piece.start for piece in pieces)
    last = max(piece.end for piece in pieces)
    expires = min(max(min(table.now + LASTS, first), table.now + _AT_LEAST), last)
    row = SwapRow(
        id=table.house.ids.next(),
        giver=giver,
        taker=taker,
        pieces=tuple(pieces),
        offered_by=by,
        offered_at=table.now,
        expires_at=expires,
    )
    store.add(table.connection, row)
    for old in before:
        _tell(table, old, people[old.taker], TextId.SWAP_OVER)
    _tell(table, row, people[taker], TextId.SWAP_OFFER)
    _tell(table, row, people[giver], TextId.SWAP_OFFERED)
    return ""


def take(table: Table, taker: str, *, by: str) -> str:
    """Take the newest offer that is open to `taker`: it becomes an override of each schedule."""
    rows = store.open_to(table.connection, taker, table.now)
    if not rows:
        return "there is no open offer to you"
    row = rows[0]
    why = _taker_cannot(table, taker, row.pieces)
    if why:
        return why
    directory_store.lock(table.connection)
    store.decide(table.connection, [row.id], "taken", table.now)
    giver = short_name(table.roster.directory.people[row.giver].name)
    overrides = [
        OverrideRow(
            id=table.house.ids.next(),
            schedule=piece.schedule,
            starts=piece.start,
            ends=piece.end,
            out=row.giver,
            joins=taker,
            reason=f"swap with {giver}",
            entered_by=by,
            entered_at=table.now,
        )
        for piece in row.pieces
    ]
    oncall_store.add_overrides(table.connection, overrides)
    oncall_store.changed(table.connection, table.now)
    _tell(table, row, table.roster.directory.people[row.giver], TextId.SWAP_TAKEN)
    _tell(table, row, table.roster.directory.people[taker], TextId.SWAP_YOURS)
    tell_gaps(table.house, table.connection, table.now)
    return ""


def taken_within(table: Table, giver: str, taker: str, start: datetime, end: datetime) -> bool:
    """Return whether something that `taker` took over from `giver` lies whole between two instants."""
    return any(
        one.out == giver and one.joins == taker and start <= one.start and one.end <= end
        for one in table.roster.directory.overrides
    )


def refuse(table: Table, taker: str) -> str:
    """Refuse the newest offer that is open to `taker`; both hear it."""
    rows = store.open_to(table.connection, taker, table.now)
    if not rows:
        return "there is no open offer to you"
    store.decide(table.connection, [rows[0].id], "refused", table.now)
    people = table.roster.directory.people
    _tell(table, rows[0], people[rows[0].giver], TextId.SWAP_REFUSED)
    _tell(table, rows[0], people[taker], TextId.SWAP_OVER)
    return ""


def withdraw(table: Table, giver: str) -> str:
    """Take back the open offers of `giver`; both hear it."""
    rows = store.open_of(table.connection, giver)
    if not rows:
        return "you have made no offer that is open"
    _close(table, rows, "withdrawn")
    return ""


def offer_swap(house: House, giver: str, taker: str, start: datetime, end: datetime, *, by: str) -> str:
    """Offer the giver's turns between two instants, UTC, from a page or the command line.

    Returns why not, or an empty text. Raises LeaveError for somebody who is not in the directory.
    """
    now = house.clock.now()
    with house.begin() as connection:
        table = Table(house, connection, house.roster(connection), now)
        for key in (giver, taker):
            known_person(table.roster.directory, key)
        start = max(start, now)
        pieces = turns(table.roster, giver, start, end) if start < end else []
        why = offer(table, giver, taker, pieces, by=by)
    house.wake("saved")
    return why


def answer_swap(house: House, taker: str, *, yes: bool, by: str) -> str:
    """Take or refuse the newest offer to `taker`, from a page or the command line; return why not, or ""."""
    with house.begin() as connection:
        table = Table(house, connection, house.roster(connection), house.clock.now())
        known_person(table.roster.directory, taker)
        why = take(table, taker, by=by) if yes else refuse(table, taker)
    house.wake("saved")
    return why


def expire_swaps(house: House) -> int:
    """End offers that nobody answered in time; both hear it. Return how many."""
    now = house.clock.now()
    with house.begin() as connection:
        rows = store.expired(connection, now)
        if rows:
            _close(Table(house, connection, house.roster(connection), now), rows, "expired")
    if rows:
        house.wake("saved")
    return len(rows)


def _close(table: Table, rows: Sequence[SwapRow], state: str) -> None:
    store.decide(table.connection, [row.id for row in rows], state, table.now)
    people = table.roster.directory.people
    for row in rows:
        for key in (row.giver, row.taker):
            _tell(table, row, people[key], TextId.SWAP_OVER)


def _taker_cannot(table: Table, taker: str, pieces: Sequence[Piece]) -> str:
    name = short_name(table.roster.directory.people[taker].name)
    for piece in pieces:
        if any(one.start < piece.end and piece.start < one.end for one in table.roster.leave_of(taker)):
            return f"{name} is off then"
    return ""


def _tell(table: Table, row: SwapRow, person: Person, text_id: TextId) -> None:
    people, now, zone = table.roster.directory.people, table.now, person.timezone
    first, last = row.pieces[0], row.pieces[-1]
    facts = {
        "by": short_name(people[row.giver].name),
        "to": short_name(people[row.taker].name),
        "schedule": ", ".join(dict.fromkeys(piece.schedule for piece in row.pieces)),
        "time": clock_text(first.start, now, zone),
        "until": clock_text(last.end, now, zone),
        "ack_by": clock_text(row.expires_at, now, zone),
    }
    wording = Wording(table.house, table.roster.directory, now)
    outbox_store.put(table.connection, wording.notice(person, text_id, **facts))
