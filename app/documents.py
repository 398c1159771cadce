"""YAML files that people write: parsed with the place of every key, checked against a pydantic model.

Every error names file, line and column, says what is wrong and the nearest right name; all of a file's
errors are found in one go. Used by the rulebook and by the directory file.

Plain scalars are read as YAML 1.2 has them, not 1.1: `no`, `on` and `yes` are words, `17:00` and `2026-01-05`
are text, and a number with a leading zero or a plus sign (store 0412, a phone) stays as it was written.
What must not live here: what any particular file contains.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ValidationError

from app.domain.errors import CloseloopError
from app.domain.fields import nearest

__all__ = ["NOWHERE", "Document", "DocumentError", "Path", "Problem", "Text", "nearest", "parse"]

Path = tuple[str | int, ...]
ModelT = TypeVar("ModelT", bound=BaseModel)

NOWHERE = re.compile("[\\0\\ud800-\\udfff]")
"""Characters that neither UTF-8 nor PostgreSQL has: halves of others, and U+0000."""
MAX_NODES = 1_000_000
"""More values than any real file has: aliases of aliases would otherwise multiply without end."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong at one place; lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class DocumentError(CloseloopError):
    """A file has errors."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Carry all `problems`, in the order of the file."""
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def _as_written(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float | bool):
        raise ValueError("should be text; put it in quotes")  # noqa: TRY004 - pydantic collects ValueErrors
    return value


Text = Annotated[str, BeforeValidator(_as_written)]
"""A model field for text that may look like a number, such as a site code: `code: 114` is the text 114."""


class Document:
    """A parsed file: `data` is plain Python, `at(path)` tells where something stands in it."""

    def __init__(self, name: str, data: object, places: Mapping[Path, tuple[int, int]]) -> None:
        """Hold what `parse` found."""
        self.name = name
        self.data = data
        self._places = places

    def at(self, path: Sequence[str | int]) -> tuple[int, int]:
        """Return line and column of the innermost known part of `path`, counted from 1."""
        key = tuple(path)
        while key and key not in self._places:
            key = key[:-1]
        return self._places.get(key, (1, 1))

    def find(self, *pattern: str | int) -> Iterator[tuple[Path, Any]]:
        """Yield path and value of everything at `pattern`, in which `*` is any key or index.

        What is absent, or not of the shape that the pattern expects, is passed over: `check` speaks of it.
        """
        yield from _find(self.data, pattern, ())

    def problem(self, path: Sequence[str | int], message: str) -> Problem:
        """Return a Problem at `path`."""
        return Problem(self.name, *self.at(path), message)

    def check(self, model: type[ModelT]) -> ModelT:
        """Return `data` as a `model`. Raises DocumentError with a line for each thing that is wrong."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise DocumentError(self._problem_of(dict(e), model) for e in error.errors()) from None

    def _problem_of(self, error: dict[str, Any], model: type[BaseModel]) -> Problem:
        path = self._real_path(error["loc"])
        if error["type"] == "extra_forbidden":
            name = str(error["loc"][-1])
            known = _field_names(model, path[:-1])
            return self.problem(path, f"unknown key {name!r}{nearest(name, known)}")
        if error["type"] == "missing":
            return self.problem(path, f"{error['loc'][-1]!r} is missing")
        if error["type"] == "literal_error" or error["type"] == "enum":
            expected = str(error.get("ctx", {}).get("expected", ""))
            known = set(re.findall(r"'([^']*)'", expected))
            return self.problem(
                path, f"{error['input']!r} is not known here{nearest(str(error['input']), known)}"
            )
        if error["type"].endswith("_type") and error["input"] is None:
            return self.problem(path, "this is empty")
        if error["type"] in ("model_type", "dict_type"):
            return self.problem(path, "this should be a mapping, `key: value`")
        if error["type"] == "list_type":
            return self.problem(path, "this should be a list")
        if error["type"] == "string_type":
            return self.problem(path, "this should be text")
        if error["type"] in ("bool_type", "bool_parsing"):
            return self.problem(path, f"{error['input']!r} is neither true nor false")
        message = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
        return self.problem(path, message[:1].lower() + message[1:])

    def _real_path(self, loc: Sequence[str | int]) -> Path:
        # pydantic puts names of union branches and "[key]" into a path; the file does not have them.
        path: Path = ()
        for index, part in enumerate(loc):
            if (*path, part) in self._places or index == len(loc) - 1:
                path = (*path, part)
        return path


def parse(text: str, name: str) -> Document:
    """Return the YAML `text` of file `name` as a Document. Raises DocumentError: syntax, duplicate keys."""
    try:
        reader = _Reader(name)
        data = reader.read(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise DocumentError([Problem(name, line, column, f"not valid YAML: {error.problem}")]) from None
    except yaml.reader.ReaderError as error:
        line, column = (
            text.count("\n", 0, error.position) + 1,
            error.position - text.rfind("\n", 0, error.position),
        )
        message = f"not valid YAML: the character U+{int(error.character):04X} is not allowed"
        raise DocumentError([Problem(name, line, column, message)]) from None
    except RecursionError:
        raise DocumentError([Problem(name, 1, 1, "not valid YAML: nested too deeply")]) from None
    except (yaml.YAMLError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise DocumentError([Problem(name, 1, 1, f"not valid YAML: {first}")]) from None
    if reader.problems:
        raise DocumentError(reader.problems)
    return Document(name, data, reader.places)


class _Resolver(yaml.resolver.BaseResolver):
    """YAML 1.2's idea of what a plain scalar is, less infinities, octals and plus signs."""


