"""Ten thousand escalations due in one instant, on two nodes, until every page stands in the outbox.

And timers whose ticket needs nothing any more. The baseline is APScheduler, its own job store, empty jobs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median

import psycopg
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from app import bootstrap
from app.rulebook.revision import load
from app.store import engine as engines
from app.usecases import intake, timers
from bench.backlog import fill, house_of
from bench.company import ROOT
from bench.figures import Figure, Result, quantile
from bench.filling import MovableClock, copy_open, run_until
from bench.place import Place, plain

_ORIGINALS = 100
_NODES = 2
_PATIENCE = 300.0
_GOAL_LAG = 8.0
_GOAL_NEEDLESS = 10.0


def measure(place: Place, say: Callable[[str], None], *, quick: bool) -> Result:
    """Measure both in turns with the baseline, some rounds, each on a fresh database."""
    rounds, size, needless = (1, 600, 3_000) if quick else (5, 10_000, 100_000)
    ours: list[Mapping[str, float]] = []
    base: list[Mapping[str, float]] = []
    cleared: list[float] = []
    missing = 0
    for number in range(1, rounds + 1):
        with place.database() as url:
            base.append(_job_store(url, size))
            say(f"APScheduler, round {number}: {base[-1]}")
        with place.database() as url:
            due = prepare(url, size)
            found = _on_nodes(url, due)
            found["missing"] = size - _paged(url, due)
            ours.append(found)
            say(f"escalations on {_NODES} nodes, round {number}: {found}")
        with place.database() as url:
            cleared.append(_needless(url, needless))
            say(f"timers of ended tickets, round {number}: {cleared[-1]:,.0f}/s")
    missing = int(sum(each["missing"] for each in ours))
    rate, lag = (median(each[name] for each in ours) for name in ("per_second", "lag_p99"))
    base_rate, base_lag = (median(each[name] for each in base) for name in ("per_second", "lag_p99"))
    ratio = median(cleared) / base_rate
    baseline = f"{base_rate:,.0f}/s, p99 {base_lag:.1f} s: APScheduler's SQL job store, {size:,} empty jobs"
    figures = [
        Figure(
            what=f"{size:,} escalations due in one second, {_NODES} nodes, until every page is in the outbox",
            value=f"{rate:,.0f}/s, lag p99 {lag:.1f} s" + (f", {missing} WITHOUT A PAGE" if missing else ""),
            baseline=baseline,
            ratio=f"{rate / base_rate:.2f}",
            goal=f"ratio >= 1, none dropped, lag p99 <= {_GOAL_LAG:.0f} s",
            met=rate >= base_rate and lag <= _GOAL_LAG and not missing,
            times=min(rate / base_rate, _GOAL_LAG / lag),
        ),
        Figure(
            what="claiming and firing timers whose ticket needs nothing any more, one node",
            value=f"{median(cleared):,.0f}/s",
            baseline=f"{base_rate:,.0f}/s: the same",
            ratio=f"{ratio:.1f}",
            goal=f"ratio >= {_GOAL_NEEDLESS:.0f}",
            met=ratio >= _GOAL_NEEDLESS,
            times=ratio / _GOAL_NEEDLESS,
        ),
    ]
    numbers = {"ours": ours, "job_store": base, "needless_per_second": cleared}
    return Result(figures=figures, broken=bool(missing), numbers={"escalations": numbers})


def prepare(url: str, size: int) -> datetime:
    """Make so many new tickets whose next level is due at one instant; return it."""
    engine = engines.connect(url)
    house = house_of(engine)
    house.rulebook = load(ROOT / "rules")
    clock = MovableClock(datetime.now(UTC))
    house.clock = clock
    fill(house, _ORIGINALS * 10)
    while intake.handle_waiting(house):
        pass
    with engine.begin() as connection:
        same = connection.exec_driver_sql(
            "SELECT due_at, array_agg(ticket_id) FROM timers WHERE kind = 'escalation'"
            " GROUP BY due_at ORDER BY count(*) DESC LIMIT 1"
        ).one()
        due, originals = same
        others = "DELETE FROM timers WHERE ticket_id <> ALL(%s)"
        connection.exec_driver_sql(others, (originals,))
    assert isinstance(due, datetime)
    run_until(house, clock, due - timedelta(microseconds=1))
    engine.dispose()
    copy_open(url, originals, size)
    with psycopg.connect(plain(url)) as connection:
        connection.execute("UPDATE outbox SET state = 'sent', status = 'delivered', sent_at = created_at")
        late = connection.execute("SELECT count(*) FROM timers WHERE due_at < %s", (due,)).fetchone()
        assert late == (0,), f"{late} timers are due before"
    return due


def _paged(url: str, due: datetime) -> int:
    """Return of how many tickets a page stands in the outbox since then."""
    with psycopg.connect(plain(url)) as connection:
        found = connection.execute(
            "SELECT count(DISTINCT ticket_id) FROM outbox WHERE rank = 0 AND created_at >= %s", (due,)
        ).fetchone()
    return found[0] if found else 0


def _on_nodes(url: str, due: datetime) -> dict[str, float]:
    """Let the nodes begin at one instant, which their clocks take for `due`."""
    arguments = [sys.executable, "-m", "bench.escalations", url, due.isoformat()]
    nodes = [
        subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(_NODES)
    ]
    for node in nodes:
        assert node.stdout is not None
        assert node.stdout.readline() == "ready\n", "a node did not start"
    start = time.time() + 0.5
    answers = [node.communicate(f"{start}\n", timeout=600)[0] for node in nodes]
    batches = [batch for answer in answers for batch in json.loads(answer)]
    return _rate([at - start for at, count in batches for _ in range(count)])


def node(url: str, due: datetime) -> None:
    """Be one node: fire what is due from the instant on that is told, say when each batch was committed."""
    engine = engines.connect(url)
    house = house_of(engine)
    house.rulebook = load(ROOT / "rules")
    house.clock = MovableClock(due - timedelta(days=1))
    timers.fire_due(house)  # pays for the directory and the rules
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    start = float(sys.stdin.readline())
    time.sleep(max(0.0, start - time.time()))
    house.clock = _Shifted(due - datetime.fromtimestamp(start, UTC))
    batches = []
    while fired := timers.fire_due(house):
        batches.append((time.time(), fired))
    sys.stdout.write(json.dumps(batches))
    engine.dispose()


class _Shifted:
    """The real clock, so much earlier or later."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return datetime.now(UTC) + self._by


