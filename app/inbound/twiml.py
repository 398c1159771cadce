"""TwiML for our calls, by the SDK's builder. What is said comes as a Prompt, what is next as an address."""

from __future__ import annotations

import re

from starlette.responses import Response
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from app.ports import Prompt

# What XML cannot carry. One such character from a customer's text, and Twilio drops the whole call (12100).
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Longer than any pause in a sentence, and still a phone that is not held for ever.
_KEY_SECONDS, _SPEECH_SECONDS, _LONGEST_MESSAGE = 8, 6, 120
_RING_SECONDS, _TALK_SECONDS = 30, 900
_LANGUAGES = {"en": "en-US", "es": "es-MX"}


def ask_key(prompt: Prompt, action: str) -> Response:
    """Say it and wait for one key, which may come at once; silence is told to `action` too."""
    document = VoiceResponse()
    gather = Gather(
        input="dtmf",
        num_digits=1,
        timeout=_KEY_SECONDS,
        finish_on_key="",
        action_on_empty_result=True,
        action=action,
    )
    gather.say(_clean(prompt.words), language=_language(prompt))
    document.append(gather)
    return _answer(document)


def connect(prompt: Prompt, caller: str, action: str) -> Response:
    """Say it and connect the call with the phone `prompt.dial`, which sees the number `caller`.

    How that went is told to `action`, also after the star key, which ends it.
    """
    document = VoiceResponse()
    document.say(_clean(prompt.words), language=_language(prompt))
    dial = Dial(
        caller_id=caller,
        timeout=_RING_SECONDS,
        time_limit=_TALK_SECONDS,
        hangup_on_star=True,
        action=action,
    )
    dial.number(prompt.dial)
    document.append(dial)
    return _answer(document)


def ask_words(prompt: Prompt, action: str) -> Response:
    """Say it and listen; what is understood, or silence, is told to `action`."""
    document = VoiceResponse()
    gather = Gather(
        input="speech",
        timeout=_SPEECH_SECONDS,
        speech_timeout="auto",
        language=_language(prompt),
        action_on_empty_result=True,
        action=action,
    )
    gather.say(_clean(prompt.words), language=_language(prompt))
    document.append(gather)
    return _answer(document)


def record(prompt: Prompt, action: str, transcribed: str, silent: Prompt) -> Response:
    """Say it and record; the recording is told to `action`, its words later to `transcribed`."""
    document = VoiceResponse()
    document.say(_clean(prompt.words), language=_language(prompt))
    document.record(
        action=action,
        max_length=_LONGEST_MESSAGE,
        timeout=_SPEECH_SECONDS,
        finish_on_key="#",
        play_beep=True,
        transcribe=True,
        transcribe_callback=transcribed,
    )
    # Reached only when nothing at all was recorded.
    document.say(_clean(silent.words), language=_language(silent))
    document.hangup()
    return _answer(document)


def goodbye(prompt: Prompt | None = None) -> Response:
    """Say it, if there is something to say, and hang up."""
    document = VoiceResponse()
    if prompt is not None:
        document.say(_clean(prompt.words), language=_language(prompt))
    document.hangup()
    return _answer(document)


def nothing() -> Response:
    """Return an answer that does nothing, for webhooks that only tell."""
    return _answer(VoiceResponse())


def _answer(document: VoiceResponse) -> Response:
    return Response(str(document), media_type="text/xml")


def _clean(words: str) -> str:
    return _NOT_XML.sub(" ", words) or "."


def _language(prompt: Prompt) -> str:
    return _LANGUAGES.get(prompt.language[:2].lower(), "en-US")
