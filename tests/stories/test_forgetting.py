"""Somebody asks to be forgotten: nothing of them is left, nothing else is lost, every figure stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from app.__main__ import cli
from app.store import copying
from app.store.records import AuditEntry, add_audit
from app.usecases import breaches, forgetting, retention
from app.usecases.breaches import Wanted
from app.usecases.forgetting import ForgetError
from tests import promises
from tests.stories.people import DANA, STRANGER, TANYA, TANYA_MAIL, WATER
from tests.stories.town import Town
from tests.web.visiting import signed_in

KEY = "pantryrow.tanya-brooks"
MINE = ("6175550114", "617-555-0114", "tanya", "brooks", "freezer", "aisle 7", "thank god", "bakery")


def left(place: Town) -> dict[str, list[str]]:
    """Return which of Tanya's words stand in which tables."""
    with place.house.engine.connect() as connection:
        copying.begin(connection)
        rows = {
            shape.name: b"".join(copying.rows_of(connection, shape)).decode().lower()
            for shape in copying.shapes(connection)
            if shape.name != "revisions"  # the rulebook knows many words
        }
    found = {name: [word for word in MINE if word in text] for name, text in rows.items()}
    return {name: words for name, words in found.items() if words}


def contact(place: Town, *words: str, answer: str = "") -> Result:
    """Run `closeloop contact` on the town's database."""
    url = place.house.engine.url.render_as_string(hide_password=False)
    return CliRunner().invoke(
        cli,
        ["contact", *words],
        input=answer,
        env={"CLOSELOOP_DATABASE_URL": url, "CLOSELOOP_SECRET": "s" * 32},
    )


def a_month_ago(place: Town) -> None:
    """Tickets by text and mail, one late, one merged into a stranger's; colleagues quote what she said."""
    place.text(TANYA, WATER)
    place.later(minutes=40)
    place.text(DANA, "ACK 1042")
    place.text(TANYA, "it reaches the freezer now, this is Tanya Brooks, call me at (617) 555-0114")
    place.text(DANA, "NOTE 1042 Tanya Brooks says: come to the back door, 617 555 0114")
    place.text(DANA, "DONE 1042 replaced valve")
    place.text(TANYA, "yes, thank god")
    place.mail(TANYA_MAIL, "no power in the bakery, store 114\n\nTanya", subject="bakery is dark")
    place.text(STRANGER, "no power in the store on Main street either")
    place.text(DANA, "ACK 1043")
    place.text(DANA, "ACK 1044")
    place.text(DANA, "MERGE 1043 INTO 1044")
    entry = AuditEntry(
        id=1, at=place.clock.at, kind="triage", subject=TANYA, detail={"error": f"{KEY}: no Tanya Brooks"}
    )
    with place.house.begin() as connection:
        add_audit(connection, [entry])


def figures(place: Town) -> tuple[Any, ...]:
    now = place.clock.at
    with place.house.engine.connect() as connection:
        tables = "tickets", "events", "clocks", "inbox", "outbox", "delivery_attempts", "timers"
        counts = [connection.execute(text(f"SELECT count(*) FROM {t}")).scalar_one() for t in tables]
        clocks = connection.execute(text("SELECT * FROM clocks ORDER BY ticket_id, metric")).all()
        kept = "SELECT number, version, state, priority, opened_at, ended_at, changed_at FROM tickets ORDER BY id"
        tickets = connection.execute(text(kept)).all()
    found = breaches.audit(place.house, Wanted(since=now - timedelta(days=60), until=now))
    late = [(row.ticket.number, row.metric, row.breached_at, row.late.elapsed_seconds) for row in found.rows]
    return counts, clocks, tickets, found.totals, found.decided, late


