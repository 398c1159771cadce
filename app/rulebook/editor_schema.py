"""JSON Schemas of the rulebook's files, for editors: made from the models that the loader checks with.

A schema never refuses what the loader takes; names that other files define (lists, ladders, facts) only the
loader can check. What must not live here: the models (models.py), the loader's own errors (building.py).
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from app.domain.call_texts import SPOKEN_FACTS, SpokenId
from app.domain.sla import Metric
from app.domain.text_facts import FACTS, TextId
from app.rulebook import models
from app.rulebook.learned import QUESTIONS as LEARNED_QUESTIONS
from app.rulebook.selecting import BY_NAME_ONLY, SELECTORS

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_NAMES: Final = {"pattern": "^[a-z][a-z0-9_]*$", "maxLength": 60}

Schema = dict[str, Any]


def schemas() -> dict[str, Schema]:
    """Return the schema of each file by its name without `.yaml`; `texts` is for each file in texts/."""
    found: dict[str, Schema] = {
        "routing": _model(models.Routing),
        "words": _model(models.Dictionary),
        "breach_reasons": _model(models.BreachReasons),
        "calendars": _model(models.Calendars),
        "limits": _model(models.Limits),
        "escalation": _named("ladders", _LADDER),
        "sla": _named("policies", _policy()),
        "texts": _texts(),
        "learned": _LEARNED,
    }
    for name, schema in found.items():
        schema |= {"$schema": _DRAFT, "title": f"Closeloop rulebook: {name}"}
    return found


def _model(model: type[BaseModel]) -> Schema:
    schema: Schema = model.model_json_schema(mode="validation")
    _close(schema)
    return schema


def _close(schema: object) -> None:
    """Let no name stand that the pattern of names does not match: pydantic leaves such keys open."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            _close(part)
    elif isinstance(schema, list):
        for part in schema:
            _close(part)


def _named(key: str, entry: Schema) -> Schema:
    """Return the schema of a file that has entries by name under one key."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key],
        "properties": {
            key: {
                "type": "object",
                "minProperties": 1,
                "propertyNames": _NAMES,
                "additionalProperties": entry,
            }
        },
    }


_LEVEL: Final[Schema] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["notify", "after"],
    "properties": {
        "notify": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "minLength": 1},
            "description": "account_manager, service_manager, duty_manager, person:, team: or schedule:NAME",
        },
        "after": {"type": "string", "description": "how long after the level before, such as 10m"},
        "one_by_one": {"type": "string", "description": "one after the other, so long apart, such as 3m"},
    },
}
_LADDER: Final[Schema] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["levels"],
    "properties": {
        "levels": {"type": "array", "minItems": 1, "items": _LEVEL},
        "repeat": {"type": "integer", "minimum": 0, "description": "how many further rounds"},
        "ack_holds": {
            "type": "string",
            "description": "how long an answer counts without an arrival time or an update, such as 20m",
        },
    },
}


_WEIGHTS: Final[Schema] = {"type": "object", "additionalProperties": {"type": "integer"}}
_LEARNED: Final[Schema] = {
    "type": "object",
    "description": "learned.json, which `closeloop rules learn` writes; nobody edits it by hand",
    "additionalProperties": False,
    "required": ["format", "learned_from", "labels", "words"],
    "properties": {
        "format": {"const": 1},
        "learned_from": {"type": "object"},
        "labels": {
            "type": "object",
            "additionalProperties": False,
            "required": list(LEARNED_QUESTIONS),
            "properties": dict.fromkeys(LEARNED_QUESTIONS, _WEIGHTS),
        },
        "words": {
            "type": "object",
            "additionalProperties": {"type": "string", "pattern": "^[0-9]+( [A-Za-z.]*){3}$"},
        },
    },
}


def _policy() -> Schema:
    selector = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"enum": list(SELECTORS)},
        "additionalProperties": {
            "anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}}]
        },
    }
    return {
        "type": "object",
        "required": ["targets"],
        "properties": {
            "for": {"anyOf": [{"const": BY_NAME_ONLY}, selector]},
            "targets": {
                "type": "object",
                "propertyNames": {"enum": [str(metric) for metric in Metric]},
                "additionalProperties": {"type": "object", "required": ["within"]},
            },
        },
    }


def _texts() -> Schema:
    def entry(text_id: TextId) -> Schema:
        facts = ", ".join(sorted(FACTS[text_id]))
        words = {"type": "string", "pattern": r"\S"}
        return {
            "type": "object",
            "description": f"facts: {facts}",
            "additionalProperties": False,
            "required": ["sms", "subject"],
            "properties": {"sms": words, "subject": words, "mail": words},
        }

    def spoken(text_id: SpokenId) -> Schema:
        return {
            "type": "object",
            "description": f"spoken; facts: {', '.join(sorted(SPOKEN_FACTS[text_id]))}",
            "additionalProperties": False,
            "required": ["say"],
            "properties": {"say": {"type": "string", "pattern": r"\S"}},
        }

    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **{text_id.value: entry(text_id) for text_id in TextId},
            **{text_id.value: spoken(text_id) for text_id in SpokenId},
        },
    }
