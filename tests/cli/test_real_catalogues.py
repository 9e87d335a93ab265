"""Real kinds of catalogue: validate, plan, apply, an empty plan, import, an empty plan."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler import sandbox
from tests.support.deep import DEEP
from tests.support.program import SETTINGS, PointAt, RunProgram
from tests.support.real_catalogues import (
    FASHION_VARIANTS,
    LOOK_ALIKES,
    RealCatalogue,
    fashion,
    menu,
    minimarket,
)

Lay = Callable[[RealCatalogue], Path]


@pytest.fixture
def lay(tmp_path: Path, served: tuple[str, Any], point_at: PointAt) -> Lay:
    """Write the catalogue of a group into a folder, and seed the served shop with its objects."""

    def write(group: RealCatalogue) -> Path:
        folder = tmp_path / "shop"
        (folder / "catalogue").mkdir(parents=True)
        (folder / "reconciler.yaml").write_text(SETTINGS, encoding="utf-8")
        (folder / "catalogue" / "shop.yaml").write_text(group.text, encoding="utf-8")
        sandbox.seed(tmp_path / "served.db", group.live)
        point_at(served[0])
        return folder

    return write


@pytest.mark.timeout(240)
@pytest.mark.parametrize("make", [menu, fashion, *([minimarket] if DEEP else [])])
def test_catalogue_converges_and_comes_back_by_import(
    run: RunProgram, lay: Lay, make: Callable[[], RealCatalogue]
) -> None:
    shop = lay(make())
    assert run("validate", shop).code == 0
    assert run("plan", shop, "--detailed-exitcode").code == 2
    applied = run("apply", shop, "--auto-approve")
    assert applied.code == 0, applied.out
    planned = run("plan", shop, "--detailed-exitcode")
    assert planned.code == 0, planned.out
    assert "no changes" in planned.out
    shutil.rmtree(shop / "catalogue")
    assert run("import", shop).code == 0
    planned = run("plan", shop, "--detailed-exitcode")
    assert planned.code == 0, planned.out
    assert "no changes" in planned.out


def test_each_price_with_a_separator_of_thousands_is_refused_at_its_line(
    run: RunProgram, lay: Lay
) -> None:
    refused = run("validate", lay(menu(separator=".")))
    assert refused.code == 1
    lines = re.findall(r"^catalogue/shop\.yaml:\d+:\d+: (.*)", refused.err, re.M)
    assert len(lines) == 133
    assert lines[-1] == "variant/M99K: `unit_price` 5.000 reads as 5: write 5000, or 5"


def test_seventy_six_variants_of_one_product_are_created(run: RunProgram, lay: Lay) -> None:
    planned = run("plan", lay(fashion()), "--format", "json")
    of_blouse = [c for c in planned.json["resource_changes"] if "BLS-01-" in c["address"]]
    assert len(of_blouse) == FASHION_VARIANTS


def test_look_alike_barcodes_of_a_live_till_are_a_warning_each(run: RunProgram, lay: Lay) -> None:
    planned = run("plan", lay(minimarket()), "--format", "json")
    warned = [warning for warning in planned.json["warnings"] if len(warning["addresses"]) == 2]
    assert len(warned) == LOOK_ALIKES


def test_look_alike_barcodes_are_a_note_each_of_a_validation(run: RunProgram, lay: Lay) -> None:
    shop = lay(minimarket())
    noted = run("validate", shop)
    assert noted.code == 0
    found = re.findall(r"^note: catalogue/shop\.yaml:\d+:\d+: look-alike ", noted.out, re.M)
    assert len(found) == LOOK_ALIKES
    assert "note: a plan refuses these unless the shop has them already" in noted.out
    allow = "allow: [{rule: look-alike, reason: printed on the goods, until: 2999-12-31}]\n"
    (shop / "catalogue" / "allow.yaml").write_text(allow, encoding="utf-8")
    assert "look-alike" not in run("validate", shop).out


def test_each_price_with_a_comma_of_thousands_in_braces_is_refused_at_its_line(
    run: RunProgram, lay: Lay
) -> None:
    refused = run("validate", lay(menu(separator=",")))
    said = "the comma before `[05]00` ends the value inside braces"
    assert len(re.findall(rf"^catalogue/shop\.yaml:\d+:\d+: {said}", refused.err, re.M)) == 133
