"""The list of what came in, by the real SDK from the simulator: pages, times, pictures, calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.message import Channel
from app.domain.reading import MISSED_CALL, read_message
from app.ports import GatewayError, SmsOut
from app.providers.twilio import TwilioConfig, TwilioSms
from app.providers.twilio_received import TwilioReceived
from simulator.config import Config
from simulator.running import Simulator
from tests.serving import Served

TO = "+15005550111"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(Config(app_url="http://127.0.0.1:9")) as running:
        yield running


def config(base: str, token: str = Config().auth_token) -> TwilioConfig:
    return TwilioConfig(
        account_sid=Config().account_sid,
        auth_token=token,
        from_number=Config().numbers[0],
        public_base_url="https://hooks.acme.example",
        api_base=base,
        timeout=60.0,
    )


def reader(base: str, token: str = Config().auth_token) -> TwilioReceived:
    return TwilioReceived(config(base, token))


def test_texts_and_calls_are_listed_oldest_first(simulator: Simulator) -> None:
    simulator.reset()
    simulator.set_provider("twilio", mute=True)
    for body in ("one", "two \u2603", "three"):
        simulator.text(TO, body, media=[("image/png", b"png")] if body == "three" else ())
    simulator.call(TO)
    log = reader(simulator.url)
    listed = log.since(LONG_AGO, 100)
    texts = [read_message(item) for item in listed if item.channel is Channel.SMS]
    assert [text.text for text in texts] == ["one", "two \u2603", "three"]
    assert {text.sender for text in texts} == {TO}
    assert [len(text.media) for text in texts] == [0, 0, 1]
    assert texts[2].media[0].ref.startswith(f"{texts[2].message_id}/ME")
    (call,) = [item for item in listed if item.channel is Channel.VOICE]
    assert (read_message(call).text, read_message(call).sender) == (MISSED_CALL, TO)
    assert [item.key for item in log.since(LONG_AGO, 100)] == [item.key for item in listed]
    assert [read_message(i).text for i in log.since(LONG_AGO, 2) if i.channel is Channel.SMS] == [
        "two \u2603",
        "three",
    ]
    assert log.since(datetime(2200, 1, 1, tzinfo=UTC), 100) == []
    log.close()


def test_what_we_sent_ourselves_is_not_among_it(simulator: Simulator) -> None:
    simulator.reset()
    simulator.set_provider("twilio", mute=True)
    sms = TwilioSms(config(simulator.url))
    sms.send(SmsOut(outbox_id=1, to=TO, body="a page", valid_seconds=600))
    sms.close()
    simulator.text(TO, "hello?")
    service = replace(config(simulator.url), from_number="", messaging_service_sid="MG" + "0" * 32)
    log = TwilioReceived(service)  # with a service it is not known which numbers are ours
    assert [item.payload["Body"] for item in log.since(LONG_AGO, 100)] == ["hello?"]
    log.close()


async def asks(scope: Any, _receive: Any, send: Any) -> None:
    """An application that asks each caller to say something."""
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/xml")]})
    words = b"<Response><Gather input='speech'><Say>What is it?</Say></Gather></Response>"
    await send({"type": "http.response.body", "body": words})


def test_a_call_is_not_missed_as_long_as_it_is_going_on() -> None:
    with Served(asks) as application, Simulator(Config(app_url=application.url)) as simulator:
        call = simulator.call(TO)
        log = reader(simulator.url)
        assert (call["status"], log.since(LONG_AGO, 100)) == ("in-progress", [])
        simulator.on_call(call, "hang_up")
        assert [item.payload["CallSid"] for item in log.since(LONG_AGO, 100)] == [call["id"]]
        log.close()


def test_more_than_a_page_is_read_to_its_end(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.providers.twilio_received._PAGE", 2)
    simulator.reset()
    simulator.set_provider("twilio", mute=True)
    for n in range(5):
        simulator.text(TO, str(n))
    log = reader(simulator.url)
    assert [item.payload["Body"] for item in log.since(LONG_AGO, 100)] == list("01234")
    assert [item.payload["Body"] for item in log.since(LONG_AGO, 3)] == list("234")
    log.close()


def test_a_list_that_cannot_be_had_is_an_error(simulator: Simulator) -> None:
    for log in (reader(simulator.url, "0" * 32), reader("http://127.0.0.1:9")):
        with pytest.raises(GatewayError):
            log.since(LONG_AGO, 10)
        log.close()
