"""YAML with places: what is read, what is refused, and where."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from app.documents import DocumentError, Problem, Text, parse


def errors_of(text: str) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        parse(text, "f.yaml")
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("114", 114),
        ("-3", -3),
        ("0", 0),
        ("1.5", 1.5),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("null", None),
        # What YAML 1.1 takes for numbers, dates and truth is text here.
        ("0412", "0412"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("+16175550142", "+16175550142"),
        ("17:00", "17:00"),
        ("2026-01-05", "2026-01-05"),
        ("2026-01-05T08:00", "2026-01-05T08:00"),
        ("no", "no"),
        ("on", "on"),
        ("NO", "NO"),
        ("1e5", "1e5"),
        (".inf", ".inf"),
        ("<<", "<<"),
        ("'114'", "114"),
    ],
)
def test_a_plain_scalar_is_what_it_looks_like(written: str, read: object) -> None:
    data = parse(f"a: {written}", "f.yaml").data
    assert data == {"a": read}
    assert type(data["a"]) is type(read)


def test_keys_are_text() -> None:
    assert parse("114: a\nyes: b\nnull: c", "f.yaml").data == {"114": "a", "yes": "b", "null": "c"}


@pytest.mark.parametrize(
    ("text", "data"), [("", {}), ("# nothing\n", {}), ("- 1", [1]), ("\ufeffa: 1", {"a": 1})]
)
def test_whole_files(text: str, data: object) -> None:
    assert parse(text, "f.yaml").data == data


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("a: 1\nb: 2\na: 3\n", ["f.yaml:3:1: 'a' stands here twice"]),
        (
            "a: {x: 1, x: 2}\nb: {y: 1, y: 2}",
            ["f.yaml:1:11: 'x' stands here twice", "f.yaml:2:11: 'y' stands here twice"],
        ),
        ("1: a\n'1': b", ["f.yaml:2:1: '1' stands here twice"]),
        ("a: [1\nb: 2", ["f.yaml:2:2: not valid YAML: expected ',' or ']', but got ':'"]),
        ("a:\n\t- b", ["f.yaml:2:1: not valid YAML: found character '\\t' that cannot start any token"]),
        ("a: b: c", ["f.yaml:1:5: not valid YAML: mapping values are not allowed here"]),
        ("a: *x", ["f.yaml:1:4: not valid YAML: found undefined alias 'x'"]),
        ("a\n---\nb", ["f.yaml:2:1: not valid YAML: but found another document"]),
        ("a: 1\nb: \x00", ["f.yaml:2:4: not valid YAML: the character U+0000 is not allowed"]),
        ("a: &x [*x]", ["f.yaml:1:4: this contains itself"]),
        ("[x]: 1", ["f.yaml:1:1: a key is a word, not a list or a mapping"]),
        (
            "a: !!python/object:os.system x",
            ["f.yaml:1:4: the tag 'python/object:os.system' is not used here"],
        ),
        ("a: !mine x", ["f.yaml:1:4: the tag '!mine' is not used here"]),
        ("a: !!int x", ["f.yaml:1:4: 'x' is not a number"]),
        ("a: " + "9" * 5000, [f"f.yaml:1:4: '{'9' * 40}' is not a number"]),
        ("a: 1.0e999", ["f.yaml:1:4: '1.0e999' is too large a number"]),
        ('a: "x\\0"', ["f.yaml:1:4: the character U+0000 is not allowed"]),
        ('"\\ud83d": 1', ["f.yaml:1:1: the character U+D83D is not allowed"]),
        ("[" * 1000, ["f.yaml:1:1: not valid YAML: nested too deeply"]),
    ],
)
def test_what_is_no_document_is_refused_in_its_place(text: str, errors: list[str]) -> None:
    assert errors_of(text) == errors


def test_aliases_are_read_but_cannot_multiply_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse("a: &x [1]\nb: *x", "f.yaml").data == {"a": [1], "b": [1]}
    monkeypatch.setattr("app.documents.MAX_NODES", 1000)
    bomb = "a: &a [1]\n" + "\n".join(
        f"{b}: &{b} [{','.join(['*' + a] * 9)}]" for a, b in zip("abcdefg", "bcdefgh", strict=True)
    )
    assert errors_of(bomb) == ["f.yaml:1:1: not valid YAML: more than 1000 values"]


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Leaf(BaseModel):
    model_config = ConfigDict(extra="forbid")
    code: Text
    kind: Literal["one", "two"] = "one"
    colour: Colour = Colour.RED


class Tree(BaseModel):
    model_config = ConfigDict(extra="forbid")
    leaves: list[Leaf]
    named: dict[str, Leaf] = {}


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        (
            "leafs: []",
            ["f.yaml:1:1: 'leaves' is missing", "f.yaml:1:1: unknown key 'leafs'; did you mean 'leaves'?"],
        ),
        ("leaves:\n  - {code: a, knd: one}", ["f.yaml:2:15: unknown key 'knd'; did you mean 'kind'?"]),
        (
            "leaves:\n  - {code: a, zzz: one}",
            ["f.yaml:2:15: unknown key 'zzz'; known here: code, colour, kind"],
        ),
        ("leaves:\n  - {kind: one}", ["f.yaml:2:5: 'code' is missing"]),
        ("leaves:\n  - {code: a, kind: tow}", ["f.yaml:2:15: 'tow' is not known here; did you mean 'two'?"]),
        (
            "leaves:\n  - {code: a, colour: grean}",
            ["f.yaml:2:15: 'grean' is not known here; did you mean 'green'?"],
        ),
        (
            "leaves:\n  - code: 1.5\n  - code: true",
            ["f.yaml:2:5: should be text; put it in quotes", "f.yaml:3:5: should be text; put it in quotes"],
        ),
        ("leaves:\n  - code:", ["f.yaml:2:5: this is empty"]),
        ("leaves:", ["f.yaml:1:1: this is empty"]),
        ("leaves: 3", ["f.yaml:1:1: this should be a list"]),
        ("leaves: [3]", ["f.yaml:1:10: this should be a mapping, `key: value`"]),
        ("leaves: [{code: []}]", ["f.yaml:1:11: this should be text"]),
        (
            "leaves: []\nnamed:\n  x: {code: a, kint: one}",
            ["f.yaml:3:16: unknown key 'kint'; did you mean 'kind'?"],
        ),
        ("- 1", ["f.yaml:1:1: this should be a mapping, `key: value`"]),
    ],
)
def test_a_model_complains_in_the_place_of_the_file(text: str, errors: list[str]) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(text, "f.yaml").check(Tree)
    assert str(caught.value).splitlines() == errors


def test_a_number_may_stand_for_text() -> None:
    tree = parse("leaves: [{code: 114}, {code: 0114}, {code: '1.5'}]", "f.yaml").check(Tree)
    assert [leaf.code for leaf in tree.leaves] == ["114", "0114", "1.5"]


def test_find_passes_over_what_is_not_there() -> None:
    document = parse("a:\n  - {b: 1}\n  - {c: 2}\n  - 3\n  - {b: [4]}\nx: {b: 5}", "f.yaml")
    assert list(document.find("a", "*", "b")) == [(("a", 0, "b"), 1), (("a", 3, "b"), [4])]
    assert list(document.find("a", 1, "c")) == [(("a", 1, "c"), 2)]
    assert list(document.find("a", 9)) == list(document.find("a", "b")) == list(document.find("x", 0)) == []
    assert list(document.find("*", "b")) == [(("x", "b"), 5)]
    assert document.at(("a", 3, "b")) == (5, 6)
    assert document.at(("a", 3, "b", 0)) == (5, 10)
    assert document.at(("a", 3, "nothing")) == (5, 5)
    assert document.problem(("x",), "bad") == Problem("f.yaml", 6, 1, "bad")


json_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abcxyz019_-", min_size=1, max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(json_like, st.booleans())
def test_what_yaml_writes_is_read_back(data: Any, flow: bool) -> None:
    text = yaml.safe_dump({"data": data}, default_flow_style=flow, allow_unicode=True)
    assert parse(text, "f.yaml").data == {"data": data}


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab:-[]{}&*!#'\"|>\n \t0,?%@`\\<"), max_size=40))
def test_any_text_is_a_document_or_a_document_error(text: str) -> None:
    with suppress(DocumentError):
        parse(text, "f.yaml")
