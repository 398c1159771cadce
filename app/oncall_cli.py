"""`closeloop oncall`: who can be paged when, and who carried how much.

Like the whole command line it imports what a command needs when it runs. What must not live here: answers.
"""

from __future__ import annotations

from typing import Annotated

import typer

from app.leave_cli import leave_cli, override_cli

oncall_cli = typer.Typer(help="Who is on call, and that somebody always is.", no_args_is_help=True)
oncall_cli.add_typer(leave_cli, name="leave")
oncall_cli.add_typer(override_cli, name="override")


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
        house = bootstrap.build_house(settings, engine, bootstrap.read_rulebook(settings))
        proof = prove_coverage(house, days)
    if as_json:
        typer.echo(json.dumps(as_document(proof), ensure_ascii=False, indent=2))
    else:
        print_gaps(proof, trades=len(house.rulebook.routing.trades))
    raise typer.Exit(1 if proof.gaps else 0)
