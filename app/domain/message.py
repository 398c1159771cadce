"""What arrived: `Inbound` as a webhook stores it, `Message` and `Receipt` as intake reads them.

What must not live here: MIME (mail.py), who the sender is (intake), any I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Channel(StrEnum):
    """How a person and Closeloop talk to each other."""

    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"
    WEB = "web"


class InboundKind(StrEnum):
    """What sort of webhook request was stored."""

    MESSAGE = "message"
    RECEIPT = "receipt"
    KEY = "key"  # a key that was pressed on a call
    CALL = "call"  # somebody calls; what they say comes as a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One verified webhook request (or one event of a batch), exactly as it goes into the inbox.

    `key` is unique for `(provider, kind)` and makes the delivery idempotent. `sender` is the ordering key:
    an E.164 number, a lower-case mailbox, or `receipt:<outbox id>`; rows of one sender are handled in order.
    `payload` is JSON-able: strings, numbers, lists, dicts. `raw` are the provider's original bytes.
    """

    provider: str
    kind: InboundKind
    channel: Channel
    key: str
    sender: str
    recipient: str
    received_at: datetime
    payload: dict[str, object]
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """An attachment or MMS picture: what it is and where it can be had; never fetched by intake."""

    content_type: str
    name: str
    size: int | None = None
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A human-readable inbound message.

    `text` is what the sender newly wrote: quoted history and signature are cut. `full_text` has everything.
    `automatic` is empty for a human's message, else the reason why it is not one (RFC 3834, bounce, own).
    `reply_token` is the local part's token of the address that the mail was sent to, if it had one.
    `opt_out` is `STOP`, `START` or `HELP` when the carrier (or the exact word) says so, else empty.
    """

    channel: Channel
    sender: str
    recipient: str
    sender_name: str = ""
    subject: str = ""
    text: str = ""
    full_text: str = ""
    automatic: str = ""
    reply_token: str = ""
    opt_out: str = ""
    message_id: str = ""
    authenticated: bool = False
    media: tuple[Media, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A provider's later word on a message that we sent. `status` is in delivery.py's words."""

    outbox_id: int | None
    provider_id: str
    status: str
    error_code: str = ""
    detail: str = ""
    at: datetime | None = None
