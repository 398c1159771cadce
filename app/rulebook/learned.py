"""Learned words: how sure a message's words are of a priority, a trade and a kind. Data, like word lists.

`learned.json` has a line for each word, pair of words or beginning of a word: its rarity in tenths, and a
letter for each label of each question, in the order of `labels`:

    "hissing": "71 Kcba ..b..C......... D.b......."

A capital speaks for the label, a small letter against it, the more the later in the alphabet. What a message
weighs for a label is the sum over its words, divided by how many and how rare they are. What must not live
here: where the weights come from (learning.py), what follows from them (routing.yaml).
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from app.documents import NOWHERE, Document, DocumentError, Path, Problem, nearest
from app.domain.classification import KINDS, PRIORITIES
from app.rulebook.features import features_of

NAME: Final = "learned"
FILE: Final = f"{NAME}.json"
FORMAT: Final = 1
SCALE: Final = 100
"""What a label weighs without any word stands in the file in hundredths."""
RARITY: Final = 10
LETTERS: Final = ".ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""What a letter weighs: its place; the small one the same against the label."""
_ZERO: Final = 32
"""What a lane has more than the weight in it, so that none is below zero."""
_TABLE: Final = bytes(
    _ZERO + LETTERS.find(chr(code).upper()) * (-1 if chr(code).islower() else 1)
    if chr(code).isalpha()
    else _ZERO
    for code in range(128)
) + bytes(128)
QUESTIONS: Final = ("priority", "trade", "kind")
_KEYS: Final = ("format", "learned_from", "labels", "words")
_LARGEST: Final = 100_000
_MOST_WORDS: Final = 50_000
_NAMED: Final = 4  # so many words are named as the heaviest


class Sureness(NamedTuple):
    """What the learned words say of one question: the likeliest label, and how sure of each, in percent."""

    label: str
    shares: Mapping[str, int]

    @property
    def share(self) -> int:
        """Return how sure they are of the likeliest label, in percent."""
        return self.shares.get(self.label, 0)


NOTHING: Final = Sureness("", {})


@dataclass(frozen=True, slots=True)
class _Question:
    """One question's labels, where they begin among all labels, and which of them may be an answer."""

    labels: tuple[str, ...]
    start: int
    possible: tuple[int, ...]


class LearnedWords:
    """The learned words of one rulebook, ready to be asked. Safe to share between threads."""

    def __init__(self, data: Mapping[str, object], trades: Collection[str]) -> None:
        """Take `data` as `problems_of` found it right; of the trades only those of `trades` are ever said."""
        labels = _labels(data)
        self._questions: dict[str, _Question] = {}
        start = 0
        for question in QUESTIONS:
            named = in_order(question, labels[question])
            possible = tuple(i for i, label in enumerate(named) if question != "trade" or label in trades)
            self._questions[question] = _Question(named, start, possible)
            start += len(named)
        self._base = [
            labels[question][label] / SCALE
            for question in QUESTIONS
            for label in self._questions[question].labels
        ]
        words = data["words"]
        self._lines: Mapping[str, str] = words if isinstance(words, dict) else {}
        # A message is asked about several times in a row: by stages, for its trace, by another rulebook.
        self._asked = lru_cache(maxsize=64)(self._weighed)
        self._answered = lru_cache(maxsize=64)(self._answer)

    def ask(self, question: str, text: str, subject: str) -> Sureness:
        """Return what the words of a message, folded, say of `question`: priority, trade or kind."""
        return self._answered(question, text, subject)

    def _answer(self, question: str, text: str, subject: str) -> Sureness:
        found = self._questions[question]
        if not found.possible:
            return NOTHING
        sums, _, known = self._asked(text, subject)
        if not known:
            return NOTHING  # not one word that was ever learned from: nobody can be sure of anything
        mine = sums[found.start : found.start + len(found.labels)]
        highest = max(mine)
        raised = [math.exp(value - highest) for value in mine]
        whole = sum(raised)
        shares = {found.labels[i]: round(100 * raised[i] / whole) for i in found.possible}
        best = max(found.possible, key=lambda i: (mine[i], -i))
        return Sureness(found.labels[best], shares)

    def heaviest(self, question: str, label: str, text: str, subject: str) -> tuple[tuple[str, float], ...]:
        """Return the words that weighed most for `label`, against its question's others, heaviest first."""
        found = self._questions[question]
        if label not in found.labels:
            return ()
        at, end = found.start + found.labels.index(label), found.start + len(found.labels)
        _, length, _ = self._asked(text, subject)
        weighed: dict[str, float] = {}
        word = ""
        for feature in features_of(text, subject):
            # What the beginning of a word weighs is told with the word, which stands before it.
            word = word if feature.endswith("*") else feature
            if feature in self._words:
                weights = self._sums(self._words[feature][1], 1)
                mean = sum(weights[found.start : end]) / len(found.labels)
                weighed[word] = weighed.get(word, 0.0) + (weights[at] - mean) / length
        heaviest = sorted(weighed.items(), key=lambda pair: (-pair[1], pair[0]))[:_NAMED]
        return tuple((word, round(weight, 1)) for word, weight in heaviest if round(weight, 1) > 0)

    def _weighed(self, text: str, subject: str) -> tuple[list[float], float, bool]:
        """Return what the message weighs for each label, and how many and how rare its known words are."""
        weight_of = self._words.get
        told = [found for word in features_of(text, subject) if (found := weight_of(word))]
        if not told:
            return self._base, 1.0, False
        length = math.sqrt(sum([rarity * rarity for rarity, _ in told]))
        sums = self._sums(sum([lanes for _, lanes in told]), len(told))
        return [base + value / length for base, value in zip(self._base, sums, strict=True)], length, True

    @cached_property
    def _words(self) -> dict[str, tuple[float, int]]:
        return {word: _decoded(line) for word, line in self._lines.items()}

    def _sums(self, lanes: int, words: int) -> list[int]:
        """Return the sum of each label from the sum of so many words' lanes."""
        count, zero = len(self._base), words * _ZERO
        return [lane - zero for lane in struct.unpack(f"<{count}H", lanes.to_bytes(2 * count, "little"))]


