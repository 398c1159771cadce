"""The on-call calendar over HTTP: look, try an override, save it, take it back; private feeds.

What must not live here: what an override does (usecases/duty.py), how days are drawn (duty_page.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from app.domain.charsets import storable
from app.domain.directory import LaterOverride
from app.domain.zones import local_instant
from app.usecases import duty, feeds
from app.usecases.duty import DutyCalendar, DutyError
from app.usecases.house import House
from app.web import duty_page
from app.web.access import ForbiddenError, Guard, NoSuchPageError, Visitor
from app.web.off_duty import OffDutyDesk, ends_of, off_duty
from app.web.showing import HEADERS, go_to, show

_LOCAL = "%Y-%m-%dT%H:%M"
_NOTICES = {
    "entered": "Saved. It holds at once.",
    "revoked": "Taken back. What was before holds again.",
    "feed": "Here is the address. Whoever has it can read these shifts.",
    "unfed": "That address no longer answers.",
    "off": "Saved. Others are asked instead.",
    "off_gap": "Saved, and now somebody is missing: see the gaps. The duty manager was told.",
    "on_again": "Taken back.",
    "offered": "Offered. They were told, and answer by text or here.",
    "swapped": "Done. Both of you were told.",
}
Form = Mapping[str, str]
Get = Callable[[str, Callable[[Request], Response]], None]
Post = Callable[[str, Callable[[Request, Form], Response]], None]


class DutyDesk:
    """The calendar and its forms."""

    def __init__(self, house: House, guard: Guard) -> None:
        """Serve the signed-in users of this house."""
        self.house = house
        self.guard = guard

    def add_to(self, get: Get, post: Post) -> None:
        """Say at which address what answers."""
        get("/on-call", self.page)
        OffDutyDesk(self.house, self.guard, self._refuse).add_to(post)
        post("/on-call/preview", self.preview)
        post("/on-call/overrides", self.enter)
        post("/on-call/overrides/{override:int}/revoke", self.revoke)
        get("/on-call/schedules/{schedule}.json", self.document)
        post("/on-call/feeds", self.make_feed)
        post("/on-call/feeds/{feed:int}/revoke", self.revoke_feed)
        get("/feeds/{key}.ics", self.feed)

    def page(self, request: Request) -> Response:
        """Show a week or a month."""
        return self._show(request, self.guard.user(request), {}, "")

    def preview(self, request: Request, form: Form) -> Response:
        """Show what an override would change, or the form again with what is wrong."""
        visitor = self._planner(request, form)
        try:
            trial = duty.try_override(self.house, self._wanted(form))
        except DutyError as error:
            return self._show(request, visitor, form, str(error), status=422)
        zone, now = trial.after.zone, self.house.clock.now()
        with self.house.begin() as connection:
            directory = self.house.roster(connection).directory
        colours = duty_page.colours_of((trial.before, trial.after))
        rows = [
            duty_page.row_cells(row, directory, colours, None, now).cells
            for row in (trial.before, trial.after)
        ]
        return show(
            request,
            "duty_preview.html",
            me=visitor,
            notice="",
            phones="",
            form=form,
            zone=str(zone),
            days=list(zip(*rows, strict=True)),
            changes=trial.changes,
            opened=[(duty_page.local(a, zone), duty_page.local(b, zone)) for a, b in trial.opened],
        )

    def enter(self, request: Request, form: Form) -> Response:
        """Save an override."""
        visitor = self._planner(request, form)
        try:
            wanted = self._wanted(form)
            reason = storable(form.get("reason", "")[:200])
            duty.enter_override(self.house, wanted, by=visitor.actor, reason=reason)
        except DutyError as error:
            return self._show(request, visitor, form, str(error), status=422)
        return go_to(f"/on-call?at={form.get('start', '')[:10]}&did=entered")

    def revoke(self, request: Request, form: Form) -> Response:
        """Take an override back."""
        visitor = self._planner(request, form)
        try:
            duty.revoke_override(self.house, request.path_params["override"], by=visitor.actor)
        except DutyError as error:
            return self._show(request, visitor, {}, str(error), status=409)
        return go_to("/on-call?did=revoked")

    def document(self, request: Request) -> Response:
        """Return a schedule as a document that `closeloop oncall import` takes."""
        self.guard.user(request)
        name = request.path_params["schedule"]
        try:
            found = duty.export_schedule(self.house, name)
        except DutyError:
            raise NoSuchPageError from None
        headers = {**HEADERS, "Content-Disposition": 'attachment; filename="schedule.json"'}
        body = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
        return Response(body, headers=headers, media_type="application/json")

    def make_feed(self, request: Request, form: Form) -> Response:
        """Make a feed: of one's own shifts, or of a schedule."""
        visitor = self.guard.user(request)
        self.guard.check_form(form, visitor.csrf)
        name = form.get("schedule", "")
        with self.house.begin() as connection:
            known = self.house.roster(connection).directory.schedules
        if name and name not in known:
            raise NoSuchPageError
        kind = feeds.SCHEDULE if name else feeds.PERSON
        feeds.make_feed(self.house, kind, name or visitor.person, by=visitor.actor)
        return go_to("/on-call?did=feed#feeds")

    def revoke_feed(self, request: Request, form: Form) -> Response:
        """End a feed: one's own, or as a planner that of a schedule."""
        visitor = self.guard.user(request)
        self.guard.check_form(form, visitor.csrf)
        calendar = duty.read_calendar(self.house, self._today(), 1, person=visitor.person)
        mine = {feed.id for feed in calendar.feeds if feed.kind == feeds.PERSON or visitor.audits}
        if request.path_params["feed"] not in mine:
            raise ForbiddenError
        feeds.revoke_feed(self.house, request.path_params["feed"])
        return go_to("/on-call?did=unfed#feeds")

    def feed(self, request: Request) -> Response:
        """Answer a calendar program, which has nothing but the address."""
        document = feeds.read_feed(self.house, request.path_params["key"])
        if document is None:
            raise NoSuchPageError
        headers = {**HEADERS, "Cache-Control": "private, max-age=900"}
        return Response(document, headers=headers, media_type="text/calendar; charset=utf-8")

    def _planner(self, request: Request, form: Form) -> Visitor:
        visitor = self.guard.auditor(request)
        self.guard.check_form(form, visitor.csrf)
        return visitor

    def _today(self) -> date:
        with self.house.begin() as connection:
            zone = self.house.roster(connection).directory.company.timezone
        return self.house.clock.now().astimezone(ZoneInfo(zone)).date()

    def _wanted(self, form: Form) -> LaterOverride:
        with self.house.begin() as connection:
            schedules = self.house.roster(connection).schedules
        name = form.get("schedule", "")
        if name not in schedules:
            raise DutyError("Choose the schedule from the list.")
        zone = schedules[name].zone
        return LaterOverride(
            schedule=name,
            start=_instant(form.get("start", ""), zone),
            end=_instant(form.get("end", ""), zone, end=True),
            out=form.get("out", "")[:100],
            joins=form.get("joins", "")[:100],
        )

    def _refuse(self, request: Request, visitor: Visitor, form: Form, problem: str) -> Response:
        return self._show(request, visitor, form, problem, status=422)

    def _show(
        self, request: Request, visitor: Visitor, form: Form, problem: str, status: int = 200
    ) -> Response:
        query = request.query_params
        shown = duty_page.range_of(query.get("view", ""), _day(query.get("at", ""), self._today()))
        only = storable(query.get("schedule", "")[:100])
        calendar = duty.read_calendar(
            self.house, shown.first, shown.count, schedule=only, person=visitor.person
        )
        zones = {row.name: row.zone for row in calendar.rows}
        return show(
            request,
            "duty.html",
            status,
            me=visitor,
            phones="",
            notice=problem or _NOTICES.get(query.get("did", ""), ""),
            form=form,
            shown=shown,
            rows=duty_page.rows_of(calendar, shown, self.house.clock.now()),
            schedules=sorted(zones),
            people=sorted((p.name, p.key) for p in calendar.directory.people.values() if p.active),
            gaps=[(name, *_times(zones[name], a, b)) for name, a, b in calendar.gaps],
            overrides=_overrides(calendar, zones),
            leave=_leave(calendar, ends_of(calendar.leave, visitor)),
            mine=off_duty(self.house, visitor.person),
            feeds=[(f.id, f.kind, f.name, self._address(f.id)) for f in calendar.feeds],
            has_feed={f.name for f in calendar.feeds if f.kind == feeds.SCHEDULE},
            own_feed=any(f.kind == feeds.PERSON for f in calendar.feeds),
            works_here=visitor.person in calendar.directory.people,
        )

    def _address(self, feed_id: int) -> str:
        return f"{self.house.identity.public_url}/feeds/{feeds.feed_key(self.house, feed_id)}.ics"


