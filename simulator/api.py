"""The JSON interface for tests and for the page: what everybody sees on their phones, and what they do.

A POST must say `Content-Type: application/json`, which no foreign web page can send here unasked.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from simulator.carrier import Carrier, picture_of
from simulator.parse_form import Envelope
from simulator.postmaster import Postmaster
from simulator.raw_mail import Attachment, Draft
from simulator.records import Mailbox, Phone
from simulator.sendgrid_check import ADDRESS
from simulator.switchboard import Switchboard
from simulator.trouble import DOWN
from simulator.twilio_check import is_e164
from simulator.view import View
from simulator.webhooks import Webhooks
from simulator.world import World

HEARTBEAT = 15.0
LONGEST_WAIT = 60.0
ANSWERS = ("ring", "busy", "no_answer", "voicemail")
SHOWABLE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

Handler = Callable[[Request], Awaitable[object]]


class AskError(Exception):
    """A request to this interface that cannot be done: `status` and what is wrong."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Network:
    """The ways of texts, calls and mails."""

    carrier: Carrier
    switchboard: Switchboard
    postmaster: Postmaster


class Api:
    """The routes under /api."""

    def __init__(self, world: World, network: Network, webhooks: Webhooks, view: View) -> None:
        self._world = world
        self._carrier = network.carrier
        self._switchboard = network.switchboard
        self._postmaster = network.postmaster
        self._webhooks = webhooks
        self._view = view

    def routes(self) -> list[Route]:
        """Return the routes."""
        get, post = ["GET"], ["POST"]
        return [
            _route("/api/state", self._state, get),
            Route("/api/changes", self._changes, methods=get),
            _route("/api/text", self._text, post),
            _route("/api/call", self._call, post),
            _route("/api/calls/{sid}", self._one_call, get),
            _route("/api/calls/{sid}/{deed}", self._act, post),
            _route("/api/mail", self._mail, post),
            _route("/api/phones/{number}", self._phone, get),
            _route("/api/phones/{number}", self._set_phone, post),
            _route("/api/mailboxes/{address}", self._mailbox, get),
            _route("/api/mailboxes/{address}", self._set_mailbox, post),
            _route("/api/providers/{name}", self._set_provider, post),
            _route("/api/receipts/deliver", self._release, post),
            _route("/api/settle", self._settle, get),
            _route("/api/wait", self._wait, get),
            _route("/api/log", self._log, get),
            _route("/api/reset", self._reset, post),
            Route("/api/media/{sid}", self._media, methods=get),
        ]

    async def _state(self, request: Request) -> object:
        query = request.query_params
        since = int(query.get("since", "-1")) if query.get("boot") == self._world.boot else -1
        return self._view.state(since)

    async def _changes(self, request: Request) -> Response:
        async def stream() -> AsyncIterator[bytes]:
            told = -1
            while not self._world.closing and not await request.is_disconnected():
                if self._world.version != told:
                    told = self._world.version
                    yield f"data: {told}\n\n".encode()
                    await asyncio.sleep(0.1)  # one look for a burst of changes
                else:
                    yield b": alive\n\n"
                if self._world.version == told:
                    await self._world.changed(HEARTBEAT)

        return StreamingResponse(
            stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    async def _text(self, request: Request) -> object:
        given = await _given(request, {"from": str, "to": str, "body": str, "media": list})
        phone = _number(given.get("from", ""))
        body = given.get("body", "")
        number = given.get("to") or self._world.config.numbers[0]
        if number not in self._world.config.numbers:
            raise AskError(f"{number} is none of the company's numbers")
        media = [
            picture_of(str(item.get("content_type", "")), str(item.get("b64", "")))
            for item in given.get("media", [])
            if isinstance(item, dict)
        ]
        body.encode()  # a lone surrogate is no text
        if not body and not media:
            raise AskError("an empty text")
        return self._view.text(self._carrier.write(phone, body, number, media))

    async def _call(self, request: Request) -> object:
        given = await _given(request, {"from": str, "to": str})
        number = given.get("to") or self._world.config.numbers[0]
        if number not in self._world.config.numbers:
            raise AskError(f"{number} is none of the company's numbers")
        return self._view.call(self._switchboard.dial(_number(given.get("from", "")), number))

    async def _one_call(self, request: Request) -> object:
        call = self._world.calls.get(request.path_params["sid"])
        if call is None:
            raise AskError("no such call", 404)
        return self._view.call(call)

    async def _act(self, request: Request) -> object:
        given = await _given(request, {"words": str})
        deed, words = request.path_params["deed"], given.get("words", "")
        words.encode()  # a lone surrogate is not spoken
        return self._view.call(self._switchboard.act(request.path_params["sid"], deed, words))

    async def _mail(self, request: Request) -> object:
        shape = {
            "from": str, "name": str, "to": str, "subject": str, "text": str, "html": str, "quote": bool,
            "in_reply_to": str, "reply_to_message": str, "raw_b64": str, "headers": dict, "attachments": list,
            "envelope_from": str, "envelope_to": list, "dkim": str, "spf": str,
        }  # fmt: skip
        given = await _given(request, shape)
        sender = _address(given.get("from", ""))
        answers = given.get("reply_to_message", "")
        if answers and answers not in self._world.mails:
            raise AskError(f"no such mail: {answers}", 404)
        draft = Draft(
            sender=sender,
            name=given.get("name", "") or self._view.name_of(sender),
            to=given.get("to") or ("" if answers else self._world.config.mail_to),
            subject=given.get("subject", ""),
            text=given.get("text", ""),
            html=given.get("html", ""),
            answers=answers,
            in_reply_to=given.get("in_reply_to", ""),
            quote=given.get("quote", True),
            headers={str(k): str(v) for k, v in given.get("headers", {}).items()},
            attachments=tuple(Attachment(**item) for item in given.get("attachments", [])),
        )
        envelope = Envelope(
            sender=given.get("envelope_from"),
            to=tuple(map(str, given.get("envelope_to", []))),
            dkim=given.get("dkim"),
            spf=given.get("spf"),
        )
        raw = base64.b64decode(given["raw_b64"], validate=True) if "raw_b64" in given else None
        return self._view.mail(self._postmaster.write(draft, envelope, raw))

    async def _phone(self, request: Request) -> object:
        return self._view.phone(_number(request.path_params["number"]))

    async def _set_phone(self, request: Request) -> object:
        number = _number(request.path_params["number"])
        shape = {
            "off": bool, "undeliverable": bool, "refuse": int, "name": str, "blocked": list, "calls": str,
        }  # fmt: skip
        phone = self._world.phone(number)
        given = await _given(request, shape)
        if given.get("calls", "ring") not in ANSWERS:
            raise AskError(f"calls is one of {', '.join(ANSWERS)}")
        _apply(phone, given)
        self._world.save(phone)
        self._carrier.phone_changed(phone)
        return self._view.phone(number)

    async def _mailbox(self, request: Request) -> object:
        return self._view.mailbox(_address(request.path_params["address"]))

    async def _set_mailbox(self, request: Request) -> object:
        address = _address(request.path_params["address"])
        box = self._world.mailbox(address)
        _apply(box, await _given(request, {"off": bool, "undeliverable": bool, "refuse": int, "name": str}))
        self._world.save(box)
        self._postmaster.mailbox_changed(box)
        return self._view.mailbox(address)

    async def _set_provider(self, request: Request) -> object:
        provider = self._world.providers.get(request.path_params["name"])
        if provider is None:
            raise AskError("the providers are twilio and sendgrid", 404)
        shape = {
            "down": str,
            "slow": float,
            "receipts": str,
            "duplicate": bool,
            "reorder": bool,
            "mute": bool,
            "ahead": float,
            "parse_mode": str,
        }
        given = await _given(request, shape)
        allowed = {"down": ("", *DOWN), "receipts": ("auto", "manual"), "parse_mode": ("raw", "parsed")}
        for name, values in allowed.items():
            if given.get(name, values[0]) not in values:
                raise AskError(f"{name} is one of {', '.join(value or 'empty' for value in values)}")
        for name, value in given.items():
            setattr(provider, name, value)
        self._world.save(provider)
        return self._view.state(self._world.version)["providers"]

    async def _release(self, _request: Request) -> object:
        return {"delivered": await self._webhooks.release()}

    async def _settle(self, request: Request) -> object:
        def still() -> bool:
            resting = not self._carrier.moving and not self._switchboard.moving
            return resting and not self._postmaster.moving and self._webhooks.idle

        return {"settled": await self._world.until(still, _seconds(request)) is True}

    async def _wait(self, request: Request) -> object:
        query = request.query_params
        words, skip = query.get("containing", ""), int(query.get("skip", "0"))

        def found() -> object:
            if "ringing" in query:
                return self._view.ringing(query["ringing"])
            if "phone" in query:
                arrived = self._view.inbox(query["phone"])[skip:]
            else:
                arrived = self._view.mail_inbox(query["mailbox"])[skip:]
            return next(
                (item for item in arrived if words in item.get("subject", "") + "\n" + item["body"]), None
            )

        return {"found": await self._world.until(found, _seconds(request))}

    async def _log(self, request: Request) -> object:
        after = int(request.query_params.get("after", "0"))
        entries = [entry for entry in self._world.log if entry["n"] > after]
        return {
            "requests": [entry for entry in entries if entry["what"] == "request"],
            "webhooks": [entry for entry in entries if entry["what"] == "webhook"],
        }

    async def _reset(self, _request: Request) -> object:
        self._carrier.close()
        self._switchboard.close()
        self._postmaster.close()
        self._world.reset()
        return {"reset": True}

    async def _media(self, request: Request) -> Response:
        picture = self._world.media.get(request.path_params["sid"])
        if picture is None or picture.content_type not in SHOWABLE:
            return Response(status_code=404)
        headers = {"X-Content-Type-Options": "nosniff"}
        return Response(base64.b64decode(picture.content), media_type=picture.content_type, headers=headers)


def _route(path: str, handler: Handler, methods: list[str]) -> Route:
    async def answered(request: Request) -> Response:
        try:
            value, status = await handler(request), 200
        except AskError as error:
            value, status = {"error": str(error)}, error.status
        except (ValueError, TypeError, KeyError) as error:
            value, status = {"error": f"{type(error).__name__}: {error}"}, 400
        content = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        return Response(content, status, media_type="application/json", headers={"Cache-Control": "no-store"})

    return Route(path, answered, methods=methods)


async def _given(request: Request, shape: dict[str, type]) -> dict[str, Any]:
    """Return the JSON body, each value of the type that `shape` names for it; null counts as absent."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise AskError("say Content-Type: application/json", 415)
    given = json.loads(await request.body() or b"{}")
    if not isinstance(given, dict):
        raise AskError("the body must be an object")
    for name, value in given.items():
        if name not in shape:
            raise AskError(f"no such thing here: {name}; there are {', '.join(shape)}")
        kind = (int, float) if shape[name] is float else shape[name]
        if value is not None and not isinstance(value, kind):
            raise AskError(f"{name} must be of type {shape[name].__name__}")
    return {name: value for name, value in given.items() if value is not None or name == "refuse"}


def _apply(record: Phone | Mailbox, given: dict[str, Any]) -> None:
    for name, value in given.items():
        setattr(record, name, value)


def _number(number: str) -> str:
    if not is_e164(number):
        raise AskError(f"{number!r} is not a phone number like +16175550100")
    return number


def _address(address: str) -> str:
    if not ADDRESS.fullmatch(address):
        raise AskError(f"{address!r} is not a mail address")
    return address.lower()


def _seconds(request: Request) -> float:
    return min(float(request.query_params.get("timeout", "5")), LONGEST_WAIT)
