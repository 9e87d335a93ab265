"""The API's route table: every operation the tool relies on, in the order it is tried.

A path is never derived: on some paths a POST reads and on others it creates (facts §14 #6). Where
the generations of the documentation differ, an operation has several routes; reads move on to the
next when a tenant does not offer one, and the client remembers what answered. Sources: facts §1
(POST alternatives), §2, §5-§10.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

BASE = "/api/v3"


@dataclass(frozen=True, slots=True)
class Route:
    """One documented way to call an operation; parameters travel in the query or the body."""

    method: str
    path: str
    query: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """What the tool wants done, and the routes that do it.

    `repeatable` operations (reads and deletes) may be sent again when an answer is lost; what a
    create or update did must be looked up first. `reads` change nothing. `single` reads name one
    object, so their "not found" looks like "not offered".
    """

    name: str
    routes: tuple[Route, ...]
    repeatable: bool = True
    single: bool = False
    reads: bool = True


def _read(name: str, *routes: Route, single: bool = False) -> Operation:
    return Operation(name, routes, single=single)


def _write(name: str, route: Route) -> Operation:
    return Operation(name, (route,), repeatable=False, reads=False)


def _query(path: str) -> Route:
    return Route("GET", path, query=True)


def _body(path: str, method: str = "POST") -> Route:
    return Route(method, path)


_TABLE = (
    Operation("token", (_body("/Token/OAuth2"),)),
    _read("category.list", _body("/Category/p"), _query("/Category")),
    _write("category.create", _body("/Category")),
    _write("category.update", _body("/Category", "PUT")),
    _read("outlet.list", _query("/Outlet"), _body("/Outlet/p")),
    _read("product.list", _query("/Product")),
    _read("product.by_code", _query("/Product/Detail"), single=True),
    _write("product.create", _body("/Product")),
    _write("product.update", _body("/Product", "PUT")),
    _read("variant.list", _body("/Variant"), _query("/Variant")),
    # facts §1: many HTTP stacks drop the body of a GET, so the POST alternative comes first.
    _read(
        "variant.by_codes", _body("/Variant/GetByListCode"), _body("/Variant/GetByListCode", "GET")
    ),
    _read("variant.by_code", _query("/Variant/Code"), _query("/Variant/Detail"), single=True),
    _write("variant.add", _body("/Variant/Add")),
    _write("variant.update", _body("/Variant", "PUT")),
    _read("coupon.list", _body("/PromotionCoupon/p"), _body("/PromotionCoupon", "GET")),
    _read("coupon.by_code", _query("/PromotionCoupon/ByCode"), single=True),
    _write("coupon.create", _body("/PromotionCoupon")),
    Operation("coupon.delete", (_body("/PromotionCoupon", "DELETE"),), reads=False),
    _read("customer.list", _body("/Customer/p"), _query("/Customer")),
    _read("customer.by_code", _query("/Customer/Detail"), single=True),
    _write("customer.create", _body("/Customer")),
    _write("customer.update", _body("/Customer/ByCode", "PUT")),
)

OPERATIONS = MappingProxyType({operation.name: operation for operation in _TABLE})
