"""The natural key in a webhook's body; nothing else of the body is looked at.

Created, updated and deleted cannot be told apart by a body, and no deleted variant, category,
outlet price or coupon has an event (dealpos-api.md §12).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dealpos_reconciler.core.model.address import Address

MAX_NAME = 200
"""Characters of a code; a longer one is no code of a shop."""

_CODE_IN_BYTES = re.compile(rb'"Code"\s*:\s*"([^"\\\x00-\x1f]{1,200})"', re.IGNORECASE)


def find_key(family: str, found: Mapping[str, Any], event: str = "") -> Address | None:
    """Return the object that a body names; None where it names none that is declared in files.

    `found` has its keys in lower case. Only a variant has `Product` and `UnitPrice`.
    """
    raw = found.get("code")
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        return None
    return _address(_kind_of(family, found, event), str(raw).strip())


def find_key_in_bytes(family: str, head: bytes) -> Address | None:
    """Return the object that the beginning of a long body names: a product of many variants."""
    found = _CODE_IN_BYTES.search(head)
    return (
        _address(_kind_of(family, {}, ""), found[1].decode("utf-8", "replace")) if found else None
    )


def _kind_of(family: str, found: Mapping[str, Any], event: str) -> str:
    if family != "product":
        return family
    is_variant = "variant" in event or not found.keys().isdisjoint({"product", "unitprice"})
    return "variant" if is_variant else "product"


def _address(kind: str, code: str) -> Address | None:
    is_name = 0 < len(code) <= MAX_NAME and code.isprintable()
    return Address(kind, code) if is_name and kind in ("product", "variant", "customer") else None
