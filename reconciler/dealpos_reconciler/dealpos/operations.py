"""The route table: every API operation that the tool uses, with its routes in order of trial.

A path is never derived: on some paths a POST reads, on others it creates (dealpos-api.md §14 #6).
Where the API generations differ (dealpos-api.md §0), an operation has a route for each form. Reads
try the next route when a shop does not offer one, and the route that answered is remembered.
Writes have one route: a create that was refused on one path may not be sent to another. Sources:
dealpos-api.md §1 (rights, POST alternatives), §2, §5-§11.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from dealpos_reconciler.core.model.kind import Kind
from dealpos_reconciler.errors import ApiError, OperationUnavailable, Rejected

BASE = "/api/v3"

FORBIDDEN = 403
"""The status of an operation for which the API client lacks a permission."""

NOT_FOUND_STATUSES = frozenset({400, 404})
"""Statuses of a single read for a name that does not exist (API §4: undocumented)."""


@dataclass(frozen=True, slots=True)
class Route:
    """One documented way to call an operation; parameters are in the query, the body or both.

    `generations` are the API generations that document this form (dealpos-api.md §0).
    """

    method: str
    path: str
    generations: str = "ABC"
    query: bool = False
    body: bool = True

    def __str__(self) -> str:
        """Return the route as messages and the tenant profile name it: `GET /Variant query`."""
        place = "+".join(n for n, used in (("query", self.query), ("body", self.body)) if used)
        return f"{self.method} {self.path} {place}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API, with its routes and the right that it needs.

    `repeatable` operations (reads and deletes) may be sent again when a response is lost; what a
    create or update did must be looked up first. `reads` change nothing. `single` reads name one
    object, so their "not found" looks like "not offered".
    """

    name: str
    routes: tuple[Route, ...]
    repeatable: bool = True
    single: bool = False
    reads: bool = True

    @property
    def right(self) -> str:
        """Return the right that it needs: `Products VIEW` (dealpos-api.md §1).

        Where a page prints no right, it is taken from the method (inference).
        """
        resource = self.name.partition(".")[0]
        verb = "VIEW" if self.reads else _VERBS[self.routes[0].method]
        return f"{_MODULES[resource]} {verb}" if resource in _MODULES else "access to the API"


# dealpos-api.md §5-§11: the module of each resource; variants and categories are Products too.
_MODULES = {
    "category": "Products",
    "product": "Products",
    "variant": "Products",
    "outlet": "Outlets",
    "inventory": "Inventory",
    "coupon": "Promotion",
    "coupons": "Promotion",
    "promotion": "Promotion",
    "customer": "Contacts",
    "invoice": "Orders",
}
_VERBS = {"POST": "CREATE", "PUT": "EDIT", "DELETE": "DELETE"}


def _read(name: str, *routes: Route, single: bool = False) -> Operation:
    return Operation(name, routes, single=single)


def _write(name: str, method: str, path: str) -> Operation:
    return Operation(name, (Route(method, path),), repeatable=False, reads=False)


def _delete(name: str, path: str) -> Operation:
    return Operation(name, (Route("DELETE", path),), reads=False)


def _query(path: str, generations: str = "ABC") -> Route:
    return Route("GET", path, generations, query=True, body=False)


def _body(path: str, generations: str = "ABC") -> Route:
    return Route("GET", path, generations)


def _post(path: str) -> Route:
    return Route("POST", path)


WITH_TOTAL = _post("/PromotionCoupon/WithTotalCount")
"""The list of coupons with a total; its rows may lack what those of the plain list show."""

_COUPON_LIST = (
    _post("/PromotionCoupon/p"),
    _body("/PromotionCoupon", "AB"),
    _query("/PromotionCoupon", "C"),
)

