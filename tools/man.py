"""Write the man page `reconciler(1)` from the help of all commands.

`python -m tools.man` writes docs/man/reconciler.1, which the wheel installs; a test compares both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from dealpos_reconciler.cli import exit_codes
from dealpos_reconciler.cli.main import cli

PATH = Path("docs/man/reconciler.1")


def render() -> str:
    """Return the page in the language of man(7)."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield '.TH RECONCILER 1 "" "" "Catalogue as code for DealPOS"'
    yield ".SH NAME"
    yield r"reconciler \- catalogue as code for DealPOS"
    yield ".SH SYNOPSIS"
    yield r".B reconciler"
    yield r"[\fIOPTION\fR]... \fICOMMAND\fR [\fIARG\fR]..."
    yield ".SH DESCRIPTION"
    yield from _paragraphs((cli.help or "").partition("\n\n")[2])
    yield ".SH OPTIONS"
    yield from _options(cli)
    yield ".SH COMMANDS"
    yield "Each command also accepts \\fB\\-\\-color\\fR, \\fB\\-\\-log\\-format\\fR and "
    yield "\\fB\\-\\-log\\-file\\fR."
    for name, command in _commands(cli, "reconciler"):
        yield f".SS {_escape(_usage(name, command))}"
        yield from _paragraphs(command.help or "")
        yield from _options(command)
    yield ".SH EXIT STATUS"
    for code, text in exit_codes.EXIT_CODES.items():
        yield from (".TP", f"\\fB{code}\\fR", _escape(text))
    yield ".SH ENVIRONMENT"
    yield "Each option has a variable, such as \\fBRECONCILER_PLAN_RESERVE\\fR for"
    yield "\\fBplan \\-\\-reserve\\fR."
    yield "DEALPOS_URL, DEALPOS_CLIENT_ID and DEALPOS_CLIENT_SECRET name the shop."
    yield "A variable with _FILE at the end names a file with the value of a secret."
    yield ".SH FILES"
    for name, text in (
        ("reconciler.yaml", "The settings of a shop folder."),
        ("catalogue/", "The catalogue files of a shop folder, in YAML."),
        (".reconciler/", "What reconciler remembers of a shop; git ignores it."),
    ):
        yield from (".TP", f"\\fI{_escape(name)}\\fR", _escape(text))


def _commands(group: click.Group, above: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _commands(command, f"{above} {name}")
        elif not command.hidden:
            yield f"{above} {name}", command


def _usage(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    return " ".join([name, *command.collect_usage_pieces(context)])


def _options(command: click.Command) -> Iterator[str]:
    everywhere = {"color", "log_format", "log_file"} if command is not cli else set()
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden and option.name not in everywhere:
            spelled = ", ".join(f"\\fB{_escape(word)}\\fR" for word in option.opts)
            if not (option.is_flag or option.count):
                spelled += f" \\fI{_escape(_value(option))}\\fR"
            yield from (".TP", spelled, _escape(" ".join((option.help or "").split())))


def _value(option: click.Option) -> str:
    if option.metavar:
        return option.metavar
    if isinstance(option.type, click.Choice):
        return "|".join(map(str, option.type.choices))
    return option.type.name.upper()


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text.replace("\b", "").strip()):
        yield ".PP"
        yield _escape(" ".join(paragraph.split()).replace("`", ""))


def _escape(text: str) -> str:
    """Return text that troff prints as it is."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    escaped = re.sub(r"[^\x00-\x7f]", lambda found: f"\\[u{ord(found[0]):04X}]", escaped)
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(render(), encoding="utf-8")
