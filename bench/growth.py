"""What a hundred times as many tickets cost: pages, a new ticket, a timer, at 10,000 and at 1,000,000.

Both databases are filled by bench/filling.py; the larger also has a hundred times as many open tickets. Pages
come from a real web server, in turns from the one and the other.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median

import psycopg
from sqlalchemy import Engine

from app.rulebook.revision import load
from app.store import engine as engines
from app.store import records
from app.store import timers as timer_store
from app.store.records import User
from app.usecases import intake, sessions, timers
from app.usecases.house import House
from bench.backlog import fill, house_of
from bench.company import CONTACTS, ROOT
from bench.figures import Figure, Result
from bench.filling import BUSY_CONTACTS, Filled, MovableClock, fill_database
from bench.place import Place, plain
from bench.processes import free_port

_GOAL = 1.5
_EMAIL = "measured@tidewell.example"
_ACCOUNT = "measured0"
_BY_ROWS = {"mine", "report"}
"""What shows more rows where there are more tickets: no ratio tells anything. The board is full in both."""


@dataclass(slots=True)
class Side:
    """One of the two databases: what it holds, and the seconds that each question took there."""

    name: str
    url: str
    filled: Filled
    house: House
    web: http.client.HTTPConnection
    cookie: str
    taken: dict[str, list[float]] = field(default_factory=dict)
    rows: int = 0


def measure(place: Place, say: Callable[[str], None], *, quick: bool) -> Result:
    """Fill both, ask both in turns, compare the medians."""
    sizes = ((1_000, 400), (20_000, 1_000)) if quick else ((9_600, 400), (980_000, 20_000))
    rounds = 5 if quick else 25
    with ExitStack() as stack:
        small, large = (stack.enter_context(_side(place, *size, say)) for size in sizes)
        for number in range(rounds + 2):
            for side in (small, large):
                _ask(side, number, counted=number >= 2)
        for side in (small, large):
            _fire(side, 10 if quick else 60)
            say(f"{side.name}: " + ", ".join(f"{k} {median(v) * 1e3:.1f} ms" for k, v in side.taken.items()))
    names = {
        "board": "the board's page",
        "mine": "the board's page, only mine",
        "ticket": "a ticket's page",
        "report": "an account's breaches of a month, the page",
        "export": "the same as CSV, for each row",
        "new": "a new ticket, from the stored text to its commit",
        "timer": f"one timer firing, with {_armed(large):,} armed instead of {_armed(small):,}",
    }
    figures = [_figure(what, key, small, large) for key, what in names.items()]
    numbers = {
        side.name: {"tickets": side.filled.tickets, "open": side.filled.open, "seconds": side.taken}
        for side in (small, large)
    }
    return Result(figures=figures, numbers={"growth": numbers})


def _figure(what: str, key: str, small: Side, large: Side) -> Figure:
    ours, base = median(large.taken[key]), median(small.taken[key])
    if key in _BY_ROWS:
        return Figure(
            what=f"{what}, at {large.filled.tickets:,} tickets",
            value=f"{ours * 1e3:.2f} ms",
            baseline=f"{base * 1e3:.2f} ms, of fewer rows: at {small.filled.tickets:,}",
        )
    return Figure(
        what=f"{what}, at {large.filled.tickets:,} tickets",
        value=f"{ours * 1e3:.2f} ms",
        baseline=f"{base * 1e3:.2f} ms: at {small.filled.tickets:,}",
        ratio=f"{ours / base:.2f} x",
        goal=f"<= {_GOAL} x",
        met=ours / base <= _GOAL,
        times=_GOAL * base / ours,
    )


def _armed(side: Side) -> int:
    return side.filled.tickets


@contextmanager
def _side(place: Place, ended: int, open_: int, say: Callable[[str], None]) -> Iterator[Side]:
    port = free_port()
    with place.database() as url:
        began = time.perf_counter()
        filled = fill_database(url, ended, open_, say)
        say(f"{filled.tickets:,} tickets filled in {time.perf_counter() - began:.0f} s")
        engine = engines.connect(url)
        try:
            house = house_of(engine)
            house.rulebook = load(ROOT / "rules")
            cookie = _signed_in(engine)
            with place.server(url, port, role="web", rules=str(ROOT / "rules")):
                web = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
                yield Side(f"{filled.tickets:,} tickets", url, filled, house, web, cookie)
                web.close()
        finally:
            engine.dispose()


def _signed_in(engine: Engine) -> str:
    """Make an owner who is an account manager too; return the cookie of a session."""
    now = datetime.now(UTC)
    user = User(email=_EMAIL, name="Measured", role="owner", person="dana", password_hash="-", active=True)
    with engine.begin() as connection:
        records.put_user(connection, user, now)
    key = sessions.session_key(b"measured" * 4, user, now + timedelta(days=1))
    return f"closeloop_session={key}"


def _ask(side: Side, number: int, *, counted: bool) -> None:
    """Ask each question once, another ticket each time."""
    chosen = side.filled.ended + Random(number).randrange(-400, 400)
    today = datetime.now(UTC).date()
    since, until = today - timedelta(days=60), today - timedelta(days=31)
    month = f"?account={_ACCOUNT}&from={since}&to={until}"
    taken = {
        "board": _page(side, "/")[0],
        "mine": _page(side, "/?who=mine")[0],
        "ticket": _page(side, f"/tickets/{chosen}")[0],
        "report": _page(side, f"/breaches{month}")[0],
        "new": _new_ticket(side, number),
    }
    seconds, body = _page(side, f"/breaches.csv{month}")
    side.rows = body.count(b"\n") - 1
    taken["export"] = seconds / max(1, side.rows)
    if counted:
        for name, value in taken.items():
            side.taken.setdefault(name, []).append(value)


def _page(side: Side, path: str) -> tuple[float, bytes]:
    began = time.perf_counter()
    side.web.request("GET", path, headers={"Cookie": side.cookie})
    answer = side.web.getresponse()
    body = answer.read()
    seconds = time.perf_counter() - began
    assert answer.status == 200, f"{path}: {answer.status}"
    return seconds, body


def _new_ticket(side: Side, number: int) -> float:
    fill(side.house, 1, CONTACTS - 1 - number)
    began = time.perf_counter()
    handled = intake.handle_waiting(side.house)
    seconds = time.perf_counter() - began
    assert handled == 1, f"{handled} messages were handled"
    return seconds


def _fire(side: Side, times: int) -> None:
    """Arm as many timers as there are tickets, far off; fire those of a few new tickets, one at a time."""
    with psycopg.connect(plain(side.url), autocommit=True) as connection:
        connection.execute("DELETE FROM timers")
        connection.execute(
            "INSERT INTO timers SELECT id, 'clock', 'resolve', later, later FROM tickets,"
            " LATERAL (SELECT now() + interval '90 days' + number * interval '1 ms' AS later) t"
        )
        connection.execute("VACUUM (ANALYZE) timers")
    fill(side.house, 8, BUSY_CONTACTS)
    assert intake.handle_waiting(side.house) == 8
    clock = MovableClock(datetime.now(UTC))
    side.house.clock = clock
    taken: list[float] = []
    while len(taken) < times:
        with side.house.engine.connect() as connection:
            due = timer_store.next_due(connection)
        assert due is not None
        clock.at = due
        began = time.perf_counter()
        fired = timers.fire_due(side.house)
        taken.append(time.perf_counter() - began)
        assert fired >= 1, "a timer that is due did not fire"
    side.taken["timer"] = taken[2:]
