"""`closeloop doctor` on a whole installation, and on one in which something is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Engine, text
from starlette.types import Receive, Scope, Send

from app import bootstrap, doctor, serving
from app.doctor import Verdict
from app.settings import Role, Settings
from app.store import contact_checks
from app.store.outbox import CUSTOMER, OutboxRow, put
from app.usecases.pulse import Pulse
from simulator.config import Config
from simulator.running import Simulator
from tests.nodes import NIGHT, load_company
from tests.serving import Served

LANE = text(
    "INSERT INTO lanes (name, next_at, held_until, slow_until, code)"
    " VALUES ('sms', now(), now(), now() + interval '1 hour', '30001')"
)


def waiting(number: int) -> OutboxRow:
    now = datetime.now(UTC)
    return OutboxRow(
        id=number,
        ticket_id=None,
        rank=CUSTOMER,
        text_id="closed_confirmed_c",
        channel="sms",
        address="+16175550114",
        person="",
        subject="",
        body="closed",
        created_at=now,
        not_before=now,
    )


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    config = Config()
    return Settings(
        home=tmp_path,
        database_url=database_url,
        secret=SecretStr("s" * 32),
        twilio_account_sid=config.account_sid,
        twilio_auth_token=SecretStr(config.auth_token),
        twilio_from=config.numbers[0],
        sendgrid_api_key=SecretStr(config.sendgrid_key),
        mail_from="help@help.example",
        heartbeat_url="http://127.0.0.1:1/beat",
    )


def said(settings: Settings) -> dict[str, str]:
    return {str(line).splitlines()[0]: line.remedy for line in doctor.examine(settings)}


def test_the_doctor_names_what_is_wrong_and_what_to_do(settings: Settings, engine: Engine) -> None:
    load_company(engine)
    house = bootstrap.build_house(settings, engine, bootstrap.read_rulebook(settings))
    Pulse(house, role="worker", version="1").beat()
    with Simulator(Config()) as sim:
        bases = {"twilio_api_base": sim.url, "sendgrid_api_base": sim.url}
        settings = settings.model_copy(update=bases)
        pulse = Pulse(house, role="web", version="1")
        built: list[FastAPI] = []

        async def front(scope: Scope, receive: Receive, send: Send) -> None:
            await built[0](scope, receive, send)

        served = Served(front)  # it knows its port before the application has to know its public address
        settings = settings.model_copy(update={"public_url": served.url, "role": Role.WEB})
        built.append(serving.build_app(settings, house, pulse))
        with served:
            lines = said(settings)
            with engine.begin() as connection:
                connection.execute(LANE)
                put(connection, [waiting(1), waiting(2)])
                for channel, address in (
                    ("sms", "+16175550101"),
                    ("voice", "+16175550101"),
                    ("email", "dana.reyes@tidewell.example"),
                ):
                    contact_checks.put_failing(connection, channel, address, "gone", NIGHT)
            wrong = said(settings.model_copy(update={"twilio_auth_token": SecretStr("0" * 32)}))
        for line in (
            "Twilio: account: active",
            "SendGrid: the key may send mail: True",
            "promises: all hold now",
            "held back: nothing",
            "pace: texts as many as there are, calls as many as there are, mails as many as there are",
        ):
            assert f"ok    {line}" in lines
        assert [line[:5] for line in lines if "webhooks" in line] == ["ok   ", "ok   "]
        assert not [line for line in lines if line.startswith("BAD")]
        (numbers,) = [line for line in lines if "numbers:" in line]
        assert "verified phone or mailbox" in numbers
        assert "note  held back: 2 texts: slower, the provider said too fast (30001)" in wrong
        failing = [line for line in wrong if "cannot be reached by any" in line]
        assert failing == ["BAD   numbers: 1 cannot be reached by any of their addresses: Dana Reyes"]
        (signed,) = [line for line in wrong if "takes what is signed" in line]
        assert signed.startswith("BAD")
        assert "CLOSELOOP_PUBLIC_URL is not what the proxy passes on" in wrong[signed]
        lines = said(settings.model_copy(update={"sendgrid_api_key": SecretStr("SG.no")}))
    assert [line for line in wrong if line.startswith("BAD   Twilio: account: ")]
    assert [line for line in lines if line.startswith("BAD   SendGrid: the key may send mail: ")]
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM timers"))
        connection.execute(text("UPDATE nodes SET seen_at = seen_at - interval '1 minute'"))
    assert "BAD   no worker has been heard of for 10 s" in said(settings)


def test_the_doctor_goes_on_without_a_database(settings: Settings) -> None:
    nowhere = "postgresql://nobody:secret@127.0.0.1:1/nothing"
    lines = list(
        doctor.examine(settings.model_copy(update={"database_url": nowhere, "twilio_account_sid": ""}))
    )
    assert lines[0].verdict is Verdict.BAD
    assert "does not answer; start that server" in lines[0].what
    assert "secret" not in str(lines[0])
    assert any(line.what.startswith("disk:") for line in lines)


def test_the_doctor_names_the_pace_and_asks_for_that_of_a_messaging_service(settings: Settings) -> None:
    american = doctor.pace(
        settings.model_copy(update={"twilio_from": "+16175550100", "mails_per_second": 2.5})
    )
    assert str(american) == "ok    pace: texts 1 a second, calls 1 a second, mails 2.5 a second"
    service = settings.model_copy(update={"twilio_messaging_service_sid": "MG" + "0" * 32})
    asks = doctor.pace(service)
    assert asks.verdict is Verdict.NOTE
    assert "CLOSELOOP_TEXTS_PER_SECOND" in asks.remedy
    assert doctor.pace(service.model_copy(update={"texts_per_second": 12.0})).remedy == ""
    assert doctor.pace(service.model_copy(update={"texts_per_second": 0.0})).remedy == ""