# dealpos-api.md §1: many HTTP stacks drop the body of a GET, so where a read needs one, its
# documented POST alternative comes first. `/Product` has none: there a POST creates. The
# alternative printed for `/PromotionCoupon/ByCode` is the list, whose rows have no requirements,
# so it is not a route of that read.
_TABLE = (
    Operation("token", (_post("/Token/OAuth2"),)),
    _read(
        "category.list", _post("/Category/p"), _query("/Category", "BC"), _body("/Category", "AB")
    ),
    _write("category.create", "POST", "/Category"),
    _write("category.update", "PUT", "/Category"),
    _delete("category.delete", "/Category"),
    _read("outlet.list", _query("/Outlet", "BC"), _post("/Outlet/p"), _body("/Outlet", "A")),
    _write("outlet.create", "POST", "/Outlet"),
    _write("outlet.update", "PUT", "/Outlet"),
    _read("product.list", _query("/Product", "BC"), _body("/Product", "A")),
    _read("product.by_code", _query("/Product/Detail", "C"), single=True),
    _write("product.create", "POST", "/Product"),
    _write("product.update", "PUT", "/Product"),
    # dealpos-api.md §6.3: path and body are taken from similar operations, since its page is cut.
    _delete("product.delete", "/Product"),
    _read(
        "variant.list",
        _post("/Variant"),
        # dealpos-api.md §7: generation B prints both a query and a body for this request.
        Route("GET", "/Variant", "B", query=True),
        _query("/Variant", "C"),
        _body("/Variant", "A"),
    ),
    _read("variant.by_codes", _post("/Variant/GetByListCode"), _body("/Variant/GetByListCode")),
    # dealpos-api.md §7: no POST alternative of this read is printed.
    _read("variant.ids_by_codes", _body("/Variant/GetIDByListCodeDiscontinued")),
    _read(
        "variant.by_code",
        _query("/Variant/Code", "AB"),
        _query("/Variant/Detail", "C"),
        _body("/Variant/Code", "AB"),
        single=True,
    ),
    _write("variant.add", "POST", "/Variant/Add"),
    _write("variant.update", "PUT", "/Variant"),
    _delete("variant.delete", "/Variant"),
    # dealpos-api.md §11: the parameter is not shown; it is taken from the other reads by code.
    _read("inventory.list", _query("/Inventory"), _post("/Inventory")),
    _read("inventory.by_code", _query("/Inventory/Code"), _post("/Inventory/Code"), single=True),
    # dealpos-api.md §10: a total spares the page that would prove the end of a bare array.
    _read("coupon.list", WITH_TOTAL, *_COUPON_LIST),
    _read("coupon.list_by_status", *_COUPON_LIST),
    _read(
        "coupon.by_code",
        _query("/PromotionCoupon/ByCode"),
        _body("/PromotionCoupon/ByCode"),
        single=True,
    ),
    _write("coupon.create", "POST", "/PromotionCoupon"),
    _delete("coupon.delete", "/PromotionCoupon"),
    _delete("coupons.delete", "/PromotionCoupon/ListCode"),
    _read(
        "customer.list", _post("/Customer/p"), _query("/Customer", "BC"), _body("/Customer", "A")
    ),
    _read("customer.by_code", _query("/Customer/Detail", "C"), single=True),
    _read("customer.by_email", _post("/Customer/Email"), _body("/Customer/Email"), single=True),
    _write("customer.create", "POST", "/Customer"),
    _write("customer.update", "PUT", "/Customer/ByCode"),
    _delete("customer.delete", "/Customer"),
    _read(
        "promotion.list",
        _post("/PromotionEvent"),
        _query("/PromotionEvent", "BC"),
        _body("/PromotionEvent", "A"),
    ),
    _read(
        "promotion.by_variant",
        _query("/PromotionEvent/GetByVariantCode"),
        _post("/PromotionEvent/GetByVariantCode"),
        single=True,
    ),
    # dealpos-api.md §16: "also POST same endpoint"; the rows have no documented field.
    _read(
        "invoice.list",
        _post("/Invoice/MultipleOutlet/WithTotalCount"),
        _body("/Invoice/MultipleOutlet/WithTotalCount"),
    ),
    _read("invoice.by_id", _query("/Invoice/Detail", "C"), single=True),
)


def may_mean_not_found(error: Rejected) -> bool:
    """Return whether the refusal of a read by name may mean that there is no such object."""
    return error.status in NOT_FOUND_STATUSES or isinstance(error, OperationUnavailable)


OPERATIONS = MappingProxyType({operation.name: operation for operation in _TABLE})


def describe_failure(kind: Kind, error: ApiError) -> str:
    """Return why objects of a kind could not be read, without what may be personal."""
    if not kind.is_private:
        return str(error)
    # The message of the server may name the customer.
    reason = f"HTTP {error.status}" if isinstance(error, Rejected) else "not understood"
    if reason == "HTTP 403":
        reason += f": permission denied: the API client needs {OPERATIONS[error.operation].right}"
    return f"{error.operation}: {reason}"
