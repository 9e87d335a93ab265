"""`init`: create a shop folder to start with."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from dealpos_reconciler.cli import options, output, terminal


@click.command()
@options.new_directory
def init(directory: Path) -> None:
    """Create a shop folder that works with the sandbox at once."""
    from dealpos_reconciler.workflows.init import create_shop

    terminal.write_stdout("".join(f"wrote {path}\n" for path in create_shop(directory)))
    output.print_message(f"Next: reconciler plan {shlex.quote(str(directory))}")
