"""A database with years behind it: some tickets are worked on by the real engine, and copied with SQL.

A copy has every row that its original has (message, events, clocks, texts, links, timers), moved by whole
days and to another contact, so that pages, reports and `sla verify` find nothing odd about it. All promises
of the copied policies run around the clock, and to those a day is as long as any other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import psycopg
from sqlalchemy import Engine

from app.domain import commands as cmd
from app.domain.ticket import Ticket
from app.rulebook.revision import load
from app.store import engine as engines
from app.store import tickets as ticket_store
from app.store import timers as timer_store
from app.usecases import intake, timers
from app.usecases.actions import perform
from app.usecases.house import House
from bench.backlog import fill, house_of
from bench.company import CONTACTS, ROOT
from bench.place import plain

_ENDED_KINDS, _OPEN_KINDS = 40, 20
_DAYS = 1095
_FIRST_NUMBER = 1_000_000
BUSY_CONTACTS = CONTACTS - 1000
"""Only these contacts have open tickets: a text of any other opens a new one."""
_SPAN = timedelta(days=9)  # how long the slowest original takes, with a day to spare
_DAY = re.compile(r'"(\d{4}-\d{2}-\d{2})T')
_DOCUMENTS = {"tickets": "doc", "events": "data"}
_TABLES = ("tickets", "events", "clocks", "timers", "outbox", "inbox", "links")


class MovableClock:
    """Says what it is told."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What there is now: all tickets, and the open ones. `ended` is the number of one that is not."""

    tickets: int
    open: int
    ended: int


def fill_database(url: str, ended: int, open_: int, say: Callable[[str], None]) -> Filled:
    """Fill a fresh database of bench.place with so many tickets, the open ones of the last hours."""
    engine = engines.connect(url)
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        originals = _work(engine, now)
    finally:
        engine.dispose()
    say(f"{len(originals)} tickets worked on; they are copied {ended + open_:,} times")
    with psycopg.connect(plain(url)) as connection:
        _keep_originals(connection, originals)
        with _bare(connection):
            _copy(connection, ended, open_, _ENDED_KINDS, _OPEN_KINDS)
        _settle(connection)
    return Filled(tickets=ended + open_ + len(originals), open=open_, ended=_FIRST_NUMBER + ended // 2)


def copy_open(url: str, originals: Collection[int], count: int) -> None:
    """Copy these tickets, all of them open, so many times in all, and leave nothing armed for themselves."""
    with psycopg.connect(plain(url)) as connection:
        _keep_originals(connection, dict.fromkeys(originals, True))
        connection.execute("DELETE FROM timers")
        with _bare(connection):
            _copy(connection, 0, count, 0, len(originals))
        _settle(connection)


def _settle(connection: psycopg.Connection) -> None:
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM (ANALYZE)")
    connection.execute("CHECKPOINT")


def _work(engine: Engine, now: datetime) -> dict[int, bool]:
    """Open tickets and have them worked on until `now`; return their ids, and whether each is still open."""
    house = house_of(engine)
    house.rulebook = load(ROOT / "rules")
    clock = MovableClock(now - _SPAN)
    house.clock = clock
    for number in range(_ENDED_KINDS):
        clock.at = now - _SPAN + timedelta(minutes=37 * number)
        _worked(house, clock, _opened(house, number), number)
        run_until(house, clock, now - timedelta(days=1))
    ended = _all(engine)
    for number in range(_OPEN_KINDS):
        clock.at = now - timedelta(minutes=100 - 4 * number)
        ticket = _opened(house, _ENDED_KINDS + number)
        if number % 3:
            run_until(house, clock, clock.at + timedelta(minutes=2))
            who = _asked(house, ticket)
            perform(house, ticket.id, cmd.Acknowledge(actor=f"person:{who}", person=who))
    run_until(house, clock, now)
    found = _all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE outbox SET state = 'sent', status = 'delivered', attempts = 1, sent_at = created_at,"
            " finished_at = created_at, provider_id = 'SM' || md5(id::text)"
        )
    still = [ticket.number for key, ticket in found.items() if key in ended and ticket.open]
    assert not still, f"tickets {still} should have ended"
    return {key: ticket.open for key, ticket in found.items()}


def _opened(house: House, number: int) -> Ticket:
    """Take in one text; return its ticket."""
    fill(house, 1, number)
    known = _all(house.engine)
    assert intake.handle_waiting(house) == 1
    (ticket,) = (ticket for key, ticket in _all(house.engine).items() if key not in known)
    return ticket


