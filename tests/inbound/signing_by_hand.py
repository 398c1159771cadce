"""Signatures and bodies as the providers make them, written out by hand: no SDK, and nothing of ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import quote_plus

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

BASE = "https://hooks.acme.example"
ACCOUNT = "AC" + "0" * 32
TOKEN = "0123456789abcdef0123456789abcdef"
OTHER_TOKEN = "fedcba9876543210fedcba9876543210"
NUMBER = "+15005550006"
CUSTOMER = "+15005550001"
BASIC = ("parse", "p4ss:word")
BOUNDARY = "xYzZY"
PRIVATE = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(
    PRIVATE.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()

SMS = {
    "ToCountry": "US", "ToState": "NJ", "SmsMessageSid": "SM" + "1" * 32, "NumMedia": "0", "ToCity": "",
    "SmsSid": "SM" + "1" * 32, "SmsStatus": "received", "Body": "water coming through ceiling aisle 7, store 114",
    "To": NUMBER, "NumSegments": "1", "MessageSid": "SM" + "1" * 32, "AccountSid": ACCOUNT, "From": CUSTOMER,
    "ApiVersion": "2010-04-01",
}  # fmt: skip
STATUS = {
    "AccountSid": ACCOUNT, "From": NUMBER, "MessageSid": "SM" + "7" * 32, "MessageStatus": "undelivered",
    "SmsSid": "SM" + "7" * 32, "SmsStatus": "undelivered", "To": CUSTOMER, "ErrorCode": "30003",
    "RawDlrDoneDate": "2611210230", "ApiVersion": "2010-04-01",
}  # fmt: skip


def form(pairs: Iterable[tuple[str, str]]) -> bytes:
    return "&".join(f"{quote_plus(k)}={quote_plus(v)}" for k, v in pairs).encode()


def twilio_signature(
    url: str, pairs: Iterable[tuple[str, str]], token: str = TOKEN, algorithm: str = "sha1"
) -> str:
    values: dict[str, set[str]] = {}
    for name, value in pairs:
        values.setdefault(name, set()).add(value)
    signed = url
    for name in sorted(values):
        for value in sorted(values[name]):
            signed += name + value
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), algorithm).digest()).decode()


def twilio_headers(
    path: str, pairs: Iterable[tuple[str, str]], token: str = TOKEN, base: str = BASE
) -> dict[str, str]:
    return {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "X-Twilio-Signature": twilio_signature(base + path, pairs, token),
        "I-Twilio-Idempotency-Token": "a-token",
    }


def event_headers(
    body: bytes, timestamp: str = "1795226400", key: ec.EllipticCurvePrivateKey = PRIVATE
) -> dict[str, str]:
    signature = key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "Content-Type": "application/json",
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }


def basic_headers(user: str = BASIC[0], password: str = BASIC[1], boundary: str = BOUNDARY) -> dict[str, str]:
    return {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode(),
    }


def multipart(
    fields: Iterable[tuple[str, bytes]],
    files: Iterable[tuple[str, str, str, bytes]] = (),
    boundary: str = BOUNDARY,
) -> bytes:
    """`files` are (field, file name, content type, content)."""
    out = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in fields
    ]
    out += [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        f"Content-Type: {kind}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, file, kind, content in files
    ]
    return b"".join(out) + f"--{boundary}--\r\n".encode()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
