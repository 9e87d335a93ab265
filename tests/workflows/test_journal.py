"""A replacement that was cut in half: noted before it, finished or undone by the next run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.plan.target import Scope
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger.journal import FILE, Journal
from dealpos_reconciler.ledger.state_dir import StateDir
from dealpos_reconciler.render.formats.json import plan_document
from dealpos_reconciler.render.formats.text import render_plan
from dealpos_reconciler.render.view import PlanView
from dealpos_reconciler.sandbox import InjectedFault
from dealpos_reconciler.workflows import connect, plan_file
from dealpos_reconciler.workflows.approved_plan import recheck_plan
from dealpos_reconciler.workflows.open_shop import OpenShop
from dealpos_reconciler.workflows.plan import make_plan
from tests.support.shop import MakeShop, Shop

SEED: dict[str, Any] = {
    "categories": [{"Name": "A"}],
    "products": [
        {
            "Code": "P",
            "Name": "Tea",
            "Category": "A",
            "Variants": [{"Code": "PA", "Model": "A", "UnitPrice": 100}],
        }
    ],
    "coupons": [
        {
            "Code": "C",
            "Type": "DiscountPercentage",
            "Discount": 10,
            "Limit": 10,
            "Balance": 4,
            "Description": "old",
            "MinimumAmount": 500,
            "MaximumDiscount": 700,
            "ExpiryDate": "2027-01-01",
        }
    ],
}
COUPON = """
    coupons:
      - {code: C, type: DiscountPercentage, discount: 20, limit: 10, maximum_discount: 700}
