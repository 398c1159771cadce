"""SendGrid's side of the simulator: mails out with the real SDK, events, and mails in by Inbound Parse."""

from __future__ import annotations

import base64
import email
import email.policy
import gzip
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from python_http_client.exceptions import (
    BadRequestsError,
    ForbiddenError,
    TooManyRequestsError,
    UnauthorizedError,
)
from python_multipart.multipart import FormParser, parse_options_header
from receiving_app import Got, ReceivingApp
from sendgrid import SendGridAPIClient
from sendgrid.helpers.eventwebhook import EventWebhook
from sendgrid.helpers.mail import Attachment, CustomArg, Header, Mail, ReplyTo

from simulator.running import Simulator

ANN = "ann@store.example.com"
OURS = "tickets@ops.example.com"
EVENTS = "/inbound/sendgrid/events"
PARSE = "/inbound/sendgrid/parse"
SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"


def mail(**more: Any) -> Mail:
    made = Mail(
        from_email=(OURS, "Acme"), to_emails=ANN, subject="[1042] leak", plain_text_content="Got it.", **more
    )
    made.reply_to = ReplyTo("t1042.abc@inbound.example.com")
    made.header = Header("Message-ID", "<m1@ops.example.com>")
    made.custom_arg = CustomArg("oc_id", "77")
    return made


def order(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "personalizations": [{"to": [{"email": ANN}]}],
        "from": {"email": OURS},
        "subject": "s",
        "content": [{"type": "text/plain", "value": "x"}],
    }
    return {key: value for key, value in (base | changes).items() if value is not None}


def events(app: ReceivingApp) -> list[dict[str, Any]]:
    return [event for got in app.at(EVENTS) for event in json.loads(got.body)]


def fields(got: Got) -> tuple[dict[str, bytes], dict[str, tuple[str, bytes]]]:
    """Take a multipart request apart into fields and files."""
    _kind, options = parse_options_header(got.headers["content-type"])
    plain: dict[str, bytes] = {}
    files: dict[str, tuple[str, bytes]] = {}

    def on_field(field: Any) -> None:
        plain[field.field_name.decode()] = field.value or b""

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        files[file.field_name.decode()] = (file.file_name.decode(), file.file_object.read())

    parser = FormParser("multipart/form-data", on_field, on_file, boundary=options[b"boundary"])
    parser.write(got.body)
    parser.finalize()
    return plain, files


def test_a_mail_arrives_and_its_events_are_signed(
    sim: Simulator, app: ReceivingApp, sendgrid: SendGridAPIClient
) -> None:
    answer = sendgrid.send(mail())
    assert answer.status_code == 202
    request_id = answer.headers["X-Message-Id"]
    arrived = sim.wait_for_mail(ANN, "[1042]")
    assert (arrived["from"], arrived["body"]) == (f"Acme <{OURS}>", "Got it.")
    assert (arrived["message_id"], arrived["custom_args"]) == ("<m1@ops.example.com>", {"oc_id": "77"})
    assert sim.settle()
    assert [event["event"] for event in events(app)] == ["processed", "delivered"]
    for event in events(app):
        assert (event["email"], event["oc_id"]) == (ANN, "77")
        assert event["sg_message_id"].startswith(request_id + ".")
    assert len({event["sg_event_id"] for event in events(app)}) == 2
    checker = EventWebhook(sim.public_key)
    for got in app.at(EVENTS):
        assert got.body.endswith(b"]\r\n")
        assert checker.verify_signature(got.body.decode(), got.headers[SIGNATURE], got.headers[TIMESTAMP])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"personalizations": None}, "personalizations"),
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [{"to": []}]}, "personalizations.0.to"),
        ({"personalizations": [{"to": [{"email": "nobody"}]}]}, "personalizations.0.to.0.email"),
        (
            {"personalizations": [{"to": [{"email": ANN}], "cc": [{"email": ANN.upper()}]}]},
            "personalizations.0",
        ),
        ({"from": None}, "from"),
        ({"from": {"name": "x"}}, "from.email"),
        ({"subject": None}, "subject"),
        ({"subject": ""}, "subject"),
        ({"content": None}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
        ({"content": [{"type": "text/html", "value": "x"}, {"type": "text/plain", "value": "x"}]}, "content"),
        ({"custom_args": {"n": 1}}, "custom_args.n"),
        ({"custom_args": "n"}, "custom_args"),
        ({"custom_args": {"n": "x" * 10_000}}, "personalizations.0.custom_args"),
        ({"headers": {"Reply-To": "x@example.com"}}, "headers.Reply-To"),
        ({"headers": {"X-A": "x\r\nBcc: y@example.com"}}, "headers.X-A"),
        ({"categories": ["a"] * 2}, "categories"),
        ({"send_at": 1}, "send_at"),
        ({"send_at": True}, "send_at"),
        ({"attachments": [{"content": "?", "filename": "a"}]}, "attachments.0.content"),
        ({"mail_settings": {"sandbox": {"enable": True}}}, "mail_settings.sandbox"),
        (
            {"tracking_settings": {"click_tracking": {"enable": "no"}}},
            "tracking_settings.click_tracking.enable",
        ),
        ({"reply_to": {"email": OURS}, "reply_to_list": [{"email": OURS}]}, "reply_to_list"),
        ({"reply_to_list": [{"email": OURS}, {"email": OURS.upper()}]}, "reply_to_list"),
        ({"asm": {"group_id": 1, "groups_to_display": list(range(26))}}, "asm.groups_to_display"),
        ({"ip_pool_name": "p"}, "ip_pool_name"),
        ({"template_id": "d-1"}, "template_id"),
        ({"text": "x"}, "text"),
    ],
)
def test_each_property_is_checked(
    sim: Simulator, sendgrid: SendGridAPIClient, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadRequestsError) as refused:
        sendgrid.client.mail.send.post(request_body=order(**changes))
    (error,) = refused.value.to_dict["errors"]
    assert error["field"] == field
    assert error["message"]
    assert sim.mailbox(ANN) == []
    assert sim.log()["requests"][-1]["status"] == 400


