"""A process that dies at each named point between two steps: every promise holds, on the phones too."""

from __future__ import annotations

from typing import get_args

import pytest

from app.usecases.house import Point
from tests.crash.server_process import PATIENCE
from tests.crash.staging import Stage
from tests.stories.people import DANA, PRIYA, TANYA, WATER

# Each start goes on where the one before it died, and dies at the next point.
RECOVERING: tuple[Point, ...] = (
    "intake.decided",
    "intake.saved",
    "timers.decided",
    "timers.saved",
    "outbox.claimed",
    "outbox.sent",
    "outbox.recorded",
    "receipts.decided",
    "receipts.saved",
)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_every_promise_holds_wherever_the_process_dies(stage: Stage) -> None:
    server, sim = stage.server, stage.sim
    assert {*RECOVERING, "inbox.received", "inbox.stored"} == set(get_args(Point))
    for point, words in (("inbox.received", "hello?"), ("inbox.stored", WATER)):
        server.start(crash_at=point)
        sim.text(TANYA, words)
        assert server.crashed(PATIENCE)
        if point == "inbox.received":
            assert sim.settle(PATIENCE), "nobody is there when Twilio asks again: so it was never stored"
    for point in RECOVERING:
        server.launch(crash_at=point)
        while not server.crashed(1):
            sim.text(PRIYA, "LIST")  # so that there is something to send and a receipt for it
    server.start()
    # Her call may have rung while no server was there to hear its end: then she is asked in the next round.
    stage.until(lambda: bool(stage.heard(PRIYA, "Ack by")))
    stage.rest()
    assert stage.state() == "new"
    stored = "SELECT count(*) FROM inbox WHERE kind = 'message' AND convert_from(raw, 'UTF8') LIKE '%{}%'"
    assert stage.count(stored.format("ceiling")) == 1, (
        "Twilio asks again after a lost answer, and it is one message"
    )
    tries = stage.count("SELECT max(attempts) FROM outbox WHERE body LIKE '%got it%'")
    assert 1 <= stage.heard(TANYA, "got it") <= tries <= 1 + len(RECOVERING), "again only after a lost result"
    pages = stage.count("SELECT count(*) FROM outbox WHERE rank = 0 AND person = 'dana' AND channel = 'sms'")
    assert pages <= stage.heard(DANA, "Ack by") <= 2 * pages
    # Somebody takes it, and nobody is asked any more.
    stage.step(PRIYA, "1", then="acknowledged")
    assert stage.count("SELECT count(*) FROM tickets") == 1
    assert stage.count("SELECT count(*) FROM timers WHERE kind = 'escalation'") == 0
