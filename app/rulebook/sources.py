"""The files of a rulebook: found in folders, parsed, with the place of every character of a condition.

What must not live here: what the keys mean (models.py), whether names exist (building.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import yaml

from app.documents import Document, DocumentError, Problem, nearest, parse
from app.rulebook.learned import FILE as LEARNED_FILE
from app.rulebook.learned import NAME as LEARNED
from app.rulebook.learned import read_learned

OPTIONAL: Final = ("limits", LEARNED)
"""Files without which their defaults hold, or nothing was learned."""
FILES: Final = ("words", "routing", "escalation", "sla", "calendars", "breach_reasons", *OPTIONAL)
TEXTS: Final = "texts"
_MAX_BYTES: Final = 2_000_000
_INDICATORS: Final = "|>\"'"

Key = tuple[str | int, ...]
Signature = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its `document`, its `text` (empty when it was rebuilt from a stored revision)."""

    document: Document
    text: str = ""

    def problem_in(self, path: Sequence[str | int], offset: int, message: str) -> Problem:
        """Return a Problem at the character `offset` of the string that stands at `path`."""
        place = _character(self.text, tuple(path), offset) if self.text else None
        if place is None:
            return self.document.problem(path, message)
        return Problem(self.document.name, *place, message)


def read_folders(folders: Sequence[Path], *, learned: bool = True) -> dict[str, Source]:
    """Return the rulebook's files by name (`words`, ..., `texts/en`); a later folder's file replaces.

    Without `learned`, learned words are left alone: whoever learns them anew need not have right ones.

    Raises DocumentError with every file that is missing, unknown, unreadable or not YAML.
    """
    problems = [
        Problem(str(folder), 1, 1, "there is no such folder") for folder in folders if not folder.is_dir()
    ]
    if problems:
        raise DocumentError(problems)
    found = _files_of(folders, problems)
    if not learned:
        found.pop(LEARNED, None)
    where = str(folders[-1]) if folders else "rules"
    problems.extend(
        Problem(where, 1, 1, f"{name}.yaml is missing")
        for name in (*FILES, "texts/en")
        if name not in found and name not in OPTIONAL
    )
    sources: dict[str, Source] = {}
    for name, file in found.items():
        try:
            sources[name] = _read(file)
        except DocumentError as error:
            problems.extend(error.problems)
    if problems:
        raise DocumentError(problems)
    return sources


def signature(folders: Sequence[Path]) -> Signature:
    """Return what changes whenever a file of `folders` does: each one's path, time of change and size."""
    found = []
    for folder in folders:
        for file in sorted([*folder.glob("*.y*ml"), *folder.glob("*/*.y*ml"), *folder.glob(LEARNED_FILE)]):
            try:
                stat = file.stat()
            except OSError:
                continue  # it went away while we looked; the next look sees what is there
            found.append((str(file), stat.st_mtime_ns, stat.st_size))
    return tuple(found)


def _files_of(folders: Sequence[Path], problems: list[Problem]) -> dict[str, Path]:
    """Return the files by name, those of later folders instead of earlier ones'; tell of unknown ones."""
    found: dict[str, Path] = {}
    for folder in folders:
        here: dict[str, Path] = {}
        for file in sorted(file for where in ("*", f"{TEXTS}/*") for file in folder.glob(where)):
            if file.suffix not in (".yaml", ".yml") and file != folder / LEARNED_FILE:
                continue
            name = file.relative_to(folder).with_suffix("").as_posix()
            wrong = name not in FILES or (name == LEARNED and file.name != LEARNED_FILE)
            if wrong and file.parent == folder:
                known = [LEARNED_FILE if known == LEARNED else f"{known}.yaml" for known in FILES]
                problems.append(Problem(str(file), 1, 1, f"unknown file{nearest(file.name, known)}"))
            elif name in here:
                problems.append(Problem(str(file), 1, 1, f"{here[name].name} is there too; keep one of them"))
            else:
                here[name] = file
        found.update(here)
    return found


def _read(file: Path) -> Source:
    try:
        if not file.is_file():
            raise DocumentError([Problem(str(file), 1, 1, "this is not a file")])
        if file.stat().st_size > _MAX_BYTES:
            raise DocumentError([Problem(str(file), 1, 1, "more than 2 MB; split or shorten it")])
        content = file.read_bytes()
    except OSError as error:
        raise DocumentError([Problem(str(file), 1, 1, f"cannot be read: {error.strerror}")]) from None
    try:
        text = content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        wrong = f"the byte {content[error.start]:#04x} is not UTF-8; save the file as UTF-8"
        raise DocumentError([Problem(str(file), line, column, wrong)]) from None
    if file.suffix == ".json":
        return Source(read_learned(text.removeprefix("\ufeff"), str(file)))
    return Source(parse(text, str(file)), text)


def plain(value: object) -> object:
    """Return a YAML value as JSON has it: dates become texts, keys become texts."""
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _character(text: str, path: Key, offset: int) -> tuple[int, int] | None:
    """Return line and column, from 1, of a character of the scalar at `path`.

    A scalar may be quoted, folded or indented, so the place is that of the same visible character: the
    n-th one that is not a space, in the value as in the file.
    """
    node = _node_at(text, path)
    if not isinstance(node, yaml.ScalarNode):
        return None
    visible = sum(not character.isspace() for character in node.value[:offset])
    at = node.start_mark.index
    if node.style in tuple(_INDICATORS):
        # Skip the quote, or the rest of the line that says how a block is folded.
        at = text.find("\n", at) + 1 if node.style in "|>" else at + 1
    while at < len(text) and (text[at].isspace() or visible):
        visible -= not text[at].isspace()
        at += 1
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1


def _node_at(text: str, path: Key) -> yaml.Node | None:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for part in path:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            return None
    return node
