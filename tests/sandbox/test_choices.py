"""Every choice is really a choice: the same requests are answered differently when flipped."""

import time
from collections.abc import Callable
from dataclasses import fields
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from reconciler.sandbox import Choices, show
from reconciler.sandbox.app import ROUTES
from tests.support.sandbox_client import OpenSandbox, SandboxClient

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
    """What is answered after some writes, which must succeed."""

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


def raw(path: str, **more: Any) -> Ask:
    """Status and body of a GET."""

    def ask(client: SandboxClient) -> Any:
        answer = client.send("GET", path, **more)
        return answer.status_code, answer.text

    return ask


def requirement(form: list[Any]) -> Ask:
    """What becomes of a coupon with a requirement: its status, and what is stored."""

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


def remaining(*requests: tuple[str, str]) -> Ask:
    """What is left of ten requests after some."""

    def ask(client: SandboxClient) -> Any:
        client.shop.limiter.limit = 10
        answers = [client.send(*request) for request in requests]
        return answers[-1].headers.get("RateLimit-Remaining")

    return ask


def token_statuses(client: SandboxClient) -> list[int]:
    """Whether the first of two tokens still works."""
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
TABLE: list[tuple[str, Any, Ask, Any, Any]] = [
    ("not_found", "400", status("GET", "/Variant/Code", Code="no"), 404, 400),
    ("not_found", "empty", lambda c: raw("/Variant/Code", Code="no")(c)[0], 404, 200),
    ("not_found", "null", lambda c: raw("/Product/Detail", Code="no")(c)[1][:6], '{"Mess', "null"),
    (
        "batch_missing",
        "reject",
        status("POST", "/Variant/GetByListCode", {"ListCode": ["no"]}),
        200,
        400,
    ),
    (
        "list_order",
        "insertion",
        codes("/PromotionCoupon"),
        ["LESS", "SHELF", "TEN", "TODAY"],
        ["TEN", "LESS", "SHELF", "TODAY"],
    ),
    (
        "list_order",
        "reverse",
        codes("/Product"),
        ["1003", "2001", "3001", "4001"],
        ["4001", "3001", "2001", "1003"],
    ),
    ("page_cap", 2, codes("/Product", PageSize=3), ["1003", "2001", "3001"], ["1003", "2001"]),
    ("page_over_cap", "reject", status("GET", "/Product", PageSize=501), 200, 400),
    ("page_number", "clamped", codes("/Product", PageNumber=3, PageSize=3), [], ["4001"]),
    ("page_number", "ignored", codes("/Product", PageNumber=2, PageSize=1), ["2001"], ["1003"]),
    ("page_total", "page", value("/Variant", "RecordsCount", PageSize=2), 5, 2),
    ("page_total", "double", value("/Variant", "RecordsCount", PageSize=2), 5, 10),
    ("default_page_size", 1, codes("/Product"), ["1003", "2001", "3001", "4001"], ["1003"]),
    (
        "lists_hide_discontinued",
        True,
        codes("/Variant"),
        ["1003L", "1003S", "2001", "3001", "4001"],
        ["1003L", "2001", "3001", "4001"],
    ),
    ("text_filters", "contains", codes("/Variant", Code="003l"), [], ["1003L"]),
    ("numbers_as_strings", True, variant("UnitPrice"), 18000, "18000"),
    ("numbers_as_floats", True, lambda c: type(variant("UnitPrice")(c)), int, float),
    ("booleans_as_words", True, variant("Taxable"), True, "Yes"),
    (
        "nulls_omitted",
        True,
        lambda c: "ExpiryDate" in c.get("/PromotionCoupon/ByCode", Code="USED"),
        True,
        False,
    ),
    (
        "rehost_images",
        False,
        lambda c: (
            c.get("/Product/Detail", Code="1003")["ImageURL"] == "https://example.com/kopi.jpg"
        ),
        False,
        True,
    ),
    ("required_keys", "lenient", status("POST", "/Product", REQUIRED), 400, 200),
    ("unknown_keys", "reject", status(*product(Colour="red")), 200, 400),
    ("null_write", "clear", after(variant("UnitPrice"), put(UnitPrice=None)), 18000, 0),
    ("integers_accept_text", True, status(*put(UnitPrice="5")), 400, 200),
    ("put_omitted", "clear", after(variant("UnitPrice"), EMPTY_PUT), 18000, 0),
    ("empty_arrays_clear", False, after(lambda c: len(variant("OutletPrice")(c)), EMPTY_PUT), 0, 1),
    ("write_missing", "404", status("DELETE", "/PromotionCoupon", {"Code": "no"}), 400, 404),
    ("write_missing", "accept", status("DELETE", "/PromotionCoupon", {"Code": "no"}), 400, 200),
    ("write_missing", "accept", status(*put(Code="no")), 400, 200),
    ("duplicate_create", "overwrite", status(*coupon(Code="TEN")), 400, 200),
    ("duplicate_create", "overwrite", status(*product(Code="1003")), 400, 200),
    ("delete_used", "accept", status("DELETE", "/Variant", {"Code": "1003L"}), 400, 200),
    ("delete_used", "accept", status("DELETE", "/Variant", {"Code": "4001"}), 400, 200),
    (
        "delete_used",
        "accept",
        status("DELETE", "/Customer", {"Email": "one@example.com"}),
        400,
        200,
    ),
    ("delete_used", "accept", status("DELETE", "/Category", {"Name": "Empty/Shelf"}), 400, 200),
    ("unknown_reference", "accept", status("PUT", "/Variant", GHOST), 400, 200),
    ("unknown_reference", "accept", status(*coupon(CustomerCode="no")), 400, 200),
    ("unknown_reference", "accept", status(*coupon(CustomerID="no")), 400, 200),
    ("batch_max", 1, status("DELETE", "/PromotionCoupon/ListCode", ["TEN", "OLD"]), 200, 400),
    (
        "rewrite_text",
        "trim",
        after(value("/Product/Detail", "Name", Code="9001"), product(Name=" Kue ")),
        " Kue ",
        "Kue",
    ),
    (
        "rewrite_text",
        "upper",
        after(value("/Product/Detail", "Name", Code="9001"), product()),
        "Kue",
        "KUE",
    ),
    *[
        (
            "rewrite_text",
            how,
            after(value("/Product/Detail", "Name", Code="9001"), product(Name=sent)),
            sent,
            stored,
        )
        for how, sent, stored in [
            ("collapse", " Kue  Lapis", "Kue Lapis"),
            ("lower", "Kue", "kue"),
            ("decompose", "\u00e9", "e\u0301"),
            ("cut", "Kue Lapis Legit", "Kue Lapis Le"),
        ]
    ],
    ("fractions", "round", status(*put(UnitPrice=17998.7)), 400, 200),
    ("fractions", "round", price_after_cents, 18000, 17999),
    ("fractions", "keep", price_after_cents, 18000, 17998.7),
    (
        "category_delete_used",
        "cascade",
        status("DELETE", "/Category", {"Name": "Drinks"}),
        400,
        200,
    ),
    ("category_delete_used", "cascade", status("DELETE", "/Category", {"Name": "Past"}), 400, 200),
    ("rename_same_name", "reject", status(*RENAME), 200, 400),
    ("rename_creates_parents", False, status("PUT", "/Category", FAR), 200, 400),
    (
        "category_by_id",
        "full",
        category_by_id,
        ["Lvl", "ParentID", "TypeID"],
        ["Code", "Discontinued", "ID", "Lvl", "Name", "ParentID", "TypeID"],
    ),
    (
        "category_filter_includes_children",
        False,
        codes("/Variant", Category="Drinks/Coffee"),
        ["1003L", "1003S", "4001"],
        ["1003L", "1003S"],
    ),
    (
        "product_put_variants",
        "replace",
        after(
            variants_of("1003"),
            (
                "PUT",
                "/Product",
                {**EDIT, "Variants": [{"Code": "1003L", "Model": "L", "Discontinued": False}]},
            ),
        ),
        ["1003L", "1003S"],
        ["1003L"],
    ),
    (
        "product_put_variants",
        "ignore",
        after(
            variants_of("1003"),
            (
                "PUT",
                "/Product",
                {**EDIT, "Variants": [{"Code": "new", "Model": "L", "Discontinued": False}]},
            ),
        ),
        ["1003L", "1003S", "new"],
        ["1003L", "1003S"],
    ),
    ("product_delete_variants", "reject", status("DELETE", "/Product", {"Code": "3001"}), 200, 400),
    (
        "product_reads_hide_discontinued_variants",
        True,
        variants_of("1003"),
        ["1003L", "1003S"],
        ["1003L"],
    ),
    ("product_list_envelope", "Data", lambda c: type(c.get("/Product")), list, dict),
    ("product_list_rows", "lean", lambda c: "Variants" in c.get("/Product")[0], True, False),
    ("create_type_form", "object", status(*item(Type="Standard")), 200, 400),
    ("create_type_form", "string", status(*item(Type={"value": "Standard"})), 200, 400),
    (
        "create_type_form",
        "ignore",
        after(variant("Type", "9001"), item(Type="NonInventory")),
        "NonInventory",
        "Standard",
    ),
    (
        "type_on_add",
        "stored",
        after(
            variant("Type", "new"),
            (
                "POST",
                "/Variant/Add",
                {"Code": "1003", "Variants": [{"Code": "new", "Type": "NonInventory"}]},
            ),
        ),
        "Standard",
        "NonInventory",
    ),
    (
        "variant_list_without_category",
        "empty",
        codes("/Variant"),
        ["1003L", "1003S", "2001", "3001", "4001"],
        [],
    ),
    ("variant_list_without_category", "reject", status("GET", "/Variant"), 200, 400),
    (
        "variant_list_rows",
        "lean",
        lambda c: "OutletPrice" in c.get("/Variant")["Data"][0],
        True,
        False,
    ),
    (
        "variant_batch_rows",
        "lean",
        lambda c: (
            "OutletPrice"
            in c.do("POST", "/Variant/GetByListCode", {"ListCode": ["1003L"]})["Data"][0]
        ),
        True,
        False,
    ),
    ("variant_by_id_lean", True, lambda c: "Brand" in by_id(c), True, False),
    (
        "variant_add_existing",
        "overwrite",
        status("POST", "/Variant/Add", {"Code": "2001", "Variants": [{"Code": "1003S"}]}),
        400,
        200,
    ),
    (
        "variant_add_existing",
        "skip",
        status("POST", "/Variant/Add", {"Code": "2001", "Variants": [{"Code": "1003S"}]}),
        400,
        200,
    ),
    ("variant_default_name", "model", after(variant("Name", "9001"), product()), "Kue", "Default"),
    (
        "variant_default_name",
        "product_model",
        after(variant("Name", "9001"), product()),
        "Kue",
        "Kue Default",
    ),
    (
        "variant_move",
        "move",
        after(variants_of("2001"), put(ProductCode="2001")),
        ["2001"],
        ["1003L", "2001"],
    ),
    ("variant_move", "reject", status(*put(ProductCode="2001")), 200, 400),
    ("serialized_write", "accept", status(*put(Type="Serialized")), 400, 200),
    ("outlet_suspended_default", "No", lambda c: len(c.get("/Outlet")), 3, 2),
    (
        "outlet_price_read_key",
        "Price",
        keys("/OutletPrice", "Outlets", 0, Code="1003L"),
        ["ExtraCost", "Outlet", "UnitPrice"],
        ["ExtraCost", "Outlet", "Price"],
    ),
    (
        "outlet_price_put",
        "merge",
        after(
            lambda c: [p["Outlet"] for p in variant("OutletPrice")(c)],
            ("PUT", "/OutletPrice", PRICE),
        ),
        ["Jakarta"],
        ["Bandung", "Jakarta"],
    ),
    (
        "outlet_price_create_existing",
        "overwrite",
        status(
            "POST",
            "/OutletPrice",
            {"Code": "1003L", "Outlets": [{"Outlet": "Bandung", "UnitPrice": 1}]},
        ),
        400,
        200,
    ),
    ("coupon_requirement_names", "objects", requirement(["4001"]), (200, [["4001"]]), (400, [])),
    (
        "coupon_requirement_names",
        "objects",
        requirement([{"Code": "4001"}]),
        (400, []),
        (200, [["4001"]]),
    ),
    ("coupon_requirement_names", "ignored", requirement(["4001"]), (200, [["4001"]]), (200, [[]])),
    ("coupon_requirement_names", "reject", requirement(["4001"]), (200, [["4001"]]), (400, [])),
    (
        "coupon_requirement_rows",
        "strings",
        value("/PromotionCoupon/ByCode", "ListRequirementVariants", Code="LESS"),
        [{"Code": "4001", "Name": "Cold Brew"}],
        ["4001"],
    ),
    (
        "coupon_percentage_reads_as",
        "Discount",
        value("/PromotionCoupon", 2, "Type"),
        "DiscountPercentage",
        "Discount",
    ),
    (
        "coupon_percentage_reads_as",
        "mixed",
        value("/PromotionCoupon/ByCode", "Type", Code="TEN"),
        "DiscountPercentage",
        "Discount",
    ),
    (
        "coupon_list_has_minimum",
        False,
        lambda c: "MinimumSpending" in c.get("/PromotionCoupon")[0],
        True,
        False,
    ),
    (
        "coupon_total_hides_inactive",
        False,
        value("/PromotionCoupon/WithTotalCount", "TotalCount"),
        4,
        6,
    ),
    (
        "coupon_by_code_hides_inactive",
        True,
        status("GET", "/PromotionCoupon/ByCode", Code="OLD"),
        200,
        404,
    ),
    (
        "coupon_usage_status_other",
        "nothing",
        lambda c: len(c.codes("/PromotionCoupon", **ALL_COUPONS)),
        6,
        0,
    ),
    (
        "coupon_usage_status_other",
        "reject",
        status("GET", "/PromotionCoupon", **ALL_COUPONS),
        200,
        400,
    ),
    (
        "coupon_active_on_expiry_day",
        False,
        lambda c: "TODAY" in c.codes("/PromotionCoupon"),
        True,
        False,
    ),
    ("coupon_date_filter", "StartDate", codes("/PromotionCoupon", From="2026-11-01"), [], ["LESS"]),
    (
        "coupon_date_filter",
        "ExpiryDate",
        codes("/PromotionCoupon", From="2026-12-01"),
        [],
        ["LESS", "TEN"],
    ),
    ("coupon_limit_text", "reject", status(*coupon(Limit='5"')), 200, 400),
    (
        "coupon_recreate",
        "reject",
        after(status(*coupon(Code="TEN")), ("DELETE", "/PromotionCoupon", {"Code": "TEN"})),
        200,
        400,
    ),
    ("full_price_form", "words", status(*coupon(FullPriceItemOnly=True)), 200, 400),
    ("full_price_form", "boolean", status(*coupon(FullPriceItemOnly="No")), 200, 400),
    ("customer_paging", "required", status("GET", "/Customer"), 200, 400),
    (
        "customer_paging",
        "ignored",
        lambda c: len(c.get("/Customer", PageNumber=1, PageSize=1)),
        1,
        2,
    ),
    ("customer_list_hides_suspended", True, codes("/Customer"), ["DP-001", "DP-002"], ["DP-001"]),
    (
        "customer_detail_names",
        "table",
        lambda c: "MobilePhone" in c.get("/Customer/Detail", Code="DP-001"),
        False,
        True,
    ),
    (
        "customer_gender_reads",
        "boolean",
        value("/Customer/Detail", "Gender", Code="DP-001"),
        "female",
        True,
    ),
    (
        "customer_email_shape",
        "array",
        lambda c: type(c.get("/Customer/Email", Email="one@example.com")),
        dict,
        list,
    ),
    ("customer_unique", frozenset({"Mobile"}), status(*person(Mobile="0800-1")), 200, 400),
    ("customer_unique", frozenset({"Mobile"}), status(*person(Email="one@example.com")), 400, 200),
    (
        "customer_key_change",
        "ignore",
        after(codes("/Customer"), ("PUT", "/Customer", {**PERSON, "Email": "one@example.com"})),
        ["C9", "DP-002"],
        ["DP-001", "DP-002"],
    ),
    ("customer_id_on_create", "honoured", customer_id, False, True),
    ("suspended_status", "Inactive", suspended, "Suspended", "Inactive"),
    ("bad_credentials", 400, bad_login, 401, 400),
    ("token_lifetime", 60, lambda c: c.login().json()["expires_in"], 3600, 60),
    ("tokens_live", "one", token_statuses, [200], [401]),
    ("token_counts", True, token_counted, "9", "8"),
    ("unauthorized_counts", True, unauthorized, "9", "8"),
    ("limiter_scope", "endpoint", remaining(("GET", "/Outlet"), ("GET", "/Product")), "8", "9"),
    ("window_start", "clock", window_left, 100.0, 70.0),
    ("limiter_headers", False, remaining(("GET", "/Outlet")), "9", None),
    ("retry_after", True, lambda c: limited(c).headers.get("Retry-After"), None, "180"),
    ("clock_ahead", 90.0, ahead, None, 90),
    ("limited_body", "empty", lambda c: limited(c).text, '{"Message": "Too many requests."}', ""),
    (
        "limited_body",
        "html",
        lambda c: limited(c).headers["Content-Type"],
        "application/json; charset=utf-8",
        "text/html; charset=utf-8",
    ),
    (
        "get_with_body",
        "ignore",
        status("GET", "/Variant/GetByListCode", {"ListCode": ["1003L"]}),
        200,
        400,
    ),
    (
        "bare_get_with_content_type",
        "error",
        status("GET", "/Outlet", headers={"Content-Type": "application/json"}),
        200,
        500,
    ),
    (
        "missing_operations",
        frozenset({"GET /Variant/Detail"}),
        status("GET", "/Variant/Detail", Code="1003L"),
        200,
        404,
    ),
    ("forbidden_operations", frozenset({"GET /Outlet"}), status("GET", "/Outlet"), 200, 403),
    ("missing_status", 405, status("GET", "/Nowhere"), 404, 405),
    ("generation", "A", codes("/Product", PageSize=1), ["1003"], ALL_CODES),
    ("generation", "B", status("GET", "/Variant/Detail", Code="1003L"), 200, 404),
    ("generation", "C", status("GET", "/Variant/Code", Code="1003L"), 200, 404),
    ("post_alternatives", "none", status("POST", "/Customer/p", {}), 200, 404),
    ("post_alternatives", "own_path", status("POST", "/Variant", {}), 200, 404),
    ("post_alternatives", "same_path", status("POST", "/Customer/p", {}), 200, 404),
]


