"""The same address in a later layer is a patch; each problem stands at the layer that has it."""

from __future__ import annotations

import pytest

from dealpos_reconciler.catalogue import loader, settings
from dealpos_reconciler.catalogue.files import Files
from dealpos_reconciler.catalogue.parallel import start_parsing
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.errors import SourceError
from tests.support.chain import Chain

PATCH = """\
    products:
      - code: "1003"
        variants:
          - code: 1003L
"""


def patch(fields: str) -> str:
    """Return a patch of one variant."""
    return PATCH + f"            {fields}\n"


def test_a_later_layer_replaces_the_fields_that_it_gives(chain: Chain) -> None:
    chain.write("west", patch("unit_price: 18500"))
    chain.write("own", patch("taxable: false"))
    assert chain.get("variant/1003L").value == {
        "code": "1003L",
        "model": "Large",
        "unit_price": 18500,
        "taxable": False,
        "outlet_prices": {"Dago": {"price": 18500, "extra_cost": 100}},
        "product": "1003",
    }


def test_maps_merge_by_key_and_by_member(chain: Chain) -> None:
    chain.write("west", patch("outlet_prices: {Dago: {extra_cost: 200}, Riau: {price: 19000}}"))
    chain.write("own", patch("outlet_prices: {Dago: {price: 20000}}"))
    assert chain.get("variant/1003L").value["outlet_prices"] == {
        "Dago": {"price": 20000, "extra_cost": 200},
        "Riau": {"price": 19000},
    }


def test_lists_and_other_mappings_are_replaced(chain: Chain) -> None:
    coupon = "coupons: [{code: A, type: DiscountAmount, discount: 5, limit: 2, requires: %s}]"
    chain.write("base", coupon % "{variants: [1003L, 1003S]}", "coupons.yaml")
    chain.write("own", "coupons: [{code: A, requires: {categories: [Drinks]}}]")
    assert chain.get("coupon/A").value["requires"] == {"categories": ["Drinks"]}


def test_every_field_and_every_entry_of_a_map_has_its_place(chain: Chain) -> None:
    chain.write("west", patch("outlet_prices: {Riau: {price: 19000}}"))
    chain.write("own", patch("unit_price: 18500"))
    source = chain.get("variant/1003L").source
    assert source[:2] == ("../../base/menu.yaml", 8)
    own = ("catalogue/menu.yaml", 4)
    west = ("../../west/menu.yaml", 4)
    base = ("../../base/menu.yaml", 8)
    assert {
        path: source.place_of(path)[:2]
        for path in [
            ("unit_price",),
            ("model",),
            ("outlet_prices", "Riau", "price"),
            ("outlet_prices", "Dago", "price"),
            ("outlet_prices", "Unknown"),
        ]
    } == {
        ("unit_price",): own,
        ("model",): base,
        ("outlet_prices", "Riau", "price"): west,
        ("outlet_prices", "Dago", "price"): base,
        ("outlet_prices", "Unknown"): west,
    }


def test_a_layer_can_add_whole_objects(chain: Chain) -> None:
    chain.write(
        "own",
        """\
        products:
          - code: "1003"
            variants: [{code: 1003B, model: Bucket, unit_price: 50000}]
          - code: "1004"
            name: Teh
            category: Drinks
            variants: [{code: "1004", unit_price: 9000}]
        """,
    )
    assert {"1003B", "1004"} <= chain.names("variant")


def test_a_patch_of_nothing_names_what_may_be_meant(chain: Chain) -> None:
    chain.write("west", patch("taxable: true").replace("1003L", "1003l"))
    assert chain.problems() == [
        (
            "../../west/menu.yaml:4:15: variant/1003l is in no layer below",
            "did you mean `1003L`?",
        )
    ]


