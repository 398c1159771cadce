"""A web node, a node that makes tickets and one that sends: together they do what one process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine

from app import bootstrap, serving
from app.rulebook.revision import Rulebook
from app.settings import Settings
from app.usecases.health import Health
from app.usecases.house import House, Identity
from app.usecases.pulse import Pulse
from app.usecases.roles import Role
from simulator.config import Config
from simulator.running import Simulator
from tests.serving import Served
from tests.stories.people import TANYA, WATER
from tests.stories.town import DOMAIN, HELP, NUMBER

WAITING = "SELECT DISTINCT state FROM outbox"


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def test_three_nodes_with_a_part_each_take_a_text_to_a_page_and_its_answer_back(
    company: Engine, rulebook: Rulebook, tmp_path: Path
) -> None:
    apps: dict[str, Any] = {}

    async def late(scope: Any, receive: Any, send: Any) -> None:
        await apps["web"](scope, receive, send)

    served = Served(late)
    config = Config(app_url=served.url, mail_to=HELP, numbers=(NUMBER,))
    with Simulator(config) as sim, ExitStack() as nodes:

        def node(role: Role) -> Health:
            settings = Settings(
                home=tmp_path,
                role=role,
                public_url=served.url,
                twilio_account_sid=config.account_sid,
                twilio_auth_token=SecretStr(config.auth_token),
                twilio_from=NUMBER,
                twilio_api_base=sim.url,
                mail_domain=DOMAIN,
                secret=SecretStr("s" * 32),
            )
            house = House(
                engine=company,
                clock=bootstrap.SystemClock(),
                ids=bootstrap.SystemIds(),
                rulebook=rulebook,
                identity=Identity(public_url=served.url, mail_domain=DOMAIN, secret=b"s" * 32, node=role),
            )
            pulse = Pulse(house, role=role, version="1")
            pulse.beat()
            apps[role] = serving.build_app(settings, house, pulse)
            nodes.enter_context(served if role is Role.WEB else Served(apps[role]))
            return Health(house, pulse)

        def missing() -> str:
            return " ".join(problem.what for problem in health.look().problems)

        health = node(Role.WEB)
        sim.text(TANYA, WATER)
        assert "no worker has been heard of" in missing()
        node(Role.TICKETS)
        until(lambda: bool(health.look().queues) and "no sender has been heard of" in missing())
        with company.connect() as connection:
            until(lambda: connection.exec_driver_sql("SELECT count(*) FROM outbox").scalar_one() >= 2)
            assert connection.exec_driver_sql(WAITING).scalars().all() == ["pending"]
            on_call = (
                connection.exec_driver_sql("SELECT address FROM outbox WHERE rank = 0").scalars().first()
            )
        assert on_call is not None
        assert sim.phone(on_call).inbox == []
        node(Role.SENDER)
        until(lambda: any("Ack by" in said for said in sim.phone(on_call).inbox))
        told = len(sim.phone(TANYA).inbox)
        sim.text(on_call, "1")
        until(lambda: len(sim.phone(TANYA).inbox) > told)
        until(lambda: missing() == "")
        sim.settle(30)
