"""The state file: JSON lines, one record written or dropped in each; the last line about an id wins.

Each line is one `write` to an unbuffered file, so a killed process loses nothing that it answered. Not synced
to disk: a power cut may take the last second, which is enough for a simulator.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from simulator.records import Call, Event, Mail, Mailbox, Media, Phone, Post, Provider, Record, Text

KINDS: dict[str, type[Record]] = {
    kind.KIND: kind for kind in (Media, Text, Call, Mail, Phone, Mailbox, Provider, Event, Post)
}
_encode = json.JSONEncoder(separators=(",", ":")).encode


class Journal:
    """Keeps records over a restart; without a path it keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self.secret = ""

    def load(self) -> Iterator[Record]:
        """Yield the records as they stood, in the order in which each first appeared."""
        if self._path is None or not self._path.exists():
            return
        standing: dict[tuple[str, str], dict[str, Any]] = {}
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # the process died within this write: nobody was told of it
                kind, key, value = json.loads(line)
                if kind == "secret":
                    self.secret = value
                elif value is None:
                    standing.pop((kind, key), None)
                else:
                    standing[kind, key] = value
        for (kind, _key), value in standing.items():
            if kind in KINDS:
                yield KINDS[kind].from_json(value)

    def start(self, records: Iterator[Record]) -> None:
        """Write the file anew with `records` only, in one step, and go on appending to it."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(self._path.name + ".new")
        with fresh.open("wb") as file:
            file.write(_line("secret", "", self.secret))
            file.writelines(_line(record.KIND, record.id, record.to_json()) for record in records)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(0o600)  # it holds the signing key
        fresh.replace(self._path)
        self._file = self._path.open("ab", buffering=0)

    def put(self, record: Record) -> None:
        """Keep the record as it is now."""
        if self._file is not None:
            self._file.write(_line(record.KIND, record.id, record.to_json()))

    def drop(self, record: Record) -> None:
        """Forget the record."""
        if self._file is not None:
            self._file.write(_line(record.KIND, record.id, None))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _line(kind: str, key: str, value: object) -> bytes:
    return _encode([kind, key, value]).encode() + b"\n"
