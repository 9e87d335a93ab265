"""Seed documents: a whole shop as one JSON document in the API's own words."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dealpos_reconciler.sandbox.api.field import BodyField, defaults, merge_fields, names
from dealpos_reconciler.sandbox.api.request import Fields
from dealpos_reconciler.sandbox.choices import Choices
from dealpos_reconciler.sandbox.errors import Refusal, SandboxError, SeedError
from dealpos_reconciler.sandbox.resources import (
    category,
    coupon,
    customer,
    invoice,
    outlet,
    product,
    variant,
)
from dealpos_reconciler.sandbox.resources.promotions import event, pricebook
from dealpos_reconciler.sandbox.store import ObjectStore, Payload, Record, server_id
from dealpos_reconciler.sandbox.tables import KEYS

Database = Path | str | ObjectStore

COLLECTIONS = {
    "outlets": "outlet",
    "categories": "category",
    "products": "product",
    "coupons": "coupon",
    "customers": "customer",
    "invoices": "invoice",
    "promotions": "promotion",
}
_SPECS: dict[str, Iterable[BodyField]] = {
    "outlet": outlet.SEED,
    "category": category.FIELDS,
    "product": product.SEED,
    "variant": (*variant.SEED, *pricebook.SEED),
    "coupon": coupon.SEED,
    "customer": customer.SEED,
    "invoice": invoice.SEED,
    "promotion": event.SEED,
}
_BLANK = {kind: defaults(spec) for kind, spec in _SPECS.items()}
_KNOWN = {kind: names(spec) | {"ID"} for kind, spec in _SPECS.items()}
SEED_KEYS = {kind: frozenset(known) for kind, known in _KNOWN.items()}
"""The keys of a seed document, by kind; those of the API are among them where it has some."""
_KNOWN["product"].add("Variants")

# A seed has no clock; objects in it are older than everything that a test will create.
_CREATED = "2020-01-01"

# A seed may hold what only reads know, and its texts are taken as they are.
_LENIENT = Choices(serialized_write="accept", coupon_types="any", fractions="keep")


@contextmanager
def _open(database: Database) -> Iterator[ObjectStore]:
    if isinstance(database, ObjectStore):
        yield database
        return
    store = ObjectStore(database)
    try:
        yield store
    finally:
        store.close()


def seed(database: Database, document: Mapping[str, Any]) -> None:
    """Write a seed document into a shop; objects that it does not name stay.

    A key that the document names twice becomes two objects.
    """
    unknown = sorted(set(document) - set(COLLECTIONS))
    if unknown:
        raise SeedError(f"A seed document has no collection {unknown[0]!r}.")
    with _open(database) as store, store.transaction(write=True):
        try:
            seen: set[tuple[str, str]] = set()
            for name, kind in COLLECTIONS.items():
                for values in document.get(name) or ():
                    _write(store, kind, values, seen)
        except Refusal as refusal:
            raise SeedError(f"The seed document is wrong: {refusal.message}") from refusal
        except UnicodeEncodeError:
            raise SeedError("The seed document holds half a character.") from None


def refill(database: Path, document: Mapping[str, Any]) -> None:
    """Make the shop in a file anew with a seed document; a wrong document changes nothing."""
    seed(ObjectStore(), document)
    for suffix in ("", "-wal", "-shm", "-journal"):
        try:
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            raise SandboxError(f"{database} cannot be emptied: {error.strerror}.") from error
    seed(database, document)


def _write(
    store: ObjectStore, kind: str, values: Mapping[str, Any], seen: set[tuple[str, str]]
) -> None:
    payload = _payload(kind, values)
    if kind == "category" and "/" in payload["Name"]:
        category.ensure_category(store, payload["Name"].rpartition("/")[0])
    if "Created" in payload:
        payload["Created"] = payload["Created"] or payload.get("Date") or _CREATED
    if kind == "coupon" and payload["Balance"] is None:
        payload["Balance"] = payload["Limit"]
    if kind == "product":
        category.ensure_category(
            store, payload["Category"] or _missing(kind, payload["Code"], "Category")
        )
    _put(store, kind, payload, values, seen)
    if kind == "product":
        place = {"Product": payload["Code"], "Category": payload["Category"]}
        variants = values.get("Variants") or ()
        if not isinstance(variants, list | tuple):
            raise SeedError(
                f"The seed document's product {payload['Code']}: Variants must be a list."
            )
        for item in variants:
            part = {**_payload("variant", item), **place}
            part["Name"] = part["Name"] or payload["Name"]
            _put(store, "variant", part, item, seen)


def _put(
    store: ObjectStore,
    kind: str,
    payload: Payload,
    values: Mapping[str, Any],
    seen: set[tuple[str, str]],
) -> None:
    mark = (kind, payload[KEYS[kind]])
    store.put(kind, payload, id_=values.get("ID"), double=mark in seen)
    seen.add(mark)


def _payload(kind: str, values: Mapping[str, Any]) -> Payload:
    if not isinstance(values, Mapping):
        raise SeedError(
            f"The seed document has an entry among its {kind} objects that is none: {values!r}."
        )
    key = values.get(KEYS[kind])
    if not key:
        _missing(kind, str(dict(values))[:60], KEYS[kind])
    if not isinstance(values.get("ID"), str | int | None):
        raise SeedError(f"The seed document's {kind} {key}: ID must be a text.")
    if not values.keys() <= _KNOWN[kind]:
        unknown = sorted(values.keys() - _KNOWN[kind])
        raise SeedError(f"The seed document gives {kind} {key} an unknown key {unknown[0]!r}.")
    try:
        return merge_fields(Fields(values, _LENIENT), _SPECS[kind], _BLANK[kind], update=False)
    except Refusal as refusal:
        raise SeedError(f"The seed document's {kind} {key}: {refusal.message}") from refusal


def _missing(kind: str, key: str, name: str) -> str:
    raise SeedError(f"The seed document's {kind} {key} has no {name}.")


def reset(database: Database) -> None:
    """Empty the shop."""
    with _open(database) as store, store.transaction(write=True):
        store.clear()


def show(database: Database) -> dict[str, Any]:
    """Return the whole state as a seed document, sorted by key; unset fields are left out."""
    with _open(database) as store, store.transaction(write=False):
        document = {
            name: [_describe(kind, row) for row in store.page(kind)]
            for name, kind in COLLECTIONS.items()
        }
        for shown in document["products"]:
            shown["Variants"] = []
        if not document["promotions"]:
            del document["promotions"]  # few shops have any
        products = {shown["Code"]: shown for shown in document["products"]}
        for row in store.page("variant"):
            products[row.payload["Product"]]["Variants"].append(_describe("variant", row))
    return document


def describe_payload(kind: str, payload: Payload) -> Payload:
    """Return an object as the shop holds it, also under the other keys that the API has for it."""
    spec = {field.target: field.aliases for field in _SPECS[kind]}
    others = {other: payload[name] for name in payload for other in spec.get(name, ())}
    return {**others, **payload}


def _describe(kind: str, row: Record) -> Payload:
    hidden = {"variant": {"Product", "Category", "Created"}, "invoice": set[str]()}
    left_out = hidden.get(kind, {"Created"})
    shown = {k: v for k, v in row.payload.items() if k not in left_out and v is not None}
    key = shown[KEYS[kind]]
    return shown if row.id == server_id(kind, key) else {"ID": row.id, **shown}
