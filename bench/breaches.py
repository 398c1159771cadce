"""The breach audit with much behind it: one account with 100,000 tickets in a month, and a year of others.

    python -m bench.breaches

Tickets, events and clock rows are copied with SQL from one real ticket, so that the page has all
of its work to do. Prints what each question and the whole page take, and the query plans.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy import Engine, event, text

from app.domain import commands as cmd
from app.domain.classification import Classification, ClosureTerms, Route
from app.store import breaches as store
from app.store import tickets as ticket_store
from app.usecases import breaches
from app.usecases.desk import Desk
from app.usecases.house import House
from app.web.breach_filters import BreachFilters
from app.web.breach_page import breach_page
from bench.still_house import ANN, MONTH, NOW, StillClock, still_house, tidy, work_on

TICKETS, OTHERS = 100_000, 50_000
ACCOUNT = "bigcorp"

# Ticket n: opened within the month (or, for the others, within a year); every 12th is acknowledged too late.
COPY_TICKETS = """
INSERT INTO tickets SELECT n, 10000 + n, t.version, t.state, t.priority, t.trade, :account,
    t.site, t.contact, t.address, t.assignee, o.at, o.at, t.ended_at + (o.at - t.opened_at), '', NULL,
    t.revision, t.policy,
    t.doc || jsonb_build_object('id', n, 'number', 10000 + n, 'account', cast(:account AS text),
        'opened_at', o.at, 'history', (
            SELECT jsonb_agg(h || jsonb_build_object('at',
                (h->>'at')::timestamptz + (o.at - t.opened_at) + CASE WHEN h->>'type' = 'opened' OR n % 12 > 0
                  THEN interval '-35 min' * (h->>'type' <> 'opened')::int
                  ELSE interval '0' END))
            FROM jsonb_array_elements(t.doc->'history') h))
FROM tickets t, generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) n,
    LATERAL (SELECT CAST(:start AS timestamptz) + (n % 43200) * CAST(:step AS interval) AS at) o
WHERE t.number = 1042
"""
COPY_EVENTS = """
INSERT INTO events SELECT c.id * 100 + e.seq, c.id, e.seq, e.kind, e.at + (c.opened_at - t.opened_at),
    e.recorded_at + (c.opened_at - t.opened_at), e.actor, e.data
FROM events e JOIN tickets t ON t.id = e.ticket_id AND t.number = 1042, tickets c
WHERE c.id BETWEEN :first AND :last
    AND e.kind IN ('opened', 'acknowledged', 'arrived', 'resolved', 'breached')
"""
COPY_CLOCKS = """
INSERT INTO clocks SELECT c.id, k.metric, c.number, c.account, c.site, c.priority,
    c.trade, k.held_by, c.opened_at,
    CASE WHEN late THEN k.state ELSE 'met' END, k.target_seconds, k.elapsed_seconds,
    CASE WHEN late THEN k.over_seconds END, k.due_at + (c.opened_at - t.opened_at),
    CASE WHEN late THEN k.breached_at + (c.opened_at - t.opened_at) END,
    k.stopped_at + (c.opened_at - t.opened_at),
    CASE WHEN late THEN k.breached_at ELSE coalesce(k.stopped_at, t.opened_at) END
        + (c.opened_at - t.opened_at),
    CASE WHEN late THEN (ARRAY['', 'parts', 'travel', 'force_majeure', 'no_access'])[c.id / 12 % 5 + 1]
        ELSE '' END,
    late AND c.id / 12 % 5 > 2
FROM clocks k JOIN tickets t ON t.id = k.ticket_id AND t.number = 1042, tickets c,
    LATERAL (SELECT k.breached_at IS NOT NULL AND c.id % 12 = 0 AS late) l
WHERE c.id BETWEEN :first AND :last
"""


def timed(name: str, act: Callable[[], object], times: int = 7) -> None:
    """Print the first and the median time of `act` in milliseconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        spent.append((time.perf_counter() - began) * 1000)
    print(f"{name:46} first {spent[0]:8.1f} ms   median {statistics.median(spent):8.1f} ms")


def fill(engine: Engine) -> None:
    """Copy ticket 1042 many times."""
    plan = [
        (ACCOUNT, 1, TICKETS, MONTH, "60 s"),
        ("smallco", TICKETS + 1, TICKETS + OTHERS, MONTH - timedelta(days=300), "600 s"),
    ]
    for account, first, last, start, step in plan:
        values = {"account": account, "first": first, "last": last, "start": start, "step": step}
        with engine.begin() as connection:
            for statement in (COPY_TICKETS, COPY_EVENTS, COPY_CLOCKS):
                used = {k: v for k, v in values.items() if f":{k}" in statement}
                connection.execute(text(statement), used)
    tidy(engine)


