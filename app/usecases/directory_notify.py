"""A person's notification rules and quiet hours as the directory file writes them (docs/directory.md).

What must not live here: what follows from them (domain/notifying.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from app.documents import nearest
from app.domain.classification import PRIORITIES
from app.domain.directory import MethodKind, NotifyStep
from app.domain.instants import DurationError, parse_duration

_KINDS: Final = {"sms": MethodKind.SMS, "call": MethodKind.VOICE, "email": MethodKind.EMAIL}
_LONGEST: Final = timedelta(days=1)
_MOST: Final = 10
_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d) ?- ?([01]\d|2[0-3]):([0-5]\d)\Z")


def _steps(value: object) -> tuple[NotifyStep, ...]:
    if isinstance(value, tuple):
        return value
    found: list[NotifyStep] = []
    written = value if isinstance(value, Mapping) else {}
    if not written:
        raise ValueError("write the steps of each priority, such as {P1: [sms, {call: 2m}]}")
    for priority, steps in written.items():
        if priority not in PRIORITIES:
            raise ValueError(f"unknown priority {priority!r}{nearest(str(priority), PRIORITIES)}")
        if not isinstance(steps, list) or not 0 < len(steps) <= _MOST:
            raise ValueError(f"in {priority}: write one to {_MOST} steps, such as [sms, {{call: 2m}}]")
        read = [_step(priority, step) for step in steps]
        if min(step.after for step in read) > timedelta(0):
            raise ValueError(f"in {priority}: the first step goes at once; write it without a delay")
        found += read
    return tuple(sorted(found, key=lambda step: (step.priority, step.after)))


def _step(priority: str, written: Any) -> NotifyStep:  # noqa: ANN401 - what YAML held
    kind, delay = written, "0m"
    if isinstance(written, Mapping) and len(written) == 1:
        kind, delay = next(iter(written.items()))
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(
            f"in {priority}: {kind!r} is not one of sms, call and email{nearest(str(kind), _KINDS)}"
        )
    try:
        after = parse_duration(delay)
    except DurationError as error:
        raise ValueError(f"in {priority}: {error}") from None
    if after > _LONGEST:
        raise ValueError(f"in {priority}: {delay} is longer than a day")
    return NotifyStep(priority, _KINDS[kind], after)


def _quiet(value: object) -> tuple[time, time] | None:
    if value is None or isinstance(value, tuple):
        return value
    found = _QUIET.match(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r} are no quiet hours; write them like 22:00-07:00")
    begin_hour, begin_minute, end_hour, end_minute = map(int, found.groups())
    begins, ends = time(begin_hour, begin_minute), time(end_hour, end_minute)
    if begins == ends:
        raise ValueError(f"{value!r} is no time at all; leave quiet_hours out for none")
    return begins, ends


Notify = Annotated[tuple[NotifyStep, ...], BeforeValidator(_steps)]
Quiet = Annotated[tuple[time, time] | None, BeforeValidator(_quiet)]
