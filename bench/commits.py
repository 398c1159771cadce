"""The baseline of the latencies: what one durable commit costs here, with nothing around it."""

from __future__ import annotations

import time

import psycopg

from bench.place import plain


def commit_latencies(database: str, count: int, per_second: float = 50.0) -> list[float]:
    """Insert one row a commit, paced; return the seconds of each insert with its commit."""
    taken = []
    with psycopg.connect(plain(database)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS one_row (id bigint PRIMARY KEY, words text)")
        connection.commit()
        start = time.perf_counter()
        for number in range(count):
            time.sleep(max(0.0, start + number / per_second - time.perf_counter()))
            began = time.perf_counter()
            connection.execute("INSERT INTO one_row VALUES (%s, %s)", (number, "water through the ceiling"))
            connection.commit()
            taken.append(time.perf_counter() - began)
        connection.execute("DROP TABLE one_row")
        connection.commit()
    return taken
