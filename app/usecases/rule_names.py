"""Does the rulebook name only people, schedules and roles that somebody fills? Asked of the directory.

What must not live here: what can be checked without a directory (rulebook/).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.documents import nearest
from app.domain.directory import Directory, Role
from app.rulebook.revision import Rulebook
from app.store.directory import DirectoryEmptyError, read_directory
from app.usecases.house import House


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A target that nobody can be: in which file of the rulebook, at which path, and what is wrong."""

    file: str
    path: tuple[str | int, ...]
    message: str

    def __str__(self) -> str:
        return f"{self.file}.yaml: {'.'.join(map(str, self.path))}: {self.message}"


def unknown_names(book: Rulebook, directory: Directory) -> list[UnknownName]:
    """Return each target of ladders and routes that nobody can be, with the nearest name."""
    found: list[UnknownName] = []
    for name, ladder in book.ladders.items():
        for index, level in enumerate(ladder.levels):
            path = ("ladders", name, "levels", index, "notify")
            found += [UnknownName("escalation", path, wrong) for wrong in _wrong(level.notify, directory)]
    for index, rule in enumerate(book.routing.route):
        place = ("route", index, "also_notify")
        found += [UnknownName("routing", place, wrong) for wrong in _wrong(rule.also_notify, directory)]
    return found


def unfilled(house: House, book: Rulebook) -> list[UnknownName]:
    """Return the unknown names as the directory is now; none while nobody is in it yet."""
    with house.begin() as connection:
        try:
            directory = read_directory(connection)
        except DirectoryEmptyError:
            return []
    return unknown_names(book, directory)


def _wrong(targets: Iterable[str], directory: Directory) -> Iterator[str]:
    for target in targets:
        kind, _, name = target.partition(":")
        if kind == "person":
            known = [key for key, person in directory.people.items() if person.active]
            if name not in known:
                yield f"nobody who works here is {name!r}{nearest(name, known)}"
        elif kind == "schedule":
            if name not in directory.schedules:
                yield f"there is no schedule {name!r}{nearest(name, directory.schedules)}"
        elif kind == "team":
            if name not in directory.teams:
                yield f"there is no team {name!r}{nearest(name, directory.teams)}"
        elif not _filled(target, directory):
            yield f"nobody fills the role {target!r}"


def _filled(role: str, directory: Directory) -> bool:
    if role == Role.DUTY_MANAGER:
        return bool(directory.duty)
    if role == Role.ACCOUNT_MANAGER:
        return any(account.manager for account in directory.accounts.values())
    return role != Role.SERVICE_MANAGER or bool(directory.coverage)