def test_a_patch_of_nothing_is_told_by_what_a_new_object_needs(chain: Chain) -> None:
    chain.write(
        "west",
        """\
        products:
          - code: "1003"
            variants:
              - {code: 10003L, unit_price: 1}
              - {code: 77, taxable: true}
          - code: "1004"
            brand: House
            variants: [{code: 1004L, taxable: true}]
        """,
    )
    assert chain.problems() == [
        (
            "../../west/menu.yaml:4:16: variant/10003L is in no layer below",
            "did you mean `1003L`? A new variant needs `model` or `name`",
        ),
        (
            "../../west/menu.yaml:5:16: variant/77 is in no layer below",
            "a new variant needs `unit_price`, and `model` or `name`",
        ),
        (
            "../../west/menu.yaml:6:11: product/1004 is in no layer below",
            "did you mean `1003`? A new product needs `name` and `category`",
        ),
    ]


def test_the_first_layer_of_an_object_must_be_whole(chain: Chain) -> None:
    chain.write("base", "products: [{code: X, name: X, variants: [{code: Y}]}]", "more.yaml")
    chain.write("own", "products: [{code: X, category: Drinks}]")
    hint = "the first layer that has an object must declare all that a new one needs"
    assert chain.problems() == [
        ("../../base/more.yaml:1:19: product/X: `category` is missing", hint),
        ("../../base/more.yaml:1:49: variant/Y: `unit_price` is missing", hint),
    ]


def test_an_entry_of_a_map_must_be_whole_after_the_merge(chain: Chain) -> None:
    chain.write("west", patch("outlet_prices: {Riau: {extra_cost: 5}}"))
    (problem,) = chain.problems()
    assert problem[0] == "../../west/menu.yaml:5:31: variant/1003L: `price` is missing"
    chain.write("own", patch("outlet_prices: {Riau: {price: 7}}"))
    prices = chain.get("variant/1003L").value["outlet_prices"]
    assert prices["Riau"] == {"price": 7, "extra_cost": 5}


def test_what_is_wrong_only_as_a_whole_names_all_places(chain: Chain) -> None:
    chain.write("west", patch("type: Standard"))
    chain.write("own", patch("components: {1003S: {qty: 1}}"))
    (problem,) = chain.problems()
    assert problem[0] == (
        "catalogue/menu.yaml:5:21: variant/1003L: `components` allowed only for type Composite or "
        "Manufactured, not Standard (merged from ../../base/menu.yaml:8, ../../west/menu.yaml:4, "
        "catalogue/menu.yaml:4)"
    )


def test_a_variant_stays_in_its_product(chain: Chain) -> None:
    chain.write(
        "own",
        "products: [{code: X, name: X, category: Drinks, variants: [{code: 1003L, model: Large}]}]",
    )
    assert chain.problems() == [
        (
            "catalogue/menu.yaml:1:67: variant/1003L belongs to product/1003 in a layer below: "
            "../../base/menu.yaml:8",
            "write it inside of product/1003",
        )
    ]


def test_a_layer_declares_an_object_once(chain: Chain) -> None:
    chain.write("west", patch("unit_price: 1"))
    chain.write("west", patch("unit_price: 2"), "other.yaml")
    assert chain.problems() == [
        (
            "../../west/other.yaml:4:15: variant/1003L is declared twice in this layer",
            "keep one of the two; the first is at ../../west/menu.yaml:4",
        )
    ]


def test_files_of_a_layer_can_patch_variants_of_one_product(chain: Chain) -> None:
    chain.write("west", patch("unit_price: 1"))
    chain.write("west", patch("unit_price: 2").replace("1003L", "1003S"), "other.yaml")
    desired = chain.load()
    prices = {n: d.value["unit_price"] for n, d in desired.objects["variant"].items()}
    assert prices == {"1003L": 1, "1003S": 2}


def test_the_problems_of_all_layers_come_at_once(chain: Chain) -> None:
    chain.write("base", "productss: []", "a.yaml")
    chain.write("west", patch("unit_price: 18.000"))
    chain.write("own", patch("unit_pric: 5"))
    assert [message.partition(" ")[0] for message, _ in chain.problems()] == [
        "../../base/a.yaml:1:1:",
        "../../west/menu.yaml:5:21:",
        "catalogue/menu.yaml:5:9:",
    ]


