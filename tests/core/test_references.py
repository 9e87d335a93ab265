"""Names that must mean something: declared, or live in the shop."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.live import ABSENT, Live
from dealpos_reconciler.core.plan.faults import check_references, find_cycles
from dealpos_reconciler.kinds import KINDS
from tests.support.world import World

DANGLING: list[tuple[str, dict[str, Any], tuple[Any, ...], str, str]] = [
    ("product/1", {"category": "Drink"}, ("category",), "category/Drinks", "category `Drink`"),
    (
        "variant/V",
        {"outlet_prices": {"Bandng": {"price": 1}}},
        ("outlet_prices", "Bandng"),
        "outlet/Bandung",
        "outlet `Bandng`",
    ),
    (
        "variant/V",
        {"components": {"MLK-1L": {"qty": 1}}},
        ("components", "MLK-1L"),
        "variant/MILK-1L",
        "variant `MLK-1L`",
    ),
    ("coupon/C", {"customer": "DP-0001"}, ("customer",), "customer/DP-001", "customer `DP-0001`"),
    (
        "coupon/C",
        {"requires": {"variants": ["MLK-1L"]}},
        ("requires", "variants", 0),
        "variant/MILK-1L",
        "variant `MLK-1L`",
    ),
    (
        "coupon/C",
        {"requires": {"categories": ["Drink"]}},
        ("requires", "categories", 0),
        "category/Drinks",
        "category `Drink`",
    ),
]
IDS = ["category", "outlet", "component", "customer", "required variant", "required category"]


@pytest.mark.parametrize(("holder", "value", "path", "near", "said"), DANGLING, ids=IDS)
@pytest.mark.parametrize("side", ["files", "shop"])
def test_a_name_that_nobody_knows_is_a_fault_with_a_suggestion(
    world: World,
    holder: str,
    value: dict[str, Any],
    path: tuple[Any, ...],
    near: str,
    said: str,
    side: str,
) -> None:
    world.declare(holder, **value)
    if side == "files" and not near.startswith("outlet/"):
        world.declare(near)
    else:
        world.have(near)
    (fault,) = world.faults()
    assert str(fault.address) == holder
    assert fault.path == path
    assert fault.message == f"{holder} refers to the {said}, which does not exist"
    assert fault.hint == f"did you mean `{near.partition('/')[2]}`?"


@pytest.mark.parametrize(("holder", "value", "path", "near", "said"), DANGLING, ids=IDS)
def test_a_name_that_is_live_is_no_fault(
    world: World, holder: str, value: dict[str, Any], path: Any, near: str, said: str
) -> None:
    kind = near.partition("/")[0]
    named = said.partition("`")[2].rstrip("`")
    world.declare(holder, **value)
    world.have(f"{kind}/{named}")
    assert world.faults() == []


@pytest.mark.parametrize(
    ("holder", "value", "path", "near", "said"),
    [row for row in DANGLING if not row[3].startswith("outlet/")],
)
def test_a_name_that_is_declared_is_no_fault(
    world: World, holder: str, value: dict[str, Any], path: Any, near: str, said: str
) -> None:
    kind = near.partition("/")[0]
    named = said.partition("`")[2].rstrip("`")
    world.declare(holder, **value)
    world.declare(f"{kind}/{named}")
    assert world.faults() == []


@pytest.mark.parametrize(("holder", "value", "path", "near", "said"), DANGLING, ids=IDS)
def test_a_name_that_could_not_be_read_is_never_taken_for_absent(
    world: World, holder: str, value: dict[str, Any], path: Any, near: str, said: str
) -> None:
    kind = near.partition("/")[0]
    named = said.partition("`")[2].rstrip("`")
    world.declare(holder, **value)
    world.unread(f"{kind}/{named}", "HTTP 403: no right")
    (fault,) = world.faults()
    assert fault.message == (
        f"{holder} refers to {kind}/{named}, which could not be read: HTTP 403: no right"
    )
    assert fault.path == path
    assert fault.hint is None


def test_without_anything_near_the_hint_says_what_to_declare(world: World) -> None:
    world.declare("product/1", category="Zzz")
    world.declare("category/Drinks")
    (fault,) = world.faults()
    assert fault.hint == "declare the category in the files"


def test_without_anything_near_the_hint_lists_the_outlets_of_the_shop(world: World) -> None:
    world.declare("variant/V", outlet_prices={"Zzz": {"price": 1}})
    for name in ("Solo", "Bandung"):
        world.have(f"outlet/{name}")
    (fault,) = world.faults()
    assert fault.hint == "the shop has: Bandung, Solo"


def test_a_shop_without_outlets_is_said_to_have_none(world: World) -> None:
    world.declare("variant/V", outlet_prices={"Zzz": {"price": 1}})
    (fault,) = world.faults()
    assert fault.hint == "the shop has no outlet"


def test_every_dangling_name_is_a_fault_of_its_own(world: World) -> None:
    world.declare("coupon/C", customer="X", requires={"variants": ["A", "B"]})
    world.declare("product/1", category="Y")
    assert [(str(f.address), f.path) for f in world.faults()] == [
        ("coupon/C", ("customer",)),
        ("coupon/C", ("requires", "variants", 0)),
        ("coupon/C", ("requires", "variants", 1)),
        ("product/1", ("category",)),
    ]


@pytest.mark.parametrize(
    "value", [{"customer": ""}, {"requires": {}}, {"requires": {"variants": []}}, {}]
)
def test_naming_nothing_is_no_fault(world: World, value: dict[str, Any]) -> None:
    world.declare("coupon/C", **value)
    assert world.faults() == []


def test_a_variant_without_its_product_in_the_files_is_a_fault(world: World) -> None:
    world.declare("variant/V", product="1")
    (fault,) = world.faults()
    assert fault.message == "variant/V refers to the product `1`, which does not exist"


def made_of(world: World, **parts: str) -> None:
    for name, inside in parts.items():
        components = {part: {"qty": 1} for part in inside}
        world.declare(f"variant/{name}", components=components)


@pytest.mark.parametrize(
    ("parts", "chain"),
    [
        ({"A": "B", "B": "A"}, {"A", "B"}),
        ({"A": "B", "B": "C", "C": "A"}, {"A", "B", "C"}),
        ({"A": "BX", "B": "YC", "C": "D", "D": "B", "X": "", "Y": ""}, {"B", "C", "D"}),
    ],
    ids=["direct", "indirect", "beside others"],
)
def test_a_variant_that_contains_itself_through_others_is_a_fault(
    world: World, parts: dict[str, str], chain: set[str]
) -> None:
    made_of(world, **parts)
    (fault,) = find_cycles(world.desired, KINDS)
    names = fault.message.partition(": ")[2].replace("`", "").split(" contains ")
    assert names[0] == names[-1] == fault.address.name
    assert set(names) == chain
    for holder, part in pairwise(names):
        assert part in parts[holder], fault.message
    assert fault.path == ("components", names[1])
    assert fault.message.startswith(f"{fault.address} contains itself: ")
    assert fault.hint == "remove one of them"


def test_components_without_a_cycle_are_no_fault(world: World) -> None:
    made_of(world, A="BC", B="C", C="D", D="")
    assert find_cycles(world.desired, KINDS) == []


def test_a_category_below_another_of_the_same_name_is_no_cycle(world: World) -> None:
    world.declare("category/A")
    world.declare("category/A/A")
    assert find_cycles(world.desired, KINDS) == []


def test_a_name_of_which_nothing_is_known_is_no_missing_object(world: World) -> None:
    """No read has answered, and none has failed: that is no evidence of absence."""
    world.declare("product/1", name="Kopi", category="Drinks")
    (fault,) = check_references(world.desired, Live(), KINDS)
    assert (fault.message, fault.hint) == (
        "product/1 refers to category/Drinks, which could not be read: "
        "the response could not be read",
        None,
    )


SPELLED = [
    ("product/1", {"category": "food"}, "category/Food"),
    ("variant/V", {"outlet_prices": {"Bandung ": {"price": 1}}}, "outlet/Bandung"),
    ("variant/V", {"components": {"1e5-l": {"qty": 1}}}, "variant/1E5-L"),
    ("coupon/C", {"customer": "dp-001"}, "customer/DP-001"),
    ("coupon/C", {"requires": {"variants": ["12"]}}, "variant/0012"),
]


@pytest.mark.parametrize(("holder", "value", "live"), SPELLED)
def test_a_reference_that_the_shop_spells_otherwise_is_drift(
    world: World, holder: str, value: dict[str, Any], live: str
) -> None:
    world.declare(holder, **value)
    world.have(live)
    (fault,) = world.faults()
    assert fault.is_drift
    spelled = live.partition("/")[2]
    assert fault.hint == f"the shop spells it `{spelled}`: use the same spelling"
    assert fault.reason.endswith(f"The shop spells it `{spelled}`: use the same spelling")


def test_a_reference_that_was_applied_before_is_drift(world: World) -> None:
    world.declare("product/1", category="Coffee")
    world.declare("product/2", category="Coffee")
    world.declare("category/Tea")
    world.have("product/1", category="Kopi")
    world.have("product/2", category="Kopi")
    world.have("category/Kopi")
    world.live.put(Address("category", "Coffee"), ABSENT)
    applied = {Address("product", "1"): {"category": "Coffee"}}
    known, other = check_references(world.desired, world.fill(), KINDS, applied)
    assert (known.is_drift, other.is_drift) == (True, None)
    assert known.reason == (
        "refers to the category `Coffee`, which does not exist. If it was renamed in DealPOS, "
        "run `reconciler adopt product/1` to take the live value"
    )
    assert "declare" not in str(other.hint)  # which would create the old name again
