"""What a replay found, in words, as a table in a terminal, and as a picture.

What must not live here: asking the rules (replay.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from app.domain.classification import PRIORITIES
from app.usecases.replay import Outcome, Replay

_WIDTH: Final = 150
_HEADS: Final = ("Ticket", "Message", "Priority", "Ladder", "People woken", "At night", "Breached clocks")
_BEFORE, _AFTER, _INK = "#8a94a6", "#2563eb", "#6b7280"
_HIGH: Final = 130
_BAR: Final = 22


def cells(before: Outcome, after: Outcome) -> tuple[str, ...]:
    """Return what one ticket's row says of priority, ladder, people, nights and clocks."""
    return (
        _step(before.priority, after.priority),
        _step(before.ladder, after.ladder),
        _step(", ".join(before.woken), ", ".join(after.woken)),
        _step(str(len(before.at_night)), str(len(after.at_night))),
        _step(", ".join(before.breached), ", ".join(after.breached)),
    )


def _step(before: str, after: str) -> str:
    before, after = before or "none", after or "none"
    return before if before == after else f"{before} -> {after}"


def print_table(result: Replay, console: Console | None = None) -> None:
    """Print the tickets that would have been decided otherwise."""
    if not result.differences:
        return
    out = console or Console(highlight=False, markup=False)
    if not out.is_terminal:
        out.width = _WIDTH
    table = Table(*_HEADS, box=box.SIMPLE_HEAD)
    for found in result.differences:
        table.add_row(str(found.number), found.text, *cells(found.before, found.after))
    out.print(table)
    if result.differing > len(result.differences):
        out.print(f"... and {result.differing - len(result.differences)} more.")


def summary(result: Replay) -> Iterator[str]:
    """Yield the summary, a sentence a line."""
    if not result.messages:
        yield "No message opened a ticket in that time: there is nothing to replay."
        return
    share = 100 * result.differing / result.messages
    yield f"{result.messages} messages, {result.differing} would have differed ({share:.1f} %)."
    if result.failed:
        yield f"{result.failed} messages could not be asked about: a rule failed on them."
    if not result.differing:
        return
    for (before, after), count in sorted(result.moved.items()):
        yield f"Priority {before} -> {after}: {count}."
    old, new = result.before, result.after
    yield f"People woken: {old.woken} -> {new.woken} ({new.woken - old.woken:+d})."
    yield f"At night: {old.at_night} -> {new.at_night} ({new.at_night - old.at_night:+d})."
    yield f"Clocks breached: {old.breached} -> {new.breached} ({new.breached - old.breached:+d})."


def drawn(result: Replay) -> str:
    """Return the result as an SVG picture: before and after, side by side, a pair of bars for each figure.

    Colours stand in attributes: it is shown alone as well as on a page that allows no styles of its own.
    """
    old, new = result.before, result.after
    rated = [(p, old.priorities[p], new.priorities[p]) for p in PRIORITIES]
    led = [
        ("woken", old.woken, new.woken),
        ("at night", old.at_night, new.at_night),
        ("breached", old.breached, new.breached),
    ]
    parts = [*_bars(rated, 20), *_bars(led, 330)]
    words = "; ".join(f"{name} {before} before, {after} after" for name, before, after in (*rated, *led))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 210" width="600" height="210" role="img"'
        f' font-family="sans-serif" font-size="12" aria-label="{escape(words)}">'
        f"<title>{escape(words)}</title>"
        f'<rect x="20" y="6" width="10" height="10" fill="{_BEFORE}"/>'
        f'<text x="35" y="15" fill="{_INK}">as it is</text>'
        f'<rect x="110" y="6" width="10" height="10" fill="{_AFTER}"/>'
        f'<text x="125" y="15" fill="{_INK}">with the change</text>'
        f'<text x="20" y="204" fill="{_INK}">all {result.messages} messages by priority</text>'
        f'<text x="330" y="204" fill="{_INK}">the {result.differing} that differ</text>'
        + "".join(parts)
        + "</svg>\n"
    )


def _bars(figures: list[tuple[str, int, int]], left: int) -> Iterator[str]:
    scale = _HIGH / max(1, *(max(before, after) for _, before, after in figures))
    for index, (name, before, after) in enumerate(figures):
        x = left + index * 3 * _BAR
        for at, count, colour in ((x, before, _BEFORE), (x + _BAR, after, _AFTER)):
            height = round(count * scale, 1)
            y = round(40 + _HIGH - height, 1)
            yield f'<rect x="{at}" y="{y}" width="{_BAR - 2}" height="{height}" fill="{colour}"/>'
            middle = at + _BAR // 2 - 1
            yield f'<text x="{middle}" y="{y - 3}" text-anchor="middle" fill="{_INK}">{count}</text>'
        yield f'<text x="{x + _BAR - 1}" y="186" text-anchor="middle" fill="{_INK}">{escape(name)}</text>'
