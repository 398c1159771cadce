"""Twilio's side of the simulator, spoken to with the real SDK."""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from receiving_app import Got, ReceivingApp
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client as TwilioClient

from simulator.running import Simulator

OURS = "+15005550006"
ANN = "+16175550142"
BOB = "+16175550143"
SMS = "/inbound/twilio/sms"


def signed(sim: Simulator, app: ReceivingApp, got: Got) -> bool:
    validator = RequestValidator(sim.config.auth_token)
    return bool(validator.validate(app.url + got.path, got.form, got.headers["x-twilio-signature"]))


def raw_post(
    sim: Simulator, fields: object, path: str = "", token: str = ""
) -> tuple[int, dict[str, object]]:
    """POST without the SDK, for what the SDK would not send."""
    config = sim.config
    pair = f"{config.account_sid}:{token or config.auth_token}".encode()
    request = urllib.request.Request(
        sim.url + (path or f"/2010-04-01/Accounts/{config.account_sid}/Messages.json"),
        urlencode(fields).encode(),
        {"Authorization": "Basic " + base64.b64encode(pair).decode()},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_a_text_is_queued_sent_delivered_with_signed_receipts(
    sim: Simulator, app: ReceivingApp, twilio: TwilioClient
) -> None:
    message = twilio.messages.create(
        to=ANN, from_=OURS, body="P1 Plumbing", status_callback=f"{app.url}/status?m=7", validity_period=300
    )
    assert re.fullmatch("SM[0-9a-f]{32}", message.sid)
    assert (message.status, message.num_segments, message.direction) == ("queued", "1", "outbound-api")
    assert sim.wait_for(ANN, "Plumbing")["body"] == "P1 Plumbing"
    assert sim.settle()
    receipts = app.at("/status")
    assert [got.form["MessageStatus"] for got in receipts] == ["sent", "delivered"]
    assert all(signed(sim, app, got) for got in receipts)
    assert receipts[1].form["MessageSid"] == message.sid
    assert receipts[1].path == "/status?m=7"
    assert len(receipts[1].form["RawDlrDoneDate"]) == 10
    again = twilio.messages(message.sid).fetch()
    assert (again.status, again.to, again.error_code) == ("delivered", ANN, None)


def test_a_messaging_service_answers_accepted_and_no_segments(sim: Simulator, twilio: TwilioClient) -> None:
    message = twilio.messages.create(to=ANN, messaging_service_sid="MG" + "0" * 32, body="hi")
    assert (message.status, message.num_segments, message.from_) == ("accepted", "0", None)
    assert sim.wait_for(ANN)["number"] == OURS


@pytest.mark.parametrize(
    ("to", "number", "code"),
    [
        ("+15005550001", OURS, 21211),
        ("+15005550002", OURS, 21612),
        ("+15005550003", OURS, 21408),
        ("+15005550004", OURS, 21610),
        ("+15005550009", OURS, 21614),
        (ANN, "+15005550001", 21212),
        (ANN, "+15005550007", 21606),
        (ANN, "+15005550008", 21611),
        (ANN, "+16175550199", 21606),
        ("617-555-0142", OURS, 21211),
        ("+1617555", OURS, 21211),
        (OURS, OURS, 21266),
    ],
)
def test_wrong_and_magic_numbers(twilio: TwilioClient, to: str, number: str, code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        twilio.messages.create(to=to, from_=number, body="x")
    assert (refused.value.code, refused.value.status) == (code, 400)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ([("From", OURS), ("Body", "x")], 21604),
        ([("To", ANN), ("Body", "x")], 21603),
        ([("To", ANN), ("From", OURS)], 21602),
        ([("To", ANN), ("From", OURS), ("Body", "x" * 1601)], 21617),
        ([("To", ANN), ("From", OURS), ("Body", "x"), ("StatusCallback", "/relative")], 21609),
        ([("To", ANN), ("From", OURS), ("Body", "x"), ("StatusCallback", "http://a_b.example.com/")], 21609),
        ([("To", ANN), ("From", OURS), ("Body", "x"), ("ValidityPeriod", "0")], 21624),
        ([("To", ANN), ("From", OURS), ("Body", "x"), ("ValidityPeriod", "36001")], 21624),
        ([("To", ANN), ("From", OURS), ("Body", "x"), ("ValidityPeriod", "5m")], 21624),
        ([("To", ANN), ("From", OURS), ("Body", "x"), ("SmartEncoded", "yes")], 20001),
        ([("To", ANN), ("From", OURS), ("Body", "x"), ("Bodi", "x")], 20001),
        ([("To", ANN), ("From", OURS), ("Body", "x"), ("Body", "y")], 20001),
        ([("To", ANN), ("From", OURS), ("Body", "x"), ("MessagingServiceSid", "MG" + "1" * 32)], 21701),
        ([("To", ANN), ("From", OURS), ("MediaUrl", "ftp://example.com/a.png")], 21620),
        ([("To", ANN), ("From", OURS)] + [("MediaUrl", "https://example.com/a.png")] * 11, 21623),
        ([("To", ANN), ("From", OURS), ("Body", "x"), ("RiskCheck", "maybe")], 20001),
        ([("To", ANN), ("From", OURS), ("Body", "x"), ("ScheduleType", "fixed")], 20001),
    ],
)
def test_each_field_is_checked(sim: Simulator, fields: list[tuple[str, str]], code: int) -> None:
    status, body = raw_post(sim, fields)
    assert (status, body["code"], body["status"]) == (400, code, 400)
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert sim.phone(ANN).messages == []
    assert sim.log()["requests"][-1]["code"] == code


