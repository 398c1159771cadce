"""Many tickets late at the same time: one text with the count to each who is told, nothing is dropped."""

from __future__ import annotations

from concurrent.futures import Executor
from datetime import timedelta

from sqlalchemy import Engine

from app.ports import GatewayError, SmsOut, Trouble
from app.rulebook.revision import Rulebook
from app.usecases import timers
from app.usecases.gateways import Gateways
from app.usecases.house import House
from tests.nodes import DANA, TANYA, Carrier, Clock, Lines, do_all, node, put, refusing, scalars, sms

MINUTE = timedelta(minutes=1)
NOOR = "+13035550102"  # on duty that week
TOLD = "SELECT count(*) FROM outbox WHERE text_id IN ('warning', 'breach') AND state = :state"


class Told:
    """Does all work that is due, and shows what was said of lateness to whom."""

    def __init__(self, house: House, senders: Executor) -> None:
        self.house, self.senders = house, senders
        self.sms = Carrier()
        self.ways = Gateways(sms=self.sms, mail=Carrier(), calls=Lines())

    def work(self) -> list[tuple[str, str]]:
        before = len(self.sms.taken)
        do_all(self.house, self.ways, self.senders)
        new = [m for m in self.sms.taken[before:] if isinstance(m, SmsOut)]
        return [(m.to, m.body) for m in new if m.body.startswith(("LATE", "SOON LATE"))]


def late(house: House, count: int, first: int) -> None:
    """Let so many urgent texts come in, which nobody answers: each is late after ten minutes."""
    at = house.clock.now()
    put(
        house,
        *(sms(TANYA, f"NEW water through the ceiling {first + n}, store 114", at) for n in range(count)),
    )


def test_a_few_that_are_late_are_told_singly_and_many_in_one_text(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    told = Told(node(company, rulebook, clock), senders)
    late(told.house, 3, 0)  # as many as go singly
    told.work()
    clock.at += 11 * MINUTE
    put(told.house, sms(TANYA, "NEW there is a strong smell of gas, store 114", clock.at))
    late(told.house, 40, 100)
    assert [body.split(":")[0] for _, body in told.work()] == [
        f"LATE {n} P1 Pantry Row Markets #114 Boston, MA" for n in (1042, 1043, 1044)
    ]
    clock.at += MINUTE
    late(told.house, 5, 200)
    assert told.work() == []
    clock.at += 9 * MINUTE + MINUTE / 2
    joint, danger = sorted(told.work(), key=lambda m: "smell" in m[1] or m[1].startswith("LATE 1045"))
    assert joint[0] == danger[0], "one person is told all of it"
    assert joint[1].splitlines() == [
        "LATE: 40 targets",
        "1046 P1 Pantry Row Markets #114 Boston, MA",
        "1047 P1 Pantry Row Markets #114 Boston, MA",
        "and 38 more",
        "http://ops.example",
    ]
    assert danger[1].startswith("LATE 1045 P1"), "danger is told by itself"
    # Those that come within the next minutes wait for the next turn, and are told together then.
    clock.at += MINUTE
    assert told.work() == []
    assert scalars(company, TOLD, state="pending") == [5]
    clock.at += 4 * MINUTE
    again = told.work()
    assert again
    assert {body.splitlines()[0] for to, body in again if to == joint[0]} == {"LATE: 5 targets"}
    assert scalars(company, TOLD, state="pending") == [0]
    acked = "SELECT count(*) FROM events WHERE kind = 'breached' AND data ->> 'metric' = 'acknowledge'"
    assert scalars(company, acked) == [49], "each is recorded as ever"


def test_a_joint_text_that_is_not_taken_goes_out_again_as_it_is(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    told = Told(node(company, rulebook, clock), senders)
    late(told.house, 8, 0)
    told.work()
    clock.at += 11 * MINUTE
    away, there = refusing(GatewayError("503", trouble=Trouble.TRANSIENT)), told.sms.answer
    told.sms.answer = lambda message: away(message) if "LATE" in message.body else there(message)
    assert told.work() == []
    told.sms.answer = there
    clock.at += 2 * MINUTE
    assert [body.splitlines()[0] for _, body in told.work()] == ["LATE: 8 targets"]
    clock.at += MINUTE
    assert told.work() == []


def test_what_is_late_is_told_before_what_will_be(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    told = Told(node(company, rulebook, clock), senders)
    late(told.house, 1, 0)
    told.work()
    put(told.house, sms(NOOR, "TAKE 1042", clock.at))
    told.work()
    clock.at += 50 * MINUTE
    late(told.house, 4, 100)
    told.work()
    clock.at += 11 * MINUTE
    while timers.fire_due(told.house):
        pass
    with company.begin() as connection:  # what waits for somebody else is that one's
        connection.exec_driver_sql(
            "UPDATE outbox SET person = 'dana', address = %s, not_before = not_before + interval '1 hour'"
            " WHERE id = (SELECT max(id) FROM outbox WHERE text_id = 'breach')",
            (DANA,),
        )
    ((to, body),) = told.work()  # one more than go singly
    assert (to, body.splitlines()[:3]) == (
        NOOR,
        [
            "LATE: 3 targets SOON LATE: 1 targets",
            "1043 P1 Pantry Row Markets #114 Boston, MA",
            "1044 P1 Pantry Row Markets #114 Boston, MA",
        ],
    )
    assert scalars(company, "SELECT person FROM outbox WHERE state = 'pending'") == ["dana"]