@pytest.mark.parametrize(
    ("name", "flipped", "ask", "default", "other"),
    TABLE,
    ids=[f"{row[0]}-{number}" for number, row in enumerate(TABLE)],
)
def test_flipping_a_choice_changes_the_answer(
    open_shop: OpenSandbox, name: str, flipped: Any, ask: Ask, default: Any, other: Any
) -> None:
    assert ask(open_shop()) == default
    assert ask(open_shop(**{name: flipped})) == other


def test_choices_that_need_another_are_choices_too(open_shop: OpenSandbox) -> None:
    plain = open_shop(product_list_envelope="DataArray")
    assert sorted(plain.get("/Product")) == ["DataArray"]
    total = open_shop(product_list_envelope="Data", product_list_total="TotalCount")
    assert total.get("/Product", PageSize=1)["TotalCount"] == 4
    forbidden = open_shop(forbidden_operations=frozenset({"GET /Outlet"}), forbidden_status=401)
    assert forbidden.send("GET", "/Outlet").status_code == 401


def test_every_choice_is_flipped_by_a_test() -> None:
    flipped = {row[0] for row in TABLE} | {"product_list_total", "forbidden_status"}
    assert flipped == {field.name for field in fields(Choices)}


def test_a_choice_may_be_flipped_while_the_shop_runs(client: SandboxClient) -> None:
    assert client.send("GET", "/Variant/Code", Code="no").status_code == 404
    client.shop.choices = client.shop.choices.with_changes(not_found="400")
    assert client.send("GET", "/Variant/Code", Code="no").status_code == 400


