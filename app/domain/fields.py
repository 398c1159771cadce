"""Reading JSON-like documents that people and scripts write: which keys, which types, what would be right.

Works on plain mappings that `json` or YAML produced. What must not live here: what any key means.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import cast

from app.domain.errors import CloseloopError

_LISTED = 15
_LONGEST_NAME = 60


class FieldError(CloseloopError):
    """A document has a key or a value that does not belong there."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?`, or the list of what is known, or nothing; to be put behind a message."""
    names = sorted(set(known))
    close = [known for known in names if known.casefold() == name.casefold()]
    close = close or [known for known in names if sorted(known) == sorted(name)]  # letters changed places
    close = close or difflib.get_close_matches(name[:_LONGEST_NAME], names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known here: {', '.join(names)}" if 0 < len(names) <= _LISTED else ""


def shown(value: object) -> str:
    """Return `value` as a message quotes it: never longer than a line."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deeply, or an integer of too many digits to print
        text = type(value).__name__
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 3]}..."


def mapping(value: object, where: str) -> Mapping[str, object]:
    """Return `value` as a mapping with string keys. Raises FieldError."""
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return cast("Mapping[str, object]", value)
    raise FieldError(f"{where}: {shown(value)} is not an object with named keys")


def keyed(
    value: object,
    where: str,
    *,
    required: Collection[str] = (),
    optional: Collection[str] = (),
) -> Mapping[str, object]:
    """Return `value` as a mapping that has all `required` keys and no other than `optional` ones.

    Raises FieldError, which names the key and the nearest right one.
    """
    if not isinstance(value, dict):
        value = mapping(value, where)
    found = cast("Mapping[str, object]", value)
    for key in found:
        if key not in required and key not in optional:
            if not isinstance(key, str):
                mapping(value, where)
            raise FieldError(f"{where}: unknown key {shown(key)}{nearest(key, (*required, *optional))}")
    for key in required:
        if key not in found:
            raise FieldError(f"{where}: {key!r} is missing")
    return found


def text(value: object, where: str) -> str:
    """Return `value` as a string that is not empty. Raises FieldError."""
    if isinstance(value, str) and value:
        return value
    raise FieldError(f"{where}: {shown(value)} is not a text")


def items(value: object, where: str) -> list[object]:
    """Return `value` as a list. Raises FieldError."""
    if isinstance(value, list | tuple):
        return list(value)
    raise FieldError(f"{where}: {shown(value)} is not a list")