def _worked(house: House, clock: MovableClock, ticket: Ticket, number: int) -> None:
    """Have it done: most quickly, every fourth late, every fifth with a hold, most of them confirmed."""
    slow = 60 if number % 4 == 0 else 1

    def wait(minutes: int) -> None:
        run_until(house, clock, clock.at + timedelta(minutes=minutes))

    wait(3 * min(slow, 8))
    who = _asked(house, ticket)
    by = {"actor": f"person:{who}", "person": who}
    perform(house, ticket.id, cmd.Acknowledge(**by))
    wait(2)
    perform(house, ticket.id, cmd.GiveEta(**by, eta=clock.at + timedelta(minutes=40)))
    wait(30 + 5 * slow)
    perform(house, ticket.id, cmd.Arrive(**by))
    if number % 5 == 0:
        wait(10)
        perform(house, ticket.id, cmd.Hold(**by, reason="waiting_parts", duration=timedelta(hours=2)))
        wait(60)
        perform(house, ticket.id, cmd.Release(**by))
    wait(15 + 5 * slow)
    perform(house, ticket.id, cmd.Update(**by, text="we found the valve and are changing it"))
    wait(20)
    perform(house, ticket.id, cmd.Resolve(**by, text="replaced valve"))
    wait(11)
    if number % 7:
        perform(house, ticket.id, cmd.Confirm(actor=f"contact:{ticket.requester.contact}", text="yes"))


def _asked(house: House, ticket: Ticket) -> str:
    with house.engine.connect() as connection:
        found = ticket_store.by_ids(connection, [ticket.id])[ticket.id]
    return next(iter((*found.escalation.asked, *found.paged)), "dana")


def run_until(house: House, clock: MovableClock, until: datetime) -> None:
    """Fire each timer at its own instant."""
    while True:
        with house.engine.connect() as connection:
            due = timer_store.next_due(connection)
        if due is None or due > until:
            break
        clock.at = max(clock.at, due)
        timers.fire_due(house)
    clock.at = max(clock.at, until)


def _all(engine: Engine) -> dict[int, Ticket]:
    with engine.connect() as connection:
        ids = connection.exec_driver_sql("SELECT id FROM tickets").scalars().all()
        return ticket_store.by_ids(connection, ids)


_PLACES = """
CREATE UNLOGGED TABLE bench_contacts AS
SELECT row_number() OVER (ORDER BY c.key) - 1 AS c, c.key, c.account, min(s.site) AS site,
    min(a.address) AS address
FROM contacts c JOIN contact_sites s ON s.contact = c.key JOIN contact_addresses a ON a.contact = c.key
WHERE c.key LIKE '%measured-%' GROUP BY c.key
"""


def _keep_originals(connection: psycopg.Connection, originals: Mapping[int, bool]) -> None:
    """Keep each original's rows with marks in the place of what its copies have of their own."""
    connection.execute(_PLACES)
    in_order = sorted(originals, key=lambda key: (originals[key], key))  # those that ended come first
    for table in _TABLES:
        key = "id" if table == "tickets" else "ticket_id"
        connection.execute(
            f"CREATE UNLOGGED TABLE bench_{table} AS"
            " SELECT k - 1 AS k, row_number() OVER (PARTITION BY k) AS r, CAST(NULL AS text) AS words, x.*"
            f" FROM {table} x"
            f" JOIN unnest(%s::bigint[]) WITH ORDINALITY AS o (original, k) ON o.original = x.{key}",
            (in_order,),
        )
    for table, column in _DOCUMENTS.items():
        rows = connection.execute(
            f"SELECT b.k, b.r, b.{column}, t.opened_at::date FROM bench_{table} b"
            " JOIN bench_tickets t USING (k)"
        ).fetchall()
        for kind, row, document, opened in rows:
            words = _marked(json.dumps(document), opened)
            if "@" in words:
                connection.execute(
                    f"UPDATE bench_{table} SET words = %s WHERE k = %s AND r = %s", (words, kind, row)
                )


def _marked(words: str, opened: date) -> str:
    """Return a document with `@0@T` for each instant of the first day, `@1@T` of the next, and so on."""
    return _DAY.sub(lambda found: f'"@{(date.fromisoformat(found[1]) - opened).days}@T', words)


