from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.delivery import DeliveryStatus
from app.domain.message import Channel, Inbound, InboundKind, Message
from app.domain.reading import read_message, read_receipt

MAILS = Path(__file__).parent.parent / "data" / "mails"
OURS = "inbound.example.com"
NOW = datetime(2026, 11, 21, 2, 10, tzinfo=UTC)


def inbound(channel: Channel, payload: dict[str, object], raw: bytes = b"", **changed: str) -> Inbound:
    return Inbound(
        provider=changed.get("provider", "twilio" if channel is Channel.SMS else "sendgrid"),
        kind=InboundKind.MESSAGE,
        channel=channel,
        key="k",
        sender=changed.get("sender", "dana@quickbite.example"),
        recipient=changed.get("recipient", f"help@{OURS}"),
        received_at=NOW,
        payload=payload,
        raw=raw,
    )


def mail(name: str, **payload: object) -> Message:
    raw = (MAILS / f"{name}.eml").read_bytes()
    before = b"form head "
    span: list[object] = [len(before), len(before) + len(raw)]
    item = inbound(Channel.EMAIL, {"email_span": span, **payload}, before + raw + b" form tail")
    return read_message(item, own_domain=OURS)


def sms(**payload: object) -> Message:
    return read_message(inbound(Channel.SMS, payload, sender="+15005550001", recipient="+15005550006"))


def test_a_text() -> None:
    message = sms(Body="  Chiller 3 down \n", MessageSid="SM1", NumMedia="0", ProfileName="Jo")
    assert message == Message(
        channel=Channel.SMS,
        sender="+15005550001",
        recipient="+15005550006",
        sender_name="Jo",
        text="Chiller 3 down",
        full_text="  Chiller 3 down \n",
        message_id="SM1",
        authenticated=True,
    )


def test_pictures_are_listed_by_id_and_never_by_address() -> None:
    media = "ME" + "3" * 32
    message = sms(
        Body="",
        MessageSid="MM2",
        NumMedia="99",
        MediaContentType0="image/jpeg",
        MediaUrl0=f"https://api.twilio.com/2010-04-01/Accounts/AC0/Messages/MM2/Media/{media}",
        MediaContentType1="image/png",
        MediaUrl1="http://169.254.169.254/latest/meta-data",
    )
    assert [(m.content_type, m.ref) for m in message.media] == [
        ("image/jpeg", f"MM2/{media}"),
        ("image/png", ""),
    ]


@pytest.mark.parametrize(
    ("body", "said", "opt_out"),
    [
        ("STOP", "", "STOP"),
        (" stopall\n", "", "STOP"),
        ("Cancel", "", "STOP"),
        ("START", "", "START"),
        ("help", "", "HELP"),
        ("YES", "", ""),
        ("YES", "START", "START"),
        ("please cancel the plumber", "", ""),
        ("STOP the water", "", ""),
        ("ARRET", "stop", "STOP"),
        ("x", "NONSENSE", ""),
    ],
)
def test_opt_out_words(body: str, said: str, opt_out: str) -> None:
    message = sms(Body=body, OptOutType=said)
    assert message.opt_out == opt_out
    assert message.text == body.strip()


def test_a_reply_by_mail() -> None:
    message = mail(
        "gmail_reply",
        envelope=json.dumps({"to": [f"ticket+1042.aB3x@{OURS}"], "from": "dana@quickbite.example"}),
        dkim="{@quickbite.example : pass}",
        SPF="pass",
    )
    assert message.text == "No \u2014 still leaking in aisle 7"
    assert "Is it OK?" in message.full_text
    assert message.subject == "Re: [1042] P1 Plumbing"
    assert message.sender_name == "Dana Lee"
    assert message.reply_token == "1042.aB3x"
    assert message.message_id == "<m1@quickbite.example>"
    assert message.automatic == ""
    assert message.authenticated


@pytest.mark.parametrize(
    ("name", "payload", "reason"),
    [
        ("out_of_office", {}, "auto_submitted"),
        ("bounce", {}, "bounce"),
        ("french", {"envelope": '{"to":["x"],"from":""}'}, "bounce"),
        ("french", {"envelope": "{"}, ""),
    ],
)
def test_machines_are_seen(name: str, payload: dict[str, object], reason: str) -> None:
    assert mail(name, **payload).automatic == reason


def test_our_own_mail_that_comes_back_is_ours() -> None:
    raw = b"From: a@b.example\r\nMessage-ID: <page.1@Inbound.example.com>\r\n\r\nx"
    item = inbound(Channel.EMAIL, {"email_span": [0, len(raw)]}, raw)
    assert read_message(item, own_domain=OURS).automatic == "own"
    assert read_message(item).automatic == ""


def test_a_forwarded_mail_is_its_message() -> None:
    assert "ceiling of shop 12" in mail("forward").text


def test_a_first_mail_that_is_all_quotes_is_its_message() -> None:
    item = inbound(Channel.EMAIL, {"text": "> water at aisle 7", "subject": "see below"})
    assert read_message(item).text == "> water at aisle 7"
    assert read_message(replace(item, payload={**item.payload, "subject": "Re: see below"})).text == ""


