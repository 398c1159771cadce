from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from memory import MemoryInbox
from serving import Served
from signing_by_hand import event_headers, sha

from app.domain.delivery import DeliveryStatus, Reaction, reaction_to_receipt
from app.domain.message import Channel, InboundKind
from app.domain.reading import read_receipt

PATH = "/inbound/sendgrid/events"


def event(name: str, number: int = 1, **more: object) -> dict[str, object]:
    return {
        "email": "Dana@Acme.example",
        "timestamp": 1795226400,
        "event": name,
        "sg_event_id": f"event-{number}",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "cl_outbox": "881234567890",
        **more,
    }


def test_a_batch_is_one_row_for_each_event_in_one_commit(served: Served, inbox: MemoryInbox) -> None:
    events = [event("processed", 1), event("deferred", 2, response="400 later"), event("delivered", 3)]
    # SendGrid breaks its batches with CRLF, and ends them so; the signature covers exactly these bytes.
    body = ("[" + "},\r\n{".join(json.dumps(e)[1:-1] for e in events).join("{}") + "]\r\n").encode()
    assert served.post(PATH, body, event_headers(body)).status == 200
    assert inbox.calls == 1
    assert [row.key for row in inbox.items] == ["event-1", "event-2", "event-3"]
    assert [json.loads(row.raw) for row in inbox.items] == events
    assert all(row.raw in body for row in inbox.items)
    row = inbox.items[0]
    assert (row.kind, row.channel) == (InboundKind.RECEIPT, Channel.EMAIL)
    assert (row.sender, row.recipient) == ("receipt:881234567890", "dana@acme.example")
    receipts = [read_receipt(row) for row in inbox.items]
    assert [r.status for r in receipts] == ["queued", "queued", "delivered"]
    assert receipts[1].detail == "400 later"
    assert receipts[0].outbox_id == 881234567890
    assert receipts[0].provider_id == "14c5d75ce93"
    assert receipts[0].at == datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def test_an_event_that_comes_46_times_is_one_row(served: Served, inbox: MemoryInbox) -> None:
    body = json.dumps([event("delivered")] * 23).encode()
    for _ in range(2):
        assert served.post(PATH, body, event_headers(body)).status == 200
    assert len(inbox.items) == 1


@pytest.mark.parametrize(
    ("fields", "status", "reaction"),
    [
        ({"event": "bounce", "type": "bounce", "reason": "550 unknown"}, "undelivered", Reaction.ADDRESS),
        ({"event": "bounce", "type": "blocked"}, "undelivered", Reaction.TRANSIENT),
        ({"event": "dropped", "reason": "Bounced Address"}, "undelivered", Reaction.ADDRESS),
        ({"event": "dropped", "reason": "Unsubscribed Address"}, "undelivered", Reaction.OPT_OUT),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, "undelivered", Reaction.OPT_OUT),
        ({"event": "dropped"}, "undelivered", Reaction.CONTENT),
        ({"event": "spamreport"}, "delivered", Reaction.OPT_OUT),
        ({"event": "open"}, "delivered", None),
        ({"event": "account_status_change"}, "unknown", None),
        ({"event": 7}, "unknown", None),
    ],
)
def test_events_in_our_words(
    served: Served, inbox: MemoryInbox, fields: dict[str, object], status: str, reaction: Reaction | None
) -> None:
    body = json.dumps([{**event("x"), **fields}]).encode()
    assert served.post(PATH, body, event_headers(body)).status == 200
    receipt = read_receipt(inbox.only())
    assert receipt.status == status
    assert reaction_to_receipt(DeliveryStatus(receipt.status), receipt.error_code) == reaction


def test_a_batch_is_verified_over_its_bytes(served: Served, inbox: MemoryInbox) -> None:
    body = b'[{"event":"delivered","sg_event_id":"a\xff"}]\r\n'
    assert served.post(PATH, body, event_headers(body)).status == 200
    assert inbox.only().raw == b'{"event":"delivered","sg_event_id":"a\xff"}'
    assert inbox.only().key == "a\ufffd"
    assert served.post(PATH, body.strip(), event_headers(body)).status == 403
    assert (
        served.post(PATH, body, {**event_headers(body), "X-Twilio-Email-Event-Webhook-Timestamp": "1"}).status
        == 403
    )


