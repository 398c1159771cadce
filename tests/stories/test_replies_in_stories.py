"""Every row of the reply grammar, said on a phone, and what becomes of the ticket."""

from __future__ import annotations

from tests.stories.people import DANA, DANA_MAIL, LUCIA, PRIYA, TANYA, TANYA_MAIL, WATER
from tests.stories.town import HELP, Town

# What the account manager writes, whether she has it already, and the events that follow.
BEFORE_ACK = {
    "1": ["acknowledged"],
    "ACK": ["acknowledged"],
    "ok": ["acknowledged"],
    "got it": ["acknowledged"],
    "\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}": ["acknowledged"],
    "ack all": ["acknowledged"],
    "\N{FULLWIDTH DIGIT ONE}": ["acknowledged"],
    "#{n} ack": ["acknowledged"],
    "2": ["passed", "level_reached"],
    "PASS {n} asleep": ["passed", "level_reached"],
    "can't": ["passed", "level_reached"],
    "no": ["passed", "level_reached"],
    "ESC nobody near": ["escalated", "level_reached"],
    "ETA 45": ["acknowledged", "eta_given"],
    "45": ["noted"],
    "NOTE the roof again": ["noted"],
}
AFTER_ACK = {
    "ETA 3:15": ["eta_given"],
    "eta 4pm {n}": ["eta_given"],
    "ETA \N{ARABIC-INDIC DIGIT FOUR}\N{ARABIC-INDIC DIGIT FIVE}": ["eta_given"],
    "ONSITE": ["arrived"],
    "arrived {n}": ["arrived"],
    "DONE fixed the valve": ["arrived", "resolved"],
    "{n} done replaced the valve": ["arrived", "resolved"],
    "fixed": ["arrived", "resolved"],
    "ESC {n} need a second pair of hands": ["escalated", "level_reached"],
    "2": ["passed", "level_reached"],
    "NOTE {n} gutter is blocked": ["noted"],
    "HOLD parts 2h": ["held"],
    "TAKE {n}": [],
    "1": [],
    "who has a ladder": ["noted"],
}
WITHOUT_EVENTS = {"LIST": "1042", "WHO": "Duty manager", "CMDS": "ETA", "?": "ETA"}


def after(place: Town, number: int, seen: int) -> list[str]:
    return [k for k in place.kinds(number)[seen:] if k not in ("warned", "breached")]


def test_each_reply_to_a_page(place: Town) -> None:
    for number, (words, expected) in enumerate(BEFORE_ACK.items(), start=1042):
        place.later(seconds=20)
        place.text(TANYA, "NEW water through the ceiling, store 114")
        seen = len(place.kinds(number))
        place.text(DANA, words.format(n=number))
        assert after(place, number, seen) == expected, words
        if expected == ["noted"] and "NOTE" not in words:
            assert "saved as a note" in place.last(DANA).lower(), words
        place.text(DANA, f"CANCEL {number}")
        assert place.ticket(number).ticket.state == "cancelled"


def test_each_reply_of_a_holder(place: Town) -> None:
    for number, (words, expected) in enumerate(AFTER_ACK.items(), start=1042):
        place.later(seconds=20)
        place.text(TANYA, "NEW water through the ceiling, store 114")
        place.text(DANA, "ACK")
        seen = len(place.kinds(number))
        place.text(DANA, words.format(n=number))
        assert after(place, number, seen) == expected, words
        assert str(number) in place.last(DANA), words
        place.text(DANA, f"CANCEL {number}")


def test_questions_are_answered_and_change_nothing(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "ACK")
    before = place.kinds()
    for words, answer in WITHOUT_EVENTS.items():
        place.text(DANA, words)
        assert answer in place.last(DANA), words
    assert place.kinds() == before


def test_done_may_be_undone_and_what_was_done_may_follow(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "ACK")
    place.text(DANA, "DONE")
    assert "?" in place.last(DANA)
    place.text(DANA, "tightened the joint")
    assert place.ticket().ticket.resolution == "tightened the joint"
    place.text(DANA, "REOPEN 1042")
    assert (place.ticket().ticket.state, place.ticket().ticket.assignee) == ("acknowledged", "dana")
    # The customer said nothing, so nobody asks them what is wrong.
    told = "sorry, it is not fixed yet after all. Dana Reyes goes on with it. We ask you again when it is."
    assert place.last(TANYA) == f"Tidewell 1042: {told}"
    place.text(DANA, "RELEASE")
    place.text(DANA, "UPDATE the plumber is on his way")
    assert "plumber is on his way" in place.last(TANYA)


