"""docs/sla.md states nothing that `closeloop compute` does not answer, and draws what it answers."""

from __future__ import annotations

import json
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from app.domain.compute import answer_line

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "sla.md").read_text("utf-8")
QUESTIONS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def agrees(expected: Any, found: Any) -> bool:
    """Whether `found` has everything that `expected` has; a mapping may have more."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(
            key in found and agrees(value, found[key]) for key, value in expected.items()
        )
    return bool(expected == found)


@pytest.mark.parametrize("question", QUESTIONS, ids=[question["id"] for question in QUESTIONS])
def test_each_example_is_answered_as_the_page_says(question: Any) -> None:
    answered = answer_line(json.dumps({key: value for key, value in question.items() if key != "expect"}))
    assert agrees(question["expect"], answered["answer"]), answered


def test_each_drawing_is_drawn_from_the_answer() -> None:
    spec = spec_from_file_location("sla_drawings", DOCS / "sla_drawings.py")
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.redraw(PAGE) == PAGE, "draw again: python docs/sla_drawings.py"
    assert PAGE.count("```text\n") == len(QUESTIONS) > 20


def test_the_page_has_an_example_for_every_mode() -> None:
    policies = [question["policy"] for question in QUESTIONS]
    assert {p["on_reopen"] for p in policies if "on_reopen" in p} == {"exclude", "count", "restart", "freeze"}
    assert {p["on_priority_change"] for p in policies if "on_priority_change" in p} == {
        *("from_start", "from_change", "keep"),
    }
    assert {metric for p in policies for metric in p["targets"]} == {
        *("acknowledge", "arrive", "resolve", "update", "confirm"),
    }