@pytest.mark.parametrize("signature", ["", "junk", "AAAA", "\u00ff", "MEUCIQ==" * 100, "\t"])
def test_junk_signatures_are_403(served: Served, inbox: MemoryInbox, signature: str) -> None:
    headers = {**event_headers(b"[]"), "X-Twilio-Email-Event-Webhook-Signature": signature}
    assert served.post(PATH, b"[]", headers).status == 403
    assert len(inbox.refused) == 1


def test_somebody_else_s_key_is_403(served: Served, inbox: MemoryInbox) -> None:
    headers = event_headers(b"[]", key=ec.generate_private_key(ec.SECP256R1()))
    assert served.post(PATH, b"[]", headers).status == 403
    assert inbox.refused[0]["reason"] == "bad_signature"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{}",
        b"not json",
        b"[",
        b"[[",
        b"[" * 100_000,
        b'[{"a":' * 50_000,
        b'[{"sg_event_id":"x"}',
        b'[{"sg_event_id":"x"} {"sg_event_id":"y"}]',
        b'[1, null, "x", [], {}, NaN, Infinity, 1e999, -0]',
        b'[{"n": NaN, "i": Infinity, "x": 1e999, "big": ' + b"9" * 4000 + b"}]",
        b"[" + b"9" * 5000 + b"]",
        b'[{"sg_event_id": "\\u0000\\ud800", "\\u0000": "\\ud83d", "email": 3, "cl_outbox": {}}]',
        b'[{"sg_event_id": "' + b"x" * 100_000 + b'"}]',
        b'[{"timestamp": "1e400", "cl_outbox": "99999999999999999999", "event": ["a"]}]',
        b'[{"timestamp": 99999999999999999999, "cl_outbox": -5}]',
        b"\xff\xfe[\0]\0",
        b'{"event": "delivered"}',
    ],
)
def test_odd_batches_are_kept_and_read(served: Served, inbox: MemoryInbox, body: bytes) -> None:
    assert served.post(PATH, body, event_headers(body)).status == 200
    assert inbox.items
    for row in inbox.items:
        assert read_receipt(row).outbox_id is None


def test_an_empty_batch_is_nothing(served: Served, inbox: MemoryInbox) -> None:
    for body in (b"[]", b" [ \r\n ] \r\n"):
        assert served.post(PATH, body, event_headers(body)).status == 200
    assert not inbox.items


def test_an_event_without_an_id_is_keyed_by_its_bytes(served: Served, inbox: MemoryInbox) -> None:
    body = b'[{"event":"open"},{"event":"click"}]'
    assert served.post(PATH, body, event_headers(body)).status == 200
    assert [row.key for row in inbox.items] == [sha(b'{"event":"open"}'), sha(b'{"event":"click"}')]
    assert inbox.items[0].sender == "receipt:unknown"


def test_a_large_batch(served: Served, inbox: MemoryInbox) -> None:
    body = json.dumps([event("delivered", n, reason="x" * 300) for n in range(2000)]).encode()
    assert len(body) > 1024 * 1024
    assert served.post(PATH, body, event_headers(body)).status == 200
    assert len(inbox.items) == 2000


def test_too_large_and_lost_database(served: Served, inbox: MemoryInbox) -> None:
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Twilio-Email-Event-Webhook-Signature: x\r\n"
        f"X-Twilio-Email-Event-Webhook-Timestamp: 1\r\nContent-Length: {9 << 20}\r\n\r\n"
    )
    assert served.raw(head.encode()).startswith(b"HTTP/1.1 413 ")
    inbox.down = True
    body = json.dumps([event("delivered")]).encode()
    assert served.post(PATH, body, event_headers(body)).status == 503