for _tag, _pattern, _first in (
    ("null", r"(?:~|null|Null|NULL|)\Z", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)\Z", ["t", "T", "f", "F"]),
    ("int", r"(?:0|-?[1-9][0-9]*)\Z", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?\Z", list("-0123456789")),
):
    _Resolver.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


# A file is read by libyaml if PyYAML was built with it and nothing in it is nested so deeply that libyaml's
# recursion could end the process. What looks deep or wrong is read in Python, which says it better.
_MOST_NESTED = 50
_NESTING = re.compile(r"[\[\]{}]|^[ ?:-]{150}", re.MULTILINE)


def _nested_deeply(text: str) -> bool:
    depth = 0
    for found in _NESTING.finditer(text):
        depth = max(0, depth - 1) if found.group() in "]}" else depth + 1
        if depth > _MOST_NESTED or len(found.group()) > 1:
            return True
    return False


def _compose(text: str) -> yaml.Node | None:
    if _FastComposer is not None and not _nested_deeply(text):
        try:
            node: yaml.Node | None = _FastComposer(text).get_single_node()
        except (yaml.YAMLError, ValueError):
            pass  # read once more, for a message that we know
        else:
            return node
    return _Composer(text).get_single_node()


class _Composer(
    yaml.reader.Reader,
    yaml.scanner.Scanner,
    yaml.parser.Parser,
    yaml.composer.Composer,
    _Resolver,
):
    """PyYAML's composer in pure Python."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)
        _Resolver.__init__(self)


_LIBYAML: Any = getattr(getattr(yaml, "cyaml", None), "CParser", None)


def _begin(composer: _Resolver, text: str) -> None:
    _LIBYAML.__init__(composer, text)
    _Resolver.__init__(composer)


_FastComposer: Any = _LIBYAML and type("_FastComposer", (_LIBYAML, _Resolver), {"__init__": _begin})


class _Reader:
    """Builds data and places from nodes in one walk."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.places: dict[Path, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self._open: set[int] = set()

    def read(self, text: str) -> object:
        node = _compose(text)
        return {} if node is None else self._value(node, ())

    def _value(self, node: yaml.Node, path: Path) -> object:
        self.places.setdefault(path, _place(node))
        if len(self.places) > MAX_NODES:
            raise ValueError(f"more than {MAX_NODES} values")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            self._complain(node, "this contains itself")
            return None
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._complain(key_node, "a key is a word, not a list or a mapping")
                continue
            key = self._text(key_node)
            if key in found:
                self._complain(key_node, f"{key!r} stands here twice")
                continue
            self.places[(*path, key)] = _place(key_node)
            found[key] = self._value(value_node, (*path, key))
        return found

    def _scalar(self, node: yaml.ScalarNode) -> object:
        kind, written = str(node.tag).removeprefix("tag:yaml.org,2002:"), str(node.value)
        try:
            match kind:
                case "str":
                    return self._text(node)
                case "null":
                    return None
                case "bool":
                    return written.lower() == "true"
                case "int":
                    return int(written)
                case "float":
                    number = float(written)
                    if isfinite(number):
                        return number
                    self._complain(node, f"{written[:40]!r} is too large a number")
                    return None
        except ValueError:
            self._complain(node, f"{written[:40]!r} is not a number")
            return None
        self._complain(node, f"the tag {kind!r} is not used here")
        return None

    def _text(self, node: yaml.ScalarNode) -> str:
        """Return the text of a scalar. Escapes in quotes may be of what no database takes."""
        written = str(node.value)
        if node.style == '"' and (bad := NOWHERE.search(written)):
            self._complain(node, f"the character U+{ord(bad.group()):04X} is not allowed")
        return written

    def _complain(self, node: yaml.Node, message: str) -> None:
        self.problems.append(Problem(self.name, *_place(node), message))


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _find(value: object, pattern: Sequence[str | int], path: Path) -> Iterator[tuple[Path, Any]]:
    if not pattern:
        yield path, value
        return
    step, rest = pattern[0], pattern[1:]
    entries: Iterable[tuple[str | int, object]]
    if isinstance(value, dict):
        entries = value.items() if step == "*" else [(step, value[step])] if step in value else ()
    elif isinstance(value, list):
        inside = isinstance(step, int) and step < len(value)
        entries = enumerate(value) if step == "*" else [(step, value[int(step)])] if inside else ()
    else:
        return
    for key, entry in entries:
        yield from _find(entry, rest, (*path, key))


def _field_names(model: type[BaseModel], path: Path) -> set[str]:
    """Return the keys that a mapping at `path` inside `model` may have; empty when that is open."""
    models: list[type[BaseModel]] = [model]
    for part in path:
        if isinstance(part, int):
            continue
        following: list[type[BaseModel]] = []
        for candidate in models:
            for key, info in candidate.model_fields.items():
                if part in (key, info.alias):
                    following.extend(_models_in(info.annotation))
        models = following or models
    return {info.alias or key for candidate in models for key, info in candidate.model_fields.items()}


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for arg in getattr(annotation, "__args__", ()) for found in _models_in(arg)]
