"""The facts that a condition may ask about: names, types, meanings. The one list of them.

`words.NAME` is not listed: there is one for each list in words.yaml. What must not live here: how a fact is
found in a message (reading.py, vocabulary.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

from app.domain.classification import CHANNELS, KINDS, PRIORITIES, WEEKDAYS

Type = Literal["text", "number", "truth", "list of texts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact: its name in conditions, its type, what it means, and its possible values if they are few."""

    name: str
    type: Type
    meaning: str
    values: tuple[str, ...] = ()


class View(Protocol):
    """What a compiled condition reads: values by fact name, and where the word lists were found."""

    @property
    def values(self) -> dict[str, str | int | bool | Sequence[str]]:
        """Return the facts' values by name."""
        ...

    @property
    def hits(self) -> dict[str, list[tuple[int, int]]]:
        """Return, for each word list that was found, the places: first word and the one after the last."""
        ...

    @property
    def length(self) -> int:
        """Return the number of words of the message, the subject's not counted."""
        ...

    def weighed(self, name: str) -> str:
        """Return which words weighed most for the fact `name`, if the learned words tell it; else nothing."""
        ...

    @property
    def words(self) -> Sequence[str]:
        """Return the words, the subject's behind the text's."""
        ...


LEARNED_TRADE: Final = "learned.trade"
_MESSAGE: Final = (
    Fact(name="text", type="text", meaning="what the sender newly wrote, in lower case, without accents"),
    Fact(name="subject", type="text", meaning="the mail's subject, in lower case, without accents"),
    Fact(name="channel", type="text", meaning="how it came", values=CHANNELS),
    Fact(name="kind", type="text", meaning="what the message is: new trouble, or what else", values=KINDS),
    Fact(name="length", type="number", meaning="how many words it has, subject included"),
    Fact(name="pictures", type="number", meaning="how many pictures or files came with it"),
    Fact(name="automatic", type="truth", meaning="a machine sent it (out of office, bounce, our own)"),
    Fact(name="reply", type="truth", meaning="the subject says that it answers another mail"),
    Fact(name="our_number", type="truth", meaning="the subject carries one of our ticket numbers"),
    Fact(name="degrees.given", type="truth", meaning="it names a temperature"),
    Fact(
        name="degrees.high", type="number", meaning="the highest temperature named, in Fahrenheit; 0 if none"
    ),
    Fact(name="degrees.low", type="number", meaning="the lowest temperature named, in Fahrenheit; 0 if none"),
    Fact(name="contact.known", type="truth", meaning="the sender is one of our contacts"),
    Fact(name="account.key", type="text", meaning="the customer's key in the directory; empty if unknown"),
    Fact(name="account.tier", type="text", meaning="the customer's tier in the directory; empty if unknown"),
    Fact(name="site.code", type="text", meaning="the site's code; empty if unknown"),
    Fact(name="site.known", type="truth", meaning="we know which site it is about"),
    Fact(name="site.region", type="text", meaning="the site's region; empty if unknown"),
    Fact(name="local.hour", type="number", meaning="the hour at the site, 0 to 23"),
    Fact(name="local.weekday", type="text", meaning="the day of the week at the site", values=WEEKDAYS),
    Fact(name="tickets.open", type="number", meaning="how many open tickets the sender or the site has"),
)
_LEARNED: Final = (
    Fact(
        name="learned.p1", type="number", meaning="how sure the learned words are that it is P1, in percent"
    ),
    Fact(
        name="learned.p2", type="number", meaning="how sure the learned words are that it is P2, in percent"
    ),
    Fact(
        name="learned.p3", type="number", meaning="how sure the learned words are that it is P3, in percent"
    ),
    Fact(
        name="learned.p4", type="number", meaning="how sure the learned words are that it is P4, in percent"
    ),
    Fact(
        name="learned.urgent",
        type="number",
        meaning="how sure the learned words are that it is P1 or P2, in percent",
    ),
    Fact(
        name="learned.calm",
        type="number",
        meaning="how sure the learned words are that it is P3 or P4, in percent",
    ),
    Fact(name="learned.trade", type="text", meaning="the trade that the learned words say; empty if none"),
    Fact(
        name="learned.trade_sure",
        type="number",
        meaning="how sure the learned words are of their trade, in percent",
    ),
    Fact(
        name="learned.kind",
        type="text",
        meaning="what the message is by the learned words; empty if they say nothing",
        values=("", *KINDS),
    ),
    Fact(
        name="learned.kind_sure",
        type="number",
        meaning="how sure the learned words are of what the message is, in percent",
    ),
)
_DECIDED: Final = (
    Fact(name="priority", type="text", meaning="the priority that was decided", values=PRIORITIES),
    Fact(name="trade", type="text", meaning="the trade that was decided; empty if unknown"),
    Fact(name="tags", type="list of texts", meaning="the tags that were added"),
    Fact(name="life_safety", type="truth", meaning="somebody may be in danger"),
)


def facts_for(stage: str, trades: tuple[str, ...]) -> dict[str, Fact]:
    """Return what conditions of `stage` may ask, by name; each stage sees what those before it decided."""
    known = {fact.name: fact for fact in (*_MESSAGE, *_LEARNED)}
    decided = {fact.name: fact for fact in _DECIDED}
    visible = {
        "life_safety": (),
        "trade": ("life_safety",),
        "learned_trade": ("life_safety", "trade"),
        "priority": ("life_safety", "trade"),
        "learned_priority": ("life_safety", "trade", "priority"),
        "tags": ("life_safety", "trade", "priority"),
        "route": ("life_safety", "trade", "priority", "tags"),
    }[stage]
    for name in visible:
        fact = decided[name]
        if name == "trade":
            fact = Fact(name=name, type=fact.type, meaning=fact.meaning, values=("", *trades))
        known[name] = fact
    if trades:
        known[LEARNED_TRADE] = replace(known[LEARNED_TRADE], values=("", *trades))
    return known
