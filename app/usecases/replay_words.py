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
from app.usecases.replay import Replay
from app.usecases.replay_deciding import Outcome

_WIDTH: Final = 150
_HEADS: Final = ("Ticket", "Message", "Priority", "Ladder", "People woken", "At night", "Breached clocks")
_BEFORE, _AFTER, _INK = "#8a94a6", "#2563eb", "#6b7280"
# As wide as a small phone has room for, so that it is shown there in its own size.
_WIDE, _PANEL, _HEADROOM, _HIGH = 288, 210, 36, 120
_BAR, _PAIR = 32, 70
# From here on a count has no room as it is; and three figures of thousands would be four.
_THOUSANDS, _MILLIONS = 10_000, 999_500


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
    """Return the result as an SVG picture: two panels of pairs of bars, one below the other.

    Colours stand in attributes: it is shown alone as well as on a page that allows no styles of its own.
    """
    old, new = result.before, result.after
    rated = [(p, old.priorities[p], new.priorities[p]) for p in PRIORITIES]
    led = [
        ("woken", old.woken, new.woken),
        ("at night", old.at_night, new.at_night),
        ("breached", old.breached, new.breached),
    ]
    words = "; ".join(f"{name} {before} before, {after} after" for name, before, after in (*rated, *led))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {2 * _PANEL}" width="{_WIDE}"'
        f' height="{2 * _PANEL}" role="img" font-family="sans-serif" font-size="13"'
        f' aria-label="{escape(words)}">'
        f"<title>{escape(words)}</title>"
        f'<rect x="8" y="4" width="11" height="11" fill="{_BEFORE}"/>'
        f'<text x="24" y="14" fill="{_INK}">as it is</text>'
        f'<rect x="98" y="4" width="11" height="11" fill="{_AFTER}"/>'
        f'<text x="114" y="14" fill="{_INK}">with the change</text>'
        + "".join(_panel(f"all {result.messages} messages by priority", rated, 0))
        + "".join(_panel(f"the {result.differing} that differ", led, _PANEL))
        + "</svg>\n"
    )


def _panel(title: str, figures: list[tuple[str, int, int]], top: int) -> Iterator[str]:
    """Yield a pair of bars for each figure and the title below, `top` pixels down."""
    foot, ink = top + _HEADROOM + _HIGH, f'fill="{_INK}"'
    scale = _HIGH / max(1, *(max(before, after) for _, before, after in figures))
    for index, (name, before, after) in enumerate(figures):
        left = 8 + index * _PAIR
        for x, count, colour in ((left, before, _BEFORE), (left + _BAR, after, _AFTER)):
            height = round(count * scale, 1)
            y = round(foot - height, 1)
            yield f'<rect x="{x}" y="{y}" width="{_BAR - 2}" height="{height}" fill="{colour}"/>'
            middle = x + _BAR // 2 - 1
            said = _short(count)
            yield f'<text x="{middle}" y="{y - 3}" font-size="11" text-anchor="middle" {ink}>{said}</text>'
        yield f'<text x="{left + _BAR - 1}" y="{foot + 16}" text-anchor="middle" {ink}>{escape(name)}</text>'
    yield f'<text x="8" y="{foot + 34}" {ink}>{escape(title)}</text>'


def _short(count: int) -> str:
    """Return a count in no more room than its bar has."""
    if count < _THOUSANDS:
        return str(count)
    return f"{count / 1000:.3g}k" if count < _MILLIONS else f"{count / 1_000_000:.3g}M"
