"""Files of a catalogue folder: those that are read, those that a note names, and hidden ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dealpos_reconciler.errors import SourceError
from tests.support.folder import Folder, load_files

REST = "is not read: its name does not end in .yaml or .yml"
BROKEN = "categories: [\n"


@pytest.mark.parametrize(
    "name", ["drinks.YAML", "drinks.yaml.txt", "sub/drinks.yml.orig", "drinks"]
)
def test_a_file_that_is_not_read_is_named(folder: Folder, name: str) -> None:
    folder.write(BROKEN, name)
    assert folder.load().notes == (f"catalogue/{name} {REST}",)


def test_many_files_that_are_not_read_are_counted(folder: Folder) -> None:
    for number in range(8):
        folder.write("", f"{number}.jpg")
    *named, rest = folder.load().notes
    assert named == [f"catalogue/{number}.jpg {REST}" for number in range(5)]
    assert rest == "3 more files in catalogue are not read"


@pytest.mark.parametrize("name", ["._a.yaml", ".trash/x.yaml", "sub/.git/a/b.yml", ".a.yaml.swp"])
def test_what_is_hidden_is_not_read_and_not_named(folder: Folder, name: str) -> None:
    folder.write(BROKEN, name)
    folder.write("# a text for people", "README.md")
    assert folder.load().notes == ()


def test_the_catalogue_folder_itself_may_be_hidden(tmp_path: Path) -> None:
    (tmp_path / ".menu").mkdir()
    (tmp_path / ".menu" / "a.yaml").write_text("categories: [{name: A}]", encoding="utf-8")
    (tmp_path / "reconciler.yaml").write_text("catalogue: .menu", encoding="utf-8")
    assert [str(address) for address, _ in load_files(tmp_path)] == ["category/A"]


def test_a_folder_that_cannot_be_read_is_a_problem(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    folder.write("categories: [{name: A}]", "sub/a.yaml")
    monkeypatch.setattr(os, "scandir", refuse)
    assert folder.messages() == ["sub: cannot be read: Permission denied"]


MERGE = "categories:\n<<<<<<< HEAD\n  - {name: A}\n=======\n  - {name: B}\n>>>>>>> next\n"
HINT = "keep the lines that hold, and delete those that begin with <<<<<<<, ======= and >>>>>>>"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (MERGE, ["2:1: unresolved git merge conflict: `<<<<<<< HEAD`"]),
        (MERGE.replace("\n", "\r\n"), ["2:1: unresolved git merge conflict: `<<<<<<< HEAD`"]),
        (
            MERGE + MERGE,
            [
                "2:1: unresolved git merge conflict: `<<<<<<< HEAD`",
                "8:1: unresolved git merge conflict: `<<<<<<< HEAD`",
            ],
        ),
        (
            "categories: [{name: A}]\n>>>>>>> next\n",
            ["2:1: unresolved git merge conflict: `>>>>>>> next`"],
        ),
        ("=======\ncategories: []", ["1:1: unresolved git merge conflict: `=======`"]),
    ],
)
def test_an_unresolved_git_merge_is_called_that(
    folder: Folder, text: str, places: list[str]
) -> None:
    path = folder.root / "catalogue" / "shop.yaml"
    path.write_bytes(text.encode())
    assert folder.problems() == [(f"shop.yaml:{place}", HINT) for place in places]


def test_an_unresolved_git_merge_in_the_settings_is_called_that(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text("store:\n<<<<<<< HEAD\n", encoding="utf-8")
    with pytest.raises(SourceError) as refused:
        load_files(tmp_path)
    (problem,) = refused.value.problems
    assert str(problem) == "reconciler.yaml:2:1: unresolved git merge conflict: `<<<<<<< HEAD`"


def test_a_text_that_shows_such_lines_is_a_text(folder: Folder) -> None:
    text = "products:\n  - code: A\n    description: |\n      <<<<<<< HEAD\n      =======\n"
    folder.write(text)
    assert folder.get("product/A").value["description"] == "<<<<<<< HEAD\n=======\n"
