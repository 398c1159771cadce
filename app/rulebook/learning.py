"""Learned words from labelled messages: multinomial logistic regression, in plain Python.

The same messages in the same order give the same bytes. What must not live here: CSV files (training.py), how
a message is rated (learned.py).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter, mul
from typing import Final
from zlib import crc32

from app.rulebook.features import features_of
from app.rulebook.learned import FORMAT, QUESTIONS, SCALE, encoded, in_order

ROUNDS: Final = 8
_RATE: Final = 0.5
_SHRINK: Final = 1e-3  # how strongly weights are drawn to zero
_SURE_ENOUGH: Final = 0.004  # what is as right as this is not made righter
_LEAST_MESSAGES: Final = 2  # in which a word has to occur
_LEAST_OF_OTHERS: Final = 4  # in which a pair or a beginning has to

_LEAST_LABELS: Final = 2  # of one alone every word would be as sure as can be

Row = tuple[tuple[int, ...], tuple[float, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A labelled message: `text` and `subject` as rules see them; empty labels are not known."""

    text: str
    subject: str
    priority: str = ""
    trade: str = ""
    kind: str = ""


def learn(
    messages: Sequence[Labelled],
    learned_from: Mapping[str, object],
    done: Callable[[], object] = lambda: None,
) -> dict[str, object]:
    """Return learned words from `messages`, as learned.json has them.

    `learned_from` is kept beside them; `done` is told after each of the ROUNDS of each question.
    """
    features = [features_of(message.text, message.subject) for message in messages]
    counts = Counter(feature for found in features for feature in found)
    words = sorted(word for word, count in counts.items() if count >= _least(word))
    place = {word: index for index, word in enumerate(words)}
    rarity = [1 + math.log((1 + len(messages)) / (1 + counts[word])) for word in words]
    rows = [_row(found, place, rarity) for found in features]
    labels: dict[str, dict[str, int]] = {}
    weights: dict[str, list[list[float]]] = {}
    for question in QUESTIONS:
        known = [i for i, message in enumerate(messages) if getattr(message, question) and rows[i][0]]
        said = {getattr(messages[i], question) for i in known}
        if len(said) < _LEAST_LABELS:
            known, said = [], set()
        classes = in_order(question, said)
        answers = [classes.index(getattr(messages[i], question)) for i in known]
        weights[question], base = _fitted([rows[i] for i in known], answers, len(classes), len(words), done)
        labels[question] = {label: round(SCALE * base[k]) for k, label in enumerate(classes)}
    return {
        "format": FORMAT,
        "learned_from": dict(learned_from),
        "labels": labels,
        "words": {
            word: encoded(rare, {name: [rare * of[index] for of in found] for name, found in weights.items()})
            for index, (word, rare) in enumerate(zip(words, rarity, strict=True))
        },
    }


def _least(word: str) -> int:
    return _LEAST_OF_OTHERS if " " in word or word.endswith("*") else _LEAST_MESSAGES


def as_text(learned: Mapping[str, object]) -> str:
    """Return learned words as the text of their file: a line for each word, so that files can be compared."""
    words = learned["words"]
    lines = [
        f"{json.dumps(word)}: {json.dumps(line)}"
        for word, line in (words.items() if isinstance(words, dict) else ())
    ]
    head = [
        f"{json.dumps(key)}: {json.dumps(learned[key], ensure_ascii=False)}"
        for key in ("format", "learned_from", "labels")
    ]
    return "{\n" + ",\n".join([*head, '"words": {\n' + ",\n".join(lines) + "\n}"]) + "\n}\n"


def _row(features: Sequence[str], place: Mapping[str, int], rarity: Sequence[float]) -> Row:
    """Return a message as the places of its words and their values, which are of length 1 together."""
    places = sorted({place[feature] for feature in features if feature in place})
    length = math.sqrt(sum(rarity[index] ** 2 for index in places)) or 1.0
    return tuple(places), tuple(rarity[index] / length for index in places)


def _fitted(
    rows: Sequence[Row], answers: Sequence[int], labels: int, words: int, done: Callable[[], object]
) -> tuple[list[list[float]], list[float]]:
    """Return weights by label and word, and the base of each label.

    Each label counts alike, however many messages have it. Where there were many steps, they become smaller
    (AdaGrad).
    """
    weights = [[0.0] * words for _ in range(labels)]
    moved = [[1e-2] * words for _ in range(labels)]
    base, base_moved = [0.0] * labels, [1e-2] * labels
    having = Counter(answers)
    counts_for = [len(rows) / (labels * having[label]) for label in range(labels)]
    picked = [_picker(places) for places, _ in rows]
    for turn in range(ROUNDS):
        for number in sorted(range(len(rows)), key=lambda n: (crc32(b"%d %d" % (turn, n)), n)):
            (places, values), pick, answer = rows[number], picked[number], answers[number]
            sums = [base[k] + sum(map(mul, values, pick(weights[k]))) for k in range(labels)]
            highest = max(sums)
            raised = [math.exp(value - highest) for value in sums]
            whole = sum(raised)
            for k in range(labels):
                wrong = raised[k] / whole - (k == answer)
                if -_SURE_ENOUGH < wrong < _SURE_ENOUGH:
                    continue
                wrong *= counts_for[answer]
                mine, mine_moved = weights[k], moved[k]
                for place, value in zip(places, values, strict=True):
                    step = wrong * value + _SHRINK * mine[place]
                    mine_moved[place] += step * step
                    mine[place] -= _RATE * step / math.sqrt(mine_moved[place])
                base_moved[k] += wrong * wrong
                base[k] -= _RATE * wrong / math.sqrt(base_moved[k])
        done()
    return weights, base


def _picker(places: tuple[int, ...]) -> Callable[[Sequence[float]], Sequence[float]]:
    """Return what picks the values at `places`, of which there is at least one."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda weights: (weights[places[0]],)
