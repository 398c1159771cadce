"""The commands of `closeloop rules`. Each imports what it needs, so that `closeloop --help` starts at once.

What must not live here: what a rulebook is (rulebook/), what is done with it (usecases/).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.learn_cli import learn
from app.revisions_cli import replayed, revisions_cli

if TYPE_CHECKING:
    from app.domain.directory import Directory
    from app.rulebook.revision import Rulebook

rules_cli = typer.Typer(help="The rulebook.", no_args_is_help=True)
rules_cli.command("learn")(learn)
rules_cli.add_typer(revisions_cli)

# Each command that reads a rulebook takes its folders in both ways.
Folders = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FOLDER", help="The rulebook's folder; default: CLOSELOOP_RULES."),
]
Rulebooks = Annotated[
    list[Path] | None, typer.Option("--rulebook", metavar="FOLDER", help="The same, by name.")
]


def _folders(*given: list[Path] | None) -> list[Path]:
    from app.settings import read_settings

    return [folder for folders in given for folder in folders or ()] or list(read_settings().rules)


def _book(folders: list[Path]) -> Rulebook:
    from app.rulebook.revision import load

    return load(*folders)


def _warn(book: Rulebook, folders: list[Path]) -> None:
    from app.rulebook.examples import warnings_of
    from app.rulebook.sources import read_folders

    for warning in warnings_of(book, read_folders(folders)):
        typer.echo(f"warning: {warning}", err=True)


@rules_cli.command("check")
def check(folders: Folders = None, rulebook: Rulebooks = None) -> None:
    """Check the rulebook: every error with file, line and reason; whether somebody fills each role."""
    from app.documents import DocumentError
    from app.rulebook.sources import read_folders
    from app.usecases.rule_names import unknown_names

    given = _folders(folders, rulebook)
    book = _book(given)
    _warn(book, given)
    directory = _directory()
    if directory is None:
        typer.echo("note: there is no directory here, so nobody was asked who fills the roles.", err=True)
    else:
        sources = read_folders(given)
        wrong = [
            sources[name.file].document.problem(name.path, name.message)
            for name in unknown_names(book, directory)
        ]
        if wrong:
            raise DocumentError(wrong)
    typer.echo(f"The rulebook is sound. Revision {book.hash[:12]}.")


def _directory() -> Directory | None:
    """Return the directory, if there is a database already; none is made for a check."""
    from app import bootstrap
    from app.settings import read_settings
    from app.store import directory as store
    from app.store import schema

    settings = read_settings()
    if not settings.database_url and not (settings.home / "postgres").is_dir():
        return None
    with bootstrap.database(settings) as engine:
        if schema.current(engine) is None:
            return None  # a server that was made and never used: as good as none
        schema.ensure_current(engine)
        with engine.begin() as connection:
            try:
                return store.read_directory(connection)
            except store.DirectoryEmptyError:
                return None


@rules_cli.command("schema")
def schema(
    file: Annotated[str, typer.Argument(help="routing, words, sla, ...; all of them without it.")] = "",
    write: Annotated[Path | None, typer.Option(help="Write NAME.schema.json files into this folder.")] = None,
) -> None:
    """Print the JSON Schemas of the rulebook's files, for editors that check while one types."""
    import json

    from app.documents import nearest
    from app.domain.errors import CloseloopError
    from app.rulebook.editor_schema import schemas
    from app.terminal import put_text

    known = schemas()
    if file and file not in known:
        raise CloseloopError(f"there is no file {file!r} in a rulebook{nearest(file, known)}")
    if write is not None:
        for name, content in known.items():
            target = write / f"{name}.schema.json"
            put_text(target, json.dumps(content, indent=2) + "\n")
            typer.echo(str(target))
        return
    typer.echo(json.dumps(known[file] if file else known, indent=2))


