"""Stock on hand (dealpos-api.md §11): what is in the shop of one variant, by outlet."""

from typing import Any

from reconciler.sandbox.api.request import Fields
from reconciler.sandbox.api.route import found, reads
from reconciler.sandbox.shop import Shop


def by_code(shop: Shop, fields: Fields) -> Any:
    """``GET /Inventory/Code``; its page is cut: a row as the list prints, `I` by outlet."""
    variant = found(shop.store.get("variant", fields.key("Code"))).payload
    product = found(shop.store.get("product", variant["Product"])).payload
    return {
        "Category": variant["Category"],
        "Product": product["Name"],
        "Variant": variant["Model"],
        "Code": variant["Code"],
        "I": variant.get("Stock") or {},
    }


ROUTES = reads(by_code, "/Inventory/Code", "/Inventory/Code")
