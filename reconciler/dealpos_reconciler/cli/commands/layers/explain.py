"""`plan --explain`: the layers of one object."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from dealpos_reconciler.cli import output
from dealpos_reconciler.errors import UsageError

_ACCEPTED = ("directory", "explain", "output_format", "at", "verbose")
"""Parameters of `plan` that mean something to an explanation."""


def print_explanation(folder: Path, address: str, at: str, output_format: str) -> None:
    """Print each field of an object with its place, and what it overrides."""
    _refuse_options()
    if output_format not in ("text", "json"):
        raise UsageError("--explain is for --format text and json", hint="omit --format")
    from dealpos_reconciler.workflows.layers.explain import explain_object

    found = explain_object(folder, address, at)
    from dealpos_reconciler.render.layers.stack import stack_document, stack_text

    if output_format == "json":
        output.print_json(stack_document(found))
    else:
        output.print_lines(stack_text(found))


def _refuse_options() -> None:
    """Raise UsageError for an option of the command line that has no effect on an explanation."""
    context = click.get_current_context()
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if source is ParameterSource.COMMANDLINE and parameter.name not in _ACCEPTED:
            name = max(parameter.opts, key=len)
            raise UsageError(f"{name} has no effect on --explain", hint="omit one of them")
