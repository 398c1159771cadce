"""How good is a rulebook on labelled messages: predictions for rows, and tables of what was confused.

Only id, channel, subject and text of a row are read to predict. What must not live here: how rules decide.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.domain.classification import Facts
from app.domain.errors import CloseloopError
from app.domain.site_codes import site_mentions
from app.rulebook.reading import newly_written
from app.rulebook.revision import Rulebook

NEW: Final = "new"
_READ: Final = ("id", "channel", "subject", "text")
_LABELS: Final = ("kind", "priority", "trade", "site_code")
_TOLD: Final = ("new", "update", "chase")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the rulebook says of a row, in the words of the file; empty for none."""

    id: str
    kind: str
    priority: str
    trade: str
    site_code: str

    def row(self) -> dict[str, str]:
        """Return the prediction as JSON has it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "priority": self.priority,
            "trade": self.trade,
            "site_code": self.site_code,
        }


class ScoreFileError(CloseloopError):
    """The file of labelled messages cannot be used; the text says what it lacks."""


def read_rows(file: Path, *, labelled: bool) -> list[dict[str, str]]:
    """Return the rows of a CSV file: id, channel, subject and text, and the labels only if `labelled`.

    Raises ScoreFileError when it cannot be read or lacks a column.
    """
    wanted = (*_READ, *(_LABELS if labelled else ()))
    csv.field_size_limit(1 << 24)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = [name for name in wanted if name not in (reader.fieldnames or ())]
            if missing:
                raise ScoreFileError(f"{file} has no column {', '.join(missing)}")
            return [{name: row[name] or "" for name in wanted} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ScoreFileError(f"{file} cannot be read: {error}") from None


def score(book: Rulebook, rows: Iterable[Mapping[str, str]]) -> Iterable[Prediction]:
    """Yield a prediction for each of `rows`, which have id, channel, subject and text.

    A priority is said of new messages only, a trade also of updates and of those that ask for news.
    """
    for row in rows:
        subject, text = row.get("subject") or "", row.get("text") or ""
        channel = row.get("channel") or "sms"
        answer = book.classify(Facts(text=text, subject=subject, channel=channel))
        yield Prediction(
            id=row.get("id") or "",
            kind=answer.kind,
            priority=answer.priority if answer.kind == NEW else "",
            trade=answer.trade if answer.kind in _TOLD else "",
            site_code=likely_site(subject, text),
        )


def likely_site(subject: str, text: str) -> str:
    """Return the likeliest site code of a message: its own words first, then its signature and quotes."""
    for part in (newly_written(subject, text), f"{subject}\n{text}"):
        found = site_mentions(f"{subject}\n{part}")
        if found:
            return found[0]
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Shares between 0 and 1, and counts of (label, prediction) for each column."""

    figures: Mapping[str, float]
    tables: Mapping[str, Counter[tuple[str, str]]]


def compare(rows: Iterable[Mapping[str, str]], predictions: Iterable[Prediction]) -> Scores:
    """Return how `predictions` agree with the labels of `rows`, in the same order."""
    tables: dict[str, Counter[tuple[str, str]]] = {
        name: Counter() for name in ("kind", "priority", "trade", "site_code")
    }
    for row, guess in zip(rows, predictions, strict=True):
        said = guess.row()
        tables["kind"][row["kind"], said["kind"]] += 1
        if row["priority"]:
            tables["priority"][row["priority"], said["priority"]] += 1
        if row["trade"]:
            tables["trade"][row["trade"], said["trade"]] += 1
        right = row["site_code"].lstrip("0") == said["site_code"].lstrip("0")
        tables["site_code"]["right" if row["site_code"] else "none", "right" if right else "wrong"] += 1
    urgent, calm = Counter[str](), Counter[str]()
    for (label, rated), n in tables["priority"].items():
        if label == "P1":
            urgent[rated] += n
        elif label in ("P3", "P4"):
            calm[rated] += n
    figures = {
        "P1 rated P1 or P2": _share(urgent["P1"] + urgent["P2"], urgent.total()),
        "P1 rated P1": _share(urgent["P1"], urgent.total()),
        "P3 or P4 rated P1": _share(calm["P1"], calm.total()),
        "priority right": _agreement(tables["priority"]),
        "trade right": _agreement(tables["trade"]),
        "kind right": _agreement(tables["kind"]),
        "site right": _share(
            sum(n for (_, said), n in tables["site_code"].items() if said == "right"),
            tables["site_code"].total(),
        ),
    }
    return Scores(figures=figures, tables=tables)


def _agreement(table: Counter[tuple[str, str]]) -> float:
    return _share(sum(n for (label, said), n in table.items() if label == said), table.total())


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def markdown(scores: Scores) -> str:
    """Return the scores as Markdown: the figures, then for each column what was taken for what."""
    lines = ["| | share |", "| --- | --- |"]
    lines += [f"| {name} | {100 * share:.1f} % |" for name, share in scores.figures.items()]
    for column, table in scores.tables.items():
        labels = sorted({label for label, _ in table})
        said = sorted({guess for _, guess in table})
        heads = " | ".join(guess or "(none)" for guess in said)
        lines += ["", f"| {column}: labelled, below; said, beside | {heads} |"]
        lines.append(f"| --- |{' ---: |' * len(said)}")
        lines += [
            f"| {label or '(none)'} | {' | '.join(str(table[label, guess] or '') for guess in said)} |"
            for label in labels
        ]
    return "\n".join(lines)
