"""Twilio's webhooks about the calls that customers make: greet, take the message, thank.

The words are recognised while the caller speaks, so that the ticket opens with them. Who cannot be understood
is recorded, and the words follow. What must not live here: what a message means (intake, as of any other).
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.domain.call_texts import SpokenId
from app.domain.message import Channel, Inbound, InboundKind
from app.domain.phone_numbers import caller_of, phone_of
from app.inbound import twiml
from app.inbound.config import InboundConfig
from app.inbound.door import Doors, add, hand_over, key_of
from app.inbound.twilio_door import Fields, TwilioDoor, first, payload_of
from app.ports import Acceptor, CallDesk, Clock, Prompt

_PATH = "/inbound/twilio/voice"
# The caller's words are nowhere but in the request: Twilio is to try again when it could not be stored.
_PATIENCE = "#rc=3&rp=all&ct=2000&rt=4000"
_ASKED = 2


def doors(config: InboundConfig, acceptor: Acceptor, clock: Clock, desk: CallDesk) -> Doors:
    """Return POST /inbound/twilio/voice and its steps: said, recorded, transcribed."""
    door = _Door(config, acceptor, clock, desk)
    found: Doors = {}
    add(found, _PATH, door.call)
    add(found, f"{_PATH}/said", door.said)
    add(found, f"{_PATH}/recorded", door.recorded)
    add(found, f"{_PATH}/transcribed", door.transcribed)
    return found


class _Door:
    """The steps of a customer's call."""

    def __init__(self, config: InboundConfig, acceptor: Acceptor, clock: Clock, desk: CallDesk) -> None:
        self._door = TwilioDoor(config, acceptor)
        self._base = config.public_base_url.rstrip("/") + _PATH
        self._acceptor = acceptor
        self._clock = clock
        self._desk = desk

    async def call(self, request: Request) -> Response:
        """Note the call, greet, and ask what is wrong."""
        body, fields = await self._door.verified_to_us(request)
        if isinstance(fields, Response):
            return fields
        item = self._item(fields, body, InboundKind.CALL, "call")
        greeting = await self._words(fields, SpokenId.CALL_GREETING_C)
        return await hand_over(self._acceptor, [item], twiml.ask_words(greeting, self._said_url(1)))

    async def said(self, request: Request) -> Response:
        """Store what was understood; else ask once more, then record."""
        body, fields = await self._door.verified_to_us(request)
        if isinstance(fields, Response):
            return fields
        asked = request.query_params.get("n", "")
        if first(fields, "SpeechResult").strip():
            item = self._item(fields, body, InboundKind.MESSAGE, f"said {asked}")
            return await self._thank(fields, item)
        if asked == "1":
            again = await self._words(fields, SpokenId.CALL_AGAIN_C)
            return twiml.ask_words(again, self._said_url(_ASKED))
        return twiml.record(
            await self._words(fields, SpokenId.CALL_RECORD_C),
            f"{self._base}/recorded{_PATIENCE}",
            f"{self._base}/transcribed{_PATIENCE}",
            await self._words(fields, SpokenId.CALL_NOTHING_C),
        )

    async def recorded(self, request: Request) -> Response:
        """Store that there is a recording; people are paged before anybody has transcribed it."""
        body, fields = await self._door.verified_to_us(request)
        if isinstance(fields, Response):
            return fields
        sid = first(fields, "RecordingSid")
        if not sid or first(fields, "RecordingDuration").strip() == "0":
            return twiml.goodbye(await self._words(fields, SpokenId.CALL_NOTHING_C))
        return await self._thank(fields, self._item(fields, body, InboundKind.MESSAGE, sid))

    async def transcribed(self, request: Request) -> Response:
        """Store the words of a recording, if there are any."""
        body, fields = await self._door.verified_to_us(request)
        if isinstance(fields, Response):
            return fields
        if not first(fields, "TranscriptionText").strip():
            return twiml.nothing()
        sid = first(fields, "TranscriptionSid") or first(fields, "RecordingSid")
        item = self._item(fields, body, InboundKind.MESSAGE, f"words {sid}")
        return await hand_over(self._acceptor, [item], twiml.nothing())

    async def _thank(self, fields: Fields, item: Inbound) -> Response:
        thanks = await self._words(fields, SpokenId.CALL_THANKS_C)
        return await hand_over(self._acceptor, [item], twiml.goodbye(thanks))

    async def _words(self, fields: Fields, text: SpokenId) -> Prompt:
        return await run_in_threadpool(self._desk.say, text, phone_of(first(fields, "From")))

    def _item(self, fields: Fields, body: bytes, kind: InboundKind, what: str) -> Inbound:
        return Inbound(
            provider="twilio",
            kind=kind,
            channel=Channel.VOICE,
            key=key_of(first(fields, "CallSid"), what),
            sender=caller_of(first(fields, "From"), first(fields, "CallSid")),
            recipient=phone_of(first(fields, "To")),
            received_at=self._clock.now(),
            payload=payload_of(fields),
            raw=body,
        )

    def _said_url(self, asked: int) -> str:
        return f"{self._base}/said?n={asked}{_PATIENCE}"
