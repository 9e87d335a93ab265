"""`plan`: preview the changes of an apply."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli import exit_codes, options, output
from reconciler.errors import ReconcilerError, UsageError


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
    reserve: int,
    timeout: float | None,
    verbose: int,
    **part: tuple[str, ...],
) -> None:
    """Preview changes to the shop (read-only)."""
    with output.report_errors(output_format, directory, reports=reports):
        if compact and output_format != "text":
            raise UsageError("--compact is for --format text", hint="omit one of them")
        from reconciler.cli.console import open_shop

        for report in reports:
            output.parse_report_format(report)
        scope = options.parse_scope(**part)
        key = None
        if sign:
            from reconciler.workflows.plan_file import read_key

            key = read_key()
        with open_shop(directory, output_format, reserve, verbose, timeout) as (_, shop):
            from reconciler.workflows.plan import preview_plan

            run = preview_plan(shop, scope, overwrite, at)
        if out:
            output.save_plan(run, directory, out, key)
        output.write_reports(run, reports, directory, key)
    output.print_plan(run, output_format, directory, compact, key)
    if run.plan.unknown:
        from reconciler.render.words import plural

        objects = plural(len(run.plan.unknown), "object")
        raise ReconcilerError(f"{objects} could not be read; changes to them are not planned")
    from reconciler.core.plan.plan import refusals

    if refusals(run.plan.violations):
        sys.exit(exit_codes.REFUSED)
    if detailed_exitcode and not run.plan.settled:
        sys.exit(exit_codes.CHANGES)