def plans(engine: Engine, wanted: store.Wanted) -> None:
    """Print the plan of each question."""
    explaining = False

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def explain(
        _c: object, _cur: object, sql: str, values: object, _ctx: object, _many: bool
    ) -> tuple[str, object]:
        return (f"EXPLAIN (ANALYZE, BUFFERS OFF, COSTS OFF) {sql}" if explaining else sql), values

    @event.listens_for(engine, "after_cursor_execute")
    def tell(_c: object, cursor: object, *_more: object) -> None:
        if explaining:
            print("\n".join(f"    {row[0]}" for row in cursor.fetchall()))

    for name, ask in (
        ("page", lambda c: store.page(c, wanted, None, 51)),
        ("totals", lambda c: store.totals(c, wanted, "America/New_York")),
        ("decided", lambda c: store.decided(c, wanted)),
        ("people", lambda c: store.people(c, wanted)),
    ):
        print(f"  {name}")
        with engine.connect() as connection, contextlib.suppress(Exception):
            explaining = True
            try:
                ask(connection)
            finally:
                explaining = False
    event.remove(engine, "before_cursor_execute", explain)
    event.remove(engine, "after_cursor_execute", tell)


def one_ticket(house: House, clock: StillClock) -> None:
    """Make ticket 1042 with real commands: late in everything, resolved in the end."""
    with house.begin() as connection:
        desk = Desk(house, connection, clock.at)
        directory = desk.roster.directory
        site = next(iter(directory.sites.values()))
        policy = house.policy_hash(connection, "standard")
        terms = ClosureTerms(remind_after=timedelta(hours=4), close_after=timedelta(days=1))
        desk.apply(
            cmd.Open(
                actor=f"address:{ANN.address}",
                ticket_id=house.ids.next(),
                number=1042,
                contact_at=clock.at,
                requester=ANN,
                account=site.account,
                site=site.key,
                text="water through the ceiling",
                classification=Classification(priority="P1", trade="plumbing", rules=("water",)),
                route=Route(ladder=next(iter(house.rulebook.ladders)), sla="standard", confirm=terms),
                revision=house.rulebook.hash,
                policy=policy,
                inbox_id=None,
                ask_site=False,
            ),
        )
        desk.flush()
    with house.begin() as connection:
        ticket_id = next(iter(ticket_store.by_numbers(connection, [1042])))
    work_on(house, clock, ticket_id, (40, 260, 120))


def whole_page(house: House, filters: BreachFilters) -> None:
    breach_page(breaches.audit(house, filters.wanted(NOW, "America/New_York")), filters)


def main() -> None:
    with still_house() as (house, clock):
        engine = house.engine
        one_ticket(house, clock)
        began = time.perf_counter()
        fill(engine)
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT count(*), count(breached_at) FROM clocks")).one()
            size = connection.execute(
                text("SELECT pg_size_pretty(pg_total_relation_size('clocks'))")
            ).scalar()
        print(
            f"{rows[0]} clocks, {rows[1]} breached, {size} with indexes ({time.perf_counter() - began:.0f} s)"
        )
        clock.at = NOW
        for name, query in (
            ("account, month", {"account": ACCOUNT, "from": "2026-06-01", "to": "2026-06-30"}),
            (
                "account, month, not excused, arrive",
                {
                    "account": ACCOUNT,
                    "from": "2026-06-01",
                    "to": "2026-06-30",
                    "excused": "no",
                    "metric": "arrive",
                },
            ),
            ("everybody, month", {"from": "2026-06-01", "to": "2026-06-30"}),
            ("everybody, year", {"from": "2025-08-01", "to": "2026-07-31"}),
        ):
            filters = BreachFilters.read(query)
            wanted = filters.wanted(NOW, "America/New_York")
            found = breaches.audit(house, wanted)
            count = sum(total.count for total in found.totals)
            print(f"{name}: {count} of {found.decided} breached")
            timed("  the whole page", partial(whole_page, house, filters))
            if name == "account, month":
                with engine.connect() as connection:
                    timed("  page", partial(store.page, connection, wanted, None, 51))
                    timed("  totals", partial(store.totals, connection, wanted, "America/New_York"))
                    timed("  decided", partial(store.decided, connection, wanted))
                    timed("  people", partial(store.people, connection, wanted))
                plans(engine, wanted)


if __name__ == "__main__":
    sys.exit(main())
