"""docs/rules.md: a manager who follows it gets a rule that works, and every fact is in its table."""

from __future__ import annotations

import re
import shutil
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.domain.classification import Facts
from app.rulebook.examples import run_examples
from app.rulebook.revision import load
from app.rulebook.schema import facts_for

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rules.md"
TEXT = PAGE.read_text("utf-8")


def test_the_step_by_step_rule_decides_and_breaks_no_other(tmp_path: Path) -> None:
    rules = tmp_path / "my-rules"
    shutil.copytree(ROOT / "rules", rules)
    found = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert found
    rule = textwrap.indent(textwrap.dedent(found.group(1)), "  ")
    routing = rules / "routing.yaml"
    routing.write_text(
        routing.read_text("utf-8").replace("\npriority:\n", f"\npriority:\n{rule}", 1), "utf-8"
    )
    book = load(rules)
    assert run_examples(book) == []
    night = Facts(text="walk-in cooler at 52F store 114", account="pantryrow", local_hour=2)
    assert "Pantry Row coolers at night" in book.classify(night).rules


def test_the_table_has_every_fact() -> None:
    rows = [
        f"| `{fact.name}` | {fact.type} | {fact.meaning}"
        + (f": {', '.join(fact.values)}" if fact.values else "")
        + " |"
        for fact in facts_for("route", ()).values()
    ]
    table = "\n".join(
        ["| fact | type | meaning |", "| --- | --- | --- |", *(row.replace(": , ", ": ") for row in rows)]
    )
    written = TEXT.partition("<!-- facts -->\n")[2].partition("\n<!-- /facts -->")[0]
    assert written == table, f"put this between the marks:\n{table}"


@pytest.mark.parametrize("command", sorted(set(re.findall(r"closeloop rules (\w+)", TEXT))))
def test_each_command_of_the_page_exists(command: str) -> None:
    done = CliRunner().invoke(cli, ["rules", command, "--help"])
    assert done.exit_code == 0, done.output
