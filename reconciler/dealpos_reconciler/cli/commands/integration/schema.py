"""`schema`: write JSON Schemas for editors and programs."""

from __future__ import annotations

from pathlib import Path

import click

from dealpos_reconciler.cli import terminal
from dealpos_reconciler.errors import UsageError


@click.command()
@click.argument("directory", metavar="[DIR]", default="schemas", type=click.Path(path_type=Path))
def schema(directory: Path) -> None:
    """Write the JSON Schemas of files and documents.

    DIR is the folder to write to (default: schemas).
    """
    from dealpos_reconciler.workflows.schemas import files as shapes

    try:
        contents = shapes.file_schemas() | shapes.fleet_schema() | shapes.document_schemas()
        written = shapes.write_schemas(contents, directory)
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be written: {error.strerror}") from None
    terminal.write_stdout("".join(f"wrote {path}\n" for path in written))
