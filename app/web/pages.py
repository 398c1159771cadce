"""All pages as one router: the board, a ticket, the same ticket by a text's link, news, sign-in.

Handlers that touch the database are plain functions: they run in threads. What must not live here: who may do
what (access.py), what a page shows (board.py, ticket_page.py), what a form does (acting.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.domain.clocks import zone_of
from app.domain.errors import ConflictError
from app.domain.texts import TextId
from app.usecases import views
from app.usecases.actions import merge_tickets, perform
from app.usecases.house import House
from app.usecases.views import TicketView
from app.web.access import Action, Guard, NoSuchPageError, Visitor, WebConfig
from app.web.acting import NOTICES, UnclearError, command_of, merge_target, notice_of
from app.web.board import Filters, board_page
from app.web.breaches import BreachDesk
from app.web.duty import DutyDesk
from app.web.forget_page import ForgetDesk
from app.web.incident_line import IncidentButtons
from app.web.live import News
from app.web.new_ticket import NewTicket
from app.web.on_call import OnCallDesk
from app.web.policy_move_page import PolicyMove
from app.web.rules import RulesDesk
from app.web.showing import HEADERS, go_to, show
from app.web.sign_in import SignIn
from app.web.ticket_page import ticket_page
from app.web.wrong import FormTooLargeError, install_errors, mount_static

__all__ = ["WebConfig", "install_errors", "mount_static", "router"]

_LARGEST_FORM = 64 * 1024
Form = Mapping[str, str]


def router(house: House, config: WebConfig) -> APIRouter:
    """Return the pages of this house."""
    guard, news = Guard(house, config), News(house)
    moving = PolicyMove(house, guard)
    forgetting = ForgetDesk(house, guard)
    desk, by_link, sign_in = _Desk(house, guard, config), _ByLink(house, guard), SignIn(house, guard, config)
    audit = BreachDesk(house, guard, config)
    rules = RulesDesk(house, guard, config)
    routes = APIRouter(lifespan=news.serving)

    def get(path: str, handler: Callable[[Request], Response]) -> None:
        routes.add_route(path, handler, methods=["GET"], include_in_schema=False)

    def post(path: str, handler: Callable[[Request, Form], Response]) -> None:
        routes.add_route(path, _with_form(handler), methods=["POST"], include_in_schema=False)

    def stream(recognise: Callable[[Request], Visitor]) -> Callable[[Request], Awaitable[Response]]:
        async def events(request: Request) -> Response:
            await run_in_threadpool(recognise, request)
            headers = {**HEADERS, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            if request.method == "HEAD":
                return Response(headers=headers, media_type="text/event-stream")
            return StreamingResponse(news.stream(), headers=headers, media_type="text/event-stream")

        return events

    new = NewTicket(house, guard)
    get("/", desk.board)
    get("/tickets/new", new.page)
    post("/tickets/new", new.open)
    get("/fragments/board", desk.board_fragment)
    get("/tickets/{number:int}", desk.ticket)
    get("/fragments/tickets/{number:int}", desk.ticket_fragment)
    get("/tickets/{number:int}/policy", moving.page)
    post("/tickets/{number:int}/policy", moving.move)
    get("/tickets/{number:int}/forget", forgetting.page)
    post("/tickets/{number:int}/forget", forgetting.forget)
    post("/tickets/{number:int}/{action}", desk.act)
    get("/t/{token}", by_link.ticket)
    get("/t/{token}/fragment", by_link.fragment)
    post("/t/{token}/{action}", by_link.act)
    routes.add_route("/events", stream(guard.user), methods=["GET"], include_in_schema=False)
    routes.add_route("/t/{token}/events", stream(guard.link), methods=["GET"], include_in_schema=False)
    IncidentButtons(house, guard).add_to(post)
    get("/rules", rules.page)
    post("/rules/try", rules.try_it)
    get("/rules/{revision}", rules.change)
    post("/rules/{revision}/apply", rules.apply)
    get("/breaches", audit.audit)
    get("/breaches.csv", audit.csv)
    get("/breaches.xlsx", audit.workbook)
    get("/breaches/{number:int}/{metric}", audit.breach)
    post("/breaches/{number:int}/{metric}/{action}", audit.explain)
    DutyDesk(house, guard).add_to(get, post)
    OnCallDesk(house, guard, config).add_to(get, post)
    get("/sign-in", sign_in.page)
    post("/sign-in", sign_in.sign_in)
    post("/sign-out", sign_in.sign_out)
    get("/enter", sign_in.enter)
    return routes


class _Desk:
    """The pages of those who signed in."""

    def __init__(self, house: House, guard: Guard, config: WebConfig) -> None:
        self.house = house
        self.guard = guard
        self.acting = _Acting(house, guard)
        self.config = config

    def board(self, request: Request) -> Response:
        return self._board(request, "board.html")

    def board_fragment(self, request: Request) -> Response:
        return self._board(request, "_board.html")

    def _board(self, request: Request, template: str) -> Response:
        visitor = self.guard.user(request)
        filters = Filters.read(request.query_params)
        page = board_page(views.board(self.house, filters.wanted(visitor)), visitor, filters)
        phones = self.config.demo_phones_url
        return show(request, template, page=page, me=visitor, phones=phones, notice=_notice(request))

    def ticket(self, request: Request) -> Response:
        return self._ticket(request, "ticket.html")

    def ticket_fragment(self, request: Request) -> Response:
        return self._ticket(request, "_ticket.html")

    def _ticket(self, request: Request, template: str) -> Response:
        visitor = self.guard.user(request)
        view = views.ticket_by_number(self.house, request.path_params["number"])
        return _show_ticket(request, template, view, visitor, phones=self.config.demo_phones_url)

    def act(self, request: Request, form: Form) -> Response:
        visitor = self.guard.user(request)
        number = request.path_params["number"]
        view = views.ticket_by_number(self.house, number)
        notice = self.acting.do(visitor, view, request.path_params["action"], form)
        query = request.query_params
        if query.get("back") == "board":
            return go_to(f"/{Filters.read(query).query(did=notice)}")
        return go_to(f"/tickets/{number}?did={notice}")


class _ByLink:
    """One ticket, for whoever holds the link of a page's text."""

    def __init__(self, house: House, guard: Guard) -> None:
        self.house = house
        self.guard = guard
        self.acting = _Acting(house, guard)

    def ticket(self, request: Request) -> Response:
        return self._ticket(request, "ticket.html")

    def fragment(self, request: Request) -> Response:
        return self._ticket(request, "_ticket.html")

    def _ticket(self, request: Request, template: str) -> Response:
        visitor = self.guard.link(request)
        return _show_ticket(request, template, self._view(visitor), visitor)

    def act(self, request: Request, form: Form) -> Response:
        visitor = self.guard.link(request)
        notice = self.acting.do(visitor, self._view(visitor), request.path_params["action"], form)
        return go_to(f"{visitor.base}?did={notice}")

    def _view(self, visitor: Visitor) -> TicketView | None:
        return views.ticket_view(self.house, visitor.only_ticket) if visitor.only_ticket else None


