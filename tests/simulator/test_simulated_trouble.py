"""Phones that are off, numbers that are dead, providers that are down, and a simulator that is started again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from receiving_app import ReceivingApp
from redirected_sdk import ToSimulator
from sendgrid import SendGridAPIClient
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client as TwilioClient

from simulator.client import NothingCameError
from simulator.running import Simulator

OURS = "+15005550006"
ANN = "+16175550142"


def statuses(app: ReceivingApp) -> list[str]:
    return [got.form["MessageStatus"] for got in app.at("/status")]


def send(twilio: TwilioClient, app: ReceivingApp, body: str = "page", **more: object) -> str:
    return str(
        twilio.messages.create(to=ANN, from_=OURS, body=body, status_callback=f"{app.url}/status", **more).sid
    )


def test_a_phone_that_is_off_gets_its_texts_when_it_is_on_again(
    sim: Simulator, app: ReceivingApp, twilio: TwilioClient
) -> None:
    sim.set_phone(ANN, off=True)
    send(twilio, app)
    assert sim.settle()
    assert sim.phone(ANN).inbox == []
    assert [m["status"] for m in sim.phone(ANN).messages] == ["sent"]
    with pytest.raises(NothingCameError, match="no text with 'page'"):
        sim.wait_for(ANN, "page", timeout=0.05)
    sim.set_phone(ANN, off=False)
    assert sim.wait_for(ANN, "page")
    assert sim.settle()
    assert statuses(app) == ["sent", "delivered"]


def test_a_text_expires_when_the_phone_stays_off(
    sim: Simulator, app: ReceivingApp, twilio: TwilioClient
) -> None:
    sim.set_phone(ANN, off=True)
    sid = send(twilio, app, validity_period=1)
    deadline = time.monotonic() + 60
    while len(app.at("/status")) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert statuses(app) == ["sent", "undelivered"]
    assert app.at("/status")[1].form["ErrorCode"] == "30036"
    sim.set_phone(ANN, off=False)
    assert sim.settle()
    assert sim.phone(ANN).inbox == []
    assert twilio.messages(sid).fetch().error_code == 30036


def test_an_undeliverable_number_and_a_refused_one(
    sim: Simulator, app: ReceivingApp, twilio: TwilioClient
) -> None:
    sim.set_phone(ANN, undeliverable=True)
    send(twilio, app)
    assert sim.settle()
    assert app.at("/status")[-1].form["ErrorCode"] == "30005"
    sim.set_phone(ANN, undeliverable=False, refuse=21408)
    with pytest.raises(TwilioRestException) as refused:
        send(twilio, app)
    assert refused.value.code == 21408
    sim.set_phone(ANN, refuse=20429)
    with pytest.raises(TwilioRestException) as refused:
        send(twilio, app)
    assert refused.value.status == 429
    sim.set_phone(ANN, refuse=None)
    send(twilio, app, "at last")
    assert sim.wait_for(ANN, "at last")


def test_receipts_held_back_doubled_and_in_the_wrong_order(
    sim: Simulator, app: ReceivingApp, twilio: TwilioClient
) -> None:
    sim.set_provider("twilio", receipts="manual")
    send(twilio, app)
    assert sim.wait_for(ANN, "page")
    assert sim.settle()
    assert statuses(app) == []
    assert sim.deliver_receipts() == 2
    assert statuses(app) == ["sent", "delivered"]
    sim.set_provider("twilio", receipts="auto", duplicate=True, reorder=True)
    send(twilio, app)
    assert sim.settle()
    assert statuses(app)[2:] == ["delivered", "delivered", "sent", "sent"]


def test_twilio_down_in_each_way(sim: Simulator, app: ReceivingApp, twilio: TwilioClient) -> None:
    for down, status in (("503", 503), ("500", 500), ("429", 429)):
        sim.set_provider("twilio", down=down)
        with pytest.raises(TwilioRestException) as refused:
            send(twilio, app)
        assert refused.value.status == status
    patient, twilio.http_client.timeout = twilio.http_client.timeout, 0.2
    sim.set_provider("twilio", down="hang")
    with pytest.raises(requests.exceptions.ReadTimeout):
        send(twilio, app)
    twilio.http_client.timeout = patient
    sim.set_provider("twilio", down="abort")
    with pytest.raises(requests.exceptions.ConnectionError):
        send(twilio, app)
    assert sim.phone(ANN).messages == []
    sim.set_provider("twilio", down="lost_answer")
    with pytest.raises(requests.exceptions.ConnectionError):
        send(twilio, app, "it did go out")
    assert sim.wait_for(ANN, "it did go out")
    sim.set_provider("twilio", down="", slow=0.05)
    started = time.monotonic()
    assert [m.body for m in twilio.messages.list(to=ANN)] == ["it did go out"]
    assert time.monotonic() - started >= 0.05
    with pytest.raises(ValueError, match="down is one of"):
        sim.set_provider("twilio", down="maybe")


def test_sendgrid_down_leaves_twilio_up(
    sim: Simulator, app: ReceivingApp, twilio: TwilioClient, sendgrid: SendGridAPIClient
) -> None:
    sim.set_provider("sendgrid", down="503")
    with pytest.raises(Exception, match="503"):
        sendgrid.client.mail.send.post(request_body={})
    send(twilio, app)
    assert sim.wait_for(ANN)


def test_a_restart_goes_on_where_it_was(
    simulate: Callable[..., Simulator], app: ReceivingApp, tmp_path: Path
) -> None:
    state = tmp_path / "phones.jsonl"
    first = simulate(state=state, receipts="manual")
    key = first.public_key
    http = ToSimulator(first.url)
    twilio = TwilioClient(first.config.account_sid, first.config.auth_token, http_client=http)
    first.set_phone(ANN, off=True, name="Ann")
    send(twilio, app)
    first.text("+16175550143", "STOP")
    app.answer = lambda _got: 503
    first.mail("ann@store.example.com", "leak", subject="leak")
    assert first.wait_for("+16175550143", "unsubscribed")
    http.close()
    first.__exit__()
    with state.open("ab") as torn:
        torn.write(b'["text","half a li')
    app.answer = lambda _got: 204
    second = simulate(state=state, receipts="manual")
    assert second.public_key == key
    assert second.settle()
    assert second.mailbox("ann@store.example.com")[0]["answer"] == "204"
    assert second.phone(ANN).data["name"] == "Ann"
    assert [m["status"] for m in second.phone(ANN).messages] == ["sent"]
    assert second.phone("+16175550143").data["blocked"] == [OURS]
    second.set_phone(ANN, off=False)
    assert second.wait_for(ANN, "page")
    assert second.deliver_receipts() == 2
    assert statuses(app) == ["sent", "delivered"]
    second.reset()
    assert second.phone(ANN).messages == []
    assert second.public_key == key
