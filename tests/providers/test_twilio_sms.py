"""The real SDK against the simulator, and against servers that answer nonsense, slowly or not at all."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from nonsense import Nonsense
from serving import Served

from app.domain.reading import read_receipt
from app.ports import GatewayError, SmsOut, Trouble
from app.providers.twilio import TwilioConfig, TwilioSms
from simulator.config import Config
from simulator.running import Simulator

TO = "+15005550111"
NOW = datetime(2026, 6, 9, 6, 11, tzinfo=UTC)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(Config(app_url="http://127.0.0.1:9", receipts="manual")) as running:
        yield running


def gateway(base: str, timeout: float = 5.0, token: str = Config().auth_token, **more: str) -> TwilioSms:
    return TwilioSms(
        TwilioConfig(
            account_sid=Config().account_sid,
            auth_token=token,
            from_number="" if more else Config().numbers[0],
            public_base_url="https://hooks.acme.example/",
            api_base=base,
            timeout=timeout,
            **more,
        )
    )


def sms(to: str = TO, body: str = "P1 Plumbing - QuickBite #412", valid: int = 300) -> SmsOut:
    return SmsOut(outbox_id=881234567890, to=to, body=body, valid_seconds=valid)


def test_a_text_reaches_the_phone(simulator: Simulator) -> None:
    simulator.reset()
    out = gateway(simulator.url)
    sent = out.send(sms(body="P1 caf\u00e9 \U0001f6b0 50% + &"))
    out.close()
    assert sent.provider_id.startswith("SM")
    assert len(sent.provider_id) == 34
    assert sent.status == "queued"
    assert "P1 caf\u00e9 \U0001f6b0 50% + &" in str(simulator.state())


def test_what_became_of_a_text_can_be_asked(simulator: Simulator) -> None:
    simulator.reset()
    out = gateway(simulator.url)
    sid = out.send(sms()).provider_id
    said = read_receipt(out.look_up(sid, 7, NOW))
    assert (said.provider_id, said.outbox_id, said.error_code) == (sid, 7, "")
    assert said.status in {"queued", "sent", "delivered"}
    with pytest.raises(GatewayError) as caught:
        out.look_up("SM" + "0" * 32, 7, NOW)
    out.close()
    assert caught.value.permanent
    assert caught.value.code == "20404"
    with Served(Nonsense(200, b'{"status": "undelivered", "error_code": 30003}')) as served:
        out = gateway(served.url)
        said = read_receipt(out.look_up("SM1", 8, NOW))
        out.close()
    assert (said.status, said.error_code) == ("undelivered", "30003")
    with pytest.raises(GatewayError) as caught:
        gateway("http://127.0.0.1:9").look_up("SM1", 8, NOW)
    assert not caught.value.permanent


def test_the_newest_texts_to_a_number_are_listed(simulator: Simulator) -> None:
    simulator.reset()
    out = gateway(simulator.url)
    long_ago, soon = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
    first, second = (out.send(sms(body=body)).provider_id for body in ("one", "two"))
    out.send(sms(to="+15005550112", body="three"))
    listed = out.recent(TO, long_ago)
    assert [(found.provider_id, found.text) for found in listed] == [(second, "two"), (first, "one")]
    assert out.recent(TO, soon) == []
    out.close()
    with pytest.raises(GatewayError) as caught:
        gateway("http://127.0.0.1:9").recent(TO, long_ago)
    assert not caught.value.permanent


def test_what_goes_over_the_wire() -> None:
    with Served(Nonsense(201, b'{"sid": "SM1", "status": "accepted"}')) as served:
        out = gateway(served.url, messaging_service_sid="MG" + "1" * 32)
        sent = out.send(sms(body="a\ud800b", valid=99_999_999))
        out.close()
    assert (sent.provider_id, sent.status) == ("SM1", "queued")
    (request,) = served_requests(served)
    assert request["path"] == f"/2010-04-01/Accounts/{Config().account_sid}/Messages.json"
    assert request["form"] == {
        "To": TO,
        "Body": "a?b",
        "StatusCallback": "https://hooks.acme.example/inbound/twilio/status?o=881234567890",
        "ValidityPeriod": "36000",
        "SmartEncoded": "true",
        "MessagingServiceSid": "MG" + "1" * 32,
    }


def served_requests(served: Served) -> list[dict[str, object]]:
    return served.app.requests


@pytest.mark.parametrize(
    ("to", "trouble", "code"),
    [
        ("+15005550001", Trouble.ADDRESS, "21211"),
        ("+15005550002", Trouble.CONTENT, "21612"),
        ("+15005550003", Trouble.CONFIG, "21408"),
        ("+15005550004", Trouble.OPT_OUT, "21610"),
        ("+15005550009", Trouble.ADDRESS, "21614"),
    ],
)
def test_the_magic_numbers(simulator: Simulator, to: str, trouble: Trouble, code: str) -> None:
    simulator.reset()
    out = gateway(simulator.url)
    with pytest.raises(GatewayError) as caught:
        out.send(sms(to))
    out.close()
    assert (caught.value.trouble, caught.value.code) == (trouble, code)
    assert caught.value.permanent


def test_a_wrong_token_is_our_own_fault_and_stays_secret(simulator: Simulator) -> None:
    out = gateway(simulator.url, token="a-very-secret-token")
    with pytest.raises(GatewayError) as caught:
        out.send(sms())
    out.close()
    assert caught.value.trouble is Trouble.CONFIG
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(
        TwilioConfig(account_sid="AC", auth_token="a-very-secret-token", public_base_url="x")
    )


@pytest.mark.parametrize(
    ("status", "body", "trouble", "code"),
    [
        (429, b'{"code": 20429, "message": "Too many", "status": 429}', Trouble.TRANSIENT, "20429"),
        (429, b"<html>", Trouble.TRANSIENT, "429"),
        (503, b"<html>down</html>", Trouble.AMBIGUOUS, "503"),
        (500, b'{"code": 20500, "message": "oops", "status": 500}', Trouble.AMBIGUOUS, "20500"),
        (400, b'{"code": 99999, "message": "new", "status": 400}', Trouble.ADDRESS, "99999"),
        (400, b'{"code": 21617, "message": "long", "status": 400}', Trouble.CONTENT, "21617"),
        (401, b'{"code": 20003, "message": "Authenticate", "status": 401}', Trouble.CONFIG, "20003"),
        (403, b"", Trouble.CONFIG, "403"),
        (
            400,
            b'{"type":"https://x","title":"No","status":400,"code":21610,"detail":"stop"}',
            Trouble.OPT_OUT,
            "21610",
        ),
        (201, b"this is no JSON", Trouble.AMBIGUOUS, "unanswered"),
        (201, b"[]", Trouble.AMBIGUOUS, "unanswered"),
        (302, b"", Trouble.AMBIGUOUS, "302"),
    ],
)
def test_every_refusal_has_a_reaction(status: int, body: bytes, trouble: Trouble, code: str) -> None:
    with Served(Nonsense(status, body)) as served:
        out = gateway(served.url)
        with pytest.raises(GatewayError) as caught:
            out.send(sms())
        out.close()
        assert (caught.value.trouble, caught.value.code) == (trouble, code)
        assert len(served_requests(served)) == 1  # a second POST would be a second SMS


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        out = gateway(f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(GatewayError) as caught:
            out.send(sms())
        out.close()
    assert (caught.value.trouble, caught.value.code) == (Trouble.TRANSIENT, "unreachable")


def test_a_black_hole_ends_with_the_timeout_and_may_have_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as hole:
        out = gateway(f"http://127.0.0.1:{hole.getsockname()[1]}", timeout=0.3)
        with pytest.raises(GatewayError) as caught:
            out.send(sms())
        out.close()
    assert (caught.value.trouble, caught.value.permanent) == (Trouble.AMBIGUOUS, False)


def test_a_connection_that_breaks_off_may_have_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.recv(65536)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        out = gateway(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(GatewayError) as caught:
            out.send(sms())
        out.close()
        thread.join()
    assert caught.value.trouble is Trouble.AMBIGUOUS


def test_nothing_of_a_message_is_logged(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    simulator.reset()
    out = gateway(simulator.url)
    with caplog.at_level(logging.DEBUG):
        out.send(sms(body="gas smell in the cellar"))
    out.close()
    assert "gas" not in caplog.text
    assert TO not in caplog.text
    assert Config().auth_token not in caplog.text
    assert "twilio.http_client" not in {record.name for record in caplog.records}


def test_threads_may_share_one(simulator: Simulator) -> None:
    simulator.reset()
    out = gateway(simulator.url)
    ids: list[str] = []
    threads = [threading.Thread(target=lambda: ids.append(out.send(sms()).provider_id)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out.close()
    assert len(set(ids)) == 8
