"""`schema`: JSON Schemas for editors."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.errors import UsageError


@click.command()
@click.argument("directory", metavar="[DIR]", default="schemas", type=click.Path(path_type=Path))
def schema(directory: Path) -> None:
    """Write the JSON Schemas of the files into DIR (default: schemas), for editors."""
    from reconciler.kinds import MANAGED
    from reconciler.schema import write

    try:
        written = write(MANAGED, directory)
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be written: {error.strerror}") from None
    for path in written:
        click.echo(f"wrote {path}")
