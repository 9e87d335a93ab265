"""Renames move what the shop has along, so that the diff needs no exception."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from time import process_time

import pytest

from dealpos_reconciler.core.diff.change import Action, FieldChange
from dealpos_reconciler.core.diff.rename import apply_renames
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.errors import SourceError
from dealpos_reconciler.kinds import KINDS
from tests.support.world import World

KEEP = {"discontinued": False}


def moves(world: World) -> dict[str, str]:
    """New name to the name at the moment of renaming, of everything renamed."""
    return {str(c.address): c.renamed_from for c in world.plan().changes if c.renamed_from}


def test_a_renamed_category_is_one_update(world: World) -> None:
    world.have("category/Beverages", **KEEP)
    world.declare("category/Drinks", was="Beverages", **KEEP)
    (change,) = world.plan().changes
    assert change.action is Action.UPDATE
    assert change.renamed_from == "Beverages"
    assert change.fields == (
        FieldChange(("name",), "Beverages", "Drinks", Action.UPDATE, "renamed"),
    )
    assert world.calls() == [
        ("category.update", {"Name": "Beverages", "Rename": "Drinks", "Discontinued": False})
    ]


def test_a_rename_puts_nothing_back_on_sale_unseen(world: World) -> None:
    """Every update demands the flag (dealpos-api.md §5), and this shop's list does not show it."""
    world.have("category/Beverages")
    world.declare("category/Drinks", was="Beverages")
    plan = world.plan()
    assert plan.empty
    ((address, why),) = plan.blocked
    assert str(address) == "category/Drinks"
    assert "could clear `discontinued`, which the API did not return" in why
    world.declare("category/Drinks", was="Beverages", discontinued=True)
    assert world.calls()[0][1]["Discontinued"] is True


def test_a_rename_and_a_change_are_one_call(world: World) -> None:
    world.have("category/Beverages", discontinued=False)
    world.declare("category/Drinks", was="Beverages", discontinued=True)
    (change,) = world.plan().changes
    assert change.action is Action.RETIRE
    assert [f.name for f in change.fields] == ["name", "discontinued"]
    assert world.calls() == [
        ("category.update", {"Name": "Beverages", "Rename": "Drinks", "Discontinued": True})
    ]


def test_children_follow_without_a_change_of_their_own(world: World) -> None:
    world.have("category/Beverages", **KEEP)
    world.have("category/Beverages/Coffee", **KEEP)
    world.have("category/Beverages/Coffee/Hot", **KEEP)
    world.declare("category/Drinks", was="Beverages", **KEEP)
    world.declare("category/Drinks/Coffee", **KEEP)
    world.declare("category/Drinks/Coffee/Hot", **KEEP)
    plan = world.plan()
    assert [str(c.address) for c in plan.changes] == ["category/Drinks"]
    assert plan.unchanged == 2


def test_a_name_that_only_begins_alike_does_not_follow(world: World) -> None:
    world.have("category/Bev", **KEEP)
    world.have("category/Beverages", **KEEP)
    world.declare("category/Drinks", was="Bev", **KEEP)
    world.declare("category/Beverages", **KEEP)
    assert moves(world) == {"category/Drinks": "Bev"}
    assert world.plan().unchanged == 1


def test_products_follow_without_a_change_of_their_own(world: World) -> None:
    world.have("category/Beverages", **KEEP)
    world.have("category/Beverages/Coffee", **KEEP)
    world.declare("category/Drinks", was="Beverages", **KEEP)
    world.declare("category/Drinks/Coffee", **KEEP)
    for code, below in (("1", ""), ("2", "/Coffee")):
        world.have(f"product/{code}", children={}, name="Kopi", category=f"Beverages{below}")
        world.declare(f"product/{code}", name="Kopi", category=f"Drinks{below}")
    plan = world.plan()
    assert [str(c.address) for c in plan.changes] == ["category/Drinks"]


