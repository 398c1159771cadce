"""The schemas for editors: they take what the loader takes, and see what is misshapen."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app.documents import DocumentError
from app.rulebook.editor_schema import schemas
from app.rulebook.revision import from_document, load
from tests.rulebook.folders import RULES

VALIDATORS = {name: Draft202012Validator(schema) for name, schema in schemas().items()}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return dict(load(RULES).document)


def schema_takes(name: str, data: object) -> bool:
    return VALIDATORS[name.split("/", maxsplit=1)[0]].is_valid(data)


def loader_takes(document: dict[str, Any], file: str, data: object) -> bool:
    try:
        return bool(from_document({**document, "files": {**document["files"], file: data}}).hash)
    except DocumentError:
        return False


def test_the_schemas_are_schemas_and_take_the_default_rules(document: dict[str, Any]) -> None:
    for name, validator in VALIDATORS.items():
        validator.check_schema(schemas()[name])
    for name, data in document["files"].items():
        assert list(VALIDATORS[name.split("/")[0]].iter_errors(data)) == []


@pytest.mark.parametrize(
    ("file", "path", "value"),
    [
        ("routing", ("priority", 0, "wen"), "true"),
        ("routing", ("priority", 0, "priority"), "P5"),
        ("routing", ("priority", 0, "when"), 3),
        ("routing", ("trade", 0, "examples"), [3]),
        ("routing", ("rout",), []),
        ("routing", ("priority",), []),
        ("escalation", ("ladders", "x"), {"levels": []}),
        ("escalation", ("ladders", "x"), {"levels": [{"notify": ["duty_manager"]}]}),
        ("escalation", ("ladders", "x"), {"levels": [{"notify": ["duty_manager"], "after": "1m", "if": 1}]}),
        ("sla", ("policies", "x"), {"targets": {"arive": {"within": "1h"}}}),
        ("words", ("lists", "x"), {"phrase": ["a"]}),
        ("words", ("lists", "X y"), ["a"]),
        ("breach_reasons", ("reasons", 0, "excusable"), "perhaps"),
        ("calendars", ("holiday_years", "first"), 1),
        ("texts/en", ("pages",), {"sms": "x", "subject": "y"}),
        ("texts/en", ("page", "sms"), ""),
    ],
)
def test_both_refuse_what_is_misshapen(
    document: dict[str, Any], file: str, path: tuple[str | int, ...], value: object
) -> None:
    data = copy.deepcopy(document["files"][file])
    at = data
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    assert not loader_takes(document, file, data)
    assert not schema_takes(file, data)


def places(data: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_schema_refuses_nothing_that_the_loader_takes(
    document: dict[str, Any], data: st.DataObject
) -> None:
    file = data.draw(st.sampled_from(["routing", "escalation", "sla", "words", "breach_reasons"]))
    changed = copy.deepcopy(document["files"][file])
    path = data.draw(st.sampled_from([p for p in places(changed) if len(p) < 5]))
    at = changed
    for part in path[:-1]:
        at = at[part]
    change = data.draw(st.sampled_from(["drop", "", "x", 3, True, [], {}, ["x"]]))
    if change == "drop":
        del at[path[-1]]
    else:
        at[path[-1]] = change
    if not schema_takes(file, changed):
        assert not loader_takes(document, file, changed)
