"""A message as conditions see it: facts by name, and where the word lists were found.

What must not live here: how words are found (vocabulary.py), which facts there are (schema.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, cast

from app.domain.classification import PRIORITIES, Facts, KindEstimate
from app.domain.replies_kind import customer_intent, settled_kind
from app.rulebook.learned import NOTHING, LearnedWords, Sureness
from app.rulebook.reading import read
from app.rulebook.tokens import Tokens, folded, tokens_of
from app.rulebook.vocabulary import Spans, Vocabulary

LEARNED: Final = "learned."
_LEARNED_PRIORITY: Final = frozenset(
    f"{LEARNED}{name}" for name in ("urgent", "calm", *(name.lower() for name in PRIORITIES))
)


@dataclass(frozen=True, slots=True)
class MessageView:
    """What conditions read. `length` counts the words of the text; the subject's words stand behind them."""

    values: dict[str, str | int | bool | Sequence[str]]
    hits: dict[str, Spans]
    length: int
    words: Sequence[str]
    learned: LearnedWords | None = None

    def weighed(self, name: str) -> str:
        """Return ` (hissing +1.4, smell +0.9)` for a fact of the learned words that some word speaks for."""
        if self.learned is None or not name.startswith(LEARNED):
            return ""
        told = name.removeprefix(LEARNED).removesuffix("_sure")
        question, label = (
            (told, str(self.values[LEARNED + told]))
            if told in ("trade", "kind")
            else ("priority", {"urgent": "P1", "calm": "P3"}.get(told, told.upper()))
        )
        heaviest = self.learned.heaviest(
            question, label, str(self.values["text"]), str(self.values["subject"])
        )
        said = ", ".join(f"{word} {weight:+.1f}" for word, weight in heaviest)
        return f" ({said})" if said else ""


class _Values(dict[str, "str | int | bool | Sequence[str]"]):
    """The facts' values. `kind` and what learned words say are worked out when they are asked for."""

    def __init__(
        self, known: dict[str, str | int | bool | Sequence[str]], facts: Facts, learned: LearnedWords | None
    ) -> None:
        super().__init__(known)
        self._facts = facts
        self._learned = learned
        self._sure: dict[str, Sureness] = {}

    def __missing__(self, name: str) -> str | int:
        if name == "kind":
            self[name] = self._kind()
        elif name in _LEARNED_PRIORITY:
            self.update(self._priority())
        elif name.startswith(LEARNED):
            question = name.removeprefix(LEARNED).removesuffix("_sure")
            sure = self._ask(question)
            self[LEARNED + question], self[f"{LEARNED}{question}_sure"] = sure.label, sure.share
        else:
            raise KeyError(name)
        return cast("str | int", self[name])

    def _ask(self, question: str) -> Sureness:
        found = self._sure.get(question)
        if found is None:
            text, subject = str(self["text"]), str(self["subject"])
            found = self._learned.ask(question, text, subject) if self._learned else NOTHING
            self._sure[question] = found
        return found

    def _kind(self) -> str:
        told = _kind(self._facts)
        if self._learned is None or self._facts.automatic:
            return told
        kinds = self._ask("kind").shares
        return settled_kind(told, KindEstimate(kinds=kinds, p1=cast("int", self["learned.p1"])))

    def _priority(self) -> dict[str, int]:
        shares = self._ask("priority").shares
        return {
            **{f"{LEARNED}{name.lower()}": shares.get(name, 0) for name in PRIORITIES},
            f"{LEARNED}urgent": shares.get("P1", 0) + shares.get("P2", 0),
            f"{LEARNED}calm": shares.get("P3", 0) + shares.get("P4", 0),
        }


@lru_cache(maxsize=64)
def _kind(facts: Facts) -> str:
    """Return the kind of a message, which two rulebooks read alike."""
    return "auto_reply" if facts.automatic else customer_intent(facts.text, facts.subject, facts.channel)


def view_of(facts: Facts, vocabulary: Vocabulary, learned: LearnedWords | None = None) -> MessageView:
    """Return how conditions see a message with these `facts`. Its `values` are the caller's own."""
    known, tokens, length = _read(facts)
    return MessageView(_Values(known, facts, learned), vocabulary.find(tokens), length, tokens.words, learned)


def said(facts: Facts) -> tuple[str, str]:
    """Return the text and the subject of a message as conditions see them."""
    known, _, _ = _read(facts)
    return str(known["text"]), str(known["subject"])


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