class TestOmit:
    def test_it_takes_out_of_this_shop(self, chain: Chain) -> None:
        chain.write("own", "omit: [variant/1003S]")
        assert chain.names("variant") == {"1003L"}

    def test_what_is_nested_goes_with_it(self, chain: Chain) -> None:
        chain.write("own", "omit: [product/1003]")
        assert chain.names("product") == chain.names("variant") == set()

    def test_it_can_only_take_out_what_a_layer_below_has(self, chain: Chain) -> None:
        chain.write("west", "omit: [variant/1003X, variant/1003S, variant/1003S, product, 5]")
        chain.write("own", "omit: [variant/1003S]")
        chain.write("base", "omit: [variant/1003L]", "omit.yaml")
        assert chain.problems() == [
            (
                "../../base/omit.yaml:1:8: omit: variant/1003L is in no layer below",
                "remove the entry",
            ),
            (
                "../../west/menu.yaml:1:8: omit: variant/1003X is in no layer below",
                "did you mean `1003S`?",
            ),
            (
                "../../west/menu.yaml:1:38: omit: variant/1003S is omitted twice, first at "
                "../../west/menu.yaml:1",
                "keep one of the two",
            ),
            (
                "../../west/menu.yaml:1:53: omit: `product` is not a valid address",
                "write kind/name, such as variant/1003L",
            ),
            (
                "../../west/menu.yaml:1:62: omit: `5` is not a valid address",
                "write kind/name, such as variant/1003L",
            ),
            (
                "catalogue/menu.yaml:1:8: omit: variant/1003S is in no layer below",
                "../../west/menu.yaml:1 takes it out already",
            ),
        ]

    def test_a_later_patch_of_what_is_omitted_has_nothing_below(self, chain: Chain) -> None:
        chain.write("west", "omit: [variant/1003L]")
        chain.write("own", patch("unit_price: 5"))
        (problem,) = chain.problems()
        assert problem[0] == (
            "catalogue/menu.yaml:4:15: variant/1003L is in no layer below: "
            "../../west/menu.yaml:1 takes it out"
        )

    def test_a_later_layer_can_declare_it_again(self, chain: Chain) -> None:
        chain.write("west", "omit: [variant/1003L]")
        chain.write("own", patch("{model: New, unit_price: 5}").replace("- code: 1003L\n", "-"))
        chain.write(
            "own",
            """\
            products:
              - code: "1003"
                variants: [{code: 1003L, model: New, unit_price: 5}]
            """,
        )
        assert "outlet_prices" not in chain.get("variant/1003L").value

    def test_it_belongs_in_a_layer(self, chain: Chain) -> None:
        chain.settings = ""
        chain.write("own", "omit: [variant/1003L]")
        assert chain.problems() == [
            (
                "catalogue/menu.yaml:1:1: unknown key `omit`",
                "it belongs in a file of a layer: list the folders under `layers` in "
                "reconciler.yaml",
            )
        ]


class TestDefaults:
    def test_a_value_wins_over_defaults_and_a_later_default_over_an_earlier(
        self, chain: Chain
    ) -> None:
        chain.write("base", "defaults: {variant: {taxable: true, weight: 5, ratio: 2}}", "d.yaml")
        chain.write("west", "defaults: {variant: {weight: 6, ratio: 3}}")
        chain.write("own", patch("taxable: false"))
        chain.settings += "defaults: {variant: {ratio: 4}}\n"
        value = chain.get("variant/1003L").value
        assert (value["taxable"], value["weight"], value["ratio"]) == (False, 6, 4)

    def test_a_layer_sets_a_default_once(self, chain: Chain) -> None:
        chain.write("base", "defaults: {variant: {weight: 5}}", "c.yaml")
        chain.write("base", "defaults: {variant: {weight: 5, oops: 1}}", "d.yaml")
        chain.write("own", "defaults: []")
        assert [message for message, _ in chain.problems()] == [
            "../../base/d.yaml:1:33: unknown key `oops`",
            "catalogue/menu.yaml:1:11: `defaults` must be a mapping",
        ]
        chain.write("base", "defaults: {variant: {weight: 5}}", "d.yaml")
        chain.write("own", "")
        assert chain.problems() == [
            (
                "../../base/d.yaml:1:30: `defaults.variant.weight` is set twice in this layer",
                "keep one of the two; the first is in the section at ../../base/c.yaml:1",
            )
        ]

    def test_they_count_for_what_a_new_object_needs(self, chain: Chain) -> None:
        chain.write("base", "products: [{code: X, name: X}]", "x.yaml")
        chain.write("west", "defaults: {product: {category: Drinks}}")
        assert chain.get("product/X").value["category"] == "Drinks"


