"""The test text to ourselves: sent once, measured when it comes back, an alarm by mail when it does not."""

from __future__ import annotations

from datetime import datetime, timedelta

from prometheus_client import REGISTRY
from sqlalchemy import Engine

from app import bootstrap
from app.ports import GatewayError, Trouble
from app.rulebook.revision import Rulebook
from app.usecases import intake
from app.usecases.house import House, Identity
from app.usecases.probe import send_probe
from tests.nodes import NIGHT, TANYA, Carrier, Clock, at_once, put, refusing, rows, scalars, sms

START = NIGHT.replace(minute=15)
PROBE, OURS = "+15005550199", "+15005550006"
ALARMS = "SELECT channel, body FROM outbox WHERE text_id = 'probe_lost'"


def probing(engine: Engine, rulebook: Rulebook, clock: Clock, name: str) -> House:
    identity = Identity(
        public_url="http://ops.example",
        mail_domain="help.example",
        secret=b"s" * 32,
        node=name,
        number=OURS,
        probe_number=PROBE,
    )
    return House(engine=engine, clock=clock, ids=bootstrap.SystemIds(), rulebook=rulebook, identity=identity)


def test_the_probe_is_sent_measured_and_missed(company: Engine, rulebook: Rulebook) -> None:
    clock, carrier = Clock(), Carrier()
    one, two = probing(company, rulebook, clock, "one"), probing(company, rulebook, clock, "two")

    def tick(at: datetime) -> None:
        clock.at = at
        at_once(lambda: send_probe(one, carrier), lambda: send_probe(two, carrier))

    assert send_probe(one, None) == 0
    tick(START)
    (sent,) = carrier.taken
    assert sent.to == OURS
    clock.at += timedelta(seconds=4)
    put(one, sms(PROBE, sent.body, clock.at))
    intake.handle_waiting(one)
    assert scalars(company, "SELECT outcome FROM inbox") == ["probe: back after 4.0 s"]
    assert REGISTRY.get_sample_value("closeloop_probe_seconds") == 4.0
    assert scalars(company, "SELECT count(*) FROM tickets") == [0]
    tick(START + timedelta(minutes=5))
    assert rows(company, ALARMS) == []
    # The next one does not come back.
    tick(START + timedelta(minutes=15))
    assert len(carrier.taken) == 2
    tick(START + timedelta(minutes=17))
    assert rows(company, ALARMS) == []
    for minutes in (19, 20):
        tick(START + timedelta(minutes=minutes))
    ((channel, body),) = rows(company, ALARMS)
    assert channel == "email", "not by the way that is broken"
    assert "did not come back" in body
    # Nor can this one be sent.
    away = Carrier(refusing(GatewayError("503", trouble=Trouble.TRANSIENT)))
    clock.at = START + timedelta(minutes=30)
    send_probe(one, away)
    assert len(rows(company, ALARMS)) == 1, "each is told once"
    clock.at += timedelta(minutes=5)
    send_probe(one, away)
    assert len(rows(company, ALARMS)) == 2
    put(one, sms(PROBE, "hello", clock.at), sms(TANYA, "Closeloop probe x", clock.at))
    intake.handle_waiting(one)
    assert scalars(company, "SELECT count(*) FROM tickets") == [1], "only of the customer"
