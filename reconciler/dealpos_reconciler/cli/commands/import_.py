"""`import`: generate files for a live shop."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from dealpos_reconciler.cli import exit_codes, options, output
from dealpos_reconciler.errors import UsageError


@click.command("import")
@options.new_directory
@options.output_format
@click.option(
    "--dry-run", is_flag=True, help="Only count the objects and the requests that an import needs."
)
@options.personal_data
@options.kind
@options.reserve
@options.timeout
@options.verbose
def import_(
    directory: Path,
    output_format: str,
    dry_run: bool,
    personal_data: bool,
    kinds: tuple[str, ...],
    **reading: Any,
) -> None:
    """Generate files for objects that are not declared yet.

    Of the customers, only those that a coupon names are imported; with --kind customer, all.
    Their personal data is left out. The shop is only read.
    """
    with output.report_errors(output_format, directory):
        options.parse_scope((), kinds)
        from dealpos_reconciler.cli.console import open_shop
        from dealpos_reconciler.render import import_ as render
        from dealpos_reconciler.workflows import import_ as importing

        importing.make_folder(directory)
        opened = open_shop(directory, output_format, **reading, without_file=True)
        with opened as (console, shop):
            everything = importing.begin_reading(shop, kinds)
            everything.read_listings()
            console.finish()
            estimate = render.estimate_text(everything)
            if dry_run:
                document = render.estimate_document(everything)
                return output.print_result(output_format, estimate, document)
            console.say(estimate.rstrip("\n"))
            console.expect(everything.remaining_requests())
            result = importing.write_files(shop, everything, kinds, personal_data)
    text = render.import_text(result, str(directory))
    output.print_result(output_format, text, render.import_document(result))
    if result.cut is not None:
        output.print_error(result.cut)
        raise UsageError(
            "the import is incomplete; the objects read so far were written",
            hint=f"to continue, run: reconciler import {shlex.quote(str(directory))}",
        )
    if result.unread:
        sys.exit(exit_codes.PARTIAL)
