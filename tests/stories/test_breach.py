"""A promise is broken at night; in the morning the manager finds out who had the ball, says why, excuses it."""

from __future__ import annotations

from app.domain import events as ev
from app.domain.attribution import Ball, shares
from app.usecases import breaches
from tests.stories.people import CALVIN, DANA, NOOR, RUTH, TANYA, WATER
from tests.stories.town import Town
from tests.web.visiting import signed_in


def test_a_breach_is_found_explained_and_excused_and_counts_apart(place: Town) -> None:
    place.text(TANYA, WATER)
    place.later(minutes=40)
    told = [line for duty in (RUTH, CALVIN, NOOR) for line in place.inbox(duty) if line.startswith("LATE")]
    assert "acknowledge was due 2:21a ET. Reply TAKE 1042" in told[0]
    place.text(DANA, "ACK")
    place.later(minutes=10)
    visit = signed_in(place, role="manager", person="ruth")
    page = visit.text("/breaches?metric=acknowledge")
    assert "1 of 1 clocks breached 100.0 %" in page
    assert "0 excused 1 without excuses 100.0 %" in page
    assert "1042 Acknowledge P1" in page
    assert "nobody acknowledged 40:00" in page
    assert "not explained yet" in page

    detail = visit.text("/breaches/1042/acknowledge")
    assert WATER in detail
    assert "Breached 2:21:00a EDT , held by nobody, noticed 2:21:00a EDT" in detail
    assert "2:11:00a EDT 2:51:00a EDT 40:00 running nobody acknowledged" in detail
    assert "as it came" in detail

    path, form = "/breaches/1042/acknowledge", visit.csrf("/breaches/1042/acknowledge")
    said = visit.post(
        f"{path}/explain",
        form,
        reason="nobody_answered",
        remark="phone was off",
        corrective_action="call twice",
    )
    assert visit.notice(said) == "Saved: why it happened."
    excused = visit.post(
        f"{path}/excuse?back=list&metric=acknowledge", form, reason="force_majeure", remark="the storm"
    )
    assert excused.headers["location"].startswith(
        "/breaches?metric=acknowledge&did=excused#b1042-acknowledge"
    )
    page = visit.text("/breaches?metric=acknowledge")
    assert "1 of 1 clocks breached 100.0 %" in page
    assert "1 excused 0 without excuses 0.0 %" in page
    assert "Force majeure: phone was off" in page
    assert "Excused by Ruth" in page
    kinds = place.kinds()
    assert kinds[-2:] == ["breach_explained", "breach_excused"]
    last = place.ticket().events[-1]
    assert isinstance(last, ev.BreachExcused)
    assert (last.person, last.actor, last.at) == ("ruth", "person:ruth", place.clock.now())
    assert place.ticket().ticket.breached[0] == "acknowledge"

    place.text(DANA, "DONE replaced valve")
    place.text(TANYA, "YES")
    found = breaches.breach(place.house, 1042, "acknowledge")
    assert found is not None
    counted = [share for share in shares(found.breach.pieces) if share.counted]
    assert [(s.ball, s.length.total_seconds()) for s in counted] == [(Ball.NOBODY, 2400)]
    visit.post(f"{path}/unexcuse", form)
    assert "0 excused 1 without excuses" in visit.text("/breaches?metric=acknowledge")
