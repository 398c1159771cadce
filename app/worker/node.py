"""The threads by which a process takes part among others: its pulse, and wake-ups across processes.

What must not live here: what a beat means (usecases/pulse.py), the work itself (engine.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Lock, Thread

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.store import wakeups
from app.usecases.house import House
from app.usecases.pulse import BEAT_SECONDS, Pulse
from app.worker.engine import Loop

log = structlog.get_logger()

_LISTEN_SECONDS = 1.0
_RECONNECT_SECONDS = 1.0
_LOOK_SECONDS = 1.0
_RING_SECONDS = 0.02


class Regular:
    """A thread that does something again and again, whatever goes wrong in it, until it is stopped."""

    def __init__(
        self, name: str, seconds: float, do: Callable[[], object], leave: Callable[[], object]
    ) -> None:
        """Prepare to `do` it every so many seconds, and to `leave` in the end."""
        self._name, self._seconds = name, seconds
        self._do, self._leave = do, leave
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start; the first time is now."""
        self._thread.start()

    def stop(self) -> None:
        """Do it no more, and leave."""
        self._stopping.set()
        self._thread.join(timeout=30)
        self._leave()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._do()
            except Exception as error:  # noqa: BLE001 - it must outlive a database or a folder that is away
                # Each time would be the same trace.
                log.warning("not_done", what=self._name, error=repr(error)[:300])
            self._stopping.wait(self._seconds)


def heart(pulse: Pulse, is_dead: Callable[[str], bool] | None) -> Regular:
    """Return what beats every two seconds; with `is_dead` it also takes over from nodes that are gone.

    A process that neither handles nor sends takes nothing over.
    """

    def beat() -> None:
        pulse.beat()
        if is_dead is not None:
            pulse.take_over(is_dead)

    def leave() -> None:
        try:
            pulse.leave()
        except SQLAlchemyError as error:
            log.warning("node_left_unsaid", error=repr(error)[:300])

    return Regular("heart", BEAT_SECONDS, beat, leave)


def lookout(look: Callable[[], object]) -> Regular:
    """Return what looks each second whether the rules changed, for a process without a worker to do it."""
    return Regular("lookout", _LOOK_SECONDS, look, lambda: None)


class Ear:
    """Listens for wake-ups of other processes, connects again when that is cut, and hands them on."""

    def __init__(self, house: House, wake: Callable[[str], None]) -> None:
        """Prepare; `wake` gets what the other process's `House.wake` got."""
        self._house, self._wake = house, wake
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="ear", daemon=True)

    def start(self) -> None:
        """Start listening."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stopping.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with wakeups.listening(self._house.engine) as heard:
                    for what in ("inbox", "receipts", "saved"):  # what was rung while nobody listened
                        self._wake(what)
                    while not self._stopping.is_set():
                        for what in heard(_LISTEN_SECONDS):
                            self._wake(what)
            except psycopg.Error as error:
                log.warning("not_listening", error=repr(error)[:300])
                self._stopping.wait(_RECONNECT_SECONDS)


class Bell:
    """Wakes other processes for what this one does not do itself.

    After a ring it rests a little, and then rings once for all that came meanwhile.
    """

    def __init__(self, house: House) -> None:
        """Prepare."""
        self._house = house
        self._waiting: set[str] = set()
        self._lock = Lock()
        self._loop = Loop("bell", self._ring)

    def start(self) -> None:
        """Start ringing when there is something to say."""
        self._loop.start()

    def stop(self) -> None:
        """End. What it did not say any more the others find when they look next."""
        self._loop.stop()

    def wake(self, what: str) -> None:
        """Ring for `what` soon. Never blocks."""
        with self._lock:
            self._waiting.add(what)
        self._loop.wake()

    def _ring(self) -> int:
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        if waiting:
            with self._house.begin() as connection:
                wakeups.ring(connection, waiting)
            time.sleep(_RING_SECONDS)
        return 0
