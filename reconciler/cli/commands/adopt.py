"""`adopt`: what the shop has, into the files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli import options, output, taken
from reconciler.errors import UsageError


@click.command()
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@click.option(
    "--shop",
    "folder",
    type=click.Path(path_type=Path),
    default=".",
    help="The shop folder; by default the current one.",
)
@click.option(
    "--field", "fields", multiple=True, metavar="NAME", help="Only this field; repeatable."
)
@click.option("--all", "everything", is_flag=True, help="Every declared object that has drifted.")
@click.option("--dry-run", is_flag=True, help="Show the edits and make none.")
@options.form
@options.reserve
@options.verbose
def adopt(
    addresses: tuple[str, ...],
    folder: Path,
    fields: tuple[str, ...],
    everything: bool,
    dry_run: bool,
    form: str,
    reserve: int,
    verbose: int,
) -> None:
    """Take what the shop has into the files; only ever reads the shop.

    ADDRESS is kind/name or a pattern such as 'variant/1003*'; an object that no file declares goes
    into the file where it belongs. Without ADDRESS and --all, each difference is asked about.
    """
    with output.errors_as(form, folder):
        asking = not (addresses or everything)
        if addresses and everything:
            raise UsageError("--all is every address", hint="leave one of them out")
        if asking and (form == "json" or not (sys.stdin and sys.stdin.isatty())):
            raise UsageError(
                "there is no terminal to ask on", hint="name addresses, or add --all for everything"
            )
        from reconciler.catalogue.settings import load
        from reconciler.cli.console import Console
        from reconciler.dealpos.budget import Limits
        from reconciler.workflows import adopt as adopting
        from reconciler.workflows.connect import connect

        options.known_fields(fields)
        shop = load(folder)
        with (
            Console(form != "text", verbose) as console,
            connect(shop, console, Limits(reserve=reserve)) as client,
        ):
            found = adopting.look(shop, client, addresses, fields)
        if asking:
            found.drift = taken.picked(found.drift)
        back = adopting.write(found)
        changed = back.finish()
        if not dry_run:
            back.save(changed)
    taken.print_adopted(adopting.done(found, back, changed), form, dry_run)
    if found.skipped:
        sys.exit(options.PARTLY)
