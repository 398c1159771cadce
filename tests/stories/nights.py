"""Nights that many tests begin with: each is lived through once, and towns of their own go on from it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from app.rulebook.revision import Rulebook
from app.store.engine import connect
from tests.stories.town import Town, town

Copied = Callable[[str], AbstractContextManager[str]]


@dataclass(frozen=True)
class Night:
    """How a town was left: the name of its database, the file of its phones, and when."""

    database: str
    phones: Path
    at: datetime


class Nights:
    """Towns that go on from others, which stay as they are."""

    def __init__(self, copied: Copied, rulebook: Rulebook, folder: Path) -> None:
        self._copied = copied
        self._rulebook = rulebook
        self._folder = folder
        self._files = 0

    @contextmanager
    def after(self, night: Night) -> Iterator[Town]:
        """Build a town that is as another was left."""
        with self._copied(night.database) as url, self._on(url, night) as (place, _):
            yield place

    @contextmanager
    def lived(self, before: Night, happens: Callable[[Town], None]) -> Iterator[Night]:
        """Let something happen after a night, for others to go on from."""
        with self._copied(before.database) as url:
            with self._on(url, before) as (place, phones):
                happens(place)
                at = place.clock.at
            yield Night(str(make_url(url).database), phones, at)

    @contextmanager
    def _on(self, url: str, night: Night) -> Iterator[tuple[Town, Path]]:
        self._files += 1
        phones = self._folder / f"{self._files}.jsonl"
        if night.phones.exists():
            shutil.copy(night.phones, phones)
        engine = connect(url)
        try:
            with town(engine, self._rulebook, at=night.at, phones=phones) as place:
                yield place, phones
        finally:
            engine.dispose()
