"""The webhooks that a change of the shop causes (dealpos-api.md §12).

An event for a deleted variant, an updated customer, a category, an outlet or a coupon was not seen.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from dealpos_reconciler.sandbox.api.field import moment
from dealpos_reconciler.sandbox.resources import product_reads, variant_reads
from dealpos_reconciler.sandbox.resources.customer_reads import gender_flag
from dealpos_reconciler.sandbox.resources.invoice import redeem_body
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Payload, Record, StoredChange
from dealpos_reconciler.sandbox.till.delivery import WebhookCall


@contextmanager
def hear(shop: Shop) -> Iterator[list[StoredChange]]:
    """Collect what the transactions inside the block change."""
    heard: list[StoredChange] = []
    before, shop.store.listener = shop.store.listener, heard.extend
    try:
        yield heard
    finally:
        shop.store.listener = before


def calls_of(shop: Shop, changes: Iterable[StoredChange]) -> list[WebhookCall]:
    """Return the webhooks of changes, in their order."""
    changes = list(changes)
    return [call for change in changes for call in _calls(shop, change, changes)]


def _calls(
    shop: Shop, change: StoredChange, all_changes: list[StoredChange]
) -> Iterator[WebhookCall]:
    what = _describe(change)
    if change.kind == "product":
        yield WebhookCall(f"product{what}", "product", _product(shop, change, all_changes))
    elif change.kind == "variant" and what != "Deleted":
        yield WebhookCall(f"productVariant{what}", "product", _variant(shop, change))
    elif change.kind == "customer" and what != "Updated":
        yield WebhookCall(f"customer{what}", "customer", _customer(_row(change).payload))
    elif change.kind == "invoice" and (event := _invoice_event(change)):
        body = redeem_body(_row(change))
        yield WebhookCall(
            event, "invoice", {**body, "Void": "Yes"} if change.after is None else body
        )


def _describe(change: StoredChange) -> str:
    if change.before is None:
        return "Created"
    return "Deleted" if change.after is None else "Updated"


def _row(change: StoredChange) -> Record:
    return Record(change.id, change.after or change.before or {})


def _invoice_event(change: StoredChange) -> str:
    """Return the event of an invoice; the index of them is cut after ``invoiceRe``."""
    if change.before is None:
        return "invoiceCreated"
    if change.after is None:
        return "invoiceErased"
    voids = (change.before["Void"], change.after["Void"])
    return {("No", "Yes"): "invoiceDeleted", ("Yes", "No"): "invoiceRestored"}.get(voids, "")


def _product(shop: Shop, change: StoredChange, all_changes: list[StoredChange]) -> Payload:
    row = _row(change)
    variants = shop.store.many("variant", "product", [row.payload["Code"]])
    if change.after is None:
        gone = [c for c in all_changes if c.kind == "variant" and c.after is None and c.before]
        own = [Record(c.id, c.before) for c in gone if c.before]
        variants = [v for v in own if v.payload["Product"] == row.payload["Code"]]
    shown = product_reads.product_detail(shop, row, variants)
    last = {"ExtraImageURL": shown.pop("ExtraImagesURL"), "Variants": shown.pop("Variants")}
    return {**shown, "BrandName": shown["Brand"], **last}


_UNSENT = {"Brand", "ImageURL", "ThumbnailURL", "Description", "Pricebook"}
"""Fields of the read object that no event of a variant has."""


def _variant(shop: Shop, change: StoredChange) -> Payload:
    shown = variant_reads.variant_objects(shop, [_row(change)])[0]
    return {name: value for name, value in shown.items() if name not in _UNSENT}


def _customer(customer: Payload) -> Payload:
    return {
        "FirstName": customer["FirstName"] or "",
        "LastName": customer["LastName"] or "",
        "Title": customer["Title"] or "",
        "Birthdate": moment(customer["Birthday"]) or "",
        "Phone": customer["Phone"] or "",
        "Email": customer["Email"],
        "Gender": int(gender_flag(customer["Gender"])),
        "Outlet": customer["SignUpOutlet"] or "",
        "Name": customer["Name"],
        "Code": customer["Code"],
        "Address": customer["Address"] or "",
        "City": customer["City"] or "",
        "Mobile": customer["Mobile"] or "",
        "MemberIdentification": customer["Identification"] or "",
    }
