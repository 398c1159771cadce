"""An incident as the board and a ticket's page show it, and its two buttons.

What must not live here: what an incident is (usecases/incidents.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from app.domain.directory import Directory
from app.domain.errors import ConflictError
from app.store.incidents import Incident
from app.usecases import incidents
from app.usecases.house import House
from app.web.access import Guard, Visitor
from app.web.showing import go_to


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLine:
    """One incident. `asking` of its tickets wait for an answer."""

    id: int
    account: str
    tickets: int
    open: int
    asking: int
    may_act: bool


def line_of(incident: Incident, directory: Directory, visitor: Visitor) -> IncidentLine:
    """Return an incident as this visitor sees it."""
    account = directory.accounts.get(incident.account)
    return IncidentLine(
        id=incident.id,
        account=account.name if account else incident.account,
        tickets=incident.tickets,
        open=incident.open,
        asking=incident.asking,
        may_act=not visitor.only_ticket,
    )


class IncidentButtons:
    """Takes all tickets of an incident, or lets each be on its own again."""

    def __init__(self, house: House, guard: Guard) -> None:
        self._house = house
        self._guard = guard

    def add_to(self, post: Callable[[str, Callable[[Request, Mapping[str, str]], Response]], None]) -> None:
        """Put both under their addresses."""
        post("/incidents/{incident:int}/ack", self.take_all)
        post("/incidents/{incident:int}/ungroup", self.ungroup)

    def take_all(self, request: Request, form: Mapping[str, str]) -> Response:
        """Acknowledge all tickets that wait for an answer."""
        visitor = self._visitor(request, form)
        number = request.path_params["incident"]
        try:
            incidents.take_all(self._house, number, person=visitor.person, actor=visitor.actor)
        except ConflictError:
            return go_to("/?did=conflict")
        return go_to("/?did=all_taken")

    def ungroup(self, request: Request, form: Mapping[str, str]) -> Response:
        """Dissolve the incident."""
        visitor = self._visitor(request, form)
        incidents.ungroup(self._house, request.path_params["incident"], actor=visitor.actor)
        return go_to("/?did=ungrouped")

    def _visitor(self, request: Request, form: Mapping[str, str]) -> Visitor:
        visitor = self._guard.user(request)
        self._guard.check_form(form, visitor.csrf)
        return visitor
