"""Twilio's REST interface for calls: create, change, fetch, list. The guard around it is twilio_api.py's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.carrier import new_sid
from simulator.codes import TwilioError
from simulator.records import TO_PHONE, Call
from simulator.switchboard import Switchboard, direction_of, ends
from simulator.twilio_api import PAGE_SIZE, VERSION, TwilioApi, as_json, date_of, form_pairs, whole, window
from simulator.twilio_call_check import check_call, check_change
from simulator.world import World, now

FILTERS = frozenset(
    {"To", "From", "Status", "StartTime", "StartTime<", "StartTime>", "PageSize", "Page", "PageToken"}
)

Handler = Callable[[Request], Awaitable[Response]]


class VoiceApi:
    """The routes under /2010-04-01/Accounts/AC.../Calls."""

    def __init__(self, world: World, switchboard: Switchboard, guard: TwilioApi) -> None:
        self._world = world
        self._switchboard = switchboard
        self._guard = guard
        self._config = world.config

    def routes(self) -> list[Route]:
        """Return the routes."""
        calls = f"/{VERSION}/Accounts/{{account}}/Calls"
        return [
            self._guard.route(f"{calls}.json", self._calls, ["GET", "POST"]),
            self._guard.route(f"{calls}/{{sid}}.json", self._call, ["GET", "POST"]),
        ]

    async def _calls(self, request: Request) -> Response:
        return await self._create(request) if request.method == "POST" else self._list(request)

    async def _create(self, request: Request) -> Response:
        order = check_call(await form_pairs(request), self._config.numbers)
        phone = self._world.phone(order.to)
        if phone.refuse is not None:
            raise TwilioError(phone.refuse, order.to)
        call = Call(
            id=new_sid("CA"),
            phone=order.to,
            number=order.number,
            direction=TO_PHONE,
            at=now(),
            updated=now(),
            url=order.url,
            twiml=order.twiml,
            fallback=order.fallback,
            callback=order.callback,
            events=list(order.events),
            timeout=order.timeout,
            machine_detection=order.machine_detection,
            async_amd=order.async_amd,
            amd_callback=order.amd_callback,
        )
        answer = self._shown(call)
        self._switchboard.place(call)
        return as_json(answer, 201)

    async def _call(self, request: Request) -> Response:
        call = self._world.calls.get(request.path_params["sid"])
        if call is None:
            raise TwilioError(20404, request.url.path)
        if request.method == "POST":
            self._switchboard.change(call, check_change(await form_pairs(request)))
        return as_json(self._shown(call))

    def _list(self, request: Request) -> Response:
        query = dict(request.query_params)
        for name in query:
            if name not in FILTERS:
                raise TwilioError(20001, f"no such parameter: {name}")
        size = whole(query.get("PageSize", str(PAGE_SIZE)), 1, 1000, "PageSize")
        page = whole(query.get("Page", "0"), 0, 10**9, "Page")
        begin, end = window(query, "StartTime")
        ahead = self._world.providers["twilio"].ahead
        found = [
            call
            for call in reversed(self._world.calls.values())
            if _fits(call, query) and begin <= (call.answered_at or call.at) + ahead < end
        ]
        shown = [self._shown(call) for call in found[page * size : (page + 1) * size]]
        base = f"/{VERSION}/Accounts/{self._config.account_sid}/Calls.json?"
        filters = {k: v for k, v in query.items() if k not in {"Page", "PageSize"}}
        more = len(found) > (page + 1) * size
        return as_json(
            {
                "calls": shown,
                "first_page_uri": base + urlencode(filters | {"PageSize": size, "Page": 0}),
                "next_page_uri": base + urlencode(filters | {"PageSize": size, "Page": page + 1})
                if more
                else None,
                "previous_page_uri": None,
                "uri": base + urlencode(query),
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(0, len(shown) - 1),
            }
        )

    def _shown(self, call: Call) -> dict[str, object]:
        sender, receiver = ends(call)
        ahead = self._world.providers["twilio"].ahead
        talked = call.answered_at is not None and call.ended_at is not None
        return {
            "sid": call.id,
            "account_sid": self._config.account_sid,
            "api_version": VERSION,
            "parent_call_sid": call.parent or None,
            "from": sender,
            "from_formatted": sender,
            "to": receiver,
            "to_formatted": receiver,
            "phone_number_sid": None,
            "direction": direction_of(call),
            "status": call.status,
            "answered_by": call.answered_by or None,
            "caller_name": None,
            "forwarded_from": None,
            "group_sid": None,
            "trunk_sid": None,
            "queue_time": "0",
            "date_created": date_of(call.at + ahead),
            "date_updated": date_of((call.updated or call.at) + ahead),
            "start_time": None if call.status == "queued" else date_of((call.answered_at or call.at) + ahead),
            "end_time": None if call.ended_at is None else date_of(call.ended_at + ahead),
            "duration": str(round((call.ended_at or 0) - (call.answered_at or 0))) if talked else None,
            "price": None,
            "price_unit": "USD",
            "uri": f"/{VERSION}/Accounts/{self._config.account_sid}/Calls/{call.id}.json",
            "subresource_uris": {},
        }


def _fits(call: Call, query: dict[str, str]) -> bool:
    sender, receiver = ends(call)
    wanted = (query.get("From", sender), query.get("To", receiver), query.get("Status", call.status))
    return wanted == (sender, receiver, call.status)