class TestRemoved:
    def test_a_later_layer_removes_what_a_layer_below_declares(self, chain: Chain) -> None:
        chain.write("own", "removed: [variant/1003S, {address: product/9, delete: true}]")
        desired = chain.load()
        assert Address("variant", "1003S") not in dict(desired)
        assert {str(a): r.delete for a, r in desired.removals.items()} == {
            "variant/1003S": False,
            "product/9": True,
        }

    def test_a_later_layer_declares_again_what_a_layer_below_removes(self, chain: Chain) -> None:
        chain.write("base", "removed: [category/Food]", "removed.yaml")
        chain.write("own", "categories: [{name: Food}]")
        assert chain.load().removals == {}

    def test_a_later_entry_wins(self, chain: Chain) -> None:
        chain.write("base", "removed: [category/Food]", "removed.yaml")
        chain.write("own", "removed: [{address: category/Food, delete: true}]")
        (removal,) = chain.load().removals.values()
        assert removal.delete

    def test_one_layer_does_not_say_both(self, chain: Chain) -> None:
        chain.write("own", "{categories: [{name: Food}], removed: [category/Food]}")
        assert [message for message, _ in chain.problems()] == [
            "catalogue/menu.yaml:1:40: removed: category/Food is removed here and declared at "
            "catalogue/menu.yaml:1"
        ]


def test_exceptions_of_all_layers_hold_and_a_later_one_takes_the_place_of_its_like(
    chain: Chain,
) -> None:
    entry = "allow: [{rule: changes, reason: %s, until: 2030-01-01}%s]"
    chain.write(
        "base", entry % ("old", ", {rule: removals, reason: r, until: 2030-01-01}"), "a.yaml"
    )
    chain.write("own", entry % ("new", ""))
    assert [(a.rule, a.reason) for a in chain.load().allowances] == [
        ("removals", "r"),
        ("changes", "new"),
    ]


def test_a_former_name_is_kept_by_a_patch(chain: Chain) -> None:
    chain.write("base", "categories: [{name: Food, was: Foods}]", "c.yaml")
    chain.write("own", "categories: [{name: Food, code: F}]")
    assert chain.get("category/Food").was == "Foods"
    chain.write("own", "categories: [{name: Food, was: Meals}]")
    assert chain.get("category/Food").was == "Meals"


def test_a_code_that_one_layer_hides_is_hidden_in_all(chain: Chain) -> None:
    coupon = "coupons: [{code: GEHEIM, type: DiscountAmount, discount: 5, limit: 2, secret: true}]"
    chain.write("base", coupon, "coupons.yaml")
    chain.write("own", "coupons: [{code: GEHEIM, discount: 6, description: GEHEIM}]")
    (declared,) = chain.load().objects["coupon"].values()
    assert declared.value["discount"] == 6
    assert "GEHEIM" not in f"{declared.value}"


def test_the_cache_keeps_what_a_layer_omits(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("RECONCILER_CACHE", "on")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    menu = f"    # cheaper\n\n{patch('unit_price: 5')}\n    omit: [variant/1003S]\n"
    chain.write("own", menu)
    chain.load()
    first = loader.load(settings.load(chain.root), start_parsing(chain.root))
    parsing = start_parsing(chain.root)
    assert parsing is not None
    assert {path.name for path in parsing.pending} == {"empty.yaml"}
    second = loader.load(settings.load(chain.root), parsing)
    assert dict(second) == dict(first)
    assert second.taken_out.keys() == {Address("variant", "1003S")}
    (place,) = {Files(chain.root).locate(source, ()) for source in second.taken_out.values()}
    assert place == ("catalogue/menu.yaml", 9, 8)
    (chain.root / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        loader.load(settings.load(chain.root), start_parsing(chain.root))
    assert "catalogue/menu.yaml:9:1: unknown key `omit`" in map(str, caught.value.problems)
