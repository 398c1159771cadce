"""There and back over real HTTP: our gateways to the simulated providers, their webhooks and receipts to our routes."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator

import pytest
from inbound_app import app_of
from memory import MemoryInbox
from serving import Served

from app.domain.message import Inbound, InboundKind
from app.domain.reading import read_message, read_receipt
from app.inbound.config import InboundConfig
from app.ports import MailOut, SmsOut
from app.providers.sendgrid import SendGridConfig, SendGridMail
from app.providers.twilio import TwilioConfig, TwilioSms
from simulator.config import Config
from simulator.running import Simulator

CUSTOMER = "+15005550111"
MAILBOX = "dana@quickbite.example"


class World:
    """Our routes and a simulator that knows them, and each other's keys."""

    def __init__(self) -> None:
        self.inbox = MemoryInbox()
        # The key of the event webhook is known only when the simulator runs, and that needs our address:
        # a first server finds a free port, the real one takes its place behind the same name.
        self.served: Served | None = None

    def rows(self, kind: InboundKind, count: int) -> list[Inbound]:
        ends = time.monotonic() + 60
        while True:
            found = [row for row in self.inbox.items if row.kind is kind]
            if len(found) >= count or time.monotonic() > ends:
                assert len(found) == count, (found, self.inbox.refused)
                return found
            time.sleep(0.01)


@pytest.fixture(scope="module", params=["raw", "parsed"])
def parse_mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def world(parse_mode: str) -> Iterator[tuple[World, Simulator]]:
    world = World()
    lock = threading.Lock()

    class Later:
        """An ASGI application that is put in once it is known."""

        app: object = None

        async def __call__(self, scope: object, receive: object, send: object) -> None:
            with lock:
                app = self.app
            await app(scope, receive, send)

    later = Later()
    config = InboundConfig(public_base_url="http://placeholder", inbound_domain="inbound.example.com")
    later.app = app_of(config, world.inbox)
    with Served(later) as served:
        settings = Config(
            app_url=served.url,
            public_url="https://hooks.acme.example",
            parse_user="parse",
            parse_password="p4ss",
            parse_mode=parse_mode,
            retry_first=0.02,
        )
        with Simulator(settings) as simulator:
            real = InboundConfig(
                public_base_url="https://hooks.acme.example",
                twilio_account_sid=settings.account_sid,
                twilio_auth_tokens=(settings.auth_token,),
                twilio_numbers=settings.numbers,
                sendgrid_event_public_keys=(simulator.public_key,),
                sendgrid_parse_basic=("parse", "p4ss"),
                inbound_domain="inbound.example.com",
            )
            later.app = app_of(real, world.inbox)
            yield world, simulator


@pytest.fixture
def both(world: tuple[World, Simulator]) -> tuple[World, Simulator]:
    here, simulator = world
    simulator.reset()
    here.inbox.rows.clear()
    here.inbox.refused.clear()
    return here, simulator


def test_a_text_with_a_picture(both: tuple[World, Simulator]) -> None:
    world, simulator = both
    simulator.text(CUSTOMER, "water, ¿qué? \U0001f6b0 aisle 7", media=[("image/png", b"\x89PNG")])
    (row,) = world.rows(InboundKind.MESSAGE, 1)
    message = read_message(row)
    assert (message.sender, message.text) == (CUSTOMER, "water, ¿qué? \U0001f6b0 aisle 7")
    assert message.media[0].content_type == "image/png"
    assert message.media[0].ref


def test_a_page_and_its_receipts(both: tuple[World, Simulator]) -> None:
    world, simulator = both
    out = TwilioSms(
        TwilioConfig(
            account_sid=simulator.config.account_sid,
            auth_token=simulator.config.auth_token,
            from_number=simulator.config.numbers[0],
            public_base_url="https://hooks.acme.example",
            api_base=simulator.url,
        )
    )
    sent = out.send(SmsOut(outbox_id=77, to=CUSTOMER, body="P1 Plumbing", valid_seconds=300))
    out.close()
    simulator.wait_for(CUSTOMER, "P1 Plumbing")
    simulator.settle()
    receipts = [read_receipt(row) for row in world.inbox.items]
    assert {r.outbox_id for r in receipts} == {77}
    assert {r.provider_id for r in receipts} == {sent.provider_id}
    assert "delivered" in {r.status for r in receipts}
    assert not world.inbox.refused


def test_a_number_that_cannot_be_reached(both: tuple[World, Simulator]) -> None:
    world, simulator = both
    simulator.set_phone(CUSTOMER, undeliverable=True)
    out = TwilioSms(
        TwilioConfig(
            account_sid=simulator.config.account_sid,
            auth_token=simulator.config.auth_token,
            messaging_service_sid=simulator.config.messaging_services[0],
            public_base_url="https://hooks.acme.example",
            api_base=simulator.url,
        )
    )
    out.send(SmsOut(outbox_id=78, to=CUSTOMER, body="P1 Plumbing", valid_seconds=300))
    out.close()
    simulator.settle()
    failed = [r for row in world.inbox.items if (r := read_receipt(row)).status == "undelivered"]
    assert [r.outbox_id for r in failed] == [78]
    assert failed[0].error_code


def test_a_mail_with_an_attachment(both: tuple[World, Simulator]) -> None:
    world, simulator = both
    photo = {
        "filename": "roof.jpg",
        "content_type": "image/jpeg",
        "content": base64.b64encode(b"\xff\xd8" * 50).decode(),
    }
    simulator.mail(MAILBOX, "El techo gotea\n\n-- \nDana", subject="Techo: ñandú", attachments=[photo])
    (row,) = world.rows(InboundKind.MESSAGE, 1)
    message = read_message(row, own_domain="inbound.example.com")
    assert (message.sender, message.subject, message.text) == (MAILBOX, "Techo: ñandú", "El techo gotea")
    assert [(m.name, m.size) for m in message.media] == [("roof.jpg", 100)]
    assert message.authenticated
    assert message.automatic == ""


def test_a_mail_out_and_the_answer_to_it(both: tuple[World, Simulator]) -> None:
    world, simulator = both
    out = SendGridMail(
        SendGridConfig(
            api_key=simulator.config.sendgrid_key, from_address="ops@acme.example", api_base=simulator.url
        )
    )
    sent = out.send(
        MailOut(
            outbox_id=79,
            to=MAILBOX,
            subject="[1042] Is it fixed?",
            text="Reply YES or NO",
            reply_to="ticket+1042.aB3x@inbound.example.com",
            message_id="<page.79@inbound.example.com>",
            references="<ticket.1042@inbound.example.com>",
        )
    )
    arrived = simulator.wait_for_mail(MAILBOX, "fixed")
    simulator.settle()
    receipts = [read_receipt(row) for row in world.inbox.items]
    assert {(r.outbox_id, r.provider_id) for r in receipts} == {(79, sent.provider_id)}
    assert "delivered" in {r.status for r in receipts}
    simulator.reply(arrived, MAILBOX, "NO, it still drips")
    (row,) = world.rows(InboundKind.MESSAGE, 1)
    message = read_message(row, own_domain="inbound.example.com")
    assert message.text == "NO, it still drips"
    assert message.reply_token == "1042.aB3x", row
    assert message.automatic == ""
    assert not world.inbox.refused
