"""`serve`: answer DealPOS at the till."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dealpos_reconciler.cli import options, output
from dealpos_reconciler.errors import UsageError

if TYPE_CHECKING:
    from dealpos_reconciler.core.provider.options import ListenAddress


def _parse_address(
    context: click.Context, parameter: click.Parameter, text: str | None
) -> ListenAddress | None:
    from dealpos_reconciler.catalogue.serving.serve_settings import parse_address

    try:
        return None if text is None else parse_address(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _address_option(name: str, text: str) -> Callable[[options.Command], options.Command]:
    return click.option(name, metavar="HOST:PORT", callback=_parse_address, help=text)


@click.command()
@options.directory
@_address_option("--listen", "Address for DealPOS (default: 127.0.0.1:8080).")
@_address_option("--admin", "Address for operators (default: 127.0.0.1:8081).")
@click.option(
    "--behind-proxy",
    is_flag=True,
    help="Allow addresses of other machines: a proxy in front of this server does TLS.",
)
@click.option(
    "--fd",
    type=click.IntRange(min=3),
    metavar="N",
    help="Use the listening socket that systemd passed as file descriptor N.",
)
@click.option("--new-secret", is_flag=True, help="Print a new random secret, and exit.")
def serve(
    directory: Path,
    listen: ListenAddress | None,
    admin: ListenAddress | None,
    behind_proxy: bool,
    fd: int | None,
    new_secret: bool,
) -> None:
    """Answer DealPOS at the till: its coupon provider.

    Runs until SIGTERM or Ctrl-C, and writes one JSON line for each call to stdout. A release that
    apply publishes is served within a second. The environment must have RECONCILER_HOOK_SECRET,
    RECONCILER_ADMIN_TOKEN and RECONCILER_CODES_KEY, each made with --new-secret.
    """
    if new_secret:
        from dealpos_reconciler.serve.secret import make_secret

        output.print_lines(make_secret() + "\n")
        return
    try:
        from dealpos_reconciler.workflows.provider.serve import ServeRequest, serve_shop
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("dealpos_reconciler"):
            raise
        message = "this command needs the extra 'serve': pip install 'dealpos-reconciler[serve]'"
        raise UsageError(message) from None
    gc.enable()  # a server runs for long
    request = ServeRequest(listen, admin, behind_proxy, fd)
    serve_shop(directory, request, os.environ, output.print_message)
