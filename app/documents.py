"""YAML files that people write: parsed with the place of every key, checked against a pydantic model.

Every error names file, line and column, says what is wrong and the nearest right name; all of a file's
errors are found in one go. Used by the rulebook and by the directory file.
"""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from app.domain.errors import CloseloopError

Path = tuple[str | int, ...]
ModelT = TypeVar("ModelT", bound=BaseModel)


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


class Document:
    """A parsed file: `data` is plain Python, `at(path)` tells where something stands in it."""

    def __init__(self, name: str, data: object, places: dict[Path, tuple[int, int]]) -> None:
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
        message = error["msg"].removeprefix("Value error, ")
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
    places: dict[Path, tuple[int, int]] = {}
    problems: list[Problem] = []
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            return Document(name, {}, {})
        _collect(node, (), name, places, problems)
        if problems:
            raise DocumentError(problems)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise DocumentError([Problem(name, line, column, f"not valid YAML: {error.problem}")]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DocumentError([Problem(name, 1, 1, f"not valid YAML: {error}")]) from None
    return Document(name, data, places)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?`, or the list of what is known, or nothing; to be put behind a message."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known here: {', '.join(names)}" if 0 < len(names) <= 15 else ""  # noqa: PLR2004


def _collect(
    node: yaml.Node,
    path: Path,
    name: str,
    places: dict[Path, tuple[int, int]],
    problems: list[Problem],
) -> None:
    places.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.MappingNode):
        seen: set[Hashable] = set()
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else str(key_node.value)
            place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if key in seen and key != "<<":
                problems.append(Problem(name, *place, f"{key!r} stands here twice"))
            seen.add(key)
            places[(*path, key)] = place
            _collect(value_node, (*path, key), name, places, problems)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _collect(item, (*path, index), name, places, problems)


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