def _times(zone: ZoneInfo, start: datetime, end: datetime) -> tuple[str, str]:
    return duty_page.local(start, zone), duty_page.local(end, zone)


def _overrides(calendar: DutyCalendar, zones: Mapping[str, ZoneInfo]) -> list[dict[str, object]]:
    people = calendar.directory.people

    def name(key: str) -> str:
        return "everyone" if key == "*" else duty_page.short_name(people.get(key), key) if key else ""

    return [
        {
            "id": row.id,
            "schedule": row.schedule,
            "times": _times(zones[row.schedule], row.starts, row.ends),
            "out": name(row.out),
            "joins": name(row.joins),
            "reason": row.reason,
            "by": row.entered_by.partition(":")[2] or row.entered_by,
        }
        for row in calendar.overrides
        if row.schedule in zones
    ]


def _leave(calendar: DutyCalendar, may_end: frozenset[int]) -> list[dict[str, object]]:
    directory = calendar.directory
    found = []
    for row in calendar.leave:
        person = directory.people.get(row.person)
        zone = ZoneInfo(person.timezone if person else directory.company.timezone)
        found.append(
            {
                "id": row.id if row.id in may_end else 0,
                "name": duty_page.short_name(person, row.person),
                "times": _times(zone, row.starts, row.ends),
                "note": row.note if row.id in may_end else "",
            }
        )
    return found


def _day(text: str, otherwise: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return found if 1990 <= found.year <= 2200 else otherwise  # noqa: PLR2004 - where calendars make sense


def _instant(text: str, zone: ZoneInfo, *, end: bool = False) -> datetime:
    try:
        wall = datetime.strptime(text.strip()[:16], _LOCAL)  # noqa: DTZ007 - the schedule's wall time
    except ValueError:
        raise DutyError("Write both times like 2026-06-09T18:00.") from None
    return local_instant(wall, zone, end=end)
