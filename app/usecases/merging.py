"""Two tickets become one: both are changed in the one transaction of a desk.

What must not live here: what each of them then says (domain/merging.py).
"""

from __future__ import annotations

from app.domain import commands as cmd
from app.domain.merging import refusal
from app.domain.ticket import Ticket
from app.usecases.desk import Desk
from app.usecases.wording import Origin


def merge(
    desk: Desk,
    duplicate: Ticket,
    target: Ticket,
    *,
    person: str,
    actor: str,
    origin: Origin | None = None,
) -> str:
    """Fold a loaded ticket into another loaded one; return why not, or an empty text when it is done."""
    why = refusal(duplicate, target)
    if why:
        return why
    into = cmd.MergeInto(actor=actor, person=person, into=target.id, into_number=target.number)
    desk.apply(into, duplicate, origin)
    taken = cmd.MergeIn(
        actor=actor,
        person=person,
        number=duplicate.number,
        first_contact_at=duplicate.first_contact_at,
        text=duplicate.text,
        requester=duplicate.requester,
        life_safety=duplicate.life_safety,
        priority=duplicate.priority,
        ladder=duplicate.ladder if duplicate.life_safety and not target.life_safety else "",
    )
    desk.apply(taken, target, origin)
    return ""
