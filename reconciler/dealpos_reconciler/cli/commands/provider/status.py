"""`provider status`: coupons with their uses, and reports that somebody should look at."""

from __future__ import annotations

from pathlib import Path

import click

from dealpos_reconciler.cli import options, output


@click.command()
@options.directory
@click.argument("code", metavar="[CODE]", required=False)
@options.format_option(prometheus="node exporter")
def status(directory: Path, code: str | None, output_format: str) -> None:
    """Show the published coupons with their uses.

    CODE is the code of a coupon, or the name of a batch. Customers are never shown.
    """
    with output.report_errors("json" if output_format == "json" else "text", directory):
        from dealpos_reconciler.catalogue.settings import load
        from dealpos_reconciler.render.provider import status as render
        from dealpos_reconciler.workflows.provider.status import read_status

        found = read_status(load(directory), code)
    if output_format == "json":
        output.print_json(render.status_document(found))
    elif output_format == "prometheus":
        output.print_lines(render.status_metrics(found))
    else:
        output.print_text(render.status_text(found))
