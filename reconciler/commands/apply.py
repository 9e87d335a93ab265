"""`apply`: show the plan, ask, carry it out, say what happened."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import output
from reconciler.commands import options
from reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.client import Client
    from reconciler.pipeline import Made
    from reconciler.settings import Settings

STALE = 60.0
"""Seconds after which an approved plan is compared with a new one before it is applied."""


@click.command()
@options.directory
@options.form
@click.option("--auto-approve", is_flag=True, help="Do not ask; needed without a terminal.")
def apply(directory: Path, form: str, auto_approve: bool) -> None:
    """Show the plan, ask, make the shop as declared, and read back what was written."""
    with output.errors_as(form):
        from reconciler import memory, pipeline
        from reconciler.apply import run
        from reconciler.connect import connect
        from reconciler.console import Console
        from reconciler.kinds import KINDS
        from reconciler.settings import load

        if not auto_approve and (form == "json" or not (sys.stdin and sys.stdin.isatty())):
            raise UsageError(
                "there is no terminal to ask on", hint="add --auto-approve to apply without asking"
            )
        shop = load(directory)
        with Console(quiet=form == "json") as console, connect(shop, console) as client:
            made = pipeline.make(shop, client)
            console.finish()
            if form == "text":
                output.print_plan(made.plan, made.cost, form)
            if made.plan.changes and not auto_approve:
                made = _agree(shop, client, made)
            console.arm()
            try:
                report = run(client, made.plan, made.steps, KINDS, console)
            except KeyboardInterrupt:
                raise ReconcilerError(
                    "stopped at once: a call may have been in flight",
                    hint="run `reconciler plan` to see where the shop stands",
                ) from None
        memory.remember(shop, report.store, report.carried)
    output.print_report(report, form)
    if not report.complete or made.plan.unknown or made.plan.withheld:
        sys.exit(options.PARTLY)


def _agree(shop: Settings, client: Client, made: Made) -> Made:
    """Ask; a plan that was looked at for long is made again, and asked about if it moved."""
    from reconciler import pipeline

    while True:
        shown = time.monotonic()
        if not output.approved():
            click.echo("Nothing was changed.", err=True)
            sys.exit(1)
        if time.monotonic() - shown < STALE:
            return made
        again = pipeline.make(shop, client)
        if again.plan.changes == made.plan.changes and again.plan.families == made.plan.families:
            return again
        click.echo("The shop or the files have changed meanwhile; this is the plan now.", err=True)
        output.print_plan(again.plan, again.cost, "text")
        made = again
