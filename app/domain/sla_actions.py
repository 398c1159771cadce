"""What a warning and a breach of an SLA clock set off: whom to tell, the next level, a higher priority.

Written in rules/sla.yaml beside the targets, and stamped on a ticket together with them. What must not live
here: the clocks (sla.py), carrying an action out (thresholds.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from app.domain.classification import PRIORITIES
from app.domain.directory import Role
from app.domain.errors import CloseloopError
from app.domain.fields import items, keyed, mapping, nearest, shown

ASSIGNEE: Final = "assignee"
WARNING, BREACH = "on_warning", "on_breach"
ON: Final = (WARNING, BREACH)
_KEYS: Final = ("tell", "escalate", "raise_priority")
_WHO: Final = (
    ASSIGNEE,
    *(role.value for role in (Role.ACCOUNT_MANAGER, Role.SERVICE_MANAGER, Role.DUTY_MANAGER)),
)
_NAMED: Final = ("person", "schedule")


class ActionError(CloseloopError):
    """What follows from a warning or a breach is not written as it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What follows: `tell` are targets (a role, person:KEY, schedule:NAME, or `assignee`, whoever has it).

    `escalate` asks the next level of the ladder at once; `raise_priority` is the least priority that the
    ticket has from then on, empty for no change.
    """

    tell: tuple[str, ...] = ()
    escalate: bool = False
    raise_priority: str = ""


# What follows when nothing else is written, and what followed before anything could be.
_DEFAULTS: Final = {WARNING: Action(tell=(ASSIGNEE,)), BREACH: Action(tell=(Role.DUTY_MANAGER.value,))}


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions of a policy, by `on_warning` or `on_breach` and by metric; the default where none is."""

    found: Mapping[str, Mapping[str, Action]] = field(default_factory=dict)

    def of(self, metric: str, *, breach: bool) -> Action:
        """Return what follows from a warning, or from the breach, of a metric's clock."""
        on = BREACH if breach else WARNING
        return self.found.get(on, {}).get(metric, _DEFAULTS[on])

    def document(self) -> dict[str, object]:
        """Return the actions as JSON has them, each key written out; `stamped_actions` reads it."""
        return {
            on: {
                metric: {
                    "tell": list(action.tell),
                    "escalate": action.escalate,
                    "raise_priority": action.raise_priority,
                }
                for metric, action in by_metric.items()
            }
            for on, by_metric in self.found.items()
        }


def policy_actions(policy: Mapping[str, object], *, where: str) -> Actions:
    """Return the actions of a policy as people write it, one for each metric that has a target.

    `on_warning` and `on_breach` stand in the policy, for all its metrics, or in a target, for that one. A key
    that is not given in a target is taken from the policy, one that is not given there is the default: a
    warning tells the assignee, a breach the duty manager. Raises ActionError and FieldError with the key.
    """
    targets = mapping(policy.get("targets", {}), f"{where}.targets")
    found: dict[str, dict[str, Action]] = {}
    for on in ON:
        general = _read(policy.get(on, {}), _DEFAULTS[on], f"{where}.{on}")
        found[on] = {}
        for metric, target in targets.items():
            own = target.get(on, {}) if isinstance(target, Mapping) else {}
            found[on][metric] = _read(own, general, f"{where}.targets.{metric}.{on}")
    return Actions(found)


def stamped_actions(document: object) -> Actions:
    """Return what `Actions.document` wrote; the defaults for None: older policies were kept without."""
    if document is None:
        return Actions()
    return Actions(
        {
            on: {
                metric: _read(action, _DEFAULTS[on], f"actions.{on}.{metric}")
                for metric, action in mapping(by_metric, f"actions.{on}").items()
            }
            for on, by_metric in keyed(document, "actions", optional=ON).items()
        },
    )


def bare_policy(policy: Mapping[str, object]) -> dict[str, object]:
    """Return a policy as people write it without its actions: what `parse_policy` understands."""
    bare = {key: value for key, value in policy.items() if key not in ON}
    targets = policy.get("targets")
    if isinstance(targets, Mapping):
        bare["targets"] = {
            metric: {key: value for key, value in target.items() if key not in ON}
            if isinstance(target, Mapping)
            else target
            for metric, target in targets.items()
        }
    return bare


def _read(doc: object, general: Action, where: str) -> Action:
    found = keyed(doc, where, optional=_KEYS)
    tell = general.tell
    if "tell" in found:
        place = f"{where}.tell"
        tell = tuple(_target(item, f"{place}[{i}]") for i, item in enumerate(items(found["tell"], place)))
    escalate = found.get("escalate", general.escalate)
    if not isinstance(escalate, bool):
        raise ActionError(f"{where}.escalate: {shown(escalate)} is neither true nor false")
    priority = found.get("raise_priority", general.raise_priority)
    if priority != "" and priority not in PRIORITIES:
        hint = nearest(str(priority), PRIORITIES)
        raise ActionError(f"{where}.raise_priority: unknown priority {shown(priority)}{hint}")
    return Action(tell=tell, escalate=escalate, raise_priority=str(priority))


def _target(value: object, where: str) -> str:
    kind, colon, name = value.partition(":") if isinstance(value, str) else ("", "", "")
    if value in _WHO or (colon and kind in _NAMED and name.strip()):
        return str(value)
    raise ActionError(f"{where}: nobody is called {shown(value)}{nearest(str(value), _WHO)}")
