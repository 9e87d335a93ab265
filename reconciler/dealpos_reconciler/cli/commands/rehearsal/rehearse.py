"""`rehearse`: apply a saved plan to a twin of the shop in memory."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dealpos_reconciler.cli import exit_codes, options, output
from dealpos_reconciler.cli.saved_plan import find_plan_folder


@click.command()
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path))
@options.format_option(markdown="a pull-request comment", html="a page")
@click.option(
    "--shop",
    "folder",
    type=click.Path(path_type=Path),
    help="The shop folder of PLAN, if it is not where the plan was made.",
)
@click.option(
    "--verify", is_flag=True, help="Require a PLAN signed with the key in RECONCILER_PLAN_KEY."
)
@click.option(
    "--trace",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the requests of the rehearsal to this file, as JSON lines.",
)
@options.reserve
@options.timeout
@options.verbose
def rehearse(
    plan_file: Path,
    output_format: str,
    folder: Path | None,
    verify: bool,
    trace: Path | None,
    reserve: int,
    timeout: float | None,
    verbose: int,
) -> None:
    """Rehearse a saved plan on a twin of the shop (read-only).

    PLAN is a file written by 'plan --out'. The shop is read as 'apply PLAN' reads it. The changes
    that are still valid are applied to a twin in memory, and nothing is sent to the shop. If the
    rehearsal fails, the exit code is 3.
    """
    with output.report_errors(output_format):
        from dealpos_reconciler.cli.console import open_shop
        from dealpos_reconciler.workflows import plan_file as files

        saved = files.read_plan(plan_file, files.read_key() if verify else None)
        root = find_plan_folder(plan_file, folder, saved)
        with open_shop(root, output_format, reserve, verbose, timeout) as (_, shop):
            from dealpos_reconciler.workflows.approved_plan import recheck_plan
            from dealpos_reconciler.workflows.rehearsal.run import rehearse as rehearse_run

            run = recheck_plan(shop, saved)
            run = run._replace(rehearsal=rehearse_run(shop, run))
        if trace:
            output.write_trace(run, trace)
    output.print_plan(run, output_format, root)
    found = run.rehearsal
    if found is not None and not found.passed(run.plan.interruptions):
        sys.exit(exit_codes.REFUSED)
