"""`doctor`: check whether reconciler supports a shop, before the first plan."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dealpos_reconciler.cli import exit_codes, options, output, terminal


@click.command()
@options.directory
@options.output_format
@options.verbose
def doctor(directory: Path, output_format: str, verbose: int) -> None:
    """Check credentials, permissions and API behaviour of a shop.

    Run it before the first plan. It only reads, and sends at most 20 requests.
    """
    with output.report_errors(output_format):
        from dealpos_reconciler.catalogue.settings import load
        from dealpos_reconciler.cli.console import Console
        from dealpos_reconciler.dealpos.doctor.budget import RequestBudget
        from dealpos_reconciler.dealpos.doctor.checks import run_checks
        from dealpos_reconciler.dealpos.doctor.evidence import MAX_REQUESTS
        from dealpos_reconciler.dealpos.doctor.examine import examine
        from dealpos_reconciler.dealpos.doctor.finding import CheckVerdict
        from dealpos_reconciler.dealpos.tenant import TenantProfile, update_profile
        from dealpos_reconciler.kinds import KINDS
        from dealpos_reconciler.ledger.state_dir import StateDir
        from dealpos_reconciler.workflows.connect import connect

        shop = load(directory, without_file=True)
        with Console(output_format == "json", verbose) as console:
            budget = RequestBudget(console)
            with connect(shop, budget, known=TenantProfile()) as client:
                window = client.window
                console.say(
                    f"Read-only check: at most {MAX_REQUESTS} requests (rate limit: "
                    f"{window.limit} per {window.seconds:.0f} s)"
                )
                evidence = examine(client, budget, KINDS)
        tried = {question.operation for question in evidence.questions if question.records}
        update_profile(StateDir(shop.root), evidence.store, client.routes.tenant, tried)
    results = run_checks(evidence, KINDS)
    from dealpos_reconciler.render.doctor import doctor_document, doctor_text

    text = doctor_text(evidence, results, terminal.has_color(sys.stdout))
    output.print_result(output_format, text, doctor_document(evidence, results))
    if any(result.verdict is CheckVerdict.ERROR for result in results):
        sys.exit(exit_codes.ERROR)
