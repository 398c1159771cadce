"""Migrations and tables say the same, both ways; and databases at other revisions are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from app.store import schema
from app.store.carried import carried
from app.store.engine import connect
from app.store.schema import SchemaBusyError, SchemaEmptyError, SchemaTooNewError
from app.store.tables import metadata

# All that a schema consists of, as text that PostgreSQL itself writes, without the order of columns.
CATALOG = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
               a.attgenerated, pg_get_expr(d.adbin, d.adrelid), col.collname
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        LEFT JOIN pg_collation col ON col.oid = a.attcollation
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
          AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": """
        SELECT indrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
        JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace = 'public'::regnamespace""",
    "sequences": """
        SELECT sequencename, data_type::text, start_value, min_value, max_value, increment_by, cycle
        FROM pg_sequences WHERE schemaname = 'public'""",
    "triggers": """
        SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal""",
    "functions": """
        SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')""",
    "types": """
        SELECT typname FROM pg_type t WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r')
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')""",
    "extensions": "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'",
}


def catalog(engine: Engine) -> dict[str, list[str]]:
    with engine.connect() as connection:
        found = {
            kind: sorted(str(tuple(row)) for row in connection.execute(text(query.replace(":", r"\:"))))
            for kind, query in CATALOG.items()
        }
    return {kind: [row for row in rows if "alembic_version" not in row] for kind, rows in found.items()}


@pytest.fixture
def empty(empty_url: str) -> Iterator[Engine]:
    engine = connect(empty_url)
    yield engine
    engine.dispose()


def test_the_migrations_make_exactly_what_the_tables_say(engine: Engine, empty: Engine) -> None:
    metadata.create_all(empty)
    described = catalog(empty)
    assert described["columns"]
    assert described["indexes"]
    made = catalog(engine)
    for kind, rows in described.items():
        assert made[kind] == rows, kind


def test_alembic_finds_nothing_to_migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_upgrade_tells_what_it_did_and_then_has_nothing_to_do(empty: Engine) -> None:
    assert schema.current(empty) is None
    done = schema.upgrade(empty)
    assert done[-1] == schema.head() == schema.current(empty)
    assert schema.upgrade(empty) == ()
    schema.ensure_current(empty)


def test_downgrade_leaves_nothing_behind(empty: Engine) -> None:
    before = catalog(empty)
    schema.upgrade(empty)
    schema.downgrade(empty)
    assert catalog(empty) == before
    assert schema.current(empty) is None
    schema.upgrade(empty)
    schema.ensure_current(empty)


def test_an_empty_database_is_too_old(empty: Engine) -> None:
    with pytest.raises(SchemaEmptyError, match=r"is empty, .*; run: closeloop migrate"):
        schema.ensure_current(empty)


def test_a_database_of_a_newer_closeloop_is_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    for act in (schema.ensure_current, schema.upgrade, schema.downgrade):
        with pytest.raises(SchemaTooNewError, match=r"at from_the_future, .* install that version"):
            act(engine)


def test_old_code_goes_on_after_a_migration_that_only_added_something(engine: Engine) -> None:
    def migrated_by_a_newer_one(runs: str) -> None:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
            connection.execute(
                text(f"COMMENT ON TABLE alembic_version IS 'code that runs on this schema: {runs}'")
            )

    migrated_by_a_newer_one(f"from_the_future {schema.head()} 49272d21db8b")
    schema.ensure_current(engine)
    migrated_by_a_newer_one("from_the_future")  # it took something away
    with pytest.raises(SchemaTooNewError):
        schema.ensure_current(engine)


def test_whoever_migrates_writes_down_which_code_goes_on(engine: Engine) -> None:
    with engine.connect() as connection:
        said = connection.execute(text("SELECT obj_description('alembic_version'::regclass)")).scalar_one()
    assert schema.head() in said
    assert "f6acd477f0ab" in said, "nothing was ever taken away so far"


def test_nodes_that_migrate_at_once_take_turns(empty_url: str) -> None:
    engines = [connect(empty_url) for _ in range(4)]
    with ThreadPoolExecutor(len(engines)) as pool:
        done = list(pool.map(schema.upgrade, engines))
    assert sorted(map(len, done)) == [0, 0, 0, len(max(done, key=len))]
    schema.ensure_current(engines[0])
    for engine in engines:
        engine.dispose()


def test_a_table_in_use_stops_the_migration_and_not_the_others(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_TABLE_PATIENCE", "50ms")
    with engine.connect() as connection:
        connection.execute(text("LOCK TABLE tickets IN ACCESS SHARE MODE"))
        with pytest.raises(SchemaBusyError, match="run again: closeloop migrate") as caught:
            schema.downgrade(engine)
    assert not caught.value.permanent
    schema.upgrade(engine)  # its lock was given back, and what newer migrations undid is done again
    schema.ensure_current(engine)


def test_a_migration_leaves_the_pool_as_it_was(copied: Callable[[str], AbstractContextManager[str]]) -> None:
    with copied("template1") as url:
        engine = connect(url, pool_size=1)
        schema.upgrade(engine)
        with engine.connect() as connection:
            assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "0"
            locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            assert connection.execute(text(locks)).scalar_one() == 0
        engine.dispose()


def test_what_the_wheel_carries_is_found_in_a_checkout() -> None:
    assert (carried("migrations") / "env.py").exists()
    with pytest.raises(FileNotFoundError):
        carried("nothing-of-the-kind")