def in_order(question: str, labels: Collection[str]) -> tuple[str, ...]:
    """Return the labels of a question in the order of their letters: trades by name, the others as ever.

    It does not depend on the order in the file, which a stored revision does not keep.
    """
    known: Sequence[str] = {"priority": PRIORITIES, "kind": KINDS}.get(question, ())
    return tuple(sorted(labels, key=lambda label: (label not in known or known.index(label), label)))


def encoded(rarity: float, weights: Mapping[str, Sequence[float]]) -> str:
    """Return a word's line: its rarity, and its weights by question, each in the order of the labels."""
    letters = (" ".join("".join(map(_letter, weights[question])) for question in QUESTIONS),)
    return " ".join((str(round(RARITY * rarity)), *letters))


def _letter(weight: float) -> str:
    letter = LETTERS[min(len(LETTERS) - 1, abs(round(weight)))]
    return letter.lower() if weight < 0 else letter


def _decoded(line: str) -> tuple[float, int]:
    """Return a word's rarity, and what it weighs for all labels, one question after the other, in lanes.

    A lane is 16 bits of one number, the first label's the lowest: numbers are added at once, lists one by
    one. A message has too few words to fill a lane.
    """
    rarity, *letters = line.split(" ")
    weights = "".join(letters).encode().translate(_TABLE)
    lanes = bytearray(2 * len(weights))
    lanes[::2] = weights
    return int(rarity) / RARITY, int.from_bytes(lanes, "little")


def read_learned(text: str, name: str) -> Document:
    """Return the text of a file of learned words as a document. Raises DocumentError where it is no JSON."""
    try:
        data = json.loads(text, object_pairs_hook=_without_twice, parse_constant=_refuse_constant)
    except _TwiceError as error:
        raise DocumentError([_JsonDocument(name, {}, text).problem((error.key,), str(error))]) from None
    except json.JSONDecodeError as error:
        raise DocumentError(
            [Problem(name, error.lineno, error.colno, f"this is no JSON: {error.msg}")]
        ) from None
    except ValueError as error:
        raise DocumentError([Problem(name, 1, 1, f"this is no JSON: {error}")]) from None
    except RecursionError:
        raise DocumentError([Problem(name, 1, 1, "this is nested too deep")]) from None
    if "\\u" in text and (bad := _unwritable(data)):  # it stands for itself nowhere
        raise DocumentError([Problem(name, 1, 1, f"the character U+{ord(bad):04X} is not allowed")])
    return _JsonDocument(name, data, text)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _unwritable(data: object) -> str:
    """Return a character in `data` that no database takes, nothing if there is none."""
    if isinstance(data, dict):
        return next((bad for pair in data.items() for part in pair if (bad := _unwritable(part))), "")
    if isinstance(data, list):
        return next((bad for part in data if (bad := _unwritable(part))), "")
    found = NOWHERE.search(data) if isinstance(data, str) else None
    return found.group() if found else ""


