from __future__ import annotations

import threading
from urllib.parse import quote

import pytest
from memory import NOW, MemoryInbox
from serving import Answer, Served
from signing_by_hand import (
    ACCOUNT,
    BASE,
    CUSTOMER,
    NUMBER,
    OTHER_TOKEN,
    SMS,
    STATUS,
    form,
    sha,
    twilio_headers,
    twilio_signature,
)

from app.domain.delivery import DeliveryStatus
from app.domain.message import Channel, InboundKind
from app.domain.reading import read_message, read_receipt

PATH = "/inbound/twilio/sms"
STATUS_PATH = "/inbound/twilio/status?o=881234567890"


def text(served: Served, path: str = PATH, **fields: str) -> Answer:
    pairs = [*{**SMS, **fields}.items()]
    return served.post(path, form(pairs), twilio_headers(path, pairs))


def test_a_signed_sms_is_stored_raw_and_answered_with_empty_twiml(served: Served, inbox: MemoryInbox) -> None:
    answer = text(served)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert answer.body == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
    row = inbox.only()
    assert (row.provider, row.kind, row.channel) == ("twilio", InboundKind.MESSAGE, Channel.SMS)
    assert (row.key, row.sender, row.recipient) == (SMS["MessageSid"], CUSTOMER, NUMBER)
    assert row.raw == form(SMS.items())
    assert row.received_at == NOW
    assert row.payload == SMS
    assert not inbox.refused


def test_every_character_survives(served: Served, inbox: MemoryInbox) -> None:
    body = "Fuga de agua \u00bfd\u00f3nde? \U0001f6b0 50% + & = ' \" <b> \t\r\nl\u00ednea 2"
    assert text(served, Body=body).status == 200
    assert read_message(inbox.only()).full_text == body


def test_unannounced_fields_and_repeated_ones_are_covered_by_the_signature(
    served: Served, inbox: MemoryInbox
) -> None:
    pairs = [*SMS.items(), ("Tag", "b"), ("Tag", "a"), ("Tag", "b"), ("New Field", "x"), ("Empty", "")]
    assert served.post(PATH, form(pairs), twilio_headers(PATH, pairs)).status == 200
    assert inbox.only().payload["Tag"] == ["b", "a", "b"]
    # One value fewer than was signed is somebody else's request.
    assert served.post(PATH, form(pairs[:-4]), twilio_headers(PATH, pairs)).status == 403


def test_the_second_token_works_while_tokens_are_rotated(served: Served, inbox: MemoryInbox) -> None:
    pairs = [*SMS.items()]
    assert served.post(PATH, form(pairs), twilio_headers(PATH, pairs, OTHER_TOKEN)).status == 200
    assert len(inbox.items) == 1


def test_a_signature_by_the_newer_algorithm_is_honoured(served: Served) -> None:
    pairs = [*SMS.items()]
    headers = {
        "X-Twilio-Signature": twilio_signature(BASE + PATH, pairs, algorithm="sha256"),
        "X-Twilio-Webhooks-Signature-Settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
    }
    assert served.post(PATH, form(pairs), headers).status == 200
    headers["X-Twilio-Webhooks-Signature-Settings"] = "key=x,algorithm=NONE"
    assert served.post(PATH, form(pairs), headers).status == 403


def test_the_signed_address_is_the_public_one_whatever_host_the_request_names(served: Served) -> None:
    path = f"{PATH}?a=1&b=x%20y&empty="
    pairs = [*SMS.items()]
    headers = {**twilio_headers(path, pairs), "Host": "evil.example", "X-Forwarded-Proto": "http"}
    assert served.post(path, form(pairs), headers).status == 200
    forged = {**twilio_headers(path, pairs, base="https://evil.example"), "Host": "evil.example"}
    assert served.post(path, form(pairs), forged).status == 403


def test_a_slash_behind_the_path_is_no_redirect(served: Served) -> None:
    assert text(served, PATH + "/").status == 200


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "junk",
        "=" * 28,
        "A" * 5000,
        "\u00ff\u00fe",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "%00",
        "'; DROP TABLE inbox",
    ],
)
def test_a_stranger_is_turned_away_and_recorded(
    served: Served, inbox: MemoryInbox, signature: str | None
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "x" * 1000}
    if signature is not None:
        headers["X-Twilio-Signature"] = signature
    assert served.post(PATH, form(SMS.items()), headers).status == 403
    assert not inbox.items
    (refused,) = inbox.refused
    assert refused["path"] == PATH
    assert refused["remote"] == "127.0.0.1"
    assert len(str(refused["detail"])) < 600


def test_one_changed_character_is_enough(served: Served, inbox: MemoryInbox) -> None:
    pairs = [*SMS.items()]
    body = form({**SMS, "Body": SMS["Body"] + "!"}.items())
    assert served.post(PATH, body, twilio_headers(PATH, pairs)).status == 403
    assert inbox.refused[0]["reason"] == "bad_signature"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"AccountSid": "AC" + "9" * 32}, "foreign_account"),
        ({"AccountSid": ""}, "foreign_account"),
        ({"To": "+15005550099"}, "foreign_number"),
        ({"To": ""}, "foreign_number"),
    ],
)
def test_what_is_signed_but_not_ours_is_turned_away(
    served: Served, inbox: MemoryInbox, fields: dict[str, str], reason: str
) -> None:
    assert text(served, **fields).status == 403
    assert [r["reason"] for r in inbox.refused] == [reason]
    assert not inbox.items


