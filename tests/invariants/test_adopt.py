"""A shop that was imported and then changed at random: adopted, the plan is empty."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealpos_reconciler import sandbox
from dealpos_reconciler.catalogue.parser import parse
from dealpos_reconciler.catalogue.settings import load
from dealpos_reconciler.kinds import SHOP_KINDS
from dealpos_reconciler.workflows import adopt as adopting
from dealpos_reconciler.workflows import import_ as importing
from dealpos_reconciler.workflows.open_shop import OpenShop, read_files
from dealpos_reconciler.workflows.plan import make_plan
from tests.support.generated import Worlds
from tests.support.shop import MakeShop, Shop


def as_flow(text: str) -> str:
    """The same on one line."""
    return json.dumps(parse(text, "file")[0]) + "\n"


def as_others_write(text: str) -> str:
    """The same with comments, quotes and Windows line ends."""
    lines = ["# kept by hand", *text.splitlines()]
    lines = [re.sub(r"^(\s+[\w-]*\s?)(name|brand): (\w+)$", r"\1\2: '\3'  # yes", x) for x in lines]
    return "\r\n".join([*lines, "# the end", ""])


def imported(shop: Shop, style: Callable[[str], str]) -> None:
    (shop.folder / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
    opened = OpenShop(load(shop.folder, {}), shop.client())
    everything = importing.begin_reading(opened, tuple(SHOP_KINDS))
    everything.read_listings()
    importing.write_files(opened, everything, tuple(SHOP_KINDS), personal_data=True)
    for path in (shop.folder / "catalogue").iterdir():
        path.write_bytes(style(path.read_text(encoding="utf-8")).encode())


def merged(first: Any, second: Any) -> Any:
    """The first shop with what the second has otherwise or besides."""
    for kind, objects in second.live.items():
        first.live[kind] = {**first.live[kind], **objects}
    return first


def texts(folder: Path) -> dict[str, str]:
    return {p.name: p.read_bytes().decode() for p in sorted((folder / "catalogue").iterdir())}


@pytest.mark.parametrize("style", [str, as_flow, as_others_write])
@settings(max_examples=6)
@given(data=st.data())
def test_after_an_adopt_the_plan_is_empty(
    data: Any, generated: Worlds, make_shop: MakeShop, style: Callable[[str], str]
) -> None:
    world = data.draw(generated)
    shop = make_shop(world.seed())
    imported(shop, style)
    before = texts(shop.folder)
    sandbox.reset(shop.database)
    world = merged(world, data.draw(generated))
    sandbox.seed(shop.database, world.seed())
    settled = load(shop.folder, {})
    # Only coupons that a list shows can be named by a pattern.
    known = read_files(settled).objects
    kinds = [k for k, objects in world.live.items() if known[k] or (objects and k != "coupon")]
    patterns = [f"{kind}/*" for kind in kinds]
    found = adopting.find_drift(OpenShop(settled, shop.client()), patterns, ())
    back = adopting.edit_files(found)
    back.save(back.finish())
    refused = {entry.address for entry in found.skipped}
    made = make_plan(OpenShop(settled, shop.client()))
    assert {change.address for change in made.plan.changes} <= refused
    assert set(made.plan.unmanaged) <= refused
    assert (made.plan.blocked, made.plan.unknown) == ((), ())
    after = texts(shop.folder)
    fields = {take.field for take in found.drift}
    for name, text in before.items():
        _only_touched(text, after[name], fields, style is as_flow)


def _only_touched(before: str, after: str, fields: set[str], flowing: bool) -> None:
    """Lines that went away held a field that was adopted; all others are there, byte for byte."""
    lost = Counter(before.split("\n")) - Counter(after.split("\n"))
    for line in () if flowing else lost:
        key = line.strip().partition(":")[0]
        nested = line.startswith(" " * 8)
        assert key in fields or nested, line
