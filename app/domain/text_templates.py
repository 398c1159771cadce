"""Templates of one text: `{fact}`, and `[...]` that is printed only when every fact in it has a value.

What must not live here: which texts there are and which facts they may use (texts.py). There is no access to
attributes, no format, no code: a template can print facts and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.domain.errors import CloseloopError

# A doubled bracket is the bracket itself. Everything else that is no bracket is literal text.
_SYMBOL = re.compile(r"\{\{|\}\}|\[\[|\]\]|\{([^{}\[\]]*)\}|[\[\]{}]|[^\[\]{}]+")
_NAME = re.compile(r"[a-z][a-z_]*\Z")


class TemplateError(CloseloopError):
    """A template is not well formed."""


@dataclass(frozen=True, slots=True)
class _Fact:
    name: str


_Part = str | _Fact


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template: runs of parts; an optional run is printed only if all its facts have a value."""

    source: str
    runs: tuple[tuple[bool, tuple[_Part, ...]], ...]

    def names(self) -> Iterator[str]:
        """Yield the name of each fact used, as often as it is used."""
        for _, parts in self.runs:
            yield from (part.name for part in parts if isinstance(part, _Fact))

    def literal(self) -> str:
        """Return all the fixed text, optional or not."""
        return "".join(part for _, parts in self.runs for part in parts if isinstance(part, str))

    def render(self, facts: Mapping[str, str]) -> str:
        """Return the text; a fact that is missing is empty, and nothing in a fact is read as a template.

        A fact of several lines repeats what stands before it on its line, if that is only spaces and `>`. A
        fact that ends with a full stop ("Dana R.") takes the place of the one after it.
        """
        text, after_fact = "", False
        for optional, parts in self.runs:
            if optional and not all(facts.get(p.name) for p in parts if isinstance(p, _Fact)):
                continue
            for part in parts:
                if isinstance(part, _Fact):
                    text += _indented(facts.get(part.name, ""), text)
                else:
                    stops = after_fact and part.startswith(".") and text.endswith(".")
                    text += part.removeprefix(".") if stops else part
                after_fact = isinstance(part, _Fact)
        return text


def parse_template(source: str) -> Template:
    """Return `source` as a Template. Raises TemplateError, which says what is wrong and where."""
    runs: list[tuple[bool, tuple[_Part, ...]]] = []
    parts: list[_Part] = []
    opened = False
    for match in _SYMBOL.finditer(source):
        symbol = match.group()
        place = f"at character {match.start() + 1}"
        if match.group(1) is not None:
            if not _NAME.match(match.group(1)):
                raise TemplateError(f"{symbol!r} {place} is not a fact; a brace itself is written {{{{")
            parts.append(_Fact(match.group(1)))
        elif symbol in {"{", "}"}:
            raise TemplateError(f"a single {symbol!r} {place}; a brace itself is written {symbol * 2}")
        elif symbol in {"[", "]"}:
            if (symbol == "[") == opened:
                raise TemplateError(f"a {symbol!r} {place} has no partner; a bracket itself is {symbol * 2}")
            if opened and not any(isinstance(part, _Fact) for part in parts):
                raise TemplateError(f"the optional part that ends {place} has no fact to depend on")
            runs.append((opened, tuple(parts)))
            parts, opened = [], not opened
        else:
            parts.append(symbol[:1] if symbol in {"{{", "}}", "[[", "]]"} else symbol)
    if opened:
        raise TemplateError("a '[' has no partner; a bracket itself is written [[")
    runs.append((False, tuple(parts)))
    return Template(source, tuple(run for run in runs if run[1]))


def _indented(value: str, before: str) -> str:
    margin = before[before.rfind("\n") + 1 :]
    return value.replace("\n", "\n" + margin) if margin and not margin.strip(" >") else value
