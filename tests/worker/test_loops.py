"""The threads of a node: none loses a wake-up, and none ends because something went wrong once."""

from __future__ import annotations

from queue import Queue
from threading import Event

import pytest

from app.worker.engine import Loop
from app.worker.node import Regular

PATIENCE = 60.0  # seconds: each wait is for an event, and this only ends one that never comes


def test_a_wake_up_in_the_middle_of_a_round_makes_another_round() -> None:
    begun, go = Queue[int](), Event()

    def work() -> int:
        begun.put(1)
        assert go.wait(PATIENCE)
        return 0

    loop = Loop("test", work)
    loop.start()
    begun.get(timeout=PATIENCE)
    loop.wake()
    go.set()
    begun.get(timeout=PATIENCE)
    loop.stop()
    assert begun.empty()


def test_work_is_done_until_none_is_left_and_after_a_failure_too() -> None:
    left, rounds = [2, 2, 1, 0], Queue[int]()

    def work() -> int:
        if not left:
            raise RuntimeError("the database is away")
        rounds.put(left[0])
        return left.pop(0)

    loop = Loop("test", work, gather=0.001, full=2)
    loop.start()
    assert [rounds.get(timeout=PATIENCE) for _ in range(4)] == [2, 2, 1, 0]
    loop.wake()  # it fails now
    left.extend([1, 0])
    loop.wake()
    assert [rounds.get(timeout=PATIENCE) for _ in range(2)] == [1, 0]
    loop.stop()


@pytest.mark.parametrize("fails", [True, False])
def test_what_is_done_regularly_goes_on_whatever_goes_wrong(*, fails: bool) -> None:
    done, left = Queue[int](), []

    def do() -> None:
        done.put(1)
        if fails:
            raise OSError("away")

    regular = Regular("test", 0.001, do, lambda: left.append("left"))
    regular.start()
    for _ in range(3):
        done.get(timeout=PATIENCE)
    regular.stop()
    assert left == ["left"]