def test_a_misspelt_choice_is_refused() -> None:
    with pytest.raises(ValueError, match="not_found='nul'"):
        Choices(not_found="nul")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/Category", {"Name": "New"}),
        ("PUT", "/Category", {"Name": "Food", "Rename": "Eat", "Discontinued": False}),
        product(),
        ("PUT", "/Product", EDIT),
        EMPTY_PUT,
        ("POST", "/Variant/Add", {"Code": "1003", "Variants": [{"Code": "new"}]}),
        ("POST", "/Outlet", {"Name": "Bali"}),
        ("PUT", "/Outlet", {"Outlet": "Bandung", "Code": "X"}),
        ("PUT", "/OutletPrice", PRICE),
        coupon(),
        person(),
        ("PUT", "/Customer", {**PERSON, "Email": "one@example.com"}),
    ],
)
def test_unknown_keys_are_refused_in_every_write(
    open_shop: OpenSandbox, method: str, path: str, body: Any
) -> None:
    client = open_shop(unknown_keys="reject")
    message = "Colour is not a known field."
    assert client.refused(method, path, {**body, "Colour": 1}) == message
    for name in ("Variants", "Outlets"):
        if name in body:
            inner = [{**body[name][0], "Colour": 1}]
            assert client.refused(method, path, {**body, name: inner}) == message
    client.do(method, path, body)


