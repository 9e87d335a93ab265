"""`show`: a saved plan in every format, as `plan` has shown it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.support.program import RunProgram, WriteCatalogue
from tests.support.shop import ROOT

FORMATS = ("text", "markdown", "github", "html")
EXAMPLES = ("kopi-nusantara", "chain", "provider-coupons")
MADE_AT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z| UTC)|\d\d:\d\d")


def normalised(text: str) -> str:
    return MADE_AT.sub("TIME", text)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_plan_is_shown_as_it_was(
    name: str, run: RunProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_CODES_KEY", "a-key-of-more-than-thirty-two-bytes")
    shutil.copytree(ROOT / "examples" / name, tmp_path / name)
    (tmp_path / ".git").mkdir()  # layers stay inside of a work tree
    folder = next(p.parent for p in sorted((tmp_path / name).rglob("reconciler.yaml")))
    monkeypatch.chdir(tmp_path)
    saved = tmp_path / "plan.json"
    assert run("plan", folder, "--out", saved).code in (0, 3)
    for output_format in FORMATS:
        planned = run("plan", folder, "--format", output_format).out
        shown = run("show", saved, "--format", output_format)
        assert shown.code == 0
        assert normalised(shown.out) == normalised(planned), output_format
    compact = run("plan", folder, "--compact").out
    assert normalised(run("show", saved, "--compact").out) == normalised(compact)
    assert run("show", saved, "--format", "json").out == saved.read_text(encoding="utf-8")


def test_what_a_plan_hides_stays_hidden(
    folder: Path,
    run: RunProgram,
    declare: WriteCatalogue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CATALOGUE_PRICE", "18765")
    monkeypatch.setenv("CATALOGUE_CODE", "HUSH-77")
    declare("""
        categories: [{name: Drinks}]
        products:
          - {code: P, name: Tea, category: Drinks,
             variants: [{code: L, model: L, unit_price: "${CATALOGUE_PRICE}", unit_cost: 9000}]}
        customers: [{code: C1, name: Somebody Private, email: private@example.com}]
        coupons:
          - {code: "${CATALOGUE_CODE}", type: DiscountAmount, discount: 5, limit: 1,
             expiry_date: 2099-01-01, minimum_amount: 0, description: Visit}
    """)
    saved = tmp_path / "plan.json"
    run("plan", folder, "--out", saved)
    for output_format in (*FORMATS, "json"):
        ran = run("show", saved, "--format", output_format)
        assert ran.code == 0
        for secret in ("18765", "18,765", "HUSH-77", "Somebody Private", "private@"):
            assert secret not in ran.out
    shown = run("show", saved).out
    assert "(from CATALOGUE_PRICE)" in shown
    assert re.search(r"name +#[0-9a-f]{4}", shown)


def test_a_price_that_is_hidden_counts_in_the_price_impact(
    folder: Path,
    run: RunProgram,
    declare: WriteCatalogue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prices = "outlet_prices: {Bandung: {price: 21000}, Jakarta: {price: 20000}}"
    shop = """
        categories: [{name: Drinks}]
        outlets: [{name: Bandung}, {name: Jakarta}]
        products:
          - code: P
            name: Tea
            category: Drinks
            variants:
              - {code: L, model: L, unit_price: 20000, unit_cost: 9000, %s}
              - {code: M, model: M, unit_price: 20000, unit_cost: 9000}
    """
    declare(shop % prices)
    assert run("apply", folder, "--auto-approve").code == 0
    monkeypatch.setenv("CATALOGUE_LOW", "8765")
    new = (shop % prices.replace("price: 20000", 'price: "${CATALOGUE_LOW}"')).rstrip()
    new = new.replace("unit_price: 20000, unit_cost: 9000}", 'unit_price: "${CATALOGUE_LOW}"}')
    new += (
        '\n              - {code: N, model: N, unit_price: "${CATALOGUE_LOW}", unit_cost: 9000}\n'
    )
    declare(new)
    saved = tmp_path / "plan.json"
    assert run("plan", folder, "--out", saved).code == 3
    for output_format in FORMATS:
        planned = run("plan", folder, "--format", output_format).out
        shown = run("show", saved, "--format", output_format).out
        for text in ("Price impact: ", "below cost"):
            assert shown.count(text) == planned.count(text) > 0, output_format
        assert "8765" not in shown
    text = run("show", saved).out
    assert "3 below cost; margins: 2 down. Largest decrease (hidden) (variant/" in text
    assert "price impact: Jakarta: falls below cost" in text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read"),
        ("{}", "is not a saved plan"),
        ('{"resource_changes": [], "format_version": "1.0"}', "older version"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(
    content: str | None, reason: str, run: RunProgram, tmp_path: Path
) -> None:
    saved = tmp_path / "plan.json"
    if content is not None:
        saved.write_text(content, encoding="utf-8")
    ran = run("show", saved)
    assert (ran.code, ran.out) == (1, "")
    assert reason in ran.err


def test_a_plan_that_was_modified_or_not_signed_is_refused(
    folder: Path, run: RunProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_PLAN_KEY", "a-key-of-sixteen-characters")
    saved = tmp_path / "plan.json"
    run("plan", folder, "--out", saved)
    assert "is not signed" in run("show", saved, "--verify").err
    run("plan", folder, "--out", saved, "--sign")
    assert run("show", saved, "--verify").code == 0
    document = json.loads(saved.read_text(encoding="utf-8"))
    document["resource_changes"].pop()
    saved.write_text(json.dumps(document), encoding="utf-8")
    assert "was modified or truncated" in run("show", saved).err
