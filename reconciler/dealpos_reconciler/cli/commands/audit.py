"""`audit`: report drift between the files and the shop."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from dealpos_reconciler.cli import exit_codes, options, output
from dealpos_reconciler.errors import ReconcilerError


@click.command()
@options.directory
@options.format_option(
    html="a page",
    markdown="an issue",
    github="annotations of YAML lines",
    junit="a test report",
    prometheus="node exporter",
)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 2 if drift was found. Unmanaged objects do not count.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["authorising"]),
    help="Exit with 2 also if a coupon that no file declares opens functions of the till.",
)
@options.target
@options.kind
@options.reserve
@options.timeout
@options.verbose
def audit(
    directory: Path,
    output_format: str,
    detailed_exitcode: bool,
    fail_on: str | None,
    reserve: int,
    timeout: float | None,
    verbose: int,
    **part: tuple[str, ...],
) -> None:
    """Report drift between the files and the shop (read-only)."""
    began = time.monotonic()
    with output.report_errors(output_format, directory, "audit"):
        from dealpos_reconciler.cli.console import open_shop
        from dealpos_reconciler.core.audit import audit_plan

        scope = options.parse_scope(**part)
        with open_shop(directory, output_format, reserve, verbose, timeout) as (_, shop):
            from dealpos_reconciler.kinds import KINDS
            from dealpos_reconciler.workflows.board.auditing import remember_run
            from dealpos_reconciler.workflows.plan import make_plan

            secret = [name for name, kind in KINDS.items() if kind.secret and fail_on]
            run = make_plan(shop, scope, audit=True, listed=secret)
            found = audit_plan(run.plan)
            if not scope:
                remember_run(shop, run, found)
    seconds = time.monotonic() - began
    output.print_audit(found, shop.client.requests, seconds, output_format, directory)
    if unread := found.of("unknown"):
        from dealpos_reconciler.render.words import plural

        raise ReconcilerError(f"{plural(len(unread), 'object')} could not be read")
    failing = found.of("authorising") if fail_on else []
    if failing or (detailed_exitcode and not found.clean):
        sys.exit(exit_codes.CHANGES)
