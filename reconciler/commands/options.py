"""The arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.errors import UsageError, suggestion

if TYPE_CHECKING:
    from reconciler.core.scope import Scope

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

target = click.option(
    "--target",
    "targets",
    metavar="ADDRESS",
    multiple=True,
    help="Only this object, or those that a pattern such as 'variant/1003*' names, with what they "
    "refer to; repeatable.",
)

kind = click.option("--kind", "kinds", multiple=True, help="Only this kind; repeatable.")


def scope(targets: tuple[str, ...], kinds: tuple[str, ...]) -> Scope:
    """What `--target` and `--kind` ask for; raises UsageError for a kind that is none."""
    from reconciler.core.scope import Scope
    from reconciler.kinds import MANAGED

    for name in kinds:
        if name not in MANAGED:
            hint = suggestion(name, MANAGED) or f"the kinds are {', '.join(MANAGED)}"
            raise UsageError(f"there is no kind `{name}`", hint=hint)
    return Scope(targets, kinds)
