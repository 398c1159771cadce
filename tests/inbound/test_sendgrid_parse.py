from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage

import pytest
from inbound_app import CONFIG, app_of
from memory import NOW, MemoryInbox
from serving import Answer, Served
from signing_by_hand import BASIC, BOUNDARY, PUBLIC, basic_headers, event_headers, multipart

from app.domain.message import Channel, InboundKind
from app.domain.reading import read_message
from app.inbound.signatures import PublicKeyError

PATH = "/inbound/sendgrid/parse"
MIME = (
    b"Received: by mx.inbound.example.com\r\nFrom: Dana Lee <Manager.114@QuickBite.example>\r\n"
    b"To: help@inbound.example.com\r\nSubject: Leak\r\nMessage-ID: <one@quickbite.example>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b"Caf\xe9 is under water\r\n"
)
ENVELOPE = {"to": ["ticket+1042.aB3x@inbound.example.com"], "from": "manager.114@quickbite.example"}


def raw_fields(mime: bytes = MIME, **changed: bytes) -> list[tuple[str, bytes]]:
    fields = {
        "dkim": b"{@quickbite.example : pass}",
        "email": mime,
        "to": b"help@inbound.example.com",
        "from": b"Dana Lee <Manager.114@QuickBite.example>",
        "sender_ip": b"203.0.113.9",
        "envelope": json.dumps(ENVELOPE).encode(),
        "subject": b"Leak",
        "charsets": b'{"to":"UTF-8","from":"UTF-8","subject":"UTF-8"}',
        "SPF": b"pass",
    }
    return [*{**fields, **changed}.items()]


def post(served: Served, body: bytes, **headers: str) -> Answer:
    return served.post(PATH, body, {**basic_headers(), **headers})


def test_a_mail_in_raw_mode_keeps_every_byte(served: Served, inbox: MemoryInbox) -> None:
    body = multipart(raw_fields())
    assert post(served, body).status == 200
    row = inbox.only()
    assert (row.provider, row.kind, row.channel) == ("sendgrid", InboundKind.MESSAGE, Channel.EMAIL)
    assert (row.sender, row.recipient) == ("manager.114@quickbite.example", ENVELOPE["to"][0])
    assert row.raw == body
    assert row.received_at == NOW
    assert "email" not in row.payload  # it stands in `raw`, once
    message = read_message(row)
    assert message.text == "Café is under water"
    assert (message.subject, message.sender_name) == ("Leak", "Dana Lee")
    assert message.message_id == "<one@quickbite.example>"
    assert message.reply_token == "1042.aB3x"
    assert message.authenticated
    assert message.automatic == ""


def test_a_retry_with_another_boundary_is_the_same_mail(served: Served, inbox: MemoryInbox) -> None:
    assert post(served, multipart(raw_fields())).status == 200
    again = multipart(raw_fields(spam_score=b"0.1"), boundary="another")
    assert served.post(PATH, again, basic_headers(boundary="another")).status == 200
    assert len(inbox.items) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"mime": MIME + b"more"},
        {"mime": MIME.replace(b"<one@", b"<two@")},
        {"envelope": b'{"to":["other@inbound.example.com"],"from":"a@b.example"}'},
    ],
)
def test_another_mail_is_another_row(served: Served, inbox: MemoryInbox, changed: dict[str, bytes]) -> None:
    post(served, multipart(raw_fields()))
    post(served, multipart(raw_fields(**changed)))
    assert len(inbox.items) == 2


def test_parsed_mode_honours_the_charsets(served: Served, inbox: MemoryInbox) -> None:
    fields = [
        ("headers", b"Message-ID: <p@q.example>\r\nFrom: x\r\nReferences: <a@b>\r\n"),
        ("from", "José <jose@tienda.example>".encode("cp850")),
        ("subject", "水漏れ".encode("iso-2022-jp")),
        ("text", "Baño inundado".encode("windows-1252")),
        ("html", b"<p>ignored</p>"),
        ("to", b"help@inbound.example.com"),
        ("envelope", b'{"to":["help@inbound.example.com"],"from":"jose@tienda.example"}'),
        ("attachments", b"2"),
        ("charsets", b'{"from":"cp850","subject":"ISO-2022-JP","text":"windows-1252","html":"us-ascii"}'),
        ("dkim", b"none"),
        ("SPF", b"pass"),
    ]
    files = [
        ("attachment1", "..\\..\\foto \xf1.jpg", "image/jpeg", b"\xff\xd8\r\n--xYzZYnot\r\n\0"),
        ("attachment2", "winmail.dat", "application/ms-tnef", b"x" * 10),
    ]
    body = multipart(fields, files)
    assert post(served, body).status == 200
    message = read_message(inbox.only())
    assert (message.sender, message.sender_name) == ("jose@tienda.example", "José")
    assert (message.subject, message.text) == ("水漏れ", "Baño inundado")
    assert message.message_id == "<p@q.example>"
    assert [(m.name, m.content_type, m.size) for m in message.media] == [
        ("foto ñ.jpg", "image/jpeg", 17),
        ("winmail.dat", "application/ms-tnef", 10),
    ]
    assert message.authenticated


