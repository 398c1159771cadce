"""Leave and swaps over HTTP: I am off, somebody else takes my shift.

What must not live here: what leave and a swap do (usecases/leave.py, swaps.py), the calendar (duty.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from app.domain.charsets import storable
from app.domain.roster import Roster
from app.domain.swaps import NEXT_SHIFT_WITHIN, Piece, turns
from app.store import swaps as swap_store
from app.store.oncall import LeaveRow
from app.store.swaps import SwapRow
from app.usecases import leave, swaps
from app.usecases.house import House
from app.usecases.leave import LeaveError
from app.web import duty_page
from app.web.access import ForbiddenError, Guard, NoSuchPageError, Visitor
from app.web.showing import go_to

Form = Mapping[str, str]
Refuse = Callable[[Request, Visitor, Form, str], Response]
_LISTED = 12


@dataclass(frozen=True, slots=True)
class Offer:
    """An open swap in words; `other` is the colleague whom the reader deals with."""

    other: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OffDuty:
    """What a person can do about their own shifts. `shifts` are (value of the form, words)."""

    key: str
    shifts: tuple[tuple[str, str], ...]
    offered: tuple[Offer, ...]
    asked: tuple[Offer, ...]


class OffDutyDesk:
    """Forms for leave and swaps; each leads back to the calendar."""

    def __init__(self, house: House, guard: Guard, refuse: Refuse) -> None:
        """Serve the signed-in users of this house; `refuse` shows the calendar again with what is wrong."""
        self.house = house
        self.guard = guard
        self.refuse = refuse

    def add_to(self, post: Callable[[str, Callable[[Request, Form], Response]], None]) -> None:
        """Say at which address what answers."""
        post("/on-call/leave", self.enter_leave)
        post("/on-call/leave/{leave:int}/end", self.end_leave)
        post("/on-call/swaps", self.offer)
        post("/on-call/swaps/{answer}", self.answer)

    def enter_leave(self, request: Request, form: Form) -> Response:
        """Enter one's own leave, or as a planner anybody's."""
        visitor = self._visitor(request, form)
        person = form.get("person") or visitor.person
        if person != visitor.person and not visitor.audits:
            raise ForbiddenError
        with self.house.begin() as connection:
            known = self.house.roster(connection).directory.people.get(person)
        if known is None:
            return self.refuse(request, visitor, form, "Nothing saved: choose who is off from the list.")
        try:
            start = leave.read_moment(form.get("start", "").strip(), known.timezone)
            end = leave.read_moment(form.get("end", "").strip(), known.timezone, end=True)
            note = storable(form.get("note", "")[:200])
            _, opened = leave.add_leave(self.house, person, start, end, by=visitor.actor, note=note)
        except LeaveError as error:
            return self.refuse(request, visitor, form, f"Nothing saved: {error}.")
        return go_to(f"/on-call?did={'off_gap' if opened else 'off'}")

    def end_leave(self, request: Request, form: Form) -> Response:
        """Take leave back."""
        visitor = self._visitor(request, form)
        number = request.path_params["leave"]
        mine = {row.id for row in leave.list_leave(self.house, "" if visitor.audits else visitor.person)}
        if number not in mine:
            raise ForbiddenError
        leave.remove_leave(self.house, number, by=visitor.actor)
        return go_to("/on-call?did=on_again")

    def offer(self, request: Request, form: Form) -> Response:
        """Ask a colleague to take one of one's shifts."""
        visitor = self._visitor(request, form)
        with self.house.begin() as connection:
            table = self._table(connection, self.house.roster(connection))
            shifts = _shifts(table.roster, visitor.person, self.house)
            wanted = [piece for piece in shifts if _value(piece) == form.get("shift")]
            taker = form.get("taker", "")
            why = swaps.offer(table, visitor.person, taker, wanted, by=visitor.actor)
        if why:
            return self.refuse(request, visitor, form, f"Nothing offered: {why}.")
        self.house.wake("saved")
        return go_to("/on-call?did=offered")

    def answer(self, request: Request, form: Form) -> Response:
        """Take or refuse what was offered, or take an offer back."""
        visitor = self._visitor(request, form)
        answer = request.path_params["answer"]
        with self.house.begin() as connection:
            table = self._table(connection, self.house.roster(connection))
            if answer == "take":
                why = swaps.take(table, visitor.person, by=visitor.actor)
            elif answer == "refuse":
                why = swaps.refuse(table, visitor.person)
            elif answer == "withdraw":
                why = swaps.withdraw(table, visitor.person)
            else:
                raise NoSuchPageError
        if why:
            return self.refuse(request, visitor, form, f"Nothing changed: {why}.")
        self.house.wake("saved")
        return go_to("/on-call?did=swapped")

    def _visitor(self, request: Request, form: Form) -> Visitor:
        visitor = self.guard.user(request)
        self.guard.check_form(form, visitor.csrf)
        return visitor

    def _table(self, connection: Connection, roster: Roster) -> swaps.Table:
        return swaps.Table(self.house, connection, roster, self.house.clock.now())


def off_duty(house: House, person: str) -> OffDuty:
    """Return what a person can do about their shifts; nothing for somebody who is not of the staff."""
    now = house.clock.now()
    with house.begin() as connection:
        roster = house.roster(connection)
        if not roster.active(person):
            return OffDuty(key="", shifts=(), offered=(), asked=())
        made, got = swap_store.open_of(connection, person), swap_store.open_to(connection, person, now)
    zone = ZoneInfo(roster.directory.people[person].timezone)
    found = _shifts(roster, person, house)[:_LISTED]
    return OffDuty(
        key=person,
        shifts=tuple((_value(piece), _words(piece, zone)) for piece in found),
        offered=tuple(_offer(roster, row, row.taker, zone) for row in made if row.expires_at > now),
        asked=tuple(_offer(roster, row, row.giver, zone) for row in got),
    )


def ends_of(rows: tuple[LeaveRow, ...], visitor: Visitor) -> frozenset[int]:
    """Return the numbers of the leave that a visitor may take back."""
    return frozenset(row.id for row in rows if visitor.audits or row.person == visitor.person)


def _shifts(roster: Roster, person: str, house: House) -> list[Piece]:
    now = house.clock.now()
    return sorted(turns(roster, person, now, now + NEXT_SHIFT_WITHIN), key=lambda piece: piece.start)


def _value(piece: Piece) -> str:
    # By its end: a turn that is going on begins, for this page, whenever somebody looks.
    return f"{piece.schedule} {piece.end.isoformat()}"


def _words(piece: Piece, zone: ZoneInfo) -> str:
    return f"{piece.schedule}: {duty_page.local(piece.start, zone)} to {duty_page.local(piece.end, zone)}"


def _offer(roster: Roster, row: SwapRow, other: str, zone: ZoneInfo) -> Offer:
    name = duty_page.short_name(roster.directory.people.get(other), other)
    return Offer(name, "; ".join(_words(piece, zone) for piece in row.pieces))
