"""Twilio's REST interface as far as texts go, and the guard of all of it. Calls: twilio_voice.py."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import islice
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import segments
from simulator.carrier import Carrier, new_sid
from simulator.codes import CODES, TwilioError
from simulator.records import FROM_PHONE, TO_PHONE, Text
from simulator.twilio_check import check
from simulator.world import World, now

VERSION = "2010-04-01"
PAGE_SIZE, LARGEST_PAGE = 50, 1000
FILTERS = frozenset({"To", "From", "DateSent", "DateSent<", "DateSent>", "PageSize", "Page", "PageToken"})

Handler = Callable[[Request], Awaitable[Response]]


class TwilioApi:
    """The routes under /2010-04-01, with their authentication, refusals and log."""

    def __init__(self, world: World, carrier: Carrier) -> None:
        self._world = world
        self._carrier = carrier
        self._config = world.config

    def routes(self) -> list[Route]:
        """Return the routes."""
        account = f"/{VERSION}/Accounts/{{account}}"
        message = f"{account}/Messages/{{sid}}"
        return [
            self.route(f"{account}/Messages.json", self._messages, ["GET", "POST"]),
            self.route(f"{message}/Media.json", self._media_list, ["GET"]),
            self.route(f"{message}/Media/{{media}}", self._media, ["GET"]),
            self.route(f"{account}/Messages/{{sid}}.json", self._message, ["GET"]),
            self.route(f"/{VERSION}/Accounts/{{account}}.json", self._account, ["GET"]),
        ]

    def rest(self) -> Route:
        """Return the route for what there is none for."""
        return self.route(f"/{VERSION}/{{rest:path}}", self._nothing, ["GET", "POST", "DELETE"])

    def route(self, path: str, handler: Handler, methods: list[str]) -> Route:
        """Return a route whose requests are authenticated, logged, and refused in Twilio's own form."""

        async def guarded(request: Request) -> Response:
            code: int | None = None
            message = ""
            try:
                self._authenticate(request)
                response = await handler(request)
            except TwilioError as error:
                code, message = error.code, error.message
                response = as_json(error.body, error.status)
                if error.status == 401:  # noqa: PLR2004 - unauthorized
                    response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
            self._world.note(
                "request",
                provider="twilio",
                method=request.method,
                path=request.url.path,
                status=response.status_code,
                code=code,
                message=message,
            )
            return response

        return Route(path, guarded, methods=methods)

    def _authenticate(self, request: Request) -> None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        want = f"{self._config.account_sid}:{self._config.auth_token}".encode()
        try:
            given = base64.b64decode(value, validate=True) if scheme.lower() == "basic" else b""
        except ValueError:
            given = b""
        if not hmac.compare_digest(given, want):
            raise TwilioError(20003)
        account = request.path_params.get("account", self._config.account_sid)
        if account != self._config.account_sid:
            raise TwilioError(20404, request.url.path)

    async def _nothing(self, request: Request) -> Response:
        raise TwilioError(20404, request.url.path)

    async def _messages(self, request: Request) -> Response:
        return await self._create(request) if request.method == "POST" else self._list(request)

    async def _create(self, request: Request) -> Response:
        order = check(await form_pairs(request), self._config.numbers, self._config.messaging_services)
        phone = self._world.phone(order.to)
        if phone.refuse is not None:
            raise TwilioError(phone.refuse, order.to)
        if order.number in phone.blocked:
            raise TwilioError(21610, order.to)
        body = segments.smart_encoded(order.body) if order.smart else order.body
        text = Text(
            id=new_sid("MM" if order.media else "SM"),
            phone=order.to,
            number=order.number,
            direction=TO_PHONE,
            source="app",
            body=body,
            at=now(),
            updated=now(),
            status="accepted" if order.service else "queued",
            segments=segments.count(body),
            callback=order.callback,
            validity=order.validity,
            service=order.service,
            media=list(order.media),
        )
        answer = self._shown(text)
        if order.service:
            answer |= {"from": None, "num_segments": "0"}
        self._carrier.accept(text)
        return as_json(answer, 201)

    def _list(self, request: Request) -> Response:
        query = dict(request.query_params)
        for name in query:
            if name not in FILTERS:
                raise TwilioError(20001, f"no such parameter: {name}")
        size = whole(query.get("PageSize", str(PAGE_SIZE)), 1, LARGEST_PAGE, "PageSize")
        page = whole(query.get("Page", "0"), 0, 10**9, "Page")
        found = list(islice(self._found(query), size + 1))
        base = f"/{VERSION}/Accounts/{self._config.account_sid}/Messages.json?"
        filters = {k: v for k, v in query.items() if k not in {"Page", "PageToken", "PageSize"}}
        following = None
        if len(found) > size:
            token = {"PageSize": size, "Page": page + 1, "PageToken": f"PA{found[size - 1].id}"}
            following = base + urlencode(filters | token)
        shown = [self._shown(text) for text in found[:size]]
        return as_json(
            {
                "messages": shown,
                "first_page_uri": base + urlencode(filters | {"PageSize": size, "Page": 0}),
                "next_page_uri": following,
                "previous_page_uri": None,
                "uri": base + urlencode(query),
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(0, len(shown) - 1),
            }
        )

    def _found(self, query: dict[str, str]) -> Iterator[Text]:
        """Yield the texts that the filters let through, the newest first, from the page token on."""
        from_time, to_time = window(query, "DateSent")
        token = query.get("PageToken", "").removeprefix("PA")
        started = not token
        for text in reversed(self._world.texts.values()):
            at = (text.sent_at or text.at) + self._world.providers["twilio"].ahead
            if text.source == "carrier" or not from_time <= at < to_time:
                continue
            sender, receiver = _ends(text)
            if query.get("To", receiver) != receiver or query.get("From", sender) != sender:
                continue
            if started:
                yield text
            started = started or text.id == token

    def _text(self, request: Request) -> Text:
        text = self._world.texts.get(request.path_params["sid"])
        if text is None or text.source == "carrier":
            raise TwilioError(20404, request.url.path)
        return text

    async def _message(self, request: Request) -> Response:
        return as_json(self._shown(self._text(request)))

    async def _media_list(self, request: Request) -> Response:
        text = self._text(request)
        pictures = [self._picture(text, sid) for sid in text.media if sid in self._world.media]
        page = {"page": 0, "page_size": PAGE_SIZE, "start": 0, "end": max(0, len(pictures) - 1)}
        links = {"next_page_uri": None, "previous_page_uri": None}
        path = request.url.path
        return as_json({"media_list": pictures, **page, **links, "first_page_uri": path, "uri": path})

    async def _media(self, request: Request) -> Response:
        text = self._text(request)
        sid: str = request.path_params["media"]
        picture = self._world.media.get(sid.removesuffix(".json"))
        if picture is None or picture.text != text.id:
            raise TwilioError(20404, request.url.path)
        if sid.endswith(".json"):
            return as_json(self._picture(text, picture.id))
        return Response(
            base64.b64decode(picture.content),
            media_type=picture.content_type,
            headers={"X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment"},
        )

    def _picture(self, text: Text, sid: str) -> dict[str, object]:
        return {
            "sid": sid,
            "parent_sid": text.id,
            "account_sid": self._config.account_sid,
            "content_type": self._world.media[sid].content_type,
            "date_created": date_of(text.at),
            "date_updated": date_of(text.at),
            "uri": f"/{VERSION}/Accounts/{self._config.account_sid}/Messages/{text.id}/Media/{sid}.json",
        }

    async def _account(self, _request: Request) -> Response:
        sid = self._config.account_sid
        return as_json(
            {
                "sid": sid,
                "owner_account_sid": sid,
                "friendly_name": "Simulated account",
                "status": "active",
                "type": "Full",
                "auth_token": "[redacted]",
                "date_created": date_of(0.0),
                "date_updated": date_of(0.0),
                "uri": f"/{VERSION}/Accounts/{sid}.json",
                "subresource_uris": {"messages": f"/{VERSION}/Accounts/{sid}/Messages.json"},
            }
        )

    def _shown(self, text: Text) -> dict[str, object]:
        sender, receiver = _ends(text)
        base = f"/{VERSION}/Accounts/{self._config.account_sid}/Messages/{text.id}"
        ahead = self._world.providers["twilio"].ahead
        error = None if text.error_code is None else CODES.get(text.error_code, (400, "Error"))[1]
        sent = text.sent_at if text.direction == TO_PHONE else text.at
        return {
            "sid": text.id,
            "account_sid": self._config.account_sid,
            "api_version": VERSION,
            "body": text.body,
            "from": sender,
            "to": receiver,
            "direction": "outbound-api" if text.direction == TO_PHONE else "inbound",
            "status": text.status,
            "num_segments": str(text.segments),
            "num_media": str(len(text.media)),
            "date_created": date_of(text.at + ahead),
            "date_sent": None if sent is None else date_of(sent + ahead),
            "date_updated": date_of(text.updated + ahead),
            "error_code": text.error_code,
            "error_message": error,
            "messaging_service_sid": text.service or None,
            "price": None,
            "price_unit": "USD",
            "uri": f"{base}.json",
            "subresource_uris": {"media": f"{base}/Media.json"},
        }


