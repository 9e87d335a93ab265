"""`plan`: preview the changes of an apply."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dealpos_reconciler.cli import exit_codes, options, output, terminal
from dealpos_reconciler.cli.completion import complete_addresses
from dealpos_reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from dealpos_reconciler.workflows.open_shop import OpenShop
    from dealpos_reconciler.workflows.plan import PlannedRun


@click.command()
@options.directory
@options.format_option(
    markdown="a pull-request comment", github="annotations of YAML lines", html="a page"
)
@click.option("--compact", is_flag=True, help="Show one line per change.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if the plan has changes.")
@click.option(
    "--at",
    metavar="DAY",
    default="now",
    help="Plan as of this day, or 'YYYY-MM-DD HH:MM', by the clock of the shop; cannot be applied.",
)
@options.target
@options.kind
@options.overwrite
@click.option(
    "--out", type=click.Path(path_type=Path), help="Also save the plan to this file, for 'apply'."
)
@click.option("--sign", is_flag=True, help="Sign the plan with the key in RECONCILER_PLAN_KEY.")
@click.option(
    "--report",
    "reports",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Also write the plan to this file: .md, .html, .json or .txt; repeatable.",
)
@click.option(
    "--rehearse",
    is_flag=True,
    help="Also apply the plan to a twin of the shop in memory; exit with 3 if that fails.",
)
@click.option(
    "--trace",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the requests of the rehearsal to this file, as JSON lines.",
)
@click.option(
    "--explain",
    metavar="ADDRESS",
    shell_complete=complete_addresses,
    help="Show the layers of this object instead of a plan, without asking the shop.",
)
@options.reserve
@options.timeout
@options.verbose
def plan(
    directory: Path,
    output_format: str,
    compact: bool,
    at: str,
    detailed_exitcode: bool,
    overwrite: tuple[str, ...],
    out: Path | None,
    sign: bool,
    reports: tuple[Path, ...],
    rehearse: bool,
    trace: Path | None,
    explain: str | None,
    reserve: int,
    timeout: float | None,
    verbose: int,
    **part: tuple[str, ...],
) -> None:
    """Preview changes to the shop (read-only)."""
    with output.report_errors(output_format, directory, reports=reports):
        if explain is not None:
            from dealpos_reconciler.cli.commands.layers.explain import print_explanation

            print_explanation(directory, explain, at, output_format)
            return
        _check_options(output_format, compact, rehearse, trace)
        from dealpos_reconciler.cli.console import open_shop

        for report in reports:
            output.parse_report_format(report)
        scope = options.parse_scope(**part)
        key = None
        if sign:
            from dealpos_reconciler.workflows.plan_file import read_key

            key = read_key()
        with open_shop(directory, output_format, reserve, verbose, timeout) as (_, shop):
            from dealpos_reconciler.workflows.plan import preview_plan

            run = preview_plan(shop, scope, overwrite, at)
            run = _rehearse(shop, run) if rehearse else run
        if out:
            output.save_plan(run, directory, out, key)
        output.write_reports(run, reports, directory, key)
        if trace:
            output.write_trace(run, trace)
    output.print_plan(run, output_format, directory, compact, key)
    terminal.kept.append(run)
    _exit(run, detailed_exitcode)


def _check_options(output_format: str, compact: bool, rehearse: bool, trace: Path | None) -> None:
    if compact and output_format != "text":
        raise UsageError("--compact is for --format text", hint="omit one of them")
    if trace and not rehearse:
        raise UsageError("--trace is for a rehearsal", hint="add --rehearse")


def _rehearse(shop: OpenShop, run: PlannedRun) -> PlannedRun:
    from dealpos_reconciler.workflows.rehearsal.run import rehearse

    return run._replace(rehearsal=rehearse(shop, run))


def _exit(run: PlannedRun, detailed_exitcode: bool) -> None:
    """End with the documented code; raise ReconcilerError where objects could not be read."""
    if run.plan.unknown:
        from dealpos_reconciler.render.words import plural

        objects = plural(len(run.plan.unknown), "object")
        raise ReconcilerError(f"{objects} could not be read; changes to them are not planned")
    from dealpos_reconciler.core.plan.plan import refusals

    found = run.rehearsal
    failed = found is not None and not found.passed(run.plan.interruptions)
    if failed or refusals(run.plan.violations):
        sys.exit(exit_codes.REFUSED)
    if detailed_exitcode and not run.plan.settled:
        sys.exit(exit_codes.CHANGES)