def test_a_product_that_the_files_leave_in_the_old_category_is_moved_to_it(world: World) -> None:
    world.have("category/Beverages", **KEEP)
    world.have("category/Food", **KEEP)
    world.declare("category/Drinks", was="Beverages", **KEEP)
    world.declare("category/Food", **KEEP)
    world.have("product/1", children={}, name="Kopi", category="Beverages")
    world.declare("product/1", name="Kopi", category="Food")
    assert {f.name: (f.before, f.after) for f in world.change("product/1").fields} == {
        "category": ("Drinks", "Food")
    }


@pytest.mark.parametrize("below", ["", "/Coffee"], ids=["itself", "below"])
def test_the_old_name_of_a_renamed_category_is_a_fault_with_the_new_one(
    world: World, below: str
) -> None:
    """The update of the product would create the old category again (dealpos-api.md §14 #4)."""
    world.have("category/Beverages", **KEEP)
    world.have("category/Beverages/Coffee", **KEEP)
    world.declare("category/Drinks", was="Beverages", **KEEP)
    world.have("product/1", children={}, name="Kopi", category=f"Beverages{below}")
    world.declare("product/1", name="Kopi", category=f"Beverages{below}")
    (fault,) = world.faults()
    assert f"category `Beverages{below}`, which does not exist" in fault.message
    assert fault.hint == f"it is renamed to `Drinks{below}`"


def test_coupons_that_ask_for_a_renamed_category_follow(world: World) -> None:
    world.have("category/Beverages", **KEEP)
    world.declare("category/Drinks", was="Beverages", **KEEP)
    terms = {"type": "DiscountAmount", "discount": 5, "limit": 1, "minimum_amount": 0}
    world.have("coupon/C", **terms, requires={"categories": ["Beverages"]})
    world.declare("coupon/C", **terms, requires={"categories": ["Drinks"]})
    assert [str(c.address) for c in world.plan().changes] == ["category/Drinks"]


def test_a_coupon_is_not_replaced_because_a_rename_changes_the_alphabet(world: World) -> None:
    """Requirements are held sorted on both sides; a rename must not unsort one of them."""
    world.have("category/Appetizers", **KEEP)
    world.have("category/Mains", **KEEP)
    world.declare("category/Zakuski", was="Appetizers", **KEEP)
    world.declare("category/Mains", **KEEP)
    terms = {"type": "DiscountAmount", "discount": 5, "limit": 1, "minimum_amount": 0}
    world.have("coupon/C", **terms, balance=1, requires={"categories": ["Appetizers", "Mains"]})
    world.declare("coupon/C", **terms, requires={"categories": ["Mains", "Zakuski"]})
    assert [str(c.address) for c in world.plan().changes] == ["category/Zakuski"]


NESTED = [
    pytest.param(
        {"B": "A", "B/y": "A/x"}, {"category/B": "A", "category/B/y": "B/x"}, id="from old path"
    ),
    pytest.param(
        {"B": "A", "B/y": "B/x"}, {"category/B": "A", "category/B/y": "B/x"}, id="from new path"
    ),
    pytest.param({"C/x": "A/x"}, {"category/C/x": "A/x"}, id="into another parent"),
    pytest.param(
        {"B": "A", "B/y": "A/x", "B/y/q": "A/x/p"},
        {"category/B": "A", "category/B/y": "B/x", "category/B/y/q": "B/y/p"},
        id="three levels",
    ),
]


@pytest.mark.parametrize(("asked", "expected"), NESTED)
def test_nested_renames_go_parent_first(
    world: World, asked: dict[str, str], expected: dict[str, str]
) -> None:
    for name in ("A", "A/x", "A/x/p", "C"):
        world.have(f"category/{name}", **KEEP)
    for new, old in asked.items():
        world.declare(f"category/{new}", was=old, **KEEP)
    assert moves(world) == expected
    names = [body["Name"] for operation, body in world.calls() if operation == "category.update"]
    assert names == list(expected.values())


