"""`prices export`: write the prices to a spreadsheet."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dealpos_reconciler.cli import exit_codes, options, output


@click.command()
@options.directory
@click.option("--live", is_flag=True, help="The prices in the shop instead of those in the files.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write to this file: .csv, or .xlsx, which needs the extra xlsx.",
)
@options.reserve
@options.timeout
@options.verbose
def export(
    directory: Path,
    live: bool,
    out: Path | None,
    reserve: int,
    timeout: float | None,
    verbose: int,
) -> None:
    """Write the prices of all declared variants to a sheet.

    One row is one variant. `prices import` takes the edited sheet.
    """
    from dealpos_reconciler.workflows.prices import export as exporting

    if out:
        exporting.check_name(out)
    if live:
        from dealpos_reconciler.cli.console import open_shop

        with open_shop(directory, "text", reserve, verbose, timeout) as (_, shop):
            found = exporting.export_live(shop)
    else:
        found = exporting.export_declared(directory)
    from dealpos_reconciler.catalogue.sheets.write import csv_text
    from dealpos_reconciler.render.prices.result import export_notes

    if out:
        exporting.write_sheet(found, out)
    else:
        mark = "" if sys.stdout.isatty() else "\ufeff"
        output.print_lines(mark + csv_text(found, "\n"))
    for note in export_notes(found, out):
        output.print_message(note)
    if found.failed:
        sys.exit(exit_codes.PARTIAL)
