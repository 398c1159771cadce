"""Learning words from CSV files of labelled messages: what it reads, refuses, writes and tells."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.documents import DocumentError
from app.rulebook.revision import load, with_learned
from app.rulebook.training import LEAST_ROWS, held_sets, learned_from, read_messages, told
from app.terminal import UnwritableError
from tests.rulebook.folders import ROOT, ROUTING, RULES, write

TRAINING = ROOT / "training" / "messages.csv"
TRADES = ["plumbing", "other"]
HEAD = "set,channel,kind,subject,text,priority,trade\n"


def some(rows: int, name: str = "a") -> str:
    return "".join(
        f"{name},sms,new,,the pipe is hissing in hall {'x' * n},P1,plumbing\n"
        if n % 2
        else f"{name},sms,new,,a squeaky chair in room {'x' * n},P3,other\n"
        for n in range(rows)
    )


def test_the_words_that_ship_are_learned_from_the_messages_that_ship() -> None:
    messages = read_messages([TRAINING], load(RULES).routing.trades)
    written = json.loads((RULES / "learned.json").read_text("utf-8"))
    assert written["learned_from"] == learned_from(messages), (
        "run: closeloop rules learn training/messages.csv"
    )


def test_each_wrong_label_is_told_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "told.csv"
    rows = 'a,sms,new,,"two\nlines",P1,plumbing\na,sms,nwe,,x,P5,plumming\na,emial,new,,y,P1,other\n'
    file.write_text(HEAD + rows, "utf-8")
    with pytest.raises(DocumentError) as failure:
        read_messages([file], TRADES)
    assert str(failure.value).splitlines() == [
        f"{file}:4:1: unknown kind 'nwe'; did you mean 'new'?",
        f"{file}:4:1: unknown priority 'P5'; known here: P1, P2, P3, P4",
        f"{file}:4:1: unknown trade 'plumming'; did you mean 'plumbing'?",
        f"{file}:5:1: unknown channel 'emial'; did you mean 'email'?",
    ]


def test_too_few_messages_and_missing_columns_are_refused(tmp_path: Path) -> None:
    few, bare = tmp_path / "few.csv", tmp_path / "bare.csv"
    few.write_text(HEAD + some(20), "utf-8")
    bare.write_text("text,kind\nx,new\n", "utf-8")
    with pytest.raises(DocumentError, match=f"20 different messages are too few.*at least {LEAST_ROWS}"):
        read_messages([few], TRADES)
    with pytest.raises(DocumentError, match="there is no column subject, priority, trade"):
        read_messages([bare], TRADES)
    with pytest.raises(DocumentError, match="cannot be read"):
        read_messages([tmp_path / "nowhere.csv"], TRADES)


def test_a_text_counts_once(tmp_path: Path) -> None:
    file = tmp_path / "twice.csv"
    file.write_text(HEAD + some(220) + some(220, "b"), "utf-8")
    assert {message.set for message in read_messages([file], TRADES)} == {"a"}


def test_the_command_writes_the_file_and_tells_how_well_it_reads(tmp_path: Path) -> None:
    folder = write(tmp_path, routing=ROUTING)
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text(HEAD.removeprefix("set,") + some(120).replace("a,sms", "sms"), "utf-8")
    two.write_text(HEAD + some(120, "b").replace("hall", "yard").replace("room", "shop"), "utf-8")
    run = CliRunner().invoke(cli, ["rules", "learn", str(one), str(two), "--rulebook", str(folder)])
    assert run.exit_code == 0, run.output
    assert "240 different messages." in run.output
    lines = [line.split()[0] for line in run.output.splitlines() if " > " in line and "%" in line]
    assert lines == ["b", "one", "mean"]
    written = (folder / "learned.json").read_bytes()
    assert load(folder).hash
    again = CliRunner().invoke(
        cli, ["rules", "learn", str(one), str(two), "--rulebook", str(folder), "--quick"]
    )
    assert again.exit_code == 0
    assert (folder / "learned.json").read_bytes() == written


def test_a_broken_label_leaves_the_old_file(tmp_path: Path) -> None:
    folder = write(tmp_path)
    shutil.copy(RULES / "learned.json", folder / "learned.json")
    before = (folder / "learned.json").read_bytes()
    file = tmp_path / "told.csv"
    file.write_text(HEAD + some(220) + "a,sms,nwe,,x,P1,other\n", "utf-8")
    run = CliRunner().invoke(cli, ["rules", "learn", str(file), "--rulebook", str(folder)])
    assert run.exit_code != 0
    assert (folder / "learned.json").read_bytes() == before


def test_words_are_learned_anew_where_the_old_file_is_broken(tmp_path: Path) -> None:
    folder, file = write(tmp_path), tmp_path / "told.csv"
    (folder / "learned.json").write_text('{"format": 9', "utf-8")
    file.write_text(HEAD + some(220), "utf-8")
    command = ["rules", "learn", str(file), "--quick", "--rulebook", str(folder)]
    run = CliRunner().invoke(cli, command)
    assert run.exit_code == 0, run.output
    assert load(folder).hash
    assert not list(folder.glob(".learned*")), "nothing half-written is left"
    (folder / "learned.json").unlink()
    (folder / "learned.json").mkdir()
    (folder / "learned.json" / "x").touch()
    with pytest.raises(UnwritableError, match=r"learned\.json cannot be written: "):
        CliRunner().invoke(cli, command, catch_exceptions=False)
    assert not list(folder.glob(".learned*"))


def test_one_set_alone_cannot_be_held_out(tmp_path: Path) -> None:
    file = tmp_path / "one.csv"
    file.write_text(HEAD + some(220), "utf-8")
    messages = read_messages([file], TRADES)
    book = load(write(tmp_path))
    assert held_sets(messages) == 0
    assert list(told(messages, book, lambda learned: with_learned(book, learned))) == [
        "Give the messages a column `set`, or several files, to see how well unseen ones are read."
    ]
