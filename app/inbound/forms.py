"""Request bodies taken apart: URL-encoded forms and multipart forms, from raw bytes, 8-bit safe.

A framework's form reader decodes too early (mails in old charsets come out broken), limits fields to 1 MiB (a
mail with a photo is one field) and raises on what odd clients send. Nothing is decoded here that need not be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

_MOST_FIELDS = 500
_MOST_PARTS = 1_000
_LONGEST_PART_HEAD = 16 * 1024
_BOUNDARY = re.compile(r"boundary=(?:\"([^\"]{1,200})\"|([^\s;,\"]{1,200}))", re.IGNORECASE)
_NAME = re.compile(rb";\s*name=(?:\"((?:\\.|[^\"\\])*)\"|([^\s;\"]+))", re.IGNORECASE)
_FILE_NAME = re.compile(rb";\s*filename=(?:\"((?:\\.|[^\"\\])*)\"|([^\s;\"]+))", re.IGNORECASE)
_CONTENT_TYPE = re.compile(rb"(?:\A|\n)content-type:[ \t]*([^\r\n]{0,300})", re.IGNORECASE)


class FormError(ValueError):
    """The body is not the form that its headers promise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One field of a multipart form; its content is `body[start:end]`; a plain field has no `filename`."""

    name: str
    filename: str | None
    content_type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Multipart:
    """The fields in order; `complete` is false if the closing boundary never came."""

    parts: tuple[Part, ...]
    complete: bool


def parse_urlencoded(body: bytes) -> dict[str, list[str]]:
    """Return the values of each name in the form `body`; bytes that are no UTF-8 become U+FFFD.

    Raises FormError when there are too many fields.
    """
    fields: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError as error:
        raise FormError(str(error)) from None
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def parse_multipart(content_type: str, body: bytes) -> Multipart:
    """Return the parts of a multipart/form-data `body`, as far as it goes.

    Raises FormError when the header names no boundary or the body has no part.
    """
    match = _BOUNDARY.search(content_type)
    if match is None or not content_type.lstrip().lower().startswith("multipart/"):
        raise FormError("no multipart form with a boundary")
    delimiter = b"--" + (match.group(1) or match.group(2)).encode("latin-1", "replace")
    parts: list[Part] = []
    found = _next_delimiter(body, delimiter, 0)
    complete = False
    while found is not None:
        _, after = found
        if body.startswith(b"--", after):
            complete = True
            break
        content = body.find(b"\n", after) + 1
        if content == 0 or len(parts) == _MOST_PARTS:
            break
        found = _next_delimiter(body, delimiter, content - 1)
        end = found[0] if found is not None else len(body)
        parts.append(_part(body, content, end))
    if not parts:
        raise FormError("no part in the form")
    return Multipart(parts=tuple(parts), complete=complete)


def _next_delimiter(body: bytes, delimiter: bytes, start: int) -> tuple[int, int] | None:
    """Return where the content before the next delimiter line ends, and where the delimiter ends."""
    if start == 0 and body.startswith(delimiter):
        return 0, len(delimiter)
    position = start
    while True:
        position = body.find(b"\n" + delimiter, position)
        if position < 0:
            return None
        after = position + 1 + len(delimiter)
        # The boundary may be the beginning of a longer one, or of a line of somebody's text.
        if body[after : after + 1] in (b"\r", b"\n", b" ", b"\t", b"") or body.startswith(b"--", after):
            end = position - 1 if body[position - 1 : position] == b"\r" else position
            return max(end, start), after
        position = after


def _part(body: bytes, start: int, end: int) -> Part:
    """Return the part between two delimiters, its head cut off."""
    limit = min(end, start + _LONGEST_PART_HEAD)
    if body.startswith((b"\r\n", b"\n"), start):
        head, content = b"", start + (2 if body.startswith(b"\r\n", start) else 1)
    else:
        breaks = [(body.find(gap, start, limit), len(gap)) for gap in (b"\r\n\r\n", b"\n\n")]
        at, length = min(((at, length) for at, length in breaks if at >= 0), default=(end, 0))
        head, content = body[start : min(at, limit)], at + length
    kind = _CONTENT_TYPE.search(head)
    file_name = _FILE_NAME.search(head)
    return Part(
        name=_parameter(_NAME.search(head)),
        filename=_parameter(file_name) if file_name else None,
        content_type=kind.group(1).decode("latin-1").strip() if kind else "",
        start=min(content, end),
        end=end,
    )


def _parameter(match: re.Match[bytes] | None) -> str:
    if match is None:
        return ""
    raw: bytes = match.group(1) if match.group(1) is not None else match.group(2)
    # Only these two are escaped; any other backslash is part of a Windows path.
    return re.sub(r"\\([\"\\])", r"\1", raw.decode("utf-8", "replace"))
