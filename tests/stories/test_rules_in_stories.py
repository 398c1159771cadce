"""Trying a message, and why a ticket was decided as it was: the same answer as the real thing gives."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.domain.events import Opened
from app.domain.message import Channel
from app.usecases.trial import try_message
from app.usecases.why_ticket import explained, lines
from tests.stories.people import DANA, STRANGER, TANYA, WATER
from tests.stories.town import Town
from tests.web.visiting import by_link

TABLES = ("inbox", "tickets", "events", "outbox", "timers", "audit", "revisions", "sla_policies", "links")


def counts(place: Town) -> dict[str, int]:
    with place.house.begin() as connection:
        return {
            name: int(connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one())
            for name in (*TABLES, "suppressions")
        }


def run(place: Town, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    url = place.house.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("CLOSELOOP_DATABASE_URL", url)
    monkeypatch.setenv("CLOSELOOP_SECRET", "s" * 32)
    done = CliRunner().invoke(cli, ["rules", *words])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def test_a_tried_message_leads_to_what_the_real_one_leads_to(place: Town) -> None:
    house, now = place.house, place.clock.at
    before = counts(place)
    tried = try_message(house, house.rulebook, text=WATER, sender=TANYA, channel=Channel.SMS, now=now)
    assert counts(place) == before
    place.text(TANYA, WATER)
    real = place.ticket()
    assert tried.ticket is not None
    assert (tried.ticket.number, tried.ticket.priority) == (real.ticket.number, real.ticket.priority)
    assert tried.ticket.escalation.asked == real.ticket.escalation.asked
    assert sorted(row.address for row in tried.texts) == sorted(row.address for row in real.deliveries)
    assert tried.clocks
    assert [step.position.level for step in tried.steps if step.position] == [1, 2, 3][: len(tried.steps)]
    # More words on the ticket that is open now, and words that change nothing.
    more = try_message(
        house, house.rulebook, text="it gets worse", sender=TANYA, channel=Channel.SMS, now=now
    )
    assert (more.opened, more.ticket.number if more.ticket else 0) == (None, 1042)
    stop = try_message(house, house.rulebook, text="STOP", sender=TANYA, channel=Channel.SMS, now=now)
    assert (stop.ticket, stop.outcome) == (None, "opt_out: STOP")
    assert counts(place)["suppressions"] == 0


def test_the_kept_trace_is_what_the_rules_say_when_asked_again(place: Town) -> None:
    place.text(TANYA, WATER)
    opened = place.ticket().events[0]
    assert isinstance(opened, Opened)
    assert opened.facts is not None
    assert opened.trace is not None
    again = place.house.rulebook.classify(opened.facts)
    route = place.house.rulebook.route(opened.facts, again)
    assert (again.priority, again.trade, route.ladder) == (opened.priority, opened.trade, opened.ladder)
    kept = [(step.stage, step.rule, step.matched) for step in opened.trace.tried]
    assert kept == [(s.stage, s.rule, s.matched) for s in (*again.trace, *route.trace)]
    assert [s.rule for s in again.trace if s.matched] == list(again.rules)
    told = "\n".join(lines(explained(place.house.engine, 1042)))
    page = by_link(place, DANA)
    shown = page.text(page.base)
    assert "Why this priority" in shown
    for rule in again.rules:
        assert rule in told
        assert f"matched {rule}" in shown
    assert "Which priority? " in told
    assert "(word list " in told


def test_the_commands_print_it(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    at = place.clock.at.isoformat()
    out = run(place, monkeypatch, "try", WATER, "--from", TANYA, "--at", at)
    for part in (
        "It would open a ticket: P1, ",
        "People, if nobody",
        "2:11a  Dana",
        "Clocks:",
        "sms to",
    ):
        assert part in out
    assert out.endswith("Nothing was stored, nothing was sent.\n")
    mail = run(
        place, monkeypatch, "try", "the lights flicker", "--from", "who@else.example", "--subject", "Lights"
    )
    assert "email to the customer who@else.example" in mail
    assert counts(place)["tickets"] == 0
    place.text(STRANGER, WATER)
    out = run(place, monkeypatch, "explain", "--ticket", "1042")
    assert out.startswith("Ticket 1042: P1, roofing,\nladder ")
    assert "Who takes it? " in out
