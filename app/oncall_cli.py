"""`closeloop oncall`: who can be paged when, and who carried how much.

Like the whole command line it imports what a command needs when it runs. What must not live here: answers.
"""

from __future__ import annotations

from typing import Annotated

import typer

from app.leave_cli import leave_cli, override_cli, swap_cli

oncall_cli = typer.Typer(help="Who is on call, and that somebody always is.", no_args_is_help=True)
oncall_cli.add_typer(leave_cli, name="leave")
oncall_cli.add_typer(override_cli, name="override")
oncall_cli.add_typer(swap_cli, name="swap")


@oncall_cli.command("gaps")
def gaps(
    days: Annotated[int, typer.Option(min=1, max=400, help="How far to look ahead.")] = 90,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document, instants in UTC.")] = False,
) -> None:
    """Show when no ladder would reach anybody, for whom and why. Exit status 1 if there is such a gap."""
    import json

    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema
    from app.usecases.gaps import as_document, prove_coverage
    from app.usecases.gaps_table import print_gaps

    settings = read_settings()
    with bootstrap.database(settings) as engine:
        schema.ensure_current(engine)
        house = bootstrap.build_house(settings, engine, bootstrap.rulebook_in_force(settings, engine))
        proof = prove_coverage(house, days)
    if as_json:
        typer.echo(json.dumps(as_document(proof), ensure_ascii=False, indent=2))
    else:
        print_gaps(proof, trades=len(house.rulebook.routing.trades))
    raise typer.Exit(1 if proof.gaps else 0)


@oncall_cli.command("export")
def export(
    schedule: Annotated[str, typer.Argument(help="The schedule's name.")],
) -> None:
    """Print a schedule as one JSON document, with the overrides ahead that were entered later."""
    import json

    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema
    from app.usecases.duty import export_schedule

    settings = read_settings()
    with bootstrap.database(settings) as engine:
        schema.ensure_current(engine)
        house = bootstrap.build_house(settings, engine, bootstrap.rulebook_in_force(settings, engine))
        document = export_schedule(house, schedule)
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


@oncall_cli.command("import")
def import_document(
    schedule: Annotated[str, typer.Argument(help="The schedule's name; it may be a new one.")],
    file: Annotated[
        typer.FileText, typer.Argument(help="A document as `export` prints it; - for standard input.")
    ],
) -> None:
    """Put a document in place of a schedule; all or nothing. The next `closeloop load` replaces it again."""
    import json

    from app import bootstrap
    from app.domain.errors import CloseloopError
    from app.settings import read_settings
    from app.store import schema
    from app.usecases.duty import import_schedule

    try:
        document = json.load(file)
    except ValueError as error:
        raise CloseloopError(f"{file.name} is not JSON: {error}") from None
    settings = read_settings()
    with bootstrap.database(settings) as engine:
        schema.ensure_current(engine)
        house = bootstrap.build_house(settings, engine, bootstrap.rulebook_in_force(settings, engine))
        changed = import_schedule(house, schedule, document, by="command")
    typer.echo(f"{schedule} is now as the document says." if changed else "Nothing changed.")


@oncall_cli.command("fairness")
def fairness_(
    first: Annotated[str, typer.Option("--from", help="The first day, such as 2026-01-01.")],
    last: Annotated[str, typer.Option("--to", help="The last day.")],
    as_csv_: Annotated[bool, typer.Option("--csv", help="Comma-separated values.")] = False,
) -> None:
    """Show who carried how many hours, nights, weekend days and holidays, and the pages at night."""
    import csv

    from rich import box
    from rich.console import Console
    from rich.table import Table

    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema
    from app.usecases.fairness import HEADINGS, as_csv, fairness, period

    days = period(first, last)
    settings = read_settings()
    with bootstrap.database(settings) as engine:
        schema.ensure_current(engine)
        house = bootstrap.build_house(settings, engine, bootstrap.rulebook_in_force(settings, engine))
        found = fairness(house, *days)
    text = as_csv(found)
    if as_csv_:
        typer.echo(text, nl=False)
        return
    table = Table(*(heading.replace("_", " ") for heading in HEADINGS), box=box.SIMPLE_HEAD)
    for row in list(csv.reader(text.splitlines()))[1:]:
        table.add_row(*row)
    Console(width=110, highlight=False).print(table)
