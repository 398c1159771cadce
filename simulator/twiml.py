"""TwiML as a voice call uses it: an answer's body read into steps, as strictly as Twilio's own schema.

Stricter than the real one where that helps to find mistakes: it warns of an unknown attribute, we refuse it.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

MOST_STEPS = 100
_SAY = frozenset({"voice", "language", "loop"})
_GATHER = frozenset(
    {
        "input", "action", "method", "timeout", "speechTimeout", "maxSpeechTime", "finishOnKey", "numDigits",
        "language", "hints", "profanityFilter", "actionOnEmptyResult", "speechModel", "enhanced", "bargeIn",
        "partialResultCallback", "partialResultCallbackMethod", "debug",
    }
)  # fmt: skip
_RECORD = frozenset(
    {
        "action", "method", "timeout", "finishOnKey", "maxLength", "playBeep", "trim",
        "recordingStatusCallback", "recordingStatusCallbackMethod",
        "recordingStatusCallbackEvent", "transcribe", "transcribeCallback",
    }
)  # fmt: skip
_DIAL = frozenset({"action", "method", "callerId", "timeout", "timeLimit", "hangupOnStar", "answerOnBridge"})
# What may stand inside a verb.
_INSIDE = {"Gather": ("Say", "Pause"), "Dial": ("Number",)}
# Each verb with the attributes that it may have. Those that are not here are not simulated.
VERBS: dict[str, frozenset[str]] = {
    "Say": _SAY,
    "Pause": frozenset({"length"}),
    "Gather": _GATHER,
    "Record": _RECORD,
    "Dial": _DIAL,
    "Number": frozenset(),
    "Redirect": frozenset({"method"}),
    "Hangup": frozenset(),
    "Reject": frozenset({"reason"}),
}
_WHOLE = frozenset({"timeLimit", "timeout", "numDigits", "maxLength", "length", "loop", "maxSpeechTime"})
_BOOLEAN = frozenset(
    {
        "hangupOnStar", "answerOnBridge", "actionOnEmptyResult", "transcribe", "playBeep", "enhanced",
        "bargeIn", "debug",
    }
)  # fmt: skip


class TwimlError(Exception):
    """An answer that Twilio could not carry out, with the code that its debugger would show."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Step:
    """One verb; `inside` are the verbs nested in a Gather, or the Number in a Dial."""

    verb: str
    attributes: dict[str, str]
    text: str
    inside: tuple[Step, ...] = ()

    def get(self, name: str, usual: str = "") -> str:
        """Return an attribute, or what is usual."""
        return self.attributes.get(name, usual)


def read_twiml(body: bytes, content_type: str) -> tuple[Step, ...]:
    """Return the steps of a document. Raises TwimlError."""
    if "xml" not in content_type:
        raise TwimlError(12300, f"the answer's content type is {content_type or 'missing'}, not text/xml")
    try:
        root = ET.fromstring(body)  # noqa: S314 - from the program under test, on this machine
    except ET.ParseError as error:
        raise TwimlError(12100, f"the answer is not well-formed XML: {error}") from error
    if root.tag != "Response":
        raise TwimlError(12102, f"the document must be a Response, not {root.tag}")
    if root.text and root.text.strip():
        raise TwimlError(12200, f"text outside a verb: {root.text.strip()[:40]}")
    if len(root) > MOST_STEPS:
        raise TwimlError(12200, "too many verbs")
    return tuple(_step(element) for element in root)


def _step(element: ET.Element, outer: str = "") -> Step:
    verb = element.tag
    allowed = _INSIDE[outer] if outer else VERBS.keys() - {"Number"}
    if verb not in allowed:
        raise TwimlError(12200, f"no verb {verb} {f'inside a {outer}' if outer else 'here'}")
    for name, value in element.attrib.items():
        if name not in VERBS[verb]:
            raise TwimlError(12200, f"{verb} has no attribute {name}")
        if name in _WHOLE and not value.isdecimal() and value != "auto":
            raise TwimlError(12200, f"{verb} {name}={value} is not a number")
        if name in _BOOLEAN and value not in {"true", "false"}:
            raise TwimlError(12200, f"{verb} {name}={value} is neither true nor false")
    if len(element) and verb not in _INSIDE:
        raise TwimlError(12200, f"{verb} holds no other verb")
    words = " ".join((element.text or "").split())
    if verb in {"Say", "Redirect", "Number"} and not words:
        raise TwimlError(12200, f"an empty {verb}")
    inside = tuple(_step(child, verb) for child in element)
    if verb == "Dial" and len(inside) != 1:
        raise TwimlError(12200, "a Dial needs a Number; several at once are not simulated")
    return Step(verb, dict(element.attrib), words, inside)
