"""A company's night is saved, restored in a new place, moved: what is there then keeps every promise."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner, Result

from app.__main__ import cli
from app.store import copying
from app.store.engine import DatabaseMovedError, connect, probe
from app.usecases import backup as usecase
from tests import promises
from tests.stories.people import DANA, LUCIA, TANYA, WATER
from tests.stories.town import Clock, Town

Copied = Callable[[str], AbstractContextManager[str]]


def run(home: Path, url: str, *words: str) -> Result:
    """Run a command of the command line with this home and this database, and with a secret in the home."""
    return CliRunner().invoke(cli, words, env={"CLOSELOOP_HOME": str(home), "CLOSELOOP_DATABASE_URL": url})


def a_night(place: Town) -> None:
    """Tickets open, taken and closed, timers armed, a mail, words with tabs, newlines and backslashes."""
    place.text(TANYA, WATER)
    place.text(DANA, "ACK")
    place.text(LUCIA, "se fue la luz en la cocina\t\\N\nÑandú \\. 🚰")
    place.mail("tanya.brooks@pantryrow.example", "no heat in store 114\n\nline two", subject="cold")
    place.later(minutes=20)
    place.text(DANA, "DONE valve")
    place.text(TANYA, "yes")


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def everything(engine: Engine) -> dict[str, list[bytes]]:
    """Return all rows of all tables, and where the sequences stand."""
    with engine.connect() as connection:
        copying.begin(connection)
        found = {
            shape.name: sorted(b"".join(copying.rows_of(connection, shape)).splitlines())
            for shape in copying.shapes(connection)
        }
        return found | {name: [str(at).encode()] for name, at in copying.sequences(connection).items()}


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = connect(url)
    try:
        yield engine
    finally:
        engine.dispose()


def test_a_backup_is_restored_in_a_new_place_and_moved_on(
    place: Town, tmp_path: Path, empty_url: str, copied: Copied
) -> None:
    a_night(place)
    file, home, new_home = tmp_path / "night.backup", tmp_path / "home", tmp_path / "new"
    home.mkdir()
    (home / "secret").write_text("k" * 64)
    saved = run(home, url_of(place.house.engine), "backup", str(file))
    assert saved.exit_code == 0, saved
    assert "contains the secret" in saved.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [file.name]

    restored = run(new_home, empty_url, "restore", str(file))
    assert restored.exit_code == 0, restored
    secret = new_home / "secret"
    assert (secret.read_text(), stat.S_IMODE(secret.stat().st_mode)) == ("k" * 64, 0o600)
    verified = run(new_home, empty_url, "sla", "verify")
    assert (verified.exit_code, "no difference" in verified.stdout) == (0, True)
    with opened(empty_url) as engine, copied("template1") as third_url, opened(third_url) as third:
        before = everything(place.house.engine)
        assert before["tickets"]
        assert before["timers"]
        del before["nodes"]  # the town's server goes on with its signs of life
        assert everything(engine).items() >= before.items()
        promises.check(engine, place.clock.now())
        again = run(new_home, empty_url, "restore", str(file))
        assert "is not empty" in str(again.exception)
        assert "exists; choose another name" in str(run(home, empty_url, "backup", str(file)).exception)
        it_moves(engine, third, place.clock)
        promises.check(third, place.clock.now())


def it_moves(source: Engine, target: Engine, clock: Clock) -> None:
    """Everything goes from one database to the other, and the first one is closed."""

    def move() -> int:
        return usecase.move(source, target, place="postgresql://db/new", clock=clock, tell=lambda *_: None)

    with source.begin() as connection:  # a node was killed a moment ago
        connection.execute(text("DELETE FROM nodes"))
        connection.execute(
            text("INSERT INTO nodes SELECT 'a:1', 'both', '1', now, now, 0 FROM clock_timestamp() AS now")
        )
    with pytest.raises(usecase.StillServedError, match=r"1 running: a:1; stop every"):
        move()
    with source.begin() as connection:
        connection.execute(text("UPDATE nodes SET seen_at = seen_at - interval '11 seconds'"))
    before = everything(source)
    frozen = source.connect()
    frozen.execute(text("SELECT 1"))
    frozen.rollback()
    assert move() == sum(len(rows) for name, rows in before.items() if name != "ticket_numbers")
    assert everything(target) == before
    with pytest.raises(DBAPIError, match=r"terminat|closed"):  # whoever was connected is no more
        frozen.execute(text("DELETE FROM timers"))
    frozen.close()
    with source.connect() as connection, pytest.raises(DBAPIError, match="read-only"):
        connection.execute(text("DELETE FROM timers"))
    with pytest.raises(DatabaseMovedError, match=r"was moved to postgresql://db/new; set CLOSELOOP_DATABASE"):
        probe(source)
