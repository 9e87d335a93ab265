"""`board`: write the page with the state of the shop."""

from __future__ import annotations

from pathlib import Path

import click

from dealpos_reconciler import confined
from dealpos_reconciler.cli import options, output
from dealpos_reconciler.errors import ReconcilerError, UsageError

FILE = "index.html"


@click.command()
@options.directory
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Write index.html to this folder, which is made where it is missing.",
)
@options.reserve
@options.timeout
@options.verbose
def board(directory: Path, out: Path, reserve: int, timeout: float | None, verbose: int) -> None:
    """Write a page with the state of the shop.

    The page shows drift with its age, coupons and their uses, the coupons that begin or end soon,
    past applies and API usage. The shop is audited once, and only read. The page needs no script
    and no other file.
    """
    file = out / FILE
    # Where the audit fails, the page says so: an old one would be taken for the state of today.
    with output.report_errors("text", directory, "board", [file]):
        from dealpos_reconciler.cli.console import open_shop

        _make_folder(out)
        with open_shop(directory, "text", reserve, verbose, timeout) as (_, shop):
            from dealpos_reconciler.workflows.board.auditing import run_audit

            unread = run_audit(shop)
        from dealpos_reconciler.workflows.board.collect import make_page

        page = make_page(shop.settings)
        try:
            confined.write(file, page.encode(errors="backslashreplace"))
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {error.strerror}") from None
    output.print_text(f"Board: {file}\n")
    if unread:
        from dealpos_reconciler.render.words import plural

        raise ReconcilerError(f"{plural(unread, 'object')} could not be read")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot hold the page: {error.strerror}") from None
