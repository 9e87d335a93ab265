"""A release that no server could load is refused by the plan, not at the till."""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.core.provider.batch_codes import derive_codes, key_check
from dealpos_reconciler.core.provider.declared import ShopFacts
from dealpos_reconciler.core.provider.publication import Publication, compose_publication
from dealpos_reconciler.core.provider.release import parse_release
from dealpos_reconciler.core.provider.terms import CodeBatch
from dealpos_reconciler.errors import ProviderError
from dealpos_reconciler.kinds import KINDS

KEY = b"k" * 32
KIND = KINDS["provider_coupon"]
BATCH = {
    "code": "VISIT",
    "type": "Amount",
    "amount": 1,
    "codes": {"count": 9, "length": 10, "prefix": ""},
}


def publish(*values: dict[str, Any]) -> Publication | None:
    rows = {value["code"]: value for value in values}
    return compose_publication("here", 0, None, rows, (), KIND, ShopFacts(key=KEY), rows)


def test_a_coupon_with_a_code_of_a_batch_is_not_planned() -> None:
    code = next(derive_codes(KEY, "VISIT", CodeBatch(1, 10)))
    with pytest.raises(ProviderError, match="is also a code of a batch"):
        publish(BATCH, {"code": code, "type": "Amount", "amount": 1})


def test_other_coupons_beside_a_batch_are_planned() -> None:
    made = publish(BATCH, {"code": "OTHER", "type": "Amount", "amount": 1})
    assert made is not None
    release = parse_release(made.document)
    assert [terms.code for terms in release.coupons] == ["OTHER", "VISIT"]
    assert release.key_check == key_check(KEY)
