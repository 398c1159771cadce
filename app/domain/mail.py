"""A mail as bytes, or as the fields that a provider made of it, turned into `Mail`: who, what, attachments.

MIME lives here and nowhere else. What of the text is new is newest.py's business, whether a machine wrote it
automatic.py's, what it means to us reading.py's. Nothing here refuses a mail for being malformed.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as Part

from app.domain.charsets import decode, storable
from app.domain.markup import text_of_html
from app.domain.message import Media

LONGEST_TEXT = 100_000
_LONGEST_SUBJECT = 998
_LONGEST_HEADER = 10_000
_LONGEST_NAME = 200
_LONGEST_ADDRESS = 320
_MOST_PARTS = 200
_LONGEST_HEAD = 256 * 1024
# Python's parser looks for every open boundary in every line: a few MB made for it would take minutes.
_MOST_BOUNDARIES = 100
_MOST_COMPARISONS = 10_000_000
_MOST_SEPARATORS = 10_000
_MARKUP_START = re.compile(r"\s*(?:<!doctype html|<html\b)", re.IGNORECASE)

_ENCODED = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?\s]*(?: [^?]*)?)\?=")
_BETWEEN_ENCODED = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_ADDRESS = re.compile(r"[^\s<>@\"',;:()\[\]]{1,64}@[^\s<>@\"',;:()]{1,255}")
_ANGLED = re.compile(r"<\s*([^<>\s]{1,320}@[^<>\s]{1,255})\s*>")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,500}>")
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s\";]{1,40})", re.IGNORECASE)
_OUR_HEADERS = frozenset(
    {
        "from",
        "to",
        "subject",
        "date",
        "received",
        "message-id",
        "mime-version",
        "content-type",
        "return-path",
        "sender",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What a mail says. `text` is all of its text, HTML turned into plain; ids are full `<...>` forms."""

    sender_name: str = ""
    sender_address: str = ""
    subject: str = ""
    text: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Media, ...] = ()


def parse_mail(raw: bytes) -> Mail:
    """Return the mail in the MIME bytes `raw`. Malformed is read as far as it goes."""
    head, body = _split(raw)
    if _is_hostile(raw):
        return _with_headers(_headers_of(message_from_bytes(head)), decode(body[: 4 * LONGEST_TEXT]), ())
    root = message_from_bytes(head + body)
    headers = _headers_of(root)
    if _OUR_HEADERS.isdisjoint(headers):
        return Mail(text=_bounded(decode(raw)))
    reader = _Reader()
    text = "\n".join(filter(None, reader.texts(root)))
    return _with_headers(headers, text, tuple(reader.attachments))


def parse_header_block(block: bytes) -> Mail:
    """Return what the header lines `block` alone say, without any text."""
    return _with_headers(_headers_of(message_from_bytes(block.rstrip() + b"\n\n")), "", ())


def parse_fields(fields: Mapping[str, str], attachments: tuple[Media, ...]) -> Mail:
    """Return the mail that a provider took apart into `fields`: headers, from, subject, text, html."""
    headers = _headers_of(message_from_bytes(fields.get("headers", "").strip().encode() + b"\n\n"))
    for name in ("from", "subject"):
        if fields.get(name, "").strip():
            headers[name] = fields[name]
    text = fields.get("text", "")
    if not text.strip():
        text = text_of_html(fields.get("html", ""))
    return _with_headers(headers, text, attachments)


def mailbox(text: str) -> tuple[str, str]:
    """Return display name and lower-case address of the first mailbox in a From value; either may be empty.

    An address inside a quoted display name is only a name: `"boss@a.example" <x@b.example>` is x.
    """
    value = " ".join(text[:_LONGEST_HEADER].split())
    unquoted = re.sub(r'"(?:\\.|[^"\\])*"', lambda m: " " * len(m.group()), value)
    angled = _ANGLED.search(unquoted)
    if angled:
        name, address = value[: angled.start()], angled.group(1)
    else:
        plain = _ADDRESS.search(unquoted)
        name, address = ("", plain.group()) if plain else (value, "")
    name = decode_words(name.strip().strip('"').replace('\\"', '"')).strip()
    return storable(name)[:_LONGEST_NAME], storable(address.lower())[:_LONGEST_ADDRESS]


def decode_words(value: str) -> str:
    """Return a header's `value` with RFC 2047 encoded words decoded, broken ones as they stand."""
    if "=?" not in value:
        return value
    joined = _BETWEEN_ENCODED.sub(r"\1", value)
    # A character may be cut in two by neighbouring words: join the bytes of equal charsets before decoding.
    pieces: list[str] = []
    pending, pending_charset, end = b"", "", 0
    for match in _ENCODED.finditer(joined):
        data = _word_bytes(match.group(2), match.group(3))
        charset = match.group(1).lower()
        if match.start() > end or charset != pending_charset:
            pieces.append(decode(pending, pending_charset))
            pieces.append(joined[end : match.start()])
            pending, pending_charset = b"", charset
        pending += data
        end = match.end()
    return "".join([*pieces, decode(pending, pending_charset), joined[end:]])