def test_unknown_keys_are_refused_inside_a_variant(open_shop: OpenSandbox) -> None:
    client = open_shop(unknown_keys="reject")
    for name, row in (
        ("Components", {"Code": "4001", "Name": "", "Qty": 1}),
        ("OutletPrice", {"Outlet": "Bandung", "Price": 1, "ExtraCost": 0}),
    ):
        assert client.refused(*put(**{name: [{**row, "Colour": 1}]})).startswith("Colour")
        client.do(*put(**{name: [row]}))


def test_omitted_nulls_take_nothing_else_with_them(open_shop: OpenSandbox) -> None:
    query = {"Code": "USED"}
    whole = open_shop().get("/PromotionCoupon/ByCode", **query)
    short = open_shop(nulls_omitted=True).get("/PromotionCoupon/ByCode", **query)
    assert short == {key: value for key, value in whole.items() if value is not None}


def test_a_batch_at_its_limit_and_with_repeats_is_whole(open_shop: OpenSandbox) -> None:
    client = open_shop(batch_max=3, batch_missing="reject")
    codes = ["1003L", "4001", "4001"]
    assert len(client.do("POST", "/Variant/GetByListCode", {"ListCode": codes})["Data"]) == 2
    assert len(client.do("POST", "/Variant/GetIDByListCode", codes)) == 2
    ids = [row["ID"] for row in client.get("/Product")][:2]
    ids.append(ids[0])
    path = "/Product/WithPricebookByListID"
    assert len(client.do("POST", path, {"ListID": ids})) == 2
    assert client.refused("POST", path, {"ListID": [*ids, ids[0]]})
    assert client.refused("POST", path, {"ListID": ["unknown"]})
    assert client.refused("POST", "/Variant/GetIDByListCode", ["unknown"])
    assert client.refused("DELETE", "/PromotionCoupon/ListCode", ["TEN", "unknown"])
    answer = client.do("DELETE", "/PromotionCoupon/ListCode", ["TEN", "OLD", "TEN"])
    assert answer["Message"].startswith("2 ")