def test_declared_utf8_that_is_not(served: Served, inbox: MemoryInbox) -> None:
    fields = [
        ("from", b"a@b.example"),
        ("text", b"Caf\xe9 flooded \x93now\x94"),
        ("charsets", b'{"text":"UTF-8"}'),
    ]
    assert post(served, multipart(fields)).status == 200
    assert read_message(inbox.only()).text == "Café flooded \u201cnow\u201d"


def test_a_text_field_over_a_megabyte_and_ten_megabytes_attached(served: Served, inbox: MemoryInbox) -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@b.example", "Photos"
    mail.set_content("see photo")
    mail.add_attachment(bytes(range(256)) * 40960, maintype="image", subtype="jpeg", filename="roof.jpg")
    body = multipart(raw_fields(mail.as_bytes()))
    assert len(body) > 10 * 1024 * 1024
    assert post(served, body).status == 200
    row = inbox.only()
    assert row.raw == body
    (media,) = read_message(row).media
    assert (media.name, media.size, media.content_type) == ("roof.jpg", 10485760, "image/jpeg")


def test_more_than_the_limit_is_413(served: Served, inbox: MemoryInbox) -> None:
    authorization = basic_headers()["Authorization"]
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nContent-Length: {33 << 20}\r\n\r\n"
    assert served.raw(head.encode() + b"x").startswith(b"HTTP/1.1 413 ")
    assert not inbox.items


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"parse:wrong").decode(),
        "Bearer abc",
        "\u00ff",
        "Basic Og==",
    ],
)
def test_wrong_credentials_are_403_before_the_mail_is_read(
    served: Served, inbox: MemoryInbox, authorization: str
) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nContent-Length: {30 << 20}\r\n\r\n"
    assert served.raw(head.encode("latin-1")).startswith(b"HTTP/1.1 403 ")
    assert [r["reason"] for r in inbox.refused] == ["bad_credentials"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=xYzZY", b""),
        ("multipart/form-data; boundary=xYzZY", b"\0" * 100),
        ("multipart/form-data", multipart(raw_fields())),
        ("multipart/form-data; boundary=", multipart(raw_fields())),
        ("multipart/form-data; boundary=other", multipart(raw_fields())),
        ("application/json", b'{"email":"x"}'),
        ("", b"help, water"),
        ("\u00ff;;;=\u00fe", b"\xff\xfe"),
        ("multipart/form-data; boundary=xYzZY", b"--xYzZY--\r\n"),
        ("multipart/form-data; boundary=xYzZY", b"--xYzZY\r"),
    ],
)
def test_what_is_no_form_is_kept_for_people_to_look_at(
    served: Served, inbox: MemoryInbox, content_type: str, body: bytes
) -> None:
    assert post(served, body, **{"Content-Type": content_type}).status == 200
    row = inbox.only()
    assert (row.sender, row.raw) == ("unknown", body)
    assert row.payload["unreadable"]
    message = read_message(row)
    assert message.text == ""
    western = b"\xff" in body or b"\xe9" in body
    assert message.full_text == body.decode("cp1252" if western else "utf-8").replace("\0", "\ufffd")


def test_a_form_that_breaks_off_is_read_as_far_as_it_goes(served: Served, inbox: MemoryInbox) -> None:
    body = multipart([*raw_fields(), ("z", b"end")])[:-30]
    assert post(served, body).status == 200
    assert inbox.only().payload["damaged"]
    assert read_message(inbox.only()).text == "Café is under water"


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [("from", b"")],
        [("from", b"\xff\xfe\0"), ("text", b"\0\0\0"), ("envelope", b"{"), ("charsets", b"[" * 100_000)],
        [("envelope", b'{"to": {"a": 1}, "from": 7}'), ("text", b"x"), ("charsets", b'{"text": "punycode"}')],
        [("", b"x")],
        [("a" * 10_000, b"x" * 600_000)],
        [("email", b""), ("email", b"x")],
        [("email_span", b"[0, 5]"), ("unreadable", b"x"), ("attachments", b"x")],
        [("from", b"<" * 50_000), ("subject", b"=?" * 50_000), ("text", b"x")],
        [("from", b'"' * 50_000), ("headers", b"\r\n" * 50_000), ("html", b"<" * 50_000)],
    ],
)
def test_hostile_fields_are_stored_and_read(
    served: Served, inbox: MemoryInbox, fields: list[tuple[str, bytes]]
) -> None:
    assert post(served, multipart(fields)).status == 200
    message = read_message(inbox.only())
    assert len(message.full_text) <= 100_000
    assert inbox.only().sender == "unknown"


