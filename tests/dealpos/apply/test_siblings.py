"""No variant that the shop does not show is lost to an update of its product.

The worst that the documentation leaves open: reads of a product hide discontinued variants, and
its update deletes what it does not list (dealpos-api.md §6.2, §14 #21).
"""

from __future__ import annotations

from typing import Any

import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.dealpos.reading.live_builder import LiveBuilder
from dealpos_reconciler.dealpos.reading.proof import mark_complete_parents
from dealpos_reconciler.dealpos.reading.reader import Reader
from dealpos_reconciler.kinds import KINDS
from tests.support.shop import MakeShop, Shop

WORST: dict[str, Any] = {
    "product_reads_hide_discontinued_variants": True,
    "product_put_variants": "replace",
    "put_omitted": "clear",
}
P = Address("product", "P")
LEAN = {"product_list_rows": "lean", "variant_list_rows": "lean", "variant_batch_rows": "lean"}


def seed(of: str = "P") -> dict[str, Any]:
    """Two products of two variants on sale; one of them has a discontinued one as well.

    One variant has a display name of its own, so that reads are known to show such names.
    """
    products = {
        code: {
            "Code": code,
            "Name": f"Tea {code}",
            "Category": "Drinks",
            "Variants": [
                {"Code": f"{code}A", "Model": "A", "UnitPrice": 100},
                {"Code": f"{code}B", "Model": "B", "UnitPrice": 200, "Name": f"Strong {code}"},
            ],
        }
        for code in "PQ"
    }
    retired = {"Code": "PZ", "Model": "Z", "UnitPrice": 300, "Discontinued": True}
    products[of]["Variants"].append({**retired, "UnitCost": 9, "Description": "last year's"})
    return {"categories": [{"Name": "Drinks"}], "products": list(products.values())}


PRICES = "{code: PA, unit_price: 110}, {code: PB, unit_price: 210}"


def files(variants: str, more: str = "") -> str:
    return f"products: [{{code: P, {more}variants: [{variants}]}}]"


def sent(shop: Shop) -> list[str]:
    """The writes of a plan and the objects that each is for."""
    return [r.operation for step in shop.steps(shop.plan()) for r in step.requests]


def test_prices_are_written_one_by_one_and_nothing_is_lost(open_shop: MakeShop) -> None:
    shop = open_shop(seed(), files(PRICES), **WORST)
    before = shop.item("variants", "PZ")
    plan = shop.plan()
    assert plan.notes == ()
    assert sent(shop) == ["variant.update", "variant.update"]
    assert shop.apply(plan).complete
    assert shop.item("variants", "PZ") == before
    assert shop.item("variants", "PA")["UnitPrice"] == 110
    assert shop.plan().empty


def test_a_needed_update_says_what_it_may_cost_before_anything_is_sent(open_shop: MakeShop) -> None:
    shop = open_shop(seed(), files(PRICES, "name: Black Tea, "), **WORST)
    (warning,) = shop.plan().warnings
    assert warning.addresses == (Address("product", "P"),)
    assert "DealPOS may delete any variant that is missing from it" in warning.message
    assert warning.message.endswith("If any exist in DealPOS, declare them first.")
    assert not [path for method, path, _ in shop.twin.calls if method == "PUT"]
    assert sent(shop) == ["product.update"]


@pytest.mark.parametrize("rows", [{}, LEAN], ids=["full", "lean"])
@pytest.mark.parametrize("more", ["", "name: Black Tea, "], ids=["optional", "needed"])
def test_as_the_note_says_what_is_declared_is_kept(
    open_shop: MakeShop, rows: dict[str, str], more: str
) -> None:
    """All of it: also what no file says of the variant, however little lists show."""
    shop = open_shop(seed(), files(f"{PRICES}, {{code: PZ}}", more), **WORST, **rows)
    before = shop.item("variants", "PZ")
    plan = shop.plan()
    assert P not in shop.read().children_complete
    assert all("hides some discontinued variants (PZ)" in w.message for w in plan.warnings)
    assert len(plan.warnings) == bool(more)
    assert plan.notes == ()
    report = shop.apply(plan)
    assert report.complete
    assert report.requests == shop.cost(plan).requests
    follows = {"Name": "Black Tea"} if more else {}
    assert shop.item("variants", "PZ") | follows == before | follows
    assert shop.plan().empty


def test_where_no_read_shows_all_of_a_hidden_variant_the_update_is_withheld(
    open_shop: MakeShop,
) -> None:
    missing = frozenset({"GET /Variant/Code", "GET /Variant/Detail"})
    text = "products: [{code: P, name: Black Tea, variants: [{code: PZ}]}]"
    shop = open_shop(seed(), text, missing_operations=missing, **WORST, **LEAN)
    before = shop.show()
    ((address, why),) = shop.plan().blocked
    assert address == P
    assert "the update could clear `description` of variant/PZ" in why
    shop.apply()
    assert shop.show() == before


BOTH = files(PRICES)[:-1] + ", {code: Q, variants: [{code: QA, unit_price: 5}]}]"


