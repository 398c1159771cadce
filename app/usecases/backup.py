"""A whole database goes into a file, out of it again, or over to another server.

What is read is one instant of the database; what is written is one transaction, all or nothing. What must not
live here: the file's form (backup_file.py), what tables there are (store/copying.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from app.domain.errors import CloseloopError
from app.domain.instants import format_instant
from app.ports import Clock
from app.store import copying, schema
from app.store import nodes as node_store
from app.store.copying import Shape
from app.usecases import clock_projection
from app.usecases.backup_file import BackupFileError, Contents, Reading, TableEntry, writing
from app.usecases.pulse import SILENCE

Tell = Callable[[int, int], None]
"""Told while it runs: how many rows are done, and about how many there are."""


class NothingThereError(CloseloopError):
    """The database is empty: there is nothing to save."""


class TargetUsedError(CloseloopError):
    """The database is not empty; restore or move into a new one."""


class StillServedError(CloseloopError):
    """Processes work on this database; stop all of them first."""


class NotCopiedError(CloseloopError):
    """The rows could not be copied; nothing was changed."""


def backup(engine: Engine, file: Path, *, now: datetime, version: str, secret: str, tell: Tell) -> Contents:
    """Write the database as it is at one instant into a new file, while others go on working.

    `secret` is the instance's, or empty when it is kept elsewhere. Raises NothingThereError, NotCopiedError,
    BackupFileError; then there is no file.
    """
    with writing(file) as out, _explained("there is no backup"), schema.steady(engine) as connection:
        copying.begin_snapshot(connection)
        revision, shapes = _revision(connection), copying.shapes(connection)
        progress = _Progress(tell, sum(shape.rows for shape in shapes))
        tables = []
        for shape in shapes:
            before = progress.done
            out.add(shape.name, progress.count(copying.rows_of(connection, shape)))
            tables.append(TableEntry(name=shape.name, columns=shape.columns, rows=progress.done - before))
        contents = Contents(
            made_at=format_instant(now),
            version=version,
            revision=revision,
            secret=secret,
            tables=tuple(tables),
            sequences=copying.sequences(connection),
        )
        out.finish(contents)
        return contents


def restore(engine: Engine, saved: Reading, *, clock: Clock, tell: Tell) -> tuple[str, ...]:
    """Fill an empty database from a backup, then migrate it; return the migrations applied.

    Raises TargetUsedError, BackupFileError (of a newer Closeloop, damaged), NotCopiedError: then the
    database is as empty as it was.
    """
    contents = saved.contents
    if not schema.knows(contents.revision):
        raise BackupFileError(
            f"the backup was made by Closeloop {contents.version}, which is newer (schema"
            f" {contents.revision}); install that version, or a later one",
        )
    progress = _Progress(tell, contents.rows)
    with _explained("nothing was restored"), engine.begin() as connection:
        _prepare(connection, contents.revision)
        for table in contents.tables:
            shape = Shape(table.name, table.columns, table.rows)
            added = copying.add_rows(connection, shape, progress.count(saved.rows_of(table.name)))
            _same(table.name, table.rows, added)
        copying.set_sequences(connection, contents.sequences)
    return _bring_up_to_date(engine, clock)


def move(source: Engine, target: Engine, *, place: str, clock: Clock, tell: Tell) -> int:
    """Copy the database to an empty one on another server, and retire it; return how many rows there were.

    From the first row to the last nobody writes here, and afterwards nobody can: a process that starts on it
    is told `place`. Raises StillServedError, NothingThereError, TargetUsedError, NotCopiedError: then
    everything is as before.
    """
    with _explained("nothing was moved"), schema.steady(source) as old:
        revision, shapes = _revision(old), copying.shapes(old)
        copying.begin(old)
        _refuse_served(old)
        copying.hold(old, shapes)
        progress = _Progress(tell, sum(shape.rows for shape in shapes))
        with target.begin() as new:
            _prepare(new, revision)
            for shape in shapes:
                before = progress.done
                added = copying.add_rows(new, shape, progress.count(copying.rows_of(old, shape)))
                _same(shape.name, progress.done - before, added)
            copying.set_sequences(new, copying.sequences(old))
        # The other one is whole. Killed just here, both are: this one goes on, and the next move says so.
        copying.retire(old, place)
        old.commit()
        copying.dismiss_others(old)
    _bring_up_to_date(target, clock)
    return progress.done


class _Progress:
    """Counts rows on their way."""

    def __init__(self, tell: Tell, expected: int) -> None:
        self._tell, self._expected = tell, expected
        self.done = 0

    def count(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.done += piece.count(b"\n")  # within a row COPY writes a newline as \n
            self._tell(self.done, max(self.done, self._expected))
            yield piece


def _prepare(connection: Connection, revision: str) -> None:
    """Make the tables of `revision` in a database that has no rows, in the caller's transaction."""
    copying.begin(connection)
    schema.reserve(connection)
    found = copying.encoding(connection)
    if found != "UTF8":
        raise TargetUsedError(
            f"that database keeps text as {found};"
            " make one with: createdb --encoding=UTF8 --template=template0"
        )
    used = copying.used(connection, copying.shapes(connection))
    if used is not None:
        raise TargetUsedError(
            f"that database is not empty: its table {used} has rows; nothing is overwritten, so give a"
            " new one (an empty CLOSELOOP_HOME, or createdb)"
        )
    schema.make(connection, revision)


def _bring_up_to_date(engine: Engine, clock: Clock) -> tuple[str, ...]:
    applied = schema.upgrade(engine)
    clock_projection.fill(engine, clock)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    return applied


def _revision(connection: Connection) -> str:
    revision = schema.revision_of(connection)
    if revision is None:
        raise NothingThereError
    return revision


def _refuse_served(connection: Connection) -> None:
    silence = SILENCE.total_seconds()
    alive = [node for node in node_store.known(connection) if node.silent_seconds < silence]
    if alive:
        names = ", ".join(node.node for node in alive)
        raise StillServedError(
            f"{len(alive)} running: {names}; stop every `closeloop serve` first. One that was killed counts"
            f" as running for {silence:.0f} s"
        )


def _same(table: str, expected: int, added: int) -> None:
    if added != expected:
        raise NotCopiedError(f"{added} rows of {table} arrived and {expected} were sent")


@contextmanager
def _explained(outcome: str) -> Iterator[None]:
    """Turn what the database says into one line with the outcome."""
    try:
        yield
    except (psycopg.Error, DBAPIError) as error:
        said = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(said, psycopg.errors.DiskFull):
            raise NotCopiedError(f"the database's disk is full, and {outcome}; free some room") from error
        if isinstance(said, psycopg.errors.LockNotAvailable):
            raise NotCopiedError(
                f"somebody else writes to the database, and {outcome}; stop them first"
            ) from error
        words = " ".join(str(said).split()[:60])
        raise NotCopiedError(f"the database says: {words}; {outcome}") from error
