"""The command group, its exit codes, and the one place that catches errors.

Data goes to stdout, everything else to stderr. A run imports the command that it is, and that
imports what it needs when it runs, so that `--help` and mistakes answer at once.
"""

from __future__ import annotations

import gc
import os
import sys
from collections import UserDict
from importlib import import_module
from types import ModuleType
from typing import Any

import click

from dealpos_reconciler import __version__
from dealpos_reconciler.cli import exit_codes, global_options, terminal
from dealpos_reconciler.cli.output import print_error
from dealpos_reconciler.cli.secret_files import read_secret_files
from dealpos_reconciler.errors import ReconcilerError, UsageError

_HELP = ("-h", "--help")


def main() -> None:
    """Run the command line and exit with the documented code."""
    # A short run makes many small values and no garbage worth looking for among them.
    gc.disable()
    # Looking for plugins of pydantic takes longer than a small shop does, and nobody else's code
    # has a say in what a price is.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    terminal.prepare_streams()
    if log := _loaded_log():
        log.begin()
    try:
        code = _run()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    finally:
        gc.freeze()  # nor is there among what is left when the process ends
        gc.enable()
    if log := _loaded_log():
        name = getattr(cli, "running", "")
        message = f"reconciler {name} ended with exit code {code}"
        log.write_to_file(message, command=name, version=__version__, exit_code=code)
    sys.exit(code)


def _run() -> int:
    """Run the command line and return its exit code; errors are written."""
    try:
        _check_current_folder()
        with terminal.guard_stdout():
            code = cli(prog_name="reconciler", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        _print_usage_error(error)
        return exit_codes.ERROR
    except ReconcilerError as error:
        print_error(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        # On a line of its own: click has ended the line.
        log = _loaded_log()
        log.write("interrupted", log.ERROR) if log else terminal.write_stderr("interrupted")
        return exit_codes.INTERRUPTED


def _loaded_log() -> ModuleType | None:
    """Return the log where something has used it; help does not import it."""
    return sys.modules.get("dealpos_reconciler.cli.log")


def _check_current_folder() -> None:
    """Raise UsageError where the current folder was deleted: no relative path can be resolved."""
    try:
        os.getcwd()
    except OSError:
        raise UsageError(
            "the current folder does not exist any more", hint="change to another folder"
        ) from None


def _print_usage_error(error: click.ClickException) -> None:
    """Write a mistake in the command line like any other error, with the help to read."""
    if type(error).__name__ == "NoArgsIsHelpError":  # which click has from 8.2 on
        error.show()
        return
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    hint = f"run '{context.command_path} --help'" if context else None
    source = context.get_parameter_source(parameter.name) if context and parameter else None
    if parameter and source == click.core.ParameterSource.ENVIRONMENT:
        hint = f"the value comes from the environment variable {parameter.envvar}"
    print_error(UsageError(error.format_message(), hint=hint))


class _Commands(click.Group):
    """The group of all commands; the one that runs gets the secrets that stand in files."""

    running = ""
    """The name of the command that runs."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command and its arguments; help needs no secret."""
        found = super().resolve_command(ctx, args)
        if not set(_HELP).intersection(args):
            read_secret_files(os.environ)
        self.running = found[0] or ""
        return found


@click.group(
    cls=_Commands,
    context_settings={
        "help_option_names": [*_HELP],
        "max_content_width": 100,
    },
    epilog="\b\nExit codes:\n"
    + "\n".join(f"  {code:<3}  {text}" for code, text in exit_codes.EXIT_CODES.items()),
)
@click.version_option(__version__, prog_name="reconciler")
@global_options.color
@global_options.log_format
@global_options.log_file
@global_options.chdir
def cli() -> None:
    """Catalogue as code for DealPOS.

    Declare categories, products, prices, coupons and customers in YAML. Preview changes with
    `plan`, make them with `apply`, and detect drift with `audit`. DIR is a shop folder: it holds
    reconciler.yaml. Without DIR, the nearest folder upwards in the git work tree is used.
    """


def _complete(command: click.Command, prefix: str) -> None:
    """Give each option its variable, and let those of all commands stand after any of them."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not (parameter.envvar or parameter.hidden):
            name = max(parameter.opts, key=len).strip("-")
            if name != "version":  # CI jobs set it to the version that they install
                parameter.envvar = f"{prefix}_{name}".upper().replace("-", "_")
    if command is not cli:
        for option in (global_options.log_file, global_options.log_format, global_options.color):
            option(command)
    for name, below in command.commands.items() if isinstance(command, click.Group) else ():
        _complete(below, f"{prefix}_{name}")


_MODULES = {
    "import": "import_",
    "completion": "integration.completion",
    "schema": "integration.schema",
    "render": "layers.render",
    "rehearse": "rehearsal.rehearse",
    "schedule": "dates.schedule",
    "serve": "serving.serve",
    "board": "serving.board",
}
"""The modules of the commands whose modules are not named like them, below `cli.commands`."""

_NAMES = (
    *("init", "doctor", "validate", "plan", "show", "apply", "audit", "history", "sandbox"),
    *("schema", "import", "adopt", "render", "rehearse", "schedule", "prices", "serve"),
    *("provider", "board", "fleet", "completion"),
)


class _CommandTable(UserDict[str, Any]):
    """The commands by name; each is imported when it is looked up."""

    def __getitem__(self, name: str) -> click.Command:
        if self.data[name] is None:
            module = _MODULES.get(name, name)
            found = import_module(f"dealpos_reconciler.cli.commands.{module}")
            self.data[name] = command = getattr(found, module.rpartition(".")[2])
            _complete(command, f"RECONCILER_{name}")
        command = self.data[name]
        assert isinstance(command, click.Command)
        return command


_complete(cli, "RECONCILER")
cli.commands = _CommandTable(dict.fromkeys(_NAMES))