def test_strangers_and_other_accounts_are_turned_away(sim: Simulator) -> None:
    status, body = raw_post(sim, {"To": ANN, "From": OURS, "Body": "x"}, token="wrong")
    assert (status, body["code"]) == (401, 20003)
    status, body = raw_post(sim, {}, path=f"/2010-04-01/Accounts/AC{'f' * 32}/Messages.json")
    assert (status, body["code"]) == (404, 20404)
    status, body = raw_post(sim, {}, path="/2010-04-01/Accounts/x/Faxes.json")
    assert (status, body["code"]) == (404, 20404)


def test_the_list_filters_and_pages(sim: Simulator, twilio: TwilioClient) -> None:
    started = datetime.now(UTC) - timedelta(seconds=2)
    for n in range(5):
        twilio.messages.create(to=ANN, from_=OURS, body=f"to ann {n}")
    twilio.messages.create(to=BOB, from_=OURS, body="to bob")
    sim.text(ANN, "from ann")
    assert sim.settle()
    everything = [m.body for m in twilio.messages.list(page_size=2)]
    assert everything == ["from ann", "to bob", *(f"to ann {n}" for n in (4, 3, 2, 1, 0))]
    assert [m.body for m in twilio.messages.list(to=ANN, date_sent_after=started, limit=2)] == [
        "to ann 4",
        "to ann 3",
    ]
    assert [m.direction for m in twilio.messages.list(from_=ANN)] == ["inbound"]
    assert twilio.messages.list(date_sent_before=started) == []
    assert len(twilio.messages.list(date_sent=datetime.now(UTC).date())) == 7
    assert twilio.api.accounts(sim.config.account_sid).fetch().status == "active"


def test_a_text_from_a_phone_is_posted_and_signed(sim: Simulator, app: ReceivingApp) -> None:
    sim.text(ANN, "water & ice é 水 = 100%\nsecond line")
    assert sim.settle()
    (got,) = app.at(SMS)
    assert signed(sim, app, got)
    form = got.form
    assert form["Body"] == "water & ice é 水 = 100%\nsecond line"
    assert (form["From"], form["To"], form["AccountSid"]) == (ANN, OURS, sim.config.account_sid)
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"]
    assert (form["NumMedia"], form["NumSegments"], form["SmsStatus"]) == ("0", "1", "received")
    assert "OptOutType" not in form
    assert sim.phone(ANN).sent[0]["answer"] == "204"


