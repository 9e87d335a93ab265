"""Operations of each API generation, and the place of the parameters of its reads.

API §0: A reads bodies, B mostly queries, C queries; the reads of one object moved from a path of
their own to `/Detail`. Where a generation's form is in no page at hand, the printed one is kept.
"""

from dealpos_reconciler.sandbox.choices import Choices

_DETAILS = {f"GET /{noun}/Detail" for noun in ("Variant", "Product", "Customer", "Invoice")}
_BY_KEY = {"GET /Variant/Code", "GET /Variant/ID", "POST /Variant/ID"}
_LACKS = {"any": set[str](), "A": _DETAILS, "B": _DETAILS, "C": _BY_KEY}

_NAMED = {
    "/Variant/Code",
    "/Variant/ID",
    "/PromotionCoupon/ByCode",
    "/PromotionCoupon/ByReferenceID",
    "/Inventory/Code",
    "/PromotionEvent/GetByVariantCode",
    "/PromotionEvent/GetByVariantID",
}
"""Reads of one object by a key; ``Choices.named_reads`` is its place."""
_LISTED = {
    "/Variant/ListID",
    "/Variant/GetByListCode",
    "/Variant/GetIDByListCode",
    "/Variant/GetIDByListCodeDiscontinued",
    "/Product/WithPricebookByListID",
    "/Customer/Email",
    "/Invoice/MultipleOutlet/WithTotalCount",
}
"""Reads that are printed with a body, and in no other form."""
_BODIES = {"/Category", "/Category/ID", "/PromotionCoupon", "/PromotionCoupon/WithTotalCount"}
"""The other reads that take a body in generation B (dealpos-api.md §5, §10)."""


def is_offered(choices: Choices, name: str, *, read: bool) -> bool:
    """Return whether this tenant has the operation, "METHOD /path"."""
    if name in choices.missing_operations or name in _LACKS[choices.generation]:
        return False
    if not read or not name.startswith("POST "):
        return True
    kept = {"all": True, "none": False, "own_path": name.endswith("/p")}
    return kept.get(choices.post_alternatives, not name.endswith("/p"))


def places(choices: Choices, path: str) -> tuple[bool, bool]:
    """Return whether a GET of `path` reads its query, and whether it reads its body."""
    generation = choices.generation
    if generation == "any":
        return True, True
    if path in _LISTED:
        return False, True
    if path == "/Inventory":
        return True, False  # dealpos-api.md §11: printed with a query, and in no other form
    if path in _NAMED:
        return choices.named_reads != "body", choices.named_reads != "query"
    if generation == "B" and path == "/Variant":
        return True, True  # dealpos-api.md §7: "query and body"
    body = generation == "A" or (generation == "B" and path in _BODIES)
    return not body, body
