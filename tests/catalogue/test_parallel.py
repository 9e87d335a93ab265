"""A catalogue that is parsed by two processes reads as one that is parsed by one."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.catalogue import parallel as parsing
from dealpos_reconciler.catalogue.environment import Expander
from dealpos_reconciler.catalogue.files import list_files
from dealpos_reconciler.catalogue.parallel import Parsing
from dealpos_reconciler.catalogue.reading.node import Node
from dealpos_reconciler.workflows.open_shop import OpenShop
from dealpos_reconciler.workflows.plan import make_plan
from tests.support.shop import MakeShop

FILES = {
    "a.yaml": "products:\n  - &base {code: A, name: Kopi}\n",
    "b.yaml": "products:\n  - code: B\n    tags: [x, {deep: 'yes'}]\n    name: ${CATALOGUE_WHO}\n",
    "c.yaml": "products:\n  - &one {code: C, list: []}\n  - {<<: *one, code: D}\n  - *one\n",
    "d.yaml": "products: [\n",
    "e.yaml": "code: 1\ncode: 2\nempty:\n",
    "f.yaml": "",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(parsing, "MIN_PARALLEL_BYTES", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    for name, content in FILES.items():
        (tmp_path / "catalogue").mkdir(exist_ok=True)
        (tmp_path / "catalogue" / name).write_text(content, encoding="utf-8")
    return tmp_path


def start_parsing(folder: Path) -> Parsing:
    return Parsing(folder, list_files(folder, "catalogue"), Expander({"CATALOGUE_WHO": "Susu"}))


def drawn(value: Any) -> Any:
    """A tree with its places."""
    if isinstance(value, Node):
        return (value.line, value.column, {key: drawn(inner) for key, inner in value.items()})
    return [drawn(inner) for inner in value] if isinstance(value, list) else value


def outcome(begun: Parsing) -> list[Any]:
    return [(found.name, drawn(found.node), found.problems) for found in begun]


def alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    with monkeypatch.context() as patch:
        patch.setattr(parsing, "MIN_PARALLEL_BYTES", 10**12)
        begun = start_parsing(folder)
    assert begun.first == len(FILES)
    return outcome(begun)


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="one process elsewhere")


def test_two_processes_find_what_one_finds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = start_parsing(folder)
    assert 0 < begun.first < len(FILES)
    found = outcome(begun)
    assert found == alone(folder, monkeypatch)
    assert [shown for shown, _, _ in found] == [f"catalogue/{name}" for name in FILES]
    assert sum(len(problems) for _, _, problems in found) == 3


def test_a_second_process_that_dies_costs_time_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsing, "_flat", lambda node: os.kill(os.getpid(), signal.SIGKILL))
    begun = start_parsing(folder)
    assert begun.first < len(FILES)
    assert outcome(begun) == alone(folder, monkeypatch)


def test_no_process_is_left_behind(folder: Path) -> None:
    outcome(start_parsing(folder))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_where_no_process_can_be_started_one_does_it_all(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refuse)
    assert outcome(start_parsing(folder)) == alone(folder, monkeypatch)


def test_a_head_start_is_on_what_the_settings_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "catalogue").rename(folder / "menu")
    (folder / "reconciler.yaml").write_text("catalogue: menu\nstore: [", encoding="utf-8")
    assert parsing.start_parsing(folder) is None
    (folder / "reconciler.yaml").write_text("catalogue: menu\n", encoding="utf-8")
    monkeypatch.setenv("CATALOGUE_WHO", "Susu")
    begun = parsing.start_parsing(folder)
    assert begun is not None
    assert 0 < begun.first < len(FILES)
    found = outcome(begun)
    (folder / "menu").rename(folder / "catalogue")
    alike = [(shown.replace("menu", "catalogue"), tree) for shown, tree, _ in found]
    assert alike == [(shown, tree) for shown, tree, _ in alone(folder, monkeypatch)]


@pytest.mark.parametrize("written", ["${DIR}", "[a]", "..", "../catalogue", "/", "menu"])
def test_no_head_start_is_on_anything_else(tmp_path: Path, written: str) -> None:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "a.yaml").write_text("categories: []\n", encoding="utf-8")
    assert parsing.start_parsing(tmp_path) is not None
    (tmp_path / "reconciler.yaml").write_text(f"catalogue: {written}\n", encoding="utf-8")
    assert parsing.start_parsing(tmp_path) is None


def test_a_head_start_is_there_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = start_parsing(folder)
    assert outcome(begun) == outcome(begun) == alone(folder, monkeypatch)


def test_a_head_start_that_nobody_uses_ends_its_process(folder: Path) -> None:
    begun = start_parsing(folder)
    assert begun.first < len(FILES)
    del begun
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_head_start_on_other_files_is_not_taken(make_shop: MakeShop, folder: Path) -> None:
    shop = make_shop({})
    shop.write("categories: [{name: Drinks}]")
    made = make_plan(OpenShop(shop.settings, shop.client(), start_parsing(folder)))
    assert [str(change.address) for change in made.plan.changes] == ["category/Drinks"]


def test_a_small_catalogue_takes_one_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "MIN_PARALLEL_BYTES", 1_000_000)
    assert start_parsing(folder).first == len(FILES)


def test_plain_files_take_one_process(folder: Path) -> None:
    plain = "products:\n" + "".join(f"  - code: {n}\n    name: Kopi é\n" for n in range(5_000))
    (folder / "catalogue" / "a.yaml").write_text(plain, encoding="utf-8")
    assert start_parsing(folder).first == len(FILES)
    (folder / "catalogue" / "a.yaml").write_text(f"a: &b c\n{plain}", encoding="utf-8")
    assert start_parsing(folder).first < len(FILES)
