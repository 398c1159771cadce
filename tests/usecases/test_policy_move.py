"""A manager moves an open ticket to the policy of the rulebook in force: preview, page, story; in the town."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import Engine
from typer.testing import CliRunner

from app.__main__ import cli
from app.domain.compute import answer
from app.domain.instants import format_instant
from app.rulebook.revision import Rulebook, load
from app.store import records
from app.usecases import policy_move
from app.usecases.actions import NoSuchTicketError
from app.usecases.policy_move import MoveError
from app.usecases.policy_table import print_preview
from app.usecases.sla_explain import explain_ticket
from tests import promises
from tests.stories.nights import Night, Nights
from tests.stories.people import DANA, PRIYA, TANYA, WATER
from tests.stories.town import ROOT, Town, town
from tests.web.visiting import by_link, signed_in


@pytest.fixture
def flooded(nights: Nights, flood: Night) -> Iterator[Town]:
    with nights.after(flood) as built:
        yield built
        promises.check(built.house.engine, built.clock.now())


@pytest.fixture
def place(townsfolk: Engine, rulebook: Rulebook) -> Iterator[Town]:
    with town(townsfolk, rulebook) as built:
        yield built
        promises.check(townsfolk, built.clock.now())


def new_rules(place: Town, folder: Path, *changes: tuple[str, str]) -> None:
    """From now on the house has another revision: sla.yaml with these changes."""
    rules = folder / "rules"
    shutil.rmtree(rules, ignore_errors=True)
    shutil.copytree(ROOT / "rules", rules)
    text = (rules / "sla.yaml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (rules / "sla.yaml").write_text(text, "utf-8")
    place.house.rulebook = load(rules)


FASTER = ("acknowledge: {within: {P1: 15m,", "acknowledge: {within: {P1: 12m,")
FASTER_GOLD = ("acknowledge: {within: {P1: 10m,", "acknowledge: {within: {P1: 8m,")


def ticket_id(place: Town) -> int:
    return place.ticket().ticket.id


def move(place: Town, reason: str = "new contract") -> None:
    policy_move.move(place.house, ticket_id(place), actor="person:ruth", person="ruth", reason=reason)
    place.settle()


def test_an_open_ticket_keeps_its_policy_until_it_is_moved(flooded: Town, tmp_path: Path) -> None:
    before = flooded.ticket()
    new_rules(flooded, tmp_path, FASTER, FASTER_GOLD)
    flooded.later(minutes=1)
    assert flooded.ticket().ticket.policy == before.ticket.policy
    assert flooded.ticket().reports["acknowledge"].due_at == before.reports["acknowledge"].due_at

    seen = policy_move.preview(flooded.house, ticket_id(flooded))
    (row,) = [row for row in seen.rows if row.changed]
    assert (row.metric, seen.same, seen.actions_changed) == ("acknowledge", False, False)
    assert row.before is not None
    assert row.after is not None
    assert row.before.due_at == before.reports["acknowledge"].due_at
    assert row.after.target_seconds in (480, 720)
    assert row.after.target_seconds < (row.before.target_seconds or 0)
    assert flooded.ticket().events == before.events  # looking changes nothing

    move(flooded)
    after = flooded.ticket()
    assert after.ticket.policy == seen.policy
    assert after.reports["acknowledge"].due_at == row.after.due_at
    with flooded.house.begin() as connection:
        assert records.policy(connection, seen.policy) is not None
    (event,) = [e for e in after.events if e.kind == "policy_moved"]
    assert (event.actor, event.reason, event.previous) == (
        "person:ruth",
        "new contract",
        before.ticket.policy,
    )
    with pytest.raises(MoveError, match="as it is now already"):
        move(flooded)


def test_a_new_ticket_gets_the_policy_of_its_tier(flooded: Town) -> None:
    view = flooded.ticket()
    assert view.directory.accounts[view.ticket.account].tier in {"gold", "platinum"}
    assert flooded.ticket().reports["acknowledge"].target_seconds == 600


def test_a_breach_on_record_stays_after_a_generous_move(flooded: Town, tmp_path: Path) -> None:
    flooded.later(minutes=20)
    (late,) = [e for e in flooded.ticket().events if e.kind == "breached"]
    new_rules(
        flooded,
        tmp_path,
        ("acknowledge: {within: {P1: 15m,", "acknowledge: {within: {P1: 2h,"),
        ("acknowledge: {within: {P1: 10m,", "acknowledge: {within: {P1: 2h,"),
    )
    move(flooded)
    flooded.text(DANA, "1")
    report = flooded.ticket().reports["acknowledge"]
    assert (report.state, report.breached, report.breached_at) == ("missed", True, late.at)
    assert flooded.kinds().count("breached") == 1
    explained = explain_ticket(flooded.house.engine, 1042, flooded.clock.at)
    assert explained.reports["acknowledge"].breached_at == late.at
    answers = [answer(question)["metrics"]["acknowledge"] for question in explained.questions]
    assert [(a["state"], a["breached_at"]) for a in answers] == [
        ("running", format_instant(late.at)),
        ("met", None),  # under the policy of now alone; the first line is why it counts as missed
    ]


def test_a_breach_may_ask_the_next_level_and_raise_the_priority(place: Town, tmp_path: Path) -> None:
    place.text(TANYA, "toilet clogged in the only restroom, store 114")
    place.text(DANA, "1")
    assert place.ticket().ticket.priority == "P2"
    action = "on_breach: {tell: [assignee], escalate: true, raise_priority: P1}"
    changed = ("on_priority_change: from_start", f"on_priority_change: from_start\n    {action}")
    new_rules(place, tmp_path, ("    on_breach: {tell: [duty_manager]}\n", ""), changed)
    assert policy_move.preview(place.house, ticket_id(place)).actions_changed
    assert not any(row.changed for row in policy_move.preview(place.house, ticket_id(place)).rows)
    move(place, "they pay for more")
    place.later(hours=13)
    assert place.ticket().ticket.priority == "P1"
    assert any(text.startswith("LATE 1042") for text in place.inbox(DANA))
    raised = [e for e in place.ticket().events if e.kind in ("escalated", "priority_changed")]
    assert {e.actor for e in raised} == {"system"}
    assert "1042" in place.last(PRIYA)
    assert place.ticket().ticket.assignee == "dana"


def test_reasons_to_refuse(place: Town, tmp_path: Path) -> None:
    with pytest.raises(NoSuchTicketError):
        policy_move.preview(place.house, 7)
    with pytest.raises(NoSuchTicketError, match="there is no ticket 9999"):
        policy_move.id_of(place.house, 9999)
    place.text(TANYA, WATER)
    new_rules(place, tmp_path, FASTER, FASTER_GOLD)
    with pytest.raises(MoveError, match="say why"):
        move(place, "  ")
    with pytest.raises(MoveError, match="look at the preview again"):
        policy_move.move(
            place.house, ticket_id(place), actor="person:ruth", person="ruth", reason="x", expected="0" * 64
        )
    place.text(DANA, "CANCEL 1042")
    with pytest.raises(MoveError, match="1042 is over"):
        move(place)


def test_the_table_of_the_command_line(flooded: Town, tmp_path: Path) -> None:
    new_rules(flooded, tmp_path, FASTER, FASTER_GOLD)
    out = Console(file=io.StringIO(), width=110)
    print_preview(policy_move.preview(flooded.house, ticket_id(flooded)), out)
    assert isinstance(out.file, io.StringIO)
    lines = [re.sub(r"[^\w :,.-]+", " ", line).split() for line in out.file.getvalue().splitlines()]
    rows = [" ".join(line) for line in lines]
    assert "Acknowledge before 10m Tue 2026-06-09 02:21:00 EDT running" in rows
    assert "after 8m Tue 2026-06-09 02:19:00 EDT running" in rows
    assert rows.count("the same after") == 4


def test_a_manager_moves_a_ticket_on_its_page(flooded: Town, tmp_path: Path) -> None:
    new_rules(flooded, tmp_path, FASTER, FASTER_GOLD)
    visit = signed_in(flooded, role="manager", person="ruth")
    assert "Move to the present SLA" in visit.text("/tickets/1042")
    page = visit.text("/tickets/1042/policy")
    assert "10:00 → 8:00" in page
    body = visit.get("/tickets/1042/policy").body.decode()
    found = re.search(r'name="policy" value="(\w+)"', body)
    assert found
    csrf = visit.csrf("/tickets/1042/policy")
    missing = visit.post("/tickets/1042/policy", csrf, policy=found.group(1), reason=" ")
    assert missing.status == 409
    assert "say why the ticket is moved" in missing.body.decode()
    assert visit.post("/tickets/1042/policy", "0" * 64, policy=found.group(1), reason="x").status == 403
    moved = visit.post("/tickets/1042/policy", csrf, policy=found.group(1), reason="new <contract>")
    assert (moved.status, moved.headers["location"]) == (303, "/tickets/1042")
    page = visit.text("/tickets/1042")
    assert "SLA policy moved to premium" in page
    assert "new <contract>" in page
    assert "there is nothing to move" in visit.text("/tickets/1042/policy")
    assert visit.get("/tickets/9999/policy").status == 404


def test_only_managers_move_tickets(flooded: Town, tmp_path: Path) -> None:
    new_rules(flooded, tmp_path, FASTER, FASTER_GOLD)
    visit = signed_in(flooded, role="account_manager", person="dana")
    assert "Move to the present SLA" not in visit.text("/tickets/1042")
    assert visit.get("/tickets/1042/policy").status == 403
    assert (
        visit.post("/tickets/1042/policy", visit.csrf("/tickets/1042"), policy="x", reason="y").status == 403
    )
    assert "Move to the present SLA" not in by_link(flooded, DANA).text(by_link(flooded, DANA).base)
    assert "policy_moved" not in flooded.kinds()


def test_the_command_asks_before_it_moves(
    flooded: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_rules(flooded, tmp_path, FASTER, FASTER_GOLD)
    monkeypatch.setenv(
        "CLOSELOOP_DATABASE_URL", flooded.house.engine.url.render_as_string(hide_password=False)
    )
    monkeypatch.setenv("CLOSELOOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CLOSELOOP_RULES", str(tmp_path / "rules"))
    command = ["sla", "move", "1042", "--reason", "new contract", "--person", "ruth"]
    asked = CliRunner().invoke(cli, command, input="n\n")
    assert (asked.exit_code, "policy_moved" in flooded.kinds()) == (1, False)
    assert "Move ticket 1042 to premium?" in asked.output
    moved = CliRunner().invoke(cli, [*command, "--yes"])
    assert (moved.exit_code, moved.output.splitlines()[-1]) == (0, "Ticket 1042 counts by premium now.")
    (event,) = [e for e in flooded.ticket().events if e.kind == "policy_moved"]
    assert (event.actor, event.name) == ("person:ruth", "premium")
    again = CliRunner().invoke(cli, [*command, "--yes"])
    assert "there is nothing to move" in again.output
    missing = CliRunner().invoke(cli, ["sla", "move", "7", "--reason", "x"])
    assert isinstance(missing.exception, NoSuchTicketError)
    flooded.clock.at = datetime.now(UTC)  # the command has the real clock: what it made late is told now
    flooded.settle()
