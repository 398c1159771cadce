from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.automatic import automatic_reason
from app.domain.charsets import decode, storable
from app.domain.mail import LONGEST_TEXT, decode_words, mailbox, message_ids, parse_fields, parse_mail
from app.domain.markup import text_of_html
from app.domain.newest import newest_text

MAILS = Path(__file__).parent.parent / "data" / "mails"


@pytest.mark.parametrize(
    ("name", "newest"),
    [
        ("gmail_reply", "No \u2014 still leaking in aisle 7"),
        ("outlook_html_only", "Yes, thank you & good night"),
        ("outlook_plain_german", "Nein, es tropft noch.\n\nMit freundlichen Grüßen\nJörg"),
        ("spanish_iphone", "Todavía no, gotea"),
        ("french", "Oui, c'est réparé."),
        ("german_gmail", "Ja, danke"),
        ("inline_answers", "Hi,\n\nAisle 7\n\nYes, at the breaker"),
        ("declared_utf8_is_cp1252", "Café inondé \u2013 vite"),
        ("unknown_charset", "Wasser läuft"),
        ("japanese", "天井から水漏れ"),
        ("raw_8bit_headers", "Venga ya"),
        ("nested", "The roof leaks\n\naisle 7\naisle 8\nsecond text"),
        ("no_headers", "water is coming through the ceiling\nin aisle 7"),
        ("text_that_looks_like_headers", "Help: water everywhere\nStore: 114"),
        ("empty", ""),
        ("truncated_base64", "Wasser überall in der Küc"),
        ("missing_boundary", "burst pipe"),
    ],
)
def test_what_somebody_newly_wrote(name: str, newest: str) -> None:
    text = newest_text(parse_mail((MAILS / f"{name}.eml").read_bytes()).text)
    if name == "missing_boundary":
        assert newest in text
    else:
        assert text == newest


def test_who_and_what() -> None:
    mail = parse_mail((MAILS / "gmail_reply.eml").read_bytes())
    assert (mail.sender_name, mail.sender_address) == ("Dana Lee", "dana@quickbite.example")
    assert mail.subject == "Re: [1042] P1 Plumbing"
    assert mail.message_id == "<m1@quickbite.example>"
    assert mail.in_reply_to == "<page.1@inbound.example.com>"
    assert mail.references == ("<ticket.1042@inbound.example.com>", "<page.1@inbound.example.com>")
    assert "Is it OK?" in mail.text
    eight_bit = parse_mail((MAILS / "raw_8bit_headers.eml").read_bytes())
    assert (eight_bit.sender_name, eight_bit.subject) == ("José Pérez", "Inundación en el baño")
    assert parse_mail((MAILS / "japanese.eml").read_bytes()).subject == "水漏れ"


def test_attachments_are_listed_not_read() -> None:
    mail = parse_mail((MAILS / "nested.eml").read_bytes())
    assert [(m.content_type, m.name, m.size) for m in mail.attachments] == [
        ("image/png", "logo.png", 8),
        ("application/ms-tnef", "winmail.dat", 8),
        ("message/rfc822", "nächste.eml", None),
        ("text/plain", "passwd", 6),
    ]
    assert len({m.ref for m in mail.attachments}) == 4
    assert "secret" not in mail.text
    assert "inner text" not in mail.text


def test_a_forwarded_mail_keeps_what_was_forwarded() -> None:
    text = parse_mail((MAILS / "forward.eml").read_bytes()).text
    assert "shop 12" in newest_text(text, forwarded=True)
    assert newest_text(text) == "Please see below"


