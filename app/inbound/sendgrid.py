"""SendGrid's webhooks: mails by Inbound Parse, and the events of what we sent. domain/reading.py reads them.

The payload of a mail has each text field, decoded; `email_span`, where in the raw body the MIME bytes are
(raw mode), or `attachments` (parsed mode); `unreadable` with the reason when the body is not the right form.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.domain.charsets import decode, storable
from app.domain.mail import Mail, mailbox, parse_header_block
from app.domain.message import Channel, Inbound, InboundKind
from app.inbound.config import InboundConfig
from app.inbound.door import Doors, add, bounded, hand_over, key_of, read_body, storable_json, turn_away
from app.inbound.forms import FormError, Multipart, Part, parse_multipart
from app.inbound.signatures import BasicCredentials, SendGridSignature
from app.ports import Acceptor, Clock

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
# Hashing and cutting up more than this would hold up the other webhooks; a thread takes it.
_SMALL = 128 * 1024
_LONGEST_FIELD = 256 * 1024
_LONGEST_HEAD = 64 * 1024
_MOST_LISTED = 100
_MOST_EVENTS = 10_000
_NAMELESS_FILE = re.compile(r"attachment\d+", re.ASCII)


def doors(config: InboundConfig, acceptor: Acceptor, clock: Clock) -> Doors:
    """Return POST /inbound/sendgrid/parse and /inbound/sendgrid/events. Raises PublicKeyError."""
    door = _Door(config, acceptor, clock)
    found: Doors = {}
    add(found, "/inbound/sendgrid/parse", door.parse)
    add(found, "/inbound/sendgrid/events", door.events)
    return found


class _Door:
    """Both endpoints and their checks."""

    def __init__(self, config: InboundConfig, acceptor: Acceptor, clock: Clock) -> None:
        self._config = config
        self._acceptor = acceptor
        self._clock = clock
        self._events = SendGridSignature(config.sendgrid_event_public_keys)
        self._parse = SendGridSignature(config.sendgrid_parse_public_keys)
        self._basic = BasicCredentials(*(config.sendgrid_parse_basic or ("", "")))

    async def parse(self, request: Request) -> Response:
        """Store a mail."""
        if self._parse:
            body = await self._signed_body(request, self._parse, self._config.max_mail_bytes)
            if isinstance(body, Response):
                return body
        elif self._basic.is_valid(request.headers.get("authorization", "")):
            body = await read_body(request, self._config.max_mail_bytes)
        else:
            refusal = await turn_away(self._acceptor, request, "bad_credentials")
            refusal.headers["Connection"] = "close"  # a stranger's 30 MB are not read
            return refusal
        kind, domain, now = (
            request.headers.get("content-type", ""),
            self._config.inbound_domain,
            self._clock.now(),
        )
        if len(body) <= _SMALL:
            item = mail_of(kind, body, domain, now)
        else:
            item = await run_in_threadpool(mail_of, kind, body, domain, now)
        return await hand_over(self._acceptor, [item], Response(status_code=200))

    async def events(self, request: Request) -> Response:
        """Store a batch of events, each as a receipt of its own."""
        body = await self._signed_body(request, self._events, self._config.max_events_bytes)
        if isinstance(body, Response):
            return body
        now = self._clock.now()
        items = events_of(body, now) if len(body) <= _SMALL else await run_in_threadpool(events_of, body, now)
        return await hand_over(self._acceptor, items, Response(status_code=200))

    async def _signed_body(self, request: Request, keys: SendGridSignature, limit: int) -> bytes | Response:
        signature, timestamp = request.headers.get(_SIGNATURE, ""), request.headers.get(_TIMESTAMP, "")
        if not signature or not timestamp:
            return await turn_away(self._acceptor, request, "no_signature")
        body = await read_body(request, limit)
        # No window on the timestamp: retries go on for a day and need not be signed anew. Keys stop repeats.
        if len(body) <= _SMALL:
            valid = keys.is_valid(body, signature, timestamp)
        else:
            valid = await run_in_threadpool(keys.is_valid, body, signature, timestamp)
        return body if valid else await turn_away(self._acceptor, request, "bad_signature")


def mail_of(content_type: str, body: bytes, inbound_domain: str, now: datetime) -> Inbound:
    """Return the inbox row of a mail, also of a body that is no form: people look at that one.

    The key is a hash of Message-ID, envelope recipients and content: the Message-ID alone is the sender's to
    choose, and the body's boundary may change from try to try.
    """
    try:
        form = parse_multipart(content_type, body)
    except FormError as error:
        payload: dict[str, object] = {"unreadable": str(error), "content_type": bounded(content_type)}
        key = hashlib.sha256(body).hexdigest()
        return _mail(key=key, sender="unknown", recipient="", now=now, payload=payload, raw=body)
    payload = _payload(form, body)
    head = _header_of(form, body)
    sender = mailbox(str(payload.get("from", "")))[1] or head.sender_address
    mail_from, recipients = _envelope(str(payload.get("envelope", "")))
    digest = hashlib.sha256()
    for text in (head.message_id, *sorted(recipients)):
        digest.update(text.encode("utf-8", "replace") + b"\0")
    for part in form.parts:
        if part.filename is not None or part.name in (
            "email",
            "headers",
            "from",
            "to",
            "subject",
            "text",
            "html",
        ):
            digest.update(memoryview(body)[part.start : part.end])
            digest.update(b"\0")
    ours = [a for a in recipients if a.rpartition("@")[2].lower() == inbound_domain.lower()]
    recipient = next(iter([*ours, *recipients]), mailbox(str(payload.get("to", "")))[1])
    return _mail(
        key=digest.hexdigest(),
        sender=sender or mailbox(mail_from)[1] or "unknown",
        recipient=recipient,
        now=now,
        payload=payload,
        raw=body,
    )


def events_of(body: bytes, now: datetime) -> list[Inbound]:
    """Return one inbox row for each event of a batch; what is no batch comes as one row to look at.

    `raw` of each is that event's own bytes. The key is `sg_event_id`.
    """
    # Escaped surrogates keep the odd byte that is no UTF-8, so that the slices encode back to what came.
    text = body.decode("utf-8", "surrogateescape")
    try:
        found = _elements(text)
        return [_event(value, raw.encode("utf-8", "surrogateescape"), now) for value, raw in found]
    except (ValueError, RecursionError):
        return [_event(None, body, now)]


def _mail(
    *, key: str, sender: str, recipient: str, now: datetime, payload: dict[str, object], raw: bytes
) -> Inbound:
    return Inbound(
        provider="sendgrid",
        kind=InboundKind.MESSAGE,
        channel=Channel.EMAIL,
        key=key,
        sender=bounded(sender.lower(), 320),
        recipient=bounded(recipient.strip().strip("<>"), 320),
        received_at=now,
        payload=payload,
        raw=raw,
    )


def _payload(form: Multipart, body: bytes) -> dict[str, object]:
    charsets = _charsets(form, body)
    payload: dict[str, object] = {}
    listed: list[object] = []
    span: list[int] | None = None
    for index, part in enumerate(form.parts):
        if part.name == "email" and part.filename is None and span is None:
            span = [part.start, part.end]
        elif part.filename is not None or _NAMELESS_FILE.fullmatch(part.name):
            listed.append(_attachment(part, index))
        else:
            charset = charsets.get(part.name, "") or _charset_of(part.content_type)
            value = decode(body[part.start : min(part.end, part.start + _LONGEST_FIELD)], charset)
            payload.setdefault(storable(part.name[:100]), storable(value))
    if span is not None:
        payload["email_span"] = span
    else:
        payload["attachments"] = listed[:_MOST_LISTED]
    if not form.complete:
        payload["damaged"] = "the form breaks off"
    return payload


def _attachment(part: Part, index: int) -> dict[str, object]:
    return {
        "name": storable((part.filename or "").replace("\\", "/").rpartition("/")[2][:200]),
        "content_type": storable(part.content_type[:100]) or "application/octet-stream",
        "size": part.end - part.start,
        "ref": f"field:{index}",
    }


def _charsets(form: Multipart, body: bytes) -> dict[str, str]:
    """Return the charset of each field, as the form's own field `charsets` tells."""
    for part in form.parts:
        if part.name == "charsets":
            try:
                told = json.loads(body[part.start : min(part.end, part.start + _LONGEST_HEAD)])
            except (ValueError, RecursionError):
                return {}
            return {k: v for k, v in told.items() if isinstance(v, str)} if isinstance(told, dict) else {}
    return {}


