"""Tickets and timers: written together, a lost race is told, whoever is busy with a ticket is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from app.domain import commands as cmd
from app.domain.clocks import Timer
from app.domain.errors import ConflictError
from app.domain.evolve import fold
from app.store import codec, records, tickets, timers
from app.store.tickets import TicketWrite
from tests.building import MINUTE, NIGHT, Case
from tests.nodes import at_once, scalars


def write(case: Case, before: int) -> TicketWrite:
    assert case.ticket is not None
    fresh = tuple(case.all_events[before:])
    return TicketWrite(
        before=before,
        ticket=case.ticket,
        events=fresh,
        event_ids=tuple(range(before + 1, before + len(fresh) + 1)),
        timers=case.last.timers,
        next_metric="",
        next_due_at=None,
    )


def save(engine: Engine, *writes: TicketWrite) -> None:
    with engine.begin() as connection:
        tickets.save(connection, writes, NIGHT)


@pytest.fixture
def case(engine: Engine) -> Case:
    """A ticket that is in the database."""
    with engine.begin() as connection:
        records.keep_revision(connection, "rev", {}, NIGHT)
        records.keep_policies(connection, {"hash": {}}, NIGHT)
    case = Case()
    save(engine, write(case, 0))
    return case


def test_what_is_written_is_what_is_read(engine: Engine, case: Case) -> None:
    case.fire("escalation")
    case.by(cmd.Acknowledge, "sam", at=11)
    save(engine, write(case, len(case.first.events)))
    with engine.begin() as connection:
        assert tickets.by_numbers(connection, [1042, 0, -1, 2**70])[7] == case.ticket
        assert tickets.events_of(connection, 7) == case.all_events
        assert fold(7, tickets.events_of(connection, 7)) == case.ticket
        assert timers.of_ticket(connection, 7) == case.last.timers


def test_what_a_newer_version_wrote_is_kept_by_one_that_does_not_know_it(engine: Engine, case: Case) -> None:
    newer = 'UPDATE tickets SET doc = doc || \'{"mood": ["calm"], "trade": "roofing"}\''
    with engine.begin() as connection:
        connection.execute(text(newer))
        connection.execute(
            text(
                "INSERT INTO events (id, ticket_id, seq, kind, at, recorded_at, actor, data)"
                " SELECT 99, id, 99, 'mood_found', now(), now(), 'someone', '{\"mood\": \"calm\"}' FROM tickets"
            )
        )
        assert tickets.by_ids(connection, [7])[7].trade == "roofing", "the rest can be read"
    case.by(cmd.Acknowledge, "sam", at=11)
    save(engine, write(case, len(case.first.events)))
    assert scalars(engine, "SELECT doc ->> 'mood' FROM tickets") == ['["calm"]']
    assert case.ticket is not None
    assert scalars(engine, "SELECT doc ->> 'trade' FROM tickets") == [case.ticket.trade]
    with engine.begin() as connection:
        assert tickets.events_of(connection, 7) == case.all_events
        with pytest.raises(codec.NewerEventError, match="'mood_found' of a newer Closeloop"):
            tickets.events_of_many(connection, [7])


def test_the_second_writer_of_a_version_is_told_and_changes_nothing(engine: Engine, case: Case) -> None:
    version = len(case.all_events)
    case.by(cmd.Acknowledge, "ana", at=1)
    save(engine, write(case, version))
    late = Case()
    late.by(cmd.Acknowledge, "sam", at=2)
    with pytest.raises(ConflictError):
        save(engine, write(late, version))
    assert scalars(engine, "SELECT assignee FROM tickets") == ["ana"]
    assert scalars(engine, "SELECT max(seq) FROM events") == [len(case.all_events)]


def test_of_many_writers_at_once_one_wins(engine: Engine, case: Case) -> None:
    version = len(case.all_events)
    case.by(cmd.Note, "ana", at=1, text="mine")
    wanted = write(case, version)

    def attempt() -> bool:
        try:
            save(engine, wanted)
        except ConflictError:
            return False
        return True

    assert sorted(at_once(*[attempt] * 4)) == [False, False, False, True]


def test_a_ticket_that_somebody_works_on_is_not_waited_for(engine: Engine, case: Case) -> None:
    later = NIGHT + 60 * MINUTE
    with engine.begin() as one:
        (due,) = timers.claim(one, later, 10).tickets
        assert due.ticket == case.ticket
        assert due.timers[0] == Timer("escalation", "", NIGHT + 10 * MINUTE)
        with engine.begin() as two:
            assert timers.claim(two, later, 10) == timers.Due()
    with engine.begin() as two:
        assert len(timers.claim(two, later, 10).tickets) == 1


def test_timers_that_are_not_due_or_stepped_aside_wait(engine: Engine, case: Case) -> None:
    with engine.begin() as connection:
        assert timers.claim(connection, NIGHT + 9 * MINUTE, 10) == timers.Due()
        assert timers.next_due(connection) == NIGHT + 10 * MINUTE
        timers.push_back(connection, 7, NIGHT + 20 * MINUTE)
        assert timers.claim(connection, NIGHT + 19 * MINUTE, 10) == timers.Due()
        assert len(timers.claim(connection, NIGHT + 20 * MINUTE, 10).tickets) == 1
    assert case.last.timers  # what is due is as it was; only its row waits
    with engine.begin() as connection:
        assert timers.of_ticket(connection, 7) == case.last.timers


def test_only_timers_that_changed_are_written_and_those_that_stepped_aside_come_back(
    engine: Engine, case: Case
) -> None:
    def armed() -> dict[Timer, tuple[str, bool]]:
        with engine.begin() as connection:
            found = connection.execute(
                text("SELECT *, xmin::text AS row, not_before = due_at AS first FROM timers")
            )
            return {Timer(r.kind, r.key, r.due_at): (r.row, r.first) for r in found}

    before, version = armed(), len(case.all_events)
    case.by(cmd.Note, "ana", at=1, text="on my way")
    save(engine, write(case, version))
    assert armed() == before
    version = len(case.all_events)
    case.by(cmd.Acknowledge, "sam", at=2)
    save(engine, write(case, version))
    after = armed()
    assert set(after) == case.last.timers != set(before)
    assert {timer: after[timer] for timer in after if timer in before} == {
        timer: before[timer] for timer in after if timer in before
    }
    with engine.begin() as connection:
        timers.push_back(connection, 7, NIGHT + timedelta(days=30))
    version = len(case.all_events)
    case.by(cmd.Note, "sam", at=3, text="there")
    save(engine, write(case, version))
    assert set(armed()) == case.last.timers
    assert all(first for _, first in armed().values())


@pytest.mark.usefixtures("case")
def test_while_one_node_is_at_the_first_batch_another_takes_the_next(engine: Engine) -> None:
    with engine.begin() as connection:
        for table, columns in (
            ("tickets", "(jsonb_populate_record(t, jsonb_build_object('id', n, 'number', n + 2000))).*"),
            ("timers", "n, kind, key, due_at, not_before"),
        ):
            connection.execute(
                text(f"INSERT INTO {table} SELECT {columns} FROM {table} t, generate_series(100, 110) n")
            )
    later = NIGHT + 60 * MINUTE
    with engine.begin() as one, engine.begin() as two, engine.begin() as three:
        claimed = [len(timers.claim(each, later, 4).tickets) for each in (one, two, three)]
    assert claimed == [4, 4, 4]


def test_the_lately_ended_are_found_for_their_customer(engine: Engine, case: Case) -> None:
    version = len(case.all_events)
    case.by(cmd.Cancel, "ana", at=1)
    save(engine, write(case, version))
    with engine.begin() as connection:
        recent = tickets.of_customers(connection, ["maria"], [], NIGHT)
        old = tickets.of_customers(connection, ["maria"], [], NIGHT + timedelta(days=1))
        assert (list(recent), list(old)) == ([7], [])
        assert tickets.held_by(connection, ["ana"]) == {}