@pytest.mark.parametrize(
    ("text", "newest"),
    [
        ("Fixed.\n\n-----Original Message-----\nFrom: x\n", "Fixed."),
        ("Sí\n\n-----Mensaje original-----\nDe: x\n", "Sí"),
        ("Ja\n-----Ursprüngliche Nachricht-----\nVon: x", "Ja"),
        ("Oui\n\nDe : Acme <a@b.example>\nEnvoyé : samedi\nÀ : Dana\nObjet : x\n\nancien", "Oui"),
        ("Si\n\nDe: Acme\nEnviado el: sábado\nPara: Dana\nAsunto: x\n\nviejo", "Si"),
        ("*From:* is a word", "*From:* is a word"),
        ("From: the roof\nWater comes down", "From: the roof\nWater comes down"),
        (
            "On Monday the pipe burst and my boss wrote:\nfix it",
            "On Monday the pipe burst and my boss wrote:\nfix it",
        ),
        ("Yes\n\n2026-11-21 2:05 GMT-05:00 Acme <ops@acme.example>:\n> old", "Yes"),
        ("> old\n> older\n\nNew at the bottom", "New at the bottom"),
        ("YES\r\rSent from my Samsung Galaxy smartphone.", "YES"),
        ("NO\n\nGet Outlook for iOS<https://aka.ms/o0ukef>", "NO"),
        (
            "Sent from the front desk: water!\n\nPlease hurry",
            "Sent from the front desk: water!\n\nPlease hurry",
        ),
        ("Leak\n--\nDana", "Leak"),
        ("Leak\n-- \n" + "line\n" * 40, "Leak"),
        ("Two leaks\n--\n" + "line\n" * 40, "Two leaks\n--\n" + "line\n" * 39 + "line"),
        ("1.\u00a0Leak\u200b\n\n\n\n\nnow", "1. Leak\n\nnow"),
        ("", ""),
        (
            "On Nov 21, 2026, at 2:05 AM, Acme Facilities Operations Team\n<ticket+1042.aB3x@inbound\n.example.com> wrote:\n\nold",
            "",
        ),
    ],
)
def test_newest_text(text: str, newest: str) -> None:
    assert newest_text(text) == newest


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        ("dana@acme.example", "", "dana@acme.example"),
        ("Dana Lee <Dana@Acme.Example>", "Dana Lee", "dana@acme.example"),
        ('"Lee, Dana" <dana@acme.example>', "Lee, Dana", "dana@acme.example"),
        ('"boss@bank.example" <evil@x.example>', "boss@bank.example", "evil@x.example"),
        ('"<boss@bank.example>" <evil@x.example>', "<boss@bank.example>", "evil@x.example"),
        ("=?utf-8?q?Jos=C3=A9?= <jose@x.example>, b@y.example", "José", "jose@x.example"),
        ("<a@b.example>", "", "a@b.example"),
        ("dana@acme.example (Dana)", "", "dana@acme.example"),
        ("no address here", "no address here", ""),
        ("", "", ""),
        ("a\0b <x@y.example>", "a\ufffdb", "x@y.example"),
    ],
)
def test_mailboxes(value: str, name: str, address: str) -> None:
    assert mailbox(value) == (name, address)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?b?w6k=?= =?utf-8?q?_water?=", "é water"),
        ("=?utf-8?b?4oI=?= =?utf-8?b?rA==?=", "€"),
        ("=?iso-8859-1?q?caf=E9?= x =?utf-8?q?=C3=A9?=", "café x é"),
        ("=?utf-8?b?w6k?=", "é"),
        ("=?utf-8?b?!?=", "!"),
        ("=?nope?q?a=E9?=", "aé"),
        ("=?utf-8?q?open", "=?utf-8?q?open"),
        ("=?utf-8?q?with space?=", "with space"),
        ("=?utf-8*en?q?a?=", "a"),
    ],
)
def test_encoded_words(value: str, text: str) -> None:
    assert decode_words(value) == text


def test_message_ids() -> None:
    assert message_ids("<a@b> junk <c@d>\n<e f>") == ("<a@b>", "<c@d>")


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("é".encode(), "iso-8859-1", "é"),
        (b"\xe9\x80", "us-ascii", "é€"),
        (b"\xe9\x81", "utf-8", "é\x81"),
        ("水".encode("gb18030"), "gb2312", "水"),
        ("한".encode("cp949"), "ks_c_5601-1987", "한"),
        ("й".encode("koi8-r"), "KOI8-R", "й"),
        ("x".encode("utf-16"), "utf-16", "x"),
        (b"caf\xe9", "zlib", "café"),
        (b"caf\xe9", "\0", "café"),
        (b"caf\xe9", "punycode", "café"),
        (b"\xef\xbb\xbfx", "", "x"),
        (b"\x1b$B", "iso-2022-jp", ""),
    ],
)
def test_charsets_that_lie(data: bytes, charset: str, text: str) -> None:
    assert decode(data, charset) == text


def test_storable_text_is_utf8_without_nul() -> None:
    assert storable("a\0b\ud800c\ud83d\ude00") == "a\ufffdb\ufffdc\U0001f600"


@pytest.mark.parametrize(
    ("headers", "subject", "return_path", "reason"),
    [
        ({}, "Leak", "dana@acme.example", ""),
        ({"auto-submitted": "no"}, "Leak", None, ""),
        ({"auto-submitted": "auto-replied; owner-email=x"}, "Leak", None, "auto_submitted"),
        ({"precedence": "Bulk"}, "Leak", None, "precedence"),
        ({"x-auto-response-suppress": "OOF, AutoReply"}, "Leak", None, "auto_reply"),
        ({"x-auto-response-suppress": "None"}, "Leak", None, ""),
        ({"list-id": "<news.example>"}, "Leak", None, "list"),
        ({}, "Leak", "", "bounce"),
        ({}, "Leak", "<>", "bounce"),
        ({}, "Undeliverable: [1042]", None, "bounce"),
        ({}, "Out of office", None, "auto_reply"),
        ({}, "Out of Office: Re: [1042]", None, "auto_reply"),
        ({}, "Out of office lights are broken", None, ""),
        ({}, "Re: Out of office", None, ""),
        ({}, "Respuesta automática: [1042]", None, "auto_reply"),
        ({}, "Réponse automatique : [1042]", None, "auto_reply"),
        ({}, "Automatische Antwort: [1042]", None, "auto_reply"),
        ({}, "Abwesenheitsnotiz: x", None, "auto_reply"),
        ({}, "Fuera de la oficina", None, "auto_reply"),
        ({}, "Absence du bureau", None, "auto_reply"),
        ({}, "Automatic door is stuck", None, ""),
        ({}, "Auto lift broken", None, ""),
    ],
)
def test_machines(headers: dict[str, str], subject: str, return_path: str | None, reason: str) -> None:
    found = automatic_reason(
        headers,
        sender="dana@acme.example",
        subject=subject,
        return_path=return_path,
        message_id="<x@acme.example>",
        own_domain="inbound.example.com",
    )
    assert found == reason


