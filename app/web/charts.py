"""Bars for inline SVG: where each one stands and how long it is. Pure; the templates draw them.

Every bar has two parts: what counts, and what is excused behind it. What must not live here: colours, words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 360
ROW: Final = 40
_BAR: Final = 300
HEIGHT: Final = 120
_GAP: Final = 4
_WIDEST: Final = 48


@dataclass(frozen=True, slots=True)
class Amount:
    """What one bar shows."""

    name: str
    counted: int
    excused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: `x`, `y` is the corner of its first part, which is `length` long, the second `more`."""

    name: str
    counted: int
    excused: int
    x: float
    y: float
    size: float
    length: float
    more: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars within `width` x `height`, and the whole as words for those who do not see it."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    words: str


def rows(amounts: Iterable[Amount], what: str) -> Chart:
    """Return lying bars, one below the other, each with room for its name above it."""
    known = list(amounts)
    scale = _BAR / max([1, *(a.counted + a.excused for a in known)])
    bars = tuple(
        Bar(
            name=a.name,
            counted=a.counted,
            excused=a.excused,
            x=0,
            y=index * ROW + 18,
            size=14,
            length=round(a.counted * scale, 1),
            more=round(a.excused * scale, 1),
        )
        for index, a in enumerate(known)
    )
    return Chart(WIDTH, max(len(known), 1) * ROW, bars, _words(known, what))


def columns(amounts: Iterable[Amount], what: str) -> Chart:
    """Return standing bars, side by side, growing from the bottom line."""
    known = list(amounts)
    step = min(WIDTH / max(len(known), 1), _WIDEST)
    scale = (HEIGHT - 30) / max([1, *(a.counted + a.excused for a in known)])
    bars = []
    for index, a in enumerate(known):
        length, more = round(a.counted * scale, 1), round(a.excused * scale, 1)
        bars.append(
            Bar(
                name=a.name,
                counted=a.counted,
                excused=a.excused,
                x=round(index * step + _GAP / 2, 1),
                y=round(HEIGHT - 15 - length, 1),
                size=round(max(step - _GAP, 1), 1),
                length=length,
                more=more,
            ),
        )
    return Chart(WIDTH, HEIGHT, tuple(bars), _words(known, what))


def _words(amounts: list[Amount], what: str) -> str:
    told = [
        f"{a.name} {a.counted + a.excused}" + (f", {a.excused} of them excused" if a.excused else "")
        for a in amounts
        if a.counted + a.excused
    ]
    return f"{what}: {'; '.join(told) or 'none'}"
