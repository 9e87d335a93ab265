"""Options of every command: folder, colour and log."""

from __future__ import annotations

import os
from pathlib import Path

import click

from dealpos_reconciler.errors import UsageError


def _change_folder(context: click.Context, parameter: click.Parameter, folder: Path | None) -> None:
    if folder is None:
        return
    try:
        os.chdir(folder)
        # A process that this one starts is there already.
        os.environ.pop(str(parameter.envvar), None)
    except OSError as error:
        if context.resilient_parsing:  # a word is being completed
            return
        raise UsageError(f"cannot change to {folder}: {error.strerror}") from None


chdir = click.option(
    "-C",
    "--chdir",
    metavar="DIR",
    type=click.Path(path_type=Path),
    callback=_change_folder,
    expose_value=False,
    is_eager=True,
    help="Run in this folder: relative paths begin there.",
)


def _choose_color(context: click.Context, parameter: click.Parameter, choice: str | None) -> None:
    if choice is not None:
        context.color = {"always": True, "never": False}.get(choice)


def _choose_log_format(
    context: click.Context, parameter: click.Parameter, choice: str | None
) -> None:
    if choice is not None:
        from dealpos_reconciler.cli import log

        log.set_format(choice == "json")


def _add_log_file(context: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    if path is not None and not context.resilient_parsing:
        from dealpos_reconciler.cli import log

        log.add_file(path)


log_format = click.option(
    "--log-format",
    metavar="FORMAT",
    type=click.Choice(["text", "json"]),
    callback=_choose_log_format,
    expose_value=False,
    is_eager=True,
    help="Write the log (stderr and --log-file) as text (default) or as lines of JSON.",
)

log_file = click.option(
    "--log-file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_add_log_file,
    expose_value=False,
    is_eager=True,
    help="Also append the log to this file, with each request.",
)

color = click.option(
    "--color",
    metavar="WHEN",
    type=click.Choice(["auto", "always", "never"]),
    callback=_choose_color,
    expose_value=False,
    is_eager=True,
    help="Color the output: auto (default), always or never.",
)