def test_three_variants_fit_into_a_batch_of_three(open_shop: OpenSandbox) -> None:
    client = open_shop(batch_max=3)
    variants = [{"Code": code} for code in "abcd"]
    assert client.refused("POST", "/Variant/Add", {"Code": "1003", "Variants": variants})
    client.do("POST", "/Variant/Add", {"Code": "1003", "Variants": variants[:3]})


def test_skipping_leaves_the_known_variant_and_adds_the_new(open_shop: OpenSandbox) -> None:
    client = open_shop(variant_add_existing="skip")
    variants = [{"Code": "1003S", "Model": "other"}, {"Code": "new"}]
    client.do("POST", "/Variant/Add", {"Code": "2001", "Variants": variants})
    assert variants_of("2001")(client) == ["2001", "new"]
    assert variant("Variant", "1003S")(client) == "Small"


def test_a_page_of_the_cap_itself_is_not_over_it(open_shop: OpenSandbox) -> None:
    client = open_shop(page_over_cap="reject")
    assert len(client.codes("/Product", PageSize=500)) == 4


def test_product_lists_hide_discontinued_rows_too(open_shop: OpenSandbox) -> None:
    client = open_shop(lists_hide_discontinued=True)
    assert client.codes("/Product") == ["1003", "2001", "4001"]
    assert client.get("/Product/Detail", Code="3001")["Discontinued"] is True


