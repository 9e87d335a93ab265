"""Categories: slash paths, created together with their parents (dealpos-api.md §5)."""

from typing import Any

from reconciler.sandbox.api.field import Field, boolean, merged, text
from reconciler.sandbox.api.request import Fields
from reconciler.sandbox.api.route import existing, found, fresh, reads, writes
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.shop import Shop
from reconciler.sandbox.store import Filter, Row, Store

FIELDS = (
    Field("Name", text),
    Field("Code", text, ""),
    Field("Discontinued", boolean, False),
)


def ensure(store: Store, path: str) -> str:
    """The ID of a category, created with its parents where they are missing."""
    if not all(path.split("/")):
        raise Refusal(f"{path!r} is not a category path.")
    row = store.get("category", path)
    if row:
        return row.id
    parent = path.rpartition("/")[0]
    if parent:
        ensure(store, parent)
    return store.put("category", {"Name": path, "Code": "", "Discontinued": False})


def create(shop: Shop, fields: Fields) -> Any:
    """``POST /Category``."""
    fields.only(("Name", "Code"))
    path = fields.key("Name")
    fresh(shop, "category", path)
    ensure(shop.store, path)
    current = found(shop.store.get("category", path)).payload
    return {"ID": shop.store.put("category", merged(fields, FIELDS[1:2], current, update=False))}


def update(shop: Shop, fields: Fields) -> Any:
    """``PUT /Category``: a new path, or a new ``Discontinued``, or both."""
    fields.only(("Name", "Rename", "Discontinued"))
    old, new = fields.key("Name"), fields.key("Rename")
    fields.demand("Discontinued")
    row = existing(shop, shop.store.get("category", old), f"Category {old}", {"ID": ""})
    if new != old:
        _rename(shop, old, new)
    elif shop.choices.rename_same_name == "reject":
        raise Refusal("Rename is the same as Name.")
    current = {**row.payload, "Name": new}
    shop.store.put("category", merged(fields, FIELDS[2:], current))
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
        ensure(store, parent)
    _move(store, old, new)


def _move(store: Store, old: str, new: str) -> None:
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
    row = existing(shop, store.get("category", path), f"Category {path}", {"ID": ""})
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


def _required(store: Store, path: str) -> bool:
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
    row = found(shop.store.find("category", "id", fields.key("ID")))
    path = row.payload["Name"]
    parent: Row | None = shop.store.get("category", path.rpartition("/")[0])
    known = {"ParentID": parent.id if parent else None, "TypeID": 0, "Lvl": path.count("/")}
    if shop.choices.category_by_id == "documented":
        return known
    return {**known, "ID": row.id, **row.payload}


ROUTES = (
    *reads(list_, "/Category", "/Category/p"),
    *reads(by_id, "/Category/ID", "/Category/ID"),
    *writes(create, "POST", "/Category"),
    *writes(update, "PUT", "/Category"),
    *writes(delete, "DELETE", "/Category"),
)
