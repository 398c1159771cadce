"""The breach audit's addresses: the list, one breach, its forms, the exports. For managers and owners only.

What must not live here: what a page shows (breach_page.py), what a form leads to (usecases/breaches.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.domain import commands as cmd
from app.domain.charsets import storable
from app.domain.errors import ConflictError
from app.usecases import breaches
from app.usecases.breaches import UnknownReasonError
from app.usecases.house import House
from app.web.access import Guard, NoSuchPageError, Visitor, WebConfig
from app.web.breach_export import as_csv, as_workbook
from app.web.breach_filters import BreachFilters
from app.web.breach_page import breach_detail, breach_page
from app.web.showing import HEADERS, go_to, show

_LONGEST_TEXT: Final = 2000
_NOTICES: Final[Mapping[str, str]] = {
    "explained": "Saved: why it happened.",
    "excused": "Excused: it stays recorded and is counted apart.",
    "unexcused": "No longer excused.",
    "same": "Nothing changed. The reason of an excused breach stays until the excuse is taken back.",
    "reason_missing": "Nothing saved: please choose a reason from the list.",
    "conflict": "Not saved: somebody else said why meanwhile. Their words stand first, yours in the form.",
}
_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class BreachDesk:
    """Answers the audit's requests."""

    def __init__(self, house: House, guard: Guard, config: WebConfig) -> None:
        """Answer for this house."""
        self.house = house
        self.guard = guard
        self.config = config

    def audit(self, request: Request) -> Response:
        """Show the breaches that the address asks for."""
        visitor = self.guard.auditor(request)
        filters = BreachFilters.read(request.query_params)
        audit = breaches.audit(self.house, filters.wanted(self._now(), self._zone()), filters.after)
        return self._show(request, "breaches.html", visitor, page=breach_page(audit, filters))

    def breach(self, request: Request) -> Response:
        """Show one breach and what its figures are made of."""
        visitor = self.guard.auditor(request)
        view = breaches.breach(self.house, request.path_params["number"], request.path_params["metric"])
        if view is None:
            raise NoSuchPageError
        return self._show(request, "breach.html", visitor, page=breach_detail(view))

    def explain(self, request: Request, form: Mapping[str, str]) -> Response:
        """Save why a breach happened, an excuse, or its end; then show what the form was on."""
        visitor = self.guard.auditor(request)
        self.guard.check_form(form, visitor.csrf)
        number, metric = request.path_params["number"], request.path_params["metric"]
        view = breaches.breach(self.house, number, metric)
        if view is None:
            raise NoSuchPageError
        try:
            notice = self._do(request.path_params["action"], visitor, view.breach.ticket.id, metric, form)
        except UnknownReasonError:
            notice = "reason_missing"
        except ConflictError:
            return self._again(request, visitor, form)
        if request.query_params.get("back") == "list":
            query = BreachFilters.read(request.query_params).query(did=notice)
            return go_to(f"/breaches{query}#b{number}-{metric}")
        return go_to(f"/breaches/{number}/{metric}?did={notice}")

    def csv(self, request: Request) -> Response:
        """Return exactly what the list shows, all pages of it, as CSV."""
        return self._export(request, "csv")

    def workbook(self, request: Request) -> Response:
        """Return exactly what the list shows, all pages of it, as a workbook."""
        return self._export(request, "xlsx")

    def _do(self, action: str, visitor: Visitor, ticket_id: int, metric: str, form: Mapping[str, str]) -> str:
        seen = form.get("seen", "")
        who = {"actor": visitor.actor, "person": visitor.person, "metric": metric, "seen": seen}
        reason, remark = form.get("reason", ""), _text(form, "remark")
        if action == "explain":
            action_text = _text(form, "corrective_action")
            done = breaches.explain(
                self.house,
                ticket_id,
                cmd.ExplainBreach(**who, reason=reason, remark=remark, corrective_action=action_text),
            )
            return "explained" if done else "same"
        if action == "excuse":
            command = cmd.ExcuseBreach(**who, reason=reason, remark=remark)
            return "excused" if breaches.excuse(self.house, ticket_id, command) else "same"
        if action == "unexcuse":
            done = breaches.unexcuse(self.house, ticket_id, cmd.UnexcuseBreach(**who))
            return "unexcused" if done else "same"
        raise NoSuchPageError

    def _again(self, request: Request, visitor: Visitor, form: Mapping[str, str]) -> Response:
        """Show what somebody else noted meanwhile, with what this visitor wrote still in the form."""
        view = breaches.breach(self.house, request.path_params["number"], request.path_params["metric"])
        if view is None:
            raise NoSuchPageError
        typed = dict(form) if request.path_params["action"] == "explain" else {}
        page = breach_detail(view)
        phones, notice = self.config.demo_phones_url, _NOTICES["conflict"]
        return show(
            request, "breach.html", 409, page=page, me=visitor, typed=typed, phones=phones, notice=notice
        )

    def _export(self, request: Request, kind: str) -> Response:
        self.guard.auditor(request)
        filters, zone = BreachFilters.read(request.query_params), self._zone()
        now = self._now()
        first, last = filters.days(now, zone)
        portions = breaches.every(self.house, filters.wanted(now, zone))
        reasons = self.house.rulebook.breach_reasons
        content = as_csv(portions, reasons) if kind == "csv" else as_workbook(portions, reasons)
        headers = {
            **HEADERS,
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="breaches-{first}-{last}.{kind}"',
        }
        media = "text/csv; charset=utf-8" if kind == "csv" else _WORKBOOK
        return StreamingResponse(content, headers=headers, media_type=media)

    def _show(self, request: Request, template: str, visitor: Visitor, *, page: object) -> Response:
        notice = _NOTICES.get(request.query_params.get("did", ""), "")
        phones = self.config.demo_phones_url
        return show(request, template, page=page, me=visitor, typed={}, phones=phones, notice=notice)

    def _now(self) -> datetime:
        return self.house.clock.now()

    def _zone(self) -> str:
        with self.house.begin() as connection:
            return self.house.roster(connection).directory.company.timezone


def _text(form: Mapping[str, str], name: str) -> str:
    return storable(form.get(name, "").strip()[:_LONGEST_TEXT])