def test_keys_senders_and_refusals(
    simulate: Callable[..., Simulator], sim: Simulator, sendgrid: SendGridAPIClient
) -> None:
    with pytest.raises(UnauthorizedError):
        SendGridAPIClient("SG.wrong", host=sim.url).send(mail())
    strict = simulate(sender_domains=("ops.example.com",))
    verified = SendGridAPIClient(strict.config.sendgrid_key, host=strict.url)
    assert verified.send(mail()).status_code == 202
    with pytest.raises(ForbiddenError):
        verified.client.mail.send.post(request_body=order(**{"from": {"email": "x@example.org"}}))
    sim.set_mailbox(ANN, refuse=429)
    with pytest.raises(TooManyRequestsError) as refused:
        sendgrid.send(mail())
    assert refused.value.headers["X-RateLimit-Remaining"] == "0"
    sim.set_mailbox(ANN, refuse=None)
    sandbox = order(mail_settings={"sandbox_mode": {"enable": True}})
    assert sendgrid.client.mail.send.post(request_body=sandbox).status_code == 200
    assert sim.mailbox(ANN) == []


def test_a_compressed_request_and_one_with_an_attachment(sim: Simulator, sendgrid: SendGridAPIClient) -> None:
    with_file = mail()
    with_file.attachment = Attachment(base64.b64encode(b"%PDF").decode(), "a.pdf", "application/pdf")
    assert sendgrid.send(with_file).status_code == 202
    headers = {
        "Authorization": f"Bearer {sim.config.sendgrid_key}",
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
    }
    body = gzip.compress(json.dumps(order(subject="packed")).encode())
    with urllib.request.urlopen(
        urllib.request.Request(sim.url + "/v3/mail/send", body, headers), timeout=60
    ) as answer:
        assert answer.status == 202
    assert sim.wait_for_mail(ANN, "packed")


def test_bounce_then_drop_then_mended(sim: Simulator, app: ReceivingApp, sendgrid: SendGridAPIClient) -> None:
    sim.set_mailbox(ANN, undeliverable=True)
    sendgrid.send(mail())
    assert sim.settle()
    sendgrid.send(mail())
    assert sim.settle()
    sendgrid.client.mail.send.post(
        request_body=order(mail_settings={"bypass_list_management": {"enable": True}})
    )
    assert sim.settle()
    assert [e["event"] for e in events(app)] == ["processed", "bounce", "dropped", "processed", "bounce"]
    bounce = events(app)[1]
    assert (bounce["type"], bounce["status"]) == ("bounce", "5.1.1")
    assert events(app)[2]["reason"] == "Bounced Address"
    sim.set_mailbox(ANN, undeliverable=False)
    sendgrid.send(mail())
    assert sim.wait_for_mail(ANN)


def test_a_mailbox_that_is_off_defers(sim: Simulator, app: ReceivingApp, sendgrid: SendGridAPIClient) -> None:
    sim.set_mailbox(ANN, off=True)
    sendgrid.send(mail())
    assert sim.settle()
    assert [e["event"] for e in events(app)] == ["processed", "deferred"]
    sim.set_mailbox(ANN, off=False)
    assert sim.settle()
    assert events(app)[-1]["event"] == "delivered"
    assert [m["status"] for m in sim.mailbox(ANN)] == ["delivered"]


def test_events_held_back_doubled_reversed_and_retried(
    sim: Simulator, app: ReceivingApp, sendgrid: SendGridAPIClient
) -> None:
    sim.set_provider("sendgrid", receipts="manual", duplicate=True, reorder=True)
    sendgrid.send(mail())
    assert sim.wait_for_mail(ANN)
    assert sim.settle()
    assert app.at(EVENTS) == []
    answers = iter([503, 404])
    app.answer = lambda _got: next(answers, 200)
    assert sim.deliver_receipts() == 2
    assert [e["event"] for e in events(app)] == ["delivered", "processed"] * 4
    assert len({e["sg_event_id"] for e in events(app)}) == 2


