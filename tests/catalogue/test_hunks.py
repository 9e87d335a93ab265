"""The diff of edits that are known: `patch` and `git apply` make the new text of the old one."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from dealpos_reconciler.catalogue.writing.edit import Edits
from dealpos_reconciler.catalogue.writing.hunks import list_hunks
from dealpos_reconciler.catalogue.writing.results import AdoptResult, EditedFile
from dealpos_reconciler.render.import_ import adopt_text

COMMANDS = {"git": ["git", "apply", "--unidiff-zero", "--whitespace=nowarn", "-"]}
if shutil.which("patch"):
    COMMANDS["patch"] = ["patch", "--binary", "-p1", "-i", "-"]


def edit(text: str, changes: list[tuple[int, int, str]]) -> EditedFile:
    edits = Edits(text, None)
    edits.changes = [(start, end, n, new) for n, (start, end, new) in enumerate(changes)]
    hunks = list(list_hunks(text, edits.list_edits()))
    return EditedFile(text.encode(), edits.result().encode(), hunks)


def check(folder: Path, edited: EditedFile, command: str) -> str:
    """Apply the diff that `adopt` prints to the old text; returns it."""
    shown = adopt_text(AdoptResult(files={"menu.yaml": edited}), dry_run=True)
    path = folder / "menu.yaml"
    if edited.old:
        path.write_bytes(edited.old)
    ran = subprocess.run(
        COMMANDS[command], cwd=folder, input=shown.encode(), capture_output=True, check=False
    )
    assert ran.returncode == 0, (ran.stdout + ran.stderr).decode() + shown
    assert path.read_bytes() == edited.new, shown
    return shown


LINES = "a: 1\nb: 2\nc: 3\nd: 4\n"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("changes", "ranges"),
    [
        pytest.param([(3, 4, "9")], ["-1 +1"], id="one value"),
        pytest.param([(3, 4, "9"), (8, 9, "8")], ["-1,2 +1,2"], id="two lines in a row"),
        pytest.param([(3, 4, "9"), (13, 14, "7")], ["-1 +1", "-3 +3"], id="a line between"),
        pytest.param([(0, 1, "x"), (3, 4, "9")], ["-1 +1"], id="two on a line"),
        pytest.param([(4, 4, "\nx: 0\ny: 0")], ["-1,0 +2,2"], id="lines below a line"),
        pytest.param([(4, 4, "\nx: 0"), (8, 9, "8")], ["-2 +2,2"], id="a line, and the next one"),
        pytest.param([(5, 10, "")], ["-2 +1,0"], id="a line less"),
        pytest.param([(5, 10, ""), (18, 19, "0")], ["-2 +1,0", "-4 +3"], id="numbers go on"),
        pytest.param([(0, 20, "")], ["-1,4 +0,0"], id="nothing is left"),
        pytest.param([(19, 19, "\nx: 0")], ["-4,0 +5"], id="a line at the end"),
        pytest.param([(0, 0, "x: 0\n")], ["-0,0 +1"], id="a line at the beginning"),
        pytest.param([(3, 8, "")], ["-1,2 +1"], id="two lines become one"),
    ],
)
def test_a_diff_of_edits_applies(
    tmp_path: Path,
    changes: list[tuple[int, int, str]],
    ranges: list[str],
    newline: str,
    command: str,
) -> None:
    def move(index: int) -> int:
        return index + LINES[:index].count("\n") * (len(newline) - 1)

    text = LINES.replace("\n", newline)
    moved = [(move(start), move(end), new.replace("\n", newline)) for start, end, new in changes]
    shown = check(tmp_path, edit(text, moved), command)
    assert [line.strip("@ \r") for line in shown.split("\n") if line.startswith("@@")] == ranges


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("a: 1", (3, 4, "2")),
        ("a: 1\nb: 2", (9, 9, "\nc: 3")),
        ("a: 1\nb: 2", (3, 4, "9")),
        ("a: 1\n\tb: 2 # \u200b\n", (3, 4, "9")),
        ("", (0, 0, "a: 1\n")),
        ("", (0, 0, "a: 1")),
    ],
)
def test_a_text_without_a_line_end_keeps_it_so(
    tmp_path: Path, text: str, change: tuple[int, int, str], command: str
) -> None:
    check(tmp_path, edit(text, [change]), command)


def test_random_edits_apply(tmp_path: Path) -> None:
    dice = random.Random(11)
    for _ in range(60):
        text = "".join(dice.choice(["k: v\n", "x: 1\n", "\n", "# a note\n"]) for _ in range(12))
        text += dice.choice(["", "end"])
        cuts = sorted(dice.sample(range(len(text) + 1), 2 * dice.randint(1, 4)))
        news = [dice.choice(["", "z", "\nz", "z\n", "k: v\n"]) for _ in cuts[::2]]
        edited = edit(text, list(zip(cuts[::2], cuts[1::2], news, strict=True)))
        if edited.hunks:
            check(tmp_path, edited, dice.choice(list(COMMANDS)))
