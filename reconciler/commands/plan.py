"""`plan`: what an apply would do."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler import output
from reconciler.commands import options
from reconciler.errors import ReconcilerError, UsageError


@click.command()
@options.directory
@options.form
@options.compact
@options.detailed_exitcode
def plan(directory: Path, form: str, compact: bool, detailed_exitcode: bool) -> None:
    """Show what would change in the shop; writes nothing."""
    with output.errors_as(form):
        if compact and form != "text":
            raise UsageError("--compact is for --format text", hint="leave one of them out")
        from reconciler import pipeline
        from reconciler.connect import connect
        from reconciler.console import Console
        from reconciler.settings import load

        shop = load(directory)
        with Console(quiet=form == "json") as console, connect(shop, console) as client:
            made = pipeline.make(shop, client)
    output.print_plan(made.plan, made.cost, form, compact)
    if made.plan.unknown:
        from reconciler.render.words import counted

        objects = counted(len(made.plan.unknown), "object")
        why = f"{objects} could not be read: nothing is planned there"
        output.complain(ReconcilerError(why))
        sys.exit(1)
    if detailed_exitcode and not made.plan.settled:
        sys.exit(options.CHANGES)
