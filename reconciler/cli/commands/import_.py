"""`import`: generate files for a live shop."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from reconciler.cli import errors, exit_codes, options, output
from reconciler.errors import UsageError


@click.command("import")
@options.directory
@options.output_format
@click.option(
    "--dry-run", is_flag=True, help="Only count the objects and the requests that an import needs."
)
@options.kind
@options.reserve
@options.verbose
def import_(
    directory: Path,
    output_format: str,
    dry_run: bool,
    kinds: tuple[str, ...],
    reserve: int,
    verbose: int,
) -> None:
    """Generate files for objects that are not declared yet.

    Of the customers, only those that a coupon names are imported; with --kind customer, all. The
    shop is only read.
    """
    with errors.report_errors(output_format, directory):
        options.parse_scope((), kinds)
        from reconciler.cli.console import Console
        from reconciler.dealpos.budget import Limits
        from reconciler.workflows import import_ as importing
        from reconciler.workflows.open_shop import open_shop

        importing.make_folder(directory)
        with (
            Console(output_format != "text", verbose) as console,
            open_shop(directory, console, Limits(reserve=reserve)) as shop,
        ):
            reading = importing.begin_reading(shop, kinds)
            reading.read_listings()
            console.finish()
            output.print_estimate(reading, output_format if dry_run else "")
            if dry_run:
                return
            console.expect(reading.remaining_requests())
            result = importing.write_files(shop, reading, kinds)
    output.print_import(result, output_format, directory)
    if result.cut is not None:
        errors.print_error(result.cut)
        raise UsageError(
            "the import is incomplete; the objects read so far were written",
            hint=f"to continue, run: reconciler import {shlex.quote(str(directory))}",
        )
    if result.unread:
        sys.exit(exit_codes.PARTIAL)
