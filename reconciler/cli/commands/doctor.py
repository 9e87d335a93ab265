"""`doctor`: check whether reconciler supports a shop, before the first plan."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli import errors, exit_codes, options, output


@click.command()
@options.directory
@options.output_format
@options.verbose
def doctor(directory: Path, output_format: str, verbose: int) -> None:
    """Check credentials, permissions and API behaviour of a shop.

    Run it before the first plan. It only reads, and sends at most 20 requests.
    """
    with errors.report_errors(output_format):
        from reconciler.catalogue.settings import load
        from reconciler.cli.console import Console
        from reconciler.dealpos.doctor.budget import Purse
        from reconciler.dealpos.doctor.checks import judge
        from reconciler.dealpos.doctor.evidence import BUDGET
        from reconciler.dealpos.doctor.examine import examine
        from reconciler.dealpos.doctor.finding import Verdict
        from reconciler.dealpos.routes import TenantProfile
        from reconciler.dealpos.tenant import update_profile
        from reconciler.kinds import KINDS
        from reconciler.ledger.state_dir import StateDir
        from reconciler.workflows.connect import connect

        shop = load(directory)
        with Console(output_format == "json", verbose) as console:
            purse = Purse(console)
            with connect(shop, purse, known=TenantProfile()) as client:
                window = client.window
                console.say(
                    f"Read-only check: at most {BUDGET} requests "
                    f"(rate limit: {window.limit} per {window.seconds:.0f} s)"
                )
                evidence = examine(client, purse, KINDS)
        tried = {asked.operation for asked in evidence.asked if asked.exchanges}
        update_profile(StateDir(shop.root), evidence.store, client.routes.tenant, tried)
    findings = judge(evidence, KINDS)
    output.print_examination(evidence, findings, output_format)
    if any(finding.verdict is Verdict.PROBLEM for finding in findings):
        sys.exit(exit_codes.ERROR)
