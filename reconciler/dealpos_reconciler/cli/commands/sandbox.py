"""`sandbox serve`, `reset` and `show`: a local mock of DealPOS; its till is in `till`."""

from __future__ import annotations

import gc
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dealpos_reconciler.cli import exit_codes, options, output
from dealpos_reconciler.cli.commands import till
from dealpos_reconciler.errors import UsageError

if TYPE_CHECKING:
    from dealpos_reconciler.sandbox.till import Delivery


@click.group()
def sandbox() -> None:
    """Run and reset a local mock of DealPOS."""


for command in (till.sell, till.void, till.restore, till.erase, till.edit):
    sandbox.add_command(command)


@sandbox.command(context_settings={"show_default": True})
@options.directory
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    help="Port to listen on; 0 chooses a free one.",
)
@click.option("--client-id", default="sandbox", help="Client ID that it accepts.")
@click.option(
    "--client-secret",
    default="sandbox",
    envvar="SANDBOX_CLIENT_SECRET",
    help="Client secret that it accepts.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=50,
    help="Requests per rate-limit window; 0 means no limit.",
)
@click.option(
    "--window",
    type=click.FloatRange(min=0, min_open=True),
    default=180.0,
    help="Length of a rate-limit window in seconds.",
)
@till.webhooks_option
@till.api_key_option
@till.cooldown_option
def serve(
    directory: Path,
    host: str,
    port: int,
    limit: int,
    window: float,
    webhooks: str,
    api_key: str,
    cooldown: float,
    **who: str,
) -> None:
    """Serve the sandbox of a shop folder over HTTP."""
    from dealpos_reconciler import sandbox as shop
    from dealpos_reconciler.catalogue.settings import load
    from dealpos_reconciler.workflows.connect import UNLIMITED_REQUESTS, open_sandbox

    app = open_sandbox(load(directory), limit=limit or UNLIMITED_REQUESTS, window=window, **who)
    try:
        server = shop.listen(app, host, port)
    except (OSError, ValueError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(
            f"cannot listen on {host}:{port}: {why}", hint="use another --host or --port"
        ) from None
    gc.enable()  # a server runs for long
    address = f"http://{host}:{server.effective_port}"
    with _sending(app, webhooks, api_key, cooldown):
        output.print_message(f"Serving {directory} on {address}; press Ctrl-C to stop. To use it:")
        output.print_message(f"  export DEALPOS_URL={address}")
        output.print_message(f"  export DEALPOS_CLIENT_ID={shlex.quote(who['client_id'])}")
        output.print_message("  export DEALPOS_CLIENT_SECRET=…   # the --client-secret")
        server.run()  # ends with Ctrl-C only
    sys.exit(exit_codes.INTERRUPTED)


@contextmanager
def _sending(app: object, webhooks: str, api_key: str, cooldown: float) -> Iterator[None]:
    """Send webhooks while the sandbox is served, and say which ones were not accepted."""
    from dealpos_reconciler.workflows.till import Wiring, open_outbox

    def tell(delivery: Delivery) -> None:
        if not delivery.accepted:
            output.print_message(till.tell_delivery(delivery))

    if not webhooks:
        yield
        return
    outbox = open_outbox(app, Wiring("", webhooks, api_key, cooldown=cooldown), tell)
    try:
        yield
    finally:
        outbox.close()


@sandbox.command()
@options.directory
@click.option(
    "--seed",
    type=click.Path(path_type=Path, exists=True),
    help="A seed document (JSON), or a shop folder whose catalogue to load.",
)
def reset(directory: Path, seed: Path | None) -> None:
    """Reset the sandbox to --seed or to sandbox.json."""
    from dealpos_reconciler.catalogue.settings import load
    from dealpos_reconciler.workflows.seed import seed_sandbox

    seed_sandbox(load(directory), seed)
    output.print_message(f"Sandbox of {directory} reset")


@sandbox.command()
@options.directory
def show(directory: Path) -> None:
    """Print the contents of the sandbox as a seed document."""
    from dealpos_reconciler.catalogue.settings import load
    from dealpos_reconciler.workflows.connect import dump_sandbox

    output.print_json(dump_sandbox(load(directory)))
