"""Files, shop and ledger: each difference is told to come from where it was made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealpos_reconciler.core.diff.change import CONFLICT, DRIFTED, PENDING, Action
from dealpos_reconciler.core.ledger.ledger import Key, Ledger
from dealpos_reconciler.core.ledger.record import (
    Moment,
    RecordBasis,
    record_apply,
    unsettled_objects,
)
from dealpos_reconciler.core.ledger.three_way import (
    LedgerView,
    add_last_written,
    find_orphaned,
    hold_conflicts,
    label_origins,
)
from dealpos_reconciler.core.model.address import Address, Source
from dealpos_reconciler.core.model.desired import Declared, Desired
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.plan.build import build_plan
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.ledger.run_ledger import explain_conflict

KEY = Key(b"a key of sixteen or more")
HERE = Source("catalogue/shop.yaml", 1, 1)
THEN = Moment("2026-01-01T00:00:00Z", "c0ffee")


def files(objects: dict[str, dict[str, Any]]) -> Desired:
    found: dict[str, dict[str, Declared]] = {}
    for text, value in objects.items():
        kind, _, name = text.partition("/")
        found.setdefault(kind, {})[name] = Declared({KINDS[kind].identity: name, **value}, HERE)
    return Desired(found)


def shop(objects: dict[str, dict[str, Any] | None]) -> Live:
    live = Live()
    for text, value in objects.items():
        kind, _, name = text.partition("/")
        seen = ABSENT if value is None else Observed({KINDS[kind].identity: name, **value})
        live.put(Address(kind, name), seen)
        live.complete.add(kind)
    return live


def applied(objects: dict[str, dict[str, Any]], key: Key | None = KEY, **kept: Any) -> Ledger:
    """The ledger after `objects` were applied to an empty shop."""
    desired = files(objects)
    made, _ = build_plan(desired, shop(dict.fromkeys(objects)), KINDS, "s")
    every = [change.address for change in made.changes]
    return record_apply(RecordBasis(Ledger(), desired), made, every, kept, KINDS, key, THEN)


def plan(
    ledger: Ledger, desired: Desired, live: Live, told: bool = False, key: Key | None = KEY
) -> Plan:
    known = LedgerView(ledger, KINDS, key)
    asked, seen, notes = add_last_written(desired, live, known)
    ground = hold_conflicts(asked, seen, known, ledger.kept, lambda address: told)
    made, faults = build_plan(ground.desired, ground.live, KINDS, "s", ledger.kept)
    assert not faults
    blocked = (*made.blocked, *map(explain_conflict, ground.conflicts))
    made = replace(made, blocked=blocked, notes=(*made.notes, *notes))
    return label_origins(made, known)


def origins(made: Plan) -> dict[str, str | None]:
    return {f.name: f.origin for change in made.changes for f in change.fields}


PRICES = st.integers(1, 5)


@settings(max_examples=60)
@given(base=PRICES, asked=PRICES, held=PRICES)
def test_a_value_is_pending_drifted_or_both_exactly_as_it_was_constructed(
    base: int, asked: int, held: int
) -> None:
    ledger = applied({"variant/V": {"unit_price": base}})
    desired = files({"variant/V": {"unit_price": asked, "model": "M"}})
    made = plan(ledger, desired, shop({"variant/V": {"unit_price": held, "model": "M"}}))
    differs, files_moved, shop_moved = asked != held, asked != base, held != base
    if differs and files_moved and shop_moved:
        assert made.empty
        ((address, reason),) = made.blocked
        assert str(address) == "variant/V"
        assert f"`unit_price` was {base} at the last apply, is {held} in the shop" in reason
        assert "--overwrite variant/V" in reason
        won = plan(ledger, desired, shop({"variant/V": {"unit_price": held}}), told=True)
        assert origins(won) == {"unit_price": CONFLICT}
    else:
        word = PENDING if files_moved else DRIFTED
        assert origins(made) == ({"unit_price": word} if differs else {})
        assert made.blocked == ()


OUTLETS = st.dictionaries(st.sampled_from("ABC"), PRICES)


@settings(max_examples=60)
@given(base=OUTLETS, asked=OUTLETS, held=OUTLETS)
def test_an_entry_of_a_map_is_told_apart_by_itself(
    base: dict[str, int], asked: dict[str, int], held: dict[str, int]
) -> None:
    def prices(of: dict[str, int]) -> dict[str, Any]:
        return {"outlet_prices": {outlet: {"price": price} for outlet, price in of.items()}}

    ledger = applied({"variant/V": prices(base)})
    made = plan(
        ledger, files({"variant/V": prices(asked)}), shop({"variant/V": prices(held)}), told=True
    )
    for outlet in "ABC":
        moved = asked.get(outlet) != base.get(outlet), held.get(outlet) != base.get(outlet)
        word = {(True, True): CONFLICT, (True, False): PENDING, (False, True): DRIFTED}.get(moved)
        found = origins(made).get(f"outlet_prices.{outlet}.price")
        assert found == (word if asked.get(outlet) != held.get(outlet) else None)


def test_only_the_field_that_both_moved_is_held() -> None:
    ledger = applied({"variant/V": {"unit_price": 1, "model": "M"}})
    desired = files({"variant/V": {"unit_price": 2, "model": "N"}})
    made = plan(ledger, desired, shop({"variant/V": {"unit_price": 3, "model": "M"}}))
    (change,) = made.changes
    assert origins(made) == {"model": PENDING}
    assert change.after is not None
    assert change.after["unit_price"] == 3, "what the shop has goes along"


def test_what_was_held_is_still_known_after_the_rest_was_applied() -> None:
    ledger = applied({"variant/V": {"unit_price": 1, "model": "M"}})
    desired = files({"variant/V": {"unit_price": 2, "model": "N"}})
    live = shop({"variant/V": {"unit_price": 3, "model": "M"}})
    ground = hold_conflicts(
        desired, live, LedgerView(ledger, KINDS, KEY), {}, lambda address: False
    )
    made, _ = build_plan(ground.desired, ground.live, KINDS, "s")
    basis = RecordBasis(ledger, desired, ground.held, unsettled_objects(made))
    after = record_apply(basis, made, [Address("variant", "V")], {}, KINDS, KEY, THEN)
    assert after.entries[Address("variant", "V")].values == {"unit_price": 1, "model": "N"}


@pytest.mark.parametrize(
    ("text", "word"), [("variant/NEW", PENDING), ("variant/V", DRIFTED)], ids=["new", "gone"]
)
def test_a_new_object_is_pending_and_one_that_is_gone_drifted(text: str, word: str) -> None:
    ledger = applied({"variant/V": {"unit_price": 1}})
    needed = {"unit_price": 2, "model": "M", "product": "P", "type": "Standard"}
    product = {"name": "P", "category": "C", "brand": "", "discontinued": False, "image_url": ""}
    desired = files({text: needed, "product/P": product})
    made = plan(ledger, desired, shop({text: None, "product/P": product}))
    (change,) = made.changes
    assert (change.action, change.origin) == (Action.CREATE, word)


def test_what_no_read_shows_is_compared_with_what_was_written_last() -> None:
    coupon = {
        "type": "DiscountPercentage",
        "discount": 5,
        "limit": 9,
        "minimum_amount": 0,
        "maximum_discount": 500,
    }
    shown = {n: v for n, v in coupon.items() if n != "maximum_discount"} | {"balance": 9}
    ledger = applied({"coupon/C": coupon})
    live = shop({"coupon/C": shown})
    same = plan(ledger, files({"coupon/C": coupon}), live)
    assert (same.empty, [note for note in same.notes if "not compared" in note]) == (True, [])
    (change,) = plan(ledger, files({"coupon/C": {**coupon, "maximum_discount": 700}}), live).changes
    (found,) = change.fields
    assert (found.before, found.after, found.origin) == (500, 700, PENDING)
    assert plan(Ledger(), files({"coupon/C": {**coupon, "maximum_discount": 700}}), live).empty


def test_what_no_write_can_change_is_said_and_not_planned() -> None:
    ledger = applied({"category/C": {"code": "A"}})
    made = plan(ledger, files({"category/C": {"code": "B"}}), shop({"category/C": {}}))
    assert made.empty
    assert (
        "category/C: `code` differs from the last apply, but the API cannot change it" in made.notes
    )


CUSTOMER = {"name": "Budi Santoso", "email": "budi@example.com", "mobile": "0811"}


def test_private_values_are_recorded_as_keyed_digests() -> None:
    ledger = applied({"customer/C": CUSTOMER})
    (entry,) = ledger.entries.values()
    assert "Budi" not in str(entry)
    assert "budi@" not in str(entry)
    changed = {**CUSTOMER, "mobile": "0812"}
    desired, live = files({"customer/C": changed}), shop({"customer/C": CUSTOMER})
    assert origins(plan(ledger, desired, live)) == {"mobile": PENDING}
    assert origins(
        plan(ledger, files({"customer/C": CUSTOMER}), shop({"customer/C": changed}))
    ) == {"mobile": DRIFTED}
    both = plan(ledger, desired, shop({"customer/C": {**CUSTOMER, "mobile": "0813"}}))
    assert both.empty
    assert "0812" not in str(both.blocked)
    assert "0813" not in str(both.blocked)


@pytest.mark.parametrize("key", [None, Key(b"another key of the shop")])
def test_without_the_key_nobody_knows_which_side_moved_a_private_value(key: Key | None) -> None:
    ledger = applied({"customer/C": CUSTOMER})
    desired = files({"customer/C": {**CUSTOMER, "mobile": "0812"}})
    made = plan(ledger, desired, shop({"customer/C": {**CUSTOMER, "mobile": "0813"}}), key=key)
    assert origins(made) == {"mobile": None}


def test_without_a_key_nothing_private_is_recorded() -> None:
    (entry,) = applied({"customer/C": CUSTOMER}, key=None).entries.values()
    assert "mobile" not in entry.values


def test_what_is_kept_otherwise_is_no_drift() -> None:
    ledger = applied({"variant/V": {"model": "Kopi"}})
    address = Address("variant", "V")
    entry = replace(ledger.entries[address], kept={("model",): ("Kopi", "KOPI")})
    ledger = replace(ledger, entries={address: entry})
    live = shop({"variant/V": {"model": "KOPI"}})
    assert plan(ledger, files({"variant/V": {"model": "Kopi"}}), live).empty
    assert origins(plan(ledger, files({"variant/V": {"model": "Teh"}}), live)) == {"model": PENDING}


def test_what_was_dropped_from_the_files_is_named_until_it_is_gone() -> None:
    objects = {"category/A": {}, "category/B": {}}
    ledger = applied(objects)
    left = files({"category/A": {}})
    for live, named in ((shop({"category/A": {}, "category/B": {}}), ["category/B"]),
                        (shop({"category/A": {}, "category/B": None}), [])):  # fmt: skip
        made, _ = build_plan(left, live, KINDS, "s")
        found = find_orphaned(ledger, left, made, live.complete)
        assert list(map(str, found)) == named
        basis = RecordBasis(ledger, left, orphaned=frozenset(found))
        after = record_apply(basis, made, [], {}, KINDS, KEY, THEN)
        assert {str(a) for a in after.entries} == {"category/A", *named}


def test_what_could_not_be_applied_is_not_recorded() -> None:
    desired = files({"category/A": {}, "category/B": {}})
    made, _ = build_plan(desired, shop({"category/A": None, "category/B": None}), KINDS, "s")
    basis = RecordBasis(Ledger(), desired)
    after = record_apply(basis, made, [Address("category", "A")], {}, KINDS, KEY, THEN)
    assert set(map(str, after.entries)) == {"category/A"}
    assert [dict(run.changes) for run in after.applies] == [{Address("category", "A"): "create"}]


def test_what_stood_for_a_value_that_the_files_left_behind_is_forgotten() -> None:
    """100 uses were declared and 63 left; the file says 63 now, and that is what it means."""
    address = Address("variant", "V")
    for asked, left in ((100, {("weight",): (100, 63)}), (63, {})):
        desired = files({"variant/V": {"weight": asked}})
        made, _ = build_plan(desired, shop({"variant/V": {"weight": asked}}), KINDS, "s")
        kept = {address: {("weight",): (100, 63)}}
        after = record_apply(RecordBasis(Ledger(), desired), made, [], kept, KINDS, KEY, THEN)
        assert after.entries[address].kept == left