def test_the_token_is_also_found_in_the_ids_of_our_own_mails() -> None:
    headers = f"References: <x@y.example> <ticket+7.mac@{OURS}> <z@y.example>\nFrom: a@b.example\n"
    item = inbound(Channel.EMAIL, {"headers": headers, "text": "x"})
    assert read_message(item, own_domain=OURS).reply_token == "7.mac"
    assert read_message(item, own_domain="other.example").reply_token == ""


@pytest.mark.parametrize(
    ("sender", "dkim", "spf", "envelope_from", "authenticated"),
    [
        ("dana@acme.example", "{@acme.example : pass}", "fail", "", True),
        ("dana@mail.acme.example", "{@acme.example : pass}", "", "", True),
        ("dana@acme.example", "{@mail.acme.example : pass}", "", "", True),
        ("dana@acme.example", "{@evil.example : pass, @acme.example : fail}", "", "", False),
        ("dana@acme.example", "{@evil.example : pass, @acme.example : pass}", "", "", True),
        ("dana@acme.example", "{@notacme.example : pass}", "", "", False),
        ("dana@acme.example", "{@example : pass}", "", "", False),
        ("dana@acme.example", "none", "pass", "bounce@acme.example", True),
        ("dana@acme.example", "none", "pass", "x@evil.example", False),
        ("dana@acme.example", "none", "softfail", "dana@acme.example", False),
        ("unknown", "{@acme.example : pass}", "pass", "", False),
    ],
)
def test_only_the_sender_s_own_domain_vouches(
    sender: str, dkim: str, spf: str, envelope_from: str, authenticated: bool
) -> None:
    envelope = json.dumps({"to": ["x@y.example"], "from": envelope_from})
    item = inbound(
        Channel.EMAIL, {"text": "x", "dkim": dkim, "SPF": spf, "envelope": envelope}, sender=sender
    )
    assert read_message(item).authenticated is authenticated


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("accepted", "queued"),
        ("sending", "queued"),
        ("sent", "sent"),
        ("canceled", "failed"),
        ("x", "unknown"),
    ],
)
def test_twilio_receipts(word: str, status: str) -> None:
    item = inbound(Channel.SMS, {"MessageSid": "SM1", "MessageStatus": word, "ErrorCode": "30003", "o": "7"})
    receipt = read_receipt(item)
    assert (receipt.status, receipt.outbox_id, receipt.provider_id) == (status, 7, "SM1")
    assert (receipt.error_code, receipt.at) == ("30003", None)


class Broken(dict[str, object]):
    """A payload on which our own code fails."""

    def get(self, key: object, default: object = None) -> object:
        raise RuntimeError(f"{key} {default}")


@pytest.mark.parametrize("channel", Channel)
def test_our_own_fault_still_gives_a_message_with_all_its_words(channel: Channel) -> None:
    message = read_message(inbound(channel, Broken(), b"Body=water"))
    assert (message.text, message.full_text) == ("", "Body=water")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(
    ["Body", "From", "OptOutType", "MediaUrl0", "MessageSid", "MessageStatus", "o", "text", "html", "headers", "subject",
     "from", "envelope", "dkim", "SPF", "email_span", "attachments", "unreadable", "event", "timestamp", "cl_outbox",
     "reason", "sg_message_id", "type"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    channel=st.sampled_from(Channel),
    provider=st.sampled_from(["twilio", "sendgrid", "?"]),
    payload=st.dictionaries(KEYS, JSON, max_size=8),
    raw=st.binary(max_size=300),
    sender=st.text(max_size=20),
)
def test_reading_never_raises(
    channel: Channel, provider: str, payload: dict[str, object], raw: bytes, sender: str
) -> None:
    item = inbound(channel, payload, raw, provider=provider, sender=sender)
    message = read_message(item, own_domain=OURS)
    assert (message.channel, message.sender) == (channel, sender)
    assert read_receipt(item).status in {status.value for status in DeliveryStatus}


WORDS = st.sampled_from(
    [b"From: ", b"Subject: ", b"Content-Type: ", b"multipart/mixed; boundary=a", b"text/html", b"; charset=", b"\r\n",
     b"\r\n--a", b"\r\n--a--", b"message/rfc822", b"=?utf-8?b?", b"?=", b"<a@b>", b"Content-Transfer-Encoding: base64",
     b"quoted-printable", b"Content-Disposition: attachment; filename=", b"*0*=", b"utf-8''%ff", b"\0", b"\xff", b"\n>",
     b"On 1 x wrote:", b"\n-- \n", b"<p>", b"\xc3"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(WORDS | st.binary(max_size=8), max_size=40))
def test_any_bytes_are_a_mail(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    message = read_message(inbound(Channel.EMAIL, {"email_span": [0, len(raw)]}, raw), own_domain=OURS)
    for text in (message.text, message.full_text, message.subject, message.sender_name):
        assert "\0" not in text
        text.encode()
