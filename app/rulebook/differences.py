"""What is different between two rulebooks, in words: which rules, lists, ladders, policies, calendars, texts.

What must not live here: what the difference does to messages (usecases/replay.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from app.rulebook.revision import Rulebook

_STAGES: Final = ("life_safety", "trade", "learned_trade", "priority", "learned_priority", "tags", "route")
_NAMED: Final = (
    ("words", "lists", "word list"),
    ("escalation", "ladders", "ladder"),
    ("sla", "policies", "SLA policy"),
    ("calendars", "calendars", "calendar"),
)
_LONGEST: Final = 160


def differences(old: Rulebook, new: Rulebook) -> list[str]:
    """Return what `new` has otherwise than `old`, a sentence each; none when they are the same."""
    if old == new:
        return []
    before, after = _files(old), _files(new)
    found = list(_rules(before.get("routing", {}), after.get("routing", {})))
    for file, key, what in _NAMED:
        found += _entries(what, _mapping(before, file, key), _mapping(after, file, key))
    found += _rest(before, after)
    found += _learned(before.get("learned"), after.get("learned"))
    for file in sorted({*before, *after}):
        if file.startswith("texts/"):
            what = f"text ({file.removeprefix('texts/')})"
            found += _entries(what, before.get(file, {}), after.get(file, {}))
    found += _reasons(before.get("breach_reasons", {}), after.get("breach_reasons", {}))
    return found or ["the order of what is written, or its holidays"]


def _rules(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    for stage in _STAGES:
        before, after = _by_name(old.get(stage)), _by_name(new.get(stage))
        for name in before.keys() - after.keys():
            yield f"{stage}: the rule {name!r} is gone"
        for name, rule in after.items():
            if name not in before:
                yield f"{stage}: new rule {name!r}: {_outline(rule)}"
            elif rule != before[name]:
                yield from _keys(f"{stage}: {name!r}", before[name], rule)
        kept = [name for name in before if name in after]
        if kept != [name for name in after if name in before]:
            yield f"{stage}: the rules stand in another order"
    for key in ("trades", "alike", "doubted"):
        if old.get(key) != new.get(key):
            yield f"{key}: {_shown(old.get(key))} became {_shown(new.get(key))}"


def _entries(what: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    for name in sorted(old.keys() - new.keys()):
        yield f"{what} {name!r} is gone"
    for name, value in new.items():
        before = old.get(name)
        if name not in old:
            yield f"new {what} {name!r}"
        elif isinstance(value, Mapping) and isinstance(before, Mapping):
            yield from _keys(f"{what} {name!r}", before, value)
        elif isinstance(value, list) and isinstance(before, list):
            yield from _items(f"{what} {name!r}", before, value)
        elif value != before:
            yield f"{what} {name!r}: {_shown(before)} became {_shown(value)}"


def _keys(where: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if key in ("examples", "counterexamples"):
            yield f"{where}: other {key}"
        elif isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _keys(f"{where}: {key}", before, after)
        elif isinstance(before, list) and isinstance(after, list) and key in ("phrases", "include"):
            yield from _items(f"{where}: {key}", before, after)
        elif before is None:
            yield f"{where}: new {key} {_shown(after)}"
        elif after is None:
            yield f"{where}: {key} {_shown(before)} is gone"
        else:
            yield f"{where}: {key} {_shown(before)} became {_shown(after)}"


def _items(where: str, old: Sequence[object], new: Sequence[object]) -> Iterator[str]:
    more, less = [i for i in new if i not in old], [i for i in old if i not in new]
    if more:
        yield f"{where}: more: {', '.join(map(str, more))}"[:_LONGEST]
    if less:
        yield f"{where}: no longer: {', '.join(map(str, less))}"[:_LONGEST]
    if not more and not less and list(old) != list(new):
        yield f"{where}: another order"


def _rest(old: Mapping[str, Mapping[str, object]], new: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """Yield what differs in the files beside their named entries."""
    named = {file: key for file, key, _ in _NAMED} | {"limits": ""}
    for file, key in named.items():
        for other in sorted({*old.get(file, {}), *new.get(file, {})} - {key}):
            before, after = old.get(file, {}).get(other), new.get(file, {}).get(other)
            if before == after:
                continue
            if isinstance(before, list) and isinstance(after, list):
                yield from _items(f"{file}: {other}", before, after)
            else:
                yield f"{file}: {other} {_shown(before)} became {_shown(after)}"


def _learned(old: Mapping[str, object] | None, new: Mapping[str, object] | None) -> Iterator[str]:
    """Yield in a sentence what differs in the learned words, which are thousands."""
    if old == new:
        return
    if old is None or new is None:
        yield "the learned words are gone" if new is None else f"new learned words: {learned_from(new)}"
        return
    before, after = _mapping({"": old}, "", "words"), _mapping({"": new}, "", "words")
    changed = sum(before[word] != after[word] for word in before.keys() & after.keys())
    counts = (changed, len(after.keys() - before.keys()), len(before.keys() - after.keys()))
    said = [
        f"{count:,} {what}" for count, what in zip(counts, ("changed", "new", "gone"), strict=True) if count
    ]
    yield f"learned words: {', '.join(said) or 'another base'}; {learned_from(new)}"


def learned_from(learned: Mapping[str, object]) -> str:
    """Return what learned words were learned from, in words."""
    source = learned.get("learned_from")
    count = source.get("messages") if isinstance(source, Mapping) else None
    return f"learned from {count:,} messages" if isinstance(count, int) else "learned by other means"


def _reasons(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    before, after = _by_name(old.get("reasons"), "code"), _by_name(new.get("reasons"), "code")
    yield from _entries("breach reason", before, after)


def _files(book: Rulebook) -> dict[str, Mapping[str, object]]:
    files = book.document["files"]
    return (
        {name: data for name, data in files.items() if isinstance(data, Mapping)}
        if isinstance(files, dict)
        else {}
    )


def _mapping(files: Mapping[str, Mapping[str, object]], file: str, key: str) -> Mapping[str, object]:
    found = files.get(file, {}).get(key)
    return found if isinstance(found, Mapping) else {}


def _by_name(rules: object, key: str = "name") -> dict[str, Mapping[str, object]]:
    listed = rules if isinstance(rules, list) else []
    return {str(rule.get(key)): rule for rule in listed if isinstance(rule, Mapping)}


def _outline(rule: Mapping[str, object]) -> str:
    parts = [f"when {rule['when']}" if "when" in rule else "always"]
    skip = ("name", "when", "examples", "counterexamples")
    parts += [f"{key} {_shown(value)}" for key, value in rule.items() if key not in skip]
    return ", ".join(parts)[:_LONGEST]


def _shown(value: object) -> str:
    if isinstance(value, list):
        text = ", ".join(map(_shown, value)) or "none"
    elif isinstance(value, Mapping):
        text = ", ".join(f"{key} {_shown(item)}" for key, item in value.items())
    else:
        text = " ".join(str(value).split()) or "none"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
