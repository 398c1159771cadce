"""HTML as text, good enough to read and to search; nothing in it is ever run, fetched or kept.

One pass with `find`, linear whatever the input: the parsers at hand take quadratic time on hostile markup
(nested open tags, unclosed comments), and nothing here needs a tree.
"""

from __future__ import annotations

import html
import re

_LONGEST = 2_000_000
_SKIPPED = ("script", "style", "title", "head", "template", "svg")
_PARAGRAPHS = frozenset(
    {"p", "ul", "ol", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "hr"}
)
_LINES = frozenset({"br", "div", "tr", "li", "dt", "dd", "section", "article", "header", "footer", "address"})
_NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9]*")
_DEEPEST_QUOTE = 5


def text_of_html(markup: str) -> str:
    """Return the readable text of `markup`: paragraphs and breaks as lines, quotes with `> ` in front."""
    markup = markup[:_LONGEST]
    lowered = markup.lower() if len(markup.lower()) == len(markup) else markup
    writer = _Writer()
    unclosed: set[str] = set()  # looked for once; again and again would be quadratic
    position = 0
    while (start := markup.find("<", position)) >= 0:
        writer.text(markup[position:start])
        if markup.startswith("<!--", start):
            end = markup.find("-->", start + 4)
            position = end + 3 if end >= 0 else len(markup)
            continue
        name = _NAME.match(markup, start + 1)
        if name is None and markup[start + 1 : start + 2] not in ("!", "?"):
            writer.text("<")  # "temp < 5" in a mail that nobody escaped
            position = start + 1
            continue
        end = markup.find(">", start)
        if end < 0:
            writer.text(markup[start:])
            position = len(markup)
            break
        position = end + 1
        if name is None:
            continue
        tag = name.group().lower()
        writer.tag(tag)
        if tag in _SKIPPED and tag not in unclosed and markup[end - 1] != "/":
            closing = lowered.find(f"</{tag}", position)
            if closing >= 0:
                position = closing
            else:
                unclosed.add(tag)
    writer.text(markup[position:])
    return writer.result()


class _Writer:
    """Collects lines; knows how deep in quotes it is."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._words: list[str] = []
        self._quote = 0

    def text(self, raw: str) -> None:
        if raw:
            self._words.append(raw)

    def tag(self, tag: str) -> None:
        closing, name = tag.startswith("/"), tag.lstrip("/")
        if name in _PARAGRAPHS:
            self._break()
            before = self._quote
            if name == "blockquote":
                self._quote = max(0, before - 1) if closing else min(_DEEPEST_QUOTE, before + 1)
            if self._lines and self._lines[-1].strip("> "):
                self._lines.append("> " * min(before, self._quote))
        elif name in _LINES:
            self._break(even_if_empty=name == "br")
        elif name in ("td", "th"):
            self._words.append(" ")

    def _break(self, *, even_if_empty: bool = False) -> None:
        line = " ".join(html.unescape("".join(self._words)).split())
        self._words.clear()
        if line or even_if_empty:
            self._lines.append("> " * self._quote + line)

    def result(self) -> str:
        self._break()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in self._lines)).strip()
