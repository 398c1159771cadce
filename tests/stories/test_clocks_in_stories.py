"""The clocks as people live with them; the fixture audits every figure at the end of each story."""

from __future__ import annotations

from datetime import timedelta

from app.domain.commands import SetPriority
from app.usecases.actions import perform
from tests.stories.people import DANA, DANA_MAIL, TANYA, TANYA_MAIL, WATER
from tests.stories.town import NIGHT, Town
from tests.web.visiting import signed_in

BY_MACHINE = {"Auto-Submitted": "auto-replied"}
MINUTE = timedelta(minutes=1)


def states(place: Town) -> dict[str, str]:
    return {str(metric): str(report.state) for metric, report in place.ticket().reports.items()}


def set_priority(place: Town, priority: str) -> None:
    command = SetPriority(actor="person:dana", person="dana", priority=priority)
    perform(place.house, place.ticket().ticket.id, command)
    place.settle()


def test_what_a_machine_writes_stops_no_clock(place: Town) -> None:
    place.mail(TANYA_MAIL, "Water through the ceiling, store 114", "Leak")
    fresh = {"acknowledge": "running", "arrive": "running", "resolve": "running", "update": "running"}
    assert states(place) == {**fresh, "confirm": "none"}
    known = place.kinds()
    place.mail(DANA_MAIL, "ACK 1042. I am on leave.", "Automatic reply: [1042]", headers=BY_MACHINE)
    place.sim.reply(place.mails(TANYA_MAIL)[-1], TANYA_MAIL, "I am on leave.", headers=BY_MACHINE)
    place.settle()
    assert states(place) == {**fresh, "confirm": "none"}
    assert place.kinds() == known
    place.later(minutes=5)
    place.text(DANA, "1")
    told = place.ticket().reports["update"].segments
    assert told == ()  # the link of the chain that begins now
    place.later(minutes=20)
    place.text(DANA, "DONE replaced valve")
    asked = place.mails(TANYA_MAIL)[-1]
    place.sim.reply(asked, TANYA_MAIL, "YES, I am out of the office.", headers=BY_MACHINE)
    place.settle()
    assert states(place)["confirm"] == "running"
    place.later(hours=1)
    place.reply(TANYA_MAIL, "YES")
    found = place.ticket().reports
    assert {str(m): r.elapsed_seconds for m, r in found.items()} == {
        "acknowledge": 300,
        "arrive": 1500,
        "resolve": 1500,
        "update": 0,  # who is done was on site: that was the last word before the end
        "confirm": 3600,
    }
    assert {report.state for report in found.values()} == {"met"}


def test_a_breach_while_nobody_looked_is_where_it_happened_and_says_when_it_was_noticed(place: Town) -> None:
    place.text(TANYA, WATER)
    place.clock.at += 45 * MINUTE  # the server is down
    place.settle()
    late = {
        e.metric: (e.at - NIGHT, e.recorded_at - NIGHT) for e in place.ticket().events if e.kind == "breached"
    }
    assert late == {
        "acknowledge": (10 * MINUTE, 45 * MINUTE),
        "update": (30 * MINUTE, 45 * MINUTE),
    }
    place.text(DANA, "1")
    visit = signed_in(place)
    page = visit.text("/breaches/1042/acknowledge")
    assert "Breached 2:21:00a EDT , held by nobody, noticed 2:56:00a EDT" in page
    assert "recorded 2:56a" in visit.text("/tickets/1042")


def test_every_metric_through_a_change_of_mind(place: Town) -> None:
    place.text(TANYA, WATER)
    place.later(minutes=4)
    place.text(DANA, "1")
    place.later(minutes=20)
    place.text(DANA, "UPDATE the plumber is on the way")
    set_priority(place, "P3")
    place.later(hours=2)
    place.text(DANA, "HOLD parts 3h")
    place.later(hours=4)  # it ends by itself after three
    set_priority(place, "P1")
    place.later(hours=3)
    place.text(DANA, "DONE new valve")
    place.later(hours=1)
    place.text(TANYA, "NO still leaking")
    place.later(hours=2)
    place.text(DANA, "1")
    place.text(DANA, "DONE and a new pipe")
    place.text(TANYA, "YES")
    kinds = set(place.kinds())
    assert kinds >= {"priority_changed", "held", "released", "reopened", "declined", "confirmed", "closed"}
    resolve = place.ticket().reports["resolve"]
    counted = sum(
        ((s.end - s.start) for s in resolve.segments if s.kind == "running"),
        timedelta(),
    )
    assert counted.total_seconds() == resolve.elapsed_seconds == (24 + 120 + 60 + 180 + 120) * 60
    assert [s.kind for s in resolve.segments] == [
        "running",
        "paused:waiting_parts",
        "running",
        "resolved",
        "running",
    ]