def _rate(lags: Sequence[float]) -> dict[str, float]:
    return {
        "per_second": len(lags) / max(lags),
        "lag_p50": quantile(lags, 0.5),
        "lag_p99": quantile(lags, 0.99),
        "count": len(lags),
    }


_RAN: list[float] = []


def nothing() -> None:
    """Be an empty job, and remember when."""
    _RAN.append(time.time())


def _job_store(url: str, size: int) -> dict[str, float]:
    """Let APScheduler run so many empty jobs that are due at one instant, with grace for late ones."""
    _RAN.clear()
    scheduler = BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(url=url)},
        timezone="UTC",
        job_defaults={"misfire_grace_time": None},
    )
    scheduler.start(paused=True)
    due = datetime.now(UTC)
    for number in range(size):
        scheduler.add_job("bench.escalations:nothing", "date", run_date=due, id=str(number))
    start = time.time()
    scheduler.resume()
    while len(_RAN) < size and time.time() - start < _PATIENCE:
        time.sleep(0.05)
    scheduler.shutdown()
    assert len(_RAN) == size, f"APScheduler ran {len(_RAN)} of {size} jobs"
    return _rate([at - start for at in _RAN])


def _needless(url: str, size: int) -> float:
    """Let one node fire timers that tickets have left behind which ended; return how many a second."""
    engine = engines.connect(url)
    house = house_of(engine)
    fill(house, 10)
    assert intake.handle_waiting(house) == 10
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE tickets SET state = 'cancelled', ended_at = opened_at")
        originals = connection.exec_driver_sql("SELECT id FROM tickets").scalars().all()
    copy_open(url, originals, size // 5)
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute("DELETE FROM timers")
        connection.execute(
            "INSERT INTO timers SELECT id, 'clock', key, now(), now()"
            " FROM tickets, generate_series(1, 5) AS key"
        )
        connection.execute("VACUUM (ANALYZE) timers")
    with engine.connect() as connection:
        waiting = connection.exec_driver_sql("SELECT count(*) FROM timers").scalar_one()
    began = time.perf_counter()
    while timers.fire_due(house):
        pass
    seconds = time.perf_counter() - began
    with engine.connect() as connection:
        left = connection.exec_driver_sql("SELECT count(*) FROM timers").scalar_one()
    engine.dispose()
    assert left == 0, f"{left} timers are left"
    return int(waiting) / seconds


if __name__ == "__main__":
    bootstrap.configure_logging("warning")
    node(sys.argv[1], datetime.fromisoformat(sys.argv[2]))
