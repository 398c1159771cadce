"""The commands of `closeloop rules`. Each imports what it needs, so that `closeloop --help` starts at once.

What must not live here: what a rulebook is (rulebook/), what is done with it (usecases/).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.rulebook.revision import Rulebook

rules_cli = typer.Typer(help="The rulebook.", no_args_is_help=True)

Folder = Annotated[
    list[Path] | None, typer.Option("--rulebook", help="A rulebook's folder; default: CLOSELOOP_RULES.")
]


def _folders(given: list[Path] | None) -> list[Path]:
    from app.settings import read_settings

    return list(given or read_settings().rules)


def _book(given: list[Path] | None) -> Rulebook:
    from app.rulebook.revision import load

    return load(*_folders(given))


@rules_cli.command("check")
def check(
    folders: Annotated[list[Path] | None, typer.Argument(help="Folders; default: CLOSELOOP_RULES.")] = None,
) -> None:
    """Check the rulebook: every error with file, line and reason."""
    from app.rulebook.examples import warnings_of

    book = _book(folders)
    for warning in warnings_of(book):
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(f"The rulebook is sound. Revision {book.hash[:12]}.")


@rules_cli.command("test")
def examples(rulebook: Folder = None) -> None:
    """Try the examples that the rules carry: each has to come out as its rule says."""
    from app.rulebook.examples import count_examples, run_examples, warnings_of

    book = _book(rulebook)
    for warning in warnings_of(book):
        typer.echo(f"warning: {warning}", err=True)
    failures = run_examples(book)
    for failure in failures:
        typer.echo(str(failure))
    count = count_examples(book)
    typer.echo(f"{count} examples: {f'{len(failures)} wrong' if failures else 'all as written'}.")
    raise typer.Exit(1 if failures else 0)


@rules_cli.command("score")
def score(
    file: Annotated[Path, typer.Argument(help="A CSV file of labelled messages.")],
    rows: Annotated[bool, typer.Option("--rows", help="Print a JSON line for each row instead.")] = False,
    rulebook: Folder = None,
) -> None:
    """Print how well the rulebook rates labelled messages, as tables of what was taken for what."""
    import json

    from app.rulebook.score import compare, markdown, read_rows
    from app.rulebook.score import score as predictions

    table = read_rows(file, labelled=not rows)
    said = predictions(_book(rulebook), table)
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
    *,
    sender: Annotated[str, typer.Option("--from", help="Whose phone or mailbox it comes from.")],
    channel: Annotated[str, typer.Option(help="sms, mail or voice.")] = "",
    subject: Annotated[str, typer.Option(help="The mail's subject.")] = "",
    at: Annotated[str, typer.Option(help="At this instant, such as 2026-06-09T06:11:00Z.")] = "",
    rulebook: Folder = None,
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
        house = bootstrap.build_house(settings, engine, _book(rulebook))
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
