"""The `sandbox` commands: serve, fill and show the shop inside the tool."""

from __future__ import annotations

import gc
from pathlib import Path

import click

from reconciler.cli import options, output
from reconciler.errors import UsageError


@click.group()
def sandbox() -> None:
    """The embedded shop: a stand-in for DealPOS to learn, rehearse and test with."""


@sandbox.command()
@options.directory
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Port to listen on; 0 takes any.",
)
@click.option(
    "--client-id", default="sandbox", show_default=True, help="Client ID that it accepts."
)
@click.option(
    "--client-secret",
    default="sandbox",
    show_default=True,
    envvar="SANDBOX_CLIENT_SECRET",
    help="Client secret that it accepts.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    help="Requests in a window; 0: no limit.",
)
@click.option(
    "--window",
    type=click.FloatRange(min=0, min_open=True),
    default=180.0,
    show_default=True,
    help="Seconds of a window.",
)
def serve(directory: Path, host: str, port: int, limit: int, window: float, **who: str) -> None:
    """Serve the folder's embedded shop over HTTP until Ctrl-C."""
    from reconciler import sandbox as shop
    from reconciler.catalogue.settings import load
    from reconciler.workflows.connect import UNLIMITED, embedded

    app = embedded(load(directory), limit=limit or UNLIMITED, window=window, **who)
    try:
        server = shop.listen(app, host, port)
    except (OSError, ValueError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(
            f"cannot listen on {host}:{port}: {why}", hint="choose another --host or --port"
        ) from None
    gc.enable()  # a server runs for long
    address = f"http://{host}:{server.effective_port}"
    click.echo(f"serving {directory} on {address}; stop with Ctrl-C", err=True)
    click.echo(f"  export DEALPOS_URL={address}", err=True)
    click.echo(f"  export DEALPOS_CLIENT_ID={who['client_id']}", err=True)
    click.echo("  export DEALPOS_CLIENT_SECRET=…   (the --client-secret above)", err=True)
    server.run()


@sandbox.command()
@options.directory
@click.option(
    "--seed",
    type=click.Path(path_type=Path, exists=True),
    help="A seed document (JSON), or a shop folder whose catalogue to fill in.",
)
def reset(directory: Path, seed: Path | None) -> None:
    """Empty the embedded shop and fill it anew, from --seed or the folder's sandbox.json."""
    from reconciler.catalogue.settings import load
    from reconciler.workflows import seed as rehearse

    rehearse.reset(load(directory), seed)
    click.echo(f"the embedded shop of {directory} is filled anew", err=True)


@sandbox.command()
@options.directory
def show(directory: Path) -> None:
    """Print everything that the embedded shop holds, as a seed document."""
    from reconciler.catalogue.settings import load
    from reconciler.workflows.connect import state

    output.print_json(state(load(directory)))
