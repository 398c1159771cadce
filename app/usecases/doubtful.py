"""Messages that may be out already, because an answer was lost or a node died.

They are looked up before they are sent again (docs/adr/0015-doubtful-sends.md). What must not live here: when
that is (delivery.py), what a receipt says of them (receipts.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from app.domain.delivery import DeliveryStatus, same_text
from app.domain.message import Channel
from app.ports import Found, GatewayError, Sent
from app.store import outbox as outbox_store
from app.store.outbox import PAGE, Claimed
from app.usecases.gateways import Gateways
from app.usecases.house import House

log = structlog.get_logger()

_CLOCKS_DIFFER = timedelta(minutes=2)
"""By how much a provider's clock may be behind ours."""


def went_out(message: Claimed) -> bool:
    """Return whether the provider has spoken of the message since: then it has it."""
    return message.status not in ("", DeliveryStatus.UNKNOWN)


def look(house: House, gateways: Gateways, message: Claimed) -> Sent | None:
    """Return a doubtful message as the provider has it, None if it is to be sent.

    Raises GatewayError when the provider does not say: what is no page then waits. A page does not: better
    twice than never. A mail cannot be looked up; sent twice, both have one Message-ID.
    """
    if message.status != DeliveryStatus.UNKNOWN or message.channel == Channel.EMAIL:
        return None
    gateway = gateways.calls if message.channel == Channel.VOICE else gateways.sms
    try:
        listed = gateway.recent(message.address, message.created_at - _CLOCKS_DIFFER)
    except GatewayError as error:
        log.warning("doubt_remains", outbox_id=message.id, code=error.code, trouble=error.trouble)
        if message.rank == PAGE:
            return None
        raise
    found = _own(house, message, listed)
    log.info("doubt_resolved", outbox_id=message.id, went_out=found is not None)
    # Whatever it has come to since, the next look at what is unheard finds out.
    return None if found is None else Sent(provider_id=found.provider_id, status=DeliveryStatus.QUEUED)


def _own(house: House, message: Claimed, listed: Sequence[Found]) -> Found | None:
    """Return the one that can only be this message: same text, and no other message of ours is it.

    A call that is over is none: its end, as far as we know, reached nobody.
    """
    spoken = message.channel == Channel.VOICE
    alike = [f for f in listed if (not f.over if spoken else same_text(message.body, f.text))]
    if not alike:
        return None
    with house.begin() as connection:
        known = outbox_store.by_provider_ids(connection, {found.provider_id for found in alike})
    return next((f for f in alike if known.get(f.provider_id, message.id) == message.id), None)
