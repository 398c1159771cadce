"""Who gets in: every page and every form, for each kind of visitor. And that looking changes nothing."""

from __future__ import annotations

from app.web.access import _BY_LINK, Action
from tests.stories.people import DANA, TANYA
from tests.stories.town import Town
from tests.web.visiting import Visit, by_link, event_count, signed_in

DESK_PAGES = ["/", "/?who=mine&priority=P1", "/fragments/board", "/tickets/1042", "/fragments/tickets/1042"]
LINK_PAGES = ["", "/fragment"]
FIELDS = {"text": "some words", "minutes": "30", "reason": "no_access", "priority": "P2"}


def test_a_signed_in_user_sees_everything(flooded: Town) -> None:
    for role in ("owner", "manager", "account_manager"):
        visit = signed_in(flooded, role=role, email=f"{role}@x.example")
        assert [visit.get(page).status for page in DESK_PAGES] == [200] * len(DESK_PAGES)
        assert visit.stream_status("/events") == 200
        assert visit.get("/tickets/9999").status == 404
        assert visit.do("note", text=f"seen by {role}").status == 303
        assert visit.post("/tickets/9999/ack", visit.csrf("/")).status == 404


def test_a_stranger_sees_the_sign_in_and_nothing_else(flooded: Town) -> None:
    stranger = Visit(flooded)
    seen = {page: stranger.get(page) for page in DESK_PAGES}
    assert {page: a.status for page, a in seen.items()} == {
        "/": 303,
        "/?who=mine&priority=P1": 303,
        "/fragments/board": 401,
        "/tickets/1042": 303,
        "/fragments/tickets/1042": 401,
    }
    assert seen["/tickets/1042"].headers["location"] == "/sign-in?next=/tickets/1042"
    assert all(b"aisle 7" not in a.body for a in seen.values())
    assert stranger.stream_status("/events") == 401
    before = event_count(flooded)
    for action in Action:
        assert stranger.post(f"/tickets/1042/{action}", "", **FIELDS).headers["location"] == "/sign-in"
    assert event_count(flooded) == before
    assert stranger.get("/sign-in").status == 200


def test_a_link_that_we_never_gave_out_is_no_page(flooded: Town) -> None:
    stranger = Visit(flooded)
    for path in ("/t/x", f"/t/{'0' * 14}", "/t/..", "/t/%00", "/t/%C3%A9", "/t/%FF"):
        assert stranger.get(path).status == 404
        assert stranger.post(f"{path}/ack", "").status == 404
        assert stranger.stream_status(f"{path}/events") == 404


def test_a_link_opens_its_ticket_for_its_person_and_nothing_else(flooded: Town) -> None:
    visit = by_link(flooded, DANA)
    assert [visit.get(visit.base + page).status for page in LINK_PAGES] == [200] * len(LINK_PAGES)
    assert visit.stream_status(f"{visit.base}/events") == 200
    page = visit.get(visit.base)
    assert b"aisle 7" in page.body
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]
    assert page.headers["cache-control"] == "no-store"
    # The link gives no session: the desk stays closed.
    assert visit.get("/").status == 303
    assert visit.cookies == {}


def test_a_link_may_do_what_its_text_says(flooded: Town) -> None:
    visit = by_link(flooded, DANA)
    before = event_count(flooded)
    for action in set(Action) - _BY_LINK:
        assert visit.do(action, **FIELDS).status == 403
    assert event_count(flooded) == before
    in_turn = (Action.NOTE, Action.ESCALATE, Action.ACK, Action.ETA, Action.ONSITE, Action.CANT, Action.DONE)
    assert set(in_turn) == _BY_LINK
    for action in in_turn:
        before = event_count(flooded)
        assert visit.do(action, **FIELDS).status == 303
        assert event_count(flooded) > before
        assert [e for e in flooded.ticket().events if e.actor != "system"][-1].actor == "person:dana"


def test_a_link_is_for_its_own_ticket(flooded: Town) -> None:
    flooded.later(minutes=1)
    flooded.text(TANYA, "NEW no power in the bakery, store 114")
    first, second = by_link(flooded, DANA, "1042"), by_link(flooded, DANA, "1043")
    assert first.base != second.base
    before = event_count(flooded)
    assert second.post(f"{second.base}/ack", first.csrf(first.base)).status == 403
    assert second.post("/tickets/1042/ack", second.csrf(second.base)).headers["location"] == "/sign-in"
    assert event_count(flooded) == before


def test_a_link_lives_a_day_longer_than_its_ticket(flooded: Town) -> None:
    visit = by_link(flooded, DANA)
    csrf = visit.csrf(visit.base)
    flooded.text(DANA, "DONE replaced valve")
    flooded.text(TANYA, "YES")
    flooded.later(hours=24)
    assert visit.get(visit.base).status == 200
    flooded.later(seconds=1)
    before = event_count(flooded)
    gone = visit.get(visit.base)
    assert gone.status == 410
    assert b"no longer good" in gone.body
    assert visit.get(f"{visit.base}/fragment").status == 410
    assert visit.stream_status(f"{visit.base}/events") == 410
    assert [visit.post(f"{visit.base}/{action}", csrf, **FIELDS).status for action in Action] == [410] * len(
        Action
    )
    assert event_count(flooded) == before
    with flooded.house.begin() as connection:
        seen = (
            connection.exec_driver_sql("SELECT DISTINCT subject FROM audit WHERE kind = 'link_over'")
            .scalars()
            .all()
        )
    assert seen == ["dana"]


def test_a_link_ends_when_its_person_leaves(flooded: Town) -> None:
    visit = by_link(flooded, DANA)
    with flooded.house.begin() as connection:
        connection.exec_driver_sql("UPDATE people SET active = false WHERE key = 'dana'")
        connection.exec_driver_sql("UPDATE directory_version SET version = version + 1")
    assert visit.get(visit.base).status == 410


def test_a_form_without_its_key_changes_nothing(flooded: Town) -> None:
    before = event_count(flooded)
    desk, link = signed_in(flooded), by_link(flooded, DANA)
    other = Visit(flooded).csrf("/sign-in")
    for action in Action:
        for wrong in ("", "0" * 64, other, "é"):
            assert desk.post(f"/tickets/1042/{action}", wrong, **FIELDS).status == 403
            assert link.post(f"{link.base}/{action}", wrong, **FIELDS).status == 403
    assert b"load the page again" in desk.post("/tickets/1042/ack").body
    assert event_count(flooded) == before


def test_looking_changes_nothing(flooded: Town) -> None:
    flooded.later(minutes=20)
    before = event_count(flooded)
    desk, link = signed_in(flooded), by_link(flooded, DANA)
    for page in DESK_PAGES:
        desk.get(page)
    for page in LINK_PAGES:
        link.get(link.base + page)
    for action in Action:
        assert desk.get(f"/tickets/1042/{action}").status == 405
        assert link.get(f"{link.base}/{action}").status == 405
    assert flooded.served.request("HEAD", link.base).status == 200
    assert event_count(flooded) == before


def test_no_page_can_be_framed_or_run_what_is_not_ours(flooded: Town) -> None:
    desk = signed_in(flooded)
    for path in ("/", "/tickets/1042", "/tickets/9999", "/nothing", "/static/app.css", "/sign-in"):
        headers = desk.get(path).headers
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
    page = desk.get("/tickets/1042").body.decode()
    assert " style=" not in page
    assert " onclick=" not in page
    assert page.count("<script") == 1
