"""The page of the command line, from the click commands."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from dealpos_reconciler.cli.main import cli
from tools.site.markdown import code, page, prose, table

PATH = "reference/commands.md"


def render() -> str:
    """Return a section for each command: usage, text, arguments and options."""
    overview = table(
        ("command", "purpose"),
        (
            (f"[{code(name)}](#{name.replace(' ', '-')})", command.get_short_help_str(limit=200))
            for name, command in _commands(cli, "reconciler")
        ),
    )
    intro = (
        "`DIR` is the shop folder; the default is the current folder. "
        "Data goes to standard output and everything else to standard error. "
        "On a terminal, text is wrapped to its width. In a pipe and a CI log it is not, so that "
        "`grep` finds each fact on one line."
    )
    sections = (_section(name, command) for name, command in _commands(cli, "reconciler"))
    return page("Commands", intro, overview, *sections, source="reconciler/dealpos_reconciler/cli")


def _commands(group: click.Group, above: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        if isinstance(command, click.Group):
            yield from _commands(command, f"{above} {name}")
        else:
            yield f"{above} {name}", command


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name, **command.context_settings)
    usage = f"```text\n{name} {' '.join(command.collect_usage_pieces(context))}\n```"
    help_text = _with_options(prose(command.help).replace("\b\n", ""))
    options = [
        _option(parameter, bool(context.show_default))
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option) and not parameter.hidden
    ]
    return "\n\n".join([f"## {name}", usage, help_text, table(("option", "meaning"), options)])


def _option(option: click.Option, shows_default: bool) -> tuple[str, str]:
    spelled = ", ".join(code(spelling) for spelling in option.opts)
    if not option.is_flag and not option.count:
        spelled += f" {_value(option)}"
    meaning = option.help or ""
    if option.multiple and "epeat" not in meaning:
        meaning += " Can be repeated."
    if shows_default and option.default is not None:
        meaning += f" Default: {code(option.default)}."
    return spelled, _with_options(meaning)


def _with_options(text: str) -> str:
    return re.sub(r"(?<![`\w])(--[a-z][a-z-]+)", r"`\1`", text)


def _value(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return " or ".join(code(choice) for choice in option.type.choices)
    return code(option.metavar or option.type.name.upper())
