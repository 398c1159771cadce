"""Which open ticket a customer's report is about, or whether it is about another trouble there.

What must not live here: what words mean (rulebook), opening and linking the ticket (usecases/customers.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from app.domain.ticket import Ticket

LASTS: Final = timedelta(hours=24)
"""So long after a ticket was opened, a report about its trade is taken for more words about it."""

_ANY: Final = frozenset({"", "other"})
_CONTINUES = re.compile(
    r"\W*(?:(?:and|but|now|y|pero|ahora)\s+)?(?:it|its|it's|that|they|these|those|eso)\b", re.IGNORECASE
)
# "I put a bucket under it", "we shut it off": what somebody did about a thing that the first clause does not
# name. Who has, needs or found something names it, and may tell of another trouble.
_DONE_ABOUT_IT = re.compile(
    r"""
    \W*(?:(?:ok|so|and|but|just|now|hi|hey)\W+)*
    (?: (?:i|we|ive|weve|i've|we've) \s+
        (?!(?:have|has|had|got|need|want|found|see|saw|smell|hear|noticed|cant|can't|are|am|were|was)\b)
        (?:[^\W\d]+\s+){1,6}? (?:it|them|that)
        (?=\s*[,.;!]|\s*\Z|\s+(?:off|up|down|out|away|shut|closed|and|but)\b)
      | (?:ya\s+)?(?:le|lo|la|los|las)\s+
        (?:puse|pusimos|cerr\w+|apag\w+|tap\w+|mov\w+|quit\w+|limpi\w+)\b
      | (?:on\s+a|j'ai|nous\s+avons)\s+(?:[^\W\d]+\s+){1,5}(?:dessous|dessus)\b
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)


def continues(text: str) -> bool:
    """Return whether a message goes on about what was told: "it reaches the freezer", "I put tape on it"."""
    return bool(_CONTINUES.match(text) or _DONE_ABOUT_IT.match(text))


def place_of_report(
    tickets: Sequence[Ticket],
    *,
    trade: str,
    site: str,
    alike: Sequence[frozenset[str]],
    now: datetime,
) -> tuple[Ticket | None, Ticket | None]:
    """Return the ticket that a report of `trade` is more words about, or else the one that may be the same.

    `tickets` are the sender's open ones, newest first; there is at least one. `site` is the key of the site
    that the report names, else empty; `alike` are groups of trades that people take for each other. A trade
    that is not known says nothing against being the same. Two Nones: no ticket is about the site it names.
    """
    here = [t for t in tickets if not site or t.site in ("", site)]
    if not here:
        return None, None
    if trade in _ANY:
        return here[0], None
    same = next((t for t in here if _alike(t.trade, trade, alike)), None)
    if same is None:
        return None, here[0]
    return (same, None) if now - same.opened_at < LASTS else (None, same)


def _alike(one: str, other: str, alike: Sequence[frozenset[str]]) -> bool:
    return one in _ANY or one == other or any({one, other} <= group for group in alike)
