"""Twilio's webhooks: inbound SMS and MMS, and the receipts of what we sent. domain/reading.py reads them."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from app.domain.message import Channel, Inbound, InboundKind
from app.domain.phone_numbers import phone_of
from app.inbound.config import InboundConfig
from app.inbound.door import Doors, add, bounded, hand_over, key_of
from app.inbound.twilio_door import Fields, TwilioDoor, first, payload_of
from app.ports import Acceptor, Clock

_ANSWER = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
_OUTBOX_ID = re.compile(r"\d{1,19}", re.ASCII)


def doors(config: InboundConfig, acceptor: Acceptor, clock: Clock) -> Doors:
    """Return POST /inbound/twilio/sms and /inbound/twilio/status?o=<outbox id>."""
    door = _Door(config, acceptor, clock)
    found: Doors = {}
    add(found, "/inbound/twilio/sms", door.sms)
    add(found, "/inbound/twilio/status", door.status)
    return found


class _Door:
    """Both endpoints, over the same check."""

    def __init__(self, config: InboundConfig, acceptor: Acceptor, clock: Clock) -> None:
        self._door = TwilioDoor(config, acceptor)
        self._acceptor = acceptor
        self._clock = clock

    async def sms(self, request: Request) -> Response:
        """Store an inbound SMS or MMS."""
        body, fields = await self._door.verified_to_us(request)
        if isinstance(fields, Response):
            return fields
        return await self._accept(message_of(fields, body, self._clock.now()))

    async def status(self, request: Request) -> Response:
        """Store a receipt."""
        body, fields = await self._door.verified(request)
        if isinstance(fields, Response):
            return fields
        outbox_id = request.query_params.get("o", "")
        return await self._accept(receipt_of(fields, body, outbox_id, self._clock.now()))

    async def _accept(self, item: Inbound) -> Response:
        return await hand_over(self._acceptor, [item], Response(_ANSWER, media_type="text/xml"))


def message_of(fields: Fields, raw: bytes, now: datetime) -> Inbound:
    """Return the inbox row of an SMS or MMS; the key is its MessageSid."""
    sid = first(fields, "MessageSid") or first(fields, "SmsMessageSid") or first(fields, "SmsSid")
    return Inbound(
        provider="twilio",
        kind=InboundKind.MESSAGE,
        channel=Channel.SMS,
        key=key_of(sid or hashlib.sha256(raw).hexdigest()),
        sender=phone_of(first(fields, "From")) or "unknown",
        recipient=phone_of(first(fields, "To")),
        received_at=now,
        payload=payload_of(fields),
        raw=raw,
    )


def receipt_of(fields: Fields, raw: bytes, outbox_id: str, now: datetime) -> Inbound:
    """Return the inbox row of a receipt; the key is (MessageSid, status, error code)."""
    sid = first(fields, "MessageSid") or first(fields, "SmsSid") or hashlib.sha256(raw).hexdigest()
    status = first(fields, "MessageStatus") or first(fields, "SmsStatus")
    payload = payload_of(fields)
    known = _OUTBOX_ID.fullmatch(outbox_id) is not None
    if known:
        payload["o"] = outbox_id
    return Inbound(
        provider="twilio",
        kind=InboundKind.RECEIPT,
        channel=Channel.SMS,
        key=key_of(sid, status, first(fields, "ErrorCode")),
        sender=bounded(f"receipt:{outbox_id if known else sid}"),
        recipient=phone_of(first(fields, "To")),
        received_at=now,
        payload=payload,
        raw=raw,
    )
