"""A rulebook that names somebody whom nobody knows: told with the nearest name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from app.__main__ import cli
from app.rulebook.revision import Rulebook
from app.usecases import rule_changes
from app.usecases.rule_names import unknown_names
from tests.building import directory
from tests.nodes import ROOT, Clock, node

SPECIAL = """\
ladders:
  special:
    levels:
      - {notify: [service_manager, "person:dan"], after: 0m}
      - {notify: ["schedule:nights"], after: 5m}
"""


def test_the_default_rules_ask_only_for_roles_that_somebody_fills(rulebook: Rulebook) -> None:
    assert unknown_names(rulebook, directory()) == []
    nobody = [str(wrong) for wrong in unknown_names(rulebook, directory(duty="", coverage=(), accounts={}))]
    roles = {line.rpartition("role ")[2] for line in nobody}
    assert roles == {"'account_manager'", "'service_manager'", "'duty_manager'"}


def test_check_tells_the_place_and_the_nearest_name(
    company: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", rules)
    text = (rules / "escalation.yaml").read_text("utf-8")
    text = text.replace("ladders:\n", SPECIAL, 1)
    (rules / "escalation.yaml").write_text(text, "utf-8")
    line = text[: text.index('"person:dan"')].count("\n") + 1
    monkeypatch.setenv("CLOSELOOP_DATABASE_URL", company.url.render_as_string(hide_password=False))
    done = CliRunner().invoke(cli, ["rules", "check", str(rules)])
    assert done.exit_code == 1
    told = str(done.exception).splitlines()
    assert told[0].startswith(f"{rules / 'escalation.yaml'}:{line}:")
    assert told[0].endswith("nobody who works here is 'dan'; did you mean 'dana'?")
    assert "there is no schedule 'nights'" in told[1]
    assert len(told) == 2
    sound = CliRunner().invoke(cli, ["rules", "check", str(ROOT / "rules")])
    assert sound.exit_code == 0
    assert "The rulebook is sound." in sound.output


def test_check_needs_no_database_that_was_ever_used(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSELOOP_DATABASE_URL", empty_url)
    done = CliRunner().invoke(cli, ["rules", "check", str(ROOT / "rules")])
    assert (done.exit_code, done.exception) == (0, None)
    assert "there is no directory here" in done.output


def test_commands_go_by_what_was_applied_where_the_folder_is_broken(
    company: Engine, rulebook: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOSELOOP_DATABASE_URL", company.url.render_as_string(hide_password=False))
    monkeypatch.setenv("CLOSELOOP_HOME", str(tmp_path))
    monkeypatch.setenv("CLOSELOOP_RULES", str(tmp_path))  # there is no rule in it
    command = ["oncall", "export", "duty"]
    assert "words.yaml is missing" in str(CliRunner().invoke(cli, command).exception)
    house = node(company, rulebook, Clock())
    rule_changes.apply(house, rule_changes.planned(house, rulebook), "olga")
    done = CliRunner().invoke(cli, command)
    assert (done.exit_code, done.exception) == (0, None)
    assert json.loads(done.output)


def test_schemas_are_written(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["rules", "schema", "--write", str(tmp_path / "s")])
    assert (done.exit_code, (tmp_path / "s" / "routing.schema.json").exists()) == (0, True)
    assert '"life_safety"' in CliRunner().invoke(cli, ["rules", "schema", "routing"]).output
    assert "did you mean 'routing'?" in str(CliRunner().invoke(cli, ["rules", "schema", "rooting"]).exception)


def test_examples_and_scores_from_the_command_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["rules", "test", "--rulebook", str(ROOT / "rules")])
    assert done.exit_code == 0, done.output
    assert done.output.endswith("all as written.\n")
    file = tmp_path / "m.csv"
    file.write_text(
        'id,channel,subject,text\nA1,sms,,"water pouring through the ceiling, store 412"\n', "utf-8"
    )
    rows = CliRunner().invoke(cli, ["rules", "score", str(file), "--rows"])
    assert rows.output.startswith('{"id": "A1", "kind": "new", "priority": "P1", "trade": ')
    assert rows.output.endswith('"site_code": "412"}\n')
    assert "has no column kind, priority, trade, site_code" in str(
        CliRunner().invoke(cli, ["rules", "score", str(file)]).exception
    )