# Copy n: which original, moved back by how many days, from which contact. Old ones first, as in life.
_PLAN = """
CREATE UNLOGGED TABLE bench_plan AS
SELECT p.*, p.n * 100 + 100 AS id, {first} + p.n AS number, make_interval(days => p.days) AS shift,
    t.opened_at::date - p.days AS day, c.key, c.account, c.site, c.address
FROM (
    SELECT n, CASE WHEN n < {ended} THEN n % {kinds} ELSE {kinds} + n % {open_kinds} END AS k,
        CASE WHEN n < {ended} THEN (({ended} - 1 - n) * {days} / {ended})::int ELSE 0 END AS days,
        n * 7919 % (CASE WHEN n < {ended} THEN {contacts} ELSE {busy} END) AS c
    FROM generate_series(0::bigint, {all} - 1) AS n
) p JOIN bench_tickets t USING (k) JOIN bench_contacts c USING (c)
"""
# An original's documents on one day, for all of its copies of that day.
_DATED = "x.words"
for _day in range(8):
    _DATED = f"replace({_DATED}, '@{_day}@', (p.day + {_day})::text)"
_DATED = f"""
CREATE UNLOGGED TABLE bench_dated AS SELECT p.k, p.days, x.r, {_DATED}::jsonb AS doc
FROM (SELECT DISTINCT k, days, day FROM bench_plan) p JOIN bench_{{table}} x USING (k)
WHERE x.words IS NOT NULL
"""
_CUSTOMER = "CASE WHEN x.person = '' THEN p.address ELSE x.address END"
_WHOSE = (
    "jsonb_build_object('number', p.number, 'account', p.account, 'site', p.site, 'requester',"
    " d.doc->'requester' || jsonb_build_object('contact', p.key, 'address', p.address))"
)
_OWN: Mapping[str, Mapping[str, str]] = {
    "tickets": {
        "id": "p.id",
        "number": "p.number",
        "account": "p.account",
        "site": "p.site",
        "contact": "p.key",
        "address": "p.address",
        "doc": f"d.doc || {_WHOSE} || jsonb_build_object('id', p.id)",
    },
    "events": {
        "id": "p.id + x.seq",
        "actor": "CASE WHEN x.actor LIKE 'contact:%' THEN 'contact:' || p.key ELSE x.actor END",
        "data": f"CASE WHEN x.kind = 'opened' THEN x.data || {_WHOSE.replace('d.doc', 'x.data')}"
        " || jsonb_build_object('inbox_id', p.id + 1) ELSE coalesce(d.doc, x.data) END",
    },
    "clocks": {"number": "p.number", "account": "p.account", "site": "p.site"},
    "timers": {},
    "outbox": {"id": "p.id + x.r", "address": _CUSTOMER, "provider_id": "'SM' || md5((p.id + x.r)::text)"},
    "inbox": {"id": "p.id + x.r", "key": "'SM' || md5('in' || p.id + x.r)", "sender": "p.address"},
    "links": {"token_hash": "sha256((p.id || x.person)::bytea)"},
}


@contextmanager
def _bare(connection: psycopg.Connection) -> Iterator[None]:
    """Take the tables' indexes and checks of references away for as long as rows are poured in."""
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND schemaname = 'public'"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        (list(_TABLES),),
    ).fetchall()
    connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
    connection.execute("SET work_mem = '256MB'")
    for name, _ in indexes:
        connection.execute(f'DROP INDEX "{name}"')
    yield
    for _, definition in indexes:
        connection.execute(definition)
    connection.execute("SET session_replication_role = DEFAULT")


def _copy(connection: psycopg.Connection, ended: int, open_: int, kinds: int, open_kinds: int) -> None:
    plan = _PLAN.format(
        first=_FIRST_NUMBER,
        ended=ended,
        all=ended + open_,
        kinds=kinds,
        open_kinds=open_kinds,
        days=_DAYS,
        contacts=CONTACTS,
        busy=BUSY_CONTACTS,
    )
    connection.execute(plan)
    connection.execute("ANALYZE")
    for table in _TABLES:
        own = {"ticket_id": "p.id", **_OWN[table]}
        columns = connection.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position",
            (table,),
        ).fetchall()
        values = [
            own.get(name) or (f"x.{name} - p.shift" if kind.startswith("timestamp") else f"x.{name}")
            for name, kind in columns
        ]
        source = f"bench_plan p JOIN bench_{table} x USING (k)"
        if table in _DOCUMENTS:
            connection.execute(_DATED.format(table=table))
            connection.execute("ANALYZE bench_dated")
            source += " LEFT JOIN bench_dated d USING (k, days, r)"
        connection.execute(
            f"INSERT INTO {table} ({', '.join(name for name, _ in columns)}) SELECT {', '.join(values)}"
            f" FROM {source} ORDER BY p.n, x.r"
        )
        connection.execute("DROP TABLE IF EXISTS bench_dated")
    connection.execute("SELECT setval('ticket_numbers', %s)", (_FIRST_NUMBER * 10,))
    for table in ("plan", "contacts", *_TABLES):
        connection.execute(f"DROP TABLE bench_{table}")
