"""Connections to PostgreSQL, embedded or not, and what their failures mean.

No table, no query of the application, and no start of a server lives here (embedded.py).
"""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnectionError

from app.domain.errors import CloseloopError

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

OLDEST = 15
"""The oldest major version of PostgreSQL that Closeloop runs on."""

MOVED = "closeloop moved to "
"""The comment of a database that was moved away begins so; where to follows."""

# For libpq, unless the address itself says otherwise. Without the keep-alives a server whose machine vanished
# holds a sender for a quarter of an hour.
KEEP_ALIVE = {"connect_timeout": "5", "keepalives_idle": "30", "tcp_user_timeout": "30000"}

# SQLSTATE classes and codes after which the same statement may succeed later: connection lost; out of memory,
# disk or connections; trouble with the disk.
_LATER_CLASSES = ("08", "53", "58")
_LATER_CODES = frozenset(
    {
        *("57014", "57P01", "57P02", "57P03", "57P05"),  # took too long, stopping, crashed, starting, idle
        "25006",  # read-only: a standby that is about to be promoted
        *("40001", "40P01", "55P03"),  # somebody else was there at the same moment
    },
)

_COMMENT = text(
    "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
)

# libpq gives no SQLSTATE for a connection that did not come about, so the server's words have to do. What is
# in neither list counts as refused when the server said it, as unreachable when it did not answer.
_BUSY = (
    "starting up",
    "shutting down",
    "recovery mode",
    "too many clients",
    "too many connections",
    "reserved",
)
_MENDS = {
    "no password supplied": "put the password into CLOSELOOP_DATABASE_URL",
    "password authentication failed": "check user and password in CLOSELOOP_DATABASE_URL",
    "no pg_hba.conf entry": "let this user in from here, in the server's pg_hba.conf",
    "authentication failed": "check in the server's pg_hba.conf how this user gets in",
    "not permitted to log in": "allow it: ALTER ROLE {role} LOGIN",
    "permission denied": "allow it: GRANT CONNECT ON DATABASE {base} TO {role}",
    'database "': "make it with: createdb --owner={user} {database}",
    'role "': "make it with: createuser --pwprompt {user}",
}


class DatabaseUrlError(CloseloopError):
    """The database's address has the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE."""


class DatabaseUnreachableError(CloseloopError):
    """The database does not answer."""

    permanent = False


class DatabaseRefusedError(CloseloopError):
    """The database does not let us in."""


class DatabaseTooOldError(CloseloopError):
    """The PostgreSQL server is older than Closeloop supports."""


class DatabaseMovedError(CloseloopError):
    """The data that was here was moved to another database."""