def test_words_after_done_tell_of_what_was_just_finished(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "ACK")
    place.later(minutes=2)
    place.text(TANYA, "NEW back door wont lock, store 114")  # pages Dana, who is busy with the water
    place.text(DANA, "DONE 1042")
    place.later(seconds=30)
    place.text(TANYA, "NEW no power in the bakery, store 114")
    assert "1044" in place.last(DANA)
    place.text(DANA, "replaced the part")
    assert place.ticket().ticket.resolution == "replaced the part"
    assert "1042" in place.last(DANA)
    # She was asked for nothing any more, so what was paged since is what she writes about.
    place.text(DANA, "which switchboard is it")
    assert place.kinds(1044)[-1] == "noted"
    # And with no page since, also what follows a DONE with words is about the same.
    place.text(DANA, "ACK 1043")
    place.text(DANA, "DONE 1043 oiled the lock")
    place.text(DANA, "the key is at the till")
    assert place.kinds(1043)[-1] == "noted"
    place.later(minutes=16)
    place.text(DANA, "back at my desk")
    assert [place.kinds(n).count("noted") for n in (1042, 1043, 1044)] == [0, 1, 2]


def test_what_was_done_may_follow_the_customers_yes(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "ACK")
    place.text(DANA, "DONE")
    place.text(TANYA, "YES")
    assert place.ticket().ticket.state == "closed"
    place.text(DANA, "DONE 1042 tightened the joint")
    assert place.ticket().ticket.resolution == "tightened the joint"
    assert place.ticket().ticket.state == "closed"


def test_ack_all_takes_all_that_was_paged(place: Town) -> None:
    for words in (WATER, "NEW no power in the bakery, store 114", "NEW back door wont lock, store 114"):
        place.text(TANYA, words)
    place.text(DANA, "ack all")
    assert {place.ticket(n).ticket.assignee for n in (1042, 1043, 1044)} == {"dana"}
    for number in ("1042", "1043", "1044"):
        assert any("own" in text.lower() and number in text for text in place.inbox(DANA)), number


# What the customer answers to the closing question, and the state afterwards.
ANSWERS = {
    "YES": "closed",
    "Y": "closed",
    "Yes thank you!": "closed",
    "\N{THUMBS UP SIGN}": "closed",
    "NO": "acknowledged",
    "no {n}": "acknowledged",
    "still leaking": "acknowledged",
    "No it came back again": "acknowledged",
    "yes but it smells": "resolved",
    "what is the plumbers name": "resolved",
}


def test_each_answer_to_the_closing_question(place: Town) -> None:
    for number, (words, expected) in enumerate(ANSWERS.items(), start=1042):
        place.later(seconds=20)
        place.text(TANYA, "NEW water through the ceiling, store 114")
        place.text(DANA, f"DONE {number} replaced valve")
        place.text(TANYA, words.format(n=number))
        assert place.ticket(number).ticket.state == expected, words
        if expected == "resolved":
            assert any(words in text for text in place.inbox(DANA)), words
        place.text(DANA, f"CANCEL {number}")


def test_a_bare_yes_is_about_the_question_asked_last(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "DONE 1042 valve")
    place.later(minutes=30)
    place.text(TANYA, "NEW no power in the bakery, store 114")
    place.text(DANA, "DONE 1043 breaker")
    while "closure_reminded" not in place.kinds(1042):
        place.later(minutes=10)
    assert "closure_reminded" not in place.kinds(1043)
    place.text(TANYA, "YES")
    assert [place.ticket(n).ticket.state for n in (1042, 1043)] == ["closed", "resolved"]
    place.text(TANYA, "NO 1043")
    assert place.ticket(1043).ticket.state == "acknowledged"


def test_a_no_soon_after_the_closing_reopens_and_a_yes_changes_nothing(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "DONE valve")
    place.text(TANYA, "YES")
    events = place.kinds()
    place.text(TANYA, "YES")
    assert place.kinds() == events
    place.text(TANYA, "NO")
    assert place.ticket().ticket.state == "acknowledged"
    assert "1042" in place.last(DANA)


def test_a_no_long_after_the_closing_is_a_new_ticket(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "DONE valve")
    place.text(TANYA, "YES")
    place.later(days=8)
    place.text(TANYA, "NO 1042")
    assert place.ticket(1042).ticket.state == "closed"
    assert place.ticket(1043).ticket.text == "NO 1042"


def test_a_no_to_something_else_does_not_reopen_what_ended_days_ago(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "DONE valve")
    place.later(days=3)
    assert place.ticket().ticket.state == "closed"
    place.text(TANYA, "no power in the bakery, store 114")
    place.text(DANA, "ACK")
    place.text(DANA, "UPDATE is the main breaker on?")
    place.text(TANYA, "no")
    assert place.ticket(1042).ticket.state == "closed"
    assert "customer_wrote" in place.kinds(1043)


