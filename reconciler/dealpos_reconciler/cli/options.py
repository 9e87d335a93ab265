"""Options and arguments that several commands share."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dealpos_reconciler.cli.completion import complete_addresses, complete_kinds
from dealpos_reconciler.errors import UsageError, suggestion

if TYPE_CHECKING:
    from dealpos_reconciler.core.plan.target import Scope

Command = TypeVar("Command", bound=Callable[..., Any])


def parse_duration(
    context: click.Context, parameter: click.Parameter, text: str | None
) -> float | None:
    """Return the seconds of `90s`, `8m`, `1h` or `1h30m`; raise BadParameter for other text."""
    if text is None:
        return None
    found = re.fullmatch(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?", text, re.ASCII)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = hours * 3600 + minutes * 60 + seconds
    if not total:
        raise click.BadParameter(f"'{text}' is not a duration; examples: 90s, 8m, 1h, 1h30m")
    return float(total)


def find_shop(context: click.Context, parameter: click.Parameter, given: Path | None) -> Path:
    """Return the given folder, or the nearest one upwards that has settings."""
    if given is not None or context.resilient_parsing:
        return given or Path()
    from dealpos_reconciler.catalogue.files import find_root

    return Path(os.path.relpath(find_root(Path.cwd())))


directory = click.argument(
    "directory",
    metavar="[DIR]",
    required=False,
    callback=find_shop,
    type=click.Path(path_type=Path),
)

new_directory = click.argument(
    "directory", metavar="[DIR]", default=".", type=click.Path(path_type=Path)
)
"""The folder of a command that may create it: no folder above is taken instead."""


def shop_option(name: str) -> Callable[[Command], Command]:
    """Return the option `--shop`, which hands over the shop folder as the parameter `name`."""
    return click.option(
        "--shop",
        name,
        metavar="DIR",
        callback=find_shop,
        type=click.Path(path_type=Path),
        help="The shop folder (default: as for DIR of the other commands).",
    )


class _Lines(click.types.StringParamType):
    """Text of an option that is repeatable; a variable holds one value a line."""

    envvar_list_splitter = "\n"


_LINES = _Lines()


personal_data = click.option(
    "--personal-data",
    is_flag=True,
    help="Also write personal data of customers, such as name, email and phone.",
)


def format_option(**more: str) -> Callable[[Command], Command]:
    """Return the option `--format` with text, json and those of `more`, each with its meaning."""
    meanings = {"json": "one document", **more}
    listed = "".join(f", {name} ({meaning})" for name, meaning in meanings.items())
    return click.option(
        "--format",
        "output_format",
        metavar="FORMAT",
        type=click.Choice(["text", *meanings]),
        default="text",
        help=f"Output format: text (default){listed}.",
    )


def _with_older_spelling(
    spelling: str, older: str, **settings: Any
) -> Callable[[Command], Command]:
    name = spelling.removeprefix("--").replace("-", "_")

    def add(command: Command) -> Command:
        command = click.option(spelling, name, **settings)(command)
        return click.option(older, name, hidden=True, **settings)(command)

    return add


output_format = format_option()

target = click.option(
    "--target",
    "targets",
    metavar="ADDRESS",
    type=_LINES,
    shell_complete=complete_addresses,
    multiple=True,
    help="Only this object and the objects it refers to. Accepts patterns such as "
    "'variant/1003*'; repeatable.",
)

kind = click.option(
    "--kind",
    "kinds",
    metavar="KIND",
    multiple=True,
    shell_complete=complete_kinds,
    help="Only objects of this kind; repeatable.",
)

overwrite = click.option(
    "--overwrite",
    metavar="ADDRESS",
    type=_LINES,
    shell_complete=complete_addresses,
    multiple=True,
    help="Resolve a conflict (changed in the files and in the shop) with the value of the files. "
    "Accepts patterns; repeatable. Needs a ledger.",
)


force_unlock = _with_older_spelling(
    "--force-unlock",
    "--take-over",
    is_flag=True,
    help="Release the lock of a run that was killed, if no other apply is running.",
)

timeout = _with_older_spelling(
    "--timeout",
    "--until",
    callback=parse_duration,
    metavar="DURATION",
    help="Stop cleanly before this much time has passed: 90s, 8m, 1h30m (default: 24h).",
)

verbose = click.option(
    "-v",
    "--verbose",
    count=True,
    help="Log each request to stderr; -vv adds parameter names and response headers.",
)

reserve = click.option(
    "--reserve",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Keep N requests of each rate-limit window free for other integrations.",
)


def parse_scope(targets: tuple[str, ...], kinds: tuple[str, ...]) -> Scope:
    """Return the objects that `--target` and `--kind` select; raise UsageError for a wrong kind."""
    from dealpos_reconciler.core.plan.target import Scope
    from dealpos_reconciler.kinds import MANAGED

    _check_names("kind", kinds, MANAGED)
    return Scope(targets, kinds)


def check_fields(names: tuple[str, ...]) -> None:
    """Raise UsageError for a field that no kind has."""
    from dealpos_reconciler.kinds import MANAGED

    known = {name for kind in MANAGED.values() for name in kind.model.__annotations__}
    _check_names("field", names, sorted(known))


def _check_names(what: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            hint = suggestion(name, known) or f"valid {what}s: {', '.join(known)}"
            raise UsageError(f"unknown {what} `{name}`", hint=hint)


def given_command(name: str) -> str:
    """Return the command line that was given, so that it can be pasted again."""
    context = click.get_current_context()
    return format_command(name, context.command, context.params)


def format_command(name: str, command: click.Command, given: Mapping[str, Any]) -> str:
    """Return the command line of `name` with the values of its options and arguments."""
    words = [word for option in command.params for word in _option_words(option, given)]
    return f"reconciler {name} {shlex.join(words)}".rstrip()


def _option_words(parameter: click.Parameter, given: Mapping[str, Any]) -> Iterator[str]:
    if not parameter.expose_value or (isinstance(parameter, click.Option) and parameter.hidden):
        return  # how it prints, or an older spelling of another option
    value = given[parameter.name or ""]
    if not isinstance(parameter, click.Option):
        yield str(value)
    elif isinstance(value, tuple):
        for item in value:
            yield from (parameter.opts[-1], str(item))
    elif parameter.count or parameter.is_flag:
        yield from [parameter.opts[-1]] * int(value)
    elif value is not None and value != parameter.default:
        yield from (parameter.opts[-1], str(value))
