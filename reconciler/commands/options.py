"""The arguments that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

PARTLY, CHANGES = 4, 2
"""Exit codes of a run that ended well and has something to say (design §6)."""

directory = click.argument(
    "directory", metavar="[DIR]", default=".", type=click.Path(path_type=Path)
)

form = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json prints one JSON document and nothing else.",
)

detailed_exitcode = click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 when the plan is not empty."
)

compact = click.option("--compact", is_flag=True, help="One line a change, instead of a block.")