def test_an_answer_by_mail_counts_with_our_reply_address_only(place: Town) -> None:
    place.mail(TANYA_MAIL, "Water through the ceiling, store 114", "Leak")
    place.text(DANA, "DONE replaced valve")
    place.reply(TANYA_MAIL, "Thanks!\n\n> Is it OK? Reply YES or NO.\n> YES", containing="replaced valve")
    assert place.ticket().ticket.state == "resolved"
    raw = f"From: Tanya <{TANYA_MAIL}>\r\nTo: {HELP}\r\nSubject: Re: Leak [1042]\r\nMessage-ID: <x@evil.example>\r\n\r\nNO\r\n"
    place.sim.mail("someone@evil.example", raw=raw.encode(), to=HELP)
    place.settle()
    assert place.ticket().ticket.state == "resolved"
    place.reply(TANYA_MAIL, "NO\n\nOn Tuesday Tidewell wrote:\n> YES or NO?", containing="replaced valve")
    assert place.ticket().ticket.state == "acknowledged"


def test_a_colleague_answers_by_mail(place: Town) -> None:
    place.sim.set_phone(DANA, undeliverable=True)
    place.text(TANYA, WATER)
    place.reply(DANA_MAIL, "1\n\n-- \nDana Reyes\nTidewell")
    assert place.ticket().ticket.assignee == "dana"
    place.reply(DANA_MAIL, "ETA 45\n\nOn Tuesday Tidewell wrote:\n> Reply 1=ACK 2=can't")
    assert place.kinds()[-1] == "eta_given"
    raw = f"From: Dana <{DANA_MAIL}>\r\nTo: {HELP}\r\nSubject: 1042\r\nMessage-ID: <y@evil.example>\r\n\r\nDONE 1042 all good\r\n"
    place.sim.mail("someone@evil.example", raw=raw.encode(), to=HELP)
    place.settle()
    assert place.ticket().ticket.state == "en_route"


def test_a_one_from_the_phone_answers_a_page_that_went_by_mail(place: Town) -> None:
    place.change_company(
        (
            '[{sms: "+16175550101"}, {email: dana.reyes@tidewell.example}]',
            '[{email: dana.reyes@tidewell.example}, {sms: "+16175550101"}]',
        )
    )
    place.text(TANYA, WATER)
    assert place.mails(DANA_MAIL)
    place.text(DANA, "1")
    assert place.ticket().ticket.assignee == "dana"


def test_numbers_in_words_that_are_no_answer_do_not_lose_them(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "ACK")
    place.text(DANA, "the unit on the roof is a 2019 model")
    notes = [e for e in place.ticket().events if e.kind == "noted"]
    assert [e.text for e in notes] == ["the unit on the roof is a 2019 model"]
    place.text(DANA, "ACK 9999")
    assert "9999" in place.last(DANA)


def test_the_choice_is_among_those_that_wait(place: Town) -> None:
    """Ambiguity rule (a): she holds two, two others page her within ten seconds; a bare 1 is about those."""
    for words in (WATER, "NEW no power in the bakery, store 114"):
        place.text(TANYA, words)
        place.text(DANA, "ACK")
        place.later(seconds=20)
    for words in ("NEW back door wont lock, store 114", "NEW toilet overflows, store 114"):
        place.text(TANYA, words)
    place.text(DANA, "1")
    choices = place.last(DANA)
    assert "1044" in choices
    assert "1045" in choices
    assert "1042 P" not in choices
    place.text(DANA, "ETA 20")
    assert "1042" in place.last(DANA)
    assert all("eta_given" not in place.kinds(n) for n in (1042, 1043, 1044, 1045))


def test_work_on_one_of_two_fresh_pages_asks_which(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(TANYA, "NEW no power in the bakery, store 114")
    for words in ("DONE", "ETA 20", "TAKE", "ONSITE"):
        place.text(DANA, words)
        assert "1042" in place.last(DANA), words
        assert "1043" in place.last(DANA), words
    assert [place.ticket(n).ticket.state for n in (1042, 1043)] == ["new", "new"]


def test_on_a_closed_ticket_they_hear_how_to_go_on(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "DONE valve")
    place.text(TANYA, "YES")
    place.text(DANA, "ONSITE 1042")
    assert "REOPEN 1042" in place.last(DANA)
    place.text(PRIYA, "REOPEN 1042 leaks again")
    assert (place.ticket().ticket.state, place.ticket().ticket.assignee) == ("acknowledged", "priya")


def test_new_opens_another_ticket_in_spanish_too(place: Town) -> None:
    place.text(LUCIA, "se inundo la cocina, tienda 303")
    place.text(LUCIA, "NUEVO no hay luz en el comedor")
    assert "luz" in place.ticket(1043).ticket.text
