"""No link of a shop folder leads out of it, and nothing but a regular file is opened."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dealpos_reconciler import confined
from tests.support.program import RunProgram

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="links need rights there"),
    pytest.mark.timeout(60),
]

SECRET = "root:s3cret-line-of-the-machine:x\n"
MENU = "categories: [{name: Tea}]\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop folder, with a file outside that nothing may read or write."""
    folder = tmp_path / "shop"
    (folder / "catalogue").mkdir(parents=True)
    (folder / "catalogue" / "menu.yaml").write_text(MENU, encoding="utf-8")
    (folder / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.yaml").write_text(SECRET, encoding="utf-8")
    return folder


def link(path: Path, target: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def pipe(path: Path, _: str) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def device(path: Path, _: str) -> None:
    link(path, "/dev/zero")


def plug(path: Path, _: str) -> None:
    """A socket, whose name must be short."""
    here = Path.cwd()
    path.unlink(missing_ok=True)
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(here)


Make = Callable[[Path, str], None]
MAKES: list[Make] = [link, pipe, device, plug]


def outside(shop: Path) -> dict[str, str]:
    return {p.name: p.read_text() for p in (shop.parent / "outside").iterdir()}


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize(
    "name", ["catalogue/menu.yaml", "catalogue/deep/x.yaml", "reconciler.yaml"]
)
@pytest.mark.parametrize("command", ["validate", "plan", "audit", "import", "adopt"])
def test_a_file_of_the_shop_is_a_regular_file_below_it(
    run: RunProgram, shop: Path, name: str, make: Make, command: str
) -> None:
    (shop / name).parent.mkdir(exist_ok=True)
    up = "../" * name.count("/") + "../outside/secret.yaml"
    make(shop / name, up)
    ran = run(command, *(["category/Tea", "--shop"] if command == "adopt" else []), shop)
    assert ran.code == 1
    why = "it is a link that leads out of the folder" if make in (link, device) else "not a regular"
    assert f"{name}: cannot be read: " in ran.err
    assert why in ran.err
    assert "s3cret" not in ran.out + ran.err


@pytest.mark.parametrize("target", ["../outside", "/", "."])
def test_a_catalogue_that_leads_out_is_refused(run: RunProgram, shop: Path, target: str) -> None:
    (shop / "catalogue" / "menu.yaml").rename(shop / "menu.yaml")
    (shop / "catalogue").rmdir()
    (shop / "catalogue").symlink_to(target)
    ran = run("plan", shop)
    told = "catalogue: cannot be read: it is a link that leads out of the folder"
    assert ("is a link to a folder" if target == "." else told) in ran.err
    assert ran.code == 1
    assert "s3cret" not in ran.out + ran.err


@pytest.mark.parametrize("target", ["../../outside", "../menu"])
def test_a_folder_behind_a_link_is_not_skipped_in_silence(
    run: RunProgram, shop: Path, target: str
) -> None:
    (shop / "menu").mkdir()
    (shop / "catalogue" / "more").symlink_to(target)
    ran = run("plan", shop)
    assert ran.code == 1
    assert "catalogue/more: is a link to a folder, and what is behind it is not read" in ran.err


def test_a_link_that_stays_in_the_folder_is_followed_and_stays_a_link(
    run: RunProgram, shop: Path
) -> None:
    (shop / "catalogue" / "menu.yaml").rename(shop / "shared.txt")
    (shop / "catalogue" / "menu.yaml").symlink_to(shop / "shared.txt")
    assert "1 category" in run("validate", shop).out
    confined.write_below(shop, "catalogue/menu.yaml", b"categories: []\n")
    assert (shop / "catalogue" / "menu.yaml").is_symlink()
    assert (shop / "shared.txt").read_text() == "categories: []\n"


STATE = [
    "journal.json",
    "kept.json",
    "tenant.json",
    "sandbox.db",
    "sandbox.db-wal",
    "apply.lock",
    "ledger.lock",
    ".gitignore",
]


@pytest.mark.parametrize("make", [link, pipe])
@pytest.mark.parametrize("name", STATE)
def test_what_a_run_remembers_is_written_nowhere_else(
    run: RunProgram, shop: Path, name: str, make: Make
) -> None:
    (shop / "reconciler.yaml").write_text("store: {url: sandbox}\nledger: file\n")
    (shop / ".reconciler").mkdir()
    make(shop / ".reconciler" / name, "../../outside/secret.yaml")
    before = outside(shop)
    ran = run("apply", shop, "--auto-approve")
    assert ran.code == 1
    why = "it is a link" if make is link else "it is not a regular file"
    assert f".reconciler/{name} is not used: {why}" in ran.err
    assert outside(shop) == before


@pytest.mark.parametrize("name", ["victim.json", "kept.json"])
def test_a_link_to_a_file_of_the_shop_is_not_written_through(
    run: RunProgram, shop: Path, name: str
) -> None:
    (shop / ".reconciler").mkdir()
    (shop / name).write_text("{}")
    (shop / ".reconciler" / "kept.json").symlink_to(f"../{name}")
    ran = run("apply", shop, "--auto-approve")
    assert (ran.code, (shop / name).read_text()) == (1, "{}")
    assert "is not used: it is a link" in ran.err


def test_a_folder_of_state_that_is_a_link_is_refused(run: RunProgram, shop: Path) -> None:
    (shop / ".reconciler").symlink_to("../outside")
    before = outside(shop)
    for words in (["plan"], ["apply", "--auto-approve"], ["sandbox", "reset"]):
        ran = run(*words, shop)
        assert ran.code == 1
        assert ".reconciler is not used: it is a link" in ran.err
    assert outside(shop) == before


def test_a_ledger_that_is_a_link_is_refused(run: RunProgram, shop: Path) -> None:
    (shop / "reconciler.yaml").write_text("store: {url: sandbox}\nledger: file\n")
    (shop / "reconciler.ledger.json").symlink_to("../outside/secret.yaml")
    ran = run("apply", shop, "--auto-approve")
    assert (ran.code, outside(shop)) == (1, {"secret.yaml": SECRET})
    assert "reconciler.ledger.json cannot be read: it is a link" in ran.err


def test_a_seed_that_leads_out_is_refused(run: RunProgram, shop: Path) -> None:
    (shop / "sandbox.json").symlink_to("../outside/secret.yaml")
    ran = run("sandbox", "reset", shop)
    assert ran.code == 1
    assert "sandbox.json cannot be read: it is a link that leads out of the folder" in ran.err


@pytest.mark.parametrize("make", [link, pipe])
@pytest.mark.parametrize(
    ("option", "name"),
    [("--out", "p.json"), ("--report", "p.md"), ("--report", "p.html"), ("--report", "p.json")],
)
def test_a_result_is_not_written_through_a_link(
    run: RunProgram, shop: Path, option: str, name: str, make: Make
) -> None:
    make(shop / name, "../outside/secret.yaml")
    ran = run("plan", shop, option, shop / name)
    assert ran.code == 1
    assert f"{name} cannot be written: it is " in ran.err
    assert outside(shop) == {"secret.yaml": SECRET}


def test_an_error_is_not_written_through_a_link(run: RunProgram, shop: Path) -> None:
    (shop / "p.md").symlink_to("../outside/secret.yaml")
    (shop / "catalogue" / "menu.yaml").write_text("nope: 1\n", encoding="utf-8")
    assert run("plan", shop, "--report", shop / "p.md").code == 1
    assert outside(shop) == {"secret.yaml": SECRET}


def test_a_schema_is_not_written_through_a_link(run: RunProgram, shop: Path) -> None:
    (shop / "schemas").mkdir()
    (shop / "schemas" / "catalogue.schema.json").symlink_to("../../outside/secret.yaml")
    assert run("schema", shop / "schemas").code == 1
    assert outside(shop) == {"secret.yaml": SECRET}


def test_a_draft_that_somebody_foresaw_is_not_written_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "urandom", lambda count: bytes(count))
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / f".a.{os.getpid()}.00000000.draft").symlink_to(victim)
    with pytest.raises(FileExistsError):
        confined.write(tmp_path / "a", b"yours")
    assert victim.read_text() == "mine"


