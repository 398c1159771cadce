"""A call connected with a second phone (TwiML Dial): it rings, the two talk, either ends it.

What is said on one phone is heard on the other. What must not live here: what comes after (switchboard.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from simulator.carrier import new_sid
from simulator.line import EndedError, Line
from simulator.records import TO_PHONE, Call
from simulator.twilio_check import is_e164
from simulator.twiml import Step, TwimlError
from simulator.world import World, now

if TYPE_CHECKING:
    from simulator.switchboard import Switchboard

_LONGEST = 14_400  # seconds: Twilio's own limit


class Bridge:
    """One Dial on `line`. Its phones are joined when the second one has picked up."""

    def __init__(self, board: Switchboard, world: World, line: Line, step: Step) -> None:
        """Read the Dial. Raises TwimlError for a caller id that is not ours and for what is no number."""
        caller, to = step.get("callerId", line.call.number), step.inside[0].text
        if caller not in {line.call.number, *world.config.numbers}:
            raise TwimlError(13214, f"callerId {caller} is not a number of this account")
        if not is_e164(to):
            raise TwimlError(13223, f"{to} is no phone number")
        self._board = board
        self._world = world
        self._line = line
        self._star = step.get("hangupOnStar") == "true"
        self._longest = float(step.get("timeLimit", str(_LONGEST)))
        self.call = Call(
            id=new_sid("CA"),
            phone=to,
            number=caller,
            direction=TO_PHONE,
            at=now(),
            updated=now(),
            status="ringing",
            timeout=int(step.get("timeout", "30")),
            parent=line.call.id,
        )

    async def carry(self) -> str:
        """Ring the phone and let the two talk; return how it went, as DialCallStatus says it.

        Raises EndedError when the first phone hangs up, MovedError when its call is sent elsewhere.
        """
        called = self._board.join(self.call)
        status = "no-answer"
        try:
            status = await self._meanwhile(self._ring(called)) or "canceled"
            if status == "in-progress":
                self.call.status, self.call.answered_at = status, now()
                status = "completed"
                await self._meanwhile(self._talk(called))
        finally:
            self._board.end(self.call, status)
        return status

    async def _ring(self, called: Line) -> str:
        try:
            await self._board.ring(called)
        except EndedError as ended:
            return str(ended)
        return "in-progress"

    async def _talk(self, called: Line) -> str:
        """Let the first phone hear what is said on the second, until that hangs up."""
        try:
            async with asyncio.timeout(self._longest):
                while True:
                    deed, words = await self._board.input(called, "talk", _LONGEST)
                    if deed == "silence":  # a voicemail has recorded long enough
                        break
                    if deed == "say":
                        self._hear(self._line.call, words)
        except (EndedError, TimeoutError):
            pass
        return "completed"

    async def _meanwhile(self, doing: Awaitable[str]) -> str:
        """Wait for something on the second phone while the first one may act; nothing if that ended it."""
        task = asyncio.ensure_future(doing)
        try:
            while not task.done():
                deed = asyncio.ensure_future(self._board.input(self._line, "talk", _LONGEST))
                try:
                    await asyncio.wait({task, deed}, return_when=asyncio.FIRST_COMPLETED)
                    if deed.done() and self._ends(*deed.result()):
                        return ""
                finally:
                    await _stopped(deed)
            return task.result()
        finally:
            await _stopped(task)

    def _ends(self, deed: str, words: str) -> bool:
        if deed == "say" and self.call.answered_at is not None:
            self._hear(self.call, words)
        return deed == "press" and self._star and words.startswith("*")

    def _hear(self, call: Call, words: str) -> None:
        call.heard.append(words)
        self._world.save(call)


async def _stopped(task: asyncio.Future[Any]) -> None:
    """Cancel what still goes on, and wait until it has seen that."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