def test_pictures_are_listed_and_can_be_fetched(sim: Simulator, app: ReceivingApp) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    sim.text(ANN, "", media=[("image/png", png)])
    assert sim.settle()
    form = app.at(SMS)[0].form
    assert form["MessageSid"].startswith("MM")
    assert (form["Body"], form["NumMedia"], form["MediaContentType0"]) == ("", "1", "image/png")
    assert form["MediaUrl0"].startswith("https://api.twilio.com/2010-04-01/Accounts/AC")
    path = form["MediaUrl0"].removeprefix("https://api.twilio.com")
    config = sim.config
    pair = base64.b64encode(f"{config.account_sid}:{config.auth_token}".encode()).decode()
    request = urllib.request.Request(sim.url + path, headers={"Authorization": f"Basic {pair}"})
    with urllib.request.urlopen(request, timeout=60) as response:
        assert (response.read(), response.headers["content-type"]) == (png, "image/png")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(sim.url + path, timeout=60)
    with refused.value as error:
        assert error.code == 401


def test_stop_blocks_until_start(sim: Simulator, app: ReceivingApp, twilio: TwilioClient) -> None:
    sim.text(ANN, " stop ")
    assert sim.settle()
    assert app.at(SMS)[0].form["OptOutType"] == "STOP"
    assert "unsubscribed" in sim.phone(ANN).inbox[0]
    with pytest.raises(TwilioRestException) as refused:
        twilio.messages.create(to=ANN, from_=OURS, body="x")
    assert refused.value.code == 21610
    sim.text(ANN, "yes")
    assert sim.settle()
    assert app.at(SMS)[1].form["OptOutType"] == "START"
    assert "subscribed again" in sim.phone(ANN).inbox[1]
    twilio.messages.create(to=ANN, from_=OURS, body="welcome back")
    assert sim.wait_for(ANN, "welcome back")


def test_a_plain_yes_and_a_sentence_with_stop_are_ordinary(sim: Simulator, app: ReceivingApp) -> None:
    sim.text(ANN, "YES")
    sim.text(ANN, "please stop the water")
    assert sim.settle()
    assert ["OptOutType" in got.form for got in app.at(SMS)] == [False, False]
    assert sim.phone(ANN).inbox == []


def test_texts_of_one_phone_keep_their_order(sim: Simulator, app: ReceivingApp) -> None:
    for n in range(20):
        sim.text(ANN, str(n))
    assert sim.settle()
    assert [got.form["Body"] for got in app.at(SMS)] == [str(n) for n in range(20)]


def test_a_failing_webhook_is_retried_as_its_address_says(
    simulate: Callable[..., Simulator], app: ReceivingApp
) -> None:
    answers = iter([500, 0, 503, 500])
    app.answer = lambda _got: next(answers)
    sim = simulate(sms_path=SMS + "#rc=3&rp=all")
    sim.text(ANN, "help me")
    assert sim.settle()
    assert len(app.at(SMS)) == 4
    assert len({got.headers["i-twilio-idempotency-token"] for got in app.at(SMS)}) == 1
    assert sim.phone(ANN).sent[0]["answer"] == "500"
    log = sim.log()["webhooks"]
    assert [(entry["attempt"], entry["status"]) for entry in log] == [(1, 500), (2, 0), (3, 503), (4, 500)]
    assert log[1]["error"] == "read: connection lost"


def test_without_overrides_only_a_failed_connection_is_retried(
    simulate: Callable[..., Simulator], app: ReceivingApp
) -> None:
    app.answer = lambda _got: 500
    sim = simulate(sms_path=SMS)
    sim.text(ANN, "help me")
    assert sim.settle()
    assert len(app.at(SMS)) == 1


def test_the_public_address_is_signed_and_other_machines_are_never_called(
    simulate: Callable[..., Simulator], app: ReceivingApp
) -> None:
    sim = simulate(public_url="https://ops.example.com")
    sim.text(ANN, "hello")
    body = {"To": ANN, "From": OURS, "Body": "x", "StatusCallback": "https://elsewhere.example.net/status"}
    assert raw_post(sim, body)[0] == 201
    assert sim.settle()
    (got,) = app.at(SMS)
    validator = RequestValidator(sim.config.auth_token)
    assert validator.validate("https://ops.example.com" + SMS, got.form, got.headers["x-twilio-signature"])
    assert got.headers["host"] == "ops.example.com"
    status = [entry for entry in sim.log()["webhooks"] if entry["kind"] == "status"]
    assert all(entry["error"].startswith("refused here") for entry in status)
