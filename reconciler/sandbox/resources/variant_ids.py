"""The deprecated look-ups of variant IDs by code, the only ones with ``ProductID`` (API §7)."""

from typing import Any

from reconciler.sandbox.api.request import Fields, texts
from reconciler.sandbox.api.route import reads
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.shop import Shop
from reconciler.sandbox.store import Payload


def _found(shop: Shop, codes: list[str]) -> list[tuple[Payload, bool]]:
    rows = shop.store.many("variant", "key", codes, shop.choices.list_order)
    if len(rows) < len(set(codes)) and shop.choices.batch_missing == "reject":
        raise Refusal("Some variants were not found.")
    parents = {row.payload["Product"] for row in rows}
    products = {row.payload["Code"]: row.id for row in shop.store.many("product", "key", parents)}
    return [
        (
            {
                "ID": row.id,
                "ProductID": products[row.payload["Product"]],
                "Code": row.payload["Code"],
            },
            row.payload["Discontinued"],
        )
        for row in rows
    ]


def by_code(shop: Shop, fields: Fields) -> Any:
    """``GET /Variant/GetIDByListCode``: the body is a bare array."""
    codes = texts("The body", fields.bare, shop.choices.batch_max)
    return [ids for ids, _ in _found(shop, codes)]


def with_discontinued(shop: Shop, fields: Fields) -> Any:
    """``GET /Variant/GetIDByListCodeDiscontinued``: of its filter only `All` was seen."""
    codes = fields.strings("ListCode", maximum=shop.choices.batch_max)
    word = fields.text("Discontinued") or "All"
    if word not in ("All", "Yes", "No"):
        raise Refusal("Discontinued must be All, Yes or No.")
    return [
        {**ids, "Discontinued": discontinued}
        for ids, discontinued in _found(shop, codes)
        if word == "All" or discontinued == (word == "Yes")
    ]


_PATHS = ("/Variant/GetIDByListCode", "/Variant/GetIDByListCodeDiscontinued")
ROUTES = (
    *reads(by_code, _PATHS[0], _PATHS[0]),
    *reads(with_discontinued, _PATHS[1], _PATHS[1]),
)
