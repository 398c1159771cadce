"""The pages of the rules: hits, a tried message, a change with its replay, applied by managers only."""

from __future__ import annotations

import html
import shutil
from pathlib import Path

import pytest

from app.documents import DocumentError
from app.rulebook.revision import Rulebook, as_they_are, load
from app.usecases import rule_changes
from tests.stories.people import TANYA
from tests.stories.town import ROOT, Town
from tests.web.visiting import signed_in, words

CALM = "\npriority:\n  - {name: all is <calm>, when: '!life_safety', priority: P4, examples: [x]}\n"


def calm(folder: Path) -> Path:
    shutil.copytree(ROOT / "rules", folder)
    routing = folder / "routing.yaml"
    routing.write_text(routing.read_text("utf-8").replace("\npriority:\n", CALM, 1), "utf-8")
    return folder


def test_the_page_counts_hits_and_a_tried_message_changes_nothing(flooded: Town) -> None:
    visit = signed_in(flooded, role="account_manager", person="dana")
    page = visit.text("/rules")
    assert "Which priority?" in page
    assert "never" in page
    decided = flooded.ticket().events[0].rules
    body = html.unescape(visit.get("/rules").body.decode())
    row = body[body.index(f'<th scope="row">{decided[0]}</th>') :].partition("</tr>")[0]
    assert '<td class="count">1</td>' in row
    form = {"text": "smoke <b>everywhere</b>, store 114", "from": TANYA, "channel": "", "subject": ""}
    answer = visit.post("/rules/try", visit.csrf("/rules"), **form)
    shown = answer.body.decode()
    assert answer.status == 200
    assert "It would open a ticket: P1" in shown or "It would belong to ticket 1042" in shown
    assert "<b>everywhere</b>" not in shown
    assert "Nothing was stored, nothing was sent." in shown
    assert visit.post("/rules/try", "wrong", **form).status == 403
    assert (
        "A message comes by"
        in visit.post("/rules/try", visit.csrf("/rules"), text="x", channel="fax").body.decode()
    )
    with flooded.house.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM tickets").scalar() == 1


def test_a_manager_applies_what_the_replay_showed(flooded: Town, tmp_path: Path) -> None:
    house = flooded.house
    old, new = house.rulebook, load(calm(tmp_path / "rules"))
    rule_changes.apply(house, rule_changes.planned(house, new), "ruth")
    reader = signed_in(flooded, role="account_manager", person="dana")
    assert "new rule 'all is <calm>'" in reader.text("/rules")
    address = f"/rules/{old.hash}"
    drawn = reader.get(f"{address}?replay=1").body.decode()
    page = words(drawn)
    assert "the rule 'all is <calm>' is gone" in page
    assert "1 messages, 1 would have differed (100.0 %)." in page
    assert "P4 -> P1" in page
    assert "<svg" in drawn
    assert "Apply for every node" not in page
    token = reader.csrf("/rules")
    assert reader.post(f"{address}/apply", token, hash=old.hash, number="1").status == 403
    owner = signed_in(flooded, email="owner@tidewell.example")
    assert "Apply for every node" in owner.text(address)
    token = owner.csrf(address)
    late = owner.post(f"{address}/apply", token, hash=old.hash, number="0")
    assert (late.status, house.rulebook) == (409, new)
    assert "Nothing was applied" in late.body.decode()
    done = owner.post(f"{address}/apply", token, hash=old.hash, number="1")
    assert (done.status, house.rulebook) == (303, old)
    assert "owner@tidewell.example" in owner.text("/rules")
    assert owner.get("/rules/ffffffffff").status == 404


def test_a_folder_is_read_again_only_when_a_file_changed(tmp_path: Path, rulebook: Rulebook) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder)
    first = as_they_are(folder)
    assert first == rulebook
    assert as_they_are(folder) is first
    routing = folder / "routing.yaml"
    before = routing.read_text("utf-8")
    routing.write_text(before.replace("\npriority:\n", CALM, 1), "utf-8")
    assert as_they_are(folder) != first
    routing.write_text("not: [right", "utf-8")
    for _ in range(2):
        with pytest.raises(DocumentError, match="routing"):
            as_they_are(folder)