def _charset_of(content_type: str) -> str:
    _, found, charset = content_type.lower().partition("charset=")
    return charset.split(";")[0].strip(' "') if found else ""


def _header_of(form: Multipart, body: bytes) -> Mail:
    """Return what the mail's own header says: of the MIME in raw mode, else of the field `headers`."""
    for name in ("email", "headers"):
        for part in form.parts:
            if part.name == name:
                block = body[part.start : min(part.end, part.start + _LONGEST_HEAD)].replace(b"\r\n", b"\n")
                return parse_header_block(block.lstrip(b"\n").partition(b"\n\n")[0])
    return Mail()


def _envelope(text: str) -> tuple[str, list[str]]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return "", []
    if not isinstance(data, dict):
        return "", []
    sender, to = data.get("from"), data.get("to")
    addresses = to if isinstance(to, list) else [to]
    return sender if isinstance(sender, str) else "", [a for a in addresses if isinstance(a, str) and a]


def _elements(text: str) -> list[tuple[object, str]]:
    """Return each element of the JSON array `text` with the text that it was. Raises ValueError."""
    decoder = json.JSONDecoder(parse_constant=str, parse_float=_finite)
    position = _skip_space(text, 0)
    if text[position : position + 1] != "[":
        value, end = decoder.raw_decode(text, position)
        return [(value, text[position:end])]
    found: list[tuple[object, str]] = []
    position = _skip_space(text, position + 1)
    while text[position : position + 1] != "]":
        value, end = decoder.raw_decode(text, position)
        found.append((value, text[position:end]))
        position = _skip_space(text, end)
        if text[position : position + 1] == ",":
            position = _skip_space(text, position + 1)
        elif text[position : position + 1] != "]":
            raise ValueError("the array breaks off")
        if len(found) > _MOST_EVENTS:
            raise ValueError("too many events")
    return found


