"""Colour and width: in a pipe, on a terminal, and as options and environment ask for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.cli import terminal
from tests.support.terminal import environment, on_terminal

COLOR = "\x1b["


def in_pipe(*words: Any, **variables: str) -> str:
    """Run the program with pipes; give what it writes to stdout."""
    return subprocess.run(
        [sys.executable, "-m", "dealpos_reconciler", *map(str, words)],
        capture_output=True,
        text=True,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        check=True,
    ).stdout


@pytest.mark.parametrize(
    ("words", "variables", "colored"),
    [
        ([], {}, True),
        (["--color", "never"], {}, False),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"NO_COLOR": ""}, True),
        ([], {"TERM": "dumb"}, False),
        ([], {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ([], {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
    ],
)
def test_color_on_a_terminal(
    folder: Path, words: list[str], variables: dict[str, str], colored: bool
) -> None:
    code, out = on_terminal("plan", folder, *words, **variables)
    assert code == 0
    assert ("\x1b[32m+" in out) == colored
    if not colored:
        assert "\x1b[3" not in out


@pytest.mark.parametrize(
    ("words", "variables", "colored"),
    [
        ([], {}, False),
        (["--color", "always"], {}, True),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        (["--color", "auto"], {"CI": "true"}, False),
    ],
)
def test_color_in_a_pipe(
    folder: Path, words: list[str], variables: dict[str, str], colored: bool
) -> None:
    assert (COLOR in in_pipe("plan", folder, *words, **variables)) == colored


def test_color_is_accepted_before_the_command_too(folder: Path) -> None:
    assert COLOR in in_pipe("--color", "always", "plan", folder)
    assert COLOR not in in_pipe("--color", "always", "plan", folder, "--color", "never")


def test_json_has_no_color(folder: Path) -> None:
    assert COLOR not in in_pipe("plan", folder, "--format", "json", "--color", "always")


def without_times(text: str) -> list[str]:
    """Return the words of a plan without times of the day, which may differ between two runs."""
    return [word for word in text.split() if not re.fullmatch(r"\d\d:\d\d", word)]


@pytest.mark.parametrize("columns", [60, 80])
def test_a_plan_on_a_terminal_is_wrapped_to_its_width(example: Path, columns: int) -> None:
    code, out = on_terminal("plan", example, columns=columns, TERM="dumb")
    assert code == 0
    assert "\x1b" not in out  # no progress bar either
    assert without_times(out) == without_times(in_pipe("plan", example))
    too_long = [line for line in out.splitlines() if len(line) > columns and " " in line.strip()]
    assert all("'" in line for line in too_long), too_long  # a command stays in one piece


def test_a_plan_in_a_pipe_is_not_wrapped(example: Path) -> None:
    assert max(map(len, in_pipe("plan", example).splitlines())) > 100


def test_an_import_prints_below_no_bar(example: Path) -> None:
    (example / "catalogue").rename(example / "before")
    _, out = on_terminal("import", example, "--dry-run")
    visible = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out)
    assert re.search(r"[\r\n]Store: sandbox\n", visible)
    assert "authenticating" not in visible.partition("Store:")[2]


def test_the_bar_says_authenticating(folder: Path) -> None:
    _, out = on_terminal("plan", folder)
    assert "authenticating" in out
    assert "0/?" not in out


@pytest.mark.parametrize(
    ("text", "width", "wrapped"),
    [
        ("short", 40, "short"),
        ("a b c", None, "a b c"),
        ("one two three", 8, "one two\nthree"),
        ("  ! one two three", 12, "  ! one two\n    three"),
        ("  \x1b[31m✗\x1b[0m one two three", 12, "  \x1b[31m✗\x1b[0m one two\n    three"),
        ("see 'reconciler plan shop' now", 10, "see\n'reconciler plan shop'\nnow"),
        ("to go: reconciler plan 'a b'", 12, "to go:\nreconciler plan 'a b'"),
        ("a-very-long-word-without-a-space", 10, "a-very-long-word-without-a-space"),
        ("日本 日本 日本", 10, "日本 日本\n日本"),
        ("\x1b[1mbold\x1b[0m word", 9, "\x1b[1mbold\x1b[0m word"),
        ("first\n\nsecond line", 8, "first\n\nsecond\nline"),
    ],
)
def test_wrapping(text: str, width: int | None, wrapped: str) -> None:
    assert terminal.wrap(text, width) == wrapped


def test_help_repeats_no_control_sequence(folder: Path) -> None:
    code, out = on_terminal("plan", "--help")
    assert code == 0
    assert not re.search(r"\x1b", out)
