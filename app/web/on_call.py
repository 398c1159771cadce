"""The pages around being on call: the coverage proof, fairness, and one's own contact methods and rules.

What must not live here: proofs and figures (usecases), calendars of shifts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from app.domain.contact_checks import Standing
from app.domain.coverage import Gap
from app.domain.directory import MethodKind, Person
from app.domain.instants import format_duration
from app.store import contact_checks
from app.usecases.fairness import ALL, Fairness, PeriodError, as_csv, fairness, period
from app.usecases.gaps import Proof, cause_text, prove_coverage, trades_text, who_text
from app.usecases.house import House
from app.usecases.verifying import Outcome, VerifyError, enter_code, send_code
from app.web.access import Guard, Visitor, WebConfig
from app.web.showing import HEADERS, go_to, show

_DAYS: Final = (7, 30, 90)
_LISTED: Final = 8
_KINDS: Final[Mapping[MethodKind, str]] = {
    MethodKind.SMS: "text",
    MethodKind.EMAIL: "mail",
    MethodKind.VOICE: "call",
}
_STANDINGS: Final[Mapping[Standing, str]] = {
    Standing.WORKS: "verified",
    Standing.UNVERIFIED: "not verified",
    Standing.FAILING: "fails: nothing arrives there",
}
_NOTICES: Final[Mapping[str, str]] = {
    "sent": "A code is on its way. It is good for ten minutes.",
    Outcome.VERIFIED: "Verified. Pages can reach you there.",
    Outcome.WRONG: "That is not the code. Please look again.",
    Outcome.OVER: "That code is used up or too old. Ask for a new one.",
    Outcome.NONE: "No code is on its way to you. Ask for one first.",
}


Get = Callable[[str, Callable[[Request], Response]], None]
Post = Callable[[str, Callable[[Request, Mapping[str, str]], Response]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """The gaps of one account in words, instants in the company's zone."""

    account: str
    count: int
    parts: tuple[str, ...]
    times: tuple[str, ...]
    more: int
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRow:
    """One contact method of the visitor; `code` when a code can be sent there."""

    kind: str
    address: str
    standing: str
    works: bool
    code: bool


