"""What Twilio accepts in a request for a new call, or for a change to one: every field with its rule.

Stricter than the real one where that helps to find mistakes: it ignores unknown fields, we do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from simulator.codes import MAGIC_CALL_TO, MAGIC_FROM_GOOD, TwilioError
from simulator.twilio_check import is_e164, is_url
from simulator.twiml import TwimlError, read_twiml

LONGEST_TWIML = 4000
EVENTS = ("initiated", "ringing", "answered", "completed")
LISTS = frozenset({"StatusCallbackEvent", "RecordingStatusCallbackEvent"})
_URL_FIELDS = (
    "Url", "FallbackUrl", "StatusCallback", "AsyncAmdStatusCallback", "RecordingStatusCallback",
    "ClientNotificationUrl",
)  # fmt: skip
_METHOD_FIELDS = (
    "Method", "FallbackMethod", "StatusCallbackMethod", "AsyncAmdStatusCallbackMethod",
    "RecordingStatusCallbackMethod",
)  # fmt: skip
# Named by the interface, but nothing in here acts on them: better refused than silently not done.
NOT_SIMULATED = frozenset(
    {
        "SendDigits", "Record", "RecordingChannels", "RecordingStatusCallback",
        "RecordingStatusCallbackMethod", "RecordingStatusCallbackEvent",
        "RecordingTrack", "SipAuthUsername", "SipAuthPassword", "Trim",
        "CallerId", "Byoc", "CallToken", "ApplicationSid", "ClientNotificationUrl",
    }
)  # fmt: skip
_NUMBERS: dict[str, tuple[int, int]] = {
    "Timeout": (1, 600),
    "TimeLimit": (1, 86_400),
    "MachineDetectionTimeout": (3, 59),
    "MachineDetectionSpeechThreshold": (1000, 6000),
    "MachineDetectionSpeechEndThreshold": (500, 5000),
    "MachineDetectionSilenceTimeout": (2000, 10_000),
}
_WORDS: dict[str, tuple[str, ...]] = {
    "StatusCallbackEvent": EVENTS,
    "MachineDetection": ("Enable", "DetectMessageEnd"),
    "AsyncAmd": ("true", "false"),
    "Status": ("canceled", "completed"),
    **dict.fromkeys(_METHOD_FIELDS, ("GET", "POST")),
}
_CREATE = frozenset(
    {"To", "From", "Twiml", "CallReason", *_URL_FIELDS, *_METHOD_FIELDS, *_NUMBERS, *_WORDS, *NOT_SIMULATED}
) - {"Status"}  # fmt: skip
_UPDATE = frozenset(
    {
        "Url", "Method", "Status", "FallbackUrl", "FallbackMethod", "StatusCallback", "StatusCallbackMethod",
        "Twiml", "TimeLimit",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOrder:
    """A call request that stands."""

    to: str
    number: str
    url: str
    twiml: str
    fallback: str
    callback: str
    events: tuple[str, ...]
    timeout: int
    machine_detection: bool
    async_amd: bool
    amd_callback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallChange:
    """A change to a call: to another document, or to its end."""

    status: str
    url: str
    twiml: str


def check_call(pairs: list[tuple[str, str]], numbers: tuple[str, ...]) -> CallOrder:
    """Return what is ordered. Raises TwilioError with the code that Twilio gives for the first mistake."""
    fields = _fields(pairs, _CREATE)
    to, number = fields.get("To", ""), fields.get("From", "")
    if not to:
        raise TwilioError(21201)
    if not number:
        raise TwilioError(21213)
    if to in MAGIC_CALL_TO:
        raise TwilioError(MAGIC_CALL_TO[to], to)
    if not is_e164(to):
        raise TwilioError(21217, to)
    if not is_e164(number) or (number == "+15005550001" and number not in numbers):
        raise TwilioError(21212, number)
    if number not in numbers and number != MAGIC_FROM_GOOD:
        raise TwilioError(21210, number)
    url, twiml = fields.get("Url", ""), _twiml(fields)
    if not url and not twiml:
        raise TwilioError(21205, "a Url or Twiml is needed")
    if fields.get("AsyncAmd") == "true" and "MachineDetection" not in fields:
        raise TwilioError(20001, "AsyncAmd without MachineDetection")
    return CallOrder(
        to=to,
        number=number,
        url=url,
        twiml=twiml,
        fallback=fields.get("FallbackUrl", ""),
        callback=fields.get("StatusCallback", ""),
        events=tuple(v for n, v in pairs if n == "StatusCallbackEvent") or ("completed",),
        timeout=int(fields.get("Timeout", 60)),
        machine_detection="MachineDetection" in fields,
        async_amd=fields.get("AsyncAmd") == "true",
        amd_callback=fields.get("AsyncAmdStatusCallback", ""),
    )


def check_change(pairs: list[tuple[str, str]]) -> CallChange:
    """Return what is to change. Raises TwilioError."""
    fields = _fields(pairs, _UPDATE)
    change = CallChange(status=fields.get("Status", ""), url=fields.get("Url", ""), twiml=_twiml(fields))
    if sum(map(bool, (change.status, change.url, change.twiml))) != 1:
        raise TwilioError(20001, "one of Status, Url and Twiml is needed")
    return change


def _twiml(fields: dict[str, str]) -> str:
    twiml = fields.get("Twiml", "")
    if twiml:
        if "Url" in fields:
            raise TwilioError(20001, "Twiml and Url exclude each other")
        if len(twiml) > LONGEST_TWIML:
            raise TwilioError(20001, f"Twiml has {len(twiml)} characters, at most {LONGEST_TWIML}")
        try:
            read_twiml(twiml.encode(), "text/xml")
        except TwimlError as error:
            raise TwilioError(20001, str(error)) from error
    return twiml


def _fields(pairs: list[tuple[str, str]], allowed: frozenset[str]) -> dict[str, str]:
    """Return the fields, each known, of its form, and given once if it is no list."""
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name not in allowed:
            raise TwilioError(20001, f"no such parameter: {name}")
        if name in fields and name not in LISTS:
            raise TwilioError(20001, f"parameter given twice: {name}")
        if name in NOT_SIMULATED:
            raise TwilioError(20001, f"{name} is not simulated")
        if not _form_of(name)(value):
            code = 21205 if name in {"Url", "FallbackUrl"} else 21609 if name in _URL_FIELDS else 20001
            raise TwilioError(code, f"{name}={value}")
        fields[name] = value
    return fields


def _form_of(name: str) -> Callable[[str], bool]:
    if name in _URL_FIELDS:
        return is_url
    if name in _WORDS:
        return lambda value: value in _WORDS[name]
    if name in _NUMBERS:
        low, high = _NUMBERS[name]
        return lambda value: re.fullmatch("[0-9]{1,6}", value) is not None and low <= int(value) <= high
    return lambda _value: True
