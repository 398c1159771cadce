"""The real SDK against the simulator, and against servers that answer nonsense, slowly or not at all."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
from nonsense import Nonsense
from serving import Served

from app.ports import GatewayError, MailOut, Trouble
from app.providers import sendgrid
from app.providers.sendgrid import SendGridConfig, SendGridMail
from simulator.config import Config
from simulator.running import Simulator


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(Config(app_url="http://127.0.0.1:9", receipts="manual")) as running:
        yield running


def gateway(base: str, timeout: float = 5.0, key: str = Config().sendgrid_key) -> SendGridMail:
    return SendGridMail(
        SendGridConfig(
            api_key=key, from_address="ops@acme.example", from_name="Acme", api_base=base, timeout=timeout
        )
    )


def mail(**changed: str) -> MailOut:
    fields = {
        "to": "dana@acme.example",
        "subject": "[1042] P1 Plumbing QuickBite #412",
        "text": "Water at aisle 7, caf\u00e9 \U0001f6b0",
        "reply_to": "ticket+1042.aB3x@inbound.example.com",
        "message_id": "<page.881234567890@inbound.example.com>",
        "references": "<ticket.1042@inbound.example.com> <page.1@inbound.example.com>",
    }
    return MailOut(outbox_id=881234567890, **{**fields, **changed})


def test_a_mail_reaches_the_mailbox(simulator: Simulator) -> None:
    simulator.reset()
    sent = gateway(simulator.url).send(mail())
    assert sent.provider_id
    assert sent.status == "queued"
    assert "Water at aisle 7, caf\u00e9" in str(simulator.state())


def test_what_goes_over_the_wire() -> None:
    with Served(Nonsense(202, b"", {"X-Message-Id": "14c5d75ce93"})) as served:
        sent = gateway(served.url).send(mail(subject="two\r\nBcc: x@y.example\nlines \0"))
        gateway(served.url).send(mail(reply_to="", message_id="", references="", text="", subject=" "))
    assert sent.provider_id == "14c5d75ce93"
    first, second = served.app.requests
    assert first["path"] == "/v3/mail/send"
    assert first["headers"]["authorization"] == f"Bearer {Config().sendgrid_key}"
    assert first["json"] == {
        "personalizations": [{"to": [{"email": "dana@acme.example"}]}],
        "from": {"email": "ops@acme.example", "name": "Acme"},
        "reply_to": {"email": "ticket+1042.aB3x@inbound.example.com"},
        "subject": "two Bcc: x@y.example lines",
        "content": [{"type": "text/plain", "value": "Water at aisle 7, caf\u00e9 \U0001f6b0"}],
        "headers": {
            "Message-ID": "<page.881234567890@inbound.example.com>",
            "References": "<ticket.1042@inbound.example.com> <page.1@inbound.example.com>",
            "In-Reply-To": "<page.1@inbound.example.com>",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
        "custom_args": {"cl_outbox": "881234567890"},
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }
    assert set(second["json"]["headers"]) == {"Auto-Submitted", "X-Auto-Response-Suppress"}
    assert "reply_to" not in second["json"]


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (400, b'{"errors":[{"message":"Does not contain a valid address.","field":"to"}]}', Trouble.ADDRESS),
        (401, b'{"errors":[{"message":"bad key"}]}', Trouble.CONFIG),
        (403, b"{}", Trouble.CONFIG),
        (413, b"<html>too large</html>", Trouble.CONTENT),
        (429, b'{"errors":[{"message":"too many requests"}]}', Trouble.TRANSIENT),
        (500, b"[]", Trouble.AMBIGUOUS),
        (503, b"\xff", Trouble.AMBIGUOUS),
        (418, b'{"errors": 3}', Trouble.ADDRESS),
    ],
)
def test_every_refusal_has_a_reaction(status: int, body: bytes, trouble: Trouble) -> None:
    with Served(Nonsense(status, body)) as served:
        with pytest.raises(GatewayError) as caught:
            gateway(served.url).send(mail())
        assert len(served.app.requests) == 1
    assert (caught.value.trouble, caught.value.code) == (trouble, str(status))


@pytest.mark.parametrize(
    ("headers", "again"),
    [
        ({"Retry-After": "7"}, 7),
        ({"X-RateLimit-Reset": "1392815263", "Date": "Wed, 19 Feb 2014 13:06:43 GMT"}, 60),
        ({"X-RateLimit-Reset": "1392815263", "Date": "Wed, 19 Feb 2014 14:00:00 GMT"}, 0),
        ({"X-RateLimit-Reset": "soon"}, None),
        ({}, None),
    ],
)
def test_when_sendgrid_wants_mails_again_by_its_own_clock(headers: dict[str, str], again: int | None) -> None:
    date = {"Date": "Wed, 19 Feb 2014 13:06:43 GMT"}
    told = sendgrid._again({**date, **headers})
    assert (None if told is None else told.total_seconds()) == again


def test_too_many_mails_are_wanted_again_when_sendgrid_says() -> None:
    busy = Nonsense(429, b'{"errors":[{"message":"too many requests"}]}', {"Retry-After": "7"})
    with Served(busy) as served, pytest.raises(GatewayError) as caught:
        gateway(served.url).send(mail())
    assert (caught.value.code, caught.value.trouble) == ("429", Trouble.TRANSIENT)
    assert caught.value.again == timedelta(seconds=7)


def test_a_wrong_key_is_our_own_fault_and_stays_secret(simulator: Simulator) -> None:
    with pytest.raises(GatewayError) as caught:
        gateway(simulator.url, key="SG.very.secret").send(mail())
    assert caught.value.trouble is Trouble.CONFIG
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(SendGridConfig(api_key="SG.very.secret", from_address="a@b.example"))


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(GatewayError) as caught:
            gateway(f"http://127.0.0.1:{closed.getsockname()[1]}").send(mail())
    assert (caught.value.trouble, caught.value.code) == (Trouble.TRANSIENT, "unreachable")


def test_a_black_hole_ends_with_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as hole, pytest.raises(GatewayError) as caught:
        gateway(f"http://127.0.0.1:{hole.getsockname()[1]}", timeout=0.3).send(mail())
    assert caught.value.trouble is Trouble.AMBIGUOUS


def test_neither_key_nor_mail_is_logged(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    simulator.reset()
    out = gateway(simulator.url)
    with caplog.at_level(logging.DEBUG):
        out.send(mail(text="gas smell in the cellar"))
    assert "gas" not in caplog.text
    assert Config().sendgrid_key not in caplog.text