class OnCallDesk:
    """Answers for the signed-in users of this house."""

    def __init__(self, house: House, guard: Guard, config: WebConfig) -> None:
        """Answer for this house."""
        self.house = house
        self.guard = guard
        self.config = config

    def add_to(self, get: Get, post: Post) -> None:
        """Serve these pages."""
        get("/on-call/coverage", self.coverage)
        get("/on-call/fairness", self.fairness)
        get("/on-call/fairness.csv", self.csv)
        get("/me", self.me)
        post("/me/send", self.send)
        post("/me/verify", self.verify)

    def coverage(self, request: Request) -> Response:
        """Show the gaps of the next days, or that there are none."""
        visitor = self.guard.user(request)
        asked = request.query_params.get("days", "")
        days = int(asked) if asked in map(str, _DAYS) else _DAYS[-1]
        proof = prove_coverage(self.house, days)
        rows = gap_rows(proof, len(self.house.rulebook.routing.trades))
        return self._show(
            request, "coverage.html", visitor, rows=rows, count=len(proof.gaps), days=days, choices=_DAYS
        )

    def fairness(self, request: Request) -> Response:
        """Show who carried how much in a period; without one, in the last 30 days."""
        visitor = self.guard.auditor(request)
        found, wrong = self._fairness(request)
        totals = [line for line in found.lines if line.schedule == ALL]
        parts = [line for line in found.lines if line.schedule != ALL]
        return self._show(
            request, "fairness.html", visitor, found=found, totals=totals, parts=parts, notice=wrong
        )

    def csv(self, request: Request) -> Response:
        """Return exactly what the page shows as CSV."""
        self.guard.auditor(request)
        found, _ = self._fairness(request)
        name = f"fairness-{found.first}-{found.last}.csv"
        headers = {
            **HEADERS,
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{name}"',
        }
        return Response(as_csv(found), headers=headers, media_type="text/csv; charset=utf-8")

    def me(self, request: Request) -> Response:
        """Show the visitor's contact methods and notification rules."""
        visitor = self.guard.user(request)
        notice = _NOTICES.get(request.query_params.get("did", ""), "")
        return self._me(request, visitor, notice)

    def send(self, request: Request, form: Mapping[str, str]) -> Response:
        """Send a code to one of the visitor's addresses."""
        visitor = self.guard.user(request)
        self.guard.check_form(form, visitor.csrf)
        try:
            send_code(self.house, visitor.person, form.get("address", ""))
        except VerifyError as error:
            return self._me(request, visitor, f"No code was sent: {error}.", status=422)
        return go_to("/me?did=sent")

    def verify(self, request: Request, form: Mapping[str, str]) -> Response:
        """Take the code that came."""
        visitor = self.guard.user(request)
        self.guard.check_form(form, visitor.csrf)
        outcome, _ = enter_code(self.house, visitor.person, form.get("code", "")[:40])
        return go_to(f"/me?did={outcome}")

    def _me(self, request: Request, visitor: Visitor, notice: str, status: int = 200) -> Response:
        with self.house.begin() as connection:
            person = self.house.roster(connection).directory.people.get(visitor.person)
            checks = contact_checks.read_checks(connection)
        if person is None:
            return self._show(request, "me.html", visitor, status, notice=notice, paged=False)
        methods = [
            MethodRow(
                kind=_KINDS[method.kind],
                address=method.address,
                standing=_STANDINGS[checks.standing(person.key, method)],
                works=checks.standing(person.key, method) is Standing.WORKS,
                code=method.kind is not MethodKind.VOICE,
            )
            for method in person.methods
        ]
        values = {"methods": methods, "rules": rules_text(person), "quiet": quiet_text(person), "paged": True}
        return self._show(request, "me.html", visitor, status, notice=notice, **values)

    def _fairness(self, request: Request) -> tuple[Fairness, str]:
        with self.house.begin() as connection:
            zone = self.house.roster(connection).directory.company.timezone
        today = self.house.clock.now().astimezone(ZoneInfo(zone)).date()
        query, wrong = request.query_params, ""
        days = (today - timedelta(days=30), today - timedelta(days=1))
        if query.get("from") or query.get("to"):
            try:
                days = period(query.get("from", ""), query.get("to", ""))
            except PeriodError as error:
                wrong = f"{error}."
        return fairness(self.house, *days), wrong

    def _show(
        self,
        request: Request,
        template: str,
        visitor: Visitor,
        status: int = 200,
        *,
        notice: str = "",
        **values: object,
    ) -> Response:
        phones = self.config.demo_phones_url
        return show(request, template, status, me=visitor, phones=phones, notice=notice, **values)


def gap_rows(proof: Proof, trades: int) -> list[GapRow]:
    """Return the gaps of a proof in words, those of one account together, the earliest first."""
    zone, accounts = ZoneInfo(proof.directory.company.timezone), proof.directory.accounts
    found: dict[str, list[Gap]] = {}
    for gap in proof.gaps:
        found.setdefault(gap.account, []).append(gap)
    rows = []
    for key, gaps in found.items():
        spans = sorted({span for gap in gaps for span in gap.spans})
        parts = dict.fromkeys(
            f"{who_text(gap, proof.directory)}: {', '.join(gap.priorities)}, {trades_text(gap, trades)}"
            for gap in gaps
        )
        causes = dict.fromkeys(cause_text(cause, proof.directory) for gap in gaps for cause in gap.causes)
        rows.append(
            GapRow(
                account=accounts[key].name if key in accounts else "Unknown senders",
                count=len(gaps),
                parts=tuple(parts)[:_LISTED],
                times=tuple(f"{_local(a, zone)} to {_local(b, zone)}" for a, b in spans[:_LISTED]),
                more=max(0, len(spans) - _LISTED),
                causes=tuple(causes)[:_LISTED],
            )
        )
    return rows


def rules_text(person: Person) -> list[tuple[str, str]]:
    """Return the person's own notification rules: priority, and what happens when."""
    found: dict[str, list[str]] = {}
    for step in person.notify:
        when = f"after {format_duration(step.after)}" if step.after else "at once"
        found.setdefault(step.priority, []).append(f"{_KINDS[step.kind]} {when}")
    return [(priority, ", ".join(steps)) for priority, steps in sorted(found.items())]


def quiet_text(person: Person) -> str:
    """Return the person's quiet hours, or nothing."""
    return " to ".join(clock.isoformat("minutes") for clock in person.quiet or ())


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%a %b %-d, %H:%M")
