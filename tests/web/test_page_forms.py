"""The buttons do what the reply words do, and say what came of it."""

from __future__ import annotations

from tests.stories.people import DANA, TANYA
from tests.stories.town import Town
from tests.web.visiting import by_link, event_count, signed_in, words


def state(place: Town) -> str:
    return str(place.ticket().ticket.state)


def test_the_whole_way_by_buttons(flooded: Town) -> None:
    visit = by_link(flooded, DANA)
    steps = [
        ("ack", {}, "acknowledged", "You have it."),
        ("eta", {"minutes": "45"}, "en_route", "Saved, and the customer is told."),
        ("onsite", {}, "on_site", "Saved: on site."),
        (
            "done",
            {"text": "replaced valve"},
            "resolved",
            "Resolved. The customer is asked whether it is over.",
        ),
    ]
    for action, fields, then, notice in steps:
        assert visit.notice(visit.do(action, **fields)) == notice
        flooded.settle()
        assert state(flooded) == then
    assert '"replaced valve"' in flooded.last(TANYA)
    flooded.text(TANYA, "YES")
    assert state(flooded) == "closed"


def test_what_only_the_desk_can_do(flooded: Town) -> None:
    visit = signed_in(flooded, person="luis")
    visit.do("ack")
    assert flooded.ticket().ticket.assignee == "luis"
    assert (
        visit.notice(visit.do("hold", reason="waiting_parts", minutes="240"))
        == "On hold, and the customer is told."
    )
    held = flooded.ticket().ticket
    assert (held.state, held.hold_reason) == ("on_hold", "waiting_parts")
    assert held.hold_until is not None
    assert "paused" in visit.text("/tickets/1042")
    visit.do("resume")
    assert state(flooded) == "acknowledged"
    assert visit.notice(visit.do("priority", priority="P3")) == "Priority changed."
    assert flooded.ticket().ticket.priority == "P3"
    visit.do("update", text="The plumber is on the way")
    flooded.settle()
    assert any("The plumber is on the way" in text for text in flooded.inbox(TANYA))
    visit.do("escalate", text="need help")
    assert flooded.ticket().ticket.escalation.joining
    visit.do("done", text="fixed")
    visit.do("reopen", text="still wet")
    assert state(flooded) == "acknowledged"
    visit.do("cancel", text="by mistake")
    assert state(flooded) == "cancelled"


def test_taking_over_names_who_had_it(flooded: Town) -> None:
    flooded.text(DANA, "ACK")
    visit = signed_in(flooded, person="luis")
    notice = visit.notice(visit.do("ack"))
    assert notice == "Somebody else has it already, so nothing was changed."
    assert flooded.ticket().ticket.assignee == "dana"
    visit.do("take")
    assert flooded.ticket().ticket.assignee == "luis"
    assert "Luis M. took it over from Dana R." in visit.text("/tickets/1042")


def test_a_user_who_is_not_in_the_directory_acts_under_their_name(flooded: Town) -> None:
    visit = signed_in(flooded)
    visit.do("ack")
    assert flooded.ticket().ticket.assignee == "olga@tidewell.example"
    assert flooded.ticket().events[-1].actor == "user:olga@tidewell.example"
    assert "Olga O. has it" in visit.text("/")
    assert "Olga O. has it" in visit.text("/tickets/1042")
    visit.do("done", text="valve replaced")
    visit.do("reopen", text="still wet")
    flooded.settle()
    goes_on = "Tidewell Facility Care goes on with it. We ask you again when it is."
    assert flooded.last(TANYA) == f"Tidewell 1042: sorry, it is not fixed yet after all. {goes_on}"


def test_the_board_acknowledges_in_one_tap_and_keeps_its_filters(flooded: Town) -> None:
    visit = signed_in(flooded, person="luis")
    answer = visit.post("/tickets/1042/ack?back=board&priority=P1&who=mine", visit.csrf("/"))
    assert answer.headers["location"] == "/?who=mine&priority=P1&did=acked"
    assert "You have it." in visit.text(answer.headers["location"])


NO_TIME = "No time saved: write it like 45, 1h30 or 3:15p."
NO_TEXT = "Nothing saved: the text is missing."
NO_CHOICE = "Nothing saved: please choose from the list."


def test_an_unclear_form_changes_nothing_and_says_so(flooded: Town) -> None:
    visit = signed_in(flooded, person="luis")
    before = event_count(flooded)
    unclear: list[tuple[str, dict[str, str], str]] = [
        ("eta", {"other": "soonish"}, NO_TIME),
        ("eta", {"minutes": "9" * 30}, NO_TIME),
        ("eta", {}, NO_TIME),
        ("note", {"text": "  "}, NO_TEXT),
        ("update", {}, NO_TEXT),
        ("hold", {"reason": "lunch"}, NO_CHOICE),
        ("hold", {"reason": "other", "minutes": "-1"}, NO_CHOICE),
        ("hold", {"reason": "other", "minutes": "9" * 30}, NO_CHOICE),
        ("priority", {"priority": "P0"}, NO_CHOICE),
    ]
    for action, fields, notice in unclear:
        assert visit.notice(visit.do(action, **fields)) == notice
    assert event_count(flooded) == before


def test_an_eta_is_read_as_in_a_text(flooded: Town) -> None:
    visit = signed_in(flooded, person="luis")
    for said, shown in [("45", "2:56a"), ("1h30", "3:41a"), ("3:15", "3:15a"), ("2pm", "2:00p")]:
        visit.do("eta", other=said)
        assert f"Expected on site: {shown}" in visit.text("/tickets/1042")


def test_hostile_forms_are_answered(flooded: Town) -> None:
    visit = signed_in(flooded, person="luis")
    csrf = visit.csrf("/")
    assert (
        visit.post(
            "/tickets/1042/note", csrf, text="nul \0 and \ud800".encode("utf-8", "replace").decode()
        ).status
        == 303
    )
    assert visit.post("/tickets/1042/note", csrf, text="x" * 70_000).status == 413
    assert visit.post("/tickets/1042/explode", csrf).status == 404
    assert visit.post("/tickets/99999999999999999999/ack", csrf).status == 404
    raw = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": visit._headers()["Cookie"]}
    assert (
        flooded.served.post("/tickets/1042/note", b"a=1&" * 60 + b"csrf=" + csrf.encode(), raw).status == 403
    )
    assert flooded.served.post("/tickets/1042/note", b"\xff\xfe\x00", raw).status == 403


def test_what_a_customer_writes_stays_words(flooded: Town) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)> \"'&amp;"
    flooded.text(TANYA, hostile)
    visit = signed_in(flooded, person="luis")
    visit.do("note", text=hostile)
    page = visit.get("/tickets/1042").body.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 2
    assert hostile in words(page)
    assert b"<script>x" not in visit.get("/tickets/1042?did=<script>x").body
