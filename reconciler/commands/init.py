"""`init`: a shop folder to start with."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.commands import options


@click.command()
@options.directory
def init(directory: Path) -> None:
    """Start a shop folder that works at once against the embedded sandbox."""
    from reconciler.init import start
    from reconciler.kinds import MANAGED

    for path in start(directory, MANAGED):
        click.echo(f"wrote {path}")
    click.echo(f"next: reconciler plan {directory}", err=True)
