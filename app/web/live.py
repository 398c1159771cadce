"""News for open pages: a stream of server-sent events that only says that something changed.

A page then reads its own part anew, so that a lost event costs nothing. One poller asks the database for all
listeners, and only while there are any. What must not live here: what changed.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from app.usecases import views
from app.usecases.house import House

log = structlog.get_logger()

_POLL_SECONDS = 0.5
_HEARTBEAT_SECONDS = 15
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_CHANGED = "event: board\ndata: changed\n\n"
_START = "retry: 2000\n\n"
_HEARTBEAT = ":\n\n"
_Handler = Callable[[int, FrameType | None], object]


class News:
    """Tells listeners of changes. All of it runs on the event loop, only the question in a thread."""

    def __init__(self, house: House) -> None:
        """Watch this house."""
        self._house = house
        self._listeners: set[asyncio.Event] = set()
        self._poller: asyncio.Task[None] | None = None
        self._closing = False

    async def stream(self) -> AsyncIterator[str]:
        """Yield the text of an event stream, until the server ends or the database is away."""
        mine = asyncio.Event()
        self._listeners.add(mine)
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        poller = self._poller
        try:
            yield _START
            while self._goes_on(poller):
                try:
                    await asyncio.wait_for(mine.wait(), _HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield _HEARTBEAT
                    continue
                mine.clear()
                if self._goes_on(poller):
                    yield _CHANGED
        finally:
            self._listeners.discard(mine)

    def end(self) -> None:
        """End all streams: the server is about to stop, and waits for them."""
        self._closing = True
        self._tell()

    def _goes_on(self, poller: asyncio.Task[None]) -> bool:
        return not self._closing and not poller.done()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener.set()

    async def _poll(self) -> None:
        """Ask for changes while anybody listens. Ends when the database does not answer: pages try again."""
        known = ""
        try:
            while self._listeners and not self._closing:
                mark = await run_in_threadpool(views.change_mark, self._house)
                # The first mark is told too: something may have happened since the page was made.
                if mark != known:
                    self._tell()
                known = mark
                await asyncio.sleep(_POLL_SECONDS)
        except SQLAlchemyError as error:
            log.warning("news_ended", error=str(error)[:200])
        finally:
            # Behind this task's end, so that whoever is woken sees it.
            asyncio.get_running_loop().call_soon(self._tell)

    @asynccontextmanager
    async def serving(self, _app: object) -> AsyncIterator[None]:
        """Live as long as the application is served, as a router's lifespan.

        A server that is told to stop waits for open answers before it tells the application. So the signal
        is heard here too, before the server's own handler.
        """
        loop = asyncio.get_running_loop()
        before: dict[signal.Signals, _Handler] = {}
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):
                    before[number] = handler
                    signal.signal(number, _also(lambda: loop.call_soon_threadsafe(self.end), handler))
        yield
        self.end()
        for number, handler in before.items():
            signal.signal(number, handler)


def _also(first: Callable[[], object], then: _Handler) -> _Handler:
    def handler(number: int, frame: FrameType | None) -> None:
        first()
        then(number, frame)

    return handler