def _show_ticket(
    request: Request,
    template: str,
    view: TicketView | None,
    visitor: Visitor,
    *,
    phones: str = "",
) -> Response:
    if view is None or not visitor.sees(view.ticket.id):
        raise NoSuchPageError
    page = ticket_page(view, visitor)
    return show(request, template, page=page, me=visitor, phones=phones, notice=_notice(request))


class _Acting:
    """Carries out what forms ask for."""

    def __init__(self, house: House, guard: Guard) -> None:
        self.house = house
        self.guard = guard

    def do(self, visitor: Visitor, view: TicketView | None, name: str, form: Form) -> str:
        """Carry out the action of that name; return the id of the notice that tells what came of it."""
        if view is None or name not in set(Action):
            raise NoSuchPageError
        action = Action(name)
        self.guard.check(visitor, action, view.ticket.id, form)
        zone = ZoneInfo(zone_of(view.ticket, view.directory))
        try:
            if action == Action.MERGE:
                person, actor = visitor.person, visitor.actor
                into = merge_target(form)
                why = merge_tickets(self.house, view.ticket.id, into, person=person, actor=actor)
                return TextId.NOT_MERGED if why else TextId.MERGED
            command = command_of(action, visitor, form, zone, self.house.clock.now())
            return notice_of(action, perform(self.house, view.ticket.id, command))
        except UnclearError as error:
            return error.notice
        except ConflictError:
            return "conflict"


def _notice(request: Request) -> str:
    return NOTICES.get(request.query_params.get("did", ""), "")


def _with_form(handler: Callable[[Request, Form], Response]) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that reads a small form and then runs `handler` in a thread."""

    async def endpoint(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LARGEST_FORM:
                raise FormTooLargeError
        return await run_in_threadpool(handler, request, _fields(body))

    return endpoint


def _fields(body: bytes) -> Form:
    """Return the fields of a form; none for a body that is not one, which then lacks its key."""
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        return {}
