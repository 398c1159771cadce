"""A provider in trouble: an ASGI layer before its routes that is slow, fails, hangs or breaks off."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from simulator.codes import TwilioError
from simulator.sendgrid_api import rate_headers
from simulator.world import World

HANG_LOOK = 0.2
# lost_answer: the request is carried out, but its sender never hears of it.
DOWN = ("503", "500", "429", "hang", "abort", "lost_answer")
TWILIO_CODES = {"503": 20503, "500": 20500, "429": 20429}
PROVIDER_OF = {"2010-04-01": "twilio", "v3": "sendgrid"}


class Abrupt(H11Protocol):
    """Uvicorn's HTTP/1.1, which remembers its open connections so that one can be cut off."""

    open_: dict[tuple[str, int], asyncio.Transport] = {}  # noqa: RUF012 - of all connections, on purpose

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Remember the connection."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.open_[peer[0], peer[1]] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        peer = self.transport.get_extra_info("peername")
        if peer is not None:
            self.open_.pop((peer[0], peer[1]), None)


class Trouble:
    """Passes requests on unless their provider's switches say otherwise."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        name = PROVIDER_OF.get(scope["path"].split("/", 2)[1]) if scope["type"] == "http" else None
        if name is None:
            await self._app(scope, receive, send)
            return
        provider = self._world.providers[name]
        if provider.slow:
            await asyncio.sleep(provider.slow)
        if not provider.down:
            await self._app(scope, receive, send)
            return
        down = provider.down
        self._world.note("request", provider=name, method=scope["method"], path=scope["path"], down=down)
        if down in TWILIO_CODES:
            await _failure(name, down)(scope, receive, send)
            return
        if down == "hang":
            await self._hang(receive)
        if down == "lost_answer":
            await self._app(scope, receive, _swallow)
        cut_off(scope)
        await _gone(receive)

    async def _hang(self, receive: Receive) -> None:
        """Return when the other side has given up, or when the server ends."""
        gone = asyncio.create_task(_gone(receive))
        while not gone.done() and not self._world.closing:
            await self._world.changed(HANG_LOOK)
        gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _failure(provider: str, down: str) -> Response:
    if provider == "twilio":
        body: dict[str, Any] = TwilioError(TWILIO_CODES[down]).body
    else:
        body = {"errors": [{"message": "service unavailable", "field": None, "help": None}]}
    response = Response(json.dumps(body), int(down), media_type="application/json")
    if down == "429":
        response.headers.update(rate_headers() if provider == "sendgrid" else {"Retry-After": "1"})
    return response


async def _swallow(_message: Message) -> None:
    return


def cut_off(scope: Scope) -> None:
    """Break the request's connection without an answer."""
    host, port = scope["client"]
    transport = Abrupt.open_.get((host, port))
    if transport is not None:
        transport.abort()
