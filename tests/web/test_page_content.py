"""What the board and a ticket show, read from the pages as a person does."""

from __future__ import annotations

import gzip
import re

from tests.stories.people import DANA, DANA_MAIL, LUCIA, STRANGER, TANYA, WATER
from tests.stories.town import Town
from tests.web.visiting import by_link, signed_in


def test_an_empty_board_says_so_and_what_was_last(place: Town) -> None:
    visit = signed_in(place)
    assert "Nothing open." in visit.text("/")
    place.text(TANYA, WATER)
    place.text(DANA, "DONE replaced valve")
    place.text(TANYA, "YES")
    page = visit.text("/")
    assert "Last: 1042 , closed at 2:11a ET" in page
    assert "is on duty." in page


def test_the_board_has_what_is_due_first_on_top(flooded: Town) -> None:
    flooded.text(LUCIA, "se inundo la cocina, mucha agua, tienda 303")
    flooded.later(minutes=11)
    flooded.text(STRANGER, "one lamp flickers, no hurry")
    visit = signed_in(flooded)
    page = visit.get("/").body.decode()
    groups = re.findall(r"<h2[^>]*>([\w ]+?) <span>(\d+)<", page)
    assert groups[0] == ("Overdue", "2")
    assert [name for name, _ in groups] == [
        g for g in ("Overdue", "Within 15 minutes", "Within the hour", "Later") if g in dict(groups)
    ]
    text = visit.text("/")
    assert "-1:00 Acknowledge by 2:21a ET" in text
    assert "#114 Pantry Row Markets" in text
    assert "Asking" in text


def test_the_board_is_filtered_by_its_address(flooded: Town) -> None:
    flooded.text(STRANGER, "there is smoke in the stock room, please help")
    visit = signed_in(flooded, person="dana")
    assert "2 open" in visit.text("/")
    assert "1 open" in visit.text("/?who=mine")
    assert "1042" in visit.text("/?who=mine")
    account = flooded.ticket().ticket.account
    assert "1 open" in visit.text(f"/?account={account}")
    assert "Nothing open fits these filters." in visit.text("/?account=nobody")
    assert "2 open" in visit.text("/?priority=P1")
    assert "0 open" in visit.text("/?priority=P4")
    assert "2 open" in visit.text("/?priority=<script>&who=everybody")
    flooded.text(DANA, "ACK 1042")
    assert "1 open" in visit.text("/?who=mine")


def test_a_ticket_tells_its_whole_story(flooded: Town) -> None:
    flooded.sim.set_phone(DANA, undeliverable=True)
    flooded.later(minutes=1)
    flooded.text(TANYA, "NEW no power in the whole building, store 114")
    page = signed_in(flooded).text("/tickets/1043")
    assert "Asking Dana R. until 2:19a level 1, round 1" in page
    assert "Text to Dana R. at 617-555-0101 did not arrive" in page
    assert "Next try by mail." in page
    assert "Page to Dana R. by mail delivered" in page
    assert "undelivered" in page
    assert "Opened by text as P1, electrical" in page
    assert "Tanya Brooks" in page
    assert 'tel:+16175550114"' in signed_in(flooded, email="b@x.example").get("/tickets/1043").body.decode()
    assert flooded.mails(DANA_MAIL)


def test_a_page_that_is_no_longer_needed_says_so(flooded: Town) -> None:
    flooded.sim.set_provider("twilio", down="503")
    flooded.later(minutes=7)
    flooded.text(DANA, "ACK")
    flooded.sim.set_provider("twilio", down="")
    flooded.later(minutes=5)
    page = signed_in(flooded).text("/tickets/1042")
    assert "not sent: no longer needed" in page


def test_nobody_reads_the_link_of_another(flooded: Town) -> None:
    link = by_link(flooded, DANA)
    token = link.base.removeprefix("/t/")
    assert token in flooded.last(DANA)
    flooded.later(minutes=7)
    pages = [
        signed_in(flooded).get("/tickets/1042").body,
        signed_in(flooded, email="c@x.example").get("/").body,
    ]
    assert all(token.encode() not in page for page in pages)
    assert b"(their link)" in pages[0]


def test_who_said_stop_is_shown_in_red(flooded: Town) -> None:
    flooded.later(minutes=2)
    flooded.text(TANYA, "STOP")
    page = signed_in(flooded).text("/tickets/1042")
    assert "SMS blocked since 2:13a: Tanya Brooks (617-555-0114) said STOP." in page


def test_only_what_makes_sense_is_offered(flooded: Town) -> None:
    visit = signed_in(flooded, person="dana")

    def offered() -> set[str]:
        return set(re.findall(r'action="/tickets/1042/(\w+)"', visit.get("/tickets/1042").body.decode()))

    always = {"done", "escalate", "note", "update", "priority", "cancel", "merge"}
    assert offered() == always | {"ack", "eta", "onsite", "cant", "hold"}
    visit.do("ack")
    assert offered() == always | {"eta", "onsite", "cant", "hold"}
    visit.do("hold", reason="no_access")
    assert offered() == always | {"eta", "onsite", "cant", "resume"}
    visit.do("onsite")
    assert offered() == always | {"cant", "hold"}
    visit.do("done", text="fixed")
    assert offered() == {"reopen", "note", "update"}
    flooded.text(TANYA, "YES")
    assert offered() == {"reopen", "note"}


def test_clocks_show_where_they_stand(flooded: Town) -> None:
    visit = signed_in(flooded)
    flooded.later(minutes=11)
    page = visit.text("/tickets/1042")
    assert "Acknowledge -1:00 overdue, due 2:21a" in page
    assert "Breach: acknowledge was due; nobody had it" in page
    flooded.text(DANA, "ACK")
    page = visit.text("/tickets/1042")
    assert "Acknowledge missed by 1:00, was due 2:21a" in page
    drawn = visit.get("/tickets/1042").body.decode()
    assert 'aria-label="Acknowledge: running, 10:00; over the target, 1:00"' in drawn
    assert drawn.count('class="warning"') == 5  # acknowledge at 80 %, arrive and resolve at 50 % and 80 %
    assert "2:11a to 2:21a : running, 10:00 2:21a to 2:22a : over the target, 1:00" in page
    flooded.text(DANA, "UPDATE on my way")
    flooded.later(minutes=31)  # the customer was to hear from us within 30
    flooded.text(DANA, "UPDATE still on my way")
    flooded.later(minutes=5)
    assert "Update 25:00 running, 5:00 of 30:00 used; missed before, due 3:23a" in visit.text("/tickets/1042")


def test_pages_are_small_on_the_wire(flooded: Town) -> None:
    visit = signed_in(flooded)
    headers = {**visit._headers(), "Accept-Encoding": "gzip"}
    answer = flooded.served.get("/tickets/1042", headers)
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == visit.get("/tickets/1042").body
    style = flooded.served.get("/static/app.css")
    assert len(style.body) < 12_000
    page = visit.get("/").body.decode()
    for address in re.findall(r'"(/static/[^"]+)"', page):
        asset = flooded.served.get(address)
        assert asset.status == 200
        assert "immutable" in asset.headers["cache-control"]
