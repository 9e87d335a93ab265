"""`plan`: preview the changes of an apply."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli import errors, exit_codes, options, output
from reconciler.errors import ReconcilerError, UsageError


@click.command()
@options.directory
@options.format_option(
    "markdown",
    "github",
    "html",
    help=", markdown a pull-request comment, github annotations of YAML lines, html a page",
)
@options.compact
@options.detailed_exitcode
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
@options.verbose
def plan(
    directory: Path,
    output_format: str,
    compact: bool,
    detailed_exitcode: bool,
    overwrite: tuple[str, ...],
    out: Path | None,
    sign: bool,
    reports: tuple[Path, ...],
    reserve: int,
    verbose: int,
    **part: tuple[str, ...],
) -> None:
    """Preview changes to the shop (read-only)."""
    with errors.report_errors(output_format, directory, reports=reports):
        if compact and output_format != "text":
            raise UsageError("--compact is for --format text", hint="omit one of them")
        from reconciler.catalogue.parallel import begin

        begun = begin(directory)
        from reconciler.catalogue.settings import load
        from reconciler.cli.console import Console
        from reconciler.dealpos.budget import Limits
        from reconciler.ledger.journal import Journal
        from reconciler.ledger.state_dir import StateDir
        from reconciler.workflows import plan as pipeline
        from reconciler.workflows import signature as seal
        from reconciler.workflows.connect import connect

        for report in reports:
            errors.report_format(report)
        scope = options.parse_scope(**part)
        signing = seal.read_key() if sign else None
        shop = load(directory)
        limits = Limits(reserve=reserve)
        with (
            Console(output_format != "text", verbose) as console,
            connect(shop, console, limits) as client,
        ):
            journal = Journal(StateDir(shop.root), client.store.url)
            made = pipeline.make(shop, client, journal, scope, overwrite, begun=begun)
        if out:
            output.save_plan(made, directory, out, signing)
        output.write_reports(made, reports, directory, signing)
    output.print_plan(made, output_format, directory, compact, signing)
    if made.plan.unknown:
        from reconciler.render.words import counted

        objects = counted(len(made.plan.unknown), "object")
        why = f"{objects} could not be read: nothing is planned there"
        errors.print_error(ReconcilerError(why))
        sys.exit(1)
    if detailed_exitcode and not made.plan.settled:
        sys.exit(exit_codes.CHANGES)
