"""Reads of coupons: never the cap, the full-price flag or the reference (dealpos-api.md §10)."""

from typing import Any

from dealpos_reconciler.sandbox.api.field import moment
from dealpos_reconciler.sandbox.api.paging import page_of, reported_total, requested_page
from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.api.route import read_routes, require_found
from dealpos_reconciler.sandbox.errors import Refusal
from dealpos_reconciler.sandbox.query import Filter
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Payload, Record


def _active(shop: Shop, where: Filter) -> Filter:
    """Add the condition that a coupon is neither expired nor used up."""
    compare = ">=" if shop.choices.coupon_active_on_expiry_day else ">"
    today = shop.today().isoformat()
    unexpired = f"(expiry IS NULL OR substr(expiry, 1, 10) {compare} ?)"
    return where.also("balance > 0").also(unexpired, today)


def _common(shop: Shop, row: Record, *, single: bool) -> Payload:
    coupon = row.payload
    return {
        "Code": coupon["Code"],
        "Limit": coupon["Limit"],
        "Balance": coupon["Balance"],
        "Discount": coupon["Discount"],
        "Created": moment(coupon["Created"]),
        "StartDate": moment(coupon["StartDate"] or coupon["Created"]),
        "ExpiryDate": moment(coupon["ExpiryDate"]),
        "Type": _type(shop, coupon["Type"], single=single),
    }


def _type(shop: Shop, stored: str, *, single: bool) -> str:
    choice = shop.choices.coupon_percentage_reads_as
    if stored != "DiscountPercentage":
        return stored
    if choice == "mixed":
        return "Discount" if single else "DiscountPercentage"
    return choice


def _list_row(shop: Shop, row: Record, customers: dict[str, str], full: bool) -> Payload:
    coupon, shown = row.payload, _common(shop, row, single=False)
    if full:
        shown["MinimumSpending"] = coupon["MinimumAmount"]
    shown["Description"] = coupon["Description"]
    shown["CustomerCode"] = coupon["CustomerCode"]
    if full:
        shown["CustomerID"] = customers.get(coupon["CustomerCode"])
    return shown


def _rows(shop: Shop, fields: Fields, where: Filter, *, full: bool = True) -> list[Payload]:
    rows = page_of(shop, "coupon", where, requested_page(fields))
    codes = {row.payload["CustomerCode"] for row in rows if row.payload["CustomerCode"]}
    known = shop.store.many("customer", "key", codes) if codes else []
    customers = {row.payload["Code"]: row.id for row in known}
    full = full and shop.choices.coupon_list_has_minimum
    return [_list_row(shop, row, customers, full) for row in rows]


def _filter(shop: Shop, fields: Fields) -> Filter:
    where = Filter()
    kind = fields.text("Type")
    where.text("type", "DiscountPercentage" if kind == "Discount" else kind, "exact")
    column = {
        "Created": "created",
        "StartDate": "coalesce(start, created)",
        "ExpiryDate": "expiry",
    }[shop.choices.coupon_date_filter]
    return where.between(column, fields.text("From"), fields.text("To"))


def list_(shop: Shop, fields: Fields) -> Any:
    """``GET /PromotionCoupon``: without ``UsageStatus`` only active coupons (documented)."""
    where = _filter(shop, fields).text("key", fields.text("Code"), shop.key_filter())
    status = fields.text("UsageStatus") or "Active"
    other = shop.choices.coupon_usage_status_other
    if status == "Active" or other == "active":
        _active(shop, where)
    elif other == "reject":
        raise Refusal("UsageStatus is not known.")
    elif other == "nothing":
        where.also("0")
    return _rows(shop, fields, where)


def with_total_count(shop: Shop, fields: Fields) -> Any:
    """``GET /PromotionCoupon/WithTotalCount``: no ``UsageStatus`` and no ``Code`` to filter by."""
    where = _filter(shop, fields)
    if shop.choices.coupon_total_hides_inactive:
        _active(shop, where)
    data = _rows(shop, fields, where, full=shop.choices.coupon_total_has_minimum)
    return {"Data": data, "TotalCount": reported_total(shop, "coupon", where, len(data))}


def _single(shop: Shop, column: str, value: str) -> Record:
    where = Filter().text(column, value, "key" if column == "key" else "exact")
    if shop.choices.coupon_by_code_hides_inactive:
        _active(shop, where)
    rows = shop.store.page("coupon", where, "insertion", 1)
    return require_found(rows[0] if rows else None)


def _plain(shop: Shop, row: Record) -> Payload:
    coupon = row.payload
    rest = {"Description": coupon["Description"], "CustomerCode": coupon["CustomerCode"]}
    return {**_common(shop, row, single=True), **rest}


def by_code(shop: Shop, fields: Fields) -> Any:
    """``GET /PromotionCoupon/ByCode``: the only read with requirements."""
    row = _single(shop, "key", fields.key("Code"))
    coupon = row.payload
    return {
        **_plain(shop, row),
        "RequirementType": coupon["RequirementType"],
        "MultipleItemRequirementDiscount": 0,
        "ListRequirementVariants": _variants(shop, coupon["RequirementVariants"]),
        "ListRequirementCategories": _categories(shop, coupon["RequirementCategories"]),
    }


def _variants(shop: Shop, codes: list[str]) -> list[Any]:
    if shop.choices.coupon_requirement_rows == "strings":
        return list(codes)
    known = {row.payload["Code"]: row for row in shop.store.many("variant", "key", codes)}
    names = {code: row.payload["Name"] for code, row in known.items()}
    return [{"Code": code, "Name": names.get(code, "")} for code in codes]


def _categories(shop: Shop, paths: list[str]) -> list[Any]:
    strings = shop.choices.coupon_requirement_rows == "strings"
    return list(paths) if strings else [{"Name": path} for path in paths]


def by_reference_id(shop: Shop, fields: Fields) -> Any:
    """``GET /PromotionCoupon/ByReferenceID``: the oldest coupon with the reference."""
    return _plain(shop, _single(shop, "reference", fields.key("ReferenceID")))


ROUTES = (
    *read_routes(list_, "/PromotionCoupon", "/PromotionCoupon/p"),
    *read_routes(
        with_total_count, "/PromotionCoupon/WithTotalCount", "/PromotionCoupon/WithTotalCount"
    ),
    *read_routes(by_code, "/PromotionCoupon/ByCode"),
    *read_routes(by_reference_id, "/PromotionCoupon/ByReferenceID"),
)
