"""Puts the simulator together: one ASGI application, all interfaces and the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator import directory
from simulator.api import Api, Network
from simulator.carrier import Carrier
from simulator.config import LOOPBACK, Config
from simulator.postmaster import Postmaster
from simulator.records import Post
from simulator.sendgrid_api import SendGridApi
from simulator.signing import SendGridKey
from simulator.switchboard import Switchboard
from simulator.trouble import Trouble
from simulator.twilio_api import TwilioApi
from simulator.twilio_voice import VoiceApi
from simulator.view import View
from simulator.webhooks import Webhooks
from simulator.world import World

HERE = Path(__file__).parent
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class OnlyHere:
    """Refuses requests whose Host is not this machine: a foreign page may have its name point here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 421."""
        if scope["type"] == "http":
            host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
            name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
            if name.strip("[]") not in LOOPBACK:
                await Response("only on this machine", 421)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def create_app(config: Config) -> Starlette:
    """Return the application. Its state is read when it starts up and is at home on its event loop."""
    world = World(config)
    world.load()
    key = SendGridKey(config.signing_key_pem or world.journal.secret)
    world.journal.secret = key.pem
    world.start_journal()
    webhooks = Webhooks(world, key)
    carrier = Carrier(world, webhooks)
    switchboard = Switchboard(world, webhooks)
    postmaster = Postmaster(world, webhooks)
    twilio = TwilioApi(world, carrier)
    view = View(world, directory.read(config.directory, config.cast), key.public)

    def answered(post: Post, words: str) -> None:
        carrier.answered(post, words)
        postmaster.answered(post, words)

    webhooks.on_answer = answered

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        webhooks.resume()
        carrier.resume()
        switchboard.resume()
        postmaster.resume()
        try:
            yield
        finally:
            carrier.close()
            switchboard.close()
            postmaster.close()
            await webhooks.close()
            world.journal.close()

    app = Starlette(
        routes=[
            *twilio.routes(),
            *VoiceApi(world, switchboard, twilio).routes(),
            twilio.rest(),
            *SendGridApi(world, postmaster).routes(),
            *Api(world, Network(carrier, switchboard, postmaster), webhooks, view).routes(),
            Route("/healthz", _healthz),
            Route("/", _page),
            Route("/favicon.ico", _favicon),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[Middleware(OnlyHere), Middleware(Trouble, world=world)],
        lifespan=lifespan,
    )
    app.state.sendgrid_public_key = key.public
    app.state.end_waiting = world.close
    return app


async def _healthz(_request: Request) -> Response:
    return Response("ok\n", media_type="text/plain")


async def _page(_request: Request) -> Response:
    return FileResponse(HERE / "templates" / "phones.html", headers=PAGE_HEADERS)


async def _favicon(_request: Request) -> Response:
    return FileResponse(HERE / "static" / "favicon.svg", media_type="image/svg+xml")
