"""A message as conditions see it: facts by name, and where the word lists were found.

What must not live here: how words are found (vocabulary.py), which facts there are (schema.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.domain.classification import Facts
from app.domain.replies_kind import customer_intent
from app.rulebook.reading import read
from app.rulebook.tokens import Tokens, folded, tokens_of
from app.rulebook.vocabulary import Spans, Vocabulary


@dataclass(frozen=True, slots=True)
class MessageView:
    """What conditions read. `length` counts the words of the text; the subject's words stand behind them."""

    values: dict[str, str | int | bool | Sequence[str]]
    hits: dict[str, Spans]
    length: int
    words: Sequence[str]


class _Values(dict[str, "str | int | bool | Sequence[str]"]):
    """The facts' values; `kind` costs as much as all others together and is worked out when it is asked."""

    def __init__(self, known: dict[str, str | int | bool | Sequence[str]], facts: Facts) -> None:
        super().__init__(known)
        self._facts = facts

    def __missing__(self, name: str) -> str:
        if name != "kind":
            raise KeyError(name)
        found = self["kind"] = _kind(self._facts)
        return found


@lru_cache(maxsize=64)
def _kind(facts: Facts) -> str:
    """Return the kind of a message, which two rulebooks read alike."""
    return "auto_reply" if facts.automatic else customer_intent(facts.text, facts.subject, facts.channel)


def view_of(facts: Facts, vocabulary: Vocabulary) -> MessageView:
    """Return how conditions see a message with these `facts`. Its `values` are the caller's own."""
    known, tokens, length = _read(facts)
    return MessageView(_Values(known, facts), vocabulary.find(tokens), length, tokens.words)


@lru_cache(maxsize=64)
def _read(facts: Facts) -> tuple[dict[str, str | int | bool | Sequence[str]], Tokens, int]:
    """Return what does not depend on a rulebook: a message is asked about several times in a row."""
    reading = read(facts.subject, facts.text)
    text, subject = folded(reading.text), folded(reading.subject)
    body = tokens_of(text)
    if not body.words:
        # The whole report stands in the subject.
        text, body = subject, tokens_of(subject)
    # The body comes first, so that "starts with" and "is nothing but" mean what was newly written.
    tokens = tokens_of(f"{text}\n{subject}") if subject.strip() and text is not subject else body
    values = situation(facts)
    values.update(
        {
            "text": text.strip(),
            "subject": subject.strip(),
            "length": len(body.words),
            "reply": reading.reply,
            "our_number": reading.our_number,
            "degrees.given": bool(reading.degrees),
            "degrees.high": round(max(reading.degrees, default=0)),
            "degrees.low": round(min(reading.degrees, default=0)),
        }
    )
    return values, tokens, len(body.words)


def situation(facts: Facts) -> dict[str, str | int | bool | Sequence[str]]:
    """Return the values of the facts that are not read from the words of the message."""
    return {
        "channel": facts.channel,
        "pictures": facts.pictures,
        "automatic": bool(facts.automatic),
        "contact.known": facts.contact_known,
        "account.key": facts.account,
        "account.tier": facts.tier,
        "site.code": facts.site,
        "site.known": bool(facts.site),
        "site.region": facts.region,
        "local.hour": facts.local_hour,
        "local.weekday": facts.weekday,
        "tickets.open": facts.open_tickets,
    }
