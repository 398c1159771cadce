"""A process that has only the pages takes a changed folder of rules over too, as a worker does."""

from __future__ import annotations

import json
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Engine, text

from app import bootstrap, serving
from app.rulebook.revision import Rulebook, load
from app.settings import Settings
from app.store import applied, records
from app.store.applied import Applied
from app.usecases import rule_changes
from app.usecases.house import House
from app.usecases.pulse import Pulse
from app.usecases.roles import Role
from app.usecases.rule_folder import RuleFolder
from tests.nodes import ROOT, Clock, node
from tests.serving import Served


def with_limit(folder: Path, count: int) -> Rulebook:
    (folder / "limits.yaml").write_text(f"pages_to_one: {{count: {count}, within: 1m}}\n", "utf-8")
    return load(folder)


def until_it_decides_by(house: House, wanted: Rulebook) -> None:
    end = time.monotonic() + 60
    while house.rulebook != wanted:
        assert time.monotonic() < end, "the changed rules were never taken over"
        time.sleep(0.02)


def test_a_web_node_follows_its_folder_and_leaves_the_alarm_to_workers(
    company: Engine, rulebook: Rulebook, tmp_path: Path
) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder)
    house = node(company, rulebook, Clock(datetime.now(UTC)))
    settings = Settings(home=tmp_path, rules=(folder,), role=Role.WEB, secret=SecretStr("s" * 32))
    app = serving.build_app(settings, house, Pulse(house, role="web", version="1"))
    with Served(app):
        until_it_decides_by(house, with_limit(folder, 7))
    watch, kept = RuleFolder(house, [folder], tells=False), house.rulebook
    (folder / "limits.yaml").write_text("pages_to_one: {cuont: 8}\n", "utf-8")
    assert not watch.look()
    assert house.rulebook == kept
    with company.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM outbox")).scalar() == 0, "a worker tells"
    # Somebody applies a revision elsewhere: from now on it is that, though this node was asked for nothing since.
    other = node(company, rulebook, Clock(datetime.now(UTC)), "two")
    wanted = with_limit(folder, 9)
    rule_changes.apply(other, rule_changes.planned(other, wanted), "olga")
    with_limit(folder, 10)
    assert not watch.look()
    assert house.rulebook == wanted


def test_a_node_goes_on_beside_a_revision_of_a_newer_version(
    company: Engine, rulebook: Rulebook, tmp_path: Path
) -> None:
    house = node(company, rulebook, Clock(datetime.now(UTC)))
    newer = json.loads(json.dumps(rulebook.document))
    newer["files"]["routing"]["estimated"] = []  # a stage that this version does not have
    revision = Applied(number=1, hash="9" * 64, at=datetime.now(UTC), by="olga", changes=())
    with company.begin() as connection:
        records.keep_revision(connection, revision.hash, newer, revision.at)
        applied.append(connection, revision)
    with house.begin() as connection:
        house.keep_up(connection)
    assert (house.rulebook, house.applied) == (rulebook, 1)
    settings = Settings(home=tmp_path, rules=(ROOT / "rules",), secret=SecretStr("s" * 32))
    assert bootstrap.rulebook_in_force(settings, company) == rulebook, "started anew it has its folder"
    # As soon as there is one that it can read, it has that.
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder)
    wanted = with_limit(folder, 9)
    rule_changes.apply(house, rule_changes.planned(house, wanted), "olga")
    assert (house.rulebook, house.applied) == (wanted, 2)


def test_two_workers_tell_once_of_each_change_that_is_broken(
    company: Engine, rulebook: Rulebook, tmp_path: Path
) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder)
    clock = Clock(datetime.now(UTC))
    watches = [RuleFolder(node(company, rulebook, clock, name), [folder]) for name in ("one", "two")]

    def told_after(words: str) -> int:
        (folder / "limits.yaml").write_text(words, "utf-8")
        for watch in watches:
            watch.look()
        with company.begin() as connection:
            return connection.execute(text("SELECT count(DISTINCT body) FROM outbox")).scalar_one()

    def sent() -> tuple[int, int]:
        with company.begin() as connection:
            told = connection.execute(text("SELECT count(*), count(DISTINCT person) FROM outbox")).one()
            return told[0], told[1]

    broken, other = "pages_to_one: {cuont: 8}\n", "pages_to_one: {count: 8, withni: 1m}\n"
    assert told_after(broken) == 1
    assert sent() == (1, 1)
    assert told_after(broken + "\n") == 1
    assert sent() == (1, 1), "saved once more, and wrong in the same way"
    assert told_after(other) == 2
    assert sent() == (2, 1)
    assert told_after("pages_to_one: {count: 8, within: 1m}\n") == 2
    assert told_after(broken + "\n\n") == 2
    assert sent() == (3, 1), "it was right in between"