def message_ids(value: str) -> tuple[str, ...]:
    """Return the `<...>` ids in a Message-ID, In-Reply-To or References value, in order."""
    return tuple(_MESSAGE_ID.findall(value[:_LONGEST_HEADER]))


class _Reader:
    """Walks a mail's parts once: texts in reading order, everything else into `attachments`."""

    def __init__(self) -> None:
        self.attachments: list[Media] = []
        self._seen = 0

    def texts(self, part: Part) -> Iterator[str]:
        self._seen += 1
        if self._seen > _MOST_PARTS:
            return
        kind = part.get_content_type()
        children = part.get_payload() if part.is_multipart() else None
        if isinstance(children, list) and not kind.startswith("message/"):
            yield from self._texts_of_many(kind, [c for c in children if isinstance(c, Part)])
        elif kind in ("text/plain", "text/html") and not _is_attached(part):
            yield _text_of(part, kind)
        elif kind.startswith("multipart/"):
            yield decode(_bytes_of(part))  # said to have parts but has none: all of it is the text
        else:
            self._list(part, kind)

    def _texts_of_many(self, kind: str, children: list[Part]) -> Iterator[str]:
        found = ["\n".join(filter(None, self.texts(child))) for child in children]
        if kind != "multipart/alternative":
            yield from found
            return
        # Plain text first, unless it is empty or only says that there is HTML.
        yield next((text for text in found if text.strip()), "")

    def _list(self, part: Part, kind: str) -> None:
        self.attachments.append(
            Media(content_type=kind, name=_file_name(part), size=_size_of(part), ref=f"part:{self._seen}"),
        )


def _split(raw: bytes) -> tuple[bytes, bytes]:
    """Return the header block, cut if it is absurdly long, and all that follows it."""
    ends = [end for end in (raw.find(b"\n\r\n"), raw.find(b"\n\n")) if end >= 0]
    end = min(ends, default=len(raw))
    return raw[: min(end, _LONGEST_HEAD)], raw[end:]


def _is_hostile(raw: bytes) -> bool:
    lowered = raw.lower()
    nested = lowered.count(b"boundary=") + lowered.count(b"message/rfc822")
    return nested > 0 and (
        nested > _MOST_BOUNDARIES
        or nested * raw.count(b"\n") > _MOST_COMPARISONS
        or raw.count(b"\n--") > _MOST_SEPARATORS
    )


def _headers_of(part: Part) -> dict[str, str]:
    """Return the first header of each name, lower-case names, values unfolded and still encoded."""
    headers: dict[str, str] = {}
    for name, value in part.raw_items():
        raw = str(value)[:_LONGEST_HEADER].encode("utf-8", "surrogateescape")
        headers.setdefault(name.lower(), storable(" ".join(decode(raw).split())))
    return headers


def _with_headers(headers: dict[str, str], text: str, attachments: tuple[Media, ...]) -> Mail:
    name, address = mailbox(headers.get("from", ""))
    subject = " ".join(decode_words(headers.get("subject", "")).split())
    return Mail(
        sender_name=name,
        sender_address=address,
        subject=storable(subject)[:_LONGEST_SUBJECT],
        text=_bounded(text),
        message_id=next(iter(message_ids(headers.get("message-id", ""))), ""),
        in_reply_to=next(iter(message_ids(headers.get("in-reply-to", ""))), ""),
        references=message_ids(headers.get("references", "")),
        headers=headers,
        attachments=attachments,
    )


def _is_attached(part: Part) -> bool:
    disposition = str(part.get("content-disposition", "")).strip().lower()
    return disposition.startswith("attachment") or bool(_file_name(part))


def _text_of(part: Part, kind: str) -> str:
    match = _CHARSET.search(str(part.get("content-type", "")))
    text = decode(_bytes_of(part), match.group(1) if match else "")
    return text_of_html(text) if kind == "text/html" or _MARKUP_START.match(text) else text


def _bytes_of(part: Part) -> bytes:
    payload = part.get_payload()
    if isinstance(payload, str) and _is_base64(part):
        digits = re.sub(r"[^A-Za-z0-9+/=]", "", payload)
        if len(digits) % 4 == 1:  # cut off on the way: the library would give up on all of it
            return binascii.a2b_base64(digits[:-1])
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _is_base64(part: Part) -> bool:
    return str(part.get("content-transfer-encoding", "")).strip().lower() == "base64"


def _file_name(part: Part) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError, AttributeError):
        return "unnamed"
    plain = decode_words(decode(name.encode("utf-8", "surrogateescape"))) if name else ""
    last = re.split(r"[/\\]", " ".join(plain.split()))[-1]
    return storable(last)[:_LONGEST_NAME]


def _size_of(part: Part) -> int | None:
    """Return the size in bytes; of base64 without decoding it."""
    payload = part.get_payload()
    if not isinstance(payload, str):
        return None
    if not _is_base64(part):
        return len(_bytes_of(part))
    digits = len(payload) - sum(payload.count(c) for c in "\r\n =")
    return digits * 3 // 4


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    try:
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4)) or data
    except binascii.Error:
        return data


def _bounded(text: str) -> str:
    return storable(text[:LONGEST_TEXT])
