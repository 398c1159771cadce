"""What the audit's commands do: a breach gets its why, counts apart, or counts again.

A breach that never happened cannot be explained, and an excused one keeps the reason of its excuse until that
is taken back: such a command changes nothing. What must not live here: which reasons there are (the
rulebook), who may do it (the pages).
"""

from __future__ import annotations

from app.domain import commands as cmd
from app.domain import events as ev
from app.domain.breach_notes import BreachNote, note_of
from app.domain.drafting import Draft
from app.domain.errors import ConflictError


def explain_breach(draft: Draft, command: cmd.ExplainBreach | cmd.ExcuseBreach | cmd.UnexcuseBreach) -> None:
    """Record the why, the excuse, or its end, unless it says what is so already.

    Raises ConflictError when somebody noted something else since whoever says it looked.
    """
    ticket, metric, person = draft.ticket, command.metric, command.person
    if metric not in ticket.breached:
        return
    note = note_of(ticket.breach_notes, metric)
    match command:
        case cmd.ExplainBreach():
            said = (command.reason, command.remark, command.corrective_action)
            if said == (note.reason, note.remark, note.corrective_action):
                return
            _unchanged_since(note, command.seen)
            if note.excused and command.reason != note.reason:
                return
            draft.record(
                ev.BreachExplained(
                    **draft.head(),
                    person=person,
                    metric=metric,
                    reason=command.reason,
                    remark=command.remark,
                    corrective_action=command.corrective_action,
                ),
            )
        case cmd.ExcuseBreach():
            if note.excused and (note.reason, note.excuse_remark) == (command.reason, command.remark):
                return
            _unchanged_since(note, command.seen)
            head, reason, remark = draft.head(), command.reason, command.remark
            draft.record(
                ev.BreachExcused(**head, person=person, metric=metric, reason=reason, remark=remark),
            )
        case cmd.UnexcuseBreach():
            if note.excused:
                _unchanged_since(note, command.seen)
                draft.record(ev.BreachUnexcused(**draft.head(), person=person, metric=metric))


def _unchanged_since(note: BreachNote, seen: str) -> None:
    if seen not in ("", note.mark):
        raise ConflictError
