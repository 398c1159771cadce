"""What Closeloop says: the ids of all texts, the facts that each may use, and how they are rendered.

What must not live here: the wording (rules/texts/*.yaml), template syntax (text_templates.py), which text is
sent when (usecases), what people answer (replies.py).
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from app.domain.call_texts import SPOKEN_FACTS, SpokenId, speakable
from app.domain.errors import CloseloopError
from app.domain.segments import GSM_LIMITS, is_gsm, measure, to_gsm
from app.domain.text_facts import EXACT, FACTS, LISTS, QUOTE, SHORTENED, TextId
from app.domain.text_templates import Template, TemplateError, parse_template

__all__ = ["FACTS", "MAX_SEGMENTS", "Mail", "TextError", "TextId", "Texts", "parse_texts"]

MAX_SEGMENTS: Final = 2
FALLBACK: Final = "en"
_SUBJECT_LIMIT: Final = 150
_SUBJECT_QUOTE: Final = 60
_SHORTEST_QUOTE: Final = 12  # characters of a foreign script below which we rather write it in ours
_WORD_REACH: Final = 12
_READ: Final = 4000  # characters of a fact that an SMS looks at
_GAP = re.compile(r"\s+")
_BARE: Final = ("number", "priority", "site", "reason", "link", QUOTE)
_SPOKEN: Final = frozenset(text_id.value for text_id in SpokenId)


class TextError(CloseloopError):
    """A text is wrong; `path` tells where in the document, such as ("en", "page", "sms")."""

    def __init__(self, message: str, path: tuple[str | int, ...]) -> None:
        """Carry the `path` beside the `message`."""
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail's subject (one line) and plain text."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class _Text:
    sms: Template
    subject: Template
    mail: Template


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts of a rulebook revision. `document` is what `parse_texts` was given, JSON-able."""

    document: Mapping[str, Mapping[str, Mapping[str, str]]]
    _by_language: Mapping[str, Mapping[TextId, _Text]]
    _spoken: Mapping[str, Mapping[SpokenId, Template]]

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages that have texts, `en` among them."""
        return tuple(sorted(self._by_language))

    def render_sms(self, text_id: TextId, language: str, facts: Mapping[str, str]) -> str:
        """Return the SMS for `facts`: at most two segments, whatever they hold.

        Only the fact `quote` gives way to length, to what is left, with "..."; names and sites are shortened
        at their declared limits. A deadline, number, code or link is never cut: one longer than its declared
        limit is left out whole. A language or a text that is missing falls back to English, a missing fact to
        nothing.
        """
        template = self._text(text_id, language).sms
        said = {name: _for_sms(name, facts.get(name, "")[:_READ]) for name in template.names()}
        text = _fitted(template, said)
        if text is None:
            said = {name: _for_sms(name, facts.get(name, "")[:_READ], plain=True) for name in said}
            text = _fitted(template, said, shortest=0)
        # The check of _compile makes the second try fit; the fallback keeps mypy and the promise honest.
        return (text or "").strip()

    def render_mail(self, text_id: TextId, language: str, facts: Mapping[str, str]) -> Mail:
        """Return the mail for `facts`: any length, the quote whole, several lines if it has them."""
        entry = self._text(text_id, language)
        clean = {name: _printable(value) for name, value in facts.items()}
        lines = {n: v if n in {QUOTE, *LISTS} else _GAP.sub(" ", v) for n, v in clean.items()}
        single = {name: _GAP.sub(" ", value) for name, value in clean.items()}
        single[QUOTE] = _cut(single.get(QUOTE, ""), _SUBJECT_QUOTE)
        subject = _GAP.sub(" ", entry.subject.render(single)).strip()
        return Mail(_cut(subject, _SUBJECT_LIMIT), entry.mail.render(lines).strip() + "\n")

    def render_spoken(self, text_id: SpokenId, language: str, facts: Mapping[str, str]) -> str:
        """Return the words to speak: one line, digits of numbers one by one."""
        own = self._spoken.get(_primary(language), {}).get(text_id)
        template = own or self._spoken[FALLBACK][text_id]
        return _GAP.sub(" ", template.render({n: speakable(n, v) for n, v in facts.items()})).strip()

    def _text(self, text_id: TextId, language: str) -> _Text:
        own = self._by_language.get(_primary(language), {}).get(text_id)
        return own or self._by_language[FALLBACK][text_id]


def parse_texts(by_language: Mapping[str, Mapping[str, object]], *, complete: bool = True) -> Texts:
    """Return the checked texts of `{"en": {"page": {"sms": ..., "subject": ..., "mail": ...}}}`.

    `sms` and `subject` are needed, `mail` defaults to the words of `sms`; what is spoken has `say` alone.
    English needs every id; a text that another language lacks is said in English. Where that need not be
    `complete`, as in a revision of before there were some texts, those are said with their bare facts. Raises
    TextError at the first thing that is wrong.
    """
    compiled: dict[str, dict[TextId, _Text]] = {}
    spoken: dict[str, dict[SpokenId, Template]] = {}
    document: dict[str, dict[str, dict[str, str]]] = {}
    for language, texts in by_language.items():
        if not isinstance(texts, Mapping):
            raise TextError(f"{language!r} needs a mapping of text ids to texts", (language,))
        compiled[language], document[language], spoken[language] = {}, {}, {}
        for name, entry in texts.items():
            if name in _SPOKEN:
                document[language][name] = _strings(entry, (language, name), ("say",))
                said = document[language][name]["say"]
                spoken_id = SpokenId(name)
                place = (language, name, "say")
                spoken[language][spoken_id] = _template(said, SPOKEN_FACTS[spoken_id], place)
                continue
            text_id = _known(name, (language, name))
            document[language][name] = _strings(entry, (language, name), ("sms", "subject"), ("mail",))
            compiled[language][text_id] = _compile(text_id, document[language][name], (language, name))
    written = compiled.setdefault(FALLBACK, {})
    lacking = [text_id for text_id in TextId if text_id not in written]
    unsaid = [text_id for text_id in SpokenId if text_id not in spoken.setdefault(FALLBACK, {})]
    if complete and (lacking or unsaid):
        raise TextError(f"English lacks {', '.join((*lacking, *unsaid))}", (FALLBACK,))
    for text_id in lacking:
        facts = "".join(f"[{{{name}}} ]" for name in _BARE if name in FACTS[text_id])
        bare = parse_template(facts or text_id.replace("_", " "))
        written[text_id] = _Text(sms=bare, subject=bare, mail=bare)
    for said_id in unsaid:
        names = sorted(SPOKEN_FACTS[said_id])
        spoken[FALLBACK][said_id] = parse_template("".join(f"[{{{name}}} ]" for name in names))
    return Texts(MappingProxyType(document), MappingProxyType(compiled), MappingProxyType(spoken))


def _known(name: str, path: tuple[str | int, ...]) -> TextId:
    try:
        return TextId(name)
    except ValueError:
        raise TextError(f"unknown text {name!r}{_nearest(name, [*TextId, *SpokenId])}", path) from None


def _strings(
    entry: object, path: tuple[str | int, ...], needed: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, str]:
    keys = (*needed, *optional)
    if not isinstance(entry, Mapping):
        raise TextError("a text has sms, subject and mail" if optional else "a spoken text has say", path)
    for key, value in entry.items():
        if key not in keys:
            raise TextError(f"unknown key {key!r}{_nearest(str(key), keys)}", (*path, str(key)))
        if not isinstance(value, str) or not value.strip():
            raise TextError(f"{key} needs text", (*path, key))
    for key in needed:
        if key not in entry:
            raise TextError(f"{key!r} is missing", path)
    return {str(key): str(value).strip() for key, value in entry.items()}


def _compile(text_id: TextId, entry: Mapping[str, str], path: tuple[str | int, ...]) -> _Text:
    templates = {}
    for key in ("sms", "subject", "mail"):
        place = (*path, key if key in entry else "sms")
        source = entry.get(key, entry["sms"])
        templates[key] = _template(to_gsm(source) if key == "sms" else source, FACTS[text_id], place)
    _check_length(templates["sms"], (*path, "sms"))
    return _Text(**templates)


def _template(source: str, facts: frozenset[str], place: tuple[str | int, ...]) -> Template:
    try:
        template = parse_template(source)
    except TemplateError as error:
        raise TextError(str(error), place) from None
    for name in template.names():
        if name not in facts:
            raise TextError(f"text {str(place[-2])!r} has no fact {name!r}{_nearest(name, facts)}", place)
    return template


def _check_length(template: Template, path: tuple[str | int, ...]) -> None:
    """Refuse a text that could need a third segment although every fact keeps to its limit."""
    literal = template.literal()
    if not is_gsm(literal):
        odd = next(character for character in literal if not is_gsm(character))
        raise TextError(f"an SMS cannot say {odd!r} in its own alphabet", path)
    # One septet of a segment is lost when an extension character would stand across its end.
    room = MAX_SEGMENTS * GSM_LIMITS[1] - 1
    limits = {**EXACT, **SHORTENED, **LISTS, QUOTE: _SHORTEST_QUOTE}
    units = measure(literal).units + sum(limits[name] for name in template.names())
    if units > room:
        raise TextError(
            f"may need {units} septets, two segments have {room}; shorten it by {units - room}",
            path,
        )


def _primary(language: str) -> str:
    return re.split(r"[-_]", language.lower(), maxsplit=1)[0]


@lru_cache(maxsize=2048)  # one storm says a thousand times the same company, trade and site
def _for_sms(name: str, value: str, *, plain: bool = False) -> str:
    lines = [_GAP.sub(" ", line).strip() for line in to_gsm(value).split("\n")]
    if name in LISTS:
        return _cut_list([_latin(line, plain=plain) for line in lines if line], LISTS[name])
    text = _latin(" ".join(filter(None, lines)), plain=plain)
    if name in EXACT:
        return text if measure(text).units <= EXACT[name] else ""
    if name in SHORTENED:
        return _cut_units(text, SHORTENED[name])
    return text.replace('"', "'")


def _latin(text: str, *, plain: bool) -> str:
    """Return `text` with what is not GSM-7 as "?", unless that is most of its letters and not `plain`."""
    if is_gsm(text):
        return text
    foreign = sum(1 for character in text if not is_gsm(character))
    letters = sum(1 for character in text if character.isalpha())
    if not plain and foreign * 2 > letters:
        return text
    marked = "".join(character if is_gsm(character) else "\x00" for character in text)
    return re.sub("\x00+", "?", marked)


def _fitted(template: Template, said: dict[str, str], shortest: int = _SHORTEST_QUOTE) -> str | None:
    """Return the text with the longest quote that fits, or None if that is shorter than `shortest`."""

    def attempt(length: int) -> str | None:
        text = template.render({**said, QUOTE: _cut(said.get(QUOTE, ""), length)})
        return text if measure(text).segments <= MAX_SEGMENTS else None

    # More characters than two segments hold never fit: the search need not look there.
    full = len(said.get(QUOTE, ""))
    low, high = min(shortest, full), min(full, MAX_SEGMENTS * GSM_LIMITS[1])
    if (whole := attempt(full)) is not None:
        return whole
    if (best := attempt(low)) is None:
        return None
    while low < high:
        middle = (low + high + 1) // 2
        if (text := attempt(middle)) is not None:
            best, low = text, middle
        else:
            high = middle - 1
    return best


def _cut(text: str, length: int) -> str:
    """Return at most `length` characters of `text`, "..." counted, preferably whole words."""
    if len(text) <= length:
        return text
    kept = text[: max(length - 3, 0)]
    space = kept.rfind(" ")
    if space > 0 and len(kept) - space <= _WORD_REACH:
        kept = kept[:space]
    kept = kept.rstrip(" ,;:-")
    return f"{kept}..." if kept else ""


def _cut_units(text: str, limit: int) -> str:
    length = len(text)
    while measure(shortened := _cut(text, length)).units > limit:
        length -= 1
    return shortened


def _cut_list(lines: list[str], limit: int) -> str:
    """Return as many whole lines as `limit` units hold, and how many more there are."""
    for count in range(len(lines), -1, -1):
        rest = [f"+{len(lines) - count} more"] if count < len(lines) else []
        text = "\n".join((*lines[:count], *rest))
        if measure(text).units <= limit:
            return text
    return ""


def _printable(value: str) -> str:
    """Return `value` without control characters and lone surrogates; lines end in a newline only."""
    text = unicodedata.normalize("NFC", re.sub(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", value))
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"}).strip()


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(str(item) for item in known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known here: {', '.join(names)}"