def problems_of(document: Document) -> list[Problem]:
    """Return everything that keeps `document` from being learned words, each at its line."""
    data = document.data
    if not isinstance(data, dict):
        return [document.problem((), "this should be a mapping, as `closeloop rules learn` writes it")]
    problems = [
        document.problem((str(key),), f"unknown key {str(key)!r}{nearest(str(key), _KEYS)}")
        for key in data.keys() - set(_KEYS)
    ]
    problems += [document.problem((), f"{key!r} is missing") for key in _KEYS if key not in data]
    if problems:
        return problems
    if not isinstance(data["learned_from"], dict):
        return [document.problem(("learned_from",), "learned_from should be a mapping")]
    if data["format"] != FORMAT:
        return [document.problem(("format",), f"this is format {data['format']!r}; {FORMAT} is known here")]
    problems += _label_problems(document, data["labels"])
    return problems or _word_problems(document, data["labels"], data["words"])


def _label_problems(document: Document, labels: object) -> list[Problem]:
    if not isinstance(labels, dict) or set(labels) != set(QUESTIONS):
        return [document.problem(("labels",), f"labels has the keys {', '.join(QUESTIONS)}, and no others")]
    problems: list[Problem] = []
    known: Mapping[str, Collection[str]] = {"priority": PRIORITIES, "kind": KINDS}
    seen = set[str]()
    for question, weights in labels.items():
        if not isinstance(weights, dict):
            problems.append(document.problem(("labels",), f"{question} should be a mapping of labels"))
            continue
        for label, weight in weights.items():
            if question in known and label not in known[question]:
                message = f"unknown {question} {label!r}{nearest(label, known[question])}"
                problems.append(document.problem(("labels", label), message))
            elif label in seen:
                problems.append(document.problem(("labels", label), f"the label {label!r} stands here twice"))
            elif not _is_weight(weight):
                problems.append(document.problem(("labels", label), f"{label!r} needs a whole number"))
            seen.add(label)
    return problems


def _word_problems(
    document: Document, labels: Mapping[str, Mapping[str, int]], words: object
) -> list[Problem]:
    if not isinstance(words, dict):
        return [document.problem(("words",), "words should be a mapping")]
    if len(words) > _MOST_WORDS:
        return [document.problem(("words",), f"more than {_MOST_WORDS:,} words; learn with fewer")]
    counts = [len(labels[question]) for question in QUESTIONS]
    right = re.compile(" ".join([r"[1-9]\d{0,3}", *(f"[A-Za-z.]{{{count}}}" for count in counts)])).fullmatch
    letters = ", ".join(map(str, counts))
    message = f"this needs its rarity, and a letter or point for each label: {letters}; learn it anew"
    return [
        document.problem(("words", word), f"{word!r}: {message}")
        for word, line in words.items()
        if not (isinstance(line, str) and right(line))
    ]


def _is_weight(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


def _labels(data: Mapping[str, object]) -> Mapping[str, Mapping[str, int]]:
    labels = data["labels"]
    return labels if isinstance(labels, dict) else {}


class _TwiceError(ValueError):
    """A key stands twice in one mapping."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key!r} stands here twice")
        self.key = key


def _without_twice(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _TwiceError(next(key for index, key in enumerate(keys) if key in keys[:index]))
    return found


class _JsonDocument(Document):
    """A JSON file, whose lines are looked for when something is wrong only: it has thousands."""

    def __init__(self, name: str, data: object, text: str) -> None:
        super().__init__(name, data, {})
        self._text = text

    def at(self, path: Path | Sequence[str | int]) -> tuple[int, int]:
        """Return line and column of the last place where the innermost key of `path` stands, or 1, 1."""
        for key in reversed(tuple(path)):
            written = "|".join(re.escape(json.dumps(key, ensure_ascii=plain)) for plain in (False, True))
            places = [match.start() for match in re.finditer(rf"(?:{written})\s*:", self._text)]
            if places:
                at = places[-1]
                return self._text.count("\n", 0, at) + 1, at - (self._text.rfind("\n", 0, at) + 1) + 1
        return 1, 1
