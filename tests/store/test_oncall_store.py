"""Leave, overrides and the ledger: what the snapshot sees of them, and that a key is given out once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine

from app.domain.directory import LaterOverride, Leave
from app.store import directory as directory_store
from app.store import oncall as store
from app.usecases.directory import load_directory
from app.usecases.directory_file import parse_directory
from tests.stories.town import COMPANY

NOW = datetime(2026, 6, 9, 6, 11, tzinfo=UTC)
HOUR = timedelta(hours=1)


def load(engine: Engine) -> None:
    load_directory(engine, parse_directory(COMPANY.read_text("utf-8"), "c"), now=NOW)


def a_leave(number: int, person: str, starts: datetime = NOW) -> store.LeaveRow:
    return store.LeaveRow(
        id=number, person=person, starts=starts, ends=starts + HOUR, entered_by="user:x", entered_at=NOW
    )


def an_override(number: int, joins: str) -> store.OverrideRow:
    return store.OverrideRow(
        id=number,
        schedule="duty",
        starts=NOW,
        ends=NOW + HOUR,
        joins=joins,
        entered_by="user:x",
        entered_at=NOW,
    )


def snapshot(connection: Connection) -> tuple[list[str], list[str]]:
    seen = directory_store.read_directory(connection)
    assert all(isinstance(one, Leave) and one.end - one.start == HOUR for one in seen.leave)
    assert all(isinstance(one, LaterOverride) and one.start == NOW for one in seen.overrides)
    return [one.person for one in seen.leave], [one.joins for one in seen.overrides]


def test_the_snapshot_has_what_is_in_force_in_order(engine: Engine) -> None:
    load(engine)
    with engine.begin() as connection:
        before = directory_store.read_version(connection)
        long_ago = NOW - timedelta(days=500)
        store.add_leave(connection, [a_leave(3, "luis"), a_leave(2, "dana"), a_leave(1, "ben", long_ago)])
        store.add_overrides(connection, [an_override(9, "ruth"), an_override(8, "noor")])
        assert store.changed(connection, NOW) == before + 1
        assert snapshot(connection) == (["dana", "luis"], ["noor", "ruth"])
        assert [row.id for row in store.leave_ahead(connection, NOW)] == [2, 3]
        assert [row.person for row in store.leave_ahead(connection, NOW, person="dana")] == ["dana"]
        assert store.withdraw_leave(connection, [2, 77], by="user:x", now=NOW) == 1
        assert store.withdraw_leave(connection, [2], by="user:x", now=NOW) == 0
        assert store.revoke_override(connection, 8, by="user:x", now=NOW)
        assert not store.revoke_override(connection, 8, by="user:x", now=NOW)
        assert snapshot(connection) == (["luis"], ["ruth"])
        assert (store.leave_by_id(connection, 2), store.leave_by_id(connection, 3)) == (
            None,
            a_leave(3, "luis"),
        )


def test_the_ledger_gives_each_key_to_one_of_several_nodes(engine: Engine) -> None:
    got: list[set[str]] = []

    def node() -> None:
        with engine.begin() as connection:
            got.append(store.first_time(connection, "job", ["b", "a"], NOW))

    threads = [threading.Thread(target=node) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, got)) == [0, 0, 0, 2]
    with engine.begin() as connection:
        assert store.first_time(connection, "job", ["a", "c"], NOW) == {"c"}
        assert store.first_time(connection, "other", ["a"], NOW) == {"a"}
        assert store.forget_before(connection, "job", NOW + HOUR) == 3