def test_when_both_exist_nothing_is_renamed_and_a_note_says_why(world: World) -> None:
    world.have("category/Beverages", **KEEP)
    world.have("category/Drinks", **KEEP)
    world.declare("category/Drinks", was="Beverages", **KEEP)
    plan = world.plan()
    assert plan.empty
    assert plan.notes == ("category/Drinks: not renamed from `Beverages`: both exist in the shop",)


def test_what_is_already_renamed_is_unchanged(world: World) -> None:
    world.have("category/Drinks", **KEEP)
    world.declare("category/Drinks", was="Beverages", **KEEP)
    plan = world.plan()
    assert plan.empty
    assert plan.unchanged == 1
    assert plan.notes == ()


def test_when_neither_exists_it_is_created(world: World) -> None:
    world.declare("category/Drinks", was="Beverages")
    (change,) = world.plan().changes
    assert change.action is Action.CREATE
    assert change.renamed_from == ""


def test_when_the_old_one_was_not_read_nothing_is_renamed(world: World) -> None:
    world.declare("category/Drinks", was="Beverages")
    world.unread("category/Drinks", "HTTP 500")
    world.unread("category/Beverages", "HTTP 500")
    plan = world.plan()
    assert plan.empty
    assert [str(address) for address, _ in plan.unknown] == ["category/Drinks"]


def test_what_may_be_there_under_its_old_name_is_not_created(world: World) -> None:
    world.declare("category/Drinks", was="Beverages")
    world.declare("product/1", name="Kopi", category="Drinks")
    world.unread("category/Beverages", "the response could not be read")
    plan = world.plan()
    assert plan.empty
    assert [(str(address), why) for address, why in plan.unknown] == [
        ("category/Drinks", "category/Beverages could not be read"),
        ("product/1", "category/Beverages could not be read"),
    ]


def test_a_rename_to_its_own_name_is_nothing(world: World) -> None:
    world.have("category/Drinks", **KEEP)
    world.declare("category/Drinks", was="Drinks", **KEEP)
    assert world.plan().empty


def test_names_that_shift_along_a_chain_are_all_renamed(world: World) -> None:
    """A becomes B where B becomes C: possible when the last goes first."""
    for name in ("A", "B"):
        world.have(f"category/{name}", **KEEP)
    world.declare("category/B", was="A", **KEEP)
    world.declare("category/C", was="B", **KEEP)
    plan = world.plan()
    assert plan.unknown == ()
    assert moves(world) == {"category/B": "A", "category/C": "B"}
    assert [(body["Name"], body["Rename"]) for _, body in world.calls()] == [("B", "C"), ("A", "B")]
    freed, taken = world.steps()
    assert taken.waits == {freed.id}


def test_a_plan_is_the_same_after_renaming_as_of_a_shop_that_was_renamed(
    world: World, new_world: Callable[[], World]
) -> None:
    """Objects that move along have the names that the shop gives after the rename."""
    later = new_world()
    for shop, name in ((world, "Beverages"), (later, "Drinks")):
        shop.have(f"category/{name}", **KEEP)
        shop.have(f"category/{name}/Tea", discontinued=True)
        shop.have("product/1", children={}, name="Kopi", category=f"{name}/Tea")
        shop.declare("category/Drinks", was="Beverages", **KEEP)
        shop.declare("category/Drinks/Tea", **KEEP)
        shop.declare("product/1", name="Kopi Susu", category="Drinks/Tea")
    now, then = world.plan().changes, later.plan().changes
    assert [c for c in now if not c.renamed_from] == list(then)


def test_what_takes_a_name_waits_for_the_rename_that_gives_it_up(world: World) -> None:
    """Else it would be created inside what is then moved away."""
    world.have("category/A", **KEEP)
    world.declare("category/Z", was="A", **KEEP)
    world.declare("category/A/New")
    world.have("category/B", **KEEP)
    world.declare("category/Y", was="B", **KEEP)
    world.declare("category/B")
    assert [(o, body["Name"]) for o, body in world.calls()] == [
        ("category.update", "A"),
        ("category.create", "A/New"),
        ("category.update", "B"),
        ("category.create", "B"),
    ]


