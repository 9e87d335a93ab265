"""A declared coupon as terms, and the release that a plan makes of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealpos_reconciler.core.diff.change import Action, Change
from dealpos_reconciler.core.diff.diff import compare_fields
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Declared, Desired
from dealpos_reconciler.core.model.masked import SecretText
from dealpos_reconciler.core.provider.declared import (
    ShopFacts,
    fill_gaps,
    make_terms,
    resolve_declared,
    rows_of,
)
from dealpos_reconciler.core.provider.options import TillOptions
from dealpos_reconciler.core.provider.problems import find_problems
from dealpos_reconciler.core.provider.publication import Publication, compose_publication
from dealpos_reconciler.core.provider.release import parse_release
from dealpos_reconciler.kinds import KINDS

KIND = KINDS["provider_coupon"]
JAKARTA = ZoneInfo("Asia/Jakarta")
KEY = b"0123456789abcdef0123456789abcdef"
PLACE = Source("catalogue/a.yaml", 3, 5)
CUSTOMER = {"code": "DP-1", "email": "a@example.com", "mobile": "0812345678"}
FACTS = ShopFacts(JAKARTA, "Asia/Jakarta", key=KEY, customers={"DP-1": CUSTOMER})
PLAIN = {"type": "Amount", "amount": 1000}


def declare(**coupons: Mapping[str, Any]) -> Desired:
    """Files with these coupons, one customer, and variants V1 and V2 below Drinks/Coffee."""
    objects = {
        "provider_coupon": {n: Declared({"code": n, **v}, PLACE) for n, v in coupons.items()},
        "customer": {"DP-1": Declared(CUSTOMER, PLACE)},
        "product": {"1": Declared({"code": "1", "category": "Drinks/Coffee"}, PLACE)},
        "variant": {code: Declared({"code": code, "product": "1"}, PLACE) for code in ("V1", "V2")},
    }
    return Desired(objects)


def publish(
    desired: Desired, facts: ShopFacts = FACTS, before: str | None = None, number: int = 0
) -> Publication | None:
    """Publish all coupons that differ from the release `before`, as a plan of these files does."""
    desired = resolve_declared(desired, KIND, KINDS, facts)
    release = parse_release(before) if before else None
    rows = rows_of(release, KIND, desired) if release else {}
    changes = []
    for name, declared in desired.objects["provider_coupon"].items():
        row = rows.get(name)
        value = fill_gaps(KIND, declared.value, row or {})
        if row is None or compare_fields(KIND, value, fill_gaps(KIND, row, value)):
            action = Action.UPDATE if row else Action.CREATE
            address = Address("provider_coupon", name)
            changes.append(Change(address, action, "", (), row, value, declared.source))
    names = list(desired.objects["provider_coupon"])
    return compose_publication("here", number, release, rows, changes, KIND, facts, names)


def terms_of(**value: Any) -> Any:
    desired = resolve_declared(declare(X={**PLAIN, **value}), KIND, KINDS, FACTS)
    return make_terms(desired.objects["provider_coupon"]["X"].value, FACTS)


@pytest.mark.parametrize(
    ("value", "begins", "ends"),
    [
        ({"from": "2027-03-20", "until": "2027-04-05"}, (2027, 3, 19, 17), (2027, 4, 5, 17)),
        (
            {"from": "2027-03-20T10:30", "until": "2027-04-05T18:00"},
            (2027, 3, 20, 3, 30),
            (2027, 4, 5, 11),
        ),
        ({"until": "2027-12-31"}, None, (2027, 12, 31, 17)),
        ({}, None, None),
    ],
)
def test_days_are_those_of_the_shop_and_the_last_one_counts(
    value: dict[str, Any], begins: Any, ends: Any
) -> None:
    terms = terms_of(**value)
    assert terms.begins == (datetime(*begins, tzinfo=UTC) if begins else None)
    assert terms.ends == (datetime(*ends, tzinfo=UTC) if ends else None)


def test_what_a_coupon_refers_to_is_resolved() -> None:
    terms = terms_of(
        outlets=["Jakarta Kemang"], customer="DP-1", applies_to={"categories": ["Drinks"]}
    )
    assert terms.outlets == {"jakarta kemang"}
    assert terms.applies_to == ("V1", "V2")
    assert terms.customer == FACTS.identify("DP-1")
    assert len(terms.customer) == 3
    assert terms_of(applies_to={"variants": ["V2"]}).applies_to == ("V2",)


def test_a_coupon_follows_the_reentry_of_all_unless_it_says_otherwise() -> None:
    facts = ShopFacts(options=TillOptions(reentry="same-outlet"))
    assert make_terms({"code": "X", **PLAIN}, facts).reentry == "same-outlet"
    assert make_terms({"code": "X", **PLAIN, "reentry": "refuse"}, facts).reentry == "refuse"


def test_a_code_under_a_mask_is_published_in_clear_and_said_as_its_mask() -> None:
    code = SecretText("S3CRET", "(from CATALOGUE_CODE)")
    made = publish(declare(**{code: {**PLAIN, "customer": "DP-1"}}))
    assert made is not None
    assert parse_release(made.document).coupons[0].code == "S3CRET"
    other = ShopFacts(JAKARTA, "Asia/Jakarta", key=KEY, customers={"DP-1": {"email": "b@x.com"}})
    again = publish(declare(**{code: {**PLAIN, "customer": "DP-1"}}), other, made.document, 1)
    assert again is not None
    assert again.settings == (
        "provider_coupon/(from CATALOGUE_CODE): other email or phone of its customer",
    )


AMOUNTS = st.integers(1, 10**9) | st.decimals(Decimal("0.01"), 10**6, places=2)
DAYS = st.dates(date(2026, 1, 1), date(2036, 1, 1)).map(str)
COUPONS = st.fixed_dictionaries(
    {"type": st.sampled_from(["Percentage", "Amount"]), "amount": st.integers(1, 100)},
    optional={
        "maximum_discount": AMOUNTS.map(lambda n: int(n) if n == int(n) else n),
        "minimum_amount": st.integers(0, 10**6),
        "limit": st.integers(1, 10**6),
        "limit_per_customer": st.integers(1, 9),
        "from": DAYS,
        "until": DAYS,
        "outlets": st.lists(st.sampled_from(["A", "Jakarta Kemang"]), min_size=1, unique=True),
        "customer": st.just("DP-1"),
        "applies_to": st.sampled_from([{"variants": ["V1"]}, {"categories": ["Drinks/Coffee"]}]),
        "message": st.text("abc é%", max_size=9).map(str.strip),
        "disabled": st.booleans(),
        "reentry": st.sampled_from(["refuse", "same-customer", "same-outlet"]),
        "codes": st.just({"count": 3, "length": 8, "prefix": "VK"}),
    },
)
SHOPS = st.dictionaries(st.sampled_from(["A", "B", "LEBARAN25", "öl"]), COUPONS, max_size=4)


@settings(max_examples=150)
@given(first=SHOPS, second=SHOPS)
def test_what_was_published_needs_no_other_release(first: Any, second: Any) -> None:
    """Whatever was published before, the next plan of the same files is empty."""
    document, number = None, 0
    for coupons in (first, second):
        made = publish(declare(**coupons), before=document, number=number)
        if made is not None:
            document, number = made.document, made.number
        if document is not None:
            assert publish(declare(**coupons), before=document, number=number) is None
            served = {terms.code: terms for terms in parse_release(document).coupons}
            desired = resolve_declared(declare(**coupons), KIND, KINDS, FACTS)
            for name, declared in desired.objects["provider_coupon"].items():
                assert served[name] == make_terms(declared.value, FACTS)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            ShopFacts(JAKARTA, "Asia/Jakarta", TillOptions(reject_status=200, language="id"), KEY),
            ("reject_status 400 → 200", "language en → id"),
        ),
        (ShopFacts(ZoneInfo("UTC"), "UTC", key=KEY), ("timezone Asia/Jakarta → UTC",)),
        (
            ShopFacts(JAKARTA, "Asia/Jakarta", TillOptions(reentry="same-outlet"), KEY),
            ("reentry refuse → same-outlet",),
        ),
    ],
)
def test_settings_that_a_till_notices_are_published_and_said(
    facts: ShopFacts, said: tuple[str, ...]
) -> None:
    files = declare(X={**PLAIN, "until": "2027-01-31", "limit_per_customer": 1})
    made = publish(files)
    assert made is not None
    again = publish(files, facts, made.document, 1)
    assert again is not None
    assert again.settings == said
    assert publish(files, facts, again.document, 2) is None


def test_a_coupon_that_no_file_declares_stays_as_it_was_published() -> None:
    made = publish(declare(X={**PLAIN, "customer": "DP-1"}, Y=PLAIN))
    assert made is not None
    nobody = ShopFacts(JAKARTA, "Asia/Jakarta", key=KEY)
    again = publish(declare(Y={**PLAIN, "limit": 3}), nobody, made.document, 1)
    assert again is not None
    before, after = (
        parse_release(document).coupons for document in (made.document, again.document)
    )
    assert before[0] == after[0]
    assert after[1].limit == 3


@pytest.mark.parametrize(
    ("coupons", "zone", "message"),
    [
        ({"X": {"until": "2027-01-01"}}, None, "`until` needs the time zone of the shop"),
        ({"a": {}, "A": {}}, JAKARTA, "provider_coupon/A has the same code as provider_coupon/a"),
        ({"X": {"customer": "DP-2"}}, JAKARTA, "no file declares an email or a phone number"),
        (
            {"X": {"applies_to": {"categories": ["Food"]}}},
            JAKARTA,
            "no file declares a variant in the category `Food`",
        ),
        (
            {"X": {"from": "2027-03-28T02:30"}},
            ZoneInfo("Europe/Berlin"),
            "clocks skip 2027-03-28T02:30",
        ),
    ],
)
def test_mistakes_that_the_files_alone_tell(coupons: Any, zone: Any, message: str) -> None:
    (found,) = find_problems(declare(**coupons), KIND, KINDS, zone)
    assert message in found.message
    assert found.hint


def test_a_code_cannot_be_a_coupon_of_the_shop_too() -> None:
    desired = declare(TEN=PLAIN)
    shop = {**desired.objects, "coupon": {"ten": Declared({"code": "ten"}, PLACE)}}
    (found,) = find_problems(Desired(shop), KIND, KINDS, JAKARTA)
    assert found.message == "provider_coupon/TEN has the same code as coupon/ten"
