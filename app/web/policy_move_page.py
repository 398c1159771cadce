"""The page on which a manager moves a ticket to the present SLA policy: first what changes, then the form.

What must not live here: which policy it is and what the move does (usecases/policy_move.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.domain.charsets import storable
from app.domain.clocks import zone_of
from app.domain.errors import ConflictError
from app.domain.sla import ClockState
from app.usecases import policy_move, views
from app.usecases.house import House
from app.usecases.policy_move import MoveError, PolicyPreview, Standing
from app.web.access import ForbiddenError, Guard, NoSuchPageError, Visitor
from app.web.acting import NOTICES
from app.web.showing import go_to, show
from app.web.words import METRICS, moment, place_of, span

MANAGERS: Final = frozenset({"owner", "manager"})
_STATES: Mapping[ClockState, str] = {
    ClockState.RUNNING: "running",
    ClockState.PAUSED: "paused",
    ClockState.MET: "met",
    ClockState.MISSED: "missed",
    ClockState.CANCELLED: "no longer counts",
    ClockState.NONE: "not started",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow:
    """One clock in words: target, due and state, before the move and after it."""

    name: str
    before: tuple[str, str, str]
    after: tuple[str, str, str]
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePage:
    """All that the template needs. `token` is the policy that the form will be posted for."""

    number: int
    code: str
    place: str
    name: str
    token: str
    same: bool
    actions_changed: bool
    rows: tuple[MoveRow, ...]


class PolicyMove:
    """Shows the preview, and carries out the form."""

    def __init__(self, house: House, guard: Guard) -> None:
        """Serve the tickets of this house."""
        self.house = house
        self.guard = guard

    def page(self, request: Request) -> Response:
        """Show what moving the ticket would change."""
        visitor = self._manager(request)
        return self._show(request, visitor, self._ticket_id(request))

    def move(self, request: Request, form: Mapping[str, str]) -> Response:
        """Move the ticket, and show it; or the preview again with what stood in the way."""
        visitor = self._manager(request)
        self.guard.check_form(form, visitor.csrf)
        ticket_id = self._ticket_id(request)
        try:
            policy_move.move(
                self.house,
                ticket_id,
                actor=visitor.actor,
                person=visitor.person,
                reason=storable(form.get("reason", "")),
                expected=form.get("policy", ""),
            )
        except MoveError as error:
            return self._show(request, visitor, ticket_id, f"Nothing was moved: {error}.", status=409)
        except ConflictError:
            return self._show(request, visitor, ticket_id, NOTICES["conflict"], status=409)
        return go_to(f"/tickets/{request.path_params['number']}")

    def _manager(self, request: Request) -> Visitor:
        visitor = self.guard.user(request)
        if visitor.role not in MANAGERS:
            raise ForbiddenError
        return visitor

    def _ticket_id(self, request: Request) -> int:
        view = views.ticket_by_number(self.house, request.path_params["number"])
        if view is None or not view.ticket.open:
            raise NoSuchPageError
        return view.ticket.id

    def _show(
        self, request: Request, visitor: Visitor, ticket_id: int, notice: str = "", status: int = 200
    ) -> Response:
        page = move_page(policy_move.preview(self.house, ticket_id))
        return show(request, "policy_move.html", status, page=page, me=visitor, phones="", notice=notice)


def move_page(preview: PolicyPreview) -> MovePage:
    """Return a preview as the page shows it, in the zone of the ticket's site."""
    code, place = place_of(preview.ticket, preview.directory)
    return MovePage(
        number=preview.ticket.number,
        code=code,
        place=place,
        name=preview.name,
        token=preview.policy,
        same=preview.same,
        actions_changed=preview.actions_changed,
        rows=tuple(
            MoveRow(
                name=METRICS[row.metric],
                before=_words(row.before, preview),
                after=_words(row.after, preview),
                changed=row.changed,
            )
            for row in preview.rows
        ),
    )


def _words(standing: Standing | None, preview: PolicyPreview) -> tuple[str, str, str]:
    if standing is None:
        return "none", "", ""
    target = span(timedelta(seconds=standing.target_seconds)) if standing.target_seconds is not None else ""
    zone = zone_of(preview.ticket, preview.directory)
    due = moment(standing.due_at, preview.now, zone).text if standing.due_at else ""
    state = _STATES[standing.state]
    breached = standing.breached and standing.state != ClockState.MISSED
    return target, due, f"{state}, breached" if breached else state