def _ends(text: Text) -> tuple[str, str]:
    return (text.phone, text.number) if text.direction == FROM_PHONE else (text.number, text.phone)


async def form_pairs(request: Request) -> list[tuple[str, str]]:
    """Return the fields of a form, in order. Raises TwilioError when the body is none."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        raise TwilioError(20001, "the body must be application/x-www-form-urlencoded")
    try:
        raw = (await request.body()).decode("ascii")
        return parse_qsl(raw, keep_blank_values=True, strict_parsing=bool(raw), errors="strict")
    except ValueError as error:
        raise TwilioError(20001, "the body is not a form in UTF-8") from error


def date_of(seconds: float) -> str:
    """Return an instant as Twilio writes it, RFC 2822."""
    return format_datetime(datetime.fromtimestamp(int(seconds), UTC))


def as_json(value: object, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(json.dumps(value), status, media_type="application/json")


def whole(value: str, least: int, most: int, name: str) -> int:
    """Return a whole number of the query within its range. Raises TwilioError."""
    if not re.fullmatch("[0-9]{1,10}", value) or not least <= int(value) <= most:
        raise TwilioError(20001, f"{name} must be a number from {least} to {most}")
    return int(value)


def window(query: dict[str, str], field: str) -> tuple[float, float]:
    """Return the half-open time that the filters on `field` leave; the field itself means a day of UTC."""
    begin, end = 0.0, float("inf")
    for name in (field, f"{field}<", f"{field}>"):
        if name not in query:
            continue
        value = query[name]
        try:
            at = datetime.fromisoformat(value)
        except ValueError as error:
            raise TwilioError(20001, f"{name} must be a date or a time in ISO 8601") from error
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        if name == field:
            at = at.replace(hour=0, minute=0, second=0)
        width = timedelta(seconds=1) if "T" in value and name != field else timedelta(days=1)
        if name != f"{field}<":
            begin = max(begin, at.timestamp())
        if name != f"{field}>":
            end = min(end, (at + width).timestamp())
    return begin, end