@pytest.mark.parametrize("words", [False, True], ids=["booleans", "words"])
@pytest.mark.parametrize(
    ("of", "text", "rows"),
    [
        ("P", files(PRICES), {}),
        ("Q", files(PRICES), {}),
        ("P", files(PRICES), LEAN),
        ("Q", BOTH, LEAN),  # read by itself, as it changes too
    ],
    ids=["its own", "another's", "its own detail", "another's detail"],
)
def test_a_discontinued_variant_inside_a_product_proves_that_none_is_hidden(
    open_shop: MakeShop, of: str, text: str, rows: dict[str, str], words: bool
) -> None:
    shop = open_shop(seed(of=of), text, booleans_as_words=words, **rows)
    assert P in shop.read().children_complete
    assert sent(shop)[0] == "product.update"
    assert (shop.plan().warnings, shop.plan().notes) == ((), ())
    assert shop.apply().complete
    assert shop.plan().empty


@pytest.mark.parametrize("words", [False, True])
def test_variants_on_sale_prove_nothing(open_shop: MakeShop, words: bool) -> None:
    shop = open_shop(seed(), files(PRICES), booleans_as_words=words, **WORST)
    assert shop.read().children_complete == set()


def test_the_proof_costs_no_request(open_shop: MakeShop) -> None:
    spent = {
        open_shop(seed(), files(PRICES), product_reads_hide_discontinued_variants=hides)
        .plan()
        .reads
        for hides in (False, True)
    }
    assert len(spent) == 1


# --- one sort of read may show what the other hides ---

PRODUCT = KINDS["product"]
ALL = {"Code": "P", "Variants": [{"Code": "PA"}, {"Code": "PZ", "Discontinued": True}]}
SOME = {"Code": "P", "Variants": [{"Code": "PA"}]}


@pytest.fixture
def builder(open_shop: MakeShop) -> LiveBuilder:
    """Return the live builder of a new reader."""
    return Reader(open_shop({}).client(), KINDS).builder


@pytest.mark.parametrize("order", [("list", "single"), ("single", "list")])
def test_what_one_read_has_shown_is_not_forgotten_for_another(
    builder: LiveBuilder, order: tuple[str, str]
) -> None:
    take = {
        "list": lambda: builder.add_rows(PRODUCT, [ALL], frozenset(ALL)),
        "single": lambda: builder.add_single(PRODUCT, SOME),
    }
    for read in order:
        take[read]()
    state = builder.live.get(P)
    assert set(state.children) == {"PA", "PZ"}  # type: ignore[union-attr, arg-type]


def test_a_list_that_is_read_again_counts_as_it_is_now(builder: LiveBuilder) -> None:
    for row in (ALL, SOME):
        builder.add_rows(PRODUCT, [row], frozenset(row))
    state = builder.live.get(P)
    assert set(state.children) == {"PA"}  # type: ignore[union-attr, arg-type]


def test_a_list_that_shows_them_does_not_speak_for_single_reads(open_shop: MakeShop) -> None:
    """Another product's list row has one; this product's row has no variants, only its detail."""
    shop = open_shop({}, files(PRICES))
    for read, known in (("list", True), ("single", False)):
        reader = Reader(shop.client(), KINDS)
        reader.builder.add_rows(PRODUCT, [{**ALL, "Code": "Q"}], frozenset(ALL))
        if read == "list":
            reader.builder.add_rows(PRODUCT, [SOME], frozenset(SOME))
        else:
            reader.builder.add_single(PRODUCT, SOME)
        mark_complete_parents(reader, shop.desired(), {"product": {"P"}})
        assert (P in reader.live.children_complete) is known, read


def test_what_two_reads_have_shown_is_whole_by_the_one_that_hides_none(open_shop: MakeShop) -> None:
    shop = open_shop({}, files(PRICES))
    reader = Reader(shop.client(), KINDS)
    reader.builder.add_rows(PRODUCT, [ALL], frozenset(ALL))
    reader.builder.add_single(PRODUCT, SOME)
    reader.builder.add_single(PRODUCT, {**SOME, "Code": "Q"})
    mark_complete_parents(reader, shop.desired(), {"product": {"P", "Q"}})
    assert reader.live.children_complete == {P}


def test_a_hidden_variant_speaks_against_the_sort_of_read_that_hid_it(open_shop: MakeShop) -> None:
    shop = open_shop({}, files("{code: PA}, {code: PH}"))
    reader = Reader(shop.client(), KINDS)
    reader.builder.add_rows(PRODUCT, [{**ALL, "Code": "Q"}, SOME], frozenset(ALL))
    mark_complete_parents(reader, shop.desired(), {"product": {"P", "Q"}})
    assert reader.live.children_complete == {P, Address("product", "Q")}
    reader.live.children_complete.clear()
    reader.builder.add_rows(KINDS["variant"], [{"Code": "PH", "Discontinued": True}], frozenset())
    mark_complete_parents(reader, shop.desired(), {"product": {"P", "Q"}})
    assert reader.live.children_complete == set()
