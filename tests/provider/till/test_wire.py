"""Bodies of a till are understood as far as they go, and none of them is an accident."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealpos_reconciler.core.provider.terms import CartItem, CouponOffer
from dealpos_reconciler.provider.till.body import BadBody, read_object
from dealpos_reconciler.provider.till.wire import (
    RedeemRequest,
    TillCustomer,
    ValidateRequest,
    find_invoice,
    is_sale,
    parse_question,
    parse_sale,
    write_message,
    write_offer,
    write_refusal,
)

HERE = Path(__file__).parent
VALIDATE = (HERE / "validate.json").read_bytes()
REDEEM = (HERE / "redeem.json").read_bytes()
"""The two samples of the vendor's page, byte for byte."""


def question(**changes: Any) -> ValidateRequest:
    return parse_question(read_object(json.dumps(json.loads(VALIDATE) | changes).encode()))


def sale(**changes: Any) -> RedeemRequest:
    return parse_sale(read_object(json.dumps(json.loads(REDEEM) | changes).encode()))


def test_the_sample_of_validate_coupon_is_understood() -> None:
    asked = parse_question(read_object(VALIDATE))
    assert asked == ValidateRequest(
        "1234", "Outlet1", TillCustomer("hendry@dealpos.com", ("81234567844",)), 100_000, None
    )


def test_the_sample_of_redeem_coupon_is_understood() -> None:
    found = parse_sale(read_object(REDEEM))
    assert found == RedeemRequest(
        "e0211b45-358e-4d5c-bf5b-8a31404b125e",
        "XPPW123",
        False,
        "Outlet1",
        "20.09.00020",
        datetime(2020, 9, 2, 13, 52, 18, 330_000),  # noqa: DTZ001 - the sample has no zone
        TillCustomer(
            "henz2194w@gmail.com",
            ("0215851412", "0815161688"),
            "HW0001",
            "2774372b-0d5e-4171-8c83-dd66fbd4461e",
        ),
        100_000,
        0,
        found.digest,
    )


def test_our_answer_has_the_members_and_types_of_the_sample() -> None:
    """The one difference: `{"Code": []}` is never sent, because its effect is undocumented."""
    sample = {
        "Type": "Percentage",
        "Amount": 50,
        "Notification": "50% Discount Applied. Proof of Transaction",
        "ApplyTo": {"Code": []},
    }
    offer = CouponOffer("Percentage", 50, str(sample["Notification"]))
    assert json.loads(write_offer(offer)) == sample | {"ApplyTo": None}
    named = CouponOffer("Amount", Decimal("12.5"), "é", ("1003L",))
    assert write_offer(named) == (
        b'{"Type":"Amount","Amount":12.5,"Notification":"\\u00e9","ApplyTo":{"Code":["1003L"]}}'
    )


def test_a_no_is_worth_nothing_whatever_a_till_reads() -> None:
    assert json.loads(write_refusal("LEBARAN25 is used up")) == {
        "Type": "Amount",
        "Amount": 0,
        "Notification": "LEBARAN25 is used up",
        "ApplyTo": None,
        "Message": "LEBARAN25 is used up",
    }
    assert write_message("no") == b'{"Message":"no"}'


ODD = [None, 7, 1.5, True, [], [1], {}, "", " ", "x" * 200_000, "\ud800", "a\0b", "0001-01-01"]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:12])
@pytest.mark.parametrize("name", json.loads(VALIDATE))
def test_a_field_of_a_question_may_be_anything(name: str, odd: Any) -> None:
    """Every other field keeps its value."""
    asked, whole = question(**{name: odd}), question()
    kept = {"Code": "code", "Outlet": "outlet", "Customer": "customer", "ShoppingCart": "amount"}
    for other in kept.keys() - {name}:
        assert getattr(asked, kept[other]) == getattr(whole, kept[other])


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:12])
@pytest.mark.parametrize("name", json.loads(REDEEM))
def test_a_field_of_a_redemption_may_be_anything(name: str, odd: Any) -> None:
    found, whole = sale(**{name: odd}), sale()
    kept = {"ID": "invoice", "Coupon": "code", "Outlet": "outlet", "Number": "number"}
    for other in kept.keys() - {name}:
        assert getattr(found, kept[other]) == getattr(whole, kept[other])
    assert len(found.invoice) <= 200
    assert len(found.outlet) <= 200


