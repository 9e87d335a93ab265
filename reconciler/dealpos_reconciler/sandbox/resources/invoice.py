"""Invoices: made by a till; the API of the shop lists, shows and deletes them (dealpos-api.md §16).

No page prints the paths of Void, Restore and Erase Invoice: those are the till's commands alone.
"""

from typing import Any

from dealpos_reconciler.sandbox.api.field import (
    BodyField,
    anything,
    day,
    integer,
    moment,
    text,
    yes_no,
)
from dealpos_reconciler.sandbox.api.paging import page_of, reported_total, requested_page
from dealpos_reconciler.sandbox.api.request import Fields, texts
from dealpos_reconciler.sandbox.api.route import (
    read_routes,
    require_existing,
    require_found,
    write_routes,
)
from dealpos_reconciler.sandbox.errors import Refusal
from dealpos_reconciler.sandbox.query import Filter
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import ObjectStore, Payload, Record

UNSET = "0001-01-01T00:00:00"
"""The print of a date that is not set (dealpos-api.md §12)."""

_CREATOR = "00000000-0000-0000-0000-000000000001"

SEED = (
    BodyField("ID", text),
    BodyField("Outlet", text, ""),
    BodyField("Number", text, ""),
    BodyField("Date", day, "2020-01-01"),
    BodyField("Created", text),
    BodyField("Tag", text, ""),
    BodyField("Customer", anything),
    BodyField("DiscountAmount", integer, 0),
    BodyField("Gross", integer, 0),
    BodyField("DiscountTotal", integer, 0),
    BodyField("Sales", integer, 0),
    BodyField("Coupon", text),
    BodyField("CouponNote", text, ""),
    BodyField("Note", text, ""),
    BodyField("PaymentState", text, "Paid"),
    BodyField("Delivery", text, "Sent"),
    BodyField("Void", yes_no, "No"),
    BodyField("Variants", anything, []),
    BodyField("Payments", anything, []),
)


def redeem_body(row: Record) -> Payload:
    """Return the body of Redeem Coupon, which `invoiceCreated` has too (dealpos-api.md §12)."""
    invoice = row.payload
    return {
        "ID": row.id,
        "Outlet": invoice["Outlet"],
        "Number": invoice["Number"],
        "Date": moment(invoice["Date"]),
        "DueDate": UNSET,
        "Tag": invoice["Tag"],
        "Customer": invoice["Customer"],
        "CreatorID": _CREATOR,
        "Created": moment(invoice["Created"]),
        "Discount1": 0,
        "Discount2": 0,
        "DiscountAmount": invoice["DiscountAmount"],
        "Gross": invoice["Gross"],
        "DiscountTotal": invoice["DiscountTotal"],
        "TaxType": "No Tax",
        "TaxCalculation": "Add",
        "Tax": 0,
        "TaxRate": 0,
        "Sales": invoice["Sales"],
        "Surcharge": 0,
        "SalesNTax": invoice["Sales"],
        "Coupon": invoice["Coupon"] or "",
        "CouponNote": invoice["CouponNote"],
        "Note": invoice["Note"],
        "PointUsed": 0,
        "PointsEarned": 0,
        "Delivery": invoice["Delivery"],
        "Void": invoice["Void"],
        "Variants": invoice["Variants"],
        "Payments": invoice["Payments"],
        "OutboundLogistics": [],
    }


_UNSHOWN = {"TaxCalculation", "CouponNote", "Delivery", "OutboundLogistics"}
"""Fields of Redeem Coupon that the page of the detail does not print."""

_CUSTOMER = ("Code", "Email", "Mobile", "Name", "Phone")


def _detail(shop: Shop, row: Record) -> Payload:
    """Return the printed fields; the page is cut after ``Fulfi``, so the last ones are inferred."""
    body = {name: value for name, value in redeem_body(row).items() if name not in _UNSHOWN}
    last = {name: body.pop(name) for name in ("Void", "Variants", "Payments")}
    if body["Customer"]:
        body["Customer"] = {name: body["Customer"].get(name) for name in _CUSTOMER}
    return {**body, "SalesPerson": "", "Fulfillment": row.payload["Delivery"], **last}


