"""Help of every command: first lines that fit the list, and the words of the vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from dealpos_reconciler.cli import exit_codes
from dealpos_reconciler.cli.main import cli
from tests.support.program import RunProgram
from tools.prose.rules import findings

MAX_FIRST_LINE = 59


def all_commands(
    command: click.Command = cli, name: str = ""
) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for word, below in command.commands.items():
            yield from all_commands(below, f"{name} {word}".strip())


COMMANDS = dict(all_commands())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_first_line_of_help_fits_the_list_of_commands(name: str) -> None:
    help_text = COMMANDS[name].help
    assert help_text
    first = help_text.split("\n\n")[0]
    assert "\n" not in first
    assert len(first) <= MAX_FIRST_LINE
    assert re.fullmatch(r"[A-Z].*\.", first)


@pytest.mark.parametrize("group", [n for n, c in COMMANDS.items() if isinstance(c, click.Group)])
def test_no_line_of_the_list_is_cut(run: RunProgram, group: str) -> None:
    ran = run(*group.split(), "--help")
    assert ran.code == 0
    listed = COMMANDS[group]
    assert isinstance(listed, click.Group)
    for name, command in listed.commands.items():
        first = (command.help or "").split("\n\n")[0]
        assert re.search(rf"^  {name} +{re.escape(first)}$", ran.out, re.MULTILINE)
    assert "..." not in ran.out.partition("Commands:")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_uses_the_words_of_the_vocabulary(name: str) -> None:
    command = COMMANDS[name]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert re.fullmatch(r"[A-Z].*\.", parameter.help, re.DOTALL), parameter.help
    texts = [command.help or "", *(getattr(p, "help", None) or "" for p in command.params)]
    for text in texts:
        for sentence in re.split(r"(?<=\.)\s+|\n\n", text):
            assert list(findings(sentence)) == [], sentence


@pytest.mark.parametrize("group", [n for n, c in COMMANDS.items() if isinstance(c, click.Group)])
def test_a_group_without_a_command_shows_its_help(run: RunProgram, group: str) -> None:
    ran = run(*group.split())
    assert ran.out + ran.err == run(*group.split(), "--help").out


def test_every_command_accepts_color() -> None:
    for name, command in COMMANDS.items():
        assert any("--color" in parameter.opts for parameter in command.params), name


def test_help_lists_the_exit_codes(run: RunProgram) -> None:
    out = run("--help").out
    for code, meaning in exit_codes.EXIT_CODES.items():
        assert re.search(rf"^    {code} +{re.escape(meaning)}$", out, re.MULTILINE)
