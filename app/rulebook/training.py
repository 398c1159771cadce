"""Labelled messages from CSV files, to learn words from: read, checked, each once; and how well that works.

What must not live here: the learning itself (learning.py), printing (rules_cli.py).
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.documents import DocumentError, Problem, nearest
from app.domain.classification import CHANNELS, KINDS, PRIORITIES, Facts
from app.rulebook.learning import Labelled, learn
from app.rulebook.revision import Rulebook
from app.rulebook.score import NEW, compare, score
from app.rulebook.view import said

LEAST_ROWS: Final = 200
"""With fewer messages, words would be learned by heart instead of weighed."""
_LEAST_HELD: Final = 100
_TOLD: Final = ("P1 rated P1 or P2", "P1 rated P1", "P3 or P4 rated P1", "trade right", "kind right")
_NEEDED: Final = ("kind", "subject", "text", "priority", "trade")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One row of a file: `set` tells which collection it is of, the file's name where no column says so."""

    set: str
    channel: str
    subject: str
    text: str
    labelled: Labelled


def read_messages(files: Sequence[Path], trades: Collection[str]) -> list[Message]:
    """Return the labelled messages of `files`, each text once: the first one counts.

    Columns: kind, subject, text, priority, trade; channel (else sms) and set if there are. An empty label is
    not known. Raises DocumentError with every label, file and column that is wrong, and for too few rows.
    """
    problems: list[Problem] = []
    found: dict[tuple[str, str], Message] = {}
    csv.field_size_limit(1 << 24)
    for file in files:
        for message in _rows(file, trades, problems):
            key = (message.subject.strip().lower(), message.text.strip().lower())
            found.setdefault(key, message)
    messages = list(found.values())
    if not problems and len(messages) < LEAST_ROWS:
        where = str(files[0]) if files else "no file"
        few = f"{len(messages)} different messages are too few to learn from; give at least {LEAST_ROWS}"
        problems.append(Problem(where, 1, 1, few))
    if problems:
        raise DocumentError(problems)
    return messages


def _rows(file: Path, trades: Collection[str], problems: list[Problem]) -> Iterator[Message]:
    known: Mapping[str, Collection[str]] = {"kind": KINDS, "priority": PRIORITIES, "trade": trades}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                problems.append(Problem(str(file), 1, 1, f"there is no column {', '.join(missing)}"))
                return
            while True:
                line = reader.line_num + 1
                row = next(reader, None)
                if row is None:
                    return
                wrong = [
                    Problem(str(file), line, 1, f"unknown {name} {row[name]!r}{nearest(row[name], labels)}")
                    for name, labels in known.items()
                    if row[name] and row[name] not in labels
                ]
                channel = row.get("channel") or "sms"
                if channel not in CHANNELS:
                    message = f"unknown channel {channel!r}{nearest(channel, CHANNELS)}"
                    wrong.append(Problem(str(file), line, 1, message))
                problems.extend(wrong)
                if not wrong:
                    yield _message(row, channel, file.stem)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problems.append(Problem(str(file), 1, 1, f"cannot be read: {error}"))


def _message(row: Mapping[str, str], channel: str, stem: str) -> Message:
    text, subject = said(Facts(text=row["text"] or "", subject=row["subject"] or "", channel=channel))
    labels = {name: row[name] or "" for name in ("priority", "trade", "kind")}
    return Message(
        set=row.get("set") or stem,
        channel=channel,
        subject=row["subject"] or "",
        text=row["text"] or "",
        labelled=Labelled(text=text, subject=subject, **labels),
    )


def learned_from(messages: Sequence[Message]) -> dict[str, object]:
    """Return what a file of learned words keeps of what it was learned from: how many, and their hash."""
    digest = hashlib.sha256()
    for message in messages:
        labels = message.labelled
        parts = (message.channel, message.subject, message.text, labels.priority, labels.trade, labels.kind)
        digest.update(json.dumps(parts).encode())
    return {"messages": len(messages), "sha256": digest.hexdigest()}


def learn_from(messages: Sequence[Message], done: Callable[[], object] = lambda: None) -> dict[str, object]:
    """Return the words learned from `messages`; `done` is told after each round, as in learning.learn."""
    return learn([message.labelled for message in messages], learned_from(messages), done)


def held_sets(messages: Sequence[Message]) -> int:
    """Return how many sets are large enough to be tried with words that were learned from all others."""
    return len(_held_sets(messages))


def _held_sets(messages: Sequence[Message]) -> list[str]:
    sizes = Counter(message.set for message in messages)
    urgent = Counter(message.set for message in messages if message.labelled.priority == PRIORITIES[0])
    held = (name for name, size in sorted(sizes.items()) if size >= _LEAST_HELD and urgent[name])
    return [name for name in held if sizes[name] < len(messages)]


def told(
    messages: Sequence[Message],
    plain: Rulebook,
    book: Callable[[Mapping[str, object]], Rulebook],
    done: Callable[[], object] = lambda: None,
) -> Iterator[str]:
    """Yield a table of how well each set is rated by `plain` rules, and with the words of all other sets.

    `plain` is the rulebook without learned words, `book` makes one with such. A set with which the rules were
    written flatters both.
    """
    held = _held_sets(messages)
    if not held:
        yield "Give the messages a column `set`, or several files, to see how well unseen ones are read."
        return
    yield "Each set, read by rules alone > with words learned from all other sets:"
    yield " | ".join((f"{'set':<12}", *(f"{name:>17}" for name in _TOLD)))
    sums: list[list[float]] = []
    for name in held:
        rows = [_as_row(message) for message in messages if message.set == name]
        learned = learn([message.labelled for message in messages if message.set != name], {}, done)
        figures = [compare(rows, score(rated, rows)).figures for rated in (plain, book(learned))]
        sums.append([figure[which] for which in _TOLD for figure in figures])
        yield _line(name, sums[-1])
    yield _line("mean", [sum(column) / len(sums) for column in zip(*sums, strict=True)])


def _line(name: str, figures: Sequence[float]) -> str:
    cells = [f"{100 * a:6.1f} > {100 * b:5.1f} %" for a, b in zip(figures[::2], figures[1::2], strict=True)]
    return " | ".join((f"{name[:12]:<12}", *(f"{cell:>17}" for cell in cells)))


def _as_row(message: Message) -> dict[str, str]:
    labels = message.labelled
    return {
        "channel": message.channel,
        "subject": message.subject,
        "text": message.text,
        "kind": labels.kind,
        "priority": labels.priority if labels.kind == NEW else "",
        "trade": labels.trade,
        "site_code": "",
    }
