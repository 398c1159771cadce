"""The breach audit over HTTP: who may look, what the address keeps, paging, exports, forms without a script."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from app.store.breaches import Place
from app.usecases import breaches, clock_projection, sla_audit
from app.web.breach_filters import BreachFilters, place_text
from app.web.charts import Amount, columns, rows
from tests.stories.people import DANA, TANYA, WATER
from tests.stories.town import Town
from tests.web.visiting import Visit, by_link, event_count, signed_in

NEW_YORK = "America/New_York"
NOW = datetime(2026, 6, 9, 6, 11, tzinfo=UTC)
ACK = "/breaches/1042/acknowledge"


def rows_of(visit: Visit, path: str) -> list[list[str]]:
    answer = visit.get(path)
    assert answer.status == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="breaches-2026-0')
    return list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))


def test_only_managers_and_owners_look(late: Town) -> None:
    stranger, link = Visit(late), by_link(late, DANA)
    dana = signed_in(late, role="account_manager", person="dana")
    boss = signed_in(late, role="manager", email="m@tidewell.example")
    for path in ("/breaches", "/breaches.csv", "/breaches.xlsx", ACK):
        seen = [visit.get(path).status for visit in (stranger, link, dana, boss)]
        assert seen == [303, 303, 403, 200], path


def test_only_managers_and_owners_explain_and_only_by_a_form_of_ours(late: Town) -> None:
    before = event_count(late)
    theirs = signed_in(late, role="account_manager", person="dana")
    assert theirs.post(f"{ACK}/excuse", theirs.csrf("/tickets/1042"), reason="no_access").status == 403
    owner = signed_in(late, email="owner@tidewell.example")
    assert owner.post(f"{ACK}/excuse", "0" * 64, reason="no_access").status == 403
    form = owner.csrf(ACK)
    assert owner.post(f"{ACK}/burn", form, reason="no_access").status == 404
    assert owner.post("/breaches/1042/confirm/excuse", form, reason="no_access").status == 404
    assert owner.post("/breaches/1042/nonsense/excuse", form, reason="no_access").status == 404
    assert owner.post("/breaches/9/arrive/excuse", form, reason="no_access").status == 404
    assert event_count(late) == before


def test_a_reason_is_from_the_list_and_an_excuse_an_excusable_one(late: Town) -> None:
    visit, before = signed_in(late), event_count(late)
    form = visit.csrf(ACK)
    for action, reason in [("explain", ""), ("explain", "no_such"), ("excuse", "parts"), ("excuse", "")]:
        answer = visit.post(f"{ACK}/{action}", form, reason=reason)
        assert visit.notice(answer) == "Nothing saved: please choose a reason from the list.", (
            action,
            reason,
        )
    assert event_count(late) == before


def test_saying_the_same_twice_is_one_event_and_an_excuse_keeps_its_reason(late: Town) -> None:
    visit = signed_in(late)
    form, before = visit.csrf(ACK), event_count(late)
    for _ in range(2):
        visit.post(f"{ACK}/excuse", form, reason="no_access", remark="gate locked")
    assert event_count(late) == before + 1
    visit.post(f"{ACK}/explain", form, reason="parts")
    assert event_count(late) == before + 1
    visit.post(
        f"{ACK}/explain", form, reason="no_access", remark="gate locked", corrective_action="get a key"
    )
    assert "Corrective action: get a key" in visit.text(ACK)
    visit.post(f"{ACK}/unexcuse", form)
    visit.post(f"{ACK}/explain", form, reason="parts")
    note = late.ticket().ticket.breach_notes[0]
    assert (note.reason, note.excused, note.excused_by) == ("parts", False, "")


def test_an_excuse_that_is_taken_back_leaves_the_reason_that_was_given_before(late: Town) -> None:
    visit = signed_in(late)
    form = visit.csrf(ACK)
    visit.post(f"{ACK}/excuse", form, reason="no_access")
    visit.post(f"{ACK}/unexcuse", form)
    assert "not explained yet" in visit.text(ACK)
    visit.post(f"{ACK}/explain", form, reason="parts", remark="pump on back order")
    visit.post(f"{ACK}/excuse", form, reason="force_majeure", remark="storm")
    assert "Force majeure: pump on back order" in visit.text(ACK)
    visit.post(f"{ACK}/unexcuse", form)
    assert "Parts were late: pump on back order" in visit.text(ACK)
    assert rows_of(visit, "/breaches.csv?reason=parts")[1][0] == "1042"


def test_of_two_who_say_why_at_once_the_second_sees_the_first_and_loses_no_word(late: Town) -> None:
    visit, other = signed_in(late), signed_in(late, email="owner@tidewell.example")
    form, theirs, before = visit.csrf(ACK), other.csrf(ACK), event_count(late)
    seen = re.findall(r'name="seen" value="([0-9a-f]+)"', visit.get(ACK).body.decode())[0]
    for _ in range(2):  # the second time is a button pressed twice
        answer = visit.post(f"{ACK}/explain", form, reason="parts", remark="pump on order", seen=seen)
        assert answer.status == 303
    answer = other.post(f"{ACK}/explain", theirs, reason="travel", remark="<b>snow</b>", seen=seen)
    assert answer.status == 409
    page = answer.body.decode()
    assert "Parts were late: pump on order" in page
    assert '<option value="travel" selected>' in page
    assert "&lt;b&gt;snow&lt;/b&gt;</textarea>" in page
    assert other.post(f"{ACK}/excuse", theirs, reason="no_access", seen=seen).status == 409
    assert event_count(late) == before + 1
    again = re.findall(r'name="seen" value="([0-9a-f]+)"', page)[0]
    assert other.post(f"{ACK}/explain", theirs, reason="travel", remark="snow", seen=again).status == 303
    assert "Longer way than expected: snow" in visit.text(ACK)


def test_a_late_entry_says_so_in_the_audit(place: Town) -> None:
    place.later(minutes=49)
    place.text(DANA, "NEW 114 at 2:10a: water in aisle 3")
    visit = signed_in(place)
    assert "typed in later: typed in by text" in visit.text("/breaches")
    assert "Why later: typed in by text" in visit.text(ACK)
    assert "Typed in as P1" in visit.text(ACK)
    head, *found = rows_of(visit, "/breaches.csv?metric=acknowledge")
    assert found[0][head.index("Typed in later")] == "typed in by text"


def test_each_filter_narrows_and_the_address_keeps_it(late: Town) -> None:
    visit = signed_in(late)
    visit.post(f"{ACK}/explain", visit.csrf(ACK), reason="parts")
    account = late.ticket().ticket.account
    for query, found in [
        ("", True),
        (f"account={account}", True),
        ("account=nobody", False),
        (f"site={late.ticket().ticket.site}", True),
        ("site=x", False),
        ("metric=acknowledge", True),
        ("metric=arrive", False),
        ("priority=P1", True),
        ("priority=P2", False),
        ("person=dana", False),
        ("person=-", True),
        ("reason=parts", True),
        ("reason=none", False),
        ("reason=travel", False),
        ("excused=no", True),
        ("excused=yes", False),
        ("period=last_month", False),
        ("from=2026-06-09&to=2026-06-09", True),
        ("from=2026-06-10", False),
        ("to=2026-06-08", False),
        ("from=x&metric=y&priority=%00&after=~~&excused=maybe", True),
    ]:
        page = visit.get(f"/breaches?{query}").body.decode()
        assert ('id="b1042-acknowledge"' in page) is found, query
        listed = [(row[0], row[5]) for row in rows_of(visit, f"/breaches.csv?{query}")[1:]]
        assert (("1042", "Acknowledge") in listed) is found, query
    page = visit.get("/breaches?account=nobody").body.decode()
    assert '<option value="nobody" selected>nobody</option>' in page  # what narrows is to be seen
    page = visit.get("/breaches?metric=acknowledge&reason=parts").body.decode()
    assert '<option value="acknowledge" selected>' in page
    assert '<option value="parts" selected>' in page


def test_exports_say_what_the_page_says(late: Town) -> None:
    visit = signed_in(late)
    visit.post(f"{ACK}/explain", visit.csrf(ACK), reason="parts", remark="=cmd|' /C calc'!A0")
    head, row = rows_of(visit, "/breaches.csv?metric=acknowledge")
    told = dict(zip(head, row, strict=True))
    assert (told["Ticket"], told["Actual"], told["Held by"]) == ("1042", "2400", "nobody")
    assert int(told["Over by"]) == 2400 - int(told["Limit"])
    assert told["Remark"] == "'=cmd|' /C calc'!A0"
    assert told["Reason"] == "Parts were late"
    assert told["Who had the ball"] == "nobody acknowledged 40:00"
    answer = visit.get("/breaches.xlsx?metric=acknowledge")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 2
    assert ">1042<" in sheet
    assert "<f>" not in sheet
    assert "Parts were late" in sheet


def test_pages_follow_each_other_without_a_gap(late: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1043, 1044):
        late.text(TANYA, f"NEW {WATER}")
        assert late.ticket(number)
    late.later(hours=3)
    visit = signed_in(late)
    monkeypatch.setattr(breaches, "PAGE", 2)
    whole = [(row[0], row[5]) for row in rows_of(visit, "/breaches.csv")[1:]]
    seen: list[str] = []
    path = "/breaches"
    while path:
        page = visit.get(path).body.decode()
        seen += re.findall(r'<article class="breach [^"]*" id="b([\w-]+)"', page)
        older = re.search(r'href="(/breaches\?[^"]+)">Older', page)
        path = older.group(1).replace("&amp;", "&") if older else ""
    assert seen == [f"{number}-{metric.lower()}" for number, metric in whole]
    assert len(seen) > 6, seen
    monkeypatch.setattr(breaches, "_EXPORT_PAGE", 4)
    assert [(row[0], row[5]) for row in rows_of(visit, "/breaches.csv")[1:]] == whole


def test_the_drill_down_goes_from_the_segment_to_the_raw_message(late: Town) -> None:
    late.later(minutes=5)
    late.text(DANA, "HOLD parts 2h")
    late.later(hours=20)
    visit = signed_in(late)
    page = visit.get("/breaches/1042/arrive").body.decode()
    anchors = re.findall(r'<a href="#(m\d+)">as it came', page)
    assert len(anchors) == 3
    assert all(f'id="{anchor}"' in page for anchor in anchors)
    words = visit.text("/breaches/1042/arrive")
    assert "Dana R. (account manager)" in words
    story = visit.get("/tickets/1042").body.decode()
    events = re.findall(r'<a href="/tickets/1042#(e\d+)">', page)
    assert len(events) >= 3
    assert all(f'id="{event}"' in story for event in events)
    assert 'href="/breaches/1042/arrive"' in story
    manager = signed_in(late, role="account_manager", person="dana", email="d@tidewell.example")
    assert "/breaches/" not in manager.get("/tickets/1042").body.decode()
    assert "HOLD parts 2h" in words
    assert "On hold: waiting for parts" in words


def test_an_empty_month_says_so(place: Town) -> None:
    visit = signed_in(place)
    assert "%" not in visit.text("/breaches")
    assert "No breaches from 2026-06-01 to 2026-06-30. 0 clocks were decided." in visit.text("/breaches")
    assert rows_of(visit, "/breaches.csv")[1:] == []
    assert visit.get("/breaches.xlsx").status == 200


def test_the_navigation_leads_there_only_for_those_who_may(flooded: Town) -> None:
    assert 'href="/breaches"' in signed_in(flooded).get("/").body.decode()
    am = signed_in(flooded, role="account_manager", person="dana", email="d@tidewell.example")
    assert 'href="/breaches"' not in am.get("/").body.decode()


def test_the_projection_made_anew_is_the_same(late: Town) -> None:
    late.text(DANA, "HOLD parts 2h")
    late.later(hours=30)
    visit = signed_in(late)
    visit.post(f"{ACK}/excuse", visit.csrf(ACK), reason="no_access")

    def content() -> list[tuple[object, ...]]:
        with late.house.begin() as connection:
            return [
                tuple(row)
                for row in connection.execute(text("SELECT * FROM clocks ORDER BY ticket_id, metric"))
            ]

    before = content()
    assert len(before) >= 4
    with late.house.begin() as connection:
        connection.execute(text("UPDATE clocks SET excused = false, reason = 'wrong', account = 'x'"))
        connection.execute(text("DELETE FROM clocks WHERE metric = 'arrive'"))
    [checked] = sla_audit.verify(late.house.engine, now=late.clock.at)
    listed = {str(difference) for difference in checked.differences}
    again = "run: closeloop sla rebuild"
    assert f"1042 acknowledge: recorded excused False for the breach audit; computed True; {again}" in listed
    assert f"1042 arrive: recorded nothing for the breach audit; computed one; {again}" in listed
    assert clock_projection.rebuild(late.house.engine, late.clock) == 1
    assert content() == before
    with late.house.begin() as connection:
        connection.execute(text("DELETE FROM clocks"))  # as after the migration that brought the table
    assert clock_projection.fill(late.house.engine, late.clock) == 1
    assert content() == before
    assert clock_projection.fill(late.house.engine, late.clock) == 0


def test_periods_are_days_of_the_company() -> None:
    for query, first, last in [
        ({}, date(2026, 6, 1), date(2026, 6, 30)),
        ({"period": "last_month"}, date(2026, 5, 1), date(2026, 5, 31)),
        ({"from": "2026-02-01", "to": "2026-02-03"}, date(2026, 2, 1), date(2026, 2, 3)),
        ({"from": "2026-02-01"}, date(2026, 2, 1), date(2026, 6, 9)),
        ({"to": "2026-02-20"}, date(2026, 2, 1), date(2026, 2, 20)),
        ({"from": "2026-03-05", "to": "2026-03-01"}, date(2026, 3, 1), date(2026, 3, 1)),
    ]:
        assert BreachFilters.read(query).days(NOW, NEW_YORK) == (first, last)
    wanted = BreachFilters.read({"from": "2026-03-08", "to": "2026-03-08"}).wanted(NOW, NEW_YORK)
    assert (wanted.until - wanted.since).total_seconds() == 23 * 3600


def test_the_address_says_all_that_the_filters_say() -> None:
    filters = BreachFilters(
        period="last_month",
        first=date(2026, 1, 2),
        last=date(2026, 2, 3),
        account="a&b",
        site="a/1",
        metric="arrive",
        priority="P1",
        person="dana",
        reason="none",
        excused="no",
        after=Place(NOW, 7, "arrive"),
    )
    read = {k: v[0] for k, v in parse_qs(urlsplit(filters.query()).query).items()}
    assert BreachFilters.read(read) == filters
    assert read["after"] == place_text(Place(NOW, 7, "arrive"))
    assert BreachFilters().query() == ""


def test_charts_are_to_scale_and_say_themselves_in_words() -> None:
    chart = rows([Amount("Parts", 3, 1), Amount("Storm", 0, 2)], "By reason")
    assert chart.words == "By reason: Parts 4, 1 of them excused; Storm 2, 2 of them excused"
    long, short = chart.bars
    assert long.length == 3 * long.more
    assert short.more == 2 * long.more
    standing = columns([Amount("Jun 1", 2, 0), Amount("Jun 8", 0, 0)], "By week")
    assert standing.words == "By week: Jun 1 2"
    assert columns([], "By week").words == "By week: none"
