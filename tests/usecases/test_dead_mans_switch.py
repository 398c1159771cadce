"""The dead-man's switch: called each minute by one node, and silent as soon as a promise is broken."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI, Response
from sqlalchemy import Engine, text

from app.providers.heartbeat import HeartbeatUrl
from app.rulebook.revision import Rulebook
from app.usecases import reconcile
from app.usecases.health import Health
from app.usecases.pulse import Pulse
from tests.nodes import TANYA, Clock, node, put, sms
from tests.serving import Served


def test_it_is_called_once_a_minute_while_all_promises_hold(company: Engine, rulebook: Rulebook) -> None:
    clock, heard = Clock(datetime.now(UTC)), list[str]()
    one, two = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    outside = FastAPI()
    outside.get("/beat")(lambda: heard.append("beat"))
    Pulse(two, role="both", version="1").beat()
    with company.begin() as connection:  # so that no machine is too slow for this
        connection.execute(text("UPDATE nodes SET seen_at = seen_at + interval '1 day'"))
    pulse = Pulse(one, role="both", version="1")

    with Served(outside) as served:
        beacon = HeartbeatUrl(f"http://127.0.0.1:{served.port}/beat")

        def minute() -> int:
            heard.clear()
            for house in (one, two):
                reconcile.once_a_minute(house, lambda: Health(one, pulse).tell(beacon))
            clock.at += timedelta(minutes=1)
            return len(heard)

        assert [minute(), minute()] == [1, 1]
        put(one, sms(TANYA, "hello?", clock.at))
        clock.at += timedelta(minutes=1)
        assert minute() == 0, "a message waits for a minute: whoever watches from outside has to hear of it"


def test_an_address_that_does_not_answer_well_stops_nothing() -> None:
    outside = FastAPI()
    outside.get("/beat")(lambda: Response(status_code=500))
    with Served(outside) as served:
        HeartbeatUrl(f"http://127.0.0.1:{served.port}/beat").call()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        HeartbeatUrl(f"http://127.0.0.1:{closed.getsockname()[1]}/beat").call()
