"""The picture beside the table in README.md: how far each measured goal was met, on one scale.

What must not live here: what is measured, and what the goals are.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log10
from pathlib import Path

from bench.figures import Figure

PICTURE = Path(__file__).with_name("figures.svg")
_WIDTH, _LINE, _TOP, _LEFT, _RIGHT = 1040, 34, 46, 620, 50
_LEAST, _MOST = 0.01, 100.0
_MARKS = {0.01: "1/100", 0.1: "1/10", 1.0: "goal", 10.0: "10 x", 100.0: "100 x"}
_LONGEST = 84


def draw(figures: Sequence[Figure], about: str) -> str:
    """Return an SVG with a bar for each figure that has a goal: right of the line is better than that."""
    shown = [figure for figure in figures if figure.times is not None]
    height = _TOP + _LINE * len(shown) + 24
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
            ' font-family="system-ui, sans-serif" font-size="12">'
        ),
        f"<title>{escape(f'How far each goal was met. {about}')}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for mark, words in _MARKS.items():
        x = _at(mark)
        stroke = "#1f2937" if mark == 1 else "#d1d5db"
        parts += [
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 14}" y2="{height - 20}" stroke="{stroke}"/>',
            f'<text x="{x:.1f}" y="{_TOP - 20}" text-anchor="middle" fill="#374151">{words}</text>',
        ]
    for number, figure in enumerate(shown):
        parts += _bar(figure, _TOP + _LINE * number)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bar(figure: Figure, top: int) -> list[str]:
    end, line = _at(figure.times or _LEAST), _at(1)
    what = figure.what if len(figure.what) <= _LONGEST else figure.what[: _LONGEST - 1].rstrip() + "…"
    colour = "#15803d" if figure.met else "#b91c1c"
    start, width = min(end, line), max(abs(end - line), 1)
    return [
        f'<text x="{_LEFT - 12}" y="{top + 12}" text-anchor="end" fill="#111827">{escape(what)}</text>',
        (
            f'<text x="{_LEFT - 12}" y="{top + 25}" text-anchor="end" fill="#6b7280" font-size="11">'
            f"{escape(figure.value)}</text>"
        ),
        f'<rect x="{start:.1f}" y="{top + 4}" width="{width:.1f}" height="20" rx="2" fill="{colour}"/>',
    ]


def _at(times: float) -> float:
    """Return where so many times the goal stand on the logarithmic scale."""
    within = min(max(times, _LEAST), _MOST)
    share = log10(within / _LEAST) / log10(_MOST / _LEAST)
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)
