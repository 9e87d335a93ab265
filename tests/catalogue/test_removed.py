"""`removed:` of the catalogue files and `prune:` of the settings: every problem, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from dealpos_reconciler.catalogue import settings
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import PruneScope, Removal
from dealpos_reconciler.errors import SourceError
from tests.support.folder import load_files

SHOP = {"DEALPOS_URL": "sandbox"}


def loaded(folder: Path, text: str) -> dict[Address, Removal]:
    (folder / "catalogue").mkdir(exist_ok=True)
    (folder / "catalogue" / "a.yaml").write_text(text, encoding="utf-8")
    return dict(load_files(folder).removals)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(SourceError) as refused:
        loaded(folder, text)
    return [f"{problem} ({problem.hint})" for problem in refused.value.problems]


def test_an_address_or_a_mapping_is_taken(tmp_path: Path) -> None:
    text = "removed:\n  - variant/0071\n  - {address: category/A/B, delete: true}\n"
    assert loaded(tmp_path, text) == {
        Address("variant", "0071"): Removal(Source("catalogue/a.yaml", 2, 5)),
        Address("category", "A/B"): Removal(Source("catalogue/a.yaml", 3, 5), delete=True),
    }


def test_removed_and_declared_names_both_places(tmp_path: Path) -> None:
    text = "coupons:\n  - {code: K1, limit: 3}\nremoved: [coupon/K1]\n"
    (found,) = problems(tmp_path, text)
    assert found.startswith("catalogue/a.yaml:3:11: removed: coupon/K1 is removed here and ")
    assert "declared at catalogue/a.yaml:2 (remove one of the two)" in found


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ("[coupon/K1, coupon/K1]", "1:22: removed: coupon/K1 is removed twice, first at"),
        ("[K1]", "1:11: removed: `K1` is not a valid address (write kind/name"),
        ("[cupon/K1]", "1:11: removed: unknown kind `cupon` (did you mean `coupon`?"),
        ("[pricebook/Bandung]", "unknown kind `pricebook`"),
        ("[{adress: coupon/K1}]", "unknown key `adress` (did you mean `address`?"),
        ("[{delete: true}]", "`address` is missing"),
        ("[{address: coupon/K1, delete: perhaps}]", "1:40: removed: `delete` must be true or"),
        ("[[coupon/K1]]", "must be an address or a mapping"),
        ("{address: coupon/K1}", "`removed` must be a list"),
    ],
)
def test_a_wrong_entry_is_told_at_its_place(tmp_path: Path, entries: str, said: str) -> None:
    found = problems(tmp_path, f"removed: {entries}\n")
    assert any(said in line for line in found), found


def scopes(folder: Path, text: str) -> tuple[PruneScope, ...]:
    (folder / "reconciler.yaml").write_text(f"prune: {text}\n", encoding="utf-8")
    return settings.load(folder, SHOP).prune


def test_a_scope_is_read(tmp_path: Path) -> None:
    text = (
        '[{kinds: [product, variant], categories: ["Drinks/**"], codes: [007, "A*"], delete: true}]'
    )
    assert scopes(tmp_path, text) == (
        PruneScope(
            ("product", "variant"),
            Source("reconciler.yaml", 1, 9),
            ("Drinks/**",),
            ("007", "A*"),
            delete=True,
        ),
    )
    assert scopes(tmp_path, "[]") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{kinds: [coupon]}", "`prune` must be a list of mappings"),
        ("[coupon]", "`prune` must be a list of mappings"),
        ("[{codes: [K*]}]", "`kinds` is missing"),
        ("[{kinds: [cupon]}]", "1:17: unknown kind `cupon`"),
        ("[{kinds: [coupon], code: [K*]}]", "1:27: prune: unknown key `code`"),
        ("[{kinds: [coupon], codes: K*}]", "1:34: prune: `codes` must be a list"),
        ("[{kinds: []}]", "prune: `kinds`"),
    ],
)
def test_a_wrong_scope_is_told_at_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SourceError) as refused:
        scopes(tmp_path, text)
    assert any(said in str(problem) for problem in refused.value.problems), refused.value.problems
