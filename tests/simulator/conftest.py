from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from receiving_app import ReceivingApp
from redirected_sdk import ToSimulator
from sendgrid import SendGridAPIClient
from twilio.rest import Client as TwilioClient

from simulator.config import Config
from simulator.running import Simulator


@pytest.fixture(scope="session")
def shared_app() -> Iterator[ReceivingApp]:
    with ReceivingApp() as receiving:
        yield receiving


@pytest.fixture(scope="session")
def shared_sim(shared_app: ReceivingApp) -> Iterator[Simulator]:
    with Simulator(Config(app_url=shared_app.url, retry_first=0.02)) as running:
        yield running


@pytest.fixture
def app(shared_app: ReceivingApp, shared_sim: Simulator) -> ReceivingApp:
    shared_sim.reset()
    assert shared_sim.settle()
    shared_app.got.clear()
    shared_app.answer = lambda _got: 204
    return shared_app


@pytest.fixture
def simulate(app: ReceivingApp) -> Iterator[Callable[..., Simulator]]:
    """Start simulators with `Config` fields of the test's choice; they end with the test."""
    running: list[Simulator] = []

    def start(**fields: Any) -> Simulator:
        fields.setdefault("retry_first", 0.02)
        sim = Simulator(Config(app_url=app.url, **fields))
        sim.__enter__()
        running.append(sim)
        return sim

    yield start
    for sim in running:
        sim.__exit__()


@pytest.fixture
def sim(shared_sim: Simulator, app: ReceivingApp) -> Simulator:
    """A simulator as it comes, emptied for each test, with an application that has heard nothing yet."""
    assert not app.got
    return shared_sim


@pytest.fixture
def twilio(sim: Simulator) -> Iterator[TwilioClient]:
    http = ToSimulator(sim.url)
    yield TwilioClient(sim.config.account_sid, sim.config.auth_token, http_client=http)
    http.close()


@pytest.fixture
def sendgrid(sim: Simulator) -> SendGridAPIClient:
    client = SendGridAPIClient(sim.config.sendgrid_key, host=sim.url)
    client.client.timeout = 60
    return client