def _skip_space(text: str, position: int) -> int:
    while text[position : position + 1] in (" ", "\t", "\r", "\n"):
        position += 1
    return position


def _finite(text: str) -> float | str:
    """Return a JSON number, or its text when it is too large for one: the database takes no infinity."""
    number = float(text)
    return number if math.isfinite(number) else text


def _event(value: object, raw: bytes, now: datetime) -> Inbound:
    clean = storable_json(value)
    payload: dict[str, object] = clean if isinstance(clean, dict) else {"unreadable": "not an event"}
    event_id, outbox_id = payload.get("sg_event_id"), payload.get("cl_outbox")
    message_id = str(payload.get("sg_message_id", "")).partition(".")[0]
    known = isinstance(outbox_id, str) and outbox_id.isascii() and outbox_id.isdigit()
    return Inbound(
        provider="sendgrid",
        kind=InboundKind.RECEIPT,
        channel=Channel.EMAIL,
        key=key_of(event_id) if isinstance(event_id, str) and event_id else hashlib.sha256(raw).hexdigest(),
        sender=bounded(f"receipt:{outbox_id if known else message_id or 'unknown'}"),
        recipient=bounded(str(payload.get("email", "")).strip().lower(), 320),
        received_at=now,
        payload=payload,
        raw=raw,
    )
