"""Edits in the back office: values changed and objects deleted past the API, with webhooks."""

import json
from collections.abc import Mapping
from typing import Any

from dealpos_reconciler.sandbox.api.field import merge_fields
from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.errors import Refusal, SandboxError
from dealpos_reconciler.sandbox.resources import coupon, customer, outlet, product, variant
from dealpos_reconciler.sandbox.resources.product import place
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Record, StoredChange
from dealpos_reconciler.sandbox.tables import KEYS
from dealpos_reconciler.sandbox.till.events import hear

_SPECS = {
    "outlet": outlet.SEED,
    "product": product.SEED,
    "variant": variant.SEED,
    "coupon": coupon.SEED,
    "customer": customer.SEED,
}


def edit(shop: Shop, address: str, values: Mapping[str, str]) -> list[StoredChange]:
    """Change values of an object, named as `variant/1003L`; return what changed.

    A value is JSON where it is that, and text otherwise. Raises SandboxError.
    """
    kind, row = _find(shop, address)
    if KEYS[kind] in values:
        raise SandboxError(f"{KEYS[kind]} names the object; it stays as it is.")
    known = {name for spec in _SPECS[kind] for name in spec.names}
    unknown = sorted(set(values) - known)
    if unknown:
        raise SandboxError(f"A {kind} has no {unknown[0]!r}; it has {', '.join(sorted(known))}.")
    given = {name: _read_value(kind, name, text) for name, text in values.items()}
    try:
        payload = merge_fields(
            Fields(given, shop.choices.with_changes(null_write="clear")), _SPECS[kind], row.payload
        )
        with hear(shop) as changes, shop.store.transaction(write=True):
            if kind == "variant":
                variant.check_references(shop, payload)
            if kind == "product":
                place(shop, payload)
            else:
                shop.store.put(kind, payload)
    except Refusal as refusal:
        raise SandboxError(f"{address}: {refusal.message}") from None
    return changes


def delete(shop: Shop, address: str) -> list[StoredChange]:
    """Delete an object, a product with its variants; return what changed. Raises SandboxError."""
    kind, row = _find(shop, address)
    with hear(shop) as changes, shop.store.transaction(write=True):
        if kind == "product":
            for own in shop.store.many("variant", "product", [row.payload["Code"]]):
                shop.store.delete("variant", own.payload["Code"])
        shop.store.delete(kind, row.payload[KEYS[kind]])
    return changes


def _find(shop: Shop, address: str) -> tuple[str, Record]:
    kind, _, key = address.partition("/")
    if kind not in _SPECS:
        raise SandboxError(f"{address!r} is no address; the kinds are {', '.join(_SPECS)}.")
    row = shop.store.get(kind, key)
    if row is None:
        raise SandboxError(f"The shop has no {kind} {key!r}.")
    return kind, row


def _read_value(kind: str, name: str, text: str) -> Any:
    """Return the JSON value of a text, or the text where its field holds texts."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    default = next(spec.default for spec in _SPECS[kind] if name in spec.names)
    texts = isinstance(default, str) or (default is None and not isinstance(value, list | dict))
    return text if texts and value is not None else value
