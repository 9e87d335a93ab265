"""The arguments that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.errors import UsageError, suggestion

if TYPE_CHECKING:
    from reconciler.core.plan.target import Scope

Command = TypeVar("Command", bound=Callable[..., Any])


def duration(context: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """Seconds of `90s`, `8m`, `1h` or `1h30m`; a usage error that names the accepted forms."""
    if text is None:
        return None
    found = re.fullmatch(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?", text, re.ASCII)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = hours * 3600 + minutes * 60 + seconds
    if not total:
        raise click.BadParameter(f"{text!r} is no duration; write 90s, 8m, 1h or 1h30m")
    return float(total)


PARTLY, CHANGES = 4, 2
"""Exit codes of a run that ended well and has something to say."""

directory = click.argument(
    "directory", metavar="[DIR]", default=".", type=click.Path(path_type=Path)
)


def formats(*more: str, help: str = "") -> Callable[[Command], Command]:
    """`--format`, with what a command offers beyond text and json."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json", *more]),
        default="text",
        show_default=True,
        help=f"json prints one JSON document and nothing else{help}.",
    )


form = formats()

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

overwrite = click.option(
    "--overwrite",
    metavar="ADDRESS",
    multiple=True,
    help="Where the shop and the files have both changed a value, write the files'; an address or "
    "a pattern, repeatable. Needs a ledger.",
)

verbose = click.option(
    "-v",
    "--verbose",
    count=True,
    help="A line for each request on stderr; -vv adds parameter names and headers.",
)

reserve = click.option(
    "--reserve",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Leave N requests of each window to the shop's other programs.",
)


def scope(targets: tuple[str, ...], kinds: tuple[str, ...]) -> Scope:
    """What `--target` and `--kind` ask for; raises UsageError for a kind that is none."""
    from reconciler.core.plan.target import Scope
    from reconciler.kinds import MANAGED

    for name in kinds:
        if name not in MANAGED:
            hint = suggestion(name, MANAGED) or f"the kinds are {', '.join(MANAGED)}"
            raise UsageError(f"there is no kind `{name}`", hint=hint)
    return Scope(targets, kinds)


def known_fields(names: tuple[str, ...]) -> None:
    """Raise UsageError for a field that no kind has."""
    from reconciler.kinds import MANAGED

    known = {name for kind in MANAGED.values() for name in kind.model.__annotations__}
    for name in names:
        if name not in known:
            hint = suggestion(name, known) or "README lists the fields of each kind"
            raise UsageError(f"no kind has a field `{name}`", hint=hint)
