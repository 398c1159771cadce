"""A stored webhook request read as what it means: `Inbound` into `Message` or `Receipt`. Pure and total.

The shape of each payload is made by app/inbound; this is the other end. Whatever was stored, reading gives a
value: a message that cannot be read comes out with an empty text and its raw bytes as full text, for people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from app.domain.automatic import automatic_reason
from app.domain.charsets import decode, storable
from app.domain.delivery import (
    CALL_OUTCOMES,
    DeliveryStatus,
    call_status,
    sendgrid_status,
    twilio_status,
)
from app.domain.mail import LONGEST_TEXT, Mail, parse_fields, parse_mail
from app.domain.message import Channel, Inbound, Media, Message, Receipt
from app.domain.newest import newest_text

# Twilio's default words. YES is one of its START words too, but here it is how a customer confirms: it counts
# as START only when the carrier says so. The text is always kept, so that intake can do both.
_OPT_OUT_WORDS = {
    **dict.fromkeys(("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"), "STOP"),
    **dict.fromkeys(("start", "unstop"), "START"),
    **dict.fromkeys(("help", "info"), "HELP"),
}
_MEDIA_SID = re.compile(r"/(ME[0-9a-fA-F]{32})\Z")
_RECORDING_SID = re.compile(r"RE[0-9a-fA-F]{32}")
_MOST_MEDIA = 10
MISSED_CALL = "(called while we could not answer: call back)"
"""What stands for the words of a call that no webhook told us of."""
_DKIM_PASS = re.compile(r"@([\w.-]+)\s*:\s*pass\b", re.IGNORECASE)
_FORWARDED = re.compile(r"\s*(?:fwd?|wg|tr|rv|reenv|enc|i)\s*:", re.IGNORECASE)
_REPLIED = re.compile(r"\s*(?:re|aw|sv|antw|rif|ref|res)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_OUR_MESSAGE_ID = re.compile(r"<ticket\+([^@<>\s]+)@", re.IGNORECASE)
_OUTBOX_ID = re.compile(r"\d{1,19}", re.ASCII)
_LARGEST_ID = 2**63 - 1
_LONGEST_DETAIL = 300
_LATEST_SECOND = 253_402_300_799  # the end of the year 9999


def read_message(inbound: Inbound, *, own_domain: str = "") -> Message:
    """Return the message that a stored request carries; never raises.

    `own_domain` is the domain of our own mails' Message-IDs, by which a loop is seen.
    """
    try:
        if inbound.channel is Channel.EMAIL:
            return _read_mail(inbound, own_domain)
        if inbound.channel is Channel.VOICE:
            return _read_call(inbound)
        return _read_sms(inbound)
    except Exception:  # noqa: BLE001 - total by contract: a message that breaks our reading is still a message
        return _unreadable(inbound)


def read_receipt(inbound: Inbound) -> Receipt:
    """Return the receipt that a stored request carries, status `unknown` if it says nothing; never raises.

    `status` is a word of delivery.DeliveryStatus, `error_code` a key of its code tables or empty.
    """
    payload = inbound.payload
    if inbound.provider == "sendgrid":
        return _read_event(payload)
    if inbound.channel is Channel.VOICE:
        return _read_call_status(payload)
    status = twilio_status(_string(payload, "MessageStatus") or _string(payload, "SmsStatus"))
    return Receipt(
        outbox_id=_outbox_id(payload.get("o")),
        provider_id=_string(payload, "MessageSid") or _string(payload, "SmsSid"),
        status=status,
        error_code=_string(payload, "ErrorCode").strip()[:_LONGEST_DETAIL],
        detail=_string(payload, "ChannelStatusMessage")[:_LONGEST_DETAIL],
    )


def _unreadable(inbound: Inbound) -> Message:
    return Message(
        channel=inbound.channel,
        sender=inbound.sender,
        recipient=inbound.recipient,
        full_text=storable(decode(inbound.raw[: 4 * LONGEST_TEXT])[:LONGEST_TEXT]),
    )


def _read_sms(inbound: Inbound) -> Message:
    payload = inbound.payload
    if "unreadable" in payload:
        return _unreadable(inbound)
    text = storable(_string(payload, "Body") or _string(payload, "text"))[:LONGEST_TEXT]
    said = _string(payload, "OptOutType").strip().upper()
    return Message(
        channel=inbound.channel,
        sender=inbound.sender,
        recipient=inbound.recipient,
        sender_name=storable(_string(payload, "ProfileName"))[:200],
        text=text.strip(),
        full_text=text,
        opt_out=said if said in ("STOP", "START", "HELP") else _OPT_OUT_WORDS.get(text.strip().lower(), ""),
        message_id=_string(payload, "MessageSid"),
        authenticated=True,
        media=_sms_media(payload),
    )


def _read_call(inbound: Inbound) -> Message:
    """Return what somebody said on a call: recognised at once, transcribed later, or only recorded.

    A caller's number is easily forged, so that what is said on a call never counts as authenticated.
    """
    payload = inbound.payload
    heard = _string(payload, "SpeechResult") or _string(payload, "TranscriptionText")
    text = storable(heard)[:LONGEST_TEXT].strip()
    if not text and _string(payload, "Missed"):
        text = MISSED_CALL
    recording = _RECORDING_SID.fullmatch(_string(payload, "RecordingSid"))
    media: tuple[Media, ...] = ()
    if recording and not text:
        seconds = _string(payload, "RecordingDuration")
        text = (
            f"(voice message, {seconds} s)" if seconds.isascii() and seconds.isdigit() else "(voice message)"
        )
        media = (Media(content_type="audio/x-wav", name="", ref=recording.group()),)
    return Message(
        channel=Channel.VOICE,
        sender=inbound.sender,
        recipient=inbound.recipient,
        sender_name=storable(_string(payload, "CallerName"))[:200],
        text=text,
        full_text=text,
        message_id=_string(payload, "CallSid"),
        media=media,
    )


def _read_call_status(payload: Mapping[str, object]) -> Receipt:
    answered_by = _string(payload, "AnsweredBy").strip().lower()
    if "CallStatus" in payload:
        status, code = call_status(_string(payload, "CallStatus"))
    elif answered_by.startswith("machine") or answered_by == "fax":
        status, code = DeliveryStatus.UNDELIVERED, "machine"
    else:
        status, code = DeliveryStatus.UNKNOWN, ""
    return Receipt(
        outbox_id=_outbox_id(payload.get("o")),
        provider_id=_string(payload, "CallSid"),
        status=status,
        error_code=code,
        detail=CALL_OUTCOMES.get(code, ""),
    )


def _sms_media(payload: Mapping[str, object]) -> tuple[Media, ...]:
    sid = _string(payload, "MessageSid")
    found = []
    for index in range(_MOST_MEDIA):
        kind, url = _string(payload, f"MediaContentType{index}"), _string(payload, f"MediaUrl{index}")
        if kind or url:
            # Only the ids are kept: whoever fetches it builds the address; no URL from outside is followed.
            media = _MEDIA_SID.search(url)
            ref = f"{sid}/{media.group(1)}" if media else ""
            found.append(Media(content_type=kind[:100] or "application/octet-stream", name="", ref=ref))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Envelope:
    """The SMTP envelope; `sender` is None when it is not known."""

    sender: str | None
    to: tuple[str, ...]


def _read_mail(inbound: Inbound, own_domain: str) -> Message:
    payload = inbound.payload
    if "unreadable" in payload:
        return _unreadable(inbound)
    mail = _mail_of(inbound)
    envelope = _envelope_of(payload)
    headers = mail.headers
    return_path = envelope.sender if envelope.sender is not None else headers.get("return-path")
    replied = bool(mail.in_reply_to or mail.references or _REPLIED.match(mail.subject))
    text = newest_text(mail.text, forwarded=bool(_FORWARDED.match(mail.subject)))
    if not text and not replied:
        text = mail.text.strip()
    return Message(
        channel=inbound.channel,
        sender=inbound.sender,
        recipient=inbound.recipient,
        sender_name=mail.sender_name,
        subject=mail.subject,
        text=text,
        full_text=mail.text,
        automatic=automatic_reason(
            headers,
            sender=inbound.sender,
            subject=mail.subject,
            return_path=return_path,
            message_id=mail.message_id,
            own_domain=own_domain,
        ),
        reply_token=_reply_token(inbound.recipient, envelope, mail, own_domain),
        message_id=mail.message_id,
        authenticated=_is_authenticated(inbound.sender, payload, envelope),
        media=mail.attachments,
    )


def _mail_of(inbound: Inbound) -> Mail:
    span = inbound.payload.get("email_span")
    if isinstance(span, list) and len(span) == 2 and all(isinstance(n, int) for n in span):  # noqa: PLR2004 - a pair
        return parse_mail(inbound.raw[span[0] : span[1]])
    fields = {key: value for key, value in inbound.payload.items() if isinstance(value, str)}
    if any(fields.get(name, "").strip() for name in ("text", "html", "subject", "headers")):
        return parse_fields(fields, _listed(inbound.payload.get("attachments")))
    return parse_mail(inbound.raw)


def _listed(attachments: object) -> tuple[Media, ...]:
    if not isinstance(attachments, list):
        return ()
    return tuple(
        Media(
            content_type=str(item.get("content_type", "")),
            name=str(item.get("name", "")),
            size=item["size"] if isinstance(item.get("size"), int) else None,
            ref=str(item.get("ref", "")),
        )
        for item in attachments
        if isinstance(item, dict)
    )


def _envelope_of(payload: Mapping[str, object]) -> _Envelope:
    try:
        data = json.loads(_string(payload, "envelope") or "{}")
    except (ValueError, RecursionError):
        data = {}
    if not isinstance(data, dict):
        return _Envelope(None, ())
    sender, to = data.get("from"), data.get("to")
    addresses = to if isinstance(to, list) else [to]
    return _Envelope(
        sender if isinstance(sender, str) else None,
        tuple(a for a in addresses if isinstance(a, str)),
    )


def _reply_token(recipient: str, envelope: _Envelope, mail: Mail, own_domain: str) -> str:
    """Return what stands after the `+` of the address that was written to.

    Some mailers answer to From instead of Reply-To; the ids of our own mails in References carry it too.
    """
    for address in (recipient, *envelope.to):
        local, at, _ = address.strip().strip("<>").rpartition("@")
        _, plus, token = local.partition("+")
        if at and plus and token:
            return token[:100]
    if own_domain:
        for reference in (mail.in_reply_to, *reversed(mail.references)):
            ours = _OUR_MESSAGE_ID.match(reference)
            if ours and reference.lower().rstrip(">").endswith(f"@{own_domain.lower()}"):
                return ours.group(1)[:100]
    return ""


def _is_authenticated(sender: str, payload: Mapping[str, object], envelope: _Envelope) -> bool:
    """Return whether the domain in From vouches for the mail: by DKIM, or by SPF of the envelope's sender.

    Either must be aligned with From, else anybody's own domain would pass for a customer's.
    """
    domain = _domain(sender)
    if not domain:
        return False
    if any(_aligned(domain, signer) for signer in _DKIM_PASS.findall(_string(payload, "dkim")[:2000])):
        return True
    spf = _string(payload, "SPF").strip().lower()
    return spf == "pass" and _aligned(domain, _domain(envelope.sender or ""))


def _domain(address: str) -> str:
    return address.strip().strip("<>").rpartition("@")[2].lower().rstrip(".") if "@" in address else ""


def _aligned(domain: str, other: str) -> bool:
    """Return whether one is the other or a subdomain of it; a bare top-level domain vouches for nobody."""
    other = other.lower().rstrip(".")
    if "." not in other or "." not in domain:
        return False
    return domain == other or domain.endswith(f".{other}") or other.endswith(f".{domain}")


def _read_event(payload: Mapping[str, object]) -> Receipt:
    event = _string(payload, "event").strip().lower()
    code = ""
    if event == "bounce":
        code = "blocked" if _string(payload, "type").strip().lower() == "blocked" else "bounce"
    elif event == "dropped":
        code = _dropped_code(_string(payload, "reason"))
    elif event in ("blocked", "spamreport", "unsubscribe", "group_unsubscribe"):
        code = event
    status = sendgrid_status(event)
    # SendGrid's answer to the sending knew only the first part of this id.
    provider_id = _string(payload, "sg_message_id").partition(".")[0]
    return Receipt(
        outbox_id=_outbox_id(payload.get("cl_outbox")),
        provider_id=provider_id[:100],
        status=DeliveryStatus(status),
        error_code=code,
        detail=storable(_string(payload, "reason") or _string(payload, "response"))[:_LONGEST_DETAIL],
        at=_instant(payload.get("timestamp")),
    )


def _dropped_code(reason: str) -> str:
    lowered = reason.lower()
    words = {
        "bounced": "dropped_bounced",
        "unsubscribed": "dropped_unsubscribed",
        "spam report": "dropped_spam_report",
        "invalid": "dropped_invalid",
        "quota": "dropped_quota",
    }
    return next((code for word, code in words.items() if word in lowered), "dropped")


def _instant(seconds: object) -> datetime | None:
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit():
        seconds = float(seconds[:15])
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int | float)
        or not 0 <= seconds <= _LATEST_SECOND
    ):
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _outbox_id(value: object) -> int | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str) and _OUTBOX_ID.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= _LARGEST_ID else None


def _string(payload: Mapping[str, object], key: str) -> str:
    """Return the text under `key`, the first of several, empty if there is none."""
    value = payload.get(key)
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, str) else ""