def test_product_lists_hide_discontinued_variants_and_variant_reads_show_them(
    open_shop: OpenSandbox,
) -> None:
    client = open_shop(product_reads_hide_discontinued_variants=True)
    (kopi,) = [row for row in client.get("/Product") if row["Code"] == "1003"]
    assert [row["Code"] for row in kopi["Variants"]] == ["1003L"]
    assert variant("Discontinued", "1003S")(client) is True
    assert "1003S" in client.codes("/Variant")


def test_a_page_over_the_cap_may_count_as_ten(open_shop: OpenSandbox) -> None:
    people = [{"Code": f"C{n:02}", "Name": "N", "Email": f"{n}@example.com"} for n in range(30)]
    client = open_shop({"customers": people}, page_cap=20, page_over_cap="ten")
    assert len(client.codes("/Customer", PageSize=21)) == 10
    assert len(client.codes("/Customer", PageSize=20)) == 20


@pytest.mark.parametrize(
    ("generation", "path", "query", "body"),
    [
        ("A", "/Customer", False, True),
        ("B", "/Customer", True, False),
        ("B", "/PromotionCoupon", False, True),
        ("B", "/Variant", True, True),
        ("C", "/Variant", True, False),
        ("C", "/PromotionCoupon", True, False),
    ],
)
def test_a_generation_reads_parameters_where_its_pages_print_them(
    open_shop: OpenSandbox, generation: str, path: str, query: bool, body: bool
) -> None:
    client = open_shop(generation=generation)
    one = {"PageNumber": 1, "PageSize": 1}

    def rows(**request: Any) -> int:
        answer = client.http.request("GET", f"/api/v3{path}", **request).json()
        return len(answer["Data"] if isinstance(answer, dict) else answer)

    assert (rows(params=one) == 1) is query
    assert (rows(json=one) == 1) is body


@pytest.mark.parametrize("generation", ["A", "B", "C"])
def test_every_generation_has_every_write(open_shop: OpenSandbox, generation: str) -> None:
    client = open_shop(generation=generation, post_alternatives="none")
    for route in ROUTES.values():
        if route.write:
            assert client.send(route.method, route.path, {}).status_code == 400, route
