"""`import`: the live shop as files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli import options, output, taken
from reconciler.errors import UsageError


@click.command("import")
@options.directory
@options.form
@click.option(
    "--dry-run", is_flag=True, help="Read the listings alone, and say what the rest costs."
)
@options.kind
@options.reserve
@options.verbose
def import_(
    directory: Path, form: str, dry_run: bool, kinds: tuple[str, ...], reserve: int, verbose: int
) -> None:
    """Write what the shop has and no file declares into new files; only ever reads the shop.

    Customers are imported as far as coupons name them; all of them with --kind customer.
    """
    with output.errors_as(form, directory):
        options.scope((), kinds)
        from reconciler.cli.console import Console
        from reconciler.dealpos.budget import Limits
        from reconciler.workflows import import_ as importing
        from reconciler.workflows.connect import connect

        shop = importing.folder(directory)
        with (
            Console(form != "text", verbose) as console,
            connect(shop, console, Limits(reserve=reserve)) as client,
        ):
            everything = importing.reading(shop, client, kinds)
            everything.listings()
            taken.print_price(everything, form if dry_run else "")
            if dry_run:
                return
            console.expect(everything.cost())
            done = importing.write(shop, everything, kinds)
    taken.print_import(done, form, directory)
    if done.cut is not None:
        output.complain(done.cut)
        raise UsageError(
            "the import is not complete; what was read is written",
            hint=f"run `reconciler import {directory}` again: it goes on from there",
        )
    if done.unread:
        sys.exit(options.PARTLY)
