"""The words of the reply grammar: which phrase is which verb, in English and Spanish. Data only.

Folded (spelling.fold), without apostrophes. How they are read: replies.py.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Verb(StrEnum):
    """What a reply of one of our people asks for."""

    ACK = "ack"
    PASS = "pass"  # noqa: S105  handing a ticket on, no password
    ETA = "eta"
    ONSITE = "onsite"
    HOLD = "hold"
    RELEASE = "release"
    DONE = "done"
    ESC = "esc"
    NOTE = "note"
    UPDATE = "update"
    REOPEN = "reopen"
    TAKE = "take"
    CANCEL = "cancel"
    MERGE = "merge"
    LIST = "list"
    WHO = "who"
    HELP = "help"
    NEW = "new"
    STOP = "stop"
    START = "start"
    UNKNOWN = "unknown"


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORDS: Final[dict[Verb, str]] = {
    Verb.ACK: """
        ack, acked, acknowledge, acknowledged, i got it, i got this, got it, got this, got, have it, i
        have it, ive got it, ive got this, on it, im on it, taking it, taking, ill take it, i take it,
        ill take this, i can take it, mine, its mine, copy, copy that, roger, roger that, will do, omw,
        on my way, heading there, heading over, yo voy, voy, voy en camino, en camino, lo tengo, lo
        tomo, yo lo tomo, recibido, entendido, es mio, me encargo
    """,
    Verb.PASS: """
        pass, pls pass, cant, can not, cannot, i cant, i cannot, unable, not me, not available,
        unavailable, busy, im busy, im out, sick, im sick, no puedo, yo no puedo, paso, ocupado, estoy
        ocupado
    """,
    Verb.ETA: """
        eta, my eta, new eta, etas, arriving, arrive, arrival, be there, ill be there, will be there, be
        there by, there in, ill be in, llego, llegamos, llegare, llegada, tech eta, the eta
    """,
    Verb.ONSITE: """
        onsite, on site, on scene, at site, at the site, at store, at the store, arrived, ive arrived, i
        arrived, we arrived, im here, were here, we are here, i am here, just arrived, just got here,
        tech onsite, tech on site, tech is here, en sitio, en el sitio, llegue, ya llegue, ya llegamos,
        estoy aqui, ya estoy aqui, ya estoy, here, aqui
    """,
    Verb.HOLD: """
        hold, on hold, put on hold, pause, waiting for, waiting on, en espera, espera, pausa
    """,
    Verb.RELEASE: """
        release, resume, unhold, off hold, unpause, end hold, hold over, seguir, reanudar, sigue
    """,
    Verb.DONE: """
        done, all done, its done, fixed, all fixed, its fixed, complete, completed, job complete, job
        done, resolved, finished, repaired, listo, ya listo, todo listo, terminado, hecho, arreglado,
        reparado, quedo listo
    """,
    Verb.ESC: """
        esc, escalate, escalating, pls escalate, please escalate, escalar, escala, escalalo
    """,
    Verb.NOTE: "note, notes, nota",
    Verb.UPDATE: """
        update, tell store, tell the store, tell customer, tell the customer, avisa, avisar, avisa al
        cliente, avisa a la tienda
    """,
    Verb.REOPEN: "reopen, re open, undo, reabrir, reabre, deshacer",
    Verb.TAKE: "take, take over, takeover, i take over, ill take over, tomar, tomo, me lo llevo",
    Verb.CANCEL: "cancel, cancelar, cancela",
    Verb.MERGE: "merge, fusionar, fusiona",
    Verb.LIST: "list, my list, my tickets, tickets, lista, mis tickets",
    Verb.WHO: """
        who, who is on, whos on, who is on call, whos on call, who is oncall, quien, quien esta de
        guardia
    """,
    Verb.HELP: "help, cmds, cmd, commands, command, ayuda, comandos, ?, info",
    Verb.NEW: "new ticket, new, nuevo ticket, ticket nuevo, nuevo",
}
PHRASES: Final = MappingProxyType(
    {tuple(phrase.split()): verb for verb, listed in _WORDS.items() for phrase in listed.split(",")},
)
"""The words of each phrase, and its verb."""

LONGEST: Final = max(map(len, PHRASES))

WEAK_ACK: Final = _listed("1 a y yes yep yeah yup ok okay k si vale sure oui")
"""A yes only when nothing else is said: "ok what store is this?" must not stop an escalation."""

WEAK_PASS: Final = _listed("2 no nope n")
EVERYTHING: Final = _listed("all everything todo todos todas both")

POLITE: Final = _listed(
    """
    hi hey hello hola please pls thanks thank thx you gracias sorry sir boss team right away now here
    there im i am ill will me it this that one ok okay sure y yes yep and is on do go going the ya ahora
    lo para por favor copy got guys mate tonight
    """,
)
"""Words that add nothing to a yes."""

POLITE_FIRST: Final = _listed("hi hey hello hola please pls sorry ticket no.")
POLITE_ALONE: Final = _listed("pls please thanks thx now tonight today ? por favor ahora")

UNITS: Final = _listed(
    "h hr hrs hour hours m min mins minute minutes am pm of more guys techs men people days day pcs x",
)
"""What follows a 2 that is a number, not "can't"."""

HOLD_REASONS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("waiting_parts", _listed("part parts pieza piezas repuesto repuestos material delivery supplier")),
    ("no_access", _listed("access acceso locked closed key keys keyholder llave cerrado cerrada entry")),
    (
        "waiting_customer",
        _listed("customer client store approval approve quote answer cliente tienda aprobacion nte manager"),
    ),
)
