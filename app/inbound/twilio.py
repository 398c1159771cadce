"""Twilio's webhooks: inbound SMS and MMS, and the receipts of what we sent. domain/reading.py reads them."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from app.domain.message import Channel, Inbound, InboundKind
from app.inbound.config import InboundConfig
from app.inbound.door import Doors, add, bounded, hand_over, key_of, read_body, storable_json, turn_away
from app.inbound.forms import FormError, parse_urlencoded
from app.inbound.signatures import TwilioSignature
from app.ports import Acceptor, Clock

Fields = dict[str, list[str]]

_ANSWER = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
_CHANNEL_PREFIX = re.compile(r"(?:whatsapp|rcs|sms)\s*:", re.IGNORECASE)
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
        self._config = config
        self._acceptor = acceptor
        self._clock = clock
        self._signature = TwilioSignature(config.twilio_auth_tokens)
        self._numbers = frozenset(map(phone_of, config.twilio_numbers))

    async def sms(self, request: Request) -> Response:
        """Store an inbound SMS or MMS."""
        body, fields = await self._verified(request)
        if isinstance(fields, Response):
            return fields
        to = _first(fields, "To")
        if self._numbers and phone_of(to) not in self._numbers:
            return await turn_away(self._acceptor, request, "foreign_number", to=to)
        return await self._accept(message_of(fields, body, self._clock.now()))

    async def status(self, request: Request) -> Response:
        """Store a receipt."""
        body, fields = await self._verified(request)
        if isinstance(fields, Response):
            return fields
        outbox_id = request.query_params.get("o", "")
        return await self._accept(receipt_of(fields, body, outbox_id, self._clock.now()))

    async def _accept(self, item: Inbound) -> Response:
        return await hand_over(self._acceptor, [item], Response(_ANSWER, media_type="text/xml"))

    async def _verified(self, request: Request) -> tuple[bytes, Fields | Response]:
        """Return the body and its fields, or the refusal when it is not from our Twilio account."""
        refuse = partial(turn_away, self._acceptor, request)
        signature = request.headers.get("x-twilio-signature", "")
        if not signature:
            return b"", await refuse("no_signature")
        body = await read_body(request, self._config.max_twilio_bytes)
        try:
            fields = parse_urlencoded(body)
        except FormError:
            return b"", await refuse("not_a_form")
        settings = request.headers.get("x-twilio-webhooks-signature-settings", "")
        if not self._signature.is_valid(self._signed_url(request), fields, signature, settings):
            return b"", await refuse("bad_signature", account=_first(fields, "AccountSid"))
        if _first(fields, "AccountSid") != self._config.twilio_account_sid:
            return b"", await refuse("foreign_account", account=_first(fields, "AccountSid"))
        return body, fields

    def _signed_url(self, request: Request) -> str:
        # What Twilio called, not what a proxy made of it: Host and scheme of the request are not trusted.
        path: bytes = request.scope.get("raw_path") or request.url.path.encode()
        query: bytes = request.scope["query_string"]
        url = self._config.public_base_url.rstrip("/") + path.decode("latin-1")
        return f"{url}?{query.decode('latin-1')}" if query else url


def message_of(fields: Fields, raw: bytes, now: datetime) -> Inbound:
    """Return the inbox row of an SMS or MMS; the key is its MessageSid."""
    sid = _first(fields, "MessageSid") or _first(fields, "SmsMessageSid") or _first(fields, "SmsSid")
    return Inbound(
        provider="twilio",
        kind=InboundKind.MESSAGE,
        channel=Channel.SMS,
        key=key_of(sid or hashlib.sha256(raw).hexdigest()),
        sender=phone_of(_first(fields, "From")) or "unknown",
        recipient=phone_of(_first(fields, "To")),
        received_at=now,
        payload=_payload(fields),
        raw=raw,
    )


def receipt_of(fields: Fields, raw: bytes, outbox_id: str, now: datetime) -> Inbound:
    """Return the inbox row of a receipt; the key is (MessageSid, status, error code)."""
    sid = _first(fields, "MessageSid") or _first(fields, "SmsSid") or hashlib.sha256(raw).hexdigest()
    status = _first(fields, "MessageStatus") or _first(fields, "SmsStatus")
    payload = _payload(fields)
    known = _OUTBOX_ID.fullmatch(outbox_id) is not None
    if known:
        payload["o"] = outbox_id
    return Inbound(
        provider="twilio",
        kind=InboundKind.RECEIPT,
        channel=Channel.SMS,
        key=key_of(sid, status, _first(fields, "ErrorCode")),
        sender=bounded(f"receipt:{outbox_id if known else sid}"),
        recipient=phone_of(_first(fields, "To")),
        received_at=now,
        payload=payload,
        raw=raw,
    )


def phone_of(address: str) -> str:
    """Return a Twilio address as E.164, a short code's digits, or a sender's name in lower case.

    WhatsApp and RCS put their name before the number; the person is the same, so it goes.
    """
    plain = _CHANNEL_PREFIX.sub("", address.strip(), count=1).strip()
    digits = re.sub(r"[\s().-]", "", plain)
    if re.fullmatch(r"\+?\d{3,20}", digits, re.ASCII):
        return digits
    return bounded(plain.lower(), 100)


def _first(fields: Fields, name: str) -> str:
    values = fields.get(name)
    return values[0] if values else ""


def _payload(fields: Fields) -> dict[str, object]:
    plain = {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
    storable = storable_json(plain)
    return storable if isinstance(storable, dict) else {}
