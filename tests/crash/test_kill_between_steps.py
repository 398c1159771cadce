"""The story of first light on a real server that is killed at each turn of it, and started again."""

from __future__ import annotations

import pytest

from tests.crash.staging import Stage
from tests.stories.people import DANA, PRIYA, TANYA, WATER


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_every_promise_holds_when_the_server_is_killed_at_each_turn_of_the_story(stage: Stage) -> None:
    # A call that rings out would take half a minute; of a busy phone a text follows at once.
    stage.sim.set_phone(PRIYA, calls="busy")
    stage.server.start(forked=False)
    stage.step(TANYA, WATER, then="new", dead=4)
    assert stage.heard(DANA, "ceiling")
    # Nobody answers: the next level is asked although the server that armed the timer is dead.
    stage.until(lambda: bool(stage.heard(PRIYA, "Ack by")))
    stage.step(PRIYA, "1", then="acknowledged", dead=0)
    stage.step(PRIYA, "ETA 45", then="en_route")
    stage.step(PRIYA, "DONE replaced valve", then="resolved", dead=0)
    stage.step(TANYA, "NO", then="acknowledged", dead=0)
    stage.step(PRIYA, "1", then="acknowledged")
    stage.step(PRIYA, "DONE tightened the joint", then="resolved")
    stage.step(TANYA, "YES", then="closed", dead=0)
    heard = "\n".join(stage.sim.phone(TANYA).inbox)
    for words in ("got it", "replaced valve", "open again", "tightened the joint", "closed"):
        assert words in heard
    assert stage.count("SELECT count(*) FROM tickets") == 1
    assert stage.count("SELECT count(*) FROM nodes") == 6, "five were killed"
    assert stage.server.stop() == 0
    assert stage.count("SELECT count(*) FROM nodes") == 5, "the last one left in order"
