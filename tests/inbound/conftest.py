from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from memory import FixedClock, MemoryInbox
from serving import Served
from signing_by_hand import ACCOUNT, BASE, BASIC, NUMBER, OTHER_TOKEN, PUBLIC, TOKEN

from app.inbound.config import InboundConfig
from app.inbound.routes import router

CONFIG = InboundConfig(
    public_base_url=BASE,
    twilio_account_sid=ACCOUNT,
    twilio_auth_tokens=(TOKEN, OTHER_TOKEN),
    twilio_numbers=(NUMBER,),
    sendgrid_event_public_keys=(PUBLIC,),
    sendgrid_parse_basic=BASIC,
    inbound_domain="inbound.example.com",
)


def app_of(config: InboundConfig, inbox: MemoryInbox) -> FastAPI:
    app = FastAPI()
    app.include_router(router(config, inbox, FixedClock()))
    return app


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