def test_part_heads_in_any_shape(served: Served, inbox: MemoryInbox) -> None:
    body = (
        b"preamble\r\n--xYzZY\r\ncontent-disposition:form-data;name=from\r\n\r\na@b.example\r\n"
        b'--xYzZY  \r\nContent-Type: text/plain; charset="windows-1252"\r\n'
        b'Content-Disposition: form-data; filename*=x; name="text"\r\n\r\n\x80 50\r\n'
        b"--xYzZY\n\nno head\n--xYzZYno\n--xYzZY--"
    )
    assert post(served, body).status == 200
    payload = inbox.only().payload
    assert (payload["from"], payload["text"], payload[""]) == ("a@b.example", "€ 50", "no head\n--xYzZYno")


def test_the_sender_is_the_mail_s_own_when_the_form_has_none(served: Served, inbox: MemoryInbox) -> None:
    fields = [(n, v) for n, v in raw_fields() if n != "from"]
    assert post(served, multipart(fields)).status == 200
    assert inbox.only().sender == "manager.114@quickbite.example"


def test_of_several_recipients_ours_counts(served: Served, inbox: MemoryInbox) -> None:
    envelope = b'{"to":["x@elsewhere.example","ticket+7.q@Inbound.Example.com"],"from":"a@b.example"}'
    assert post(served, multipart(raw_fields(envelope=envelope))).status == 200
    assert inbox.only().recipient == "ticket+7.q@Inbound.Example.com"
    assert read_message(inbox.only()).reply_token == "7.q"


def test_a_lost_database_is_503(served: Served, inbox: MemoryInbox) -> None:
    inbox.down = True
    assert post(served, multipart(raw_fields())).status == 503


@pytest.fixture(scope="module")
def signed_inbox() -> MemoryInbox:
    return MemoryInbox()


@pytest.fixture(scope="module")
def signed(signed_inbox: MemoryInbox) -> Iterator[Served]:
    config = replace(CONFIG, sendgrid_parse_public_keys=(PUBLIC,))
    with Served(app_of(config, signed_inbox)) as served:
        yield served


def test_with_a_key_a_mail_must_be_signed(signed: Served, signed_inbox: MemoryInbox) -> None:
    body = multipart(raw_fields())
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    assert signed.post(PATH, body, {**event_headers(body), **kind}).status == 200
    assert signed.post(PATH, body + b"x", {**event_headers(body), **kind}).status == 403
    assert signed.post(PATH, body, basic_headers()).status == 403
    big = multipart(raw_fields(MIME + b"\xff\n" * 500_000))
    assert signed.post(PATH, big, {**event_headers(big), **kind}).status == 200
    assert signed.post(PATH, big[:-1], {**event_headers(big), **kind}).status == 403
    assert len(signed_inbox.items) == 2
    assert len(signed_inbox.refused) == 3


def test_with_neither_key_nor_credentials_nothing_gets_in() -> None:
    inbox = MemoryInbox()
    bare = replace(CONFIG, sendgrid_parse_basic=None, sendgrid_event_public_keys=(), twilio_auth_tokens=())
    with Served(app_of(bare, inbox)) as served:
        assert post(served, multipart(raw_fields())).status == 403
        empty = {"Authorization": "Basic " + base64.b64encode(b":").decode()}
        assert served.post(PATH, b"", empty).status == 403
        assert served.post("/inbound/sendgrid/events", b"[]", event_headers(b"[]")).status == 403
        assert served.post("/inbound/twilio/sms", b"", {"X-Twilio-Signature": "x"}).status == 403
    assert len(inbox.refused) == 4
    assert not inbox.items


@pytest.mark.parametrize("key", ["junk", "AAAA", "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----"])
def test_a_wrong_key_stops_the_start(key: str) -> None:
    with pytest.raises(PublicKeyError):
        app_of(replace(CONFIG, sendgrid_event_public_keys=(key,)), MemoryInbox())


def test_secrets_are_not_in_the_config_s_repr() -> None:
    assert BASIC[1] not in repr(CONFIG)
    assert CONFIG.twilio_auth_tokens[0] not in repr(CONFIG)
