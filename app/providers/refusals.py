"""What the domain says about a refused message, in the ports' words; and what a broken connection means."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from app.domain.charsets import storable
from app.domain.delivery import UNANSWERED, UNREACHABLE, Reaction, reaction_to_refusal
from app.ports import GatewayError, Trouble

_LONGEST = 300


def refusal(
    provider: str, *, status: int, code: str, message: str, again: timedelta | None = None
) -> GatewayError:
    """Return the error for a request that `provider` answered with HTTP `status` and its own `code`.

    `again` is after how long it wants us again, if it said so.
    """
    said = storable(" ".join(message.split()))[:_LONGEST]
    trouble = trouble_of(reaction_to_refusal(code, status))
    return GatewayError(
        f"{provider} answered {status}: {said}", trouble=trouble, code=code or str(status), again=again
    )


def unreachable(provider: str, error: Exception) -> GatewayError:
    """Return the error for a request that never got there: nothing was sent."""
    return GatewayError(
        f"{provider} cannot be reached: {type(error).__name__}", trouble=Trouble.TRANSIENT, code=UNREACHABLE
    )


def unanswered(provider: str, error: Exception) -> GatewayError:
    """Return the error for a request without a readable answer: it may have been sent."""
    return GatewayError(
        f"{provider} did not answer: {type(error).__name__}", trouble=Trouble.AMBIGUOUS, code=UNANSWERED
    )


def trouble_of(reaction: Reaction) -> Trouble:
    """Return the port's word for `reaction`."""
    match reaction:
        case Reaction.ADDRESS:
            return Trouble.ADDRESS
        case Reaction.OPT_OUT:
            return Trouble.OPT_OUT
        case Reaction.CONTENT | Reaction.EXPIRED:
            return Trouble.CONTENT
        case Reaction.CONFIG:
            return Trouble.CONFIG
        case Reaction.TRANSIENT:
            return Trouble.TRANSIENT
        case Reaction.AMBIGUOUS:
            return Trouble.AMBIGUOUS
    assert_never(reaction)
