"""`completion`: the script with which a shell completes the words of a command."""

from __future__ import annotations

import click

from dealpos_reconciler.cli import terminal


@click.command()
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes commands in a shell.

    SHELL is bash, zsh or fish. It completes commands, options, kinds, fields, and the addresses
    that the files of the shop declare. For bash, add 'eval "$(reconciler completion bash)"' to
    ~/.bashrc.
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    root = click.get_current_context().find_root().command
    assert made is not None
    terminal.write_stdout(made(root, {}, "reconciler", "_RECONCILER_COMPLETE").source())
