"""What of a message counts, and the temperatures in it."""

from __future__ import annotations

import pytest

from app.rulebook.reading import degrees_in, newly_written, read


@pytest.mark.parametrize(
    ("subject", "body", "left"),
    [
        ("", "one line", "one line"),
        ("", "No heat.\n\nRegards,\nAnn\nFire Warden", "No heat."),
        ("", "No heat.\n\n____________________\nIn case of fire call 555", "No heat."),
        ("", "No heat.\n\nSent from my iPhone", "No heat."),
        ("Re: x", "Calm now.\n\n> On Monday at 6:02 Gil wrote:\n> SEWAGE everywhere", "Calm now."),
        ("Re: x", "Coming?\n\n-----Original Message-----\nFrom: Store\nFlood!", "Coming?"),
        ("Re: x", "Coming?\n\nFrom: Store 9\nSent: Monday\nSubject: flood\n\nFlood!", "Coming?"),
        ("", "No heat since noon.\n\nPantry Row 0119\nLorne Abernethy", "No heat since noon."),
        ("", "No heat since noon.\n\nPlease hurry!", "No heat since noon.\n\nPlease hurry!"),
        ("", "Thanks,\nno heat in here", "Thanks,\nno heat in here"),
    ],
)
def test_new_words_only(subject: str, body: str, left: str) -> None:
    assert newly_written(subject, body) == left


def test_a_forwarded_mail_keeps_what_it_forwards() -> None:
    body = "See below\n\nThx\nDee\n\nFrom: Ann\nSent: Tuesday\nSubject: x\n\nThe hall is under water.\n\nRegards,\nAnn"
    assert "under water" in newly_written("FW: morning", body)
    assert "Ann" not in newly_written("FW: morning", body).split("water.")[1]


def test_subject_without_our_number() -> None:
    reading = read("RE: [ERT-20702] back door", "still open")
    assert (reading.subject.strip(), reading.reply, reading.our_number) == ("RE:   back door", True, True)


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("walk-in cooler at 52F store 114", (52.0,)),
        ("meat walk in, temp 56 and climbing", (56.0,)),
        ("no heat at all, 38 in the store", (38.0,)),
        ("94 on the sales floor at 9 am", (94.0,)),
        ("esta haciendo 82 grados", (82.0,)),
        ("il fait 15 en avant, on reste ouvert, le chauffage est mort", (59.0,)),
        ("the walking cooler is at sixty degrees", (60.0,)),
        ("freezer its at -4 so ok", (-4.0,)),
        ("cant open. 18 in of snow on it", ()),
        ("tech was here at 2:15 and again at 4 pm", ()),
        ("fryers will not come up past 250", ()),
        ("breaker 12 keeps tripping", ()),
    ],
)
def test_temperatures(text: str, degrees: tuple[float, ...]) -> None:
    assert degrees_in(text) == degrees
