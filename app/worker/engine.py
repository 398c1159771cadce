"""The worker: loops that do what is due, woken by whoever made work and once a second by APScheduler.

APScheduler only ticks: no promise lives in it. A tick that is lost costs a second, a wake-up that is lost
too. What must not live here: what the work is (usecases).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Condition, Event, Thread

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from app.ports import FeedReader, ReceivedLog
from app.usecases import (
    coverage_watch,
    delivery,
    gap_watch,
    hanging_up,
    intake,
    leave_feeds,
    missed,
    orphans,
    probe,
    reconcile,
    shift_texts,
    swaps,
    timers,
    unheard,
)
from app.usecases.gateways import Gateways
from app.usecases.house import House
from app.usecases.pulse import Pulse
from app.usecases.roles import Role

log = structlog.get_logger()

TICK_SECONDS = 1
NET_SECONDS = 5
RECONCILE_SECONDS = 20  # once a minute by the ledger, whichever node comes first
COVERAGE_SECONDS = 300  # once a night by the ledger
_PAUSE_AFTER_ERROR = 1.0


class Loop:
    """Threads that call `work` until it says that nothing was left. A wake-up sets one of them to work."""

    def __init__(
        self, name: str, work: Callable[[], int], threads: int = 1, gather: float = 0, full: int = 0
    ) -> None:
        """Prepare the loop; `work` returns how much it did.

        It lets work gather for so many seconds before each round, unless the last one was `full`.
        """
        self._work = work
        self._name = name
        self._gather, self._full = gather, full
        self._woken = False
        self._changed = Condition()
        self._stopping = Event()
        self._threads = [Thread(target=self._run, name=name, daemon=True) for _ in range(threads)]

    def start(self) -> None:
        """Start the threads; one looks for work at once."""
        self.wake()
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that there may be work: one who rests looks, else the first who is done with a round."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def stop(self) -> None:
        """Let the present rounds end, then end the threads."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=30)

    def _run(self) -> None:
        while self._rest():
            done = 0
            try:
                while not self._stopping.is_set():
                    if done < self._full:
                        self._stopping.wait(self._gather)
                    done = self._work()
                    if not done:
                        break
            except Exception as error:  # noqa: BLE001 - the loop must outlive a database that is away
                log.error("loop_failed", loop=self._name, error=repr(error)[:500])  # noqa: TRY400 - each second
                self._stopping.wait(_PAUSE_AFTER_ERROR)

    def _rest(self) -> bool:
        """Return when there may be work: True, or False when all is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._woken or self._stopping.is_set())
            self._woken = False
        return not self._stopping.is_set()


def _wake_all(loops: Iterable[Loop]) -> None:
    for loop in loops:
        loop.wake()


def _watch_oncall(house: House) -> int:
    """Do what time brings to those on call; the next tick looks again."""
    swaps.expire_swaps(house)
    gap_watch.watch_gaps(house)
    shift_texts.tell_shifts(house)
    return 0


class Worker:
    """All loops of one process."""

    def __init__(
        self,
        house: House,
        gateways: Gateways,
        pulse: Pulse,
        look_for_rules: Callable[[], bool] = lambda: False,
        minutely: Callable[[], object] = lambda: None,
        *,
        role: Role,
        feeds: FeedReader,
        received: ReceivedLog | None = None,
        nightly: Callable[[], int] = lambda: 0,
    ) -> None:
        """Prepare a role's loops for this house; what is decided by time rests while its clock is wrong.

        `look_for_rules` is called each second: it takes over a changed rulebook. `minutely` is called by the
        node that reconciled; `nightly` chooses its own time. `received` is the list of what came in to the
        provider; None: there is none.
        """
        self._role = role
        self._senders = ThreadPoolExecutor(delivery.SENDERS, thread_name_prefix="sender")
        self._notice_senders = ThreadPoolExecutor(delivery.SENDERS, thread_name_prefix="notice-sender")
        self._inbox = Loop("inbox", lambda: intake.handle_waiting(house) if pulse.trusted else 0)
        # Two come for each message sent, and one by one they cost more than the message did.
        self._receipts = Loop(
            "receipts", lambda: intake.handle_receipts(house), gather=0.3, full=intake.RECEIPTS
        )
        self._timers = Loop(
            "timers",
            lambda: timers.fire_due(house) + orphans.ask_for_orphans(house) if pulse.trusted else 0,
        )
        # Pages have senders of their own: a provider that hangs on notices must not hold up a page.
        self._pages = Loop(
            "pages",
            lambda: delivery.send_pending(house, gateways, self._senders, pages=True),
            threads=2,  # while one round's results are written, the next is under way
        )
        self._notices = Loop(
            "notices",
            lambda: delivery.send_pending(house, gateways, self._notice_senders, pages=False),
            gather=0.1,  # many to the provider at a time, and after the pages that came with them
            full=delivery.BATCH,
        )
        self._rules = Loop("rules", lambda: int(look_for_rules()))
        self._calls = Loop("calls", lambda: hanging_up.end_moot(house, gateways.calls))
        # What changes who is on call, and what is told about it, by time.
        self._oncall = Loop("oncall", lambda: _watch_oncall(house) if pulse.trusted else 0)
        self._feeds = Loop("feeds", lambda: leave_feeds.read_feed(house, feeds))
        self._reconcile = Loop(
            "reconcile", lambda: reconcile.once_a_minute(house, minutely) if pulse.trusted else 0
        )
        self._unheard = Loop(
            "unheard",
            lambda: unheard.ask_about_unheard(house, gateways.sms, gateways.calls) if pulse.trusted else 0,
        )
        self._missed = Loop(
            "missed", lambda: missed.take_in_missed(house, received) if received and pulse.trusted else 0
        )
        self._nightly = Loop("nightly", lambda: nightly() if pulse.trusted else 0)
        self._probe = Loop("probe", lambda: probe.send_probe(house, gateways.probe) if pulse.trusted else 0)
        self._coverage = Loop("coverage", lambda: coverage_watch.watch(house) if pulse.trusted else 0)
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Start all loops and the ticking."""
        for loop in self._loops():
            loop.start()
        for seconds, loops in self._ticks().items():
            self._scheduler.add_job(_wake_all, "interval", (loops,), seconds=seconds)
        self._scheduler.start()

    def _ticks(self) -> dict[int, list[Loop]]:
        """Return which loops look for work by themselves, by how often (in seconds)."""
        seldom = {
            # Woken by whoever makes work for them, or in no hurry.
            self._receipts: NET_SECONDS,
            self._calls: NET_SECONDS,
            self._oncall: NET_SECONDS,
            self._feeds: NET_SECONDS,
            self._reconcile: RECONCILE_SECONDS,
            self._unheard: RECONCILE_SECONDS,
            self._missed: RECONCILE_SECONDS,
            self._probe: RECONCILE_SECONDS,
            self._coverage: COVERAGE_SECONDS,
            self._nightly: COVERAGE_SECONDS,
        }
        ticks: dict[int, list[Loop]] = {}
        for loop in self._loops():
            ticks.setdefault(seldom.get(loop, TICK_SECONDS), []).append(loop)
        return ticks

    def wake(self, what: str) -> None:
        """Wake the loops that have to do with `what`: `inbox`, `receipts` after a webhook, else `saved`."""
        if what == "inbox":
            self._inbox.wake()
        elif what == "receipts":
            self._receipts.wake()
        else:
            self._pages.wake()
            self._notices.wake()
            self._calls.wake()

    def does(self, what: str) -> bool:
        """Return whether the loops that have to do with `what` run here."""
        return self._role.handles if what in ("inbox", "receipts") else self._role.sends

    def stop(self) -> None:
        """Stop ticking, let every loop finish its round."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        for loop in self._loops():
            loop.stop()
        self._senders.shutdown(wait=True, cancel_futures=True)
        self._notice_senders.shutdown(wait=True, cancel_futures=True)

    def _loops(self) -> tuple[Loop, ...]:
        sending = (self._pages, self._notices, self._calls)
        tickets = (
            self._inbox,
            self._receipts,
            self._timers,
            self._oncall,
            self._feeds,
            self._reconcile,
            self._unheard,
            self._missed,
            self._probe,
            self._coverage,
            self._nightly,
        )
        return (
            self._rules,
            *(tickets if self._role.handles else ()),
            *(sending if self._role.sends else ()),
        )
