"""What hostile mails and HTML cost to read: as big as a mail may be, made to be slow.

    python -m bench.hostile

Processor time, the best of three, so that other work on the machine hardly counts. Bound: two seconds each.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from app.domain.mail import parse_mail
from app.domain.markup import text_of_html
from app.domain.newest import newest_text

BOUND_S = 2.0
ROUNDS = 3

HTML = {
    "open tags": "<div>" * 200_000,
    "declarations": "<!" * 300_000,
    "comments": "<!--" * 300_000,
    "scripts": "<script>" * 100_000,
    "attributes": "<a href='" * 100_000,
    "quotes in quotes": "<blockquote>" * 50_000,
    "brackets": "<" * 500_000,
    "a letter that grows in lower case": "\u0130<script>" * 50_000,
}


def nested(parts: int) -> bytes:
    """Return a mail with parts in parts."""
    begin = b"".join(
        b"Content-Type: multipart/mixed; boundary=q%d\r\n\r\n--q%d\r\n" % (i, i) for i in range(parts)
    )
    return b"From: a@b\r\n" + begin


MAILS = {
    "parts in parts, then lines like boundaries": nested(90) + b"--x\r\n" * 400_000,
    "parts in parts": nested(5000),
    "many parts": b"From: a@b\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n"
    + b"--q\r\n\r\nx\r\n" * 300_000,
    "many headers": b"From: a@b\r\n" + b"X-A: b\r\n" * 500_000 + b"\r\nhi",
    "encoded words": b"From: " + b"=?utf-8?q?a?= " * 200_000 + b"\r\n\r\nhi",
    "heads of quotes": b"From: a@b\r\n\r\n" + b"On 1 x\r\n" * 500_000,
    "mails in mails": b"From: a@b\r\nContent-Type: message/rfc822\r\n\r\n" * 3000,
}


def best(read: Callable[[], object]) -> float:
    """Return the seconds of processor time of the quickest of some tries."""
    spent = []
    for _ in range(ROUNDS):
        began = time.process_time()
        read()
        spent.append(time.process_time() - began)
    return min(spent)


def main() -> int:
    rows = [(f"HTML, {name}", best(lambda given=given: text_of_html(given))) for name, given in HTML.items()]
    rows += [
        (f"mail, {name}", best(lambda given=given: newest_text(parse_mail(given).text)))
        for name, given in MAILS.items()
    ]
    for name, seconds in rows:
        print(f"{name:<50} {seconds:6.2f} s{'' if seconds < BOUND_S else '  over the bound'}")
    return int(any(seconds >= BOUND_S for _, seconds in rows))


if __name__ == "__main__":
    sys.exit(main())
