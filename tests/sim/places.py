"""The company of a simulated world, and the rulebooks that its manager may apply."""

from __future__ import annotations

import re
from functools import cache

from app.rulebook.revision import Rulebook, from_document
from app.usecases.directory_file import DirectoryFile, parse_directory
from tests.nodes import COMPANY


@cache
def company(without: str = "") -> DirectoryFile:
    """Return the demo's company, or the one in which somebody is no longer on the staff; each read once."""
    words = COMPANY.read_text("utf-8")
    if without:
        words, left = re.subn(rf"(?m)^  - key: {without}\n(?:    .*\n)+", "", words)
        assert left == 1
    return parse_directory(words, COMPANY.name)


def variants(rulebook: Rulebook) -> list[Rulebook]:
    """Return the rulebook and others that a manager may apply: other waits, other promises."""
    found = [rulebook]
    for old, new in ((r'"10m"', '"6m"'), (r'"4h"', '"3h"')):
        changed = _replaced(rulebook.document, old.strip('"'), new.strip('"'))
        found.append(from_document(changed))
    return found


def _replaced(value: object, old: str, new: str) -> object:
    if isinstance(value, dict):
        return {key: each if key == "format" else _replaced(each, old, new) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, old, new) for each in value]
    return new if value == old else value