def test_the_same_post_twice_at_once_is_one_row_and_twice_success(served: Served, inbox: MemoryInbox) -> None:
    answers: list[int] = []
    start = threading.Barrier(8)

    def post() -> None:
        start.wait()
        answers.append(text(served).status)

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    assert len(inbox.items) == 1


def test_a_lost_database_is_503_so_that_twilio_tries_again(served: Served, inbox: MemoryInbox) -> None:
    inbox.down = True
    answer = text(served)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    inbox.down = False
    assert text(served).status == 200


def test_too_much_is_413_by_header_and_by_count(served: Served, inbox: MemoryInbox) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: x\r\n"
    announced = served.raw(f"{head}Content-Length: 99999999\r\n\r\n".encode() + b"a" * 10)
    assert announced.startswith(b"HTTP/1.1 413 ")
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    counted = served.raw(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk * 5)
    assert counted.startswith(b"HTTP/1.1 413 ")
    assert not inbox.items


def test_a_client_that_hangs_up_in_the_middle_does_no_harm(served: Served) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: x\r\nContent-Length: 100\r\n\r\n"
    assert b" 500 " not in served.raw(head.encode() + b"abc")
    assert text(served).status == 200


@pytest.mark.parametrize(
    ("given", "sender"),
    [
        ("", "unknown"),
        (" +1 (500) 555-0001 ", CUSTOMER),
        ("whatsapp:+15005550001", CUSTOMER),
        ("rcs:+15005550001", CUSTOMER),
        ("24273", "24273"),
        ("AcmeCorp", "acmecorp"),
        ("a\0b", "a\ufffdb"),
    ],
)
def test_senders_are_normalised(served: Served, inbox: MemoryInbox, given: str, sender: str) -> None:
    assert text(served, From=given).status == 200
    assert inbox.only().sender == sender


def test_without_a_sid_the_body_is_the_key(served: Served, inbox: MemoryInbox) -> None:
    assert text(served, MessageSid="", SmsSid="", SmsMessageSid="").status == 200
    assert inbox.only().key == sha(inbox.only().raw)


def test_bytes_that_are_no_utf8_are_kept_raw(served: Served, inbox: MemoryInbox) -> None:
    pairs = [("AccountSid", ACCOUNT), ("To", NUMBER), ("From", CUSTOMER), ("Body", "caf\ufffd")]
    body = f"AccountSid={ACCOUNT}&To={quote(NUMBER, safe='')}&From={quote(CUSTOMER, safe='')}&Body=caf%E9".encode()
    assert served.post(PATH, body, twilio_headers(PATH, pairs)).status == 200
    assert inbox.only().raw == body
    assert read_message(inbox.only()).text == "caf\ufffd"


def test_a_receipt_carries_our_outbox_id(served: Served, inbox: MemoryInbox) -> None:
    pairs = [*STATUS.items()]
    answer = served.post(STATUS_PATH, form(pairs), twilio_headers(STATUS_PATH, pairs))
    assert answer.status == 200
    row = inbox.only()
    assert (row.kind, row.sender) == (InboundKind.RECEIPT, "receipt:881234567890")
    assert row.key == f"{STATUS['MessageSid']}:undelivered:30003"
    receipt = read_receipt(row)
    assert receipt.outbox_id == 881234567890
    assert receipt.provider_id == STATUS["MessageSid"]
    assert (receipt.status, receipt.error_code) == (DeliveryStatus.UNDELIVERED, "30003")


def test_each_status_of_a_message_is_a_row_of_its_own_and_only_one(
    served: Served, inbox: MemoryInbox
) -> None:
    for status in ("sent", "delivered", "sent"):
        pairs = [*{**STATUS, "MessageStatus": status, "ErrorCode": ""}.items()]
        assert served.post(STATUS_PATH, form(pairs), twilio_headers(STATUS_PATH, pairs)).status == 200
    assert len(inbox.items) == 2


@pytest.mark.parametrize("query", ["", "?o=", "?o=abc", "?o=-1", "?o=1%00", "?o=" + "9" * 40, "?o=\u0663"])
def test_a_receipt_with_an_odd_outbox_id_is_kept_without_one(
    served: Served, inbox: MemoryInbox, query: str
) -> None:
    path = quote(f"/inbound/twilio/status{query}", safe="/?=%")
    pairs = [*STATUS.items()]
    assert served.post(path, form(pairs), twilio_headers(path, pairs)).status == 200
    assert read_receipt(inbox.only()).outbox_id is None
    assert inbox.only().sender == f"receipt:{STATUS['MessageSid']}"


def test_the_query_is_signed_too(served: Served, inbox: MemoryInbox) -> None:
    pairs = [*STATUS.items()]
    headers = twilio_headers(STATUS_PATH, pairs)
    assert served.post("/inbound/twilio/status?o=2", form(pairs), headers).status == 403
    assert not inbox.items
