"""All webhooks, for serving to put before the pages."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.inbound import sendgrid, twilio, twilio_calls, twilio_voice
from app.inbound.config import InboundConfig
from app.inbound.door import Doors
from app.ports import Acceptor, CallDesk, Clock


def doors(config: InboundConfig, acceptor: Acceptor, clock: Clock, calls: CallDesk) -> Doors:
    """Return what answers below /inbound/, by path. Raises PublicKeyError when a configured key is none."""
    texts, mails = twilio.doors(config, acceptor, clock), sendgrid.doors(config, acceptor, clock)
    pages = twilio_calls.doors(config, acceptor, clock, calls)
    return texts | mails | pages | twilio_voice.doors(config, acceptor, clock, calls)


class InboundDoors:
    """Middleware that answers the webhooks itself and lets everything else through.

    Five webhooks belong to each message. Looking for a route among all the pages costs more than checking the
    signature, and the validation that a route would do has no part in a signed raw body.
    """

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        """Stand before `app`."""
        self._app = app
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        handler = self._doors.get(scope["path"]) if scope["type"] == "http" else None
        if handler is None:
            await self._app(scope, receive, send)
        elif scope["method"] != "POST":
            refusal = Response("POST only", 405, headers={"Allow": "POST"}, media_type="text/plain")
            await refusal(scope, receive, send)
        else:
            answer = await handler(Request(scope, receive))
            await answer(scope, receive, send)
