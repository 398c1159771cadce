"""The page on which an owner has a ticket's requester forgotten: first what goes, then the button.

What must not live here: what goes and what stays (usecases/forgetting.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from app.domain.forgetting import REMOVED
from app.domain.ticket import Ticket
from app.usecases import forgetting, views
from app.usecases.forgetting import ForgetError
from app.usecases.house import House
from app.web.access import ForbiddenError, Guard, NoSuchPageError, Visitor
from app.web.showing import go_to, show


class ForgetDesk:
    """Shows the preview, and carries out the form."""

    def __init__(self, house: House, guard: Guard) -> None:
        """Serve the tickets of this house."""
        self.house = house
        self.guard = guard

    def page(self, request: Request) -> Response:
        """Show what would go."""
        visitor = self._owner(request)
        return self._show(request, visitor, self._ticket(request))

    def forget(self, request: Request, form: Mapping[str, str]) -> Response:
        """Forget the requester and show the ticket; or the preview again with what stood in the way."""
        visitor = self._owner(request)
        self.guard.check_form(form, visitor.csrf)
        ticket = self._ticket(request)
        if form.get("sure") != "yes":
            return self._show(request, visitor, ticket, "Nothing was removed: tick the box first.", 400)
        try:
            forgetting.forget(self.house, _who(ticket), by=visitor.actor)
        except ForgetError as error:
            said = str(error)
            return self._show(request, visitor, ticket, f"{said[:1].upper()}{said[1:]}.", 409)
        return go_to(f"/tickets/{ticket.number}")

    def _owner(self, request: Request) -> Visitor:
        visitor = self.guard.user(request)
        if visitor.role != "owner":
            raise ForbiddenError
        return visitor

    def _ticket(self, request: Request) -> Ticket:
        view = views.ticket_by_number(self.house, request.path_params["number"])
        if view is None or not may_forget(view.ticket):
            raise NoSuchPageError
        return view.ticket

    def _show(
        self, request: Request, visitor: Visitor, ticket: Ticket, notice: str = "", status: int = 200
    ) -> Response:
        try:
            found = forgetting.preview(self.house, _who(ticket))
        except ForgetError:
            raise NoSuchPageError from None
        values = {"page": found, "number": ticket.number, "me": visitor, "phones": "", "notice": notice}
        return show(request, "forget.html", status, **values)


def may_forget(ticket: Ticket) -> bool:
    """Return whether something is kept of a ticket's requester, and the ticket is over."""
    return not ticket.open and ticket.requester.address != REMOVED


def _who(ticket: Ticket) -> str:
    return ticket.requester.contact or ticket.requester.address
