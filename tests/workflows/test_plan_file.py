"""A saved plan: read back exactly, or refused with one sentence and a hint."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.plan.plan import Violation
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.workflows import plan_file
from tests.support.shop import Shop
from tests.support.story import saved_document

TEXT = """
categories: [{name: Drinks}]
products:
  - {code: P, name: Kopi, category: Drinks, variants: [{code: PA, model: A, unit_price: 17999.5}]}
"""


@pytest.fixture
def document(shop: Shop) -> dict[str, Any]:
    shop.write(TEXT)
    return saved_document(shop, shop.plan())


def test_what_is_written_is_read_back(document: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    plan_file.write_plan(file, document)
    read = plan_file.read_plan(file)
    assert (read.name, read.store) == (str(file), "sandbox")
    assert [str(change.address) for change in read.changes] == [
        "category/Drinks",
        "product/P",
        "variant/PA",
    ]
    assert read.changes[2].after["unit_price"] == Decimal("17999.5")


def test_the_order_of_keys_is_no_change(document: dict[str, Any], tmp_path: Path) -> None:
    """Another program may write the file again; the digest is of the values."""
    file = tmp_path / "plan.json"
    plan_file.write_plan(file, document)
    sealed = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(dict(reversed(sealed.items()))), encoding="utf-8")
    assert len(plan_file.read_plan(file).changes) == 3


def test_a_folder_cannot_be_read_as_a_plan(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        plan_file.read_plan(tmp_path)
    assert caught.value.message == f"{tmp_path} cannot be read: Is a directory"


@pytest.mark.parametrize("content", ["", "[]", "{", "{}", '{"resource": 1}', "[" * 100_000])
def test_another_file_is_refused_with_what_to_name_instead(tmp_path: Path, content: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        plan_file.read_plan(file)
    assert str(file) in caught.value.message
    assert "reconciler plan --out" in caught.value.hint


@pytest.mark.parametrize(("length", "accepted"), [(15, False), (16, True)])
def test_a_key_has_sixteen_characters(length: int, accepted: bool) -> None:
    environment = {plan_file.KEY: "k" * length}
    if accepted:
        assert len(plan_file.read_key(environment)) == 16
        return
    with pytest.raises(UsageError):
        plan_file.read_key(environment)


def test_a_plan_without_a_signature_is_refused_with_how_to_sign_it(
    document: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"
    plan_file.write_plan(file, document)
    with pytest.raises(UsageError) as caught:
        plan_file.read_plan(file, b"k" * 16)
    assert caught.value.message == f"{file} is not signed"
    assert caught.value.hint == "save it with 'reconciler plan --out plan.json --sign'"


@pytest.mark.parametrize(
    ("written", "address"), [(None, None), ("variant/PA", Address("variant", "PA"))]
)
def test_a_violation_is_read_back_with_its_object_or_none(
    document: dict[str, Any], tmp_path: Path, written: str | None, address: Address | None
) -> None:
    entry = {"rule": "max-deletions", "message": "3 deletions", "unit": "objects", "allowed": None}
    entry |= {"measured": 3, "limit": 2, "address": written, "source": None}
    entry |= {"label": None, "hint": ""}
    file = tmp_path / "plan.json"
    plan_file.write_plan(file, {**document, "violations": [entry]})
    assert plan_file.read_plan(file).violations == (
        Violation("max-deletions", "3 deletions", 3, 2, "objects", address),
    )
