"""The file of a backup: a ZIP archive with one member for each table and, written last, what is in it.

A file that was cut short has no directory, and each member has a checksum: half a backup is never taken for
one. What must not live here: the database.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from app.domain.errors import CloseloopError

FORMAT = 1
_CONTENTS = "closeloop.json"
_PIECE = 256 * 1024


class BackupFileError(CloseloopError):
    """The file of the backup cannot be written or read."""


class TableEntry(BaseModel):
    """One table in a backup: its columns in order, and how many rows there are."""

    model_config = ConfigDict(frozen=True)

    name: str
    columns: tuple[str, ...]
    rows: int


class Contents(BaseModel):
    """What a backup holds; `tables` in the order in which they can be written.

    `made_at` is an instant in UTC, `version` the Closeloop that made it, `revision` its schema. `secret` is
    empty when it is kept elsewhere (CLOSELOOP_SECRET).
    """

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    made_at: str
    version: str
    revision: str
    secret: str
    tables: tuple[TableEntry, ...]
    sequences: dict[str, tuple[int, bool]]

    @property
    def rows(self) -> int:
        """Return how many rows there are in all."""
        return sum(table.rows for table in self.tables)


class Writing:
    """A backup that is being written."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Write into an open archive; only `writing` makes one."""
        self._archive = archive

    def add(self, table: str, pieces: Iterable[bytes]) -> None:
        """Add the rows of a table."""
        with self._archive.open(f"tables/{table}", "w", force_zip64=True) as member:
            for piece in pieces:
                member.write(piece)

    def finish(self, contents: Contents) -> None:
        """Write down what is in it."""
        self._archive.writestr(_CONTENTS, contents.model_dump_json(indent=1))


@contextmanager
def writing(file: Path) -> Iterator[Writing]:
    """Write a new file that only its owner may read; it appears when it is whole and on the disk.

    Raises BackupFileError when it exists or cannot be written; then nothing stays behind.
    """
    refuse_existing(file)
    partial: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=f"{file.name}.", suffix=".partial", dir=file.parent)
        partial = Path(name)
        with os.fdopen(descriptor, "wb") as out:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                yield Writing(archive)
            out.flush()
            os.fsync(out.fileno())
        refuse_existing(file)
        partial.rename(file)
        partial = None
    except OSError as error:
        raise _unwritable(file, error) from error
    finally:
        if partial is not None:
            with contextlib.suppress(OSError):
                partial.unlink()


def refuse_existing(file: Path) -> None:
    """Raise BackupFileError if there is something at `file` already."""
    if file.exists():
        raise BackupFileError(f"{file} exists; choose another name, a backup overwrites nothing")


class Reading:
    """A backup that is being read."""

    def __init__(self, archive: zipfile.ZipFile, contents: Contents) -> None:
        """Read from an open archive; only `reading` makes one."""
        self._archive = archive
        self.contents = contents

    def rows_of(self, table: str) -> Iterator[bytes]:
        """Yield the rows of a table. The checksum is compared at the end: until then believe nothing."""
        with self._archive.open(f"tables/{table}") as member:
            while piece := member.read(_PIECE):
                yield piece


@contextmanager
def reading(file: Path) -> Iterator[Reading]:
    """Read a backup. Raises BackupFileError when it is none, not whole or damaged, also while reading."""
    try:
        with zipfile.ZipFile(file) as archive:
            contents = Contents.model_validate_json(archive.read(_CONTENTS))
            if contents.format != FORMAT:
                raise BackupFileError(
                    f"{file} was made by Closeloop {contents.version} in another format than this one knows;"
                    " install that version, or a later one",
                )
            yield Reading(archive, contents)
    except OSError as error:
        raise BackupFileError(f"{file} cannot be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, KeyError, ValidationError, EOFError, zlib.error) as error:
        raise BackupFileError(
            f"{file} is no backup of Closeloop, or it is damaged or not whole; take another copy of it"
        ) from error


def _unwritable(file: Path, error: OSError) -> BackupFileError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return BackupFileError(f"the disk of {file.parent} is full, and there is no backup; free some room")
    return BackupFileError(f"{file} cannot be written: {error.strerror or error}")
