"""`provider settle`: close the day against the invoices of the shop."""

from __future__ import annotations

import os
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from dealpos_reconciler.cli import exit_codes, options, output

_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def parse_since(
    context: click.Context, parameter: click.Parameter, text: str
) -> datetime | timedelta:
    """Return a time span such as `2d`, or the moment of an ISO date and time."""
    if found := re.fullmatch(r"(\d{1,4})([dhm])", text, re.ASCII):
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        moment: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    # A shop of another century is a slip of the keyboard.
    if moment is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise click.BadParameter(
            f"'{text}' is not a time; examples: 2d, 12h, 2027-03-20, 2027-03-20T18:00"
        )
    return moment


@click.command()
@options.directory
@click.option(
    "--since",
    metavar="TIME",
    default="2d",
    callback=parse_since,
    help="The first day: 2d or 12h before now (default: 2d), or a date or time of the shop.",
)
@click.option("--dry-run", is_flag=True, help="Show the corrections without booking them.")
@click.option(
    "--max-reads",
    type=click.IntRange(min=0),
    default=20,
    metavar="N",
    help="Read at most N invoices one by one (default: 20).",
)
@options.reserve
@options.timeout
@options.output_format
@options.verbose
def settle(
    directory: Path,
    since: datetime | timedelta,
    dry_run: bool,
    max_reads: int,
    reserve: int,
    timeout: float | None,
    output_format: str,
    verbose: int,
) -> None:
    """Close the day against the invoices of the shop.

    Books the sales that no till reported, gives uses of cancelled invoices back, and finds
    invoices that the shop does not have. A second run changes nothing.
    """
    with output.report_errors(output_format, directory):
        from dealpos_reconciler.cli.console import Console
        from dealpos_reconciler.dealpos.budget import Limits
        from dealpos_reconciler.render.provider.settlement import (
            settlement_document,
            settlement_text,
        )
        from dealpos_reconciler.serve.secret import read_codes_key
        from dealpos_reconciler.workflows.open_shop import open_shop
        from dealpos_reconciler.workflows.provider import settle as workflow

        now = datetime.now(UTC)
        start = now - since if isinstance(since, timedelta) else since
        request = workflow.SettleRequest(start, dry_run, max_reads, now)
        key = read_codes_key(os.environ)
        limits = Limits(seconds=timeout, reserve=reserve)
        with (
            Console(output_format != "text", verbose) as console,
            open_shop(directory, console, limits, read_ahead=False) as shop,
        ):
            tell = console.say if output_format == "text" else lambda text: None
            found = workflow.settle(shop, request, key, tell)
            shop.save_profile()
            requests = shop.client.requests
        text = settlement_text(found, dry_run, requests)
        output.print_result(output_format, text, settlement_document(found, dry_run, requests))
    if found.left:
        sys.exit(exit_codes.PARTIAL)