def test_a_mail_in_goes_raw_to_the_parse_webhook(sim: Simulator, app: ReceivingApp) -> None:
    sim.mail(ANN, "Wasser läuft, 水", subject="Dringend: überall", name="Ann Ö")
    assert sim.settle()
    plain, files = fields(app.at(PARSE)[0])
    assert files == {}
    parsed = email.message_from_bytes(plain["email"], policy=email.policy.default)
    assert parsed.get_body().get_content().strip() == "Wasser läuft, 水"
    assert (parsed["subject"], parsed["to"]) == ("Dringend: überall", "help@inbound.example.com")
    assert plain["subject"].decode() == "Dringend: überall"
    assert json.loads(plain["envelope"]) == {"to": ["help@inbound.example.com"], "from": ANN}
    assert (plain["dkim"], plain["SPF"]) == (b"{@store.example.com : pass}", b"pass")
    assert json.loads(plain["charsets"])["subject"] == "UTF-8"
    assert sim.mailbox(ANN)[0]["answer"] == "204"


def test_a_reply_goes_where_it_belongs(
    sim: Simulator, app: ReceivingApp, sendgrid: SendGridAPIClient
) -> None:
    made = mail()
    made.header = Header("References", "<root@ops.example.com>")
    sendgrid.send(made)
    sim.reply(sim.wait_for_mail(ANN, "1042"), ANN, "YES")
    assert sim.settle()
    plain, _files = fields(app.at(PARSE)[0])
    parsed = email.message_from_bytes(plain["email"], policy=email.policy.default)
    assert parsed["to"] == "t1042.abc@inbound.example.com"
    assert parsed["subject"] == "Re: [1042] leak"
    assert parsed["in-reply-to"] == "<m1@ops.example.com>"
    assert parsed["references"] == "<root@ops.example.com> <m1@ops.example.com>"
    lines = parsed.get_body().get_content().splitlines()
    assert (lines[0], lines[-1]) == ("YES", "> Got it.")


def test_arbitrary_bytes_pass_untouched(sim: Simulator, app: ReceivingApp) -> None:
    raw = b"From: x\r\nSubject: \xff\xfe caf\xe9\r\nContent-Type: text/plain; charset=no-such\r\n\r\n\x00\x80--\r\n\xff"
    sim.mail(
        ANN, raw=raw, envelope_from="", envelope_to=["t1.x@inbound.example.com"], dkim="none", spf="fail"
    )
    assert sim.settle()
    plain, _files = fields(app.at(PARSE)[0])
    assert plain["email"] == raw
    assert json.loads(plain["envelope"]) == {"to": ["t1.x@inbound.example.com"], "from": ""}
    assert (plain["dkim"], plain["SPF"]) == (b"none", b"fail")


def test_parsed_mode_keeps_charsets_and_attachments(sim: Simulator, app: ReceivingApp) -> None:
    sim.set_provider("sendgrid", parse_mode="parsed")
    raw = (
        b"From: Ann <ann@store.example.com>\r\nTo: help@inbound.example.com\r\nSubject: hi\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\ncaf\xe9\r\n"
        b'--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename="a.png"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--b--\r\n"
    )
    sim.mail(ANN, raw=raw)
    assert sim.settle()
    plain, files = fields(app.at(PARSE)[0])
    assert "email" not in plain
    charsets = json.loads(plain["charsets"])
    assert plain["text"].decode(charsets["text"]) == "café"
    assert plain["headers"].startswith(b"From: Ann")
    assert (plain["attachments"], files["attachment1"]) == (b"1", ("a.png", b"\x89PNG"))
    assert json.loads(plain["attachment-info"])["attachment1"]["type"] == "image/png"


def test_the_parse_webhook_has_credentials_and_a_signature_and_patience(
    simulate: Callable[..., Simulator], app: ReceivingApp
) -> None:
    sim = simulate(parse_user="sg", parse_password="pw", parse_signed=True, parse_path=PARSE + "?key=abc")
    answers = iter([503, 0, 200])
    app.answer = lambda _got: next(answers)
    sim.mail(ANN, "leak", subject="leak")
    assert sim.settle()
    assert len(app.at(PARSE)) == 3
    got = app.at(PARSE)[2]
    assert got.path == PARSE + "?key=abc"
    assert got.headers["authorization"] == "Basic " + base64.b64encode(b"sg:pw").decode()
    key = load_der_public_key(base64.b64decode(sim.public_key))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    signed = got.headers[TIMESTAMP].encode() + got.body
    key.verify(base64.b64decode(got.headers[SIGNATURE]), signed, ec.ECDSA(hashes.SHA256()))


def test_a_refused_mail_is_not_tried_again(sim: Simulator, app: ReceivingApp) -> None:
    app.answer = lambda _got: 403
    sim.mail(ANN, "leak", subject="leak")
    assert sim.settle()
    assert len(app.at(PARSE)) == 1
    assert sim.mailbox(ANN)[0]["answer"] == "403"