def test_nothing_of_a_contact_is_left_and_every_figure_stays(place: Town) -> None:
    a_month_ago(place)
    assert set(MINE) - {"617-555-0114"} <= {word for words in left(place).values() for word in words}
    refused = contact(place, "forget", TANYA)
    assert refused.exit_code == 1
    assert "Not now: tickets 1044 are still open; close or cancel them first." in refused.output
    with pytest.raises(ForgetError, match="1044 are still open"):
        forgetting.forget(place.house, KEY, by="user:ops")

    place.text(DANA, "DONE 1044 new fuse")
    place.text(STRANGER, "yes")
    place.later(days=10)
    newest = "(SELECT max(id) FROM inbox)"
    with place.house.begin() as connection:
        connection.execute(text(f"UPDATE inbox SET state = 'new', sender = '{TANYA}' WHERE id = {newest}"))
    with pytest.raises(ForgetError, match="a message from or to them is on its way"):
        forgetting.forget(place.house, KEY, by="user:ops")
    with place.house.begin() as connection:
        connection.execute(text(f"UPDATE inbox SET state = 'done' WHERE id = {newest}"))
    two = ('phones: ["+16175550109"]', f'phones: ["+16175550109", "{TANYA}"]')
    place.change_company(two)
    with pytest.raises(ForgetError, match=f"several contacts have .{TANYA}: say which of .*monica-rossi"):
        forgetting.preview(place.house, TANYA)
    assert forgetting.preview(place.house, KEY).shared == (TANYA,), "what others have too stays"
    place.change_company()
    before = figures(place)
    shown = contact(place, "forget", TANYA, answer="n\n")
    assert shown.exit_code == 1
    assert f"Forget Tanya Brooks ({KEY}):" in shown.output
    assert "3 tickets: 1042, 1043, 1044" in shown.output
    assert "tanya" in str(left(place)), "a no changes nothing"

    done = contact(place, "forget", TANYA, answer="y\n")
    assert done.exit_code == 0, done.output
    assert left(place) == {}
    assert figures(place) == before
    promises.check(place.house.engine, place.clock.at)
    told = place.ticket(1044)
    assert told.ticket.text == "no power in the store on Main street either", "what others said stays"
    note = next(e for e in place.ticket().events if e.kind == "noted")
    assert getattr(note, "text", "") == "(removed) says: come to the back door, (removed)"
    with place.house.engine.connect() as connection:
        kept = connection.execute(text("SELECT * FROM audit WHERE kind = 'contact_forgotten'")).one()
    assert kept.detail["by"].startswith("user:")
    assert (kept.detail["tickets"], "pantryrow.forgotten-" in kept.subject) == (3, True)
    assert contact(place, "forget", TANYA).exit_code != 0

    place.text(TANYA, "smoke in the stock room of store 114")  # like somebody whom we have never met
    assert place.ticket(1045).ticket.requester.contact == ""


def test_an_owner_forgets_the_requester_on_a_page(place: Town) -> None:
    a_month_ago(place)
    place.text(DANA, "CANCEL 1044 twice")
    place.later(days=1)
    manager = signed_in(place, role="manager", email="manager@tidewell.example")
    owner = signed_in(place, role="owner")
    assert manager.get("/tickets/1042/forget").status == 403
    page = owner.get("/tickets/1042/forget")
    assert page.status == 200
    assert "Forget Tanya Brooks" in page.body.decode()
    form = owner.csrf("/tickets/1042/forget")
    assert owner.post("/tickets/1042/forget", form).status == 400
    assert owner.post("/tickets/1042/forget", form, sure="yes").status == 303
    assert left(place) == {}
    assert "(removed)" in owner.text("/tickets/1042")
    assert owner.get("/tickets/1042/forget").status == 404
    promises.check(place.house.engine, place.clock.at)


def test_bodies_are_emptied_after_their_time_once_a_night(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_BATCH", 2)
    a_month_ago(place)  # at two in the morning in New York
    place.clock.at += timedelta(days=31)
    keep, query = (
        timedelta(days=30),
        "SELECT count(*) FROM inbox WHERE octet_length(raw) > 0 OR payload <> '{}'",
    )
    with place.house.begin() as connection:
        kept = connection.execute(text(query)).scalar_one()
        waiting = "UPDATE inbox SET state = 'new' WHERE id = (SELECT max(id) FROM inbox)"
        connection.execute(text(waiting))
    place.clock.at += timedelta(hours=12)
    assert retention.empty_old(place.house, keep) == 0, "not by day"
    place.clock.at += timedelta(hours=12)
    assert retention.empty_old(place.house, timedelta(days=60)) == 0, "nothing is that old"
    assert retention.empty_old(place.house, keep) == 0, "once a night"
    place.clock.at += timedelta(days=1)
    assert retention.empty_old(place.house, keep) == kept - 1, "but what waits to be handled"
    with place.house.begin() as connection:
        assert connection.execute(text(query)).scalar_one() == 1
        connection.execute(text("UPDATE inbox SET state = 'done' WHERE state = 'new'"))
    assert "call me at" in str(place.ticket().events), "what was said in a ticket stays"
    place.later(seconds=1)
