"""`closeloop contact forget`: what is kept of somebody at a customer's goes.

Like the whole command line it imports what a command needs when it runs. What must not live here: what goes
and what stays (usecases/forgetting.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.usecases.forgetting import Preview

_NAMED = 20  # tickets that a preview lists by number; of the others it only says how many
contact_cli = typer.Typer(help="People at the customers.", no_args_is_help=True)


@contact_cli.callback()
def contact() -> None:
    """Keep `forget` a command of its own, also while it is the only one."""


@contact_cli.command("forget")
def contact_forget(
    who: Annotated[
        str, typer.Argument(help="Their key in the directory, phone number or mailbox.", metavar="ID|PHONE")
    ],
    preview: Annotated[bool, typer.Option("--preview", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove somebody's name, addresses and words for good; figures stay. Asks first."""
    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema
    from app.terminal import login
    from app.usecases import forgetting

    settings = read_settings()
    with bootstrap.database(settings) as engine:
        schema.ensure_current(engine)
        house = bootstrap.build_house(settings, engine, bootstrap.rulebook_in_force(settings, engine))
        found = forgetting.preview(house, who)
        for line in lines(found):
            typer.echo(line)
        if preview or found.why_not:
            raise typer.Exit(1 if found.why_not else 0)
        if not yes:
            typer.confirm("This cannot be undone. Remove all of it?", abort=True)
        forgetting.forget(house, found.who, by=f"user:{login()}")
    typer.echo("Removed. Backups made before still have it, and your directory file if they are in it.")


def lines(found: Preview) -> list[str]:
    """Return a preview in plain words."""
    who = f"{found.who}, not in the directory"
    if found.name:
        who = f"{found.name} ({found.who})"
    tickets = ", ".join(map(str, found.tickets[:_NAMED])) + (" ..." if len(found.tickets) > _NAMED else "")
    told = [
        f"Forget {who}:",
        f"  addresses: {', '.join(found.addresses) or 'none'}",
        f"  their name and words in {len(found.tickets)} tickets{': ' + tickets if tickets else ''}",
        f"  {found.messages} messages from them, {found.texts} messages to them",
    ]
    if found.shared:
        told.append(f"  stays, because others have it too: {', '.join(found.shared)}")
    told.append("  stays: what happened and when, every figure, and whether an address said STOP")
    if found.why_not:
        told.append(f"Not now: {found.why_not}.")
    return told