@pytest.mark.parametrize(
    ("sender", "message_id", "reason"),
    [
        ("MAILER-DAEMON@x.example", "", "bounce"),
        ("bounces+123=a@x.example", "", "bounce"),
        ("postmaster@x.example", "", "bounce"),
        ("bouncer@club.example", "", ""),
        ("a@b.example", "<1@Inbound.Example.com>", "own"),
        ("a@b.example", "<1@notinbound.example.com>", ""),
        ("a@b.example", "<1@inbound.example.com.evil.example>", ""),
    ],
)
def test_machines_by_address(sender: str, message_id: str, reason: str) -> None:
    found = automatic_reason(
        {},
        sender=sender,
        subject="",
        return_path=None,
        message_id=message_id,
        own_domain="inbound.example.com",
    )
    assert found == reason


def test_html_as_text() -> None:
    markup = (
        "<HTML><head><title>t</title></head><body>Water&nbsp;at <b>aisle&#32;7</b> &lt;now&gt;<br/>5 < 6 &bogus;"
        "<script>alert('<p>')</script><style>x</style><!-- <p>no</p> --><table><tr><td>a<td>b</tr></table>"
        "<blockquote>old<blockquote>older</blockquote></blockquote>end<unclosed"
    )
    assert text_of_html(markup) == (
        "Water at aisle 7 <now>\n5 < 6 &bogus;\n\na b\n\n> old\n>\n> > older\n>\nend<unclosed"
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 200_000,
        "<!" * 300_000,
        "<!--" * 300_000,
        "<script>" * 100_000,
        "<a href='" * 100_000,
        "<blockquote>" * 50_000,
        "<" * 500_000,
        "\u0130<script>" * 50_000,
    ],
)
def test_hostile_html_is_read_to_its_end(hostile: str) -> None:
    # How fast is measured in bench/hostile.py.
    assert text_of_html(f"Water at aisle 7<p>{hostile}").startswith("Water at aisle 7")


@pytest.mark.parametrize(
    "hostile",
    [
        b"From: a@b\r\n"
        + b"".join(
            b"Content-Type: multipart/mixed; boundary=q%d\r\n\r\n--q%d\r\n" % (i, i) for i in range(90)
        )
        + b"--x\r\n" * 400_000,
        b"From: a@b\r\n"
        + b"".join(
            b"Content-Type: multipart/mixed; boundary=q%d\r\n\r\n--q%d\r\n" % (i, i) for i in range(5000)
        ),
        b"From: a@b\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n" + b"--q\r\n\r\nx\r\n" * 300_000,
        b"From: a@b\r\n" + b"X-A: b\r\n" * 500_000 + b"\r\nhi",
        b"From: " + b"=?utf-8?q?a?= " * 200_000 + b"\r\n\r\nhi",
        b"From: a@b\r\n\r\n" + b"On 1 x\r\n" * 500_000,
        b"From: a@b\r\nContent-Type: message/rfc822\r\n\r\n" * 3000,
    ],
)
def test_hostile_mails_are_read_to_their_end(hostile: bytes) -> None:
    mail = parse_mail(b"Subject: Water at aisle 7\r\n" + hostile)
    assert mail.subject == "Water at aisle 7"
    assert len(newest_text(mail.text)) <= LONGEST_TEXT


def test_text_has_a_limit() -> None:
    assert len(parse_mail(b"From: a@b\r\n\r\n" + b"x" * 500_000).text) == LONGEST_TEXT
    assert len(parse_fields({"text": "y" * 500_000}, ()).text) == LONGEST_TEXT


def test_fields_without_text_are_read_from_html() -> None:
    mail = parse_fields(
        {"html": "<p>Water</p>", "text": " \n", "from": "A <a@b.example>", "subject": "x\ny"}, ()
    )
    assert (mail.text, mail.sender_address, mail.subject) == ("Water", "a@b.example", "x y")