def connect(
    url: str,
    *,
    pool_size: int = 12,
    application_name: str = "closeloop",
    statement_timeout: timedelta | None = None,
) -> Engine:
    """Return an engine for `url`; `postgres://` and `postgresql://` will do. It does not connect yet.

    `pool_size` connections are kept and none is made beyond them: more callers wait, ten seconds at most.
    Each speaks UTC. The server cancels a statement that runs longer than `statement_timeout`.
    Raises DatabaseUrlError.
    """
    parsed = normal_url(url)
    engine = create_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        # An empty round trip at each check-out, 0.05 ms on a socket: a server that was restarted meanwhile
        # costs a new connection, and not a failed message.
        pool_pre_ping=True,
        # Errors are logged, and the parameters of a failed statement are what people wrote.
        hide_parameters=True,
        connect_args={
            key: value
            for key, value in {**KEEP_ALIVE, "application_name": application_name}.items()
            if key not in parsed.query
        },
    )
    settings = "SET TIME ZONE 'UTC'"
    if statement_timeout is not None:
        settings += f"; SET statement_timeout = {statement_timeout // timedelta(milliseconds=1)}"

    # Not by libpq's `options`: an address may carry its own, and connection poolers refuse it.
    @event.listens_for(engine, "connect")
    def _set(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.cursor().execute(settings)
        connection.commit()

    return engine


def normal_url(url: str) -> URL:
    """Return `url` for SQLAlchemy and psycopg 3. Raises DatabaseUrlError, which never shows a password."""
    try:
        parsed = make_url(url.strip())
    except (ArgumentError, ValueError):
        raise DatabaseUrlError from None
    if parsed.drivername not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise DatabaseUrlError(
            f"the database's address starts with {parsed.drivername}:, and Closeloop needs PostgreSQL;"
            " it has the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
        )
    return parsed.set(drivername="postgresql+psycopg")


def probe(engine: Engine) -> None:
    """Connect once and see whether Closeloop can work with this server.

    Raises DatabaseUnreachableError, DatabaseRefusedError, DatabaseTooOldError, DatabaseMovedError, each of
    which names host, port, database and user, never the password, and says what to do.
    """
    try:
        with engine.connect() as connection:
            comment = connection.execute(_COMMENT).scalar() or ""
            major = int((engine.dialect.server_version_info or (0,))[0])
    except DBAPIError as error:
        raise _explain(str(error.orig), engine.url) from error
    if major < OLDEST:
        raise DatabaseTooOldError(
            f"{_place(engine.url)} is PostgreSQL {major}, and Closeloop needs {OLDEST} or later;"
            " upgrade that server, or leave CLOSELOOP_DATABASE_URL empty to use the embedded one",
        )
    if comment.startswith(MOVED):
        raise DatabaseMovedError(
            f"what was in {_place(engine.url)} was moved to {comment.removeprefix(MOVED)}; set"
            " CLOSELOOP_DATABASE_URL to that. To come back, restore a backup of it into a new CLOSELOOP_HOME",
        )


def is_unavailable(exc: BaseException) -> bool:
    """Return whether `exc`, of SQLAlchemy, psycopg or `probe`, means: try the same again later.

    That is so when the database is unreachable, starting, stopping, out of connections or room, or when
    somebody else was there at the same moment. It is also so when it does not let us in (a changed password):
    somebody has to mend that, and the message can wait for it. It is not so for a wrong statement or a broken
    constraint.
    """
    if isinstance(exc, DatabaseUnreachableError | DatabaseRefusedError | NoFreeConnectionError):
        return True
    if isinstance(exc, DBAPIError):
        if exc.connection_invalidated:
            return True
        exc = exc.orig or exc
    if not isinstance(exc, psycopg.Error):
        return False
    if exc.sqlstate is None:  # it did not get as far as the server, or lost it on the way
        return isinstance(exc, psycopg.OperationalError | psycopg.InterfaceError)
    return exc.sqlstate.startswith(_LATER_CLASSES) or exc.sqlstate in _LATER_CODES


def _explain(said: str, url: URL) -> CloseloopError:
    """Return the error that says what it means that no connection came about; `said` is libpq's message."""
    place, words = _place(url), " ".join(said.split())
    if "FATAL" not in said and not any(mend in said for mend in _MENDS):
        return DatabaseUnreachableError(
            f"{place} does not answer; start that server, or correct CLOSELOOP_DATABASE_URL ({words})",
        )
    if any(word in said for word in _BUSY):
        return DatabaseUnreachableError(f"{place} takes no connection now; wait a little ({words})")
    user, database = url.username or "USER", url.database or "DATABASE"
    names = {
        "user": shlex.quote(user),
        "database": shlex.quote(database),
        "role": _quoted(user),
        "base": _quoted(database),
    }
    mend = next((mend for word, mend in _MENDS.items() if word in said), "check CLOSELOOP_DATABASE_URL")
    return DatabaseRefusedError(f"{place} does not let us in; {mend.format(**names)} ({words})")


def _place(url: URL) -> str:
    """Return database, host, port and user in words; what the address leaves out is libpq's choice."""
    host = url.host or url.query.get("host") or "the local socket"
    port = url.port or url.query.get("port") or "5432"
    user, database = url.username or "of the system", url.database or "of that user"
    return f"database {database} on {host}, port {port}, as user {user},"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
