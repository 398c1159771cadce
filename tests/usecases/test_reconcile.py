"""The reconciler: what is broken on purpose is found once, mended, counted, and the duty manager hears of it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, text

from app.rulebook.revision import Rulebook
from app.usecases import intake, reconcile, timers
from app.usecases.house import House
from tests import promises
from tests.nodes import TANYA, WATER, Clock, at_once, minutes, node, put, rows, scalars, sms


def opened(engine: Engine, rulebook: Rulebook, clock: Clock) -> House:
    house = node(engine, rulebook, clock)
    put(house, sms(TANYA, WATER, clock.at))
    intake.handle_waiting(house)
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET state = 'sent'"))
    return house


def alarms(engine: Engine) -> list[tuple[str, str]]:
    query = "SELECT channel, body FROM outbox WHERE text_id = 'promise_broken' ORDER BY channel DESC"
    return [(row.channel, row.body) for row in rows(engine, query)]


def test_nothing_is_found_where_nothing_is_broken(company: Engine, rulebook: Rulebook) -> None:
    clock = Clock()
    house = opened(company, rulebook, clock)
    assert reconcile.reconcile(house) == reconcile.Findings({}, 0, {})
    assert reconcile.reconcile(house) is None, "this minute was looked at"
    assert alarms(company) == []


def test_missing_timers_are_armed_again_and_the_duty_manager_hears_of_it_on_every_path(
    company: Engine, rulebook: Rulebook
) -> None:
    clock = Clock()
    house = opened(company, rulebook, clock)
    armed = rows(company, "SELECT * FROM timers ORDER BY kind, key")
    with company.begin() as connection:
        connection.execute(text("DELETE FROM timers"))
    one, two = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    found = at_once(lambda: reconcile.reconcile(one), lambda: reconcile.reconcile(two))
    assert [f for f in found if f] == [
        reconcile.Findings({"nobody_asked": 1, "clock_unarmed": 1}, 0, {}),
    ], "one node looks"
    assert rows(company, "SELECT * FROM timers ORDER BY kind, key") == armed
    assert scalars(company, "SELECT count(*) FROM audit WHERE kind = 'promise_broken'") == [1]
    said = alarms(company)
    assert {channel for channel, _ in said} == {"sms", "email"}
    assert said[0][1] == (
        "Closeloop alarm: 2 tickets had nobody or no timer, all mended. Whoever runs it: closeloop doctor"
    )
    with company.begin() as connection:
        connection.execute(text("UPDATE outbox SET state = 'sent'"))
    promises.check(company, clock.at)
    # The same again a minute later is mended and put on record, and nobody is woken twice for it.
    clock.at += minutes(1)
    with company.begin() as connection:
        connection.execute(text("DELETE FROM timers WHERE kind = 'escalation'"))
    assert reconcile.reconcile(house) == reconcile.Findings({"nobody_asked": 1}, 0, {})
    assert len(alarms(company)) == len(said)
    clock.at += minutes(30)
    assert timers.fire_due(house) == 1


def test_what_waits_too_long_and_a_failure_that_no_ticket_heard_of(
    company: Engine, rulebook: Rulebook
) -> None:
    clock = Clock()
    house = opened(company, rulebook, clock)
    with company.begin() as connection:
        connection.execute(text("UPDATE outbox SET state = 'failed', code = '30005' WHERE rank = 0"))
    put(house, sms(TANYA, "hello?", clock.at))
    clock.at += timedelta(seconds=31)
    found = reconcile.reconcile(house)
    assert found is not None
    assert (found.broken, found.unrepaired) == ({"failures_untold": 1}, 0)
    assert list(found.late) == ["inbox"]
    assert scalars(company, "SELECT data->>'code' FROM events WHERE kind = 'delivery_failed'") == ["30005"]
    assert scalars(company, "SELECT channel FROM outbox WHERE rank = 0 AND text_id = 'page' ORDER BY id") != [
        "sms"
    ]
    assert "inbox waiting for 31 s" in alarms(company)[0][1]


def test_one_that_cannot_be_mended_keeps_none_of_the_others_broken(
    company: Engine, rulebook: Rulebook
) -> None:
    clock = Clock()
    house = opened(company, rulebook, clock)
    put(house, sms("+14155550199", "the lights are out", clock.at))
    intake.handle_waiting(house)
    with company.begin() as connection:
        connection.execute(text("DELETE FROM timers"))
        connection.execute(
            text(
                "UPDATE tickets SET doc = jsonb_set(doc, '{state}', '\"nonsense\"')"
                " WHERE id = (SELECT min(id) FROM tickets)"
            )
        )
    found = reconcile.reconcile(house)
    assert found is not None
    assert found.broken["nobody_asked"] == 2
    assert found.unrepaired > 0
    assert scalars(company, "SELECT DISTINCT ticket_id FROM timers") == scalars(
        company, "SELECT max(id) FROM tickets"
    )
    assert "NOT mended" in alarms(company)[0][1]
