"""What commands have to do with the machine that they are typed at: who types, files that they leave there.

What must not live here: what a command does.
"""

from __future__ import annotations

import contextlib
import getpass
import os
from pathlib import Path

from app.domain.errors import CloseloopError


class NobodyError(CloseloopError):
    """This machine has no name for whoever is logged in; set LOGNAME to yours."""


class UnwritableError(CloseloopError):
    """A file that was asked for cannot be written."""


def login() -> str:
    """Return the name of whoever is logged in. Raises NobodyError if there is none, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError) as error:
        raise NobodyError from error


def put_text(file: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all: who reads it meanwhile has the old or the new one.

    Raises UnwritableError.
    """
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(text, encoding="utf-8")
            partial.replace(file)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink()
    except OSError as error:
        raise UnwritableError(f"{file} cannot be written: {error.strerror or error}") from error
