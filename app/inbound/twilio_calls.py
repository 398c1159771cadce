"""Twilio's webhooks about the calls that we place: what to say, the key, how the call went, who picked up.

Each address carries the call's own unguessable token. What must not live here: what a key does (usecases).
"""

from __future__ import annotations

from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.domain.call_texts import SpokenId
from app.domain.errors import CloseloopError
from app.domain.message import Channel, Inbound, InboundKind
from app.domain.phone_numbers import phone_of
from app.inbound import twiml
from app.inbound.config import InboundConfig
from app.inbound.door import Doors, add, bounded, hand_over, key_of, turn_away
from app.inbound.twilio_door import Fields, TwilioDoor, first, payload_of
from app.ports import Acceptor, CallDesk, Clock, Prompt

# The words are said this often; a phone that lies off the hook is no answer.
_ROUNDS = 3
_ROUNDS_IN_ALL = 9  # with those that somebody asked to hear again
_ANSWERS = frozenset("120")
_TALK = "0"
_AGAIN = "3"


def doors(config: InboundConfig, acceptor: Acceptor, clock: Clock, desk: CallDesk) -> Doors:
    """Return POST /inbound/twilio/call/{answer,key,talked,status,machine}?s=<token>."""
    door = _Door(config, acceptor, clock, desk)
    found: Doors = {}
    add(found, "/inbound/twilio/call/answer", door.answer)
    add(found, "/inbound/twilio/call/key", door.key)
    add(found, "/inbound/twilio/call/talked", door.talked)
    add(found, "/inbound/twilio/call/status", door.status)
    add(found, "/inbound/twilio/call/machine", door.machine)
    return found


