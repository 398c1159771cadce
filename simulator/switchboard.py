"""The voice network: rings phones, carries out TwiML, and says how each call goes.

queued -> ringing -> in-progress -> completed, or busy, no-answer, failed, canceled. What a person does
(pick up, press, speak, hang up) comes from the page or from a test; a voicemail just answers.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from email.utils import format_datetime

from simulator.bridge import Bridge
from simulator.carrier import API, form_post, new_sid
from simulator.codes import TwilioError
from simulator.line import DEEDS, KEYS, Document, EndedError, Line, MovedError
from simulator.posting import Reply
from simulator.records import FROM_PHONE, TO_PHONE, Call
from simulator.twilio_call_check import CallChange
from simulator.twiml import Step, TwimlError, read_twiml
from simulator.webhooks import Webhooks
from simulator.world import World, now

RINGING_EXTRA = 5.0  # Twilio waits a little longer than it is told to
MOST_DOCUMENTS = 50
TROUBLED = {"off": ("failed", 480), "undeliverable": ("failed", 404)}


class Switchboard:
    """Carries calls. One per simulator, on its event loop."""

    def __init__(self, world: World, webhooks: Webhooks) -> None:
        self._world = world
        self._webhooks = webhooks
        self._config = world.config
        self._lines: dict[str, Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def moving(self) -> bool:
        """Tell whether a call goes on by itself; one that waits for a person does not."""
        return any(not line.waiting or not line.inputs.empty() for line in self._lines.values())

    def resume(self) -> None:
        """End the calls that were in progress when a former process ended."""
        for call in [call for call in self._world.calls.values() if not call.over]:
            self.end(call, "failed")

    def close(self) -> None:
        """Stop all calls where they are."""
        for task in list(self._tasks):
            task.cancel()
        self._lines.clear()

    def place(self, call: Call) -> None:
        """Take over a call that the API has accepted."""
        self._world.save(call)
        self._start(call)

    def dial(self, phone: str, number: str) -> Call:
        """Let a phone call one of our numbers."""
        call = Call(
            id=new_sid("CA"),
            phone=phone,
            number=number,
            direction=FROM_PHONE,
            at=now(),
            status="ringing",
            url=self._config.signed_url(self._config.voice_path),
        )
        self._world.save(call)
        self._start(call)
        return call

    def act(self, sid: str, deed: str, words: str = "") -> Call:
        """Let the person on the phone do something. Raises ValueError when that cannot be done now."""
        call = self._world.calls.get(sid)
        line = self._lines.get(sid)
        if call is None:
            raise ValueError(f"no such call: {sid}")
        if line is None or call.over:
            raise ValueError(f"the call is over: {call.status}")
        if deed not in DEEDS[call.asks]:
            raise ValueError(f"this cannot be done now; possible: {', '.join(DEEDS[call.asks])}")
        if deed == "press" and not (words and set(words) <= KEYS):
            raise ValueError("press one of 0 to 9, * and #")
        if deed == "say" and not words.strip():
            raise ValueError("say something")
        line.inputs.put_nowait((deed, words.strip()))
        return call

    def change(self, call: Call, change: CallChange) -> None:
        """Carry out what the API asks of a call. Raises TwilioError when its state does not allow that."""
        line = self._lines.get(call.id)
        if change.status == "completed" and call.over:
            return
        if line is None or call.over or (not change.status and call.status != "in-progress"):
            raise TwilioError(21220, call.status)
        if change.status == "canceled" and call.status == "in-progress":
            return  # only what still rings is cancelled
        line.inputs.put_nowait(
            ("end", change.status) if change.status else ("move", change.url or change.twiml)
        )

    def join(self, call: Call) -> Line:
        """Take over a call to a second phone, which another call carries."""
        line = self._lines[call.id] = Line(call)
        self._world.save(call)
        return line

    def _start(self, call: Call) -> None:
        line = self._lines[call.id] = Line(call)
        task = asyncio.get_running_loop().create_task(self._run(line))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, line: Line) -> None:
        try:
            await (self._outbound(line) if line.call.direction == TO_PHONE else self._inbound(line))
            status = "completed"
        except EndedError as ended:
            status = str(ended)
        except TwimlError as error:
            line.call.error, status = str(error), "completed"
            line.call.heard.append("(an application error has occurred)")
        finally:
            self._lines.pop(line.call.id, None)
        self.end(line.call, status)

    async def _inbound(self, line: Line) -> None:
        if self._world.providers["twilio"].mute:
            raise EndedError("failed")
        document = await self._fetch(line, line.call.url, {})
        line.call.status, line.call.answered_at = "in-progress", now()
        await self._talk(line, document)

    async def _outbound(self, line: Line) -> None:
        call = line.call
        await asyncio.sleep(self._config.rings_after)
        self._move(call, "initiated")
        call.status = "ringing"
        self._move(call, "ringing")
        await self.ring(line)
        call.status, call.answered_at = "in-progress", now()
        if call.machine_detection:
            call.answered_by = "machine_start" if line.call.machine else "human"
        self._move(call, "answered")
        document = await (self._fetch(line, call.url, {}) if call.url else _inline(call.twiml))
        if call.async_amd and call.amd_callback:
            fields = [("AccountSid", self._config.account_sid), ("CallSid", call.id)]
            fields += [("AnsweredBy", call.answered_by), ("MachineDetectionDuration", "1200")]
            self._webhooks.receipt(form_post("status", f"{call.id} amd", call.id, call.amd_callback, fields))
        await self._talk(line, document)

    async def ring(self, line: Line) -> None:
        """Return when somebody or something has picked up. Raises EndedError."""
        phone = self._world.phone(line.call.phone)
        for switch, (status, _sip) in TROUBLED.items():
            if getattr(phone, switch):
                raise EndedError(status)
        if phone.calls == "busy":
            raise EndedError("busy")
        if phone.calls == "no_answer":
            raise EndedError("no-answer")
        if phone.calls == "voicemail":
            line.call.machine = True
            return
        deed, _ = await self.input(line, "pick_up", line.call.timeout + RINGING_EXTRA)
        if deed != "answer":
            raise EndedError("busy" if deed == "decline" else "no-answer")

    async def _talk(self, line: Line, document: Document | None) -> None:
        while document is not None:
            line.documents += 1
            if line.documents > MOST_DOCUMENTS:
                raise TwimlError(12200, "the call goes round in circles")
            try:
                document = await self._perform(line, document)
            except MovedError as moved:
                document = await moved.document

    async def _perform(self, line: Line, document: Document) -> Document | None:
        """Carry out the steps; return the document that the application answered with, if one did."""
        for step in document:
            match step.verb:
                case "Say":
                    self._hear(line, step)
                case "Gather" | "Record" | "Dial":
                    doing = {"Gather": self._gather, "Record": self._record, "Dial": self._dial}[step.verb]
                    if (answer := await doing(line, step)) is not None:
                        return answer
                case "Redirect":
                    return await self._fetch(line, self._absolute(line, step.text), {})
                case "Reject":
                    raise EndedError("busy" if step.get("reason") == "busy" else "no-answer")
                case "Hangup":
                    return None
        return None

    def _hear(self, line: Line, step: Step) -> None:
        line.call.heard.append(step.text)
        self._world.save(line.call)

    async def _gather(self, line: Line, step: Step) -> Document | None:
        spoken = [inner for inner in step.inside if inner.verb == "Say"]
        for inner in spoken:
            self._hear(line, inner)
        speech = "speech" in step.get("input", "dtmf")
        seconds = float(step.get("timeout", "5")) if step.get("timeout") != "auto" else 5.0
        seconds += sum(len(inner.text.split()) for inner in spoken) / self._config.words_a_second
        deed, given = await self.input(line, "words" if speech else "keys", seconds)
        action = self._absolute(line, step.get("action"))
        if deed == "silence":
            if step.get("actionOnEmptyResult") != "true":
                return None
            return await self._fetch(line, action, {"Digits": "", "FinishedOnKey": "", "msg": "Gather End"})
        line.call.said.append(given)
        if deed == "say":
            return await self._fetch(
                line, action, {"SpeechResult": given, "Confidence": "0.93", "Language": "en-US"}
            )
        digits = given[: int(step.get("numDigits", "20"))]
        finish = step.get("finishOnKey", "#")
        digits = digits.partition(finish)[0] if finish else digits
        return await self._fetch(line, action, {"Digits": digits, "FinishedOnKey": "", "msg": "Gather End"})

    async def _record(self, line: Line, step: Step) -> Document | None:
        """Record what is said; its typed words become the transcription."""
        deed, given = await self.input(line, "words", float(step.get("maxLength", "3600")))
        if deed in {"silence", "press"}:
            return None
        line.call.said.append(given)
        seconds = str(max(1, round(len(given.split()) / self._config.words_a_second)))
        sid = new_sid("RE")
        url = f"{API}/2010-04-01/Accounts/{self._config.account_sid}/Recordings/{sid}"
        recording = {"RecordingSid": sid, "RecordingUrl": url, "RecordingDuration": seconds}
        answer = await self._fetch(
            line, self._absolute(line, step.get("action")), {**recording, "Digits": ""}
        )
        if step.get("recordingStatusCallback"):
            self._tell(
                line, step.get("recordingStatusCallback"), {**recording, "RecordingStatus": "completed"}
            )
        if step.get("transcribe") == "true" and step.get("transcribeCallback"):
            words = {
                "TranscriptionSid": new_sid("TR"),
                "TranscriptionText": given,
                "TranscriptionStatus": "completed",
            }
            self._tell(line, step.get("transcribeCallback"), {**recording, **words})
        return answer

    async def _dial(self, line: Line, step: Step) -> Document | None:
        bridge = Bridge(self, self._world, line, step)
        status, call = await bridge.carry(), bridge.call
        if not step.get("action"):
            return None
        seconds = round((call.ended_at or 0) - call.answered_at) if call.answered_at else 0
        about = {"DialCallSid": call.id, "DialCallStatus": status, "DialCallDuration": str(seconds)}
        return await self._fetch(line, self._absolute(line, step.get("action")), about)

    async def input(self, line: Line, asks: str, seconds: float) -> tuple[str, str]:
        """Wait for somebody to do something; silence after so many seconds. A machine is always silent."""
        if line.call.machine:
            asks, seconds = "", self._config.machine_seconds
        line.call.asks = asks
        line.waiting = bool(asks)
        self._world.save(line.call)
        try:
            async with asyncio.timeout(seconds) if seconds else asyncio.timeout(0.001):
                deed, given = await line.inputs.get()
        except TimeoutError:
            deed, given = "silence", ""
        finally:
            line.waiting, line.call.asks = False, ""
        self._world.save(line.call)
        if deed == "end":
            raise EndedError(given)
        if deed == "hang_up":
            raise EndedError("completed")
        if deed == "move":
            raise MovedError(
                _inline(given) if given.lstrip().startswith("<") else self._fetch(line, given, {})
            )
        return deed, given

    async def _fetch(self, line: Line, url: str, more: dict[str, str]) -> Document:
        """Ask the application what to do next; the fallback address when that fails. Raises TwimlError."""
        if not url:
            url = line.call.url
        try:
            return await self._ask(line, url, more)
        except TwimlError as error:
            if not line.call.fallback or url == line.call.fallback:
                raise
            line.call.error = str(error)
            return await self._ask(
                line,
                line.call.fallback,
                {**more, "ErrorCode": str(error.code), "ErrorUrl": url.partition("#")[0]},
            )

    async def _ask(self, line: Line, url: str, more: dict[str, str]) -> Document:
        fields = [*self._fields(line.call).items(), *more.items()]
        post = form_post("call", f"call {line.call.id}", line.call.id, url, fields)
        reply: Reply = await self._webhooks.ask(post)
        if not reply.ok:
            raise TwimlError(11200, f"the application answered {reply.words}")
        return read_twiml(reply.body, reply.content_type)

    def _absolute(self, line: Line, url: str) -> str:
        return self._config.signed_url(url) if url.startswith("/") else url or line.call.url

    def _tell(self, line: Line, url: str, fields: dict[str, str]) -> None:
        known = self._fields(line.call)
        base = {
            name: known[name] for name in ("AccountSid", "CallSid", "From", "To", "Direction", "ApiVersion")
        }
        pairs = list((base | fields).items())
        self._webhooks.send(
            form_post("call_later", line.call.id, line.call.id, self._absolute(line, url), pairs)
        )

    def _fields(self, call: Call) -> dict[str, str]:
        sender, receiver = ends(call)
        fields = {
            "AccountSid": self._config.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": call.id,
            "CallStatus": call.status,
            "Direction": direction_of(call),
            "From": sender,
            "Caller": sender,
            "To": receiver,
            "Called": receiver,
            "FromCountry": "US",
            "ToCountry": "US",
        }
        if call.direction == FROM_PHONE:
            fields |= {"StirVerstat": "TN-Validation-Passed-A", "CallToken": secrets.token_hex(8)}
        if call.answered_by and not call.async_amd:
            fields["AnsweredBy"] = call.answered_by
        return fields

    def end(self, call: Call, status: str) -> None:
        """Note that a call is over."""
        self._lines.pop(call.id, None)
        call.status, call.ended_at, call.asks = status, now(), ""
        self._move(call, "completed")

    def _move(self, call: Call, event: str) -> None:
        """Keep the call as it is now, and post the event if it was asked for."""
        call.updated = now()
        number = str(call.sequence)
        call.sequence += 1
        if call.callback and event in call.events:
            stamp = format_datetime(datetime.fromtimestamp(int(call.updated), UTC))
            fields = self._fields(call) | {
                "CallbackSource": "call-progress-events", "SequenceNumber": number, "Timestamp": stamp,
            }  # fmt: skip
            if event == "initiated":
                fields["CallStatus"] = "initiated"
            if event == "completed":
                seconds = 0 if call.answered_at is None else round(call.updated - call.answered_at)
                fields |= {"CallDuration": str(seconds), "Duration": str(-(-seconds // 60))}
                if call.status == "failed":
                    phone = self._world.phone(call.phone)
                    fields["SipResponseCode"] = str(
                        next((s for w, (_, s) in TROUBLED.items() if getattr(phone, w)), 500)
                    )
            self._webhooks.receipt(form_post("status", call.id, call.id, call.callback, list(fields.items())))
        self._world.save(call)


async def _inline(twiml: str) -> Document:
    return read_twiml(twiml.encode(), "text/xml")


def direction_of(call: Call) -> str:
    """Return Twilio's word for who placed the call."""
    if call.direction == FROM_PHONE:
        return "inbound"
    return "outbound-dial" if call.parent else "outbound-api"


def ends(call: Call) -> tuple[str, str]:
    """Return who calls whom."""
    return (call.phone, call.number) if call.direction == FROM_PHONE else (call.number, call.phone)
