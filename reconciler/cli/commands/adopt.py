"""`adopt`: write values of the live shop to the files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli import errors, exit_codes, options, output, prompt
from reconciler.errors import UsageError


@click.command()
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@click.option(
    "--shop",
    "folder",
    type=click.Path(path_type=Path),
    default=".",
    help="The shop folder (default: the current one).",
)
@click.option(
    "--field", "fields", multiple=True, metavar="NAME", help="Only this field; repeatable."
)
@click.option(
    "--all", "everything", is_flag=True, help="All declared objects that drifted, without asking."
)
@click.option("--dry-run", is_flag=True, help="Show the edits without writing them.")
@options.output_format
@options.reserve
@options.verbose
def adopt(
    addresses: tuple[str, ...],
    folder: Path,
    fields: tuple[str, ...],
    everything: bool,
    dry_run: bool,
    output_format: str,
    reserve: int,
    verbose: int,
) -> None:
    """Update the files with values changed in the shop.

    ADDRESS is kind/name or a pattern such as 'variant/1003*'. An object that is not declared yet is
    added to the file of similar objects. Without ADDRESS and --all, reconciler asks about each
    value. The shop is only read.
    """
    with errors.report_errors(output_format, folder):
        asking = not (addresses or everything)
        if addresses and everything:
            raise UsageError("--all and ADDRESS exclude each other", hint="omit one of them")
        if asking and (output_format == "json" or not prompt.has_terminal()):
            raise UsageError(
                "cannot ask which values to write: standard input is not a terminal",
                hint="name addresses, or add --all for everything",
            )
        from reconciler.cli.console import Console
        from reconciler.dealpos.budget import Limits
        from reconciler.workflows import adopt as adopting
        from reconciler.workflows.open_shop import open_shop

        options.check_fields(fields)
        with (
            Console(output_format != "text", verbose) as console,
            open_shop(folder, console, Limits(reserve=reserve)) as shop,
        ):
            found = adopting.find_drift(shop, addresses, fields)
        if asking:
            found.drift = prompt.choose_drift(found.drift, found.labels)
        back = adopting.edit_files(found)
        changed = back.finish()
        if not dry_run:
            back.save(changed)
    output.print_adopted(adopting.make_result(found, back, changed), output_format, dry_run)
    if found.skipped:
        sys.exit(exit_codes.PARTIAL)
