"""Questions to a sandbox whose answers depend on its choices."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

from dealpos_reconciler.sandbox import seed, show
from tests.support.sandbox_client import SandboxClient

PAGE = {"PageNumber": 1, "PageSize": 100}
COUPON = {"Code": "NEW", "Type": "DiscountAmount", "Discount": 1, "Limit": 5}
PERSON = {
    "Code": "C9",
    "Name": "Ann",
    "Email": "ann@example.com",
    "Mobile": "9",
    "Status": "Active",
}
PRODUCT = {
    "Code": "9001",
    "Name": "Kue",
    "Category": "Food",
    "Brand": "",
    "Discontinued": False,
    "ImageURL": "",
    "Variants": [{"Code": "9001", "Model": "Default"}],
}
VARIANT = {"Code": "1003L", "Components": [], "OutletPrice": []}
Ask = Callable[[Any], Any]


def status(method: str, path: str, body: Any = None, **more: Any) -> Ask:
    """The status of one request."""
    return lambda client: client.send(method, path, body, **more).status_code


def codes(path: str, **query: Any) -> Ask:
    """The codes of a list."""
    return lambda client: client.codes(path, **query)


def value(path: str, *keys: Any, **query: Any) -> Ask:
    """One value inside what a read answers."""

    def ask(client: SandboxClient) -> Any:
        found = client.get(path, **query)
        for key in keys:
            found = found[key]
        return found

    return ask


def keys(path: str, *inside: Any, **query: Any) -> Ask:
    """The keys of an object inside what a read answers."""
    return lambda client: sorted(value(path, *inside, **query)(client))


def after(ask: Ask, *writes: tuple[str, str, Any]) -> Ask:
    """Return the response after some writes, which must succeed."""

    def run(client: SandboxClient) -> Any:
        for write in writes:
            client.do(*write)
        return ask(client)

    return run


def product(**changes: Any) -> tuple[str, str, Any]:
    return ("POST", "/Product", {**PRODUCT, **changes})


def item(**changes: Any) -> tuple[str, str, Any]:
    return product(Variants=[{"Code": "9001", "Model": "Default", **changes}])


def coupon(**changes: Any) -> tuple[str, str, Any]:
    return ("POST", "/PromotionCoupon", {**COUPON, **changes})


def person(**changes: Any) -> tuple[str, str, Any]:
    return ("POST", "/Customer", {**PERSON, **changes})


def put(**changes: Any) -> tuple[str, str, Any]:
    return ("PUT", "/Variant", {**VARIANT, **changes})


def shown(kind: str) -> Ask:
    """The keys of one collection of the state."""
    key = "Name" if kind in ("categories", "outlets") else "Code"
    return lambda client: [row[key] for row in show(client.shop.store)[kind]]


def variants_of(code: str) -> Ask:
    return lambda client: [v["Code"] for v in client.get("/Product/Detail", Code=code)["Variants"]]


def variant(key: str, code: str = "1003L") -> Ask:
    return value("/Variant/Code", key, Code=code)


def lagging(ask: Ask, *write: Any, seconds: float = 0) -> Ask:
    """The answers to two reads after a write; the clock moves between write and reads."""

    def run(client: SandboxClient) -> Any:
        now = [0.0]
        client.shop.clock = lambda: now[0]
        client.do(*write)
        now[0] += seconds
        return [ask(client), ask(client)]

    return run


def doubles_left(client: SandboxClient) -> list[str]:
    """The coupons of a code that two have, after one deletion."""
    client.do(*coupon())
    row = client.shop.store.get("coupon", "NEW")
    assert row is not None
    client.shop.store.put("coupon", row.payload, double=True)
    client.do("DELETE", "/PromotionCoupon", {"Code": "NEW"})
    return client.codes("/PromotionCoupon", Code="NEW")


def raw(path: str, **more: Any) -> Ask:
    """Status and body of a GET."""

    def ask(client: SandboxClient) -> Any:
        answer = client.send("GET", path, **more)
        return answer.status_code, answer.text

    return ask


def requirement(form: list[Any]) -> Ask:
    """Return the status and the stored row of a coupon with a requirement."""

    def ask(client: SandboxClient) -> Any:
        answer = client.send(*coupon(RequirementType="Variant", ListRequirementVariants=form))
        rows = show(client.shop.store)["coupons"]
        stored = [row["RequirementVariants"] for row in rows if row["Code"] == "NEW"]
        return answer.status_code, stored

    return ask


def limited(client: SandboxClient) -> Any:
    """The answer that is over the limit."""
    client.shop.limiter.limit = 0
    return client.send("GET", "/Outlet")


def delays(client: SandboxClient) -> list[float]:
    """The seconds that one answer takes."""
    waited: list[float] = []
    client.shop.sleep = waited.append
    client.send("GET", "/Outlet")
    return waited


def remaining(*requests: tuple[str, str]) -> Ask:
    """Return the requests remaining of ten after some."""

    def ask(client: SandboxClient) -> Any:
        client.shop.limiter.limit = 10
        answers = [client.send(*request) for request in requests]
        return answers[-1].headers.get("RateLimit-Remaining")

    return ask


def token_statuses(client: SandboxClient) -> list[int]:
    """Return whether the first of two tokens still works."""
    first = client.http.headers["Authorization"]
    client.login()
    return [client.send("GET", "/Outlet", headers={"Authorization": first}).status_code]


def unauthorized(client: SandboxClient) -> Any:
    client.shop.limiter.limit = 10
    client.send("GET", "/Outlet", headers={"Authorization": "Bearer wrong"})
    return client.send("GET", "/Outlet").headers["RateLimit-Remaining"]


def token_counted(client: SandboxClient) -> Any:
    client.shop.limiter.limit = 10
    client.login()
    return client.send("GET", "/Outlet").headers["RateLimit-Remaining"]


def window_left(client: SandboxClient) -> Any:
    """Seconds left of a window of 100 whose first request comes at second 130."""
    limiter = client.shop.limiter
    limiter.limit, limiter.window, limiter._clock = 1, 100.0, lambda: 130.0
    return limiter.take("GET /x", client.shop.choices).reset


def ahead(client: SandboxClient) -> int | None:
    """Tens of seconds by which the shop's clock is ahead."""
    said = client.send("GET", "/Outlet").headers.get("Date")
    return said and round(parsedate_to_datetime(said).timestamp() - time.time(), -1)


