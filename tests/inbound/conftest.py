from __future__ import annotations

from collections.abc import Iterator

import pytest
from inbound_app import CONFIG, app_of
from memory import MemoryCalls, MemoryInbox
from serving import Served


@pytest.fixture(scope="session")
def session_inbox() -> MemoryInbox:
    return MemoryInbox()


@pytest.fixture(scope="session")
def session_calls() -> MemoryCalls:
    return MemoryCalls()


@pytest.fixture(scope="session")
def session_served(session_inbox: MemoryInbox, session_calls: MemoryCalls) -> Iterator[Served]:
    with Served(app_of(CONFIG, session_inbox, session_calls)) as served:
        yield served


@pytest.fixture
def calls(session_calls: MemoryCalls) -> MemoryCalls:
    fresh = MemoryCalls()
    for name in ("words", "taken", "broken", "keys"):
        setattr(session_calls, name, getattr(fresh, name))
    return session_calls


@pytest.fixture(autouse=True)
def inbox(session_inbox: MemoryInbox) -> MemoryInbox:
    session_inbox.rows.clear()
    session_inbox.refused.clear()
    session_inbox.down = False
    session_inbox.calls = 0
    return session_inbox


@pytest.fixture
def served(session_served: Served) -> Served:
    return session_served
