"""Whatever arrives, signed or not: never a 5xx, and what is stored can be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory import MemoryInbox
from serving import Served
from signing_by_hand import (
    ACCOUNT,
    BASE,
    NUMBER,
    basic_headers,
    event_headers,
    form,
    multipart,
    twilio_signature,
)

from app.domain.delivery import DeliveryStatus
from app.domain.message import InboundKind
from app.domain.reading import read_message, read_receipt

PATHS = (
    "/inbound/twilio/sms",
    "/inbound/twilio/status",
    "/inbound/sendgrid/parse",
    "/inbound/sendgrid/events",
    "/inbound/twilio/call/key?s=7-1-ab&r=1",
    "/inbound/twilio/call/status?s=7-1-ab",
    "/inbound/twilio/voice/said?n=1",
)
QUICK = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# Without control characters: those the HTTP server refuses itself, and hangs up on the rest of the request.
HEADER = st.binary(max_size=60).map(lambda b: re.sub(rb"[\0-\x1f\x7f]", b"", b).decode("latin-1"))
TEXT = st.text(max_size=40)


def check(inbox: MemoryInbox) -> None:
    for row in inbox.items:
        if row.kind is InboundKind.MESSAGE:
            message = read_message(row, own_domain="x.example")
            assert len(message.text) <= len(message.full_text) + 1
            message.text.encode()
        else:
            assert read_receipt(row).status in {s.value for s in DeliveryStatus}
    inbox.rows.clear()


@pytest.mark.parametrize("path", PATHS)
@QUICK
@given(body=st.binary(max_size=400), headers=st.dictionaries(st.sampled_from(
    ["Content-Type", "Authorization", "X-Twilio-Signature", "User-Agent", "Cookie",
     "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp",
     "X-Twilio-Webhooks-Signature-Settings"]), HEADER))  # fmt: skip
def test_random_requests(
    served: Served, inbox: MemoryInbox, path: str, body: bytes, headers: dict[str, str]
) -> None:
    assert served.post(path, body, headers).status == 403
    assert not inbox.items


@QUICK
@given(
    pairs=st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=12),
    query=st.text("abc123&=%o/ +", max_size=12),
)
def test_random_signed_forms(
    served: Served, inbox: MemoryInbox, pairs: list[tuple[str, str]], query: str
) -> None:
    pairs = [("AccountSid", ACCOUNT), ("To", NUMBER), *pairs]
    path = "/inbound/twilio/status?" + query.replace(" ", "")
    headers = {"X-Twilio-Signature": twilio_signature((BASE + path).rstrip("?"), pairs)}
    assert served.post(path, form(pairs), headers).status in (200, 403)
    for signed in (PATHS[0], *PATHS[4:]):
        headers = {"X-Twilio-Signature": twilio_signature(BASE + signed, pairs)}
        assert served.post(signed, form(pairs), headers).status == 200
    check(inbox)


@QUICK
@given(
    body=st.binary(max_size=400) | st.from_regex(rb"\A(--xYzZY(\r\n|--|\n|[a-z])?|[\x00-\xff]{0,9}){1,12}\Z")
)
def test_random_mails(served: Served, inbox: MemoryInbox, body: bytes) -> None:
    assert served.post(PATHS[2], body, basic_headers()).status == 200
    assert len(inbox.items) == 1
    check(inbox)


NAMES = st.sampled_from(
    [
        "email",
        "from",
        "to",
        "subject",
        "text",
        "html",
        "headers",
        "envelope",
        "charsets",
        "dkim",
        "SPF",
        "attachment1",
    ]
)
VALUES = st.binary(max_size=120) | st.from_regex(
    rb'\A(From: |Subject: |Content-Type: |multipart/mixed; boundary=|text/html|=\?utf-8\?[bq]\?|\r\n|--a|[<>@":,{}\[\]]|'
    rb"[\x00-\xff]){0,20}\Z"
)


@QUICK
@given(fields=st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_random_fields(served: Served, inbox: MemoryInbox, fields: list[tuple[str, bytes]]) -> None:
    assert served.post(PATHS[2], multipart(fields), basic_headers()).status == 200
    check(inbox)


@QUICK
@given(
    body=st.binary(max_size=200)
    | st.from_regex(rb'\A([\[\]{}:,"\\0-9eu]|true|null|"event"|"sg_event_id"){1,30}\Z')
)
def test_random_events(served: Served, inbox: MemoryInbox, body: bytes) -> None:
    assert served.post(PATHS[3], body, event_headers(body)).status == 200
    check(inbox)
