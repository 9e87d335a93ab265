"""`layers:` in the settings: folders that cannot be layers are errors at their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.chain import Chain


def told(chain: Chain, layers: str) -> list[tuple[str, str]]:
    """Return the problems of a list of layers, without the file."""
    chain.settings = f"layers: {layers}\n"
    return [(m.removeprefix("reconciler.yaml:1:"), hint) for m, hint in chain.problems()]


@pytest.mark.parametrize(
    ("layers", "message", "hint"),
    [
        ("[]", "9: `layers` must be a list of folders", "write `[../../base, catalogue]`"),
        ("../../base", "9: `layers` must be a list of folders", "write `[../../base, catalogue]`"),
        ("[{a: b}]", "10: `layers`: an entry must be the path of a folder", ""),
        ("['']", "10: `layers`: an entry must be the path of a folder", ""),
        (
            "[/etc]",
            "10: `layers`: `/etc` must be a path from the shop folder",
            "write it as ../../base",
        ),
        (
            r"[..\base]",
            r"10: `layers`: `..\base` must be a path from the shop folder",
            "write it as ../../base",
        ),
        (
            "[../.., catalogue]",
            "10: `layers`: `../..` contains this shop folder: a circular layer",
            "name a folder of catalogue files",
        ),
        (
            "[.]",
            "10: `layers`: `.` contains this shop folder: a circular layer",
            "name a folder of catalogue files",
        ),
        (
            "[../../../elsewhere]",
            "10: `layers`: `../../../elsewhere` leads out of the git work tree",
            "move the folder into the repository",
        ),
        ("[../../bse]", "10: `layers`: `../../bse` does not exist", ""),
        ("[../../base/menu.yaml]", "10: `layers`: `../../base/menu.yaml` is not a folder", ""),
        (
            "[../../hollow]",
            "10: `layers`: `../../hollow` contains no catalogue file",
            "add a file that ends in .yaml",
        ),
        (
            "[../jakarta]",
            "10: `layers`: `../jakarta` is a shop folder: it has a reconciler.yaml",
            "name its folder of catalogue files",
        ),
        (
            "[../../base, catalogue, ../bandung/../../base/]",
            "33: `layers`: `../bandung/../../base/` is listed twice, first as `../../base`",
            "keep one of the two",
        ),
        (
            "[../../base, ../../base/more]",
            "22: `layers`: `../../base/more` is inside of `../../base`, which is a layer too",
            "move it beside that folder",
        ),
        (
            "[../../base/more, ../../base]",
            "27: `layers`: `../../base` contains `../../base/more`, which is a layer too",
            "move that folder beside it",
        ),
        (
            "[../../link]",
            "10: `layers`: `../../link` cannot be read: it is a link",
            "name the folder that the link leads to",
        ),
        (
            "[../../link/more]",
            "10: `layers`: `../../link/more` cannot be read: it is a link",
            "name the folder that the link leads to",
        ),
    ],
)
def test_a_folder_that_cannot_be_a_layer(
    chain: Chain, layers: str, message: str, hint: str
) -> None:
    (chain.top / "hollow").mkdir()
    (chain.top / "hollow" / "notes.md").touch()
    chain.write("base/more", "categories: [{name: Food}]")
    chain.write("shops/jakarta", "", "reconciler.yaml")
    (chain.top / "link").symlink_to(chain.top / "base")
    assert told(chain, layers) == [(message, hint)]


def test_all_folders_are_checked_at_once(chain: Chain) -> None:
    chain.settings = "catalogue: catalogue\nlayers:\n  - ../../a\n  - ../../b\nzzz: 1\n"
    assert [message for message, _ in chain.problems()] == [
        "reconciler.yaml:1:1: `catalogue` and `layers` exclude each other",
        "reconciler.yaml:3:5: `layers`: `../../a` does not exist",
        "reconciler.yaml:4:5: `layers`: `../../b` does not exist",
        "reconciler.yaml:5:1: unknown key `zzz`",
    ]


def test_a_layer_outside_of_the_shop_needs_a_work_tree(chain: Chain) -> None:
    (chain.top / ".git").rmdir()
    if any((folder / ".git").exists() for folder in chain.top.parents):
        pytest.skip("the folder for tests is in a work tree itself")
    assert told(chain, "[../../base]") == [
        (
            "10: `layers`: `../../base` is outside of the shop folder, "
            "which is in no git work tree",
            "run `git init` in the folder that holds all layers",
        )
    ]


def test_layers_inside_of_the_shop_need_no_work_tree(chain: Chain) -> None:
    (chain.top / ".git").rmdir()
    chain.write("shops/bandung/own-base", "categories: [{name: Food}]")
    chain.settings = "layers: [own-base, ./catalogue]\n"
    assert chain.names("category") == {"Food"}


def test_a_work_tree_ends_at_the_nearest_repository(chain: Chain) -> None:
    (chain.root / ".git").write_text("gitdir: ../../.git/modules/bandung\n")
    assert told(chain, "[../../base]") == [
        (
            "10: `layers`: `../../base` leads out of the git work tree",
            "move the folder into the repository",
        )
    ]


def test_no_file_of_a_layer_outside_is_read_through_a_link(chain: Chain) -> None:
    secret = chain.top / "secret.yaml"
    secret.write_text("categories: [{name: Secret}]")
    (chain.top / "base" / "link.yaml").symlink_to(secret)
    (problem,) = chain.problems()
    assert problem[0] == "../../base/link.yaml: cannot be read: it is a link"


def test_no_folder_of_a_layer_outside_is_a_link(chain: Chain, tmp_path: Path) -> None:
    (chain.top / "base" / "more").symlink_to(tmp_path / "west")
    (problem,) = chain.problems()
    assert problem[0] == (
        "reconciler.yaml:1:10: `layers`: `../../base` cannot be read: ../../base/more: is a link "
        "to a folder, and what is behind it is not read"
    )


def test_skipped_files_of_every_layer_are_noted(chain: Chain) -> None:
    chain.write("base", "", "old.yaml.bak")
    (note,) = chain.load().notes
    assert note.startswith("../../base/old.yaml.bak is not read")
