from __future__ import annotations

from collections.abc import Iterator

import pytest
from inbound_app import CONFIG, app_of
from memory import MemoryInbox
from serving import Served


@pytest.fixture(scope="session")
def session_inbox() -> MemoryInbox:
    return MemoryInbox()


@pytest.fixture(scope="session")
def session_served(session_inbox: MemoryInbox) -> Iterator[Served]:
    with Served(app_of(CONFIG, session_inbox)) as served:
        yield served


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
