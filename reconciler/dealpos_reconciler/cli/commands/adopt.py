"""`adopt`: write values of the live shop to the files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dealpos_reconciler.cli import exit_codes, options, output, prompt
from dealpos_reconciler.cli.completion import complete_addresses, complete_fields, complete_layers
from dealpos_reconciler.errors import UsageError


@click.command()
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1, shell_complete=complete_addresses)
@options.shop_option("folder")
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_fields,
    help="Only this field; repeatable.",
)
@click.option(
    "--all", "everything", is_flag=True, help="All declared objects that drifted, without asking."
)
@click.option(
    "--layer",
    metavar="NAME",
    shell_complete=complete_layers,
    help="Write to this layer (default: the last one that declares the field).",
)
@click.option("--dry-run", is_flag=True, help="Show the edits without writing them.")
@options.personal_data
@options.output_format
@options.reserve
@options.timeout
@options.verbose
def adopt(
    addresses: tuple[str, ...],
    folder: Path,
    fields: tuple[str, ...],
    everything: bool,
    layer: str | None,
    dry_run: bool,
    personal_data: bool,
    output_format: str,
    reserve: int,
    timeout: float | None,
    verbose: int,
) -> None:
    """Update the files with values changed in the shop.

    ADDRESS is kind/name or a pattern such as 'variant/1003*'. An object that is not declared yet is
    added to the file of similar objects. Without ADDRESS and --all, reconciler asks about each
    value. The shop is only read.
    """
    with output.report_errors(output_format, folder):
        asking = not (addresses or everything)
        if addresses and everything:
            raise UsageError("--all and ADDRESS exclude each other", hint="omit one of them")
        if asking and (output_format == "json" or not prompt.has_terminal()):
            raise UsageError(
                "cannot ask which values to write: standard input is not a terminal",
                hint="name addresses, or add --all for everything",
            )
        from dealpos_reconciler.catalogue.writing.layer_edits import find_layer
        from dealpos_reconciler.cli.console import open_shop
        from dealpos_reconciler.workflows import adopt as adopting

        options.check_fields(fields)
        with open_shop(folder, output_format, reserve, verbose, timeout) as (_, shop):
            found = adopting.find_drift(shop, addresses, fields, personal_data)
            if layer is not None:
                found.layer = find_layer(shop.settings.layers, layer)
        if asking:
            found.drift = prompt.choose_drift(found.drift, found.labels)
        result = adopting.write_files(found, dry_run)
    from dealpos_reconciler.render.import_ import adopt_document, adopt_text

    if output_format == "json":
        output.print_json(adopt_document(result, dry_run))
    else:
        values, blank, files = adopt_text(result, dry_run).partition("\n\n")
        output.print_text(values)
        output.print_lines(blank + files)
    if found.skipped:
        sys.exit(exit_codes.PARTIAL)
