"""Customers, found by email, code, ID or phone (dealpos-api.md §9)."""

from typing import Any

from reconciler.sandbox.api.field import (
    Field,
    anything,
    day,
    defaults,
    integer,
    merged,
    names,
    prose,
    text,
)
from reconciler.sandbox.api.request import Fields
from reconciler.sandbox.api.route import existing, fresh, writes
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.shop import Shop
from reconciler.sandbox.store import Filter, Payload, Row

FIELDS = (
    Field("Code", text),
    Field("Name", prose, ""),
    Field("Email", text, ""),
    # The table says MobilePhone and Birthday, the samples Mobile and Birthdate.
    Field("Mobile", text, "", aliases=("MobilePhone",)),
    Field("Status", text, "Active"),
    Field("Title", text),
    Field("FirstName", prose),
    Field("LastName", prose),
    Field("Gender", anything),
    Field("Phone", text),
    Field("Fax", text),
    Field("Address", prose),
    Field("City", prose),
    Field("Nationality", text),
    Field("ReferredBy", text),
    Field("Identification", text),
    Field("Birthday", day, aliases=("Birthdate", "BirthDate")),
    Field("JoinDate", day),
    Field("Group", text),
    Field("ExpiredGroup", day),
    Field("SignUpOutlet", text),
    Field("ImageURL", text),
    Field("LoyaltyPoint", integer, 0),
    Field("AppLastSignIn", day),
)
SEED = (*FIELDS, Field("Created", text))
BLANK = defaults(SEED)
_KEYS = {"ID"} | names(FIELDS)
_MOBILE = ("Mobile", "MobilePhone")
_IDENTITIES = ("Code", "Email", "Mobile")


def create(shop: Shop, fields: Fields) -> Any:
    """``POST /Customer``."""
    fields.only(_KEYS)
    code = fields.key("Code")
    fields.demand("Name", "Email", _MOBILE, "Status")
    fresh(shop, "customer", code)
    known = shop.store.get("customer", code)
    current = known.payload if known else {**BLANK, "Created": shop.now()}
    payload = merged(fields, FIELDS, current, update=False)
    _unique(shop, payload, known.id if known else "")
    honoured = shop.choices.customer_id_on_create == "honoured"
    id_ = (fields.text("ID") or None) if honoured else None
    if id_ and not known and shop.store.find("customer", "id", id_):
        raise Refusal(f"Customer {id_} already exists.")
    return {"ID": shop.store.put("customer", payload, id_=id_)}


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


def _update(shop: Shop, fields: Fields, by: str, row: Row | None) -> Any:
    fields.only(_KEYS)
    demanded = ("Name", "Email", "Code", "Status")
    fields.demand(*demanded, _MOBILE)
    unwritten = {"ID": "", "Message": "Record updated"}
    row = existing(shop, row, f"Customer {fields.text(by)}", unwritten)
    payload = merged(fields, FIELDS, row.payload)
    for name in _IDENTITIES:
        if shop.choices.customer_key_change == "ignore" or (name == "Code" and not payload[name]):
            payload[name] = row.payload[name]
    _unique(shop, payload, row.id)
    _recode(shop, row.payload["Code"], payload["Code"])
    shop.store.put("customer", payload, was=row.payload["Code"])
    return {"ID": row.id, "Message": "Record updated"}


def _recode(shop: Shop, old: str, new: str) -> None:
    """Coupons stay with their customer when its code changes."""
    if old != new:
        for coupon in shop.store.many("coupon", "customer", [old]):
            shop.store.put("coupon", {**coupon.payload, "CustomerCode": new})


def delete(shop: Shop, fields: Fields) -> Any:
    """``DELETE /Customer``: found by email; its answer is cut."""
    email = fields.key("Email")
    answer = {"Message": "Record deleted"}
    row = shop.store.find("customer", "email", email)
    row = existing(shop, row, f"Customer {email}", answer)
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
    row = existing(shop, _sought(shop, fields), "Customer", answer)
    shop.store.put("customer", {**row.payload, "Status": status})
    return answer


def _sought(shop: Shop, fields: Fields) -> Row | None:
    """By ID, then by code, then by phone (API §9); email is sent, but its turn is not given."""
    turns = (("id", "ID"), ("key", "Code"), ("phone", "Phone"), ("mobile", "Phone"))
    for column, name in turns:
        value = fields.text(name)
        row = shop.store.find("customer", column, value) if value else None
        if row:
            return row
    return None


ROUTES = (
    *writes(create, "POST", "/Customer"),
    *writes(update, "PUT", "/Customer"),
    *writes(update_by_code, "PUT", "/Customer/ByCode"),
    *writes(update_by_id, "PUT", "/Customer/ByID"),
    *writes(delete, "DELETE", "/Customer"),
    *writes(suspend, "PUT", "/Customer/Suspend"),
    *writes(unsuspend, "PUT", "/Customer/Unsuspend"),
)