def test_a_link_that_appears_between_check_and_use_is_refused(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path is resolved, then a folder on it becomes a link, then the file is opened."""
    real = os.path.realpath

    def meddle(path: str) -> str:
        found = real(path)
        if found.endswith("menu.yaml"):
            (shop / "catalogue").rename(shop / "was")
            (shop / "catalogue").symlink_to("../outside")
        return str(found)

    (shop.parent / "outside" / "menu.yaml").write_text(SECRET, encoding="utf-8")
    monkeypatch.setattr(os.path, "realpath", meddle)
    monkeypatch.setattr(confined, "_open_folder", lambda root, parts: None)
    with pytest.raises(confined.NotConfined, match="behind a link"):
        confined.read(shop, "catalogue/menu.yaml")


def test_a_path_without_links_is_opened_folder_by_folder(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder becomes a link after it was opened: its own file is read all the same."""
    own = (shop / "catalogue" / "menu.yaml").read_bytes()
    real = confined._open_folder

    def meddle(root: Path, parts: tuple[str, ...]) -> int | None:
        found = real(root, parts)
        (shop / "catalogue").rename(shop / "was")
        (shop / "catalogue").symlink_to("../outside")
        return found

    def resolve(path: str) -> str:
        raise AssertionError(f"{path} needs no look at every folder above it")

    (shop.parent / "outside" / "menu.yaml").write_text(SECRET, encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(confined, "_open_folder", meddle)
        patch.setattr(os.path, "realpath", resolve)
        assert confined.read(shop, "catalogue/menu.yaml") == own
    with pytest.raises(confined.NotConfined, match="leads out"):
        confined.read(shop, "catalogue/menu.yaml")


@pytest.mark.parametrize("name", ["../outside/secret.yaml", "catalogue/../../outside/secret.yaml"])
def test_a_path_that_leads_up_is_refused(shop: Path, name: str) -> None:
    with pytest.raises(confined.NotConfined, match="leads out"):
        confined.read(shop, name)
    with pytest.raises(confined.NotConfined, match="leads out"):
        confined.read(shop, shop.parent / "outside" / "secret.yaml")


def test_a_device_that_appears_between_check_and_use_is_refused(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def appear(self: confined.Place) -> int:
        pipe(shop / "catalogue" / "menu.yaml", "")
        return 0

    monkeypatch.setattr(confined.Place, "mode", appear)
    with pytest.raises(confined.NotConfined, match="not a regular file"):
        confined.read(shop, "catalogue/menu.yaml")


def test_without_openat_the_same_files_are_read_and_written(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "_OPENAT", False)
    assert confined.read(shop, "catalogue/menu.yaml").decode() == MENU
    confined.write_below(shop, "catalogue/menu.yaml", b"new")
    assert (shop / "catalogue" / "menu.yaml").read_bytes() == b"new"
    assert [path.name for path in (shop / "catalogue").iterdir()] == ["menu.yaml"]
    link(shop / "catalogue" / "menu.yaml", "../../outside/secret.yaml")
    with pytest.raises(confined.NotConfined):
        confined.read(shop, "catalogue/menu.yaml")
