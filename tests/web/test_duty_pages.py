"""The on-call calendar: who sees it, overrides tried, saved and taken back, feeds, documents."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from app.domain.roster import Scope
from app.usecases import duty
from tests.stories.town import Town
from tests.web.visiting import Visit, signed_in

NOON = datetime(2026, 6, 10, 16, 0, tzinfo=UTC)  # a Wednesday, 12:00 in New York


def on_duty(place: Town, at: datetime) -> tuple[str, ...]:
    with place.house.begin() as connection:
        return place.house.roster(connection).who(("schedule:duty",), Scope(), at)


def test_who_may_look_and_who_may_plan(place: Town) -> None:
    assert Visit(place).get("/on-call").status == 303
    theirs = signed_in(place, role="account_manager", person="dana")
    words = theirs.text("/on-call")
    assert "No gaps in the next 30 days" in words
    assert "Somebody else takes over" not in words
    wanted = {"schedule": "duty", "start": "2026-06-10T00:00", "end": "2026-06-11T00:00", "out": "*"}
    form = theirs.csrf("/on-call")
    for path in ("/on-call/preview", "/on-call/overrides", "/on-call/overrides/1/revoke"):
        assert theirs.post(path, form, **wanted).status == 403
    boss = signed_in(place, role="manager", email="m@tidewell.example")
    assert "Somebody else takes over" in boss.text("/on-call?view=month")
    assert boss.post("/on-call/overrides", "0" * 64, **wanted, joins="noor").status == 403
    assert boss.get("/on-call?at=nonsense&view=x&schedule=%00").status == 200


def test_an_override_is_seen_before_it_is_saved_and_can_be_taken_back(place: Town) -> None:
    visit = signed_in(place)
    (usual,) = on_duty(place, NOON)
    stand_in = next(p for p in ("ruth", "calvin", "noor") if p != usual)
    wanted = {"schedule": "duty", "start": "2026-06-10T08:00", "end": "2026-06-10T20:00"}
    form = visit.csrf("/on-call")
    preview = visit.post("/on-call/preview", form, **wanted, out="*", joins=stand_in, reason="dentist")
    assert preview.status == 200
    assert "08:00 to 20:00" in preview.body.decode()
    assert on_duty(place, NOON) == (usual,)
    saved = visit.post("/on-call/overrides", form, **wanted, out="*", joins=stand_in, reason="dentist")
    assert saved.headers["location"] == "/on-call?at=2026-06-10&did=entered"
    assert on_duty(place, NOON) == (stand_in,)
    assert on_duty(place, NOON + timedelta(hours=8)) == (usual,)
    page = visit.get("/on-call?at=2026-06-10").body.decode()
    assert "dentist" in page
    found = re.search(r"/on-call/overrides/(\d+)/revoke", page)
    assert found
    assert visit.post(found.group(), form).headers["location"] == "/on-call?did=revoked"
    assert on_duty(place, NOON) == (usual,)
    assert visit.post(found.group(), form).status == 409


def test_a_gap_shows_before_saving_and_on_the_page(place: Town) -> None:
    visit = signed_in(place)
    wanted = {"schedule": "duty", "start": "2026-06-10T08:00", "end": "2026-06-10T20:00", "out": "*"}
    form = visit.csrf("/on-call")
    preview = visit.post("/on-call/preview", form, **wanted, joins="").body.decode()
    assert "Then nobody is on call" in preview
    assert "Save all the same" in preview
    visit.post("/on-call/overrides", form, **wanted, joins="")
    words = visit.text("/on-call?at=2026-06-10")
    assert "Nobody is on call" in words
    assert "duty from Wed 10 Jun 2026 08:00 to Wed 10 Jun 2026 20:00" in words


def test_what_cannot_be_is_said_and_what_was_typed_stays(place: Town) -> None:
    visit = signed_in(place)
    form = visit.csrf("/on-call")
    wanted = {"schedule": "duty", "start": "2026-06-10T08:00", "end": "2026-06-10T20:00", "out": "*"}
    wrong: list[tuple[dict[str, str], str]] = [
        ({"schedule": "dutty"}, "Choose the schedule from the list."),
        ({"start": "tomorrow"}, "Write both times like"),
        ({"end": "2026-06-10T08:00"}, "It has to end after it starts."),
        ({"end": "2028-06-10T08:00"}, "change the schedule itself"),
        ({"out": "", "joins": ""}, "Say who comes in, or who goes out."),
        ({"joins": "nobody-here"}, "nobody called"),
        ({"start": "2026-06-01T08:00", "end": "2026-06-02T08:00"}, "That is over already"),
    ]
    for changed, said in wrong:
        typed = {**wanted, "joins": "noor", "reason": "typed", **changed}
        answer = visit.post("/on-call/overrides", form, **typed)
        page = answer.body.decode()
        assert (answer.status, said in page, 'value="typed"' in page) == (422, True, True), changed


def test_a_private_feed_follows_the_schedule_until_it_is_revoked(place: Town) -> None:
    (usual,) = on_duty(place, NOON)
    visit = signed_in(place, role="account_manager", person=usual)
    visit.post("/on-call/feeds", visit.csrf("/on-call"))
    page = visit.get("/on-call").body.decode()
    found = re.search(r'href="[^"]*(/feeds/[\w-]+\.ics)"', page)
    assert found
    stranger = Visit(place)
    answer = stranger.get(found.group(1))
    assert answer.headers["content-type"].startswith("text/calendar")
    events = [(e.start, e.end) for e in Calendar.from_ical(answer.body).events]
    for start, end in events:
        assert on_duty(place, max(start, NOON)) == (usual,) or end <= NOON
        assert usual in on_duty(place, start)
        assert usual not in on_duty(place, end)
    assert any(start <= NOON < end for start, end in events)
    key = found.group(1).removesuffix(".ics")
    assert stranger.get(f"{key[:-1]}{'0' if key[-1] != '0' else '1'}.ics").status == 404
    assert stranger.get("/feeds/x.ics").status == 404
    feed_id = re.search(r"/on-call/feeds/(\d+)/revoke", page)
    assert feed_id
    other = signed_in(place, role="account_manager", email="o@tidewell.example")
    assert other.post(feed_id.group(), other.csrf("/on-call")).status == 403
    assert visit.post(feed_id.group(), visit.csrf("/on-call")).status == 303
    assert stranger.get(found.group(1)).status == 404


def test_a_document_goes_out_and_in_unchanged(place: Town) -> None:
    (usual,) = on_duty(place, NOON)
    stand_in = next(p for p in ("ruth", "calvin", "noor") if p != usual)
    visit = signed_in(place)
    form = visit.csrf("/on-call")
    wanted = {"schedule": "duty", "start": "2026-06-10T08:00", "end": "2026-06-10T20:00", "out": "*"}
    visit.post("/on-call/overrides", form, **wanted, joins=stand_in)
    out = json.loads(visit.get("/on-call/schedules/duty.json").body)
    assert out["overrides"][-1] == {
        "from": "2026-06-10T12:00:00Z",
        "to": "2026-06-11T00:00:00Z",
        "out": "*",
        "in": stand_in,
    }
    edges = [NOON + timedelta(hours=h) for h in range(0, 3000, 7)]
    before = [on_duty(place, at) for at in edges]
    assert not duty.import_schedule(place.house, "duty", out, by="test")
    mended = {**out, "overrides": out["overrides"][:-1]}
    assert duty.import_schedule(place.house, "duty", mended, by="test")
    assert on_duty(place, NOON) == (usual,)
    assert duty.import_schedule(place.house, "duty", out, by="test")
    assert [on_duty(place, at) for at in edges] == before
    assert json.loads(visit.get("/on-call/schedules/duty.json").body) == out
    assert visit.get("/on-call/schedules/none.json").status == 404
    with pytest.raises(duty.DutyError, match="nobody is called 'zed'"):
        duty.import_schedule(
            place.house, "duty", {**out, "overrides": [{**out["overrides"][-1], "in": "zed"}]}, by="test"
        )


def test_leave_is_entered_and_taken_back_by_whom_it_concerns(place: Town) -> None:
    (usual,) = on_duty(place, NOON)
    theirs = signed_in(place, role="account_manager", person=usual)
    form = theirs.csrf("/on-call")
    days = {"start": "2026-06-10", "end": "2026-06-10"}
    assert theirs.post("/on-call/leave", form, **days, person="dana").status == 403
    assert theirs.post("/on-call/leave", form, start="2026-06-10", end="2026-06-09").status == 422
    saved = theirs.post("/on-call/leave", form, **days, note="dentist")
    assert saved.headers["location"] == "/on-call?did=off_gap", "nobody covers"
    assert on_duty(place, NOON) == ()
    assert "Nobody is on call" in theirs.text("/on-call")
    dana = signed_in(place, role="account_manager", person="dana", email="d@tidewell.example")
    seen = dana.get("/on-call").body.decode()
    assert "dentist" not in seen
    assert "/on-call/leave/" not in seen
    found = re.search(r"/on-call/leave/\d+/end", theirs.get("/on-call").body.decode())
    assert found
    assert dana.post(found.group(), dana.csrf("/on-call")).status == 403
    # Luis stands in for Dana's accounts, so that her leave leaves nobody alone.
    alone = dana.post("/on-call/leave", dana.csrf("/on-call"), **days)
    assert alone.headers["location"] == "/on-call?did=off"
    assert theirs.post(found.group(), form).status == 303
    assert on_duty(place, NOON) == (usual,)


def test_a_shift_is_offered_on_the_page_taken_and_refused(place: Town) -> None:
    (usual,) = on_duty(place, NOON)
    other = next(p for p in ("ruth", "calvin", "noor") if p != usual)
    giver = signed_in(place, role="account_manager", person=usual)
    taker = signed_in(place, role="account_manager", person=other, email="t@tidewell.example")
    page = giver.get("/on-call").body.decode()
    shift = re.findall(r'<option value="(duty [^"]+)"', page)[0].replace("&#43;", "+")
    place.clock.at += timedelta(minutes=1)  # the turn goes on while the page is read
    for answer in ("refuse", "take"):
        wanted = {"shift": shift, "taker": other}
        offered = giver.post("/on-call/swaps", giver.csrf("/on-call"), **wanted)
        assert offered.headers["location"] == "/on-call?did=offered"
        assert "No answer yet" in giver.text("/on-call")
        assert "asks you to take over" in taker.text("/on-call")
        assert giver.post("/on-call/swaps/take", giver.csrf("/on-call")).status == 422
        assert taker.post(f"/on-call/swaps/{answer}", taker.csrf("/on-call")).status == 303
    assert on_duty(place, NOON) == (other,)
    page = taker.get("/on-call").body.decode()
    shift = re.findall(r'<option value="(duty [^"]+)"', page)[0].replace("&#43;", "+")
    back = {"shift": shift, "taker": usual}
    assert taker.post("/on-call/swaps", taker.csrf("/on-call"), **back).status == 303
    assert "No answer yet" in taker.text("/on-call")
    place.clock.at += timedelta(hours=24)
    assert "No answer yet" not in taker.text("/on-call"), "an offer that is over, before anybody closes it"
    assert giver.post("/on-call/swaps/steal", giver.csrf("/on-call")).status == 404
    wrong = giver.post("/on-call/swaps", giver.csrf("/on-call"), shift="duty x", taker=other)
    assert wrong.status == 422
