"""A generated shop, imported: the plan is empty, and the files say all that is worth saying."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealpos_reconciler.catalogue.settings import load
from dealpos_reconciler.catalogue.writing.export import is_unset
from dealpos_reconciler.core.model.live import Observed
from dealpos_reconciler.dealpos.reading.read import read_live
from dealpos_reconciler.kinds import KINDS, SHOP_KINDS
from dealpos_reconciler.sandbox import Choices
from dealpos_reconciler.workflows import import_ as importing
from dealpos_reconciler.workflows.open_shop import OpenShop, read_files
from dealpos_reconciler.workflows.plan import make_plan
from tests.support.generated import OpenWorld, Worlds
from tests.support.shop import MakeShop, Shop

ALL = tuple(SHOP_KINDS)


def imported(shop: Shop, kinds: tuple[str, ...] = ALL) -> Any:
    """Import the shop into its folder."""
    if not (shop.folder / "reconciler.yaml").exists():
        (shop.folder / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
    opened = OpenShop(load(shop.folder, {}), shop.client())
    everything = importing.begin_reading(opened, kinds)
    everything.read_listings()
    return importing.write_files(opened, everything, kinds, personal_data=True)


def planned(shop: Shop) -> Any:
    return make_plan(OpenShop(load(shop.folder, {}), shop.client()))


def declared(shop: Shop) -> Any:
    return read_files(load(shop.folder, {}))


def texts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*.yaml"))}


@given(data=st.data())
@settings(max_examples=5)
@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"product_list_rows": "lean", "variant_list_rows": "lean", "page_cap": 2},
        {"variant_list_without_category": "reject", "batch_missing": "reject"},
        {"lists_hide_discontinued": True, "not_found": "400", "list_order": "reverse"},
        {"product_list_envelope": "Data", "coupon_list_has_minimum": False},
    ],
)
def test_after_an_import_the_plan_is_empty(
    data: Any, generated: Worlds, make_shop: MakeShop, choices: Any
) -> None:
    shop = make_shop(data.draw(generated).seed(), choices=Choices(**choices))
    done = imported(shop)
    assert (done.cut, done.unread) == (None, [])
    # dealpos-api.md §14 #18: only a product names its variants. A coupon or a composite may name a
    # variant of a product that the list hides: it can be read, and belongs to no product.
    hidden = "the API does not return the product that it belongs to"
    assert {reason for _, _, reason in done.skipped} <= (
        {hidden} if choices.get("lists_hide_discontinued") else set()
    )
    made = planned(shop)
    assert (made.plan.changes, made.plan.blocked, made.plan.unknown) == ((), (), ())
    assert (made.plan.unmanaged, made.plan.unchanged) == ((), len(list(declared(shop))))


@settings(max_examples=8)
@given(data=st.data())
def test_all_that_the_shop_shows_is_in_the_files(
    data: Any, generated: Worlds, make_shop: MakeShop
) -> None:
    shop = make_shop(data.draw(generated).seed())
    imported(shop)
    desired = declared(shop)
    live = read_live(shop.client(), desired, KINDS)
    for address, found in desired:
        kind, state = KINDS[address.kind], live.get(address)
        assert isinstance(state, Observed)
        for name in kind.comparable_fields & state.value.keys() - found.value.keys():
            shown = state.value[name]
            above = state.value.get(kind.parent.kind) if kind.parent else None
            parent = live.objects[kind.parent.kind][above].value if above else {}
            taken = kind.parent and shown == parent.get(kind.parent.follows.get(name, ""))
            assert is_unset(shown) or taken or shown == "Active", (address, name)


@settings(max_examples=8)
@given(data=st.data())
def test_an_import_writes_the_same_bytes_every_time(
    data: Any, generated: Worlds, make_shop: MakeShop
) -> None:
    seed = data.draw(generated).seed()
    shops = [make_shop(seed), make_shop(seed, choices=Choices(list_order="reverse"))]
    for shop in shops:
        imported(shop)
    assert texts(shops[0].folder) == texts(shops[1].folder)


@settings(max_examples=8)
@given(data=st.data())
def test_an_import_beside_files_touches_nothing_that_they_declare(
    data: Any, generated: Worlds, open_world: OpenWorld
) -> None:
    shop = open_world(data.draw(generated))
    (shop.folder / "reconciler.yaml").write_text(
        "store: {url: sandbox}\ndefaults: {variant: {taxable: true}, product: {brand: House}}\n",
        encoding="utf-8",
    )
    before, files = declared(shop), texts(shop.folder)
    done = imported(shop)
    assert {name: text for name, text in texts(shop.folder).items() if name in files} == files
    after = declared(shop)
    for address, found in before:
        assert after.get(address) == found
    new = {str(address) for address, _ in after if before.get(address) is None}
    made = planned(shop)
    assert not new & {str(change.address) for change in made.plan.changes}
    # What stays out is what only an edit of a declared product could take in.
    assert {e.address.kind for e in done.skipped} <= {"variant"}
    again = imported(shop)
    assert again.files == {}
