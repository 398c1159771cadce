"""Feeds of a schedule, tried overrides that change nothing, and what of the past stays as it was."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from icalendar import Calendar

from app.domain.roster import Scope
from app.usecases import duty
from tests.stories.town import NIGHT, Town
from tests.web.visiting import Visit, signed_in

NOON = datetime(2026, 6, 10, 16, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SPAN = {"schedule": "duty", "start": "2026-06-10T08:00", "end": "2026-06-10T20:00"}


def on_duty(place: Town, at: datetime) -> tuple[str, ...]:
    with place.house.begin() as connection:
        return place.house.roster(connection).who(("schedule:duty",), Scope(), at)


def shifts(answer: bytes) -> dict[str, tuple[datetime, datetime, str]]:
    return {str(e["uid"]): (e.start, e.end, str(e["summary"])) for e in Calendar.from_ical(answer).events}


def test_the_feed_of_a_schedule_names_everybody_and_the_gaps(place: Town) -> None:
    boss = signed_in(place, role="manager", email="m@tidewell.example")
    form = boss.csrf("/on-call")
    assert boss.post("/on-call/feeds", form, schedule="none").status == 404
    assert boss.post("/on-call/feeds", "0" * 64, schedule="duty").status == 403
    for _ in range(2):  # pressed twice it is still one address
        assert boss.post("/on-call/feeds", form, schedule="duty").status == 303
    page = boss.get("/on-call").body.decode()
    (address,) = set(re.findall(r'href="[^"]*(/feeds/[\w-]+\.ics)"', page))
    anybody = Visit(place)
    first = shifts(anybody.get(address).body)
    assert {summary for _, _, summary in first.values()} == {"Ruth Okafor", "Calvin Price", "Noor Haddad"}
    assert min(start for start, _, _ in first.values()) == NIGHT - 30 * DAY
    assert max(end for _, end, _ in first.values()) == NIGHT + 180 * DAY

    boss.post("/on-call/overrides", form, **SPAN, out="*", joins="")
    then = shifts(anybody.get(address).body)
    gap = (datetime(2026, 6, 10, 12, tzinfo=UTC), datetime(2026, 6, 11, tzinfo=UTC), "NOBODY is on call")
    assert gap in then.values()
    kept = first.keys() & then.keys()
    assert len(kept) == len(first), "a shift that is cut short is the same entry, changed"
    assert {uid: first[uid][0] for uid in kept} == {uid: then[uid][0] for uid in kept}

    # Who plans may end it; others, who see it as well, may not.
    revoke = re.search(r"/on-call/feeds/\d+/revoke", page)
    assert revoke
    theirs = signed_in(place, role="account_manager", person="dana", email="d@tidewell.example")
    assert theirs.post(revoke.group(), theirs.csrf("/on-call")).status == 403
    assert anybody.get(address).status == 200
    assert boss.post(revoke.group(), form).status == 303
    assert anybody.get(address).status == 404


def test_an_override_that_changes_nothing_says_so_and_old_gaps_are_not_its_fault(place: Town) -> None:
    visit = signed_in(place)
    form = visit.csrf("/on-call")
    (usual,) = on_duty(place, NOON)
    absent = next(p for p in ("ruth", "calvin", "noor") if p != usual)
    preview = visit.post("/on-call/preview", form, **SPAN, out=absent, joins="dana").body.decode()
    assert "Nothing: whoever should go out is not on call then" in preview
    assert "disabled" in preview
    visit.post("/on-call/overrides", form, **SPAN, out="*", joins="")
    preview = visit.post("/on-call/preview", form, **SPAN, out=usual, joins="").body.decode()
    assert "Then nobody is on call" not in preview
    for wrong in ("9999-12-31", "0001-01-01", "2026-13-01"):
        assert visit.get(f"/on-call?view=month&at={wrong}").status == 200
    assert "June 2026" in visit.text("/on-call?view=month&at=9999-12-31")
    answer = visit.post(
        "/on-call/preview", form, **{**SPAN, "end": "2027-07-16T08:00"}, out="*", joins="noor"
    )
    assert (answer.status, "change the schedule itself" in answer.body.decode()) == (422, True)


def test_an_override_ends_when_its_time_is_over_for_good_and_midnight_belongs_to_the_day_before(
    place: Town,
) -> None:
    visit = signed_in(place)
    form = visit.csrf("/on-call")
    # 1:30 comes twice on this day: whoever stands in until then stays until the second.
    span = {"schedule": "duty", "start": "2026-10-31T20:00", "end": "2026-11-01T01:30"}
    second = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    (usual,) = on_duty(place, second)
    stand_in = next(p for p in ("ruth", "calvin", "noor") if p != usual)
    visit.post("/on-call/overrides", form, **span, out="*", joins=stand_in)
    assert on_duty(place, second - timedelta(seconds=1)) == (stand_in,)
    assert on_duty(place, second) == (usual,)
    preview = visit.post(
        "/on-call/preview", form, **{**SPAN, "end": "2026-06-11T00:00"}, out="*", joins="dana"
    ).body.decode()
    shown = re.findall(r'<span class="soft">(2026-[\d-]+)</span>', preview)
    assert shown == ["2026-06-10"]


def test_a_document_leaves_out_what_is_over_and_its_import_does_not_change_the_past(place: Town) -> None:
    visit = signed_in(place)
    (usual,) = on_duty(place, NOON)
    stand_in = next(p for p in ("ruth", "calvin", "noor") if p != usual)
    visit.post("/on-call/overrides", visit.csrf("/on-call"), **SPAN, out="*", joins=stand_in)
    place.clock.at = NOON + 2 * DAY
    document = duty.export_schedule(place.house, "duty")
    assert [one["to"] for one in document["overrides"]] == ["2026-12-26T08:00"]  # what the file says itself
    rotated = {**document, "combine": "all"}
    assert duty.import_schedule(place.house, "duty", rotated, by="test")
    assert on_duty(place, NOON) == (stand_in,)
    assert "combine" in duty.export_schedule(place.house, "duty")