def test_renames_in_a_ring_are_left_and_a_note_says_why(world: World) -> None:
    for name in ("A", "B"):
        world.have(f"category/{name}", **KEEP)
    world.declare("category/A/x", was="B", **KEEP)
    world.declare("category/B/y", was="A", **KEEP)
    assert moves(world) == {}
    assert world.plan().notes[:2] == (
        "category/B/y: not renamed from `A`: these renames wait for each other. "
        "Rename one at a time",
        "category/A/x: not renamed from `B`: these renames wait for each other. "
        "Rename one at a time",
    )


def test_changes_that_wait_for_each_other_are_an_error_that_names_them(world: World) -> None:
    for name in ("B", "C", "C/A"):
        world.have(f"category/{name}", **KEEP)
    for name, was in (("C", "B"), ("D", "C/A"), ("D/A", "C")):
        world.declare(f"category/{name}", was=was, **KEEP)
    with pytest.raises(SourceError) as raised:
        world.steps()
    (problem,) = raised.value.problems
    assert (
        "these changes depend on each other: category/C, category/D, category/D/A"
        in problem.message
    )


def drawn(random: Random) -> str:
    return "/".join(random.choice("ABC") for _ in range(random.randint(1, 3)))


@pytest.mark.parametrize("tens", range(20))
def test_every_call_finds_the_names_that_it_needs(
    new_world: Callable[[], World], tens: int
) -> None:
    """Whatever is created, renamed or drawn out of what is renamed; and then nothing is left."""
    for seed in range(10 * tens, 10 * tens + 10):
        every_call_finds_its_names(new_world, Random(seed))


def every_call_finds_its_names(new_world: Callable[[], World], random: Random) -> None:
    live = {drawn(random) for _ in range(random.randint(1, 4))}
    files = {drawn(random): random.randint(0, 6) for _ in range(random.randint(1, 4))}
    shop = {"/".join(path.split("/")[:n]) for path in live for n in range(1, path.count("/") + 2)}
    now, later = new_world(), new_world()
    former = dict(enumerate(sorted(shop)))
    for name, pick in files.items():
        was = former.pop(pick, "")
        rename = was if was != name and not name.startswith(f"{was}/") else ""
        for world in (now, later):
            world.declare(f"category/{name}", was=rename, **KEEP)
    for name in shop:
        now.have(f"category/{name}", **KEEP)
    try:
        calls = now.calls()
    except SourceError:
        return  # told as an error; the test above has an example
    for operation, body in calls:
        old, new = body["Name"], body.get("Rename", body["Name"])
        if operation == "category.create":
            assert new not in shop
        elif old != new:
            assert old in shop
            assert not {name for name in shop if name == new or name.startswith(f"{new}/")}
            shop = {
                new + name[len(old) :] if f"{name}/".startswith(f"{old}/") else name
                for name in shop
            }
        shop |= {"/".join(new.split("/")[:n]) for n in range(1, new.count("/") + 2)}
    for name in shop:
        later.have(f"category/{name}", **KEEP)
    assert later.plan().empty


def test_many_renames_cost_one_look_at_the_shop(world: World) -> None:
    """They are done on the names first; 200 looks at 20,000 products would take a minute."""
    for index in range(200):
        world.have(f"category/Old{index}", **KEEP)
        world.declare(f"category/New{index}", was=f"Old{index}", **KEEP)
    for index in range(20_000):
        world.have(f"product/{index}", children={}, name="Kopi", category=f"Old{index % 200}")
    began = process_time()
    live, renames, _ = apply_renames(world.fill(), world.desired, KINDS)
    assert process_time() - began < 3
    assert len(renames) == 200
    assert live.get(Address("product", "7")).value["category"] == "New7"
