"""The database's schema and its revisions: which one it has, which one this code needs, and the way there.

Drives Alembic over the scripts in `migrations/`. No table is described here: *tables.py do that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import errors
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from app.domain.errors import CloseloopError
from app.store.carried import carried

_LOCK = 0x436C6F73656C6F6F  # "Closeloo": who migrates holds this advisory lock of the database
# A migration waits this long for a table, and whoever comes after it waits as long: better it gives up.
_TABLE_PATIENCE = "5s"
_RUNS = "code that runs on this schema: "
_TURN_PATIENCE = "10min"  # for another node's migration to end


class SchemaTooOldError(CloseloopError):
    """The database's schema is older than this Closeloop; run: closeloop migrate."""


class SchemaEmptyError(SchemaTooOldError):
    """The database is empty; run: closeloop migrate."""


class SchemaTooNewError(CloseloopError):
    """The database was migrated by a newer Closeloop than this one; install that version."""


class SchemaBusyError(CloseloopError):
    """A table was in use for too long, and nothing was changed; run again: closeloop migrate."""

    permanent = False


def head() -> str | None:
    """Return the revision that this code needs; None if there are no migrations at all."""
    return _scripts().get_current_head()


def current(engine: Engine) -> str | None:
    """Return the revision that the database has; None if it has never been migrated."""
    with engine.connect() as connection:
        return _current(connection)


def ensure_current(engine: Engine) -> None:
    """Raise SchemaTooOldError or SchemaTooNewError unless this code can work with the database's revision.

    That is the one it needs, or a later one that only added to it (docs/adr/0013-rolling-upgrades.md).
    """
    with engine.connect() as connection:
        has, needs = _current(connection), head()
        if has == needs or {has, needs} <= _runs(connection):
            return
    _refuse_newer(has)
    if has is None:
        raise SchemaEmptyError(
            f"the database's schema is empty, and this Closeloop needs {needs}; run: closeloop migrate"
        )
    raise SchemaTooOldError(
        f"the database's schema is at {has}, and this Closeloop needs {needs}; run: closeloop migrate"
    )


def upgrade(engine: Engine) -> tuple[str, ...]:
    """Bring the database to `head`; return the revisions applied, oldest first. Several may call at once.

    Each migration is one transaction. Raises SchemaTooNewError, SchemaBusyError.
    """
    with _turn(engine) as connection:
        before = _current(connection)
        _refuse_newer(before)
        _run(connection, lambda config: command.upgrade(config, "head"))
        _note_who_runs(connection)
    steps = _scripts().iterate_revisions("head", before or "base")
    return tuple(step.revision for step in steps)[::-1]


def downgrade(engine: Engine, to: str = "base") -> None:
    """Take the database back to revision `to`, dropping what came after, data too. Raises as `upgrade`."""
    with _turn(engine) as connection:
        _refuse_newer(_current(connection))
        _run(connection, lambda config: command.downgrade(config, to))


@contextmanager
def steady(engine: Engine) -> Iterator[Connection]:
    """Give a connection of its own; as long as it is held, nobody migrates the database."""
    with engine.connect() as connection:
        connection.detach()  # closing it gives the lock back
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock_shared(:key)"), {"key": _LOCK})
        connection.commit()
        yield connection


def make(connection: Connection, revision: str) -> None:
    """Bring a database whose tables have no rows to `revision`, in the caller's transaction.

    What is there already is dropped when it is of another revision: that it has no rows is for the caller to
    see to, after `reserve`. Raises SchemaTooNewError when `revision`, or the database's, is not known here.
    """
    has = revision_of(connection)
    _refuse_newer(has)
    if has == revision:
        return
    if has is not None:
        _run(connection, lambda config: command.downgrade(config, "base"))
    _run(connection, lambda config: command.upgrade(config, revision))


def reserve(connection: Connection) -> None:
    """Keep all others from migrating until the caller's transaction ends. Raises SchemaBusyError at once."""
    free = connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}).scalar_one()
    if not free:
        raise SchemaBusyError(
            "this database is being migrated, saved or filled at this moment; wait for that, and run again"
        )


def knows(revision: str) -> bool:
    """Return whether this code has the migrations up to `revision`."""
    return revision in {script.revision for script in _scripts().walk_revisions()}


def revision_of(connection: Connection) -> str | None:
    """Return the revision that the database has, None if it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def configuration() -> Config:
    """Return Alembic's configuration, complete but for the connection."""
    config = Config()
    config.set_main_option("script_location", str(carried("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    config.set_main_option("timezone", "UTC")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration())


def _current(connection: Connection) -> str | None:
    revision = revision_of(connection)
    connection.rollback()
    return revision


def _runs(connection: Connection) -> frozenset[str]:
    """Return the revisions whose code can work with this database, as whoever migrated it last wrote down."""
    said = connection.execute(
        text("SELECT obj_description(to_regclass('alembic_version'), 'pg_class')")
    ).scalar()
    connection.rollback()
    return frozenset(said.removeprefix(_RUNS).split()) if said and said.startswith(_RUNS) else frozenset()


def _note_who_runs(connection: Connection) -> None:
    """Write down that code of every revision since the last contracting one can work with this schema."""
    known = []
    for script in _scripts().walk_revisions():
        known.append(script.revision)
        if getattr(script.module, "contracts", False):
            break
    connection.execute(text(f"COMMENT ON TABLE alembic_version IS '{_RUNS}{' '.join(known)}'"))
    connection.commit()


def _refuse_newer(has: str | None) -> None:
    if has is not None and not knows(has):
        raise SchemaTooNewError(
            f"the database's schema is at {has}, which this Closeloop does not know: a newer one has migrated"
            " it; install that version, or a later one: pip install --upgrade closeloop",
        )


@contextmanager
def _turn(engine: Engine) -> Iterator[Connection]:
    """Give a connection of its own that holds the migration lock; closing it gives all back."""
    try:
        with engine.connect() as connection:
            connection.detach()  # its settings and its lock must not get into the pool
            connection.execute(text(f"SET lock_timeout = '{_TURN_PATIENCE}'"))
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            connection.execute(text(f"SET lock_timeout = '{_TABLE_PATIENCE}'"))
            connection.commit()
            yield connection
    except DBAPIError as error:
        if isinstance(error.orig, errors.LockNotAvailable):
            raise SchemaBusyError from error
        raise


def _run(connection: Connection, action: Callable[[Config], None]) -> None:
    config = configuration()
    config.attributes["connection"] = connection
    action(config)
