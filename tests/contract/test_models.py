"""Every documented response is understood by the client and decoded by the model of its kind.

`decoded.json` holds the values, by example; `UPDATE=1 pytest tests/contract/test_models.py` writes
it anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.dealpos.rows import parse_rows
from dealpos_reconciler.kinds import KINDS

DECODED = Path(__file__).parent / "decoded.json"
COLLAPSED = {"variant-list", "promotion-coupon-with-total-count"}
"""Lists whose rows the vendor's page does not print."""

READS = {
    "category": ["category-list"],
    "product": ["product-create", "product-update"],
    "variant": ["variant-get-by-code", "variant-get-by-id"],
    "outlet": ["outlet-list"],
    "coupon": [
        "promotion-coupon-list",
        "promotion-coupon-list-older",
        "promotion-coupon-by-code",
        "promotion-coupon-by-reference-id",
    ],
    "customer": ["customer-list", "deprecated-customer-email"],
}
PRINTED = [(KINDS[kind], name) for kind, names in READS.items() for name in names]


@pytest.mark.parametrize(("kind", "name"), PRINTED, ids=lambda value: getattr(value, "name", value))
def test_a_documented_response_is_decoded(
    kind: Kind, name: str, example: Callable[[str], Any]
) -> None:
    answer = example(f"{name}.response")
    listed = isinstance(answer, list) or "Data" in answer
    rows = parse_rows(name, answer).rows if listed else [answer]
    decoded = json.loads(json.dumps([kind.decode(row) for row in rows], default=str))
    assert [kind.identity_of(row) for row in rows] == [
        value.get(kind.identity) for value in decoded
    ]
    known = json.loads(DECODED.read_text(encoding="utf-8")) if DECODED.exists() else {}
    if os.environ.get("UPDATE"):
        known[name] = decoded
        DECODED.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert decoded == known[name]


def test_a_list_without_printed_rows_holds_no_value(example: Callable[[str], Any]) -> None:
    for name in COLLAPSED:
        assert not any(row for row in example(f"{name}.response").get("Data", ()))


def test_no_decoded_response_is_left_over() -> None:
    known = json.loads(DECODED.read_text(encoding="utf-8"))
    assert known.keys() == {name for _, name in PRINTED}
