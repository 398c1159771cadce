"""`closeloop rules apply`, `rollback`, `revisions`, `show` and `diff`: which rulebook is in force.

Like the whole command line it imports what a command needs when it runs. What must not live here: how a
change is found and applied (usecases/rule_changes.py), what it would have done (usecases/replay.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from app.rulebook.revision import Rulebook
    from app.usecases.house import House

_DAYS: Final = 30  # how far back `apply` looks

revisions_cli = typer.Typer()


@revisions_cli.command("apply")
def apply(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="FOLDER", help="The rulebook's folder.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Apply it without asking.")] = False,
    person: Annotated[str, typer.Option(help="Who applies it; default: the name of this login.")] = "",
    rulebook: Annotated[
        list[Path] | None, typer.Option("--rulebook", metavar="FOLDER", help="The same, by name.")
    ] = None,
) -> None:
    """Make a rulebook the one in force, for every node at once, after showing what that changes."""
    from app.rulebook.revision import load

    given = [*(folders or ()), *(rulebook or ())]
    if not given:
        raise typer.BadParameter("say which: closeloop rules apply FOLDER", param_hint="FOLDER")
    _apply(lambda _engine: load(*given), person=person, yes=yes)


@revisions_cli.command("rollback")
def rollback(
    revision: Annotated[str, typer.Argument(help="The beginning of the revision's hash.")],
    yes: Annotated[bool, typer.Option("--yes", help="Go back without asking.")] = False,
    person: Annotated[str, typer.Option(help="Who does it; default: the name of this login.")] = "",
) -> None:
    """Go back to an earlier revision, after showing what that changes."""
    from app.usecases.rule_changes import kept

    note = f"back to revision {revision[:12]}"
    _apply(lambda engine: kept(engine, revision), person=person, yes=yes, note=note)


def _apply(find: Callable[[Engine], Rulebook], *, person: str, yes: bool, note: str = "") -> None:
    from datetime import timedelta

    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema
    from app.terminal import login
    from app.usecases import rule_changes

    who = person or login()
    settings = read_settings()
    with bootstrap.database(settings) as engine:
        schema.ensure_current(engine)
        new = find(engine)
        house = bootstrap.build_house(settings, engine, bootstrap.rulebook_in_force(settings, engine))
        change = rule_changes.planned(house, new)
        if not change.sentences and change.number:
            typer.echo(f"Revision {new.hash[:12]} is in force already.")
            return
        for sentence in change.sentences:
            typer.echo(f"- {sentence}")
        if not change.sentences:
            typer.echo(
                "It is what the folder has: from now on the database has it, and the folder no longer counts."
            )
        typer.echo("")
        typer.echo(f"In the last {_DAYS} days:")
        replayed(house, change.old, new, house.clock.now() - timedelta(days=_DAYS))
        if not (yes or typer.confirm(f"Apply revision {new.hash[:12]} for every node?")):
            raise typer.Exit(1)
        rule_changes.apply(house, change, who, note)
    typer.echo(f"Revision {new.hash[:12]} is in force.")


@revisions_cli.command("revisions")
def revisions() -> None:
    """List the revisions that were applied, newest first, and those that were only used."""
    with _opened() as engine:
        from app.store import applied as store

        with engine.begin() as connection:
            history, kept = store.history(connection), store.kept(connection)
    for index, applied in enumerate(history):
        mark = "in force" if index == 0 else ""
        when = f"{applied.at:%Y-%m-%d %H:%M} UTC"
        first = applied.changes[0] if applied.changes else "nothing new"
        more = f" (+{len(applied.changes) - 1} more)" if len(applied.changes) > 1 else ""
        typer.echo(f"{applied.number:>4}  {applied.hash[:12]}  {when}  {applied.by}  {mark}  {first}{more}")
    known = {applied.hash for applied in history}
    for digest, at in kept:
        if digest not in known:
            typer.echo(f"   -  {digest[:12]}  {at:%Y-%m-%d %H:%M} UTC  first used, from a folder")
    if not history:
        typer.echo("No revision was applied yet: each node follows its folder.")


@revisions_cli.command("show")
def show(revision: Annotated[str, typer.Argument(help="The beginning of the revision's hash.")]) -> None:
    """Print the files of a revision."""
    import yaml

    from app.rulebook.differences import learned_from
    from app.rulebook.learned import FILE
    from app.rulebook.learned import NAME as LEARNED
    from app.usecases.rule_changes import kept

    with _opened() as engine:
        document = kept(engine, revision).document
    files = document["files"]
    for name, content in sorted(files.items()) if isinstance(files, dict) else ():
        if name == LEARNED:
            typer.echo(f"# --- {FILE}: {learned_from(content)}")
            continue
        typer.echo(f"# --- {name}.yaml")
        typer.echo(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110))


@revisions_cli.command("diff")
def diff(
    old: Annotated[str, typer.Argument(help="The beginning of a revision's hash.")],
    new: Annotated[str, typer.Argument(help="The beginning of another one's.")],
) -> None:
    """Print in words what one revision has otherwise than another."""
    from app.rulebook.differences import differences
    from app.usecases.rule_changes import kept

    with _opened() as engine:
        sentences = differences(kept(engine, old), kept(engine, new))
    for sentence in sentences:
        typer.echo(f"- {sentence}")
    if not sentences:
        typer.echo("They are the same.")


def replayed(
    house: House, old: Rulebook, new: Rulebook, since: datetime, *, rows: int = 0, picture: Path | None = None
) -> None:
    """Print what `new` would have made of the messages since then that `old` did not, and draw it.

    `rows` is how many of the differing tickets are listed.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from app.terminal import put_text
    from app.usecases.replay import replay as run
    from app.usecases.replay_words import drawn, print_table, summary

    errors = Console(stderr=True)
    columns = (TextColumn("Messages"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, disable=not errors.is_terminal, transient=True) as progress:
        task = progress.add_task("Messages", total=None)
        result = run(
            house,
            old,
            new,
            since,
            keep=rows,
            total=lambda count: progress.update(task, total=count),
            done=lambda count: progress.advance(task, count),
        )
    if rows:
        print_table(result)
    for line in summary(result):
        typer.echo(line)
    if picture is not None:
        put_text(picture, drawn(result))
        typer.echo(f"The picture is in {picture}.")


@contextmanager
def _opened() -> Iterator[Engine]:
    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema

    with bootstrap.database(read_settings()) as engine:
        schema.ensure_current(engine)
        yield engine
