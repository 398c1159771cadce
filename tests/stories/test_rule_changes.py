"""A changed rulebook: replayed over what happened, applied for every node, raced for, gone back from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.documents import DocumentError
from app.rulebook.revision import load
from app.usecases import rule_changes
from app.usecases.house import House
from app.usecases.replay import replay
from app.usecases.replay_words import drawn, summary
from app.usecases.rule_changes import RulesRaceError
from app.usecases.rule_folder import RuleFolder
from tests.stories.people import CALVIN, DANA, NOOR, RUTH, TANYA, WATER
from tests.stories.town import NIGHT, ROOT, Town

CALM = "priority:\n  - name: nothing is urgent here\n    when: '!life_safety'\n    priority: P3\n    examples: [x]\n"


def changed(folder: Path, old: str = "\npriority:\n", new: str = "\n" + CALM) -> Path:
    """The default rules with one piece of routing.yaml replaced."""
    shutil.copytree(ROOT / "rules", folder)
    routing = folder / "routing.yaml"
    words = routing.read_text("utf-8")
    assert old in words
    routing.write_text(words.replace(old, new, 1), "utf-8")
    return folder


def run(*words: str, answer: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["rules", *words], input=answer)
    return done.exit_code, done.output + (f"\n{done.exception}" if done.exception else "")


@pytest.fixture
def command(place: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setenv("CLOSELOOP_DATABASE_URL", place.house.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("CLOSELOOP_HOME", str(tmp_path / "home"))
    return place


@pytest.mark.long
def test_replay_tells_what_a_change_would_have_done_and_nothing_for_no_change(
    place: Town, tmp_path: Path
) -> None:
    place.text(TANYA, WATER)
    place.later(minutes=12)  # the next level is woken, too
    place.text(DANA, "ACK")
    place.mail("who@else.example", "the light in the office flickers", subject="light")
    place.later(hours=9)  # past what was promised for P1
    old, new = place.house.rulebook, load(changed(tmp_path / "new"))
    same = replay(place.house, old, load(ROOT / "rules"), NIGHT)
    assert (same.messages, same.differing, same.failed) == (2, 0, 0)
    assert list(summary(same)) == ["2 messages, 0 would have differed (0.0 %)."]
    found = replay(place.house, old, new, NIGHT)
    (first, *_) = found.differences
    assert (first.number, first.before.priority, first.after.priority) == (1042, "P1", "P3")
    assert "dana" in first.before.woken
    assert first.before.at_night
    assert "resolve" in first.before.breached
    assert "resolve" not in first.after.breached
    told = "\n".join(summary(found))
    assert "Priority P1 -> P3: 1." in told
    assert "as it is" in drawn(found)
    assert replay(place.house, new, old, NIGHT).differences[0].after == first.before


@pytest.mark.long
def test_applying_asks_takes_over_at_once_and_can_be_undone(command: Town, tmp_path: Path) -> None:
    place, folder = command, changed(tmp_path / "new")
    place.text(TANYA, WATER)
    before = place.house.rulebook
    code, out = run("apply", str(folder), answer="n\n")
    assert code == 1
    assert "- priority: new rule 'nothing is urgent here': when !life_safety, priority P3" in out
    assert place.house.applied == 0
    code, out = run("apply", str(folder), "--yes", "--person", "olga")
    assert (code, out.splitlines()[-1]) == (0, f"Revision {load(folder).hash[:12]} is in force.")
    # The running server decides by it from the very next message on, and a start does.
    place.text("+12125550104", "water through the ceiling, store 412")
    ticket = place.ticket(1043).ticket
    assert (ticket.priority, ticket.revision) == ("P3", load(folder).hash)
    assert "in force already" in run("apply", str(folder), "--yes")[1]
    code, out = run("rollback", before.hash[:10], "--yes", "--person", "olga")
    assert (code, "the rule 'nothing is urgent here' is gone" in out) == (0, True)
    listed = run("revisions")[1].splitlines()
    assert [line.split()[:2] for line in listed] == [["2", before.hash[:12]], ["1", load(folder).hash[:12]]]
    assert "in force" in listed[0]
    assert run("show", before.hash[:8])[1].startswith("# --- breach_reasons.yaml")
    assert "nothing is urgent here" in run("diff", before.hash[:8], load(folder).hash[:8])[1]
    assert "no revision begins with" in run("show", "ffffffff")[1]
    assert "give at least 6" in run("show", "ff")[1]
    with place.house.begin() as connection:
        place.house.keep_up(connection)
    assert place.house.rulebook == before


def test_of_two_who_apply_at_once_the_second_is_told(place: Town, tmp_path: Path) -> None:
    calm, house = load(changed(tmp_path / "calm")), place.house
    other = load(changed(tmp_path / "other", "\npriority:\n", "\n" + CALM.replace("P3", "P4")))
    first, second = rule_changes.planned(house, calm), rule_changes.planned(house, other)
    rule_changes.apply(house, first, "olga")
    with pytest.raises(RulesRaceError, match=f"olga applied revision {calm.hash[:12]} meanwhile"):
        rule_changes.apply(house, second, "ruth")
    assert house.rulebook == calm
    elsewhere = House(
        engine=house.engine, clock=house.clock, ids=house.ids, rulebook=other, identity=house.identity
    )
    with elsewhere.begin() as connection:
        elsewhere.roster(connection)
    assert elsewhere.rulebook == calm


def test_a_single_node_follows_its_folder_and_a_broken_change_keeps_the_old_rules(
    place: Town, tmp_path: Path
) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder)
    watch, routing, old = RuleFolder(place.house, [folder]), folder / "routing.yaml", place.house.rulebook
    good = routing.read_text("utf-8")
    assert not watch.look()
    routing.write_text(good.replace("\npriority:\n", "\npriorty:\n", 1), "utf-8")
    with pytest.raises(DocumentError):
        load(folder)
    assert not watch.look()
    assert not watch.look()  # told once
    place.settle()
    told = [
        text
        for text in (t for phone in (RUTH, CALVIN, NOOR) for t in place.inbox(phone))
        if text.startswith("RULES: a change was not taken over")
    ]
    assert len(told) == 1
    assert "routing.yaml" in told[0]
    assert place.house.rulebook == old
    routing.write_text(good.replace("\npriority:\n", "\n" + CALM, 1), "utf-8")
    assert watch.look()
    place.text(TANYA, WATER)
    assert place.ticket().ticket.priority == "P3"
    rule_changes.apply(place.house, rule_changes.planned(place.house, old), "olga")
    routing.write_text(good.replace("\npriority:\n", "\n" + CALM.replace("P3", "P4"), 1), "utf-8")
    assert not watch.look()
    assert place.house.rulebook == old
