"""Connecting, and what failures to connect are called."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnectionError

from app.domain.errors import CloseloopError
from app.store.engine import (
    DatabaseRefusedError,
    DatabaseTooOldError,
    DatabaseUnreachableError,
    DatabaseUrlError,
    connect,
    is_unavailable,
    probe,
)


def probe_error(url: str) -> CloseloopError:
    engine = connect(url)
    with pytest.raises(CloseloopError) as caught:
        probe(engine)
    engine.dispose()
    return caught.value


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as taken:  # bound and never listening: nobody answers there
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_each_way_to_write_the_address_connects(empty_url: str, scheme: str) -> None:
    engine = connect(empty_url.replace("postgresql+psycopg", scheme))
    probe(engine)
    engine.dispose()


def test_a_connection_speaks_utc_and_has_a_name(empty_url: str) -> None:
    engine = connect(empty_url, application_name="closeloop worker", statement_timeout=timedelta(seconds=2))
    with engine.connect() as connection:
        show = "SELECT current_setting('TimeZone'), current_setting('application_name'),"
        row = connection.execute(text(f"{show} current_setting('statement_timeout')")).one()
    engine.dispose()
    assert row == ("UTC", "closeloop worker", "2s")


def test_the_settings_hold_after_a_rollback(empty_url: str) -> None:
    engine = connect(empty_url, pool_size=1, statement_timeout=timedelta(seconds=1))
    for _ in range(2):
        with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
            connection.execute(text("SELECT pg_sleep(600)"))
        assert is_unavailable(caught.value)
    engine.dispose()


def test_what_the_address_itself_asks_for_wins(empty_url: str) -> None:
    engine = connect(f"{empty_url}&application_name=mine&options=-c%20work_mem%3D7MB")
    with engine.connect() as connection:
        query = "SELECT current_setting('application_name'), current_setting('work_mem')"
        row = connection.execute(text(query)).one()
    engine.dispose()
    assert row == ("mine", "7MB")


@pytest.mark.parametrize("url", ["", "nonsense", "postgresql://host:port/name", "postgresql://[::1/x"])
def test_an_address_that_is_none_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(DatabaseUrlError, match="postgresql://USER:PASSWORD@HOST:PORT/DATABASE"):
        connect(url)


def test_another_database_is_refused_without_showing_its_password() -> None:
    with pytest.raises(DatabaseUrlError, match="starts with mysql:") as caught:
        connect("mysql://joe:hunter2@db/x")
    assert "hunter2" not in str(caught.value)


def test_nobody_there(closed_port: int) -> None:
    error = probe_error(f"postgresql://joe:hunter2@127.0.0.1:{closed_port}/desk")
    assert isinstance(error, DatabaseUnreachableError)
    assert not error.permanent
    assert f"database desk on 127.0.0.1, port {closed_port}, as user joe, does not answer" in str(error)
    assert "hunter2" not in str(error)


def test_no_such_host() -> None:
    error = probe_error("postgresql://joe:hunter2@no-such-host.invalid/desk")
    assert isinstance(error, DatabaseUnreachableError)
    assert "no-such-host.invalid, port 5432" in str(error)


def test_no_such_database(empty_url: str) -> None:
    missing = make_url(empty_url).set(database="no such").render_as_string(hide_password=False)
    error = probe_error(missing)
    assert isinstance(error, DatabaseRefusedError)
    assert "createdb --owner=closeloop 'no such'" in str(error)


def test_a_user_that_may_not_come_in(empty_url: str) -> None:
    stranger = make_url(empty_url).set(username="stranger", password="hunter2").render_as_string(False)
    error = probe_error(stranger)
    assert isinstance(error, DatabaseRefusedError)
    assert "as user stranger, does not let us in; check in the server's pg_hba.conf" in str(error)
    assert "hunter2" not in str(error)


@contextmanager
def doorkeeper(message: str, code: str, *, severity: str = "FATAL") -> Iterator[int]:
    """A server that listens to who one is and then turns one away with `message`; gives its port."""

    def answer(listener: socket.socket) -> None:
        with suppress(OSError):  # closed at the end of the test
            while True:
                client, _ = listener.accept()
                with client:
                    while (asked := client.recv(1024))[4:8] in (b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30"):
                        client.sendall(b"N")  # neither TLS nor GSS
                    if asked:
                        fields = f"S{severity}\0V{severity}\0C{code}\0M{message}\0\0".encode()
                        client.sendall(b"E" + struct.pack("!i", len(fields) + 4) + fields)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


REFUSALS = [
    ('password authentication failed for user "joe"', "28P01", "check user and password"),
    ('role "joe" does not exist', "28000", "createuser --pwprompt joe"),
    ('role "joe" is not permitted to log in', "28000", 'ALTER ROLE "joe" LOGIN'),
    ('database "desk" does not exist', "3D000", "createdb --owner=joe desk"),
    ('permission denied for database "desk"', "42501", 'GRANT CONNECT ON DATABASE "desk" TO "joe"'),
    (
        'no pg_hba.conf entry for host "::1", user "joe", database "desk"',
        "28000",
        "in the server's pg_hba.conf",
    ),
    ("something that nobody has thought of", "XX000", "check CLOSELOOP_DATABASE_URL"),
]


@pytest.mark.parametrize(("message", "code", "mend"), REFUSALS)
def test_each_refusal_says_what_to_do(message: str, code: str, mend: str) -> None:
    with doorkeeper(message, code) as port:
        error = probe_error(f"postgresql://joe:hunter2@127.0.0.1:{port}/desk")
    assert isinstance(error, DatabaseRefusedError)
    assert f"database desk on 127.0.0.1, port {port}, as user joe, does not let us in; " in str(error)
    assert mend in str(error)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("the database system is starting up", "57P03"),
        ("the database system is shutting down", "57P03"),
        ("the database system is in recovery mode", "57P03"),
        ("sorry, too many clients already", "53300"),
        ('too many connections for role "joe"', "53300"),
        ("remaining connection slots are reserved for roles with the SUPERUSER attribute", "53300"),
    ],
)
def test_a_server_that_is_busy_is_only_unreachable(message: str, code: str) -> None:
    with doorkeeper(message, code) as port:
        error = probe_error(f"postgresql://joe:hunter2@127.0.0.1:{port}/desk")
    assert isinstance(error, DatabaseUnreachableError)
    assert "takes no connection now; wait a little" in str(error)


def failure_of(url: str, statement: str) -> Exception:
    engine = connect(url)
    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    return caught.value


def test_what_is_worth_trying_again(closed_port: int, empty_url: str) -> None:
    assert is_unavailable(failure_of(f"postgresql://127.0.0.1:{closed_port}/desk", "SELECT 1"))
    assert is_unavailable(failure_of(empty_url, "SELECT pg_terminate_backend(pg_backend_pid())"))
    raised = "DO $$ BEGIN RAISE 'x' USING ERRCODE = '{}'; END $$"
    for code in ("40001", "40P01", "53100", "53300", "55P03", "57014", "57P01", "57P03", "58030", "08006"):
        assert is_unavailable(failure_of(empty_url, raised.format(code))), code


def test_what_is_not(empty_url: str) -> None:
    for statement in (
        "SELECT 1 / 0",
        "SELECT nothing",
        "SELEC",
        "DO $$ BEGIN RAISE unique_violation; END $$",
    ):
        assert not is_unavailable(failure_of(empty_url, statement)), statement
    assert not is_unavailable(ValueError("x"))


def test_no_free_connection_is_worth_trying_again(empty_url: str) -> None:
    engine = connect(empty_url, pool_size=1)
    engine.pool._timeout = 0.01
    with engine.connect(), pytest.raises(NoFreeConnectionError) as caught:
        engine.connect()
    engine.dispose()
    assert is_unavailable(caught.value)


def test_a_server_that_was_restarted_costs_a_connection_and_no_statement(empty_url: str) -> None:
    engine = connect(empty_url, pool_size=1)
    with engine.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    other = connect(empty_url)
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    other.dispose()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != pid
    engine.dispose()


def test_a_server_that_is_too_old(empty_url: str) -> None:
    # The server is what it says it is: let it say 14.
    engine = connect(empty_url)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL allow_system_table_mods = on"))
        connection.execute(
            text(
                "CREATE OR REPLACE FUNCTION pg_catalog.version() RETURNS text LANGUAGE sql STABLE"
                " AS $$ SELECT 'PostgreSQL 14.13 on x86_64-pc-linux-gnu' $$"
            )
        )
    engine.dispose()
    error = probe_error(empty_url)
    assert isinstance(error, DatabaseTooOldError)
    assert "is PostgreSQL 14, and Closeloop needs 15 or later" in str(error)


def test_an_error_does_not_say_what_people_wrote(engine: Engine) -> None:
    statement = text("SELECT CAST(:number AS integer), CAST(:words AS text)")
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(statement, {"number": 2**40, "words": "my wife is at home alone"})
    assert "alone" not in repr(caught.value)
    assert "alone" not in str(caught.value)
