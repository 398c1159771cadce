"""Replay of 100,000 messages: an unchanged rulebook, and one that changes the priority of many.

    python -m bench.replay [COUNT]

Tickets and their first events are copied with SQL from one real ticket; their messages are those of
tests/data/messages.csv, each copy with a word of its own, so that nothing is asked about twice.
"""

from __future__ import annotations

import copy
import csv
import json
import resource
import sys
import time
from datetime import timedelta

from sqlalchemy import text

from app.rulebook.revision import Rulebook, from_document
from app.usecases.desk import Desk
from app.usecases.house import House
from app.usecases.replay import replay
from app.usecases.replay_words import summary
from app.usecases.typed import Typed, open_typed
from bench.still_house import ANN, MONTH, NOW, ROOT, StillClock, still_house, tidy, work_on

COPY = """
INSERT INTO tickets SELECT n, 10000 + n, t.version, t.state, t.priority, t.trade, t.account,
    t.site, t.contact, t.address, t.assignee, o.at, o.at, t.ended_at, '', NULL, t.revision, t.policy,
    t.doc || jsonb_build_object('id', n, 'number', 10000 + n, 'opened_at', o.at, 'history', (
        SELECT jsonb_agg(h || jsonb_build_object('at', (h->>'at')::timestamptz + (o.at - t.opened_at)))
        FROM jsonb_array_elements(t.doc->'history') h))
FROM tickets t, generate_series(1, CAST(:count AS bigint)) n,
    LATERAL (SELECT t.opened_at + (n % 43200) * interval '60 s' AS at) o
WHERE t.number = 1042
"""
COPY_OPENED = """
INSERT INTO events SELECT c.id, c.id, 1, 'opened', c.opened_at, c.opened_at, e.actor,
    e.data || jsonb_build_object('revision', 'earlier', 'number', c.number, 'text', m.text,
        'facts', e.data->'facts' || jsonb_build_object('text', m.text, 'subject', m.subject))
FROM tickets c
JOIN events e ON e.kind = 'opened' AND e.data->>'number' = '1042'
JOIN LATERAL (
    SELECT (CAST(:texts AS jsonb)->(c.id % :kinds)::int->>0) || ' (' || c.number || ')' AS text,
        CAST(:texts AS jsonb)->(c.id % :kinds)::int->>1 AS subject) m ON true
WHERE c.number > 10000
"""


def one_ticket(house: House, clock: StillClock) -> None:
    """Open ticket 1042 by the rules, with real commands after it."""
    with house.begin() as connection:
        desk = Desk(house, connection, clock.at)
        site = next(iter(desk.roster.directory.sites.values()))
        typed = Typed(text="water", account=site.account, site=site.key, contact_at=clock.at)
        ticket = open_typed(desk, typed, actor="user:a@b.example", person="", requester=ANN).ticket
        desk.flush()
    work_on(house, clock, ticket.id, (18, 200, 120))


def changed(book: Rulebook) -> Rulebook:
    """Return the rulebook with every plumbing ticket at P2 and a slower night."""
    document = copy.deepcopy(dict(book.document))
    files = document["files"]
    assert isinstance(files, dict)
    files["routing"]["priority"].insert(
        0, {"name": "plumbing waits", "when": 'trade == "plumbing" && length < 30', "priority": "P2"}
    )
    return from_document(document)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with still_house() as (house, clock):
        engine = house.engine
        one_ticket(house, clock)
        with (ROOT / "tests" / "data" / "messages.csv").open(encoding="utf-8", newline="") as file:
            texts = [(row["text"], row["subject"]) for row in csv.DictReader(file) if row["text"]]
        with engine.begin() as connection:
            connection.execute(text(COPY), {"count": count})
            values = {"texts": json.dumps(texts), "kinds": len(texts)}
            connection.execute(text(COPY_OPENED), values)
        tidy(engine)
        clock.at = NOW
        old = house.rulebook
        for name, new in (("unchanged", from_document(old.document)), ("changed", changed(old))):
            began, spent = time.perf_counter(), time.process_time()
            found = replay(house, old, new, MONTH - timedelta(days=1))
            took, spent = time.perf_counter() - began, time.process_time() - spent
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{name}: {found.messages} messages in {took:.1f} s ({spent:.1f} s of a core), {memory:.0f}M"
            )
            print(*summary(found), sep="\n  ")


if __name__ == "__main__":
    sys.exit(main())
