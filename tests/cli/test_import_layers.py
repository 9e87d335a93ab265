"""`import` and `adopt` in a shop of layers: new objects go to the last one, and plan as nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.program import RunProgram
from tests.support.shop import ROOT

NEW = "product/9001"
OUTSIDE = "../../regions/west-java"


@pytest.fixture
def bandung(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a shop of the example chain, whose base has defaults."""
    ignored = shutil.ignore_patterns(".reconciler")
    shutil.copytree(ROOT / "examples" / "chain", tmp_path / "chain", ignore=ignored)
    (tmp_path / "chain" / ".git").mkdir()
    monkeypatch.chdir(tmp_path / "chain" / "shops" / "bandung")
    return Path()


def put_region_last(shop: Path) -> None:
    file = shop / "reconciler.yaml"
    text = file.read_text(encoding="utf-8")
    order = f"{OUTSIDE}, catalogue]"
    assert order in text
    file.write_text(text.replace(order, f"catalogue, {OUTSIDE}]"), encoding="utf-8")


def is_planned(run: RunProgram, shop: Path) -> bool:
    ran = run("plan", shop, "--compact")
    assert ran.code == 0, ran.err
    assert "Unmanaged" not in ran.out
    return f'~ {NEW} "Kopi Uji Coba"' in ran.out


def test_an_import_respects_the_defaults_of_layers(run: RunProgram, bandung: Path) -> None:
    ran = run("import", bandung)
    assert "wrote catalogue/drinks.yaml: 1 product, 1 variant" in ran.out
    assert "every shop with the layer" not in ran.out
    assert not is_planned(run, bandung)


def test_an_import_writes_to_a_last_layer_outside_of_the_shop(
    run: RunProgram, bandung: Path
) -> None:
    put_region_last(bandung)
    ran = run("import", bandung)
    assert ran.code == 0, ran.err
    assert f"wrote {OUTSIDE}/drinks.yaml: 1 product, 1 variant" in ran.out
    assert f"every shop with the layer {OUTSIDE} declares these objects from now on" in ran.out
    text = (bandung / OUTSIDE / "drinks.yaml").read_text(encoding="utf-8")
    assert text.startswith("products:\n")  # without a schema of one shop
    assert not is_planned(run, bandung)


def test_an_import_writes_nothing_behind_a_link(
    run: RunProgram, bandung: Path, tmp_path: Path
) -> None:
    put_region_last(bandung)
    (tmp_path / "elsewhere").mkdir()
    (bandung / OUTSIDE / "drinks.yaml").symlink_to(tmp_path / "elsewhere" / "drinks.yaml")
    ran = run("import", bandung)
    assert ran.code == 1
    assert "is a link" in ran.err
    assert not [*(tmp_path / "elsewhere").iterdir()]


def test_an_adopted_object_respects_the_defaults_of_layers(run: RunProgram, bandung: Path) -> None:
    ran = run("adopt", NEW, "variant/9001R", "--shop", bandung)
    assert ran.code == 0, ran.err
    assert not is_planned(run, bandung)
