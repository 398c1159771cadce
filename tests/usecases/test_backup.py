"""Backups that are older, newer, damaged or cut short, and places that are not empty or full."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.store import copying, schema
from app.store.engine import connect
from app.usecases.backup import NotCopiedError, NothingThereError, TargetUsedError, backup, move, restore
from app.usecases.backup_file import BackupFileError, reading
from tests.nodes import Clock

NOW = datetime(2026, 6, 9, 6, 11, tzinfo=UTC)


@pytest.fixture
def empty(empty_url: str) -> Iterator[Engine]:
    engine = connect(empty_url)
    yield engine
    engine.dispose()


@pytest.fixture
def file(company: Engine, tmp_path: Path) -> Path:
    """A backup of the demo's company."""
    return save(company, tmp_path / "saved.backup")


def save(engine: Engine, file: Path) -> Path:
    backup(engine, file, now=NOW, version="1.2", secret="", tell=lambda *_: None)
    return file


def bring_back(engine: Engine, file: Path) -> tuple[str, ...]:
    with reading(file) as saved:
        return restore(engine, saved, clock=Clock(), tell=lambda *_: None)


def changed(file: Path, **contents: object) -> Path:
    """Return a backup like `file` that says something else of its contents."""
    other = file.with_suffix(".other")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "closeloop.json":
                data = json.dumps(json.loads(data) | contents).encode()
            new.writestr(name, data)
    return other


def untouched(engine: Engine) -> bool:
    with engine.connect() as connection:
        return copying.shapes(connection) == () and schema.revision_of(connection) is None


def people(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM people")).scalar_one())


def test_an_older_backup_is_restored_and_migrated(engine: Engine, empty: Engine, tmp_path: Path) -> None:
    schema.downgrade(engine, "-2")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO suppressions VALUES ('sms', '+15', '2026-06-09T06:11:00Z')"))
    older = schema.current(engine)
    applied = bring_back(empty, save(engine, tmp_path / "old.backup"))
    assert len(applied) == 2
    assert older not in applied
    schema.ensure_current(empty)
    with empty.connect() as connection:
        assert connection.execute(text("SELECT address FROM suppressions")).scalars().all() == ["+15"]


def test_a_newer_backup_and_another_form_are_refused(file: Path, empty: Engine) -> None:
    with pytest.raises(BackupFileError, match=r"by Closeloop 1\.2, which is newer .* install that version"):
        bring_back(empty, changed(file, revision="from_the_future"))
    with pytest.raises(BackupFileError, match="another format than this one knows; install"):
        bring_back(empty, changed(file, format=2))
    assert untouched(empty)


def test_a_damaged_backup_restores_nothing(company: Engine, file: Path, empty: Engine) -> None:
    whole = file.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"-- PostgreSQL database dump", b"PK\x05\x06" + bytes(18)):
        file.write_bytes(broken)
        with pytest.raises(BackupFileError, match="is no backup of Closeloop, or it is damaged or not whole"):
            bring_back(empty, file)
    file.write_bytes(whole)
    with zipfile.ZipFile(file) as archive:
        member = max(archive.infolist(), key=lambda info: info.compress_size)
    for at in (member.header_offset + 100, member.header_offset + member.compress_size):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with pytest.raises(BackupFileError, match="damaged or not whole"):
            bring_back(empty, file)
    with zipfile.ZipFile(file.with_suffix(".fewer"), "w") as fewer, reading(restored(file, whole)) as saved:
        for name in (f"tables/{table.name}" for table in saved.contents.tables):
            fewer.writestr(name, "" if name == "tables/contact_sites" else b"".join(saved.rows_of(name[7:])))
        fewer.writestr("closeloop.json", saved.contents.model_dump_json())
    with pytest.raises(NotCopiedError, match=r"0 rows of contact_sites arrived and \d+ were sent"):
        bring_back(empty, file.with_suffix(".fewer"))
    assert untouched(empty)
    with pytest.raises(BackupFileError, match="cannot be read: No such file"):
        bring_back(empty, file.with_name("nowhere"))
    bring_back(empty, file)
    assert people(empty) == people(company) > 0


def restored(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def test_only_an_empty_database_is_filled(company: Engine, file: Path, empty: Engine) -> None:
    with pytest.raises(
        TargetUsedError, match=r"is not empty: its table \w+ has rows; nothing is overwritten"
    ):
        bring_back(company, file)
    with pytest.raises(schema.SchemaBusyError, match="wait for that, and run again"):  # into itself
        move(company, company, place="", clock=Clock(), tell=lambda *_: None)
    schema.upgrade(empty)  # migrated, and without a row
    schema.downgrade(empty, "-1")
    bring_back(empty, file)
    assert people(empty) == people(company)


def test_what_cannot_be_saved_leaves_no_file(empty: Engine, company: Engine, tmp_path: Path) -> None:
    with pytest.raises(NothingThereError, match="there is nothing to save"):
        save(empty, tmp_path / "a")
    with pytest.raises(BackupFileError, match="cannot be written: No such file"):
        save(company, tmp_path / "nowhere" / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_is_of_one_instant(company: Engine, empty: Engine, tmp_path: Path) -> None:
    def others_go_on(*_: object) -> None:
        with company.begin() as connection:
            connection.execute(text("DELETE FROM contact_sites"))
            connection.execute(text("SELECT nextval('ticket_numbers')"))

    backup(company, tmp_path / "a", now=NOW, version="1", secret="", tell=others_go_on)
    bring_back(empty, tmp_path / "a")
    count = text("SELECT count(*) FROM contact_sites")
    with company.connect() as there, empty.connect() as here:
        assert there.execute(count).scalar_one() == 0
        assert here.execute(count).scalar_one() > 0
        assert here.execute(text("SELECT nextval('ticket_numbers')")).scalar_one() > 1042


def test_nobody_writes_to_a_database_that_moves(company: Engine, empty: Engine) -> None:
    with company.begin() as connection:
        connection.execute(text("DELETE FROM suppressions"))
        with pytest.raises(
            NotCopiedError, match="somebody else writes to the database, and nothing was moved"
        ):
            move(company, empty, place="there", clock=Clock(), tell=lambda *_: None)
    assert untouched(empty)
    assert people(company)
