"""Coverage, fairness and one's own methods, on pages; the watch of the night, on phones."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

from app.store import contact_checks
from app.usecases.coverage_watch import watch
from tests.stories.people import DANA, NOOR
from tests.stories.town import Town
from tests.web.visiting import Visit, signed_in, words


def phones_fail(place: Town, *people: str) -> None:
    with place.house.begin() as connection:
        everybody = place.house.roster(connection).directory.people
        for person in everybody.values():
            for method in person.methods:
                if not people or person.key in people:
                    contact_checks.put_failing(
                        connection, method.kind, method.address, "gone", place.clock.at
                    )


def test_the_pages(flooded: Town) -> None:
    place = flooded
    place.text(DANA, "1")
    manager = signed_in(place, person="dana")
    assert "No gap." in words(manager.text("/on-call/coverage?days=30"))
    place.clock.at += timedelta(days=1)
    fair = words(manager.text("/on-call/fairness?from=2026-06-08&to=2026-06-14"))
    assert "By schedule" in fair
    answer = manager.get("/on-call/fairness.csv?from=2026-06-08&to=2026-06-14")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    duty = [row for row in rows if row["schedule"] == "duty"]
    assert sum(float(row["hours"]) for row in duty) == 7 * 24
    assert sum(int(row["weekend_days"]) for row in duty) == 2
    dana = next(row for row in rows if row["person"] == "Dana Reyes")
    assert (dana["schedule"], dana["pages_at_night"], dana["taken_at_night"]) == ("all", "1", "1")
    assert "no period" in manager.text("/on-call/fairness?from=x&to=y")
    assert (
        signed_in(place, role="account_manager", email="am@x.example").get("/on-call/fairness").status == 403
    )

    phones_fail(place)
    page = words(manager.text("/on-call/coverage"))
    assert "QuickBite" in page
    assert "Dana Reyes (account manager) has only contact methods that fail" in page

    mine = words(manager.text("/me"))
    assert f"{DANA} text, fails" in mine
    before = len(place.inbox(DANA))
    assert manager.post("/me/send", manager.csrf("/me"), address=DANA).headers["location"] == "/me?did=sent"
    place.settle()
    code = re.search(r"code: (\d{6})", "\n".join(place.inbox(DANA)[before:]))
    assert code
    assert manager.post("/me/verify", manager.csrf("/me"), code="x").headers["location"] == "/me?did=none"
    done = manager.post("/me/verify", manager.csrf("/me"), code=code.group(1))
    assert done.headers["location"] == "/me?did=verified"
    assert f"{DANA} text, verified" in words(manager.text("/me"))
    again = manager.post("/me/send", manager.csrf("/me"), address=DANA)
    assert (again.status, b"wait a minute" in again.body) == (422, True)
    desk = signed_in(place, email="desk@x.example")
    assert "Nobody is paged under this account" in words(desk.text("/me"))
    assert desk.post("/me/send", manager.csrf("/me"), address=DANA).status == 403
    assert "The code that came" not in words(desk.text("/me"))
    assert [Visit(place).get(path).status for path in ("/me", "/on-call/coverage")] == [303, 303]


def test_the_watch_of_the_night_tells_new_gaps_in_office_hours_once(place: Town) -> None:
    phones_fail(place)
    place.clock.at = datetime(2026, 6, 8, 7, 30, tzinfo=UTC)  # Monday, 3:30 in New York
    for _ in range(2):
        watch(place.house)
        place.settle()
    assert place.inbox(NOOR) == []
    place.clock.at = datetime(2026, 6, 8, 13, 5, tzinfo=UTC)
    told: list[str] = []
    for _ in range(2):
        watch(place.house)
        place.settle()
        told = [text for text in place.inbox(NOOR) if "can be paged for" in text]
    [text] = told
    assert "gaps in all" in text
    assert text.endswith("/on-call/coverage")
    soon = [text for text in place.inbox(NOOR) if text.startswith("You are on call from")]
    assert len(soon) == 1
    others = [text for text in place.inbox(NOOR) if text.startswith("On call from")]
    assert len(others) == 1
    assert " more. We told them" in others[0]
    # The next night finds the same gaps: nobody hears of them again.
    place.clock.at += timedelta(days=1)
    watch(place.house)
    place.settle()
    assert [text for text in place.inbox(NOOR) if "can be paged for" in text] == told
