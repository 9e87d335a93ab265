"""`history`: list past applies, and recreate the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dealpos_reconciler.cli import options, output
from dealpos_reconciler.errors import UsageError


@click.command()
@options.directory
@options.output_format
@click.option(
    "--rebuild", is_flag=True, help="Recreate the ledger from the files and the live shop."
)
@options.force_unlock
@options.reserve
@options.timeout
@options.verbose
def history(
    directory: Path, output_format: str, rebuild: bool, force_unlock: bool, **reading: Any
) -> None:
    """List past applies recorded in the ledger."""
    with output.report_errors(output_format, directory):
        from dealpos_reconciler import ledger
        from dealpos_reconciler.catalogue.settings import load
        from dealpos_reconciler.ledger.state_dir import StateDir
        from dealpos_reconciler.workflows.open_shop import find_ledger_owner

        shop = load(directory)
        # A ledger can be shown without credentials; only a rebuild reads the shop.
        used = shop.known_url() or shop.store().url
        store = find_ledger_owner(shop, used)
        if rebuild and store != used:
            raise UsageError(
                f"the ledger belongs to {store}, and the environment names {used}",
                hint="unset DEALPOS_URL to rebuild it",
            )
        home = ledger.open_backend(StateDir(shop.root), shop.ledger, store)
        if home is None:
            raise UsageError(
                "this shop has no ledger",
                hint="add 'ledger: file' or 'ledger: git' to reconciler.yaml",
            )
        if rebuild:
            from dealpos_reconciler.cli.console import open_shop

            with open_shop(directory, output_format, **reading) as (_, opened):
                from dealpos_reconciler.workflows.plan import rebuild_ledger

                rebuild_ledger(opened, home, force_unlock)
        held = home.read()
    from dealpos_reconciler.render.history import history_document, history_text

    output.print_result(output_format, history_text(held, store), history_document(held, store))
