"""`provider check`: call the public address of a provider as DealPOS does."""

from __future__ import annotations

import os
import sys

import click

from dealpos_reconciler.cli import exit_codes, options, output


@click.command()
@click.argument("url")
@options.output_format
def check(url: str, output_format: str) -> None:
    """Call a provider at its public address as DealPOS does.

    URL is the address that DealPOS has. SECRET in it stands for RECONCILER_HOOK_SECRET. The coupon
    is one that nobody declares, and the sale has none, so nothing is counted.
    """
    with output.report_errors(output_format):
        from dealpos_reconciler.provider.probe import check_provider
        from dealpos_reconciler.render.words import plain

        secret = os.environ.get("RECONCILER_HOOK_SECRET", "").partition(",")[0].strip()
        results = check_provider(url, secret, os.environ.get("RECONCILER_HOOK_KEY", ""))
    if output_format == "json":
        found = [{"check": r.check, "ok": r.ok, "found": r.found} for r in results]
        output.print_json({"format_version": "1.0", "results": found})
    else:
        lines = [f"{'ok   ' if r.ok else 'error'}  {r.check:<16}  {r.found}" for r in results]
        output.print_text("".join(f"{plain(line)}\n" for line in lines))
    if not all(result.ok for result in results):
        sys.exit(exit_codes.ERROR)
