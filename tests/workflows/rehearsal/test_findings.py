"""A rehearsal names what would go wrong, before the first write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dealpos_reconciler.core.rehearsal import Rehearsal
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.sandbox import Choices
from dealpos_reconciler.sandbox import app as sandbox_app
from dealpos_reconciler.workflows import plan_file
from dealpos_reconciler.workflows.approved_plan import recheck_plan
from dealpos_reconciler.workflows.plan import PlannedRun, make_plan
from dealpos_reconciler.workflows.rehearsal import behaviours
from dealpos_reconciler.workflows.rehearsal import run as rehearsal
from dealpos_reconciler.workflows.rehearsal.run import rehearse
from tests.support.documents import ReadDocument
from tests.support.shop import ROOT, MakeShop, Shop
from tests.support.story import Story, saved_document

CASES = ROOT / "tests" / "cases"


def rehearsed(shop: Shop) -> tuple[PlannedRun, Rehearsal]:
    """Return a plan and its rehearsal."""
    opened = shop.open(shop.client())
    run = make_plan(opened)
    return run, rehearse(opened, run)


def differing(found: Rehearsal) -> dict[str, dict[str, str]]:
    """Return what each undocumented behaviour changes, by its name and the object."""
    return {
        behaviour.name: {str(each.address): each.what for each in behaviour.consequences}
        for behaviour in found.differing
    }


Values = dict[str, Any]


def plant(monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[Values], Values]) -> None:
    """Let an operation of the twin store other values than it is sent."""
    route = sandbox_app.ROUTES[name]

    def handler(shop: Any, fields: Any) -> Any:
        fields.values = change(fields.values)
        return route.handler(shop, fields)

    monkeypatch.setitem(sandbox_app.ROUTES, name, replace(route, handler=handler))


def test_a_planted_fault_fails_the_rehearsal_and_is_named(
    same: MakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = same()
    shop.write(
        (shop.folder / "catalogue/shop.yaml")
        .read_text("utf-8")
        .replace("weight: 250", "weight: 300")
    )
    plant(monkeypatch, "PUT /Variant", lambda values: {**values, "Weight": 1})
    run, found = rehearsed(shop)
    assert not found.passed(run.plan.interruptions)
    assert [str(error.address) for error in found.errors] == ["variant/1003L"]
    assert "weight" in found.errors[0].what


def test_a_price_that_is_wrong_for_a_moment_is_an_unsafe_stop(
    make_shop: MakeShop, documented: ReadDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_on_sale(values: Values) -> Values:
        variants = [{**item, "Discontinued": False} for item in values["Variants"]]
        return {**values, "Variants": variants}

    story = Story(CASES / "new_variants_finished_after_a_kill", make_shop, documented)
    plant(monkeypatch, "POST /Product", put_on_sale)
    run, found = rehearsed(story.shop)
    assert run.plan.interruptions.unsafe == ()
    assert not found.passed(run.plan.interruptions)
    assert {stop.why for stop in found.stops.unsafe} == {
        "it is in use before `outlet_prices` is written"
    }


def test_a_coupon_that_cannot_come_back_is_named(
    make_shop: MakeShop, documented: ReadDocument
) -> None:
    story = Story(CASES / "coupon_replaced", make_shop, documented)
    run, found = rehearsed(story.shop)
    assert found.passed(run.plan.interruptions)
    told = differing(found)["coupon_recreate=reject"]
    assert list(told) == [str(run.plan.changes[0].address)]
    assert "was used before" in next(iter(told.values()))


def test_what_the_tenant_has_answered_is_not_tried_again(
    make_shop: MakeShop, documented: ReadDocument
) -> None:
    story = Story(CASES / "new_variants_that_the_shop_completes", make_shop, documented)
    _, found = rehearsed(story.shop)
    assert "create_discontinued=ignored" in {each.name for each in found.behaviours}
    opened = story.shop.open(story.shop.client())
    opened.client.routes.tenant.safe_births = ["product.create", "variant.add"]
    known = rehearse(opened, make_plan(opened))
    assert "create_discontinued=ignored" not in {each.name for each in known.behaviours}


def test_a_behaviour_that_no_step_touches_is_not_tried(same: MakeShop) -> None:
    shop = same()
    shop.write((shop.folder / "catalogue/shop.yaml").read_text("utf-8").replace("18000", "18500"))
    _, found = rehearsed(shop)
    names = {behaviour.name for behaviour in found.behaviours}
    assert "put_omitted=clear" in names
    assert names.isdisjoint({"coupon_recreate=reject", "category_delete_used=cascade"})


def test_a_large_plan_is_tried_on_some_writes_of_each_shape(
    make_shop: MakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def products(price: int) -> str:
        return "products:\n" + "".join(
            f"- {{code: P{n}, name: Kopi {n}, category: Drinks,"
            f" variants: [{{code: V{n}, unit_price: {price}}}]}}\n"
            for n in range(12)
        )

    monkeypatch.setattr(rehearsal, "MAX_SAMPLE", 5)
    shop = make_shop()
    shop.write("categories: [{name: Drinks}]\n" + products(1000))
    assert shop.apply().complete
    shop.write("categories: [{name: Drinks}]\n" + products(1100))
    _, found = rehearsed(shop)
    assert found.sample == (rehearsal.MAX_OF_A_SHAPE, 12)
    assert found.behaviours


def test_a_saved_plan_is_rehearsed_as_it_was_approved(same: MakeShop) -> None:
    shop = same()
    text = (shop.folder / "catalogue/shop.yaml").read_text("utf-8")
    shop.write(text.replace("18000", "18500"))
    plan_file.write_plan(shop.folder / "plan.json", saved_document(shop, shop.plan()))
    shop.write(text.replace("18000", "17000"))
    opened = shop.open(shop.client())
    run = recheck_plan(opened, plan_file.read_plan(shop.folder / "plan.json"))
    found = rehearse(opened, run)
    assert found.passed(run.plan.interruptions)
    assert found.requests == run.usage.requests == 2


def test_a_field_that_no_read_shows_and_an_update_may_clear_is_named(make_shop: MakeShop) -> None:
    shop = make_shop({"outlets": [{"Name": "Bandung", "Code": "BDG"}]})
    shop.write("outlets: [{name: Bandung, code: BD}]")
    run, found = rehearsed(shop)
    assert found.passed(run.plan.interruptions)
    told = differing(found)["put_omitted=clear"]
    assert told == {"outlet/Bandung": "ends with another `receipt`, `negative_inventory`"}


def test_pricebooks_are_in_the_twin_too(
    open_shop: MakeShop, live: dict[str, Any], files: str
) -> None:
    row = {"Name": "Member", "MinimumQuantity": 1, "UnitPrice": 16000.5}
    live["products"][0]["Variants"][0]["Pricebook"] = [row]
    shop = open_shop(live, files.replace("18000", "18500"))
    run, found = rehearsed(shop)
    assert run.live.values_of(KINDS["variant"])["1003L"]["pricebook"]
    assert found.passed(run.plan.interruptions)


def test_a_shop_that_the_twin_cannot_hold_is_said(same: MakeShop) -> None:
    shop = same()
    opened = shop.open(shop.client())
    run = make_plan(opened)
    value = run.live.objects["product"]["1003"].value  # type: ignore[union-attr]
    value["extra_images_url"] = "text in the place of a list"  # type: ignore[index]
    found = rehearse(opened, run)
    assert found.impossible is not None
    assert "ExtraImagesURL" in found.impossible


def test_ctrl_c_ends_a_rehearsal(same: MakeShop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = same()
    shop.write((shop.folder / "catalogue/shop.yaml").read_text("utf-8").replace("18000", "18500"))
    route = sandbox_app.ROUTES["PUT /Variant"]

    def interrupt(shop: Any, fields: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setitem(sandbox_app.ROUTES, "PUT /Variant", replace(route, handler=interrupt))
    with pytest.raises(KeyboardInterrupt):
        rehearsed(shop)


def test_a_twin_has_the_same_open_choices_as_the_sandbox() -> None:
    for alternative in behaviours.ALTERNATIVES:
        Choices(**{alternative.choice: alternative.value})
