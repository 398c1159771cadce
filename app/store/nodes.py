"""Processes on this database: their signs of life, all by the database's clock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.store.node_tables import nodes


def instant(connection: Connection) -> datetime:
    """Return the present instant by the database's clock."""
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now


def beat(connection: Connection, node: str, *, role: str, version: str, skew: float) -> None:
    """Write a sign of life of `node`. `skew` is how many seconds its clock is ahead of the database's."""
    now = func.clock_timestamp()
    statement = insert(nodes).values(
        node=node, role=role, version=version, started_at=now, seen_at=now, skew_seconds=skew
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[nodes.c.node], set_={"seen_at": now, "skew_seconds": skew}
        )
    )


def silent(connection: Connection, asked: Collection[str], patience: timedelta) -> set[str]:
    """Return those of the `asked` nodes that gave signs of life, and none for longer than `patience`."""
    if not asked:
        return set()
    late = nodes.c.seen_at < func.clock_timestamp() - patience
    return set(connection.execute(select(nodes.c.node).where(nodes.c.node.in_(asked), late)).scalars())


def leave(connection: Connection, node: str) -> None:
    """Strike out a node that ends in order."""
    connection.execute(delete(nodes).where(nodes.c.node == node))


def forget(connection: Connection, patience: timedelta) -> int:
    """Strike out nodes that have been silent for longer than `patience`; return how many."""
    return connection.execute(
        delete(nodes).where(nodes.c.seen_at < func.clock_timestamp() - patience)
    ).rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One process. `silent_seconds` since its last sign of life, `skew_seconds` its clock is ahead."""

    node: str
    role: str
    version: str
    started_at: datetime
    silent_seconds: float
    skew_seconds: float


_NODES = text(
    """
    SELECT node, role, version, started_at, skew_seconds,
        CAST(extract(epoch FROM clock_timestamp() - seen_at) AS double precision) AS silent_seconds
    FROM nodes ORDER BY seen_at DESC LIMIT :limit
    """,
)


def known(connection: Connection, limit: int = 100) -> list[Node]:
    """Return the nodes that were seen last."""
    return [Node(**row) for row in connection.execute(_NODES, {"limit": limit}).mappings()]
