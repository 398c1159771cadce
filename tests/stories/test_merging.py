"""Two people report the same flood: one ticket goes on for both."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from app.__main__ import cli
from tests import promises
from tests.stories.people import DANA, STRANGER, TANYA, WATER
from tests.stories.test_sla_audit_story import sla
from tests.stories.town import Town
from tests.web.visiting import signed_in


def explained(question: str, file: Path) -> dict[str, Any]:
    """What `closeloop compute` answers to a question of `sla explain --json`."""
    file.write_text(question)
    result = CliRunner().invoke(cli, ["compute", str(file)])
    assert result.exit_code == 0, result.output
    metrics: dict[str, Any] = json.loads(result.stdout)["answer"]["metrics"]
    return metrics


def _two(place: Town) -> None:
    place.text(TANYA, WATER)
    place.later(minutes=3)
    place.text(STRANGER, "water everywhere in the store on Main street, ceiling is coming down")
    assert place.ticket(1043).ticket.open


def test_a_duplicate_ends_and_its_requester_hears_of_the_other(place: Town) -> None:
    _two(place)
    place.text(DANA, "ACK 1042")
    place.text(DANA, "MERGE 1043 INTO 1042")
    assert "1043" in place.last(DANA)
    assert "merged into 1042" in place.last(DANA)
    assert "added to ticket 1042" in place.last(STRANGER)
    duplicate, target = place.ticket(1043).ticket, place.ticket().ticket
    assert (duplicate.state, duplicate.merged_into) == ("merged", target.id)
    assert [r.address for r in target.also] == [STRANGER]
    promises.check(place.house.engine, place.clock.at)

    place.text(DANA, "ETA 45")
    assert "1042" in place.last(TANYA)
    assert place.last(TANYA) == place.last(STRANGER)
    page = signed_in(place).text("/tickets/1042")
    assert "Text to Tanya Brooks" in page
    assert "Text to 415-555-0177" in page
    place.text(STRANGER, "it reaches the freezer now")
    assert "it reaches the freezer now" in place.last(DANA)
    assert place.kinds()[-1] == "customer_wrote"
    place.text(STRANGER, "1043 the lights are off too")
    assert place.kinds()[-1] == "customer_wrote"
    assert place.ticket(1043).ticket.version == duplicate.version
    promises.check(place.house.engine, place.clock.at)


def test_the_requester_closes_and_anybody_concerned_keeps_it_open(place: Town) -> None:
    _two(place)
    place.text(DANA, "ACK 1042")
    place.text(DANA, "MERGE 1043 1042")
    place.text(DANA, "DONE 1042 replaced valve")
    assert "replaced valve" in place.last(STRANGER)
    place.text(STRANGER, "YES")
    assert place.ticket().ticket.state == "resolved"
    place.text(STRANGER, "NO")
    assert place.ticket().ticket.state == "acknowledged"
    place.text(DANA, "1")
    place.text(DANA, "DONE 1042 replaced the pipe")
    place.text(TANYA, "YES")
    assert place.ticket().ticket.confirmed
    assert "1042" in place.last(STRANGER)
    assert place.last(STRANGER) == place.last(TANYA)
    promises.check(place.house.engine, place.clock.at)


def test_what_cannot_be_merged_is_said(place: Town) -> None:
    _two(place)
    place.text(DANA, "ACK 1042")
    place.text(DANA, "MERGE 1042 1042")
    assert place.ticket().ticket.open
    place.text(DANA, "MERGE 1043 1099")
    assert "1099" in place.last(DANA)
    place.text(DANA, "MERGE 1043 1042")
    place.text(DANA, "MERGE 1042 1043")
    assert "the same ticket" in place.last(DANA)
    assert place.ticket().ticket.open
    promises.check(place.house.engine, place.clock.at)


def test_the_earliest_contact_counts_for_both(place: Town, tmp_path: Path) -> None:
    _two(place)
    first = place.ticket().ticket.opened_at
    place.text(DANA, "MERGE 1042 1043")
    view = place.ticket(1043)
    assert view.ticket.opened_at == first + timedelta(minutes=3)
    assert view.ticket.first_contact_at == first
    due = view.reports["acknowledge"].due_at
    assert due is not None
    assert due - first == timedelta(seconds=view.reports["acknowledge"].target_seconds)
    promises.check(place.house.engine, place.clock.at)
    place.later(hours=9)
    assert {"acknowledge", "update", "resolve"} <= set(place.ticket(1043).ticket.breached)
    assert sla(place, "verify").stdout.endswith("no difference.\n")
    question = sla(place, "explain", "1043", "--json").stdout
    assert '"merged_in"' in question
    answered = explained(question, tmp_path / "question.jsonl")
    assert answered["acknowledge"]["breached_at"] == f"{due:%Y-%m-%dT%H:%M:%SZ}"