def _row(shop: Shop, row: Record) -> Payload:
    """Return a row of the list, whose fields no page prints: the detail without its arrays."""
    left_out = {"Variants", "Payments"}
    left_out |= set() if shop.choices.invoice_rows_coupon else {"Coupon"}
    left_out |= set() if shop.choices.invoice_rows_void else {"Void"}
    return {name: value for name, value in _detail(shop, row).items() if name not in left_out}


_STATES = {
    "PaymentState": ("payment", {"Paid", "Partial", "Unpaid"}),
    "DeliveryState": ("delivery", {"Sent", "Unsent", "Partial", "Returned"}),
}
_STATUSES = {"": "No", "Active": "No", "Cancelled": "Yes", "Any": ""}


def with_total_count(shop: Shop, fields: Fields) -> Any:
    """``GET /Invoice/MultipleOutlet/WithTotalCount``: without ``Status`` the active ones."""
    where = Filter().between("date", fields.text("From"), fields.text("To"))
    outlets = fields.raw("Outlet")
    if outlets is not None:
        names = texts("Outlet", [outlets] if isinstance(outlets, str) else outlets)
        marks = ", ".join("?" * len(names))
        where.also(f"outlet IN ({marks})", *names)
    for name, (column, known) in _STATES.items():
        state = fields.text(name)
        if state and state not in known:
            raise Refusal(f"{name} is not known.")
        where.text(column, state, "exact")
    if fields.text("Status") not in _STATUSES:
        raise Refusal("Status is not known.")
    where.text("void", _STATUSES[fields.text("Status")], "exact")
    rows = page_of(shop, "invoice", where, requested_page(fields))
    data = [_row(shop, row) for row in rows]
    return {"Data": data, "TotalCount": reported_total(shop, "invoice", where, len(data))}


def detail(shop: Shop, fields: Fields) -> Any:
    """``GET /Invoice/Detail``, by ``ID``, or by ``Number`` with ``Outlet`` or ``OutletID``."""
    if id_ := fields.text("ID"):
        return _detail(shop, require_found(shop.store.find("invoice", "id", id_)))
    return _detail(shop, require_found(_find_asked(shop, fields)))


def _find_asked(shop: Shop, fields: Fields) -> Record | None:
    number, outlet = fields.key("Number"), fields.text("Outlet")
    if not outlet:
        found = shop.store.find("outlet", "id", fields.key("OutletID"))
        outlet = found.payload["Name"] if found else ""
    return find_numbered(shop.store, number, outlet)


def find_numbered(store: ObjectStore, number: str, outlet: str) -> Record | None:
    """Return the invoice with this number at this outlet: numbers of two outlets may be equal."""
    where = Filter().also("number = ? AND outlet = ?", number, outlet)
    rows = store.page("invoice", where, "insertion", 1)
    return rows[0] if rows else None


def delete(shop: Shop, fields: Fields) -> Any:
    """``DELETE /Invoice``; ``Choices.invoice_delete`` says whether the invoice is only voided."""
    id_ = fields.text("InvoiceID")
    row = shop.store.find("invoice", "id", id_) if id_ else _find_asked(shop, fields)
    answer = "Invoice has been delete!{}"
    row = require_existing(shop, row, "Invoice", answer)
    if shop.choices.invoice_delete == "erase":
        shop.store.delete("invoice", row.id)
    else:
        shop.store.put("invoice", {**row.payload, "Void": "Yes"})
    return answer


_LIST = "/Invoice/MultipleOutlet/WithTotalCount"
ROUTES = (
    *read_routes(with_total_count, _LIST, _LIST),
    *read_routes(detail, "/Invoice/Detail"),
    *write_routes(delete, "DELETE", "/Invoice"),
)