"""


class Killed(BaseException):
    """The process ends here; nothing catches it."""


class Deadly(httpx.BaseTransport):
    """Ends the process before or after the shop serves a request that `when` recognises."""

    def __init__(self, inner: httpx.BaseTransport, when: Callable[[str], bool], after: bool):
        self.inner, self.when, self.after = inner, when, after

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        struck = self.when(f"{request.method} {request.url.path}")
        if struck and not self.after:
            raise Killed
        response = self.inner.handle_request(request)
        if struck:
            raise Killed
        return response


def kill(shop: Shop, method: str, after: bool, text: str = COUPON) -> None:
    """Apply `text`, and end the process at the first request of that sort to a coupon."""
    shop.write(text)
    plan = shop.plan()
    client: Client = shop.client()
    call = f"{method} /api/v3/PromotionCoupon" + ("/ByCode" if method == "GET" else "")
    client._http._transport = Deadly(client._http._transport, lambda sent: sent == call, after)
    with pytest.raises(Killed):
        shop.apply(plan, client)


def noted(shop: Shop) -> dict[str, Any]:
    """The replacements in the journal."""
    file = shop.state.path / FILE
    found = json.loads(file.read_text()).get("sandbox", {}) if file.exists() else {}
    return {name: entry for name, entry in found.items() if "/" in name}


def balance(shop: Shop) -> tuple[int, int, int]:
    coupon = shop.item("coupons", "C")
    return coupon["Discount"], coupon["Limit"], coupon["Balance"]


@pytest.fixture
def shop(make_shop: MakeShop) -> Shop:
    return make_shop(SEED)


MOMENTS = [(method, after) for method in ("DELETE", "POST", "GET") for after in (False, True)]


@pytest.mark.parametrize(("method", "after"), MOMENTS)
def test_a_run_that_is_killed_at_any_moment_keeps_the_balance(
    shop: Shop, method: str, after: bool
) -> None:
    kill(shop, method, after)
    assert shop.apply().complete
    assert balance(shop) == (20, 4, 4)
    assert shop.plan().empty
    assert noted(shop) == {}


def test_the_note_stands_before_the_old_one_goes(shop: Shop) -> None:
    kill(shop, "DELETE", after=False)
    note = noted(shop)["coupon/C"]
    assert note["before"]["balance"] == 4
    assert note["after"]["limit"] == 4
    assert note["carried"] == {"limit": [10, 4]}
    assert note["gone"] is False
    assert shop.plan().counts()["replace"] == 1
    assert noted(shop) == {}, "the old one never left"


def test_a_plan_locks_a_folder_only_after_a_run_has_written_there(shop: Shop) -> None:
    lock = shop.folder / ".reconciler" / "apply.lock"
    shop.plan()
    assert not lock.exists()
    with Journal(StateDir(shop.folder), "sandbox").lock():
        assert "shop may be shown between two of its changes" in " ".join(shop.plan().notes)


@pytest.mark.parametrize(("method", "after"), [("DELETE", True), ("POST", False)])
def test_the_plan_shows_what_finishes_it_and_writes_nothing(
    shop: Shop, method: str, after: bool
) -> None:
    kill(shop, method, after)
    before, start = shop.show(), len(shop.twin.calls)
    plan = shop.plan()
    (change,) = plan.changes
    assert (change.action.value, change.source.line) == ("create", 3)
    assert change.reason == "finishes an interrupted replacement"
    assert (change.after["limit"], change.after["description"]) == (4, "old")
    said = render_plan(plan, PlanView(kinds=KINDS, usage=shop.cost(plan)))
    assert "coupon/C: finishes an interrupted replacement; 6 of 10 uses are used up" in said
    assert shop.show() == before
    assert {method for method, _, _ in shop.twin.calls[start:]} <= {"GET", "POST"}
    assert len(noted(shop)) == 1, "it is not finished yet"
    assert shop.cost(plan).requests == shop.apply(plan).requests


def test_what_a_guardrail_let_go_on_is_not_refused_when_it_is_finished(make_shop: MakeShop) -> None:
    """A coupon that has sold below cost, and ended late, for years: only its text changes."""
    seed = json.loads(json.dumps(SEED))
    seed["products"][0]["Variants"][0]["UnitCost"] = 95
    seed["coupons"][0] |= {"Type": "DiscountAmount", "Balance": 10, "ExpiryDate": "2099-01-01"}
    seed["coupons"][0] |= {"MinimumAmount": 0, "MaximumDiscount": 0}
    shop = make_shop(seed)
    text = """
    products:
      - {code: P, name: Tea, category: A, variants: [{code: PA, model: A}]}
    coupons:
      - {code: C, type: DiscountAmount, discount: 10, expiry_date: 2099-01-01, description: new}
    """

    def violations() -> list[str]:
        made = make_plan(OpenShop(shop.settings, shop.client())).plan
        assert [str(change.address) for change in made.changes] == ["coupon/C"]
        return [violation.rule for violation in made.violations]

    shop.write(text)
    assert violations() == []
    kill(shop, "DELETE", after=True, text=text)
    assert violations() == []
    shop.write(text.replace("discount: 10", "discount: 11").replace("2099", "2098"))
    assert violations() == ["coupon-below-cost", "coupon-expiry"]


def test_a_plan_of_another_part_leaves_it_interrupted(shop: Shop) -> None:
    """The coupon is not in the target, so its replacement is neither finished nor given up."""
    kill(shop, "POST", after=False)
    shop.write("categories: [{name: A}]", "categories.yaml")
    target = Scope(targets=("category/A",))
    assert shop.make(scope=target).plan.changes == ()
    assert shop.apply(shop.made.plan).complete
    assert noted(shop)
    assert [str(change.address) for change in shop.plan().changes] == ["coupon/C"]


def test_a_second_kill_while_it_is_being_finished_changes_nothing(shop: Shop) -> None:
    kill(shop, "POST", after=False)
    kill(shop, "POST", after=False)
    kill(shop, "POST", after=True)
    assert shop.plan().empty
    assert balance(shop) == (20, 4, 4)
    assert shop.plan().empty, "what was carried over outlives the note"


def test_it_is_finished_as_the_files_are_by_then(shop: Shop) -> None:
    kill(shop, "POST", after=False)
    shop.write(COUPON.replace("limit: 10", "limit: 30").replace("20", "25"))
    assert shop.apply().complete
    assert balance(shop) == (25, 24, 24)
    assert shop.plan().empty


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("categories: [{name: A}]", "it is no longer declared"),
        (COUPON.replace("limit: 10", "limit: 5"), "not replaced: 6 uses are used up"),
    ],
)
def test_what_cannot_be_finished_any_more_is_undone(shop: Shop, text: str, why: str) -> None:
    kill(shop, "POST", after=False)
    shop.write(text)
    plan = shop.plan()
    assert why in plan.changes[0].reason
    assert shop.apply(plan).complete
    assert balance(shop) == (10, 4, 4)
    coupon = shop.item("coupons", "C")
    assert (coupon["MinimumAmount"], coupon["MaximumDiscount"]) == (500, 700)
    assert shop.plan().empty


def test_what_is_removed_meanwhile_does_not_come_back_when_its_entry_goes(shop: Shop) -> None:
    """A plan says that the entry can go, once the coupon is not in the shop."""
    kill(shop, "POST", after=False)
    shop.write("removed: [{address: coupon/C, delete: true}]")
    plan = shop.plan()
    assert plan.empty
    assert "coupon/C no longer exists in the shop; you can delete this entry" in " ".join(
        plan.notes
    )
    assert noted(shop) != {}, "a plan alone decides nothing"
    assert shop.apply().complete
    assert noted(shop) == {}
    shop.write("categories: [{name: A}]")
    assert shop.plan().empty


def test_a_used_up_coupon_does_not_come_back_with_more(make_shop: MakeShop) -> None:
    seed = {"coupons": [{**SEED["coupons"][0], "Balance": 0}]}
    shop = make_shop(seed)
    text = COUPON.replace("limit: 10", "limit: 15, minimum_amount: 500")
    kill(shop, "POST", after=False, text=text)
    shop.write(text.replace("15", "10"))
    plan = shop.plan()
    assert plan.empty
    assert "no uses were left of the old one" in plan.blocked[0][1]


def test_a_replacement_that_cannot_be_noted_is_not_begun(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write(COUPON)
    plan = shop.plan()
    write = StateDir.save_section
    monkeypatch.setattr(StateDir, "save_section", lambda self, *w: w[0] != FILE and write(self, *w))
    before = shop.show()
    report = shop.apply(plan)
    assert [outcome.status for outcome in report.outcomes] == ["failed"]
    assert "not started" in report.outcomes[0].message
    assert "journal.json cannot be written" in report.outcomes[0].message
    assert shop.show() == before


def test_a_coupon_that_was_put_back_remembers_what_it_was(shop: Shop) -> None:
    """The shop takes no requirement, so the old one is put back; later the file asks for less."""
    shop.twin.choices = shop.twin.choices.with_changes(coupon_requirement_names="reject")
    shop.write(COUPON.replace("limit: 10", "limit: 12, requires: {variants: [PA]}"))
    assert "the old one was restored" in shop.apply().outcomes[0].message
    assert balance(shop) == (10, 4, 4)
    shop.write(COUPON.replace("limit: 10", "limit: 12"))
    assert shop.apply().complete
    assert balance(shop) == (20, 6, 6), "6 of 12 uses are used up"
    assert shop.plan().empty
    assert noted(shop) == {}


def test_what_could_not_be_read_stays_noted(shop: Shop) -> None:
    kill(shop, "POST", after=False)
    shop.twin.choices = shop.twin.choices.with_changes(
        forbidden_operations=frozenset(
            {"POST /PromotionCoupon/WithTotalCount", "GET /PromotionCoupon/ByCode"}
        )
    )
    assert shop.plan().empty
    assert len(noted(shop)) == 1


def test_an_interrupted_replacement_that_fails_again_stays_noted(shop: Shop) -> None:
    kill(shop, "POST", after=False)
    shop.twin.faults.add(InjectedFault("POST", "/PromotionCoupon", "503", times=9))
    assert not shop.apply().complete
    assert len(noted(shop)) == 1
    shop.twin.faults.clear()
    assert shop.apply().complete
    assert balance(shop) == (20, 4, 4)


def test_an_embedded_shop_that_is_filled_anew_has_no_past(shop: Shop) -> None:
    kill(shop, "POST", after=False)
    connect.reset_sandbox(shop.settings)
    assert noted(shop) == {}


ENTRY = {"before": {"limit": 10, "balance": 4}, "after": {"limit": 4}, "carried": {}}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "[" * 9999,
        '{"sandbox": {"coupon/C": ',
        "\xff",
        '{"sandbox": []}',
        '{"a": 1e999999}',
        '{"a": {"x": 1e999999}}',
        '{"a": {"x": NaN}, "sandbox": {}}',
        '{"a": [], "sandbox": {}}',
        "[1]",
        '{"sandbox": {"coupon/C": 1, "C": {}, "coupon/D": {"before": {}}}}',
        *(
            json.dumps({"sandbox": {"coupon/C": {**ENTRY, **wrong}}})
            for wrong in (
                {"before": [1]},
                {"gone": "yes"},
                {"before": {"balance": "x"}},
                {"before": {"limit": [4]}},
                {"before": {"requires": {"variants": "PA"}}},
                {"before": {"requires": {"outlets": ["A"]}}},
                {"after": {"expiry_date": 5}},
                {"carried": {"limit": [10, "x"]}},
            )
        ),
        *(
            json.dumps({"sandbox": section})
            for section in (
                {"uses": {"coupon/C": {"used": -1, "limit": 10}}},
                {"uses": {"coupon/C": {"used": "6", "limit": 10}}},
                {"uses": {"C": {"used": 6, "limit": 10}}},
                {"uses": []},
                {"births": ["PA"]},
                {"births": ["coupon/C"]},
                {"births": {}},
                {"run": 5},
            )
        ),
    ],
)
def test_a_damaged_journal_stops_the_run_before_the_shop_is_read(shop: Shop, content: str) -> None:
    """The journal may be all that is known of the uses of a coupon that is gone."""
    shop.state.create()
    (shop.state.path / FILE).write_bytes(content.encode("latin-1"))
    shop.write(COUPON)
    client = shop.client()
    with pytest.raises(UsageError) as caught:
        shop.plan(client)
    assert "journal.json cannot be read, or it is incomplete" in caught.value.message
    assert "uses they had left" in (caught.value.hint or "")
    assert client.requests == 0
    assert (shop.state.path / FILE).read_bytes() == content.encode("latin-1")


def test_a_note_of_another_version_counts_as_far_as_it_is_understood(shop: Shop) -> None:
    kill(shop, "POST", after=False)
    entry = noted(shop)["coupon/C"]
    entry["before"]["tint"] = entry["after"]["tint"] = "red"
    entry["carried"] |= {"tint": ["red", "blue"], "discount": 5}
    content = {"sandbox": {"coupon/C": entry, "gift/G": entry}}
    (shop.state.path / FILE).write_text(json.dumps(content))
    assert shop.apply().complete
    assert balance(shop) == (20, 4, 4)
    assert noted(shop).keys() == {"gift/G"}


def test_two_runs_at_once_keep_each_others_notes(shop: Shop) -> None:
    shop.write(COUPON)
    (change,) = shop.plan().changes
    runs = [Journal(shop.state, "sandbox") for _ in range(2)]
    runs[0].begin(change)
    runs[1].begin(replace(change, address=Address("coupon", "D")))
    runs[0].note_removal(change.address)
    assert {name: entry["gone"] for name, entry in noted(shop).items()} == {
        "coupon/C": True,
        "coupon/D": False,
    }
    runs[0].settle([change.address], {})
    assert noted(shop).keys() == {"coupon/D"}


def test_a_saved_plan_that_finishes_it_keeps_the_balance(shop: Shop) -> None:
    kill(shop, "POST", after=False)
    plan = shop.plan()
    made = plan_document(plan, PlanView(kinds=KINDS, usage=shop.cost(plan)))
    plan_file.write_plan(shop.folder / "plan.json", json.loads(json.dumps(made, default=float)))
    approved = plan_file.read_plan(shop.folder / "plan.json")
    resumed = recheck_plan(OpenShop(shop.settings, shop.client()), approved)
    assert (resumed.plan.stale, resumed.plan.done) == ((), ())
    assert shop.apply(resumed.plan).complete
    assert balance(shop) == (20, 4, 4)
