"""`doctor`: whether the tool can work with this shop."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler import output
from reconciler.commands import options


@click.command()
@options.directory
@options.form
@options.verbose
def doctor(directory: Path, form: str, verbose: int) -> None:
    """Check a shop before the first plan: reads only, at most 20 requests."""
    with output.errors_as(form):
        from reconciler.connect import connect
        from reconciler.console import Console
        from reconciler.doctor.ask import examine
        from reconciler.doctor.checks import judge
        from reconciler.doctor.evidence import BUDGET
        from reconciler.doctor.finding import Verdict
        from reconciler.doctor.purse import Purse
        from reconciler.kinds import KINDS
        from reconciler.settings import load
        from reconciler.tenant import Tenant, renew

        shop = load(directory)
        with Console(form == "json", verbose) as console:
            purse = Purse(console)
            with connect(shop, purse, known=Tenant()) as client:
                window = client.window
                console.say(
                    f"doctor only reads, and spends at most {BUDGET} of the shop's {window.limit} "
                    f"requests per {window.seconds:.0f} s"
                )
                evidence = examine(client, purse, KINDS)
        tried = {asked.operation for asked in evidence.asked if asked.exchanges}
        renew(shop, evidence.store, client.routes.tenant, tried)
    findings = judge(evidence, KINDS)
    output.print_examination(evidence, findings, form)
    if any(finding.verdict is Verdict.PROBLEM for finding in findings):
        sys.exit(1)
