"""What Twilio accepts in a request for a new message: every field with its rule, unknown fields refused.

Stricter than the real one where that helps to find mistakes: it ignores unknown fields, we do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from simulator.codes import MAGIC_FROM, MAGIC_FROM_GOOD, MAGIC_TO, TwilioError

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
NORTH_AMERICA = re.compile(r"\+1[2-9][0-9]{9}")
SENDER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
LONGEST_BODY = 1600
LONGEST_VALIDITY = 36000
MOST_MEDIA = 10
LISTS = frozenset({"MediaUrl", "PersistentAction"})
INTENTS = (
    "otp", "notifications", "marketing", "fraud", "security", "customercare", "delivery", "education",
    "polling", "announcements", "events",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A message request that stands: who, to whom, what."""

    to: str
    number: str
    service: str
    body: str
    media: tuple[str, ...]
    callback: str
    validity: int
    smart: bool


def is_e164(number: str) -> bool:
    """Tell whether this is a phone number in E.164, with the ten digits of North America after +1."""
    if number.startswith("+1"):
        return NORTH_AMERICA.fullmatch(number) is not None
    return E164.fullmatch(number) is not None


def _is_boolean(value: str) -> bool:
    return value in {"true", "false"}


def _is_integer(value: str) -> bool:
    return re.fullmatch(r"-?[0-9]{1,18}", value) is not None


def _is_number(value: str) -> bool:
    return re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]+)?", value) is not None


def _is_sid(prefix: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(prefix + "[0-9a-fA-F]{32}", value) is not None


def is_url(value: str) -> bool:
    """Tell whether this is an absolute web address that Twilio would call: no underscore in the host."""
    if not value.isascii() or not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme in {"http", "https"} and bool(host) and "_" not in host and port != 0


def _one_of(*values: str) -> Callable[[str], bool]:
    return lambda value: value in values


def _anything(_value: str) -> bool:
    return True


# Each field with its form and the code that a wrong one gives. To, From and Body have rules of their own.
FIELDS: dict[str, tuple[Callable[[str], bool], int]] = {
    "To": (_anything, 21211),
    "From": (_anything, 21212),
    "Body": (_anything, 21602),
    "MessagingServiceSid": (_is_sid("MG"), 21701),
    "MediaUrl": (is_url, 21620),
    "StatusCallback": (is_url, 21609),
    "ApplicationSid": (_is_sid("AP"), 20001),
    "ContentSid": (_is_sid("HX"), 20001),
    "ContentVariables": (_anything, 20001),
    "MaxPrice": (_is_number, 20001),
    "ProvideFeedback": (_is_boolean, 20001),
    "Attempt": (_is_integer, 20001),
    "ValidityPeriod": (_is_integer, 21624),
    "ForceDelivery": (_is_boolean, 20001),
    "ContentRetention": (_one_of("retain", "discard"), 20001),
    "AddressRetention": (_one_of("retain", "obfuscate"), 20001),
    "SmartEncoded": (_is_boolean, 20001),
    "PersistentAction": (_anything, 20001),
    "TrafficType": (_one_of("free"), 20001),
    "ShortenUrls": (_is_boolean, 20001),
    "ScheduleType": (_one_of("fixed"), 20001),
    "SendAt": (_anything, 20001),
    "SendAsMms": (_is_boolean, 20001),
    "RiskCheck": (_one_of("enable", "disable"), 20001),
    "FallbackFrom": (is_e164, 21212),
    "MessageIntent": (_one_of(*INTENTS), 20001),
}
NOT_SIMULATED = ("ContentSid", "ContentVariables", "ScheduleType", "SendAt", "FallbackFrom")


def check(pairs: list[tuple[str, str]], numbers: tuple[str, ...], services: tuple[str, ...]) -> Order:
    """Return what is ordered. Raises TwilioError with the code that Twilio gives for the first mistake."""
    fields = _check_fields(pairs)
    media = tuple(value for name, value in pairs if name == "MediaUrl")
    to = _check_to(fields.get("To", ""))
    service = fields.get("MessagingServiceSid", "")
    number = _check_from(fields.get("From", ""), service, numbers, services)
    if number == to:
        raise TwilioError(21266, to)
    body = fields.get("Body", "")
    if not body and not media:
        raise TwilioError(21602)
    if len(body) > LONGEST_BODY:
        raise TwilioError(21617, f"{len(body)} characters")
    if len(media) > MOST_MEDIA:
        raise TwilioError(21623)
    validity = int(fields.get("ValidityPeriod", LONGEST_VALIDITY))
    if not 1 <= validity <= LONGEST_VALIDITY:
        raise TwilioError(21624, str(validity))
    return Order(
        to=to,
        number=number,
        service=service,
        body=body,
        media=media,
        callback=fields.get("StatusCallback", ""),
        validity=validity,
        smart=fields.get("SmartEncoded") == "true",
    )


def _check_fields(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Return the fields, each known, of its form, and given once if it is no list."""
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name not in FIELDS:
            raise TwilioError(20001, f"no such parameter: {name}")
        if name in fields and name not in LISTS:
            raise TwilioError(20001, f"parameter given twice: {name}")
        form, code = FIELDS[name]
        if not form(value):
            raise TwilioError(code, f"{name}={value}")
        fields[name] = value
    for name in NOT_SIMULATED:
        if name in fields:
            raise TwilioError(20001, f"{name} is not simulated")
    return fields


def _check_to(to: str) -> str:
    if not to:
        raise TwilioError(21604)
    if to in MAGIC_TO:
        raise TwilioError(MAGIC_TO[to], to)
    if not is_e164(to):
        raise TwilioError(21211, to)
    return to


def _check_from(number: str, service: str, numbers: tuple[str, ...], services: tuple[str, ...]) -> str:
    if service and service not in services:
        raise TwilioError(21701, service)
    if not number:
        if not service:
            raise TwilioError(21603)
        return numbers[0]
    if number in MAGIC_FROM and number not in numbers:
        raise TwilioError(MAGIC_FROM[number], number)
    if not SENDER.fullmatch(number):
        raise TwilioError(21212, number)
    if number not in numbers and number != MAGIC_FROM_GOOD:
        raise TwilioError(21606, number)
    return number
