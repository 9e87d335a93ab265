"""Rewrites by the server are reported once, remembered, and not planned again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.plan.approved import Approved, compare_approved, desired_from_approved
from dealpos_reconciler.core.plan.build import build_plan
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger import rewrites as memory
from tests.support.shop import MakeShop, Shop

SHOP: dict[str, Any] = {
    "outlets": [{"Name": "Kemang"}],
    "categories": [{"Name": "Drinks"}],
    "products": [
        {
            "Code": "P",
            "Name": "Tea",
            "Category": "Drinks",
            "ImageURL": "https://me.example/tea.jpg",
            "Variants": [{"Code": "PA", "Model": "Box", "UnitPrice": 100}],
        }
    ],
    "customers": [{"Code": "C", "Name": "One", "Email": "o@example.com"}],
    "coupons": [{"Code": "K", "Type": "DiscountAmount", "Discount": 5, "Limit": 10, "Balance": 7}],
}
UNTIDY = {
    "product/P": 'products: [{code: P, name: "Kopi  Susu "}]',
    "variant/PA": 'products: [{code: P, variants: [{code: PA, model: "Kopi  Susu "}]}]',
    "product/N": 'products: [{code: N, category: Drinks, name: "Kopi  Susu "}]',
    "customer/C": 'customers: [{code: C, name: "Kopi  Susu "}]',
    "coupon/K": """
        coupons:
          - {code: K, type: DiscountAmount, discount: 5, limit: 10, minimum_amount: 0,
             description: "Kopi  Susu "}
    """,
}


def notes(report: Any) -> list[str]:
    return [outcome.message for outcome in report.outcomes]


def asked(shop: Shop) -> list[tuple[str, str]]:
    return [(str(c.address), f.name) for c in shop.plan().changes for f in c.fields]


@pytest.mark.parametrize("how", ["trim", "collapse", "upper", "lower", "decompose"])
@pytest.mark.parametrize("address", UNTIDY)
def test_a_harmless_rewriting_is_said_once_and_not_asked_for_again(
    open_shop: MakeShop, address: str, how: str
) -> None:
    shop = open_shop(SHOP, UNTIDY[address].replace("Susu", "Süsu"), rewrite_text=how)
    report = shop.apply()
    assert report.complete
    (said,) = notes(report)
    assert "DealPOS stored" in said
    for _ in range(2):
        assert asked(shop) == []
        assert shop.plan().blocked == ()
        shop.apply()
    if how in ("upper", "lower"):
        assert any("as seen after an earlier apply" in note for note in shop.plan().notes)


@pytest.mark.parametrize("how", ["trim", "collapse", "decompose"])
@pytest.mark.parametrize("address", UNTIDY)
def test_what_nobody_sees_needs_no_memory(open_shop: MakeShop, address: str, how: str) -> None:
    shop = open_shop(SHOP, UNTIDY[address].replace("Susu", "Süsu"), rewrite_text=how)
    assert shop.apply().complete
    shop.kept = {name: {p: v for p, v in old.items() if p == ("limit",)}
                 for name, old in shop.kept.items()}  # fmt: skip
    plan = shop.plan()
    assert plan.empty
    assert any("white space or Unicode form" in note for note in plan.notes)


def test_the_note_says_what_is_kept(open_shop: MakeShop) -> None:
    shop = open_shop(SHOP, "products: [{code: P, name: Kopi Susu}]", rewrite_text="upper")
    assert notes(shop.apply()) == ['DealPOS stored `name` "Kopi Susu" as "KOPI SUSU"']
    # Written again with another change, it is no news.
    shop.write("products: [{code: P, name: Kopi Susu, brand: X}]")
    assert notes(shop.apply()) == [""]
    assert asked(shop) == []


def test_without_memory_another_letter_case_is_asked_for_again(open_shop: MakeShop) -> None:
    """Only the user knows whether "kopi" was meant to become "Kopi"."""
    shop = open_shop(SHOP, "products: [{code: P, name: Kopi Susu}]", rewrite_text="upper")
    shop.apply()
    shop.kept = {}
    assert asked(shop) == [("product/P", "name")]
    report = shop.apply()
    assert report.complete  # it reads as before: that is what this server keeps
    assert asked(shop) == []


@pytest.mark.parametrize("how", ["none", "upper"])
def test_an_edit_of_letter_case_is_asked_for(open_shop: MakeShop, how: str) -> None:
    shop = open_shop(SHOP, "products: [{code: P, name: kopi susu}]", rewrite_text=how)
    shop.apply()
    shop.write("products: [{code: P, name: Kopi Susu}]")
    assert asked(shop) == [("product/P", "name")]
    assert shop.apply().complete
    assert asked(shop) == []
    assert shop.item("products", "P")["Name"] == ("Kopi Susu" if how == "none" else "KOPI SUSU")


def test_when_the_shop_moves_the_two_are_compared_again(open_shop: MakeShop) -> None:
    shop = open_shop(SHOP, "products: [{code: P, name: Kopi Susu}]", rewrite_text="upper")
    shop.apply()
    store = shop.twin.store
    row = store.get("product", "P")
    store.put("product", {**row.payload, "Name": "TEH"})
    (change,) = shop.plan().changes
    assert [(f.before, f.after) for f in change.fields] == [("TEH", "Kopi Susu")]


def test_a_case_edit_that_a_product_update_does_not_do_is_written_alone(
    open_shop: MakeShop,
) -> None:
    data = json.loads(json.dumps(SHOP))
    data["products"][0]["Variants"] += [{"Code": "PB", "Model": "bag"}]
    text = "products: [{code: P, variants: [{code: PA, model: BOX}, {code: PB, model: Bag}]}]"
    shop = open_shop(data, text, product_put_variants="ignore")
    report = shop.apply()
    assert report.complete
    assert notes(report) == ["", ""]
    assert shop.item("variants", "PA")["Model"] == "BOX"
    assert asked(shop) == []


# --- texts that the shop cuts ---------------------------------------------------------------------

LONG = "Kopi Susu Gula Aren"
CUT = {
    "product/P": "products: [{code: P, name: TEXT, variants: [{code: PA}]}]",
    "product/N": "products: [{code: N, category: Drinks, name: TEXT}]",
    "variant/PA": "products: [{code: P, variants: [{code: PA, model: TEXT}]}]",
    "customer/C": "customers: [{code: C, name: TEXT}]",
    "customer/D": "customers: [{code: D, name: New, city: TEXT}]",
}


@pytest.mark.parametrize("address", CUT)
def test_a_text_that_the_shop_cuts_is_said_once_and_kept(open_shop: MakeShop, address: str) -> None:
    shop = open_shop(SHOP, CUT[address].replace("TEXT", LONG), rewrite_text="cut")
    report = shop.apply()
    assert report.complete
    (said,) = filter(None, notes(report))
    assert said.startswith("DealPOS stored `")
    if not address.startswith("customer"):
        assert said.endswith('"Kopi Susu Gula Aren" as "Kopi Susu Gu"')
    for _ in range(2):
        assert shop.plan().settled
        assert any("as seen after an earlier apply" in note for note in shop.plan().notes)
    shop.write(CUT[address].replace("TEXT", "Kopi Tubruk"))
    assert len(asked(shop)) == 1


@pytest.mark.parametrize("address", CUT)
def test_a_cut_text_that_a_hand_changes_is_drift(open_shop: MakeShop, address: str) -> None:
    shop = open_shop(SHOP, CUT[address].replace("TEXT", LONG), rewrite_text="cut")
    shop.apply()
    kind, _, code = address.partition("/")
    store, key = shop.twin.store, "Model" if kind == "variant" else "Name"
    payload = store.get(kind, code).payload
    key = "City" if code == "D" else key
    store.put(kind, {**payload, key: "Kopi Susu G"})
    assert [name for _, name in asked(shop)] == [key.lower()]


def test_a_text_that_is_known_to_be_cut_is_neither_news_nor_sent_alone(
    open_shop: MakeShop,
) -> None:
    text = "products: [{code: P, variants: [{code: PA, model: TEXT, unit_price: PRICE}]}]"
    text = text.replace("TEXT", LONG)
    shop = open_shop(SHOP, text.replace("PRICE", "100"), rewrite_text="cut")
    shop.apply()
    shop.write(text.replace("PRICE", "105"))
    report = shop.apply()
    assert report.complete
    assert notes(report) == [""]
    assert not shop.listener.waits
    assert shop.plan().settled


@pytest.mark.parametrize("address", CUT)
def test_an_old_text_that_stays_is_not_called_a_cut_one(open_shop: MakeShop, address: str) -> None:
    """A server that ignores the field shows the same as one that cuts it: the old value."""
    if address in ("product/N", "customer/D"):
        return
    shop = open_shop(SHOP, CUT[address].replace("TEXT", "Kopi"))
    assert shop.apply().complete
    shop.write(CUT[address].replace("TEXT", LONG))
    shop.twin.choices = shop.twin.choices.with_changes(read_lag_seconds=9000, list_lag_seconds=9000)
    shop.clock.now += 9000
    report = shop.apply()
    assert {outcome.status for outcome in report.outcomes} == {"unverified"}
    assert "stored" not in " ".join(notes(report))
    assert shop.plan().changes == ()
    assert "not tried again" in str(shop.plan().blocked)


@pytest.mark.parametrize("stored", ["Teh", "KOPI SUSU GULA AREN BARU", "", "Gula Kopi"])
def test_a_text_that_is_no_part_of_what_was_sent_is_a_failure(stored: str) -> None:
    from dealpos_reconciler.core.diff.change import create_object
    from dealpos_reconciler.core.diff.diff import equivalent_rewrites

    change = create_object(KINDS["product"], Address("product", "P"), {"name": LONG}, "", None)
    assert equivalent_rewrites(KINDS["product"], change, {"name": stored}, settled=True) == {}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (LONG, "Kopi Susu Gu"),
        (LONG, "KOPI SUSU G…"),
        ("Kopi & Roti", "Kopi &amp; Roti"),
        ("Kopi ☕ Susu", "Kopi ? Susu"),
        ("Kopi ☕ Susu", "Kopi Susu"),
        ("Crème brûlée", "Creme brulee"),
    ],
)
def test_what_is_left_of_a_text_is_known_once_reads_are_settled(sent: str, stored: str) -> None:
    from dealpos_reconciler.core.diff.change import create_object
    from dealpos_reconciler.core.diff.diff import equivalent_rewrites

    change = create_object(KINDS["product"], Address("product", "P"), {"name": sent}, "", None)
    for settled in (False, True):
        found = equivalent_rewrites(KINDS["product"], change, {"name": stored}, settled=settled)
        assert bool(found) is settled


PRICES = "products: [{code: P, variants: [{code: PA, unit_price: 17999.5, outlet_prices: {OUT}}]}]"


def test_a_rounded_price_is_remembered_and_keeps_its_other_members(open_shop: MakeShop) -> None:
    outlet = "Kemang: {price: 15000.25, extra_cost: 7}"
    shop = open_shop(SHOP, PRICES.replace("OUT", outlet), fractions="round")
    (said,) = notes(shop.apply())
    assert "DealPOS stored `unit_price` 17999.5 as 18000" in said
    assert "DealPOS stored `outlet_prices.Kemang.price` 15000.25 as 15000" in said
    shop.write(PRICES.replace("OUT", "Kemang: {price: 15000.25}"))
    assert asked(shop) == []
    shop.write(PRICES.replace("OUT", "Kemang: {price: 15000.25}").replace("PA,", "PA, weight: 3,"))
    assert shop.apply().complete
    (price,) = shop.item("variants", "PA")["OutletPrice"]
    assert price == {"Outlet": "Kemang", "Price": 15000, "ExtraCost": 7}
    shop.write(PRICES.replace("OUT", "Kemang: {price: 15000.75}"))
    assert asked(shop) == [("variant/PA", "outlet_prices.Kemang.price")]


def test_a_price_in_cents_is_compared_where_the_shop_keeps_cents(open_shop: MakeShop) -> None:
    shop = open_shop(SHOP, PRICES.replace("OUT", ""), fractions="keep")
    assert notes(shop.apply()) == [""]
    shop.write(PRICES.replace("OUT", "").replace("17999.5", "17999.25"))
    assert asked(shop) == [("variant/PA", "unit_price")]


# --- images ---------------------------------------------------------------------------------------

IMAGE = "products: [{code: P, image_url: 'https://me.example/NAME.jpg'}]"


@pytest.mark.parametrize("rehosted", [True, False])
def test_an_image_is_compared_by_what_was_last_written(open_shop: MakeShop, rehosted: bool) -> None:
    shop = open_shop(SHOP, IMAGE.replace("NAME", "new"), rehost_images=rehosted)
    assert asked(shop) == []  # nobody knows what was written last
    assert any("`image_url` cannot be checked for drift" in note for note in shop.plan().notes)
    shop.write(IMAGE.replace("NAME", "new").replace("P,", "P, brand: X,"))
    assert shop.apply().complete
    assert asked(shop) == []
    assert not any("image_url" in note for note in shop.plan().notes)
    shop.write(IMAGE.replace("NAME", "newer").replace("P,", "P, brand: X,"))
    assert asked(shop) == [("product/P", "image_url")]
    assert shop.apply().complete
    assert shop.item("products", "P")["ImageURL"] == "https://me.example/newer.jpg"
    assert asked(shop) == []


def test_the_images_of_a_new_product_are_known_from_the_start(open_shop: MakeShop) -> None:
    text = "products: [{code: N, name: N, category: Drinks, extra_images_url: ['ONE']}]"
    shop = open_shop(SHOP, text.replace("ONE", "https://me.example/1.jpg"))
    assert shop.apply().complete
    assert asked(shop) == []
    shop.write(text.replace("ONE", "https://me.example/2.jpg"))
    assert asked(shop) == [("product/N", "extra_images_url")]


def test_without_memory_an_image_is_left_alone(open_shop: MakeShop) -> None:
    shop = open_shop(SHOP, IMAGE.replace("NAME", "new").replace("P,", "P, brand: X,"))
    shop.apply()
    shop.kept = {}
    shop.write(IMAGE.replace("NAME", "newer"))
    assert asked(shop) == []


# --- the file -------------------------------------------------------------------------------------


def test_what_is_remembered_survives_the_file_and_holds_no_customer_data(
    open_shop: MakeShop,
) -> None:
    text = """
        customers: [{code: C, name: Ayu Lestari, city: Bandung}]
        products: [{code: P, name: Kopi, variants: [{code: PA, unit_price: 17999.5}]}]
    """
    shop = open_shop(SHOP, text, rewrite_text="upper", fractions="round")
    report = shop.apply()
    assert asked(shop) == []
    held = (shop.state.path / memory.FILE).read_text().lower()
    assert "customer/c" in held
    assert "kopi" in held
    for private in ("ayu", "lestari", "bandung"):
        assert private not in held
        assert private not in " ".join(notes(report)).lower()
    shop.write(text.replace("Ayu", "Ani"))
    assert asked(shop) == [("customer/C", "name")]


def test_what_a_read_does_not_show_stays_remembered(open_shop: MakeShop) -> None:
    """A lean read after another change shows no description, which is kept in upper case."""
    text = "products: [{code: P, description: soft, name: NAME, variants: [{code: PA}]}]"
    shop = open_shop(SHOP, text.replace("NAME", "Tea"), rewrite_text="upper",
                     product_list_rows="lean")  # fmt: skip
    assert shop.apply().complete
    shop.write(text.replace("NAME", "Teh"))
    assert shop.apply().complete
    assert asked(shop) == []


def test_what_a_coupon_has_left_is_remembered_where_its_minimum_is_not_shown(
    open_shop: MakeShop,
) -> None:
    text = "coupons: [{code: K, type: DiscountAmount, discount: 6, limit: 10, minimum_amount: 0}]"
    shop = open_shop(SHOP, text, coupon_list_has_minimum=False)
    report = shop.apply()
    assert report.verified == 0
    assert shop.item("coupons", "K")["Limit"] == 7
    assert asked(shop) == []


def test_an_approved_image_is_written_once(open_shop: MakeShop) -> None:
    shop = open_shop(SHOP, IMAGE.replace("NAME", "new").replace("P,", "P, brand: X,"))
    shop.apply()
    shop.write(IMAGE.replace("NAME", "newer"))
    (change,) = shop.plan().changes
    approved = Approved(
        change.address, change.action, ("image_url",), change.before, change.after, change.source
    )
    desired = desired_from_approved([approved], Desired(), KINDS)
    assert compare_approved([approved], shop.read(), {}, KINDS) == ([], [])
    plan, _ = build_plan(desired, shop.read(), KINDS, "sandbox")
    assert shop.apply(plan).complete
    assert shop.item("products", "P")["ImageURL"] == "https://me.example/newer.jpg"


OUTLET = "outlet_prices: {Kemang: {price: 15033}}"


def rounding(open_shop: MakeShop, text: str, step: int = 100, **choices: Any) -> Shop:
    data = json.loads(json.dumps(SHOP))
    data["products"][0]["Variants"][0]["UnitPrice"] = 10500
    return open_shop(data, f"products: [{text}]", money_step=step, **choices)


@pytest.mark.parametrize(("step", "stored"), [(10, 10630), (50, 10650), (500, 10500)])
def test_a_price_that_the_shop_rounds_to_coins_is_said_once(
    open_shop: MakeShop, step: int, stored: int
) -> None:
    text = "{code: P, variants: [{code: PA, unit_price: 10633}]}"
    shop = rounding(open_shop, text, step)
    assert notes(shop.apply()) == [f"DealPOS stored `unit_price` 10633 as {stored}"]
    assert shop.plan().settled
    shop.write(f"products: [{text.replace('PA,', 'PA, weight: 3,')}]")
    report = shop.apply()
    assert report.complete
    assert notes(report) == [""]
    assert shop.plan().settled


def test_every_price_of_new_and_old_objects_may_be_rounded(open_shop: MakeShop) -> None:
    text = f"""
        {{code: P, variants: [{{code: PA, unit_cost: 3033, order_price: 3033, {OUTLET}}}]}},
        {{code: N, name: Nasi, category: Drinks,
          variants: [{{code: NA, unit_price: 20033, {OUTLET}}}]}}
    """
    shop = rounding(open_shop, text)
    report = shop.apply()
    assert report.complete, notes(report)
    said = " ".join(notes(report))
    for written, stored in [(3033, 3000), (20033, 20000), (15033, 15000)]:
        assert f"{written} as {stored}" in said
    assert shop.plan().settled


def test_a_price_that_stays_as_it_was_is_believed_after_the_last_pause(
    open_shop: MakeShop,
) -> None:
    """The shop had 10500, the files say 10533, and the shop makes 10500 of it."""
    shop = rounding(open_shop, "{code: P, variants: [{code: PA, unit_price: 10533}]}")
    report = shop.apply()
    assert report.complete
    assert notes(report) == ["DealPOS stored `unit_price` 10533 as 10500"]
    assert sum(seconds for seconds, _ in shop.listener.waits) == 31
    assert shop.plan().settled


@pytest.mark.parametrize(
    ("written", "stored"), [(10533, 9000), (10533, 10499), (100, 0), (800, 1000), (10533, 0)]
)
def test_another_price_is_no_rounding(written: int, stored: int) -> None:
    from dealpos_reconciler.core.diff.diff import is_equivalent_rewrite

    kind = KINDS["variant"]
    assert not is_equivalent_rewrite(kind, ("unit_price",), written, stored, None)


def test_a_small_sum_may_be_rounded_as_the_price_beside_it_is(open_shop: MakeShop) -> None:
    outlet = "outlet_prices: {Kemang: {price: 15033, extra_cost: 333}}"
    shop = rounding(open_shop, f"{{code: P, variants: [{{code: PA, {outlet}}}]}}")
    report = shop.apply()
    assert report.complete, notes(report)
    assert "`outlet_prices.Kemang.extra_cost` 333 as 300" in notes(report)[0]
    assert shop.plan().settled


@pytest.mark.parametrize("stored", [350, 0, 400])
def test_a_small_sum_that_the_coins_do_not_explain_is_no_rounding(stored: int) -> None:
    from dealpos_reconciler.core.diff.change import create_object
    from dealpos_reconciler.core.diff.diff import equivalent_rewrites

    written = {"code": "PA", "unit_price": 10533, "order_price": 233 if stored else 33}
    change = create_object(KINDS["variant"], Address("variant", "PA"), written, "", None)
    kept = {**written, "unit_price": 10500, "order_price": stored}
    assert list(equivalent_rewrites(KINDS["variant"], change, kept)) == [("unit_price",)]


def test_weights_and_the_terms_of_coupons_are_not_rounded() -> None:
    from dealpos_reconciler.core.diff.diff import is_equivalent_rewrite

    assert not is_equivalent_rewrite(KINDS["variant"], ("weight",), 10533, 10500, None)
    assert not is_equivalent_rewrite(KINDS["variant"], ("components", "A", "qty"), 1005, 1000, None)
    assert not is_equivalent_rewrite(KINDS["coupon"], ("discount",), 10533, 10500, None)


def test_a_price_is_not_called_rounded_while_another_write_does_not_read_back(
    open_shop: MakeShop,
) -> None:
    text = "{code: P, brand: New, variants: [{code: PA, unit_price: 10533}]}"
    shop = rounding(open_shop, text, read_lag_seconds=3000, list_lag_seconds=3000)
    report = shop.apply()
    assert {outcome.status for outcome in report.outcomes} == {"unverified"}
    assert "stored" not in " ".join(notes(report))
    shop.clock.now += 3000
    assert shop.plan().settled
