"""The door to the inbox: a writer thread that takes all waiting webhook requests into one commit.

Group commit needs no added delay: whatever came in while the last commit ran is the next batch. Requests are
answered only after their commit (promise 1). Large ones, mails with pictures, have a second writer with a
connection of its own: a text message must not wait for megabytes. What must not live here: verification,
meaning.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from app.domain.message import Inbound, InboundKind
from app.ports import Accepted, StorageUnavailableError
from app.store import inbox as inbox_store
from app.store import records
from app.store.engine import is_unavailable
from app.usecases import tracing
from app.usecases.house import House

log = structlog.get_logger()

_BATCH = 256
_BATCH_BYTES = 64 * 2**20
_LARGE = 256 * 2**10
_REFUSALS_WAITING = 1000


@dataclass(slots=True)
class _Job:
    items: list[Inbound]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[list[Accepted]]


@dataclass(frozen=True, slots=True)
class _Refusal:
    subject: str
    detail: Mapping[str, str]


class InboxWriter:
    """Implements ports.Acceptor. `start` before use, `stop` when the server ends."""

    def __init__(self, house: House) -> None:
        """Write with this house's database."""
        self._house = house
        self._queue: SimpleQueue[_Job | _Refusal | None] = SimpleQueue()
        self._large: SimpleQueue[_Job | _Refusal | None] = SimpleQueue()
        self._threads = [
            Thread(target=self._run, args=(self._queue,), name="inbox-writer", daemon=True),
            Thread(target=self._run, args=(self._large,), name="inbox-writer-large", daemon=True),
        ]

    def start(self) -> None:
        """Start the writer threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Write what is waiting, then end the threads."""
        self._queue.put(None)
        self._large.put(None)
        for thread in self._threads:
            thread.join(timeout=30)

    async def accept(self, items: list[Inbound]) -> list[Accepted]:
        """Store all items in one commit; see ports.Acceptor."""
        loop = asyncio.get_running_loop()
        job = _Job(items, loop, loop.create_future())
        (self._large if _size(job) > _LARGE else self._queue).put(job)
        return await job.answer

    async def refuse(self, *, reason: str, path: str, remote: str, detail: dict[str, str]) -> None:
        """Record a stranger's request; under a flood of them the surplus is only logged."""
        log.warning("webhook_refused", reason=reason, path=path, remote=remote)
        if self._queue.qsize() < _REFUSALS_WAITING:
            self._queue.put(_Refusal(path[:200], {**detail, "reason": reason, "remote": remote}))

    def _run(self, queue: SimpleQueue[_Job | _Refusal | None]) -> None:
        while True:
            first = queue.get()
            waiting, ended = [first], first is None
            size = _size(first)
            while len(waiting) < _BATCH and size < _BATCH_BYTES and not ended:
                try:
                    item = queue.get_nowait()
                except Empty:
                    break
                waiting.append(item)
                size += _size(item)
                ended = item is None
            self._write(
                [item for item in waiting if isinstance(item, _Job)],
                [item for item in waiting if isinstance(item, _Refusal)],
            )
            if ended:
                return

    def _write(self, jobs: list[_Job], refusals: list[_Refusal]) -> None:
        try:
            answers = self._store(jobs, refusals)
        except Exception as error:  # noqa: BLE001 - one bad item must not refuse the others
            if is_unavailable(error):  # trying one by one would keep all of them waiting, each for a time-out
                log.error("inbox_unavailable", error=repr(error)[:500])  # noqa: TRY400 - the same trace each time
                for job in jobs:
                    _reject(job, StorageUnavailableError("the database is away; try again"))
                return
            if len(jobs) == 1 and not refusals:
                self._fail(jobs[0], error)
                return
            for job in jobs:
                self._write([job], [])
            for refusal in refusals:
                with contextlib.suppress(SQLAlchemyError):
                    self._store([], [refusal])
            return
        _resolve(jobs, answers)
        self._wake(jobs)

    def _wake(self, jobs: list[_Job]) -> None:
        kinds = {item.kind == InboundKind.RECEIPT for job in jobs for item in job.items}
        if False in kinds:
            self._house.wake("inbox")
        if True in kinds:
            self._house.wake("receipts")

    def _fail(self, job: _Job, error: Exception) -> None:
        """Store one item without the characters that PostgreSQL refuses, or say 'later'."""
        try:
            clean = _Job([_storable(item) for item in job.items], job.loop, job.answer)
            (answer,) = self._store([clean], [])
        except Exception as again:  # noqa: BLE001 - whatever it was, the provider posts it again
            log.error("inbox_unavailable", error=repr(error), again=repr(again))  # noqa: TRY400 - both in a line
            _reject(job, StorageUnavailableError("the database cannot store this now; try again"))
            return
        _resolve([job], [answer])
        self._wake([clean])

    def _store(self, jobs: list[_Job], refusals: list[_Refusal]) -> list[list[Accepted]]:
        ids = self._house.ids
        rows = [[(ids.next(), item) for item in job.items] for job in jobs]
        now = self._house.clock.now()
        flat = [pair for job_rows in rows for pair in job_rows]
        self._house.reach("inbox.received")
        with self._begin(alone=not refusals) as connection:
            stored = inbox_store.store(connection, flat) if flat else set()
            records.add_audit(
                connection,
                [
                    records.AuditEntry(
                        id=ids.next(),
                        at=now,
                        kind="webhook_refused",
                        subject=refusal.subject,
                        detail=_clean(dict(refusal.detail)),
                    )
                    for refusal in refusals
                ],
            )
        self._house.reach("inbox.stored")
        tracing.stored(self._house, [pair for pair in flat if pair[0] in stored])
        return [
            [Accepted.NEW if row_id in stored else Accepted.DUPLICATE for row_id, _ in job_rows]
            for job_rows in rows
        ]

    def _begin(self, *, alone: bool) -> AbstractContextManager[Connection]:
        """Return a transaction, or a connection without one for a statement that is `alone`.

        Such a statement is its own transaction, and saves the server's answers to BEGIN and COMMIT.
        """
        if alone:
            return self._house.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return self._house.begin()


def _size(item: _Job | _Refusal | None) -> int:
    return sum(len(i.raw) for i in item.items) if isinstance(item, _Job) else 0


def _resolve(jobs: Sequence[_Job], answers: Sequence[list[Accepted]]) -> None:
    """Give each request its answer; the server's loop is called once, for a call costs as much as a row."""

    def set_results() -> None:
        for job, answer in zip(jobs, answers, strict=True):
            if not job.answer.done():
                job.answer.set_result(answer)

    if jobs:
        with contextlib.suppress(RuntimeError):  # the loop has ended; the messages are stored all the same
            jobs[0].loop.call_soon_threadsafe(set_results)


def _reject(job: _Job, error: Exception) -> None:
    def set_exception() -> None:
        if not job.answer.done():
            job.answer.set_exception(error)

    with contextlib.suppress(RuntimeError):
        job.loop.call_soon_threadsafe(set_exception)


def _storable(item: Inbound) -> Inbound:
    """Return the request without NUL and lone surrogates in its text fields; `raw` keeps every byte."""
    return replace(
        item,
        key=_clean_text(item.key),
        sender=_clean_text(item.sender),
        recipient=_clean_text(item.recipient),
        payload=_clean(item.payload),
    )


def _clean(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, dict):
        return {_clean_text(str(k)): _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    return value


def _clean_text(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
