"""Categories: slash paths, created together with their parents (dealpos-api.md §5)."""

from typing import Any

from dealpos_reconciler.sandbox.api.field import BodyField, boolean, merge_fields, text
from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.api.route import (
    read_routes,
    require_existing,
    require_found,
    require_new,
    write_routes,
)
from dealpos_reconciler.sandbox.errors import Refusal
from dealpos_reconciler.sandbox.query import Filter
from dealpos_reconciler.sandbox.shop import Shop
from dealpos_reconciler.sandbox.store import ObjectStore, Record

FIELDS = (
    BodyField("Name", text),
    BodyField("Code", text, ""),
    BodyField("Discontinued", boolean, False),
)


def ensure_category(store: ObjectStore, path: str) -> str:
    """Return the ID of a category; create it with its parents where they are missing."""
    if not all(path.split("/")):
        raise Refusal(f"{path!r} is not a category path.")
    row = store.get("category", path)
    if row:
        return row.id
    parent = path.rpartition("/")[0]
    if parent:
        ensure_category(store, parent)
    return store.put("category", {"Name": path, "Code": "", "Discontinued": False})


def create(shop: Shop, fields: Fields) -> Any:
    """``POST /Category``."""
    fields.only(("Name", "Code"))
    path = fields.key("Name")
    require_new(shop, "category", path)
    ensure_category(shop.store, path)
    current = require_found(shop.store.get("category", path)).payload
    return {
        "ID": shop.store.put("category", merge_fields(fields, FIELDS[1:2], current, update=False))
    }


def update(shop: Shop, fields: Fields) -> Any:
    """``PUT /Category``: a new path, or a new ``Discontinued``, or both."""
    fields.only(("Name", "Rename", "Discontinued"))
    old, new = fields.key("Name"), fields.key("Rename")
    fields.demand("Discontinued")
    row = require_existing(shop, shop.store.get("category", old), f"Category {old}", {"ID": ""})
    if new != old:
        _rename(shop, old, new)
    elif shop.choices.rename_same_name == "reject":
        raise Refusal("Rename is the same as Name.")
    current = {**row.payload, "Name": new}
    shop.store.put("category", merge_fields(fields, FIELDS[2:], current))
    return {"ID": row.id}


def _rename(shop: Shop, old: str, new: str) -> None:
    store = shop.store
    if store.get("category", new):
        raise Refusal(f"Category {new} already exists.")
    if f"{new}/".startswith(f"{old}/") or not all(new.split("/")):
        raise Refusal(f"{old} cannot become {new}.")
    parent = new.rpartition("/")[0]
    if parent and not store.get("category", parent):
        if not shop.choices.rename_creates_parents:
            raise Refusal(f"Category {parent} was not found.")
        ensure_category(store, parent)
    _move(store, old, new)


def _move(store: ObjectStore, old: str, new: str) -> None:
    """Give a category, everything below it, and everything that names them the new path."""
    for row in store.page("category", Filter().within("key", old)):
        path = row.payload["Name"]
        store.put("category", {**row.payload, "Name": new + path[len(old) :]}, was=path)
    for kind in ("product", "variant"):
        store.move(kind, old, new)
    for coupon in store.page("coupon"):
        paths = coupon.payload["RequirementCategories"]
        moved = [new + p[len(old) :] if f"{p}/".startswith(f"{old}/") else p for p in paths]
        if moved != paths:
            store.put("coupon", {**coupon.payload, "RequirementCategories": moved})


def delete(shop: Shop, fields: Fields) -> Any:
    """``DELETE /Category``."""
    path = fields.key("Name")
    store = shop.store
    row = require_existing(shop, store.get("category", path), f"Category {path}", {"ID": ""})
    below = Filter().within("key", path)
    products = Filter().within("category", path)
    used = store.count("category", below) > 1 or store.count("product", products) > 0
    if used and shop.choices.category_delete_used == "reject":
        raise Refusal(f"Category {path} is in use.")
    if shop.choices.delete_used == "reject" and _required(store, path):
        raise Refusal(f"Category {path} is required by a coupon.")
    for kind, where in (
        ("variant", Filter().within("category", path)),
        ("product", products),
        ("category", below),
    ):
        for gone in store.page(kind, where):
            store.delete(kind, gone.payload["Name" if kind == "category" else "Code"])
    return {"ID": row.id}


def _required(store: ObjectStore, path: str) -> bool:
    return any(
        f"{name}/".startswith(f"{path}/")
        for coupon in store.page("coupon")
        for name in coupon.payload["RequirementCategories"]
    )


def list_(shop: Shop, fields: Fields) -> Any:
    """``GET /Category``: everything, or one side of ``Discontinued``; no paging is printed."""
    where = Filter()
    discontinued = fields.boolean("Discontinued")
    if discontinued is not None:
        where.also("discontinued = ?", discontinued)
    rows = shop.store.page("category", where, shop.choices.list_order)
    return [
        {"ID": row.id, "Name": row.payload["Name"], "Discontinued": row.payload["Discontinued"]}
        for row in rows
    ]


def by_id(shop: Shop, fields: Fields) -> Any:
    """``GET /Category/ID``: the page prints three fields and is cut after them."""
    row = require_found(shop.store.find("category", "id", fields.key("ID")))
    path = row.payload["Name"]
    parent: Record | None = shop.store.get("category", path.rpartition("/")[0])
    known = {"ParentID": parent.id if parent else None, "TypeID": 0, "Lvl": path.count("/")}
    if shop.choices.category_by_id == "documented":
        return known
    return {**known, "ID": row.id, **row.payload}


ROUTES = (
    *read_routes(list_, "/Category", "/Category/p"),
    *read_routes(by_id, "/Category/ID", "/Category/ID"),
    *write_routes(create, "POST", "/Category"),
    *write_routes(update, "PUT", "/Category"),
    *write_routes(delete, "DELETE", "/Category"),
)
