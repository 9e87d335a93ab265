"""`provider backup`, `release` and `codes`: a copy of the store, holds, codes of a batch."""

from __future__ import annotations

from pathlib import Path

import click

from dealpos_reconciler.cli import options, output
from dealpos_reconciler.errors import UsageError

shop = options.shop_option("directory")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@shop
def backup(file: Path, directory: Path) -> None:
    """Copy the store to FILE while it serves.

    The copy is consistent, and only its owner can read it. A copy that is there is replaced.
    """
    from dealpos_reconciler.catalogue.settings import load
    from dealpos_reconciler.workflows.provider.keep import back_up

    back_up(load(directory), file)
    output.print_message(f"Copied to {file}")


@click.command()
@click.argument("code")
@shop
def release(code: str, directory: Path) -> None:
    """Free the holds of a code that tills have broken off."""
    from dealpos_reconciler.catalogue.settings import load
    from dealpos_reconciler.render.words import plural
    from dealpos_reconciler.workflows.provider.keep import free_holds

    freed = free_holds(load(directory), code)
    output.print_text(f"{plural(freed, 'hold')} freed\n" if freed else "No hold to free\n")


@click.command()
@click.argument("batch")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the codes to a new file that only its owner can read.",
)
@click.option("--show", is_flag=True, help="Write the codes to stdout, also to a terminal.")
@shop
def codes(batch: str, out: Path | None, show: bool, directory: Path) -> None:
    """Write the codes of a published batch as CSV.

    The codes are made from RECONCILER_CODES_KEY: no file, release or store holds them.
    """
    if (out is None) == (not show):
        raise UsageError("say where the codes go", hint="use either --out FILE or --show")
    from dealpos_reconciler.catalogue.settings import load
    from dealpos_reconciler.render.words import plural
    from dealpos_reconciler.workflows.provider.keep import read_batch, write_codes

    found = read_batch(load(directory), batch)
    if out is None:
        output.print_lines("\n".join(["code", *found]) + "\n")
        return
    write_codes(out, found)
    output.print_message(f"{plural(len(found), 'code')} written to {out}")
