"""Reads of customers (dealpos-api.md §9): list rows are short, the detail is whole."""

from datetime import date
from typing import Any

from dealpos_reconciler.sandbox.api.field import moment
from dealpos_reconciler.sandbox.api.paging import PageSlice, page_of, requested_page
from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.api.route import read_routes, require_found
from dealpos_reconciler.sandbox.errors import Refusal
from dealpos_reconciler.sandbox.query import Filter
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Payload, Record

# The deprecated read prints no date as ISO; month names are written out to be free of a locale.
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

_PLAIN = (
    "Name",
    "Email",
    "FirstName",
    "LastName",
    "Gender",
    "Code",
    "Phone",
    "Mobile",
    "Address",
    "ReferredBy",
    "Group",
    "ExpiredGroup",
    "SignUpOutlet",
    "ImageURL",
    "LoyaltyPoint",
    "Status",
)


def _join_date(customer: Payload) -> str | None:
    return moment(customer["JoinDate"] or customer["Created"])


def list_(shop: Shop, fields: Fields) -> Any:
    """``GET /Customer``: a bare array; one generation of the pages has no paging at all."""
    choices = shop.choices
    where = Filter().text("name", fields.text("Name"), choices.text_filters)
    where.text("outlet", fields.text("Outlet"), "exact")
    where.between("coalesce(joined, created)", fields.text("From"), fields.text("To"))
    if choices.customer_list_hides_suspended:
        where.also("status <> ?", choices.suspended_status)
    return [
        {
            "Name": row.payload["Name"],
            "Code": row.payload["Code"],
            "Mobile": row.payload["Mobile"],
            "Email": row.payload["Email"],
            "BirthDate": moment(row.payload["Birthday"]),
            "JoinDate": _join_date(row.payload),
            "ID": row.id,
        }
        for row in page_of(shop, "customer", where, _page(fields))
    ]


def _page(fields: Fields) -> PageSlice:
    choice = fields.choices.customer_paging
    sent = fields.present("PageNumber", "PageSize")
    if choice == "required" and not (fields.present("PageNumber") and fields.present("PageSize")):
        raise Refusal("PageNumber and PageSize are required.")
    return requested_page(fields) if sent and choice != "ignored" else PageSlice()


def detail(shop: Shop, fields: Fields) -> Any:
    """``GET /Customer/Detail``, by code, ID, email or mobile; its field table is cut."""
    turns = (("key", "Code"), ("id", "ID"), ("email", "Email"), ("mobile", "Mobile"))
    asked_by = next((turn for turn in turns if fields.text(turn[1])), None)
    if asked_by is None:
        raise Refusal("Code, ID, Email or Mobile is required.")
    row = require_found(shop.store.find("customer", asked_by[0], fields.text(asked_by[1])))
    return _detail(shop, row)


def _detail(shop: Shop, row: Record) -> Payload:
    customer = {key: value for key, value in row.payload.items() if key != "Created"}
    mobile, birthday = customer.pop("Mobile"), customer.pop("Birthday")
    if shop.choices.customer_detail_names == "read":
        named = {"Mobile": mobile, "BirthDate": moment(birthday)}
    else:
        named = {"MobilePhone": mobile, "Birthday": moment(birthday)}
    customer["JoinDate"] = _join_date(row.payload)
    customer["ExpiredGroup"] = moment(customer["ExpiredGroup"])
    if shop.choices.customer_gender_reads == "boolean":
        customer["Gender"] = gender_flag(customer["Gender"])
    return {"ID": row.id, **customer, **named}


def gender_flag(gender: Any) -> bool:
    """Return the boolean that some forms print for a gender."""
    # Samples print false for men in writes and true in the read: only the type is known.
    return gender if isinstance(gender, bool) else str(gender).lower() in ("female", "f", "true")


def by_email(shop: Shop, fields: Fields) -> Any:
    """``GET /Customer/Email``, deprecated: no ID, no birth date, `31 Jul 2019` for a date."""
    customer = require_found(shop.store.find("customer", "email", fields.key("Email"))).payload
    shown = {name: customer[name] for name in _PLAIN}
    shown["Gender"] = gender_flag(customer["Gender"])
    shown["ExpiredGroup"] = _spoken(customer["ExpiredGroup"])
    return [shown] if shop.choices.customer_email_shape == "array" else shown


def _spoken(value: str | None) -> str | None:
    if not value:
        return None
    day = date.fromisoformat(value[:10])
    return f"{day.day:02} {_MONTHS[day.month - 1]} {day.year}"


ROUTES = (
    *read_routes(list_, "/Customer", "/Customer/p"),
    *read_routes(detail, "/Customer/Detail"),
    *read_routes(by_email, "/Customer/Email", "/Customer/Email"),
)
