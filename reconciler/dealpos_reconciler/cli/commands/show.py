"""`show`: a saved plan again, in any format."""

from __future__ import annotations

from pathlib import Path

import click

from dealpos_reconciler.cli import options, output
from dealpos_reconciler.errors import UsageError


@click.command()
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@options.format_option(
    markdown="a pull-request comment", github="annotations of YAML lines", html="a page"
)
@click.option("--compact", is_flag=True, help="Show one line per change.")
@click.option(
    "--verify", is_flag=True, help="Require a PLAN signed with the key in RECONCILER_PLAN_KEY."
)
def show(plan: Path, output_format: str, compact: bool, verify: bool) -> None:
    """Show a saved plan in any format.

    PLAN is a file written by 'plan --out'. Nothing is read from the shop. The catalogue files are
    read for the lines of annotations alone.
    """
    with output.report_errors(output_format):
        if compact and output_format != "text":
            raise UsageError("--compact is for --format text", hint="omit one of them")
        from dealpos_reconciler.workflows.plan_file import read_key
        from dealpos_reconciler.workflows.show import read_shown

        shown, view = read_shown(plan, read_key() if verify else None)
    output.print_shown_plan(plan, shown, view, output_format, compact)