class _Door:
    """The five endpoints, over the same check."""

    def __init__(self, config: InboundConfig, acceptor: Acceptor, clock: Clock, desk: CallDesk) -> None:
        self._door = TwilioDoor(config, acceptor)
        self._base = config.public_base_url.rstrip("/")
        self._acceptor = acceptor
        self._clock = clock
        self._desk = desk

    async def answer(self, request: Request) -> Response:
        """Say what it is about, as it stands now."""
        _, fields = await self._door.verified(request)
        if isinstance(fields, Response):
            return fields
        by = first(fields, "AnsweredBy").lower()
        machine = by.startswith("machine") or by == "fax" or _is_machine(request)
        return await self._speak(request, fields, 1, machine=machine)

    async def key(self, request: Request) -> Response:
        """Carry out the key that was pressed; ask again when there was none."""
        body, fields = await self._door.verified(request)
        if isinstance(fields, Response):
            return fields
        outbox_id = self._desk.outbox_id(_token(request))
        if outbox_id is None:
            return await turn_away(self._acceptor, request, "unknown_call")
        digits, said = first(fields, "Digits"), _round(request)
        if digits in _ANSWERS:
            item = _key_of(fields, body, outbox_id, said, self._clock.now())
            return await self._press(request, fields, item)
        if said >= (_ROUNDS if not digits else _ROUNDS_IN_ALL):
            return twiml.goodbye(self._desk.say(SpokenId.CALL_GOODBYE))
        if digits and digits != _AGAIN:
            return twiml.ask_key(
                self._desk.say(SpokenId.CALL_KEYS),
                self._key_url(request, said + 1, machine=_is_machine(request)),
            )
        return await self._speak(request, fields, said + 1, machine=_is_machine(request))

    async def talked(self, request: Request) -> Response:
        """Ask for a key again after the talk with the customer, which took nothing."""
        _, fields = await self._door.verified(request)
        if isinstance(fields, Response):
            return fields
        call_id, reached = first(fields, "CallSid"), first(fields, "DialCallStatus") == "completed"
        prompt = await run_in_threadpool(self._desk.talked, _token(request), call_id, reached=reached)
        return await self._then(request, fields, prompt, _round(request), machine=False)

    async def status(self, request: Request) -> Response:
        """Store how the call goes."""
        body, fields = await self._door.verified(request)
        if isinstance(fields, Response):
            return fields
        number = first(fields, "SequenceNumber")
        return await self._tell(request, fields, body, f"{number}:{first(fields, 'CallStatus')}")

    async def machine(self, request: Request) -> Response:
        """Store whether a person or a machine picked up."""
        body, fields = await self._door.verified(request)
        if isinstance(fields, Response):
            return fields
        fields.pop("CallStatus", None)  # this request is about who picked up, whatever else it brings
        return await self._tell(request, fields, body, "amd")

    async def _speak(self, request: Request, fields: Fields, said: int, *, machine: bool) -> Response:
        call_id = first(fields, "CallSid")
        prompt = await run_in_threadpool(self._desk.picked_up, _token(request), call_id, machine=machine)
        return await self._then(request, fields, prompt, said, machine=machine)

    async def _then(
        self, request: Request, fields: Fields, prompt: Prompt | None, said: int, *, machine: bool
    ) -> Response:
        if prompt is None:
            return await turn_away(self._acceptor, request, "unknown_call", call=first(fields, "CallSid"))
        if prompt.dial:
            talked = f"{self._base}/inbound/twilio/call/talked?s={_token(request)}&r={said}"
            return twiml.connect(prompt, phone_of(first(fields, "From")), talked)
        if prompt.keys:
            return twiml.ask_key(prompt, self._key_url(request, said, machine=machine))
        return twiml.goodbye(prompt)

    async def _press(self, request: Request, fields: Fields, item: Inbound) -> Response:
        prompt: Prompt | None = await run_in_threadpool(self._desk.pressed, item)
        if prompt is not None:
            return await self._then(request, fields, prompt, _round(request) + 1, machine=False)
        # It could not be carried out at once, so that it goes the way of all messages; but who wants to talk
        # wants it now.
        if item.payload["Digits"] != _TALK and await self._kept(item):
            return twiml.goodbye(self._desk.say(SpokenId.CALL_KEPT))
        url = self._key_url(request, _round(request) + 1, machine=_is_machine(request))
        return twiml.ask_key(self._desk.say(SpokenId.CALL_NOT_SAVED), url)

    async def _kept(self, item: Inbound) -> bool:
        try:
            await self._acceptor.accept([item])
        except CloseloopError:
            return False
        return True

    async def _tell(self, request: Request, fields: Fields, body: bytes, what: str) -> Response:
        outbox_id = self._desk.outbox_id(_token(request))
        if outbox_id is None:
            return await turn_away(self._acceptor, request, "unknown_call")
        item = Inbound(
            provider="twilio",
            kind=InboundKind.RECEIPT,
            channel=Channel.VOICE,
            key=key_of(first(fields, "CallSid"), what),
            sender=f"receipt:{outbox_id}",
            recipient=phone_of(first(fields, "To")),
            received_at=self._clock.now(),
            payload={**payload_of(fields), "o": str(outbox_id)},
            raw=body,
        )
        return await hand_over(self._acceptor, [item], twiml.nothing())

    def _key_url(self, request: Request, said: int, *, machine: bool) -> str:
        # What a machine was not told at first, it is not told in the next round either.
        mark = "&m=1" if machine else ""
        return f"{self._base}/inbound/twilio/call/key?s={_token(request)}&r={said}{mark}"


def _key_of(fields: Fields, body: bytes, outbox_id: int, said: int, now: datetime) -> Inbound:
    """Return the inbox row of a key; the same key of the same round is the same row."""
    digit = first(fields, "Digits")
    return Inbound(
        provider="twilio",
        kind=InboundKind.KEY,
        channel=Channel.VOICE,
        key=key_of(first(fields, "CallSid"), str(said), digit),
        sender=phone_of(first(fields, "To")) or "unknown",
        recipient=phone_of(first(fields, "From")),
        received_at=now,
        payload={**payload_of(fields), "Digits": digit, "o": str(outbox_id)},
        raw=body,
    )


def _token(request: Request) -> str:
    return bounded(request.query_params.get("s", ""), 100)


def _is_machine(request: Request) -> bool:
    return request.query_params.get("m") == "1"


def _round(request: Request) -> int:
    given = request.query_params.get("r", "1")
    one = given.isascii() and given.isdigit() and len(given) < 3  # noqa: PLR2004 - more digits are none of ours
    return int(given) if one else _ROUNDS_IN_ALL