@pytest.mark.parametrize("name", [*json.loads(REDEEM), *json.loads(VALIDATE)])
def test_a_field_may_be_missing(name: str) -> None:
    for sample, parse in ((VALIDATE, parse_question), (REDEEM, parse_sale)):
        body = {key: value for key, value in json.loads(sample).items() if key != name}
        parse(read_object(json.dumps(body).encode()))


@pytest.mark.parametrize("written", [b"887799", b'"887799"', b"887799.0", b'" 887799 "'])
def test_a_code_may_be_a_number(written: bytes) -> None:
    """The page of Invoice Create prints one as a number (API §10)."""
    assert parse_question(read_object(b'{"Code":' + written + b"}")).code == "887799"
    assert parse_sale(read_object(b'{"Coupon":' + written + b"}")).code == "887799"


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        (b"100000", 100_000),
        (b"100000.00", 100_000),
        (b'"100000"', 100_000),
        (b"107.07", Decimal("107.07")),
        (b"1e5", 100_000),
        (b"1e999999999", None),
        (b"9" * 5_000, None),
        (b"NaN", None),
        (b"-Infinity", None),
        (b"true", None),
        (b'"much"', None),
        (b"[]", None),
    ],
)
def test_an_amount_is_exact_or_unknown(written: bytes, amount: Any) -> None:
    read = parse_question(read_object(b'{"ShoppingCart":{"Amount":' + written + b"}}")).amount
    assert read == amount
    assert type(read) is type(amount)


@pytest.mark.parametrize(
    ("items", "read"),
    [
        ([], None),  # as in the sample, with an amount of 100,000
        ("1003L", None),
        (["1003L"], None),
        ([{"Code": "1003L"}, {}], None),
        ([{"Code": "1003L"}, None], None),
        ([{"Code": 1003, "Quantity": "2", "Price": 18000.5}], (("1003", 2, Decimal("18000.5")),)),
        ([{"VariantCode": "A", "Qty": 1, "UnitPrice": 5}], (("A", 1, 5),)),
        ([{"SKU": "A", "code": None}], (("A", None, None),)),
    ],
)
def test_items_are_read_whole_or_not_at_all(items: Any, read: Any) -> None:
    """The shape of an item is undocumented (API §12)."""
    found = question(ShoppingCart={"Amount": 1, "Items": items}).items
    assert found == (read and tuple(CartItem(*item) for item in read))


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ({"Created": "2020-09-02T13:52:18.33"}, datetime(2020, 9, 2, 13, 52, 18, 330_000)),  # noqa: DTZ001
        ({"Created": "0001-01-01T00:00:00"}, datetime(2020, 9, 2)),  # noqa: DTZ001
        ({"Created": "9999-12-31T23:59:59"}, datetime(2020, 9, 2)),  # noqa: DTZ001
        ({"Created": "2020-09-02T13:52:18Z"}, datetime(2020, 9, 2, 13, 52, 18, tzinfo=UTC)),
        (
            {"Created": "2020-09-02 13:52:18+07:00"},
            datetime(2020, 9, 2, 13, 52, 18, tzinfo=timezone(timedelta(hours=7))),
        ),
        ({"Created": "yesterday", "Date": None}, None),
    ],
)
def test_the_moment_of_a_sale_is_read_where_there_is_one(written: Any, at: Any) -> None:
    assert sale(**written).at == at


