"""`prices import`: write the prices of a spreadsheet to the catalogue files."""

from __future__ import annotations

from pathlib import Path

import click

from dealpos_reconciler.cli import options, output
from dealpos_reconciler.cli.completion import complete_layers


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@options.directory
@click.option(
    "--layer",
    metavar="NAME",
    shell_complete=complete_layers,
    help="Write to this layer (default: the last one that declares the price).",
)
@click.option("--dry-run", is_flag=True, help="Show the edits without writing them.")
@options.output_format
def import_(
    file: Path, directory: Path, layer: str | None, dry_run: bool, output_format: str
) -> None:
    """Write the prices of a sheet to the catalogue files.

    FILE is CSV, or .xlsx. An empty cell leaves a price as it is, and `-` removes the price of an
    outlet. With a problem in any cell, nothing is written. The shop is not asked.
    """
    with output.report_errors(output_format, directory):
        from dealpos_reconciler.render.prices import result as render
        from dealpos_reconciler.workflows.prices.import_ import import_prices

        found = import_prices(file, directory, dry_run, layer)
    if output_format == "json":
        document = render.import_document(
            found.sheet, found.desired, found.files, found.labels, dry_run, found.idle
        )
        output.print_json(document)
        return
    remarks = [*render.price_warnings(list(found.owned), found.labels)]
    remarks += render.price_notes(found.sheet, found.idle, found.labels)
    output.print_text("".join(f"{line}\n" for line in remarks))
    lines = render.price_lines(found.files, found.sheet, dry_run, str(directory))
    output.print_lines("".join(f"{line}\n" for line in lines))
