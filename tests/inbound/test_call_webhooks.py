"""The webhooks of calls: who is let in, what is answered, what is stored, and that nothing is said too early."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from memory import MemoryCalls, MemoryInbox
from serving import Answer, Served
from signing_by_hand import ACCOUNT, CUSTOMER, NUMBER, form, twilio_headers

from app.domain.message import Channel, InboundKind
from app.domain.reading import read_message, read_receipt

CALL = {
    "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "CallSid": "CA" + "9" * 32, "CallStatus": "in-progress",
    "Direction": "outbound-api", "From": NUMBER, "To": CUSTOMER,
}  # fmt: skip
INBOUND = {**CALL, "Direction": "inbound", "From": CUSTOMER, "To": NUMBER, "CallStatus": "ringing"}
TOKEN = MemoryCalls.TOKEN


def step(served: Served, name: str, token: str = TOKEN, query: str = "", **fields: str) -> Answer:
    path = f"/inbound/twilio/call/{name}?s={token}{query}"
    pairs = [*{**CALL, **fields}.items()]
    return served.post(path, form(pairs), twilio_headers(path, pairs))


def customer(served: Served, name: str = "", **fields: str) -> Answer:
    path = f"/inbound/twilio/voice{name}"
    pairs = [*{**INBOUND, **fields}.items()]
    return served.post(path, form(pairs), twilio_headers(path, pairs))


def twiml(answer: Answer) -> ET.Element:
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    return ET.fromstring(answer.body)


def test_words_stand_inside_the_gather_so_that_a_key_works_at_once(
    served: Served, calls: MemoryCalls
) -> None:
    calls.words = "Water <b> & \x00\x07\uffff aisle 7"
    (gather,) = twiml(step(served, "answer"))
    assert gather.tag == "Gather"
    assert {k: gather.get(k) for k in ("input", "numDigits", "timeout", "finishOnKey", "actionOnEmptyResult")} == {
        "input": "dtmf", "numDigits": "1", "timeout": "8", "finishOnKey": "", "actionOnEmptyResult": "true",
    }  # fmt: skip
    assert gather.get("action", "").endswith(f"/inbound/twilio/call/key?s={TOKEN}&r=1")
    (say,) = gather
    assert (say.text, say.get("language")) == ("Water <b> &     aisle 7", "es-MX")


def test_a_machine_is_told_nothing_and_a_moot_page_hangs_up(served: Served, calls: MemoryCalls) -> None:
    assert twiml(step(served, "answer", AnsweredBy="machine_start"))[0][0].text == "There is a page."
    assert twiml(step(served, "answer", query="&m=1"))[0][0].text == "There is a page."
    (again,) = twiml(step(served, "key", query="&r=1&m=1", Digits=""))
    assert again[0].text == "There is a page."
    assert again.get("action", "").endswith("&r=2&m=1")
    calls.taken = True
    assert [(e.tag, e.text) for e in twiml(step(served, "answer"))] == [
        ("Say", "Already taken."),
        ("Hangup", None),
    ]


def test_a_key_is_carried_out_before_it_is_confirmed(
    served: Served, calls: MemoryCalls, inbox: MemoryInbox
) -> None:
    said = twiml(step(served, "key", query="&r=2", Digits="1"))
    assert [(e.tag, e.text) for e in said] == [("Say", "You own it."), ("Hangup", None)]
    (key,) = calls.keys
    assert (key.kind, key.channel, key.payload["o"], key.payload["Digits"]) == (
        InboundKind.KEY, Channel.VOICE, "7", "1",
    )  # fmt: skip
    assert key.key == f"{CALL['CallSid']}:2:1"
    assert not inbox.items


def test_a_key_that_cannot_be_carried_out_is_kept_or_asked_for_again(
    served: Served, calls: MemoryCalls, inbox: MemoryInbox
) -> None:
    calls.broken = True
    assert twiml(step(served, "key", query="&r=1", Digits="1"))[0].text == "call_kept"
    assert inbox.only().kind == InboundKind.KEY
    inbox.rows.clear()
    inbox.down = True
    (gather,) = twiml(step(served, "key", query="&r=1", Digits="1"))
    assert (gather.tag, gather[0].text) == ("Gather", "call_not_saved")
    assert not inbox.items


def test_zero_connects_with_the_customer_under_our_number_and_asks_again_after_it(
    served: Served, calls: MemoryCalls, inbox: MemoryInbox
) -> None:
    say, dial = twiml(step(served, "key", query="&r=2", Digits="0"))
    assert (say.text, dial.tag) == ("Calling.", "Dial")
    attributes = {name: dial.get(name) for name in ("callerId", "timeout", "timeLimit", "hangupOnStar")}
    assert attributes == {"callerId": NUMBER, "timeout": "30", "timeLimit": "900", "hangupOnStar": "true"}
    assert [(number.tag, number.text) for number in dial] == [("Number", CUSTOMER)]
    assert dial.get("action", "").endswith(f"/inbound/twilio/call/talked?s={TOKEN}&r=3")
    for status, word in (("completed", "Back"), ("no-answer", "Not reached")):
        (gather,) = twiml(step(served, "talked", query="&r=3", DialCallStatus=status))
        assert (gather.tag, gather[0].text) == ("Gather", f"{word}. Water in aisle 7. Press 1.")
        assert gather.get("action", "").endswith("&r=3")
    calls.taken = True
    taken = twiml(step(served, "talked", query="&r=3", DialCallStatus="completed"))
    assert [e.tag for e in taken] == ["Say", "Hangup"]
    assert step(served, "talked", token="x", DialCallStatus="completed").status == 403

    calls.phone = ""
    (gather,) = twiml(step(served, "key", query="&r=2", Digits="0"))
    assert (gather.tag, gather[0].text) == ("Gather", "Calling.")
    calls.broken = True
    (gather,) = twiml(step(served, "key", query="&r=1", Digits="0"))
    assert (gather.tag, gather[0].text) == ("Gather", "call_not_saved"), "nothing is kept: later is too late"
    assert not inbox.items


@pytest.mark.parametrize(
    ("said", "digits", "expected"),
    [
        ("1", "", "Water in aisle 7. Press 1."),
        ("2", "", "Water in aisle 7. Press 1."),
        ("3", "", "call_goodbye"),
        ("3", "3", "Water in aisle 7. Press 1."),
        ("9", "3", "call_goodbye"),
        ("1", "7", "call_keys"),
        ("1", "*", "call_keys"),
        ("1", "11", "call_keys"),
        ("x", "", "call_goodbye"),
    ],
)
def test_three_rounds_and_then_it_is_no_key(
    served: Served, calls: MemoryCalls, said: str, digits: str, expected: str
) -> None:
    document = twiml(step(served, "key", query=f"&r={said}", Digits=digits))
    assert "".join(document.itertext()) == expected
    assert (document[0].tag == "Gather") == (expected != "call_goodbye")
    assert not calls.keys


def test_how_a_call_went_is_stored_once_each(served: Served, calls: MemoryCalls, inbox: MemoryInbox) -> None:
    for _ in range(2):
        for number, status in enumerate(("initiated", "ringing", "in-progress", "completed")):
            twiml(step(served, "status", SequenceNumber=str(number), CallStatus=status))
    read = [read_receipt(row) for row in inbox.items]
    assert [(r.outbox_id, r.status, r.error_code) for r in read] == [
        (7, "queued", ""), (7, "sent", ""), (7, "answered", ""), (7, "undelivered", "no_key"),
    ]  # fmt: skip
    assert {row.sender for row in inbox.items} == {"receipt:7"}
    assert {row.kind for row in inbox.items} == {InboundKind.RECEIPT}
    inbox.rows.clear()
    for by in ("human", "machine_start", "fax", "unknown"):
        step(served, "machine", AnsweredBy=by, CallSid="CA" + by.encode().hex()[:32].ljust(32, "0"))
    assert [read_receipt(row).error_code for row in inbox.items] == ["", "machine", "machine", ""]
    inbox.down = True
    assert step(served, "status", SequenceNumber="3", CallStatus="busy").status == 503
    assert calls.words


@pytest.mark.parametrize("name", ["answer", "key", "status", "machine"])
def test_strangers_and_guessed_tokens_are_turned_away(served: Served, inbox: MemoryInbox, name: str) -> None:
    for token in ("", "7-1-ac", "8-1-ab", "%00"):
        assert step(served, name, token=token, Digits="1", CallStatus="completed").status == 403
    path = f"/inbound/twilio/call/{name}?s={TOKEN}"
    assert served.post(path, form(CALL.items()), {}).status == 403
    foreign = [*{**CALL, "AccountSid": "AC" + "1" * 32}.items()]
    assert served.post(path, form(foreign), twilio_headers(path, foreign)).status == 403
    assert not inbox.items
    assert {str(told["reason"]) for told in inbox.refused} == {
        "unknown_call",
        "no_signature",
        "foreign_account",
    }


def test_a_customer_is_asked_and_the_words_are_a_message(served: Served, inbox: MemoryInbox) -> None:
    (gather,) = twiml(customer(served))
    assert (gather.get("input"), gather.get("speechTimeout")) == ("speech", "auto")
    assert gather[0].text == f"call_greeting_c {CUSTOMER}"
    assert inbox.only().kind == InboundKind.CALL
    assert "/voice/said?n=1#rc=3" in gather.get("action", "")
    inbox.rows.clear()
    for _ in range(2):
        thanks = twiml(customer(served, "/said?n=1", SpeechResult="Water, store 114", Confidence="0.9"))
        assert thanks[0].text == f"call_thanks_c {CUSTOMER}"
    row = inbox.only()
    message = read_message(row)
    assert (message.channel, message.sender, message.text) == (Channel.VOICE, CUSTOMER, "Water, store 114")
    assert not message.authenticated, "a caller's number is easily forged"
    inbox.down = True
    assert customer(served, "/said?n=1", SpeechResult="Smoke").status == 503, "Twilio is to try again"


def test_who_is_not_understood_is_recorded(served: Served, inbox: MemoryInbox) -> None:
    (again,) = twiml(customer(served, "/said?n=1", SpeechResult=" "))
    assert "n=2" in again.get("action", "")
    steps = [element.tag for element in twiml(customer(served, "/said?n=2"))]
    assert steps == ["Say", "Record", "Say", "Hangup"]
    sid = "RE" + "a" * 32
    recording = {"RecordingSid": sid, "RecordingDuration": "14", "RecordingUrl": "http://169.254.169.254/x"}
    customer(served, "/recorded", **recording)
    message = read_message(inbox.only())
    assert (message.text, message.media[0].ref) == ("(voice message, 14 s)", sid)
    assert "169.254" not in str(message)
    customer(served, "/transcribed", TranscriptionText="smoke", TranscriptionSid="TR1", **recording)
    assert read_message(inbox.items[-1]).text == "smoke"
    assert not read_message(inbox.items[-1]).media
    stored = len(inbox.items)
    customer(served, "/transcribed", TranscriptionStatus="failed")
    customer(served, "/recorded", RecordingSid=sid, RecordingDuration="0")
    assert len(inbox.items) == stored


def test_callers_who_hide_their_number_are_not_one_sender(served: Served, inbox: MemoryInbox) -> None:
    for hidden in ("anonymous", "", "+266696687", "Restricted"):
        for call in ("a", "b"):
            customer(served, "/said?n=1", From=hidden, CallSid="CA" + call * 32, SpeechResult="smoke")
    assert {row.sender for row in inbox.items} == {"anonymous aaaaaaaa", "anonymous bbbbbbbb"}


def test_a_call_to_another_number_is_not_for_us(served: Served, inbox: MemoryInbox) -> None:
    assert customer(served, To="+15005550009").status == 403
    assert not inbox.items
