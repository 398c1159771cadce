"""What SendGrid accepts as a mail to send: each property with its type and limits, unknown ones refused.

The tables follow SendGrid's own description of POST /v3/mail/send, with one repair: `custom_args` is an
object there too, not a string.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
MOST_RECIPIENTS = 1000
MOST_ARGS_BYTES = 10_000
MOST_GROUPS = 25
SHORTEST_POOL, LONGEST_POOL = 2, 64
FARTHEST = 72 * 3600
MOST_CATEGORIES, LONGEST_CATEGORY = 10, 255
FIXED_HEADERS = frozenset(
    {
        "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding",
        "to", "from", "subject", "reply-to", "cc", "bcc",
    }
)  # fmt: skip


class MailRefusedError(Exception):
    """A request that SendGrid would refuse: HTTP status, message and the field at fault."""

    def __init__(self, message: str, field: str | None = None, status: int = 400) -> None:
        super().__init__(message, field, status)
        self.message, self.field, self.status = message, field, status

    @property
    def body(self) -> dict[str, object]:
        """Return the JSON body of the answer."""
        return {"errors": [{"message": self.message, "field": self.field, "help": None}]}


# Shapes: a type; ("list", shape); ("map", shape of the values); a dictionary of properties, * for required.
_FLAG = {"enable": bool}
_ADDRESS = {"*email": "address", "name": str}
SHAPE: dict[str, Any] = {
    "*personalizations": (
        "list",
        {
            "from": _ADDRESS,
            "*to": ("list", _ADDRESS),
            "cc": ("list", _ADDRESS),
            "bcc": ("list", _ADDRESS),
            "subject": "words",
            "headers": ("map", str),
            "substitutions": ("map", str),
            "dynamic_template_data": dict,
            "custom_args": ("map", str),
            "send_at": int,
        },
    ),
    "*from": _ADDRESS,
    "reply_to": _ADDRESS,
    "reply_to_list": ("list", _ADDRESS),
    "subject": "words",
    "content": ("list", {"*type": "words", "*value": "words"}),
    "attachments": (
        "list",
        {"*content": "words", "type": "words", "*filename": str, "disposition": str, "content_id": str},
    ),
    "template_id": str,
    "headers": ("map", str),
    "categories": ("list", str),
    "custom_args": ("map", str),
    "send_at": int,
    "batch_id": str,
    "asm": {"*group_id": int, "groups_to_display": ("list", int)},
    "ip_pool_name": str,
    "mail_settings": {
        "bypass_list_management": _FLAG,
        "bypass_spam_management": _FLAG,
        "bypass_bounce_management": _FLAG,
        "bypass_unsubscribe_management": _FLAG,
        "footer": {"enable": bool, "text": str, "html": str},
        "sandbox_mode": _FLAG,
    },
    "tracking_settings": {
        "click_tracking": {"enable": bool, "enable_text": bool},
        "open_tracking": {"enable": bool, "substitution_tag": str},
        "subscription_tracking": {"enable": bool, "text": str, "html": str, "substitution_tag": str},
        "ganalytics": {
            "enable": bool,
            "utm_source": str,
            "utm_medium": str,
            "utm_term": str,
            "utm_content": str,
            "utm_campaign": str,
        },
    },
}


def _check_shape(value: object, shape: Any, where: str) -> None:  # noqa: ANN401 - one of several types
    if isinstance(shape, dict):
        _check_object(value, shape, where)
    elif isinstance(shape, tuple):
        for name, item in _members(value, shape[0], where):
            _check_shape(item, shape[1], f"{where}.{name}")
    elif shape == "address":
        if not isinstance(value, str) or not ADDRESS.fullmatch(value):
            raise MailRefusedError("Does not contain a valid address.", where)
    elif shape == "words":
        if not isinstance(value, str) or not value:
            raise MailRefusedError("The parameter must be a string at least one character in length.", where)
    elif type(value) is not shape:  # a bool is an int to isinstance
        raise MailRefusedError(f"The parameter must be of type {shape.__name__}.", where)


def _members(value: object, kind: str, where: str) -> list[tuple[object, object]]:
    if kind == "list" and isinstance(value, list):
        return list(enumerate(value))
    if kind == "map" and isinstance(value, dict):
        return list(value.items())
    raise MailRefusedError(f"The parameter must be an {'array' if kind == 'list' else 'object'}.", where)


def _check_object(value: object, shape: dict[str, Any], where: str) -> None:
    if not isinstance(value, dict):
        raise MailRefusedError("The parameter must be an object.", where or None)
    known = {name.removeprefix("*"): name for name in shape}
    for name, item in value.items():
        at = f"{where}.{name}" if where else name
        if name not in known:
            raise MailRefusedError(f"Invalid parameter: {name}", at)
        _check_shape(item, shape[known[name]], at)
    for name in shape:
        if name.startswith("*") and name[1:] not in value:
            at = f"{where}.{name[1:]}" if where else name[1:]
            raise MailRefusedError(f"The {name[1:]} parameter is required.", at)


@dataclass(frozen=True, slots=True)
class Letter:
    """One personalization, ready to go: its recipients and what differs from the request as a whole."""

    recipients: tuple[str, ...]
    sender: dict[str, str]
    subject: str
    headers: dict[str, str]
    custom_args: dict[str, str]


def check(raw: bytes, now: float, domains: tuple[str, ...]) -> tuple[dict[str, Any], list[Letter]]:
    """Return the request and its letters. Raises MailRefusedError for the first mistake found."""
    try:
        order = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise MailRefusedError("Bad Request") from error
    _check_object(order, SHAPE, "")
    _check_content(order)
    _check_settings(order, now)
    _check_sender(order["from"], "from", domains)
    people = order["personalizations"]
    if not 1 <= len(people) <= MOST_RECIPIENTS:
        raise MailRefusedError("The personalizations must be 1 to 1000.", "personalizations")
    letters = [_letter(order, index, now, domains) for index in range(len(people))]
    if sum(len(letter.recipients) for letter in letters) > MOST_RECIPIENTS:
        raise MailRefusedError("More than 1000 recipients.", "personalizations")
    return order, letters


def _letter(order: dict[str, Any], index: int, now: float, domains: tuple[str, ...]) -> Letter:
    where = f"personalizations.{index}"
    person = order["personalizations"][index]
    if not person["to"]:
        raise MailRefusedError(
            "The to array is required, and must have at least one recipient.", f"{where}.to"
        )
    addresses = [entry["email"].lower() for kind in ("to", "cc", "bcc") for entry in person.get(kind, [])]
    if len(set(addresses)) != len(addresses):
        raise MailRefusedError(
            "Each email address in the personalization block should be unique between to, cc, and bcc.", where
        )
    subject = person.get("subject", order.get("subject"))
    if subject is None:
        raise MailRefusedError("The subject is required.", "subject")
    _check_headers(person.get("headers", {}), f"{where}.headers")
    _check_send_at(person, where, now)
    sender = person.get("from", order["from"])
    _check_sender(sender, f"{where}.from", domains)
    arguments = order.get("custom_args", {}) | person.get("custom_args", {})
    if len(json.dumps(arguments).encode()) > MOST_ARGS_BYTES:
        raise MailRefusedError("The custom_args are limited to 10000 bytes.", f"{where}.custom_args")
    headers = order.get("headers", {}) | person.get("headers", {})
    return Letter(tuple(addresses), sender, subject, headers, arguments)


def _check_sender(sender: dict[str, str], where: str, domains: tuple[str, ...]) -> None:
    domain = sender["email"].rpartition("@")[2].lower()
    if domains and domain not in domains:
        raise MailRefusedError("The from address does not match a verified sender identity.", where, 403)


def _check_content(order: dict[str, Any]) -> None:
    content = order.get("content", [])
    if not content and "template_id" not in order:
        raise MailRefusedError("The content is required unless a template is given.", "content")
    types = [part["type"] for part in content]
    if "text/plain" in types[1:] or ("text/html" in types and types.index("text/html") > 1):
        raise MailRefusedError("text/plain must come first, then text/html, then the others.", "content")
    for index, part in enumerate(order.get("attachments", [])):
        where = f"attachments.{index}"
        try:
            base64.b64decode(part["content"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise MailRefusedError("The attachment content must be base64.", f"{where}.content") from error
        if part.get("disposition", "attachment") not in {"inline", "attachment"}:
            raise MailRefusedError("The disposition is inline or attachment.", f"{where}.disposition")


def _check_settings(order: dict[str, Any], now: float) -> None:
    _check_headers(order.get("headers", {}), "headers")
    _check_send_at(order, "", now)
    categories = order.get("categories", [])
    if len(categories) > MOST_CATEGORIES or len(set(categories)) != len(categories):
        raise MailRefusedError("At most 10 categories, each once.", "categories")
    if any(len(category) > LONGEST_CATEGORY for category in categories):
        raise MailRefusedError("A category has at most 255 characters.", "categories")
    if "reply_to" in order and "reply_to_list" in order:
        raise MailRefusedError("Give reply_to or reply_to_list, not both.", "reply_to_list")
    replies = [entry["email"].lower() for entry in order.get("reply_to_list", [])]
    if len(replies) > MOST_RECIPIENTS or len(set(replies)) != len(replies):
        raise MailRefusedError("At most 1000 addresses, each once.", "reply_to_list")
    if len(order.get("asm", {}).get("groups_to_display", [])) > MOST_GROUPS:
        raise MailRefusedError("At most 25 groups.", "asm.groups_to_display")
    if not SHORTEST_POOL <= len(order.get("ip_pool_name", "pool")) <= LONGEST_POOL:
        raise MailRefusedError("The pool's name has 2 to 64 characters.", "ip_pool_name")
    for name in ("template_id", "batch_id"):
        if name in order:
            raise MailRefusedError(f"There is no such {name} here.", name)


def _check_headers(headers: dict[str, str], where: str) -> None:
    for name, value in headers.items():
        if name.lower() in FIXED_HEADERS:
            raise MailRefusedError("The header cannot be overridden.", f"{where}.{name}")
        if not re.fullmatch(r"[!-9;-~]+", name) or "\r" in value or "\n" in value:
            raise MailRefusedError("The header is not valid.", f"{where}.{name}")


def _check_send_at(part: dict[str, Any], where: str, now: float) -> None:
    at = part.get("send_at")
    if at is not None and not now - 60 <= at <= now + FARTHEST:
        raise MailRefusedError("The send_at must lie within 72 hours.", f"{where}.send_at".lstrip("."))