@pytest.mark.parametrize(
    ("void", "is_void"),
    [
        ("Yes", True),
        ("yes ", True),
        (True, True),
        ("No", False),
        (None, False),
        ("?", False),
        ([], False),
    ],
)
def test_only_a_yes_voids_an_invoice(void: Any, is_void: bool) -> None:
    assert sale(Void=void).is_void is is_void


def test_an_id_names_one_invoice_however_it_is_written() -> None:
    guid = "E0211B45-358E-4D5C-BF5B-8A31404B125E"
    assert sale(ID=guid).invoice == sale(ID="{" + guid.lower() + "}").invoice == sale().invoice
    assert sale(ID=17).invoice == "17"
    assert sale(ID="Ab").invoice != sale(ID="aB").invoice
    first, second = sale(ID="x" * 100_000), sale(ID="x" * 100_001)
    assert first.invoice != second.invoice
    assert len(first.invoice) < 100


def test_the_digest_is_of_the_content() -> None:
    turned = dict(reversed(json.loads(REDEEM).items()))
    assert sale().digest == parse_sale(read_object(json.dumps(turned, indent=2).encode())).digest
    assert sale().digest != sale(Note="x").digest


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        ({"ID": "1", "Code": "A"}, True),
        ({"ID": None, "Code": "A"}, False),
        ({"Code": "A"}, False),
        ({"ID": []}, True),
        ({"Coupon": "A"}, True),
        ({"Outlet": "A"}, None),
        ({}, None),
    ],
)
def test_the_body_of_the_bare_address_decides(found: Any, answer: bool | None) -> None:
    assert is_sale(read_object(json.dumps(found).encode())) is answer


def test_the_case_of_a_key_is_no_matter() -> None:
    assert parse_sale(read_object(b'{"id": "7", "COUPON": "A"}')).invoice == "7"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"hello", "not_json"),
        (b"[]", "not_object"),
        (b'"x"', "not_object"),
        (b"null", "not_object"),
        (b'{"Code": "A\0"}', "nul"),
        (b'{"Code": "\xff"}', "not_utf8"),
        ('{"Code": "A"}'.encode("utf-16"), "nul"),
        (b'{"a":' + b"[" * 100_000, "too_deep"),
        (b'{"a":' * 32 + b"{}" + b"}" * 32, "too_deep"),
        (b'{"Code": "' + b"x" * 10**6 + b'"}', "too_long"),
    ],
    ids=str,
)
def test_a_body_that_cannot_be_read_has_its_reason(body: bytes, reason: str) -> None:
    with pytest.raises(BadBody) as refused:
        read_object(body)
    assert refused.value.reason == reason


def test_a_body_at_the_limits_is_read() -> None:
    assert read_object(b'{"a":' * 31 + b"{}" + b"}" * 31)
    assert read_object(b'\xef\xbb\xbf{"Code": "a\nb"}') == {"code": "a\nb"}


def test_the_invoice_of_a_body_that_was_cut_is_found() -> None:
    assert find_invoice(REDEEM[:80]) == "e0211b45-358e-4d5c-bf5b-8a31404b125e"
    assert find_invoice(b'{"id" : 17, "x') == "17"
    for body in (b'{"Code": "ID"}\xff\0', b'{"ID": null', b'{"ID": []', b'{"ID": "e0'):
        assert find_invoice(body) == ""


TEXTS = st.text("aZ0é \n\0\ud800:-{}Yes", max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner),
    max_leaves=12,
)


@settings(max_examples=100)
@given(
    st.dictionaries(st.sampled_from([*json.loads(REDEEM), *json.loads(VALIDATE)]), JSON, max_size=8)
)
def test_any_object_is_understood_somehow(body: dict[str, Any]) -> None:
    found = read_object(json.dumps(body).encode())
    asked, sold = parse_question(found), parse_sale(found)
    for text in (asked.code, sold.invoice, sold.number):
        text.encode()
        assert "\0" not in text


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(BadBody):
        assert isinstance(read_object(body), dict)
    find_invoice(body)