@rules_cli.command("test")
def examples(folders: Folders = None, rulebook: Rulebooks = None) -> None:
    """Try the examples that the rules carry: each has to come out as its rule says."""
    from app.rulebook.examples import count_examples, run_examples

    given = _folders(folders, rulebook)
    book = _book(given)
    _warn(book, given)
    failures = run_examples(book)
    for failure in failures:
        typer.echo(str(failure))
    count = count_examples(book)
    typer.echo(f"{count} examples: {f'{len(failures)} wrong' if failures else 'all as written'}.")
    raise typer.Exit(1 if failures else 0)


@rules_cli.command("score")
def score(
    file: Annotated[Path, typer.Argument(help="A CSV file of labelled messages.")],
    folders: Folders = None,
    rows: Annotated[bool, typer.Option("--rows", help="Print a JSON line for each row instead.")] = False,
    rulebook: Rulebooks = None,
) -> None:
    """Print how well the rulebook rates labelled messages, as tables of what was taken for what."""
    import json

    from app.rulebook.score import compare, markdown, read_rows
    from app.rulebook.score import score as predictions

    table = read_rows(file, labelled=not rows)
    said = predictions(_book(_folders(folders, rulebook)), table)
    if rows:
        for prediction in said:
            sys.stdout.write(json.dumps(prediction.row(), ensure_ascii=False) + "\n")
        return
    typer.echo(markdown(compare(table, said)))


@rules_cli.command("explain")
def explain(ticket: Annotated[int, typer.Option(help="The ticket's number.")]) -> None:
    """Tell why a ticket was decided as it was: which rules were tried, what they saw, which matched."""
    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema
    from app.usecases.why_ticket import explained, lines

    with bootstrap.database(read_settings()) as engine:
        schema.ensure_current(engine)
        found = explained(engine, ticket)
    for line in lines(found):
        typer.echo(line)


@rules_cli.command("try")
def try_(
    text: Annotated[str, typer.Argument(help="The message.")],
    folders: Folders = None,
    *,
    sender: Annotated[str, typer.Option("--from", help="Whose phone or mailbox it comes from.")],
    channel: Annotated[str, typer.Option(help="sms, mail or voice.")] = "",
    subject: Annotated[str, typer.Option(help="The mail's subject.")] = "",
    at: Annotated[str, typer.Option(help="At this instant, such as 2026-06-09T06:11:00Z.")] = "",
    rulebook: Rulebooks = None,
) -> None:
    """Show all that a message would lead to: ticket, people with times, texts, clocks. Nothing is sent."""
    from app import bootstrap
    from app.domain.instants import parse_instant
    from app.settings import read_settings
    from app.store import schema
    from app.usecases.trial import channel_of, try_message
    from app.usecases.trial_words import lines

    settings = read_settings()
    now = parse_instant(at) if at else bootstrap.SystemClock().now()
    with bootstrap.database(settings) as engine:
        schema.ensure_current(engine)
        house = bootstrap.build_house(settings, engine, _book(_folders(folders, rulebook)))
        tried = try_message(
            house,
            house.rulebook,
            text=text,
            sender=sender,
            channel=channel_of(channel, sender),
            subject=subject,
            now=now,
        )
    for line in lines(tried):
        typer.echo(line)


@rules_cli.command("replay")
def replay(
    folders: Folders = None,
    *,
    since: Annotated[str, typer.Option(help="Since this date or instant, such as 2026-07-01.")],
    rulebook: Rulebooks = None,
    picture: Annotated[Path, typer.Option(help="Where the picture is written.")] = Path("replay.svg"),
    rows: Annotated[int, typer.Option(help="How many differing tickets are listed at most.")] = 50,
) -> None:
    """Run a changed rulebook over the stored history, sending nothing, and tell what would have differed."""
    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema
    from app.usecases.sla_audit import since_instant

    settings = read_settings()
    with bootstrap.database(settings) as engine:
        schema.ensure_current(engine)
        house = bootstrap.build_house(settings, engine, bootstrap.rulebook_in_force(settings, engine))
        new = _book(_folders(folders, rulebook))
        replayed(house, house.rulebook, new, since_instant(engine, since), rows=rows, picture=picture)
