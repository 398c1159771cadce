"""The same by mail, with what only mail has: threads, automatic answers, senders that prove nothing."""

from __future__ import annotations

from tests.stories.people import DANA, TANYA_MAIL
from tests.stories.town import HELP, Town


def test_the_whole_way_by_mail(place: Town) -> None:
    place.mail(
        TANYA_MAIL, "Water is coming through the ceiling in aisle 7, store 114.\n\n-- \nTanya", "Leak!"
    )
    assert "1042" in place.last(DANA)
    (receipt,) = place.mails(TANYA_MAIL)
    assert receipt["subject"] == "Re: Leak! [1042]"
    place.text(DANA, "ACK")
    place.text(DANA, "ETA 45")
    place.text(DANA, "ONSITE")
    place.text(DANA, "DONE replaced valve")
    assert [m["subject"] for m in place.mails(TANYA_MAIL)] == ["Re: Leak! [1042]"] * 5
    assert "replaced valve" in place.mails(TANYA_MAIL)[-1]["body"]
    place.reply(TANYA_MAIL, "No, it still drips.\n\nOn Tuesday Tidewell wrote:\n> Is it OK? YES or NO")
    assert place.ticket().ticket.state == "acknowledged"
    assert "still drips" in place.last(DANA)
    place.text(DANA, "1")
    place.text(DANA, "DONE tightened it")
    place.reply(TANYA_MAIL, "YES")
    assert (place.ticket().ticket.state, place.ticket().ticket.confirmed) == ("closed", True)


def test_an_out_of_office_answer_confirms_nothing(place: Town) -> None:
    place.mail(TANYA_MAIL, "Water through the ceiling, store 114", "Leak")
    place.text(DANA, "DONE replaced valve")
    mails = place.mails(TANYA_MAIL)
    place.sim.reply(
        mails[-1], TANYA_MAIL, "YES, I am out of the office.", headers={"Auto-Submitted": "auto-replied"}
    )
    place.settle()
    assert place.ticket().ticket.state == "resolved"
    assert len(place.mails(TANYA_MAIL)) == len(mails)


def test_a_yes_that_proves_nothing_does_not_close(place: Town) -> None:
    place.mail(TANYA_MAIL, "Water through the ceiling, store 114", "Leak")
    place.text(DANA, "DONE replaced valve")
    # Anybody can write Tanya's address into a mail; this one does not come from her domain, nor to our reply address.
    raw = (
        b"From: Tanya Brooks <tanya.brooks@pantryrow.example>\r\nTo: " + HELP.encode() + b"\r\n"
        b"Subject: Re: Leak [1042]\r\nMessage-ID: <forged@evil.example>\r\n\r\nYES\r\n"
    )
    place.sim.mail("someone@evil.example", raw=raw, to=HELP)
    place.settle()
    assert place.ticket().ticket.state == "resolved"


def test_a_mail_about_another_site_opens_its_own_ticket(place: Town) -> None:
    place.mail("facilities@nobody.example", "Please help, the lights are out", "Lights")
    view = place.ticket()
    assert view.ticket.requester.contact == ""
    assert view.ticket.account == ""
