"""The threads by which a process takes part among others: its pulse, and wake-ups across processes.

What must not live here: what a beat means (usecases/pulse.py), the work itself (engine.py).
"""

from __future__ import annotations

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


class Heart:
    """Beats every two seconds; with `is_dead` it also takes over from nodes that are gone."""

    def __init__(self, pulse: Pulse, is_dead: Callable[[str], bool] | None) -> None:
        """Prepare; a process that sends nothing takes nothing over."""
        self._pulse, self._is_dead = pulse, is_dead
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="heart", daemon=True)

    def start(self) -> None:
        """Start beating."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more, and say so."""
        self._stopping.set()
        self._thread.join(timeout=30)
        try:
            self._pulse.leave()
        except SQLAlchemyError as error:
            log.warning("node_left_unsaid", error=repr(error)[:300])

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._pulse.beat()
                if self._is_dead is not None:
                    self._pulse.take_over(self._is_dead)
            except Exception as error:  # noqa: BLE001 - it must outlive a database that is away
                log.error("beat_failed", error=repr(error)[:300])  # noqa: TRY400 - at each beat, the same trace
            self._stopping.wait(BEAT_SECONDS)


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


class Lookout:
    """Looks each second whether the rules have changed, for a process without a worker, which would look."""

    def __init__(self, look: Callable[[], object]) -> None:
        """Prepare."""
        self._look = look
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="lookout", daemon=True)

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - it must outlive a folder that is away
                log.error("lookout_failed", error=repr(error)[:300])  # noqa: TRY400


class Bell:
    """Wakes the workers of other processes, for a process without one; what comes together rings together."""

    def __init__(self, house: House) -> None:
        """Prepare."""
        self._house = house
        self._waiting: set[str] = set()
        self._lock = Lock()
        self._loop = Loop("bell", self._ring, gather=0.02)

    def start(self) -> None:
        """Start ringing when there is something to say."""
        self._loop.start()

    def stop(self) -> None:
        """Say what is waiting, and end."""
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
        return 0
