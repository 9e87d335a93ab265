"""Questions on a terminal: they explain themselves, are asked again, and end with Ctrl-C."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dealpos_reconciler.cli.prompt import ADOPT, ADOPT_HELP, APPROVE, APPROVE_HELP
from tests.support.program import RunProgram
from tests.support.terminal import CTRL_C, CTRL_D, on_terminal

MAX_COLUMNS = 79


def reprice(folder: Path) -> Path:
    """Declare another price than the shop has; give the file."""
    menu = folder / "catalogue" / "menu.yaml"
    menu.write_text(menu.read_text("utf-8").replace("18000", "18500"), encoding="utf-8")
    return menu


def test_approval_is_asked_until_the_answer_is_known(folder: Path, run: RunProgram) -> None:
    answers = [(APPROVE, "?\n"), (APPROVE, "sure\n"), (APPROVE, "y\n"), (APPROVE, "yes\n")]
    code, out = on_terminal("apply", folder, answers=answers)
    assert code == 0
    assert APPROVE_HELP in out
    assert out.count("Please answer 'yes' or 'no', or '?' for help.\n") == 2
    assert run("sandbox", "show", folder).json["products"]


@pytest.mark.parametrize(
    ("answer", "code", "last"),
    [
        ("no\n", 1, "Nothing was changed."),
        (CTRL_D, 1, "Nothing was changed."),
        (CTRL_C, 130, "interrupted"),
    ],
)
def test_approval_is_refused(
    folder: Path, run: RunProgram, answer: str, code: int, last: str
) -> None:
    ended, out = on_terminal("apply", folder, answers=[(APPROVE, answer)])
    assert (ended, out.splitlines()[-1]) == (code, last)
    assert "Traceback" not in out
    assert run("sandbox", "show", folder).json["products"] == []


def test_a_live_value_is_written_after_a_yes(applied: Path) -> None:
    menu = reprice(applied)
    answers = [(ADOPT, "?\n"), (ADOPT, "x\n"), (ADOPT, "Y\n")]
    code, out = on_terminal("adopt", "--shop", applied, answers=answers)
    assert code == 0
    assert ADOPT_HELP in out
    assert out.count("Please answer y, n, a, q, or '?' for help.\n") == 1
    assert "18000" in menu.read_text("utf-8")


def test_no_file_is_changed_after_ctrl_c(applied: Path) -> None:
    menu = reprice(applied)
    code, out = on_terminal("adopt", "--shop", applied, answers=[(ADOPT, CTRL_C)])
    assert (code, out.splitlines()[-1]) == (130, "interrupted")
    assert "Traceback" not in out
    assert "18500" in menu.read_text("utf-8")


def test_questions_and_their_help_fit_80_columns() -> None:
    for text in (APPROVE, APPROVE_HELP, ADOPT, ADOPT_HELP):
        assert max(map(len, text.splitlines())) <= MAX_COLUMNS
    assert set(re.findall(r"\[(.)\]", ADOPT)) == {"y", "n", "a", "q", "?"}
