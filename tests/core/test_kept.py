"""Known rewrites are applied without losing the rest of the files."""

from __future__ import annotations

from dealpos_reconciler.core.diff import known_rewrites as kept
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Declared, Desired, Removal
from dealpos_reconciler.kinds import KINDS

HERE = Source("shop.yaml", 1, 1)


def test_a_value_written_anew_leaves_removals_as_they_are() -> None:
    product = Address("product", "P")
    declared = {product.name: Declared({"code": "P", "image_url": "new"}, HERE)}
    removals = {Address("variant", "X"): Removal(HERE)}
    known = {product: {("image_url",): ("old", "held")}}
    moved = kept.mark_changed_derived_fields(
        Desired({"product": declared}, removals=removals), known, KINDS
    )
    assert moved.objects["product"]["P"].changed_derived_fields == {"image_url"}
    assert moved.removals == removals
