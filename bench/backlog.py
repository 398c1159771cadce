"""From a stored message to its committed ticket, with a backlog waiting, against raw psycopg."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from itertools import islice
from queue import Empty, SimpleQueue
from statistics import median
from threading import Thread

import psycopg
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.string import TextLoader
from sqlalchemy import Engine

from app import bootstrap
from app.inbound.twilio import message_of
from app.rulebook.revision import load
from app.store import engine as engines
from app.store import inbox as inbox_store
from app.usecases import intake
from app.usecases.house import House, Identity
from bench.company import ROOT, messages
from bench.figures import Figure, Result
from bench.load import as_fast_as_it_goes, sms_fields, sms_request
from bench.place import Place, plain
from bench.processes import free_port

_CONNECTIONS = 16
_TABLES = ("tickets", "events", "timers", "outbox", "links")
Statement = tuple[str, Sequence[object]]


def measure(place: Place, say: Callable[[str], None], *, quick: bool) -> Result:
    """Measure intake alone and raw psycopg in turns; then a whole server that sends meanwhile, once."""
    rounds, size = (1, 300) if quick else (5, 10_000)
    ours: list[float] = []
    raw: list[float] = []
    rows = 0.0
    for number in range(1, rounds + 1):
        with place.database() as database:
            ours.append(_intake_alone(database, size))
            say(f"backlog, intake alone, round {number}: {ours[-1]:,.0f} messages/s")
            rate, rows = _raw(database)
            raw.append(rate)
            say(f"backlog, raw psycopg, round {number}: {raw[-1]:,.0f} messages/s")
    with place.database() as database:
        whole = _whole_server(place, database, min(size, 2000))
    rate, base = median(ours), median(raw)
    met = rate / base >= 0.5 and rate > 1000
    figures = [
        Figure(
            what=f"stored message to committed ticket, timers and outbox, backlog of {size:,}",
            value=f"{rate:,.0f}/s",
            baseline=f"{base:,.0f}/s: raw psycopg, {_CONNECTIONS} connections, the same {rows:.1f} rows"
            " a message, one commit each",
            ratio=f"{rate / base:.2f}",
            goal="ratio >= 0.5 and > 1,000/s",
            met=met,
            times=min(rate / base / 0.5, rate / 1000),
        ),
        Figure(
            what="the same in a whole server that hands its pages and texts to the provider meanwhile",
            value=f"{whole:,.0f}/s",
        ),
    ]
    numbers = {
        "intake_per_second": ours,
        "raw_per_second": raw,
        "rows": rows,
        "whole_server_per_second": whole,
    }
    return Result(figures=figures, numbers={"backlog": numbers})


def house_of(engine: Engine) -> House:
    """Return a house on that database, with the measured rulebook; nothing is woken."""
    return House(
        engine=engine,
        clock=bootstrap.SystemClock(),
        ids=bootstrap.SystemIds(),
        rulebook=load(ROOT / "rules", ROOT / "bench" / "rules"),
        identity=Identity(
            public_url="http://127.0.0.1:1",
            mail_domain="help.tidewell.example",
            secret=b"m" * 32,
            node="bench",
        ),
    )


def fill(house: House, size: int, skip: int = 0) -> None:
    """Store `size` messages of different senders, as the webhook does."""
    written = [
        message_of({k: [v] for k, v in fields.items()}, request, house.clock.now())
        for _mark, phone, text in islice(messages(), skip, skip + size)
        for sid in (f"SM{secrets.token_hex(16)}",)
        for fields, request in (
            (sms_fields(sid, phone, text), sms_request("http://127.0.0.1:1", sid, phone, text)),
        )
    ]
    with house.begin() as connection:
        for start in range(0, size, 250):
            rows = [(house.ids.next(), item) for item in written[start : start + 250]]
            inbox_store.store(connection, rows)


def _intake_alone(database: str, size: int) -> float:
    engine = engines.connect(database)
    house = house_of(engine)
    warm = 64
    fill(house, warm)
    intake.handle_waiting(house)  # pays for what is loaded on first use
    fill(house, size, warm)
    began, done = time.perf_counter(), 0
    while handled := intake.handle_waiting(house):
        done += handled
    seconds = time.perf_counter() - began
    engine.dispose()
    assert done == size, f"{done} of {size} messages were handled"
    return size / seconds


def _raw(database: str) -> tuple[float, float]:
    """Write the same rows again with plain psycopg; return messages a second and rows a message.

    Into tables with the same columns and indexes, but without foreign keys, which is to the baseline's
    advantage.
    """
    with psycopg.connect(plain(database)) as connection:
        connection.adapters.register_loader("jsonb", TextLoader)
        connection.execute("CREATE SCHEMA raw")
        for table in (*_TABLES, "inbox"):
            names = Identifier(table), Identifier(table)
            connection.execute(SQL("CREATE TABLE raw.{} (LIKE public.{} INCLUDING ALL)").format(*names))
        connection.execute("INSERT INTO raw.inbox SELECT * FROM public.inbox")
        connection.execute("UPDATE raw.inbox SET state = 'new', ticket_id = NULL, handled_at = NULL")
        work = _statements(connection)
        connection.commit()
    queue: SimpleQueue[Sequence[Statement]] = SimpleQueue()
    for statements in work.values():
        queue.put(statements)
    threads = [Thread(target=_write, args=(database, queue)) for _ in range(_CONNECTIONS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    return len(work) / seconds, sum(map(len, work.values())) / len(work)


def _statements(connection: psycopg.Connection) -> Mapping[int, Sequence[Statement]]:
    """Return for each ticket the statements that write its rows, in order."""
    work: dict[int, list[Statement]] = {}
    for table in _TABLES:
        cursor = connection.execute(SQL("SELECT * FROM {}").format(Identifier(table)))
        names = [column.name for column in cursor.description or ()]
        statement = SQL("INSERT INTO raw.{} ({}) VALUES ({})").format(
            Identifier(table),
            SQL(", ").join(map(Identifier, names)),
            SQL(", ").join(Placeholder() * len(names)),
        )
        words = statement.as_string(connection)
        at = names.index("id" if table == "tickets" else "ticket_id")
        for row in cursor:
            work.setdefault(row[at], []).append((words, row))
    done = "UPDATE raw.inbox SET state = 'done', ticket_id = %s, handled_at = now() WHERE id = %s"
    for ticket_id, inbox_id in connection.execute(
        "SELECT ticket_id, id FROM inbox WHERE ticket_id IS NOT NULL"
    ):
        work[ticket_id].append((done, (ticket_id, inbox_id)))
    return work


def _write(database: str, queue: SimpleQueue[Sequence[Statement]]) -> None:
    with psycopg.connect(plain(database)) as connection:
        while True:
            try:
                statements = queue.get_nowait()
            except Empty:
                return
            for words, values in statements:
                connection.execute(words.encode(), values)
            connection.commit()


def _whole_server(place: Place, database: str, size: int) -> float:
    """Store a backlog by webhook, start a server with its worker; return messages a second."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    requests = [
        sms_request(url, f"SM{secrets.token_hex(16)}", phone, text)
        for _mark, phone, text in islice(messages(), size)
    ]
    with place.server(database, port, role="web"):
        asyncio.run(as_fast_as_it_goes(port, requests, 32))
    with (
        place.phones(port) as (_, phones),
        closing(psycopg.connect(plain(database), autocommit=True)) as watch,
        place.server(database, port, phones.url),
    ):
        began, before = time.perf_counter(), 0
        while (committed := _tickets(watch)) < size:
            if not before and committed:  # the clock starts with the first batch, not with the server
                began, before = time.perf_counter(), committed
            time.sleep(0.02)
        return (size - before) / (time.perf_counter() - began)


def _tickets(connection: psycopg.Connection) -> int:
    return sum(count for (count,) in connection.execute("SELECT count(*) FROM tickets"))
