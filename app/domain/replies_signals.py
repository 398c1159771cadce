"""How the tables of phrases are written that tell messages apart, and how they become patterns.

They match folded text (spelling.fold): lower case, no accents, no apostrophes, single spaces. So upper-case
words in a table stand for groups: HE for who may come, IT for what was reported. What must not live here: the
tables.
"""

from __future__ import annotations

import re
from typing import Final

_GROUPS: Final = {
    "HE": r"""
        (?:he|she|they|guy|guys|dude|man|lady|crew|crews|tech|techs|technician|plumber|electrician|contractor
        |vendor|someone|somebody|anyone|anybody|help|driver|locksmith|repair\w*|roofer|mechanic|team|cleaners?
        |service|exterminator|installer)
    """,
    "IT": r"(?:it|its|it is|it just|that|thats|this|they|he|she|same thing)",
}
_GROUP: Final = re.compile(r"(?<![\\\w])(?:HE|IT)(?![\w])")


def anywhere(table: str) -> re.Pattern[str]:
    """Return a pattern of whole words: a line of `table` holds alternatives, a backslash joins two lines."""
    lines = re.sub(r"\\\n\s*", "", table).strip().splitlines()
    return re.compile(rf"(?<!\w)(?:{_grouped('|'.join(line.strip() for line in lines))})(?!\w)")


def at_start(table: str) -> re.Pattern[str]:
    """Return the pattern that `table` writes over several lines; spaces at a line's edges do not count."""
    return re.compile(_grouped("".join(line.strip() for line in table.splitlines())))


def _grouped(pattern: str) -> str:
    groups = {name: "".join(line.strip() for line in text.splitlines()) for name, text in _GROUPS.items()}
    return _GROUP.sub(lambda match: groups[match.group()], pattern)
