"""A till asks, sells and reports as the vendor's pages print it (dealpos-api.md §12)."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

import pytest

from dealpos_reconciler.sandbox import SandboxError
from dealpos_reconciler.sandbox.till import (
    CouponRefused,
    Courier,
    Order,
    Switches,
    Target,
    Till,
    TillChoices,
    parse_item,
)
from tests.sandbox.test_examples import assert_shape
from tests.support.receiver import YES, Receiver, receiving
from tests.support.sandbox_client import OpenSandbox
from tests.support.shop import ROOT

SAMPLES = ROOT / "tests" / "dealpos" / "examples"
ORDER = Order("Bandung", (("1003L", 2),), "LEBARAN25", "DP-001")
CUSTOMER = {
    "Code": "DP-001",
    "Name": "Dewi",
    "Email": "dewi@example.com",
    "Mobile": "0800-1",
    "Phone": "0800-2",
}

MakeTill = Callable[..., Till]


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def provider() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def make_till(
    open_shop: OpenSandbox, document: dict[str, Any], provider: Receiver, hooks: Receiver
) -> MakeTill:
    """A till of the seeded shop; its provider says yes once."""
    provider.answers = [(200, YES)]
    document["customers"] = [CUSTOMER]
    document["invoices"] = []
    document["coupons"] = []

    def make(choices: TillChoices | None = None, **switches: Any) -> Till:
        return Till(
            open_shop(document).shop,
            Target(f"{provider.address}/coupon/{{event}}"),
            Target(f"{hooks.address}/hook/{{family}}/{{event}}"),
            Courier(cooldown=0),
            choices or TillChoices(),
            Switches(**switches),
            lambda: datetime(2026, 11, 21, 9, 30, 5, 330000, UTC),
        )

    return make


def test_the_question_is_the_documented_one(make_till: MakeTill, provider: Receiver) -> None:
    make_till().sell(ORDER)
    asked = provider.bodies[0]
    assert list(asked) == list(sample("webhook-validate-coupon.request"))
    assert asked == {
        "Code": "LEBARAN25",
        "Outlet": "Bandung",
        "Customer": {"Email": "dewi@example.com", "Phone": "0800-2"},
        "ShoppingCart": {
            "Amount": 38000,
            "Items": [{"Code": "1003L", "Quantity": 2, "Price": 19000, "Discount": 0, "Note": ""}],
        },
    }
    empty = make_till(TillChoices(cart_items="empty"))
    provider.answers = [(200, YES)]
    empty.sell(ORDER)
    assert_shape(sample("webhook-validate-coupon.request"), provider.bodies[2])
    assert provider.bodies[2]["ShoppingCart"] == {"Amount": 38000, "Items": []}


def test_the_report_is_the_documented_one(
    make_till: MakeTill, provider: Receiver, hooks: Receiver
) -> None:
    documented = sample("webhook-redeem-coupon.request")
    sale = make_till().sell(ORDER)
    assert provider.paths == ["/coupon/validateCoupon", "/coupon/redeemCoupon"]
    assert hooks.paths == ["/hook/invoice/invoiceCreated"]
    redeemed = provider.bodies[1]
    assert_shape(documented, redeemed)
    # The vendor's page also prints the three arrays, whose items it shows empty.
    arrays = ["Variants", "Payments", "OutboundLogistics"]
    assert list(redeemed) == [*documented, *arrays]
    assert hooks.bodies == [redeemed]
    assert redeemed == {
        "ID": sale.invoice and sale.invoice.id,
        "Outlet": "Bandung",
        "Number": "26.11.00001",
        "Date": "2026-11-21T00:00:00",
        "DueDate": "0001-01-01T00:00:00",
        "Tag": "Offline",
        "Customer": {
            "ID": redeemed["Customer"]["ID"],
            "Name": "Dewi",
            "Email": "dewi@example.com",
            "Phone": "0800-2",
            "Mobile": "0800-1",
            "Code": "DP-001",
            "Address": "",
        },
        "CreatorID": redeemed["CreatorID"],
        "Created": "2026-11-21T09:30:05.330",
        "Discount1": 0,
        "Discount2": 0,
        "DiscountAmount": 9500,
        "Gross": 38000,
        "DiscountTotal": 9500,
        "TaxType": "No Tax",
        "TaxCalculation": "Add",
        "Tax": 0,
        "TaxRate": 0,
        "Sales": 28500,
        "Surcharge": 0,
        "SalesNTax": 28500,
        "Coupon": "LEBARAN25",
        "CouponNote": "25 % off",
        "Note": "",
        "PointUsed": 0,
        "PointsEarned": 0,
        "Delivery": "Sent",
        "Void": "No",
        "Variants": [{"Code": "1003L", "Quantity": 2, "Price": 19000, "Discount": 0, "Note": ""}],
        "Payments": [{"Amount": 28500, "Method": "Cash", "Code": "", "Note": ""}],
        "OutboundLogistics": [],
    }


def test_the_documented_answer_is_applied(make_till: MakeTill, provider: Receiver) -> None:
    provider.answers = [(200, sample("webhook-validate-coupon.response"))]
    sale = make_till().sell(ORDER)
    assert sale.offer is not None
    assert sale.offer.text == "50% Discount Applied. Proof of Transaction"
    assert provider.bodies[1]["DiscountTotal"] == 19000


@pytest.mark.parametrize(
    ("offer", "choices", "off"),
    [
        ({"Amount": 33.3}, {}, 18648),
        ({"Amount": 150}, {}, 56000),
        ({"Type": "Amount", "Amount": 5000}, {}, 5000),
        ({"Type": "Amount", "Amount": 90000}, {}, 56000),
        ({"ApplyTo": {"Code": ["1003L"]}}, {}, 9500),
        ({"Type": "Amount", "Amount": 90000, "ApplyTo": {"Code": ["1003L"]}}, {}, 38000),
        ({"ApplyTo": {"Code": ["none of these"]}}, {}, 0),
        ({"ApplyTo": {"Code": []}}, {}, 14000),
        ({"ApplyTo": {"Code": []}}, {"empty_apply_to": "nothing"}, 0),
        ({"Amount": 0}, {"zero_discount": "applied"}, 0),
    ],
)
def test_an_offer_is_worth(
    make_till: MakeTill,
    provider: Receiver,
    offer: dict[str, Any],
    choices: dict[str, Any],
    off: int,
) -> None:
    provider.answers = [(200, {**YES, **offer})]
    till = make_till(TillChoices(**choices))
    code = "4001"
    till.shop.store.put("variant", {**variant(till, code), "UnitPrice": 18000})
    till.sell(replace(ORDER, items=(("1003L", 2), (code, 1))))
    sold = provider.bodies[1]
    assert (sold["Gross"], sold["DiscountTotal"], sold["Sales"]) == (56000, off, 56000 - off)


def variant(till: Till, code: str) -> dict[str, Any]:
    row = till.shop.store.get("variant", code)
    assert row is not None
    return row.payload


NO = {"Type": "Amount", "Amount": 0, "Notification": "is used up", "Message": "is used up"}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((400, NO), "is used up"),
        ((404, NO), "is used up"),
        ((200, NO), "is used up"),
        ((422, {"Message": "no"}), "no"),
        ((200, {**YES, "Type": "DiscountAmount"}), "25 % off"),
        ((200, {**YES, "Amount": "25"}), "an offer without an amount"),
        ((200, {**YES, "Amount": -5}), "an offer with an amount that is none"),
        ((200, {**YES, "ApplyTo": ["1003L"]}), "an offer with an ApplyTo that names no codes"),
        ((200, b"<html>"), "status 200 without a readable answer"),
        ((404, b""), "status 404 without a readable answer"),
        ((200, []), "status 200 without a readable answer"),
    ],
)
def test_everything_but_an_offer_is_a_no(
    make_till: MakeTill, provider: Receiver, hooks: Receiver, answer: Any, why: str
) -> None:
    provider.answers = [answer]
    till = make_till()
    with pytest.raises(CouponRefused) as refused:
        till.sell(ORDER)
    assert str(refused.value) == why
    assert len(provider.calls) == 1
    assert hooks.calls == []
    assert till.shop.store.page("invoice") == []


def test_a_sale_may_go_on_after_a_no(make_till: MakeTill, provider: Receiver) -> None:
    provider.answers = [(400, NO)]
    sale = make_till().sell(ORDER, anyway=True)
    assert sale.offer is None
    assert (provider.bodies[1]["Coupon"], provider.bodies[1]["DiscountTotal"]) == ("LEBARAN25", 0)


def test_a_cashier_may_break_off(make_till: MakeTill, provider: Receiver, hooks: Receiver) -> None:
    till = make_till()
    assert till.sell(ORDER, break_off=True).invoice is None
    assert (provider.paths, hooks.calls) == (["/coupon/validateCoupon"], [])
    assert till.shop.store.page("invoice") == []


def test_a_sale_without_a_coupon_asks_nobody(
    make_till: MakeTill, provider: Receiver, hooks: Receiver
) -> None:
    make_till().sell(replace(ORDER, coupon=None))
    assert provider.calls == []
    assert [body["Coupon"] for body in hooks.bodies] == [""]


@pytest.mark.parametrize(
    ("choice", "customer", "invoice"),
    [("null", None, None), ("empty", {"Email": "", "Phone": ""}, ""), ("omitted", ..., None)],
)
def test_a_walk_in_is_nobody(
    make_till: MakeTill, provider: Receiver, choice: Any, customer: Any, invoice: Any
) -> None:
    make_till(TillChoices(walk_in=choice)).sell(replace(ORDER, customer=None))
    assert provider.bodies[0].get("Customer", ...) == customer
    sold = provider.bodies[1]["Customer"]
    assert (sold["Code"] if sold else sold) == invoice


def test_a_code_of_digits_may_be_sent_as_a_number(make_till: MakeTill, provider: Receiver) -> None:
    make_till(TillChoices(codes="number")).sell(replace(ORDER, coupon="887799"))
    assert [provider.bodies[0]["Code"], provider.bodies[1]["Coupon"]] == [887799, 887799]


@pytest.mark.parametrize(
    ("switches", "calls"),
    [
        ({}, ["redeemCoupon", "invoiceCreated"]),
        ({"reorder": True}, ["invoiceCreated", "redeemCoupon"]),
        ({"duplicate": True}, ["redeemCoupon", "invoiceCreated"] * 2),
        ({"lose": frozenset({"redeem"})}, ["redeemCoupon lost", "invoiceCreated"]),
        ({"lose": frozenset({"webhook"})}, ["redeemCoupon", "invoiceCreated lost"]),
    ],
)
def test_calls_may_go_wrong_on_the_way(
    make_till: MakeTill,
    provider: Receiver,
    hooks: Receiver,
    switches: dict[str, Any],
    calls: list[str],
) -> None:
    sale = make_till(**switches).sell(ORDER)
    told = [f"{d.event}{'' if d.attempts else ' lost'}" for d in sale.deliveries]
    assert told == calls
    sent = [path.rpartition("/")[2] for path in provider.paths[1:] + hooks.paths]
    assert sorted(sent) == sorted(call for call in calls if "lost" not in call)


def events(provider: Receiver, hooks: Receiver, after: int = 0) -> list[tuple[str, str]]:
    """The calls that came, by name, with their `Void`."""
    calls = [*provider.calls[1:], *hooks.calls]
    return [(path.rpartition("/")[2], body["Void"]) for path, _, body in calls][after:]


def test_a_void_and_a_restore_are_reported(
    make_till: MakeTill, provider: Receiver, hooks: Receiver
) -> None:
    till = make_till()
    till.sell(ORDER)
    provider.calls[1:], hooks.calls[:] = [], []
    till.change("26.11.00001", "void")
    assert events(provider, hooks) == [("redeemCoupon", "Yes"), ("invoiceDeleted", "Yes")]
    with pytest.raises(SandboxError, match="is void"):
        till.change("26.11.00001", "void")
    provider.calls[1:], hooks.calls[:] = [], []
    till.change("26.11.00001", "restore")
    assert events(provider, hooks) == [("redeemCoupon", "No"), ("invoiceRestored", "No")]
    with pytest.raises(SandboxError, match="is not void"):
        till.change("26.11.00001", "restore")


def test_an_erased_invoice_is_gone(
    make_till: MakeTill, provider: Receiver, hooks: Receiver
) -> None:
    till = make_till()
    sale = till.sell(ORDER)
    assert sale.invoice is not None
    provider.calls[1:], hooks.calls[:] = [], []
    till.change(sale.invoice.id, "erase")
    assert events(provider, hooks) == [("redeemCoupon", "Yes"), ("invoiceErased", "Yes")]
    assert till.shop.store.page("invoice") == []
    with pytest.raises(SandboxError, match="No invoice has"):
        till.change(sale.invoice.id, "restore")


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("redeem", [("redeemCoupon", "Yes")]),
        ("webhook", [("invoiceDeleted", "Yes")]),
        ("nothing", []),
    ],
)
def test_which_calls_follow_a_void_is_a_choice(
    make_till: MakeTill, provider: Receiver, hooks: Receiver, choice: Any, sent: Any
) -> None:
    till = make_till(TillChoices(change_sends=choice))
    till.sell(ORDER)
    provider.calls[1:], hooks.calls[:] = [], []
    till.change("26.11.00001", "void")
    assert events(provider, hooks) == sent


def test_the_calls_of_the_sale_may_come_after_its_void(
    make_till: MakeTill, provider: Receiver, hooks: Receiver
) -> None:
    till = make_till(reorder=True)
    till.sell(ORDER)
    first = provider.bodies[1]
    provider.calls[1:], hooks.calls[:] = [], []
    till.change("26.11.00001", "void")
    assert [body["Void"] for body in provider.bodies[1:]] == ["Yes", "No"]
    assert provider.bodies[2] == first
    assert hooks.bodies[1] == first


def test_numbers_go_on_within_an_outlet_and_a_month(make_till: MakeTill) -> None:
    till = make_till()
    plain = replace(ORDER, coupon=None)
    for outlet in ("Bandung", "Bandung", "Jakarta"):
        till.sell(replace(plain, outlet=outlet))
    later = replace(till, now=lambda: datetime(2026, 12, 1, tzinfo=UTC))
    later.sell(plain)
    rows = till.shop.store.page("invoice", order="insertion")
    assert [(row.payload["Outlet"], row.payload["Number"]) for row in rows] == [
        ("Bandung", "26.11.00001"),
        ("Bandung", "26.11.00002"),
        ("Jakarta", "26.11.00001"),
        ("Bandung", "26.12.00001"),
    ]
    with pytest.raises(SandboxError, match="Invoices of several outlets"):
        till.change("26.11.00001", "void")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outlet": "Bali"}, "No outlet is named 'Bali': Bandung, Jakarta, Old Town."),
        ({"items": (("no", 1),)}, "No variant has the code 'no'."),
        ({"customer": "nobody"}, "No customer has this code, email, mobile or phone."),
    ],
)
def test_what_the_shop_does_not_have_cannot_be_sold(
    make_till: MakeTill, provider: Receiver, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(SandboxError) as error:
        make_till().sell(replace(ORDER, **change))
    assert str(error.value) == message
    assert provider.calls == []


def test_what_is_discontinued_is_not_sold(make_till: MakeTill) -> None:
    till = make_till()
    till.shop.store.put("variant", {**variant(till, "1003L"), "Discontinued": True})
    with pytest.raises(SandboxError, match="is discontinued"):
        till.sell(ORDER)


@pytest.mark.parametrize("key", ["DP-001", "dewi@example.com", "0800-1", "0800-2"])
def test_a_customer_is_found_by_any_key(make_till: MakeTill, provider: Receiver, key: str) -> None:
    make_till().sell(replace(ORDER, customer=key))
    assert provider.bodies[1]["Customer"]["Code"] == "DP-001"


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("1003L", ("1003L", 1)),
        ("1003L:3", ("1003L", 3)),
        ("a:b", ("a:b", 1)),
        ("a:b:2", ("a:b", 2)),
        ("a:0", ("a:0", 1)),
        ("a:-1", ("a:-1", 1)),
    ],
)
def test_an_item_has_a_code_and_a_quantity(text: str, item: tuple[str, int]) -> None:
    assert parse_item(text) == item


def test_choices_are_named_on_the_command_line() -> None:
    made = TillChoices.from_texts(["walk_in=empty", "change_sends=nothing"])
    assert made == TillChoices(walk_in="empty", change_sends="nothing")
    with pytest.raises(SandboxError, match="'colour' is not a choice of the till: walk_in"):
        TillChoices.from_texts(["colour=blue"])
    with pytest.raises(SandboxError, match="walk_in is one of null, empty, omitted, not 'x'"):
        TillChoices.from_texts(["walk_in=x"])


def test_the_guide_lists_every_choice() -> None:
    guide = (ROOT / "docs" / "guides" / "sandbox.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+):", guide, re.MULTILINE)
    hints = get_type_hints(TillChoices)
    assert {name: tuple(re.findall(r"\w+", values)) for name, values in rows} == {
        field.name: get_args(hints[field.name]) for field in fields(TillChoices)
    }
