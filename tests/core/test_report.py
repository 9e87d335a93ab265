"""Writes of a change fold into one outcome, without a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dealpos_reconciler.core.diff.change import Action, Change, FieldChange, fingerprint
from dealpos_reconciler.core.diff.readback import Proof, describe_mismatch, proof_of
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.report import (
    Outcome,
    Report,
    Status,
    Written,
    fold_writes,
    outcome_of,
    redact,
    rewrites_after,
)
from dealpos_reconciler.kinds import KINDS


def change(kind: str, before: Mapping[str, Any], after: Mapping[str, Any], **more: Any) -> Change:
    """Return an update of one object, with a field change for each value that differs."""
    fields = tuple(
        FieldChange((name,), before.get(name), value)
        for name, value in after.items()
        if before.get(name) != value
    )
    return Change(Address(kind, "X"), Action.UPDATE, "", fields, before, after, **more)


PRICE = change("variant", {"unit_price": 1}, {"unit_price": 2})
NAME = change("product", {"name": "Tea"}, {"name": "Kopi Susu"})


def written(status: Status = "applied", change: Change = PRICE, **more: Any) -> Written:
    return Written(change, proof_of(KINDS[change.address.kind], change), status, **more)


def outcome(record: Written, known: Any = None) -> Outcome:
    return outcome_of(KINDS[record.address.kind], record, known or {})


@pytest.mark.parametrize(
    ("statuses", "status", "reason"),
    [
        (["applied"], "applied", None),
        (["applied", "applied"], "applied", None),
        (["failed"], "failed", "failed 0"),
        (["skipped"], "skipped", "skipped 0"),
        (["stale"], "stale", "stale 0"),
        (["applied", "failed"], "failed", "partly applied: failed 1"),
        (["failed", "applied"], "failed", "partly applied: failed 0"),
        (["applied", "skipped"], "failed", "partly applied: skipped 1"),
        (["skipped", "applied"], "failed", "partly applied: skipped 0"),
        (["skipped", "failed"], "failed", "failed 1"),
        (["failed", "skipped"], "failed", "failed 0"),
        (["failed", "failed"], "failed", "failed 1"),
        (["skipped", "skipped"], "skipped", "skipped 0"),
        (["failed", "applied", "skipped"], "failed", "partly applied: failed 0"),
    ],
)
def test_writes_of_one_change_fold_into_the_worst(
    statuses: list[Status], status: str, reason: str | None
) -> None:
    writes = [
        written(s, reason=None if s == "applied" else f"{s} {i}", notes=(f"note {i}",))
        for i, s in enumerate(statuses)
    ]
    folded = fold_writes(writes)
    assert (folded.status, folded.reason) == (status, reason)
    assert folded.notes == tuple(f"note {i}" for i in range(len(statuses)))


def test_a_seen_value_verifies_a_change() -> None:
    done = outcome(written(observed={"unit_price": 2}))
    assert done == Outcome(Address("variant", "X"), Action.UPDATE, "applied", "", verified=True)


def test_a_write_that_no_read_showed_is_not_verified() -> None:
    assert not outcome(written()).verified
    unread = outcome(written(unread="HTTP 500"))
    assert (unread.verified, unread.message) == (
        False,
        "accepted by the API, not verified: HTTP 500",
    )


def test_a_changed_field_that_reads_leave_out_is_named() -> None:
    both = change("variant", {"unit_price": 1, "model": "S"}, {"unit_price": 2, "model": "L"})
    done = outcome(written(change=both, observed={"code": "X"}))
    assert not done.verified
    assert done.message == "accepted; the API never returns `model`, `unit_price`"


def test_a_write_that_awaits_a_listing_is_not_verified() -> None:
    record = written(observed={"unit_price": 2}, awaits_listing=True)
    assert outcome(record) == Outcome(Address("variant", "X"), Action.UPDATE, "applied")
    known = {("name",): ("a", "b")}
    assert rewrites_after(KINDS["variant"], record, known) == known


def test_a_failure_is_never_verified_and_keeps_its_notes() -> None:
    failed = outcome(written("failed", reason="no", observed={"unit_price": 2}, notes=("but",)))
    assert (failed.status, failed.message, failed.verified) == ("failed", "no; but", False)


def test_a_new_rewrite_is_told_once() -> None:
    record = written(change=NAME, observed={"name": "KOPI SUSU"})
    first = outcome(record)
    assert first.message == 'DealPOS stored `name` "Kopi Susu" as "KOPI SUSU"'
    assert first.verified
    known = rewrites_after(KINDS["product"], record, {})
    assert known == {("name",): ("Kopi Susu", "KOPI SUSU")}
    assert outcome(record, known).message == ""


def test_a_rewrite_of_a_private_value_is_told_by_marks() -> None:
    renamed = change("customer", {"name": "Ani"}, {"name": "Budi Santoso"})
    told = outcome(written(change=renamed, observed={"name": "BUDI SANTOSO"})).message
    marks = [fingerprint(renamed.address, name) for name in ("Budi Santoso", "BUDI SANTOSO")]
    assert told == f"DealPOS stored `name` {marks[0]} as {marks[1]}"


def test_rewrites_are_kept_for_fields_that_no_read_showed() -> None:
    known = {("name",): ("Kopi", "KOPI"), ("brand",): ("a", "A")}
    record = written(change=NAME, observed={"name": "Kopi Susu"})
    assert rewrites_after(KINDS["product"], record, known) == {("brand",): ("a", "A")}
    assert rewrites_after(KINDS["product"], written(change=NAME), known) == known


def test_a_carried_over_value_is_kept_whether_a_read_showed_it_or_not() -> None:
    coupon = change("coupon", {"limit": 100}, {"limit": 63}, carried={"limit": (100, 63)})
    for observed in (None, {"limit": 63}):
        record = written(change=coupon, observed=observed)
        assert rewrites_after(KINDS["coupon"], record, {}) == {("limit",): (100, 63)}


def test_a_mismatch_names_what_was_sent_and_what_reads_back() -> None:
    variant = KINDS["variant"]
    live = {"unit_price": 3, "model": "M"}
    assert (
        describe_mismatch(variant, PRICE, live) == "`unit_price` was sent as 2 and reads back as 3"
    )
    assert describe_mismatch(variant, PRICE, live, ["model"]) is None
    assert describe_mismatch(variant, PRICE, {"unit_price": 2}) is None
    called = change("customer", {}, {"phone": "0811"})
    assert (
        describe_mismatch(KINDS["customer"], called, {"phone": "0812"})
        == "`phone` reads back differently"
    )


def test_a_proof_holds_the_changed_fields_that_a_read_can_show() -> None:
    moved = change("variant", {}, {"product": "P", "unit_price": 2})
    assert proof_of(KINDS["variant"], moved) == Proof(frozenset({"unit_price"}))
    coupon = change("coupon", {}, {"discount": 5, "minimum_amount": 9, "maximum_discount": 1})
    assert proof_of(KINDS["coupon"], coupon) == Proof(
        frozenset({"discount", "minimum_amount"}), frozenset({"minimum_amount"})
    )


def test_private_values_of_both_sides_are_redacted() -> None:
    customer = change("customer", {"name": "Ani"}, {"name": "Budi", "city": "Bo"})
    assert redact(KINDS["customer"], customer, "Ani is Budi of Bo") == "… is … of Bo"


def test_a_report_counts_every_status() -> None:
    here = Address("variant", "X")
    outcomes = [
        Outcome(here, Action.UPDATE, status, verified=status == "applied")
        for status in ("applied", "applied", "failed", "stale", "skipped")
    ]
    report = Report("shop", tuple(outcomes), 7)
    assert report.counts() == {
        "applied": 2,
        "unverified": 0,
        "failed": 1,
        "stale": 1,
        "skipped": 1,
    }
    assert (report.verified, report.complete) == (2, False)
    assert Report("shop", tuple(outcomes[:2]), 7).complete
