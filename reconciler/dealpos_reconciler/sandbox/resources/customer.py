"""Customers, found by email, code, ID or phone (dealpos-api.md §9)."""

from typing import Any

from dealpos_reconciler.sandbox.api.field import (
    BodyField,
    anything,
    day,
    defaults,
    integer,
    merge_fields,
    names,
    prose,
    text,
)
from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.api.route import require_existing, require_new, write_routes
from dealpos_reconciler.sandbox.errors import Refusal
from dealpos_reconciler.sandbox.query import Filter
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import Payload, Record

FIELDS = (
    BodyField("Code", text),
    BodyField("Name", prose, ""),
    BodyField("Email", text, ""),
    # The table says MobilePhone and Birthday, the samples Mobile and Birthdate.
    BodyField("Mobile", text, "", aliases=("MobilePhone",)),
    BodyField("Status", text, "Active"),
    BodyField("Title", text),
    BodyField("FirstName", prose),
    BodyField("LastName", prose),
    BodyField("Gender", anything),
    BodyField("Phone", text),
    BodyField("Fax", text),
    BodyField("Address", prose),
    BodyField("City", prose),
    BodyField("Nationality", text),
    BodyField("ReferredBy", text),
    BodyField("Identification", text),
    BodyField("Birthday", day, aliases=("Birthdate", "BirthDate")),
    BodyField("JoinDate", day),
    BodyField("Group", text),
    BodyField("ExpiredGroup", day),
    BodyField("SignUpOutlet", text),
    BodyField("ImageURL", text),
    BodyField("LoyaltyPoint", integer, 0),
    BodyField("AppLastSignIn", day),
)
SEED = (*FIELDS, BodyField("Created", text))
BLANK = defaults(SEED)
_KEYS = {"ID"} | names(FIELDS)
_MOBILE = ("Mobile", "MobilePhone")
_IDENTITIES = ("Code", "Email", "Mobile")


def create(shop: Shop, fields: Fields) -> Any:
    """``POST /Customer``."""
    fields.only(_KEYS)
    code = fields.key("Code")
    fields.demand("Name", "Email", _MOBILE, "Status")
    require_new(shop, "customer", code)
    double = shop.choices.duplicate_create == "double"
    known = None if double else shop.store.get("customer", code)
    current = known.payload if known else {**BLANK, "Created": shop.now()}
    payload = {**merge_fields(fields, FIELDS, current, update=False), "Code": code}
    if not double:
        _unique(shop, payload, known.id if known else "")
    honoured = shop.choices.customer_id_on_create == "honoured"
    id_ = (fields.text("ID") or None) if honoured else None
    if id_ and not known and shop.store.find("customer", "id", id_):
        raise Refusal(f"Customer {id_} already exists.")
    return {"ID": shop.store.put("customer", payload, id_=id_, double=double)}


def _unique(shop: Shop, payload: Payload, own_id: str) -> None:
    """Refuse an identity that another customer has, as ``Choices.customer_unique`` says."""
    for name in _IDENTITIES:
        column = "key" if name == "Code" else name.lower()
        where = Filter().also(f"{column} = ? AND id <> ?", payload[name], own_id)
        wanted = name in shop.choices.customer_unique and payload[name]
        if wanted and shop.store.count("customer", where):
            raise Refusal(f"{name} {payload[name]} belongs to another customer.")


def update(shop: Shop, fields: Fields) -> Any:
    """``PUT /Customer``: found by email."""
    return _update(shop, fields, "Email", shop.store.find("customer", "email", fields.key("Email")))


def update_by_code(shop: Shop, fields: Fields) -> Any:
    """``PUT /Customer/ByCode``."""
    return _update(shop, fields, "Code", shop.store.get("customer", fields.key("Code")))


def update_by_id(shop: Shop, fields: Fields) -> Any:
    """``PUT /Customer/ByID``."""
    return _update(shop, fields, "ID", shop.store.find("customer", "id", fields.key("ID")))


def _update(shop: Shop, fields: Fields, by: str, row: Record | None) -> Any:
    fields.only(_KEYS)
    demanded = ("Name", "Email", "Code", "Status")
    fields.demand(*demanded, _MOBILE)
    unwritten = {"ID": "", "Message": "Record updated"}
    row = require_existing(shop, row, f"Customer {fields.text(by)}", unwritten)
    payload = merge_fields(fields, FIELDS, row.payload)
    for name in _IDENTITIES:
        if shop.choices.customer_key_change == "ignore" or (name == "Code" and not payload[name]):
            payload[name] = row.payload[name]
    _unique(shop, payload, row.id)
    _recode(shop, row.payload["Code"], payload["Code"])
    shop.store.put("customer", payload, was=row.payload["Code"])
    return {"ID": row.id, "Message": "Record updated"}


def _recode(shop: Shop, old: str, new: str) -> None:
    """Keep coupons with their customer when its code changes."""
    if old != new:
        for coupon in shop.store.many("coupon", "customer", [old]):
            shop.store.put("coupon", {**coupon.payload, "CustomerCode": new})


def delete(shop: Shop, fields: Fields) -> Any:
    """``DELETE /Customer``: found by email; its answer is cut."""
    email = fields.key("Email")
    answer = {"Message": "Record deleted"}
    row = shop.store.find("customer", "email", email)
    row = require_existing(shop, row, f"Customer {email}", answer)
    code = row.payload["Code"]
    used = shop.store.find("coupon", "customer", code)
    if used and shop.choices.delete_used == "reject":
        raise Refusal(f"Customer {code} is named by coupon {used.payload['Code']}.")
    shop.store.delete("customer", code)
    return answer


def suspend(shop: Shop, fields: Fields) -> Any:
    """``PUT /Customer/Suspend``."""
    return _status(shop, fields, shop.choices.suspended_status, "suspended")


def unsuspend(shop: Shop, fields: Fields) -> Any:
    """``PUT /Customer/Unsuspend``."""
    return _status(shop, fields, "Active", "unsuspended")


def _status(shop: Shop, fields: Fields, status: str, done: str) -> Any:
    answer = {"Message": f"The contact has been successfully {done}."}
    row = require_existing(shop, _sought(shop, fields), "Customer", answer)
    shop.store.put("customer", {**row.payload, "Status": status})
    return answer


def _sought(shop: Shop, fields: Fields) -> Record | None:
    """Find a customer by ID, then by code, then by phone (API §9).

    Email is sent too, but its turn is not printed.
    """
    turns = (("id", "ID"), ("key", "Code"), ("phone", "Phone"), ("mobile", "Phone"))
    for column, name in turns:
        value = fields.text(name)
        row = shop.store.find("customer", column, value) if value else None
        if row:
            return row
    return None


ROUTES = (
    *write_routes(create, "POST", "/Customer"),
    *write_routes(update, "PUT", "/Customer"),
    *write_routes(update_by_code, "PUT", "/Customer/ByCode"),
    *write_routes(update_by_id, "PUT", "/Customer/ByID"),
    *write_routes(delete, "DELETE", "/Customer"),
    *write_routes(suspend, "PUT", "/Customer/Suspend"),
    *write_routes(unsuspend, "PUT", "/Customer/Unsuspend"),
)
