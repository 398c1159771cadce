"""An application that has our webhooks and nothing else."""

from __future__ import annotations

from fastapi import FastAPI
from memory import FixedClock, MemoryCalls, MemoryInbox
from signing_by_hand import ACCOUNT, BASE, BASIC, NUMBER, OTHER_TOKEN, PUBLIC, TOKEN

from app.inbound.config import InboundConfig
from app.inbound.routes import InboundDoors, doors

CONFIG = InboundConfig(
    public_base_url=BASE,
    twilio_account_sid=ACCOUNT,
    twilio_auth_tokens=(TOKEN, OTHER_TOKEN),
    twilio_numbers=(NUMBER,),
    sendgrid_event_public_keys=(PUBLIC,),
    sendgrid_parse_basic=BASIC,
    inbound_domain="inbound.example.com",
)


def app_of(config: InboundConfig, inbox: MemoryInbox, calls: MemoryCalls | None = None) -> FastAPI:
    app = FastAPI()
    known = calls or MemoryCalls()
    app.add_middleware(InboundDoors, doors=doors(config, inbox, FixedClock(), known))
    return app
