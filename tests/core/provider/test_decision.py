"""The decision on a coupon: the first reason for a no wins, and a yes is worth what is allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dealpos_reconciler.core.provider.decision import (
    judge_sale,
    offer,
    refuse,
    refuse_hold,
    refuse_unknown,
)
from dealpos_reconciler.core.provider.sentences import (
    PLACEHOLDERS,
    REFUSALS,
    CashierWording,
    unknown_placeholders,
)
from dealpos_reconciler.core.provider.terms import (
    Amount,
    CartItem,
    CodeBatch,
    CouponOffer,
    CouponQuestion,
    Reason,
    Terms,
)

JAKARTA = timezone(timedelta(hours=7))
NOW = datetime(2027, 3, 25, 5, tzinfo=UTC)
WORDING = CashierWording(zone=JAKARTA)
MINE, OTHER = frozenset({"a" * 32}), frozenset({"b" * 32})
REASONS: tuple[Reason, ...] = get_args(Reason)

LEBARAN = Terms("LEBARAN25", "Percentage", 25, maximum_discount=50_000)
QUESTION = CouponQuestion("lebaran25 ", "Outlet1", amount=100_000)

BREAKS: dict[Reason, dict[str, Any]] = {
    "disabled": {"disabled": True},
    "not_yet": {"begins": datetime(2027, 3, 31, 17, tzinfo=UTC)},
    "over": {"ends": datetime(2027, 3, 20, 17, tzinfo=UTC)},
    "outlet": {"outlets": frozenset({"jakarta kemang"})},
    "customer_required": {"limit_per_customer": 1},
    "not_theirs": {"customer": OTHER},
    "minimum": {"minimum_amount": 150_000},
    "nothing_in_cart": {"applies_to": ("1003L",)},
}
"""The terms that break one condition of the question with the customer and the cart below."""

WITH_CART = replace(QUESTION, items=(CartItem("1004P", 1, 100_000),))
TELLS: dict[Reason, str] = {
    "disabled": "LEBARAN25 is no longer accepted",
    "not_yet": "LEBARAN25 is valid from 1 Apr 2027",
    "over": "LEBARAN25 was valid until 20 Mar 2027",
    "outlet": "LEBARAN25 is not valid at Outlet1",
    "customer_required": "LEBARAN25 needs a customer: select one, then enter the code again",
    "not_theirs": "LEBARAN25 belongs to another customer",
    "minimum": "LEBARAN25 needs a purchase of at least 150,000",
    "nothing_in_cart": "LEBARAN25 applies to no item in this cart",
}


def ask(reason: Reason) -> CouponQuestion:
    return WITH_CART if reason == "customer_required" else replace(WITH_CART, customer=MINE)


@pytest.mark.parametrize("reason", BREAKS)
def test_a_broken_condition_is_the_reason_that_is_told(reason: Reason) -> None:
    terms = replace(LEBARAN, **BREAKS[reason])
    refusal = refuse(terms, ask(reason), NOW, WORDING)
    assert refusal is not None
    assert (refusal.reason, refusal.message) == (reason, TELLS[reason])


@settings(max_examples=100)
@given(st.sets(st.sampled_from(sorted(BREAKS)), min_size=1), st.booleans())
def test_the_first_reason_wins(broken: set[Reason], is_known: bool) -> None:
    """Any set of broken conditions is told by the first of it in the documented order."""
    assume(not {"customer_required", "not_theirs"} <= broken or not is_known)
    changes = {name: value for reason in broken for name, value in BREAKS[reason].items()}
    question = replace(WITH_CART, customer=MINE) if is_known else WITH_CART
    if is_known:
        broken -= {"customer_required"}
    elif "not_theirs" in broken:
        broken = broken - {"not_theirs"} | {"customer_required"}
    refusal = refuse(replace(LEBARAN, **changes), question, NOW, WORDING)
    expected = min(broken, key=REASONS.index, default=None)
    assert (refusal and refusal.reason) == expected


def test_a_coupon_without_conditions_is_given_to_anybody() -> None:
    assert refuse(LEBARAN, CouponQuestion("LEBARAN25"), NOW, WORDING) is None


def test_a_code_that_no_release_knows_is_repeated_in_part() -> None:
    refusal = refuse_unknown(CouponQuestion("x" * 10**6), WORDING)
    assert refusal.reason == "unknown"
    assert refusal.message == f"{'x' * 40}… is not a known coupon"


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (datetime(2027, 3, 19, 16, 59, 59, tzinfo=UTC), "not_yet"),
        (datetime(2027, 3, 19, 17, tzinfo=UTC), None),
        (datetime(2027, 4, 5, 16, 59, 59, tzinfo=UTC), None),
        (datetime(2027, 4, 5, 17, tzinfo=UTC), "over"),
    ],
)
def test_the_last_day_is_included_in_the_zone_of_the_shop(
    now: datetime, reason: Reason | None
) -> None:
    begins, ends = (datetime(2027, *day, tzinfo=JAKARTA) for day in ((3, 20), (4, 6)))
    refusal = refuse(replace(LEBARAN, begins=begins, ends=ends), QUESTION, now, WORDING)
    assert (refusal and refusal.reason) == reason
    if refusal and reason == "over":
        assert refusal.message.endswith("until 5 Apr 2027")


def test_a_moment_within_a_day_is_told_with_its_time() -> None:
    begins = datetime(2027, 5, 1, 14, 30, tzinfo=JAKARTA)
    refusal = refuse(replace(LEBARAN, begins=begins), QUESTION, NOW, WORDING)
    assert refusal is not None
    assert refusal.message == "LEBARAN25 is valid from 1 May 2027 14:30"


def test_an_outlet_is_compared_without_case() -> None:
    terms = replace(LEBARAN, outlets=frozenset({"outlet1"}))
    assert refuse(terms, replace(QUESTION, outlet=" OUTLET1"), NOW, WORDING) is None


def test_a_question_without_outlet_is_told_of_this_one() -> None:
    terms = replace(LEBARAN, outlets=frozenset({"outlet1"}))
    refusal = refuse(terms, replace(QUESTION, outlet=""), NOW, WORDING)
    assert refusal is not None
    assert refusal.message == "LEBARAN25 is not valid at this outlet"


@pytest.mark.parametrize("amount", [None, 0, 99_999, Decimal("99999.99")])
def test_a_cart_below_the_minimum_or_unknown_is_refused(amount: Amount | None) -> None:
    terms = replace(LEBARAN, minimum_amount=100_000)
    refusal = refuse(terms, replace(QUESTION, amount=amount), NOW, WORDING)
    assert refusal is not None
    assert refusal.reason == "minimum"


def test_items_that_were_not_understood_refuse_nothing() -> None:
    """The shape of an item is undocumented (API §12), and `ApplyTo` limits the discount anyway."""
    assert refuse(replace(LEBARAN, applies_to=("1003L",)), QUESTION, NOW, WORDING) is None


def test_what_the_store_decides_names_outlet_and_time_of_the_shop() -> None:
    until = datetime(2027, 3, 25, 7, 32, tzinfo=UTC)
    told = refuse_hold(LEBARAN, QUESTION, "in_use", WORDING, outlet="Kemang", until=until)
    assert told.message == "LEBARAN25 is in use at Kemang until 14:32"
    assert refuse_hold(LEBARAN, QUESTION, "used_up", WORDING).message == "LEBARAN25 is used up"


def test_a_code_of_a_batch_is_told_as_it_was_entered() -> None:
    terms = replace(LEBARAN, code="VISIT", batch=CodeBatch(5, 10), message=None)
    question = CouponQuestion("VK123", amount=100_000)
    assert refuse_hold(terms, question, "used_up", WORDING).message == "VK123 is used up"
    assert offer(terms, question, WORDING).message == "VK123: 25 % off, at most 50,000"


# --- the yes


def test_a_percentage_below_its_maximum_stays_one() -> None:
    assert offer(LEBARAN, QUESTION, WORDING) == CouponOffer(
        "Percentage", 25, "LEBARAN25: 25 % off, at most 50,000"
    )


def test_a_percentage_above_its_maximum_becomes_that_amount() -> None:
    given = offer(LEBARAN, replace(QUESTION, amount=200_001), WORDING)
    assert (given.type, given.amount) == ("Amount", 50_000)
    given = offer(LEBARAN, replace(QUESTION, amount=200_000), WORDING)
    assert (given.type, given.amount) == ("Percentage", 25)


def test_an_amount_is_given_before_the_cart_has_items() -> None:
    """A cashier may enter the code first; then the whole amount is promised."""
    terms = Terms("TEN", "Amount", 10_000)
    for amount in (None, 0):
        assert offer(terms, CouponQuestion("TEN", amount=amount), WORDING).amount == 10_000
    assert offer(terms, CouponQuestion("TEN", amount=4_000), WORDING).amount == 4_000


def test_variants_are_named_and_never_by_an_empty_list() -> None:
    assert offer(replace(LEBARAN, applies_to=("1003L",)), QUESTION, WORDING).applies_to == (
        "1003L",
    )
    assert offer(replace(LEBARAN, applies_to=()), QUESTION, WORDING).applies_to is None


def test_the_maximum_is_judged_by_the_items_that_the_coupon_covers() -> None:
    terms = replace(LEBARAN, applies_to=("1003l",))
    items = (CartItem("1003L", 2, 60_000), CartItem("1004P", 1, 900_000))
    given = offer(terms, replace(QUESTION, amount=1_020_000, items=items), WORDING)
    assert (given.type, given.amount) == ("Percentage", 25)
    unknown = replace(items[0], price=None)
    given = offer(terms, replace(QUESTION, amount=1_020_000, items=(unknown,)), WORDING)
    assert (given.type, given.amount) == ("Amount", 50_000)


def test_the_message_of_a_coupon_is_what_the_cashier_reads() -> None:
    terms = replace(LEBARAN, message="25 % off, at most 50,000")
    assert offer(terms, QUESTION, WORDING).message == "25 % off, at most 50,000"


SUMS = st.one_of(st.integers(0, 10**9), st.decimals(0, 10**9, places=2, allow_nan=False))
ITEMS = st.lists(
    st.builds(
        CartItem,
        st.sampled_from(["1003L", "1004P", ""]),
        st.none() | st.integers(-2, 10**4),
        st.none() | SUMS,
    ),
    max_size=4,
).map(tuple)


def worth(given: CouponOffer, base: Amount) -> Amount:
    """Return the discount of an answer as the till computes it (API §12)."""
    exact = Decimal(given.amount)
    return exact * Decimal(base) / 100 if given.type == "Percentage" else exact


def _sums_of(amount: Amount, items: tuple[CartItem, ...]) -> set[Amount]:
    """Return the sums that a till may take for the items 1003L of a cart."""
    if any(not item.code or None in (item.quantity, item.price) for item in items):
        return {amount}
    found = [i for i in items if i.code == "1003L"]
    total = sum(i.price * i.quantity for i in found if i.price and i.quantity)
    return {total, min(amount, total)} if total > 0 else {amount}


UNREAD = CartItem("", None, None)


@example("Percentage", 1, 1, ("1003L",), 101, (CartItem("1003L", 1, 50), UNREAD))
@example(
    "Percentage", 1, 1, ("1003L",), 101, (CartItem("1003L", 1, 50), replace(UNREAD, code="1004P"))
)
@settings(max_examples=100)
@example("Percentage", 25, 50_000, ("1003L",), 150_000, (CartItem("1003L", 1, 300_000),))
@given(
    st.sampled_from(["Percentage", "Amount"]),
    st.integers(0, 100),
    st.none() | SUMS,
    st.none() | st.just(("1003L",)),
    SUMS.filter(lambda amount: amount > 0),
    st.none() | ITEMS,
)
def test_a_yes_is_never_worth_more_than_its_maximum_or_the_cart(
    kind: Any, percent: int, cap: Any, applies_to: Any, amount: Any, items: Any
) -> None:
    terms = Terms("A", kind, percent, maximum_discount=cap, applies_to=applies_to)
    if kind == "Amount":
        terms = replace(terms, amount=percent * 10_000)
    given = offer(terms, CouponQuestion("A", amount=amount, items=items), WORDING)
    sums = _sums_of(amount, items) if applies_to and items is not None else {amount}
    assert worth(given, min(sums)) <= amount
    if kind == "Percentage" and cap is not None:
        assert max(worth(given, covered) for covered in sums) <= cap
    assert given.applies_to != ()


# --- the sale, which has happened

END = datetime(2027, 4, 5, 17, tzinfo=UTC)
HOLD = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("terms", "gross", "discount", "flags"),
    [
        (LEBARAN, 100_000, 25_000, set()),
        (LEBARAN, 100_000, 25_001, set()),  # one unit is rounding
        (LEBARAN, 100_000, Decimal("25001.01"), {"over_discount"}),
        (LEBARAN, 1_000_000, 50_001, set()),
        (LEBARAN, 1_000_000, 50_002, {"over_discount"}),
        (LEBARAN, None, 50_002, {"over_discount"}),
        (LEBARAN, 100_000, None, set()),
        (Terms("TEN", "Amount", 10_000), None, 10_002, {"over_discount"}),
        (Terms("TEN", "Percentage", 10), None, 10**9, set()),  # nothing tells
    ],
)
def test_a_sale_with_more_discount_than_allowed_is_flagged(
    terms: Terms, gross: Amount | None, discount: Amount | None, flags: set[str]
) -> None:
    assert judge_sale(terms, gross, discount, NOW, HOLD) == flags


@pytest.mark.parametrize(
    ("at", "flags"),
    [(END, set()), (END + HOLD - timedelta(seconds=1), set()), (END + HOLD, {"late"})],
)
def test_a_sale_is_late_when_the_hold_of_the_last_moment_has_ended(
    at: datetime, flags: set[str]
) -> None:
    assert judge_sale(replace(LEBARAN, ends=END), 100_000, 0, at, HOLD) == flags


# --- the sentences


def test_both_languages_have_a_sentence_with_the_same_facts_for_each_reason() -> None:
    for reason in REASONS:
        found = [set(texts[reason].split("{")) for texts in REFUSALS.values()]
        assert all(found)
        for texts in REFUSALS.values():
            assert "{code}" in texts[reason]
            assert not unknown_placeholders(reason, texts[reason])
    assert set(REFUSALS["en"]) == set(REFUSALS["id"]) == set(REASONS) == set(PLACEHOLDERS)


def test_indonesian_writes_amounts_and_months_its_own_way() -> None:
    wording = CashierWording("id", zone=JAKARTA)
    terms = replace(LEBARAN, minimum_amount=Decimal("150000.50"))
    refusal = refuse(terms, QUESTION, NOW, wording)
    assert refusal is not None
    assert refusal.message == "LEBARAN25 perlu belanja minimal 150.000,5"
    late = replace(LEBARAN, ends=datetime(2026, 8, 18, tzinfo=JAKARTA))
    refusal = refuse(late, QUESTION, NOW, wording)
    assert refusal is not None
    assert refusal.message == "LEBARAN25 hanya berlaku sampai 17 Agu 2026"
    half = Terms("A", "Percentage", Decimal("12.5"), maximum_discount=50_000)
    assert offer(half, QUESTION, wording).message == "A: diskon 12,5 %, paling banyak 50.000"


def test_a_sentence_of_the_settings_takes_the_place_of_ours() -> None:
    wording = CashierWording(messages={"used_up": "Sorry, {code} is gone at {outlet} {"})
    told = refuse_hold(LEBARAN, QUESTION, "used_up", wording)
    assert told.message == "Sorry, LEBARAN25 is gone at Outlet1 {"


def test_a_placeholder_that_means_nothing_is_named() -> None:
    assert unknown_placeholders("used_up", "{code} {when} {} {code.real}") == ["", "when"]
    assert unknown_placeholders("over", "{date}") == []