def bad_login(client: SandboxClient) -> int:
    return client.login(client_id="sandbox", client_secret="wrong").status_code


def limited_policy(client: SandboxClient) -> str:
    client.shop.limiter.limit = 10
    return client.send("GET", "/Outlet").headers["RateLimit-Policy"]


def retry_after(client: SandboxClient) -> str | None:
    """The wait that a request over the limit is told, where the shop tells it."""
    client.shop.choices = client.shop.choices.with_changes(retry_after=True)
    return limited(client).headers.get("Retry-After")


def stock(*keys: Any) -> Ask:
    """A part of the stock of a variant, of which 3 are in Bandung and 4 in Jakarta."""

    def ask(client: SandboxClient) -> Any:
        store = client.shop.store
        row = store.get("variant", "1003L")
        assert row is not None
        store.put("variant", {**row.payload, "Stock": {"Bandung": 3, "Jakarta": 4}})
        client.shop.choices = client.shop.choices.with_changes(**STOCK_FORMS.get(keys[:1], {}))
        found = client.get("/Inventory/Code", Code="1003L")
        for key in keys[1:]:
            found = found[key]
        return found

    return ask


def events(client: SandboxClient) -> list[str]:
    """The promotion events of a variant: one runs, and one is over."""
    for name, end in (("Ramadan", "2999-12-31"), ("Lunar", "2001-01-01")):
        event = {"Name": name, "ExpirationDate": end, "Variants": ["1003L"]}
        seed(client.shop.store, {"promotions": [event]})
    rows = client.get("/PromotionEvent/GetByVariantCode", VariantCode="1003L")
    return [row["Name"] for row in rows]


def suspended(client: SandboxClient) -> Any:
    client.do("PUT", "/Customer/Suspend", {"Code": "DP-001"})
    return client.get("/Customer/Detail", Code="DP-001")["Status"]


def by_id(client: SandboxClient) -> Any:
    id_ = client.get("/Variant/Code", Code="1003L")["ID"]
    return sorted(client.get("/Variant/ID", ID=id_))


def price_after_cents(client: SandboxClient) -> Any:
    """A price after a write of one with cents, whether that was taken or not."""
    client.send(*put(UnitPrice=17998.7))
    return variant("UnitPrice")(client)


def category_by_id(client: SandboxClient) -> Any:
    id_ = client.get("/Category")[0]["ID"]
    return sorted(client.get("/Category/ID", ID=id_))


def customer_id(client: SandboxClient) -> Any:
    return client.do(*person(ID="my-own-id"))["ID"] == "my-own-id"


STOCK_FORMS: dict[Any, dict[str, Any]] = {("rows",): {"inventory_form": "rows"}}
RENAME = ("PUT", "/Category", {"Name": "Food", "Rename": "Food", "Discontinued": True})
FAR = {"Name": "Food", "Rename": "New/Place/Food", "Discontinued": False}
REQUIRED = {"Code": "9001", "Name": "Kue", "Category": "Food"}
PRICE = {"Code": "1003L", "Outlets": [{"Outlet": "Jakarta", "UnitPrice": 1}]}
EDIT = {"Code": "1003", "Name": "Kopi", "Category": "Drinks/Coffee", "Discontinued": False}
EMPTY_PUT = ("PUT", "/Variant", VARIANT)
ALL_COUPONS = {**PAGE, "UsageStatus": "Everything"}
GHOST = {"Code": "1003L", "Components": [{"Code": "ghost", "Qty": 1}], "OutletPrice": []}

ALL_CODES = ["1003", "2001", "3001", "4001"]

# choice, its flipped value, what is asked, the answer by default, the answer when flipped


def invoices(client: SandboxClient) -> list[Any]:
    """The rows of all invoices."""
    path = "/Invoice/MultipleOutlet/WithTotalCount"
    return list(client.do("POST", path, {"Status": "Any"})["Data"])


def invoices_after_delete(client: SandboxClient) -> list[Any]:
    client.do("DELETE", "/Invoice", {"Outlet": "Jakarta", "Number": "26.11.00001"})
    return invoices(client)
