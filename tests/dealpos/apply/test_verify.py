"""Written changes are compared with scripted reads: what is shown, hidden, refused or lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from dealpos_reconciler.core.diff.change import Action, Change, FieldChange
from dealpos_reconciler.core.diff.readback import proof_of
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.kind import Kind, Value
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.report import Written
from dealpos_reconciler.core.steps.readbacks import Group
from dealpos_reconciler.core.steps.step import Request, Step, Undo
from dealpos_reconciler.dealpos.apply.send import RequestSender
from dealpos_reconciler.dealpos.apply.verify import Verifier
from dealpos_reconciler.errors import ApiError, Stopped
from dealpos_reconciler.kinds import KINDS

BROKEN = ApiError("variant.list", "HTTP 500: broken")


def change(address: str, before: Value | None, after: Value | None, **more: object) -> Change:
    kind, _, name = address.partition("/")
    fields = tuple(FieldChange((n,), (before or {}).get(n), v) for n, v in (after or {}).items())
    action = Action.DELETE if after is None else Action.UPDATE if before else Action.CREATE
    return Change(Address(kind, name), action, "", fields, before, after, **more)  # type: ignore[arg-type]


def live(shown: Mapping[Address, Value | None], **errors: str) -> Live:
    state = Live()
    for address, value in shown.items():
        state.put(address, ABSENT if value is None else Observed(value))
    state.read_errors.update({Address("variant", name): why for name, why in errors.items()})
    return state


class Clock:
    """A client that only lets time pass."""

    def broken_limit(self, requests: int, seconds: float) -> None:
        """Return None: nothing limits the run."""

    def pause(self, seconds: float, reason: str) -> None:
        """Let the time pass."""


@dataclass
class Shop(RequestSender):
    """A sender that answers from lists, and notes what it was asked to do.

    The last answer of a list is given again.
    """

    client: Clock = field(default_factory=Clock)  # type: ignore[assignment]
    reads: list[Live | Exception] = field(default_factory=list)
    deletions: list[Live | Exception] = field(default_factory=list)
    listings: list[Live | Exception] = field(default_factory=list)
    refused: Exception | None = None
    done: list[str] = field(default_factory=list)
    read_singly: set[Address] = field(default_factory=set)

    def _answer(self, answers: list[Live | Exception]) -> Live:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def count_requests(self, groups: Mapping[str, Group]) -> int:
        return 1

    def read_back(self, kind: Kind, group: Group) -> Live:
        verb = "look for" if group.gone else "list" if group.needs_list else "read"
        self.done.append(f"{verb} {', '.join(f'{kind.name}/{name}' for name in group.proofs)}")
        by_list = self.listings if group.needs_list else self.reads
        return self._answer(self.deletions if group.gone else by_list)

    def resend(self, request: Request) -> None:
        self.done.append(f"send {request.body}")
        if self.refused:
            raise self.refused

    def remove_creation(self, step: Step) -> None:
        self.done.append(f"remove {step.addresses[0]}")
        if self.refused:
            raise self.refused


def verified(
    shop: Shop, *changes: Change, alone: Sequence[str] = (), **more: object
) -> list[Written]:
    """Verify `changes` written by one step; those in `alone` can be written by themselves."""
    step = Step(
        0,
        changes[0].address.kind,
        changes[0].action,
        changes,
        (Request("x", {}),),
        {},
        fallback={Address("variant", name): Request("variant.update", name) for name in alone},
        undo=Undo(Request("coupon.delete", {})),
    )
    proofs = {c.address: proof_of(KINDS[c.address.kind], c) for c in changes}
    writes = {c.address: Written(c, proofs[c.address], "applied", **more) for c in changes}  # type: ignore[arg-type]
    found = Verifier([step], KINDS, shop).verify(writes)
    assert list(found) == list(writes)
    return list(found.values())


A = change("variant/A", {"unit_price": 1}, {"unit_price": 2})
B = change("variant/B", {"unit_price": 1}, {"unit_price": 3})
GONE = change("variant/G", {"unit_price": 1}, None)
COUPON = change("coupon/C", None, {"discount": 5, "minimum_amount": 9})


def test_a_shown_value_is_observed() -> None:
    shop = Shop(reads=[live({A.address: {"unit_price": 2}, B.address: {"unit_price": 3}})])
    assert [w.observed for w in verified(shop, A, B)] == [{"unit_price": 2}, {"unit_price": 3}]
    assert shop.done == ["read variant/A, variant/B"]


def test_another_value_fails_its_change_alone_after_three_reads() -> None:
    shop = Shop(reads=[live({A.address: {"unit_price": 2}, B.address: {"unit_price": 7}})])
    first, second = verified(shop, A, B)
    assert (first.status, first.reason) == ("applied", None)
    assert (second.status, second.observed) == ("failed", None)
    assert second.reason == "`unit_price` was sent as 3 and reads back as 7"
    assert shop.done == ["read variant/A, variant/B", *["read variant/B"] * 2]


def test_the_former_value_is_no_failure() -> None:
    shop = Shop(reads=[live({B.address: {"unit_price": 1}})])
    (found,) = verified(shop, B)
    assert found.status == "unverified"
    assert found.reason == "`unit_price` was sent as 3 and reads back as 1"
    assert shop.done == ["read variant/B"] * 6


def test_a_value_that_is_shown_later_is_observed() -> None:
    shop = Shop(reads=[live({B.address: {"unit_price": n}}) for n in (1, 7, 3)])
    (found,) = verified(shop, B)
    assert (found.status, found.reason, found.observed) == ("applied", None, {"unit_price": 3})


def test_an_object_that_no_read_shows_is_unverified() -> None:
    (found,) = verified(Shop(reads=[live({A.address: None})]), A)
    assert (found.status, found.reason) == ("unverified", "it does not read back yet")


def test_a_field_that_a_later_request_wrote_may_be_behind() -> None:
    new = change("variant/N", None, {"unit_price": 2, "weight": 5})
    shop = Shop(reads=[live({new.address: {"unit_price": 2, "weight": 0}})])
    steps = [
        Step(0, "variant", Action.CREATE, (new,), (), {"variant": frozenset({"unit_price"})}, True),
        Step(1, "variant", Action.CREATE, (new,), (), {"variant": frozenset({"weight"})}),
    ]
    written = Written(new, proof_of(KINDS["variant"], new), "applied")
    found = Verifier(steps, KINDS, shop).verify({new.address: written})
    assert found[new.address].status == "unverified"
    found = Verifier(steps[:1], KINDS, shop).verify({new.address: written})
    assert found[new.address].status == "failed"


@pytest.mark.parametrize("error", [BROKEN, Stopped("interrupted by Ctrl-C")])
def test_a_failed_read_leaves_all_unread(error: Exception) -> None:
    shop = Shop(deletions=[error])
    for found in verified(shop, A, B, GONE):
        assert (found.status, found.observed, found.unread) == ("applied", None, error.args[0])
    assert shop.done == ["look for variant/A, variant/B, variant/G"]


def test_an_object_that_could_not_be_read_is_unread() -> None:
    answers = live({A.address: {"unit_price": 2}}, B="HTTP 500")
    first, second = verified(Shop(reads=[answers]), A, B)
    assert (first.unread, second.unread) == (None, "HTTP 500")
    assert second.status == "applied"


def test_a_child_that_its_parents_update_did_not_change_is_written_alone() -> None:
    same = {"unit_price": 1}
    both = live({A.address: same, B.address: same})
    shop = Shop(reads=[both, both, live({A.address: {"unit_price": 2}, B.address: same})])
    first, second = verified(shop, A, B, alone=["A"])
    assert (first.status, first.reason, first.observed) == ("applied", None, {"unit_price": 2})
    assert second.status == "unverified"
    looks = ["read variant/A, variant/B"] * 2
    assert shop.done == [*looks, "send A", "read variant/A", *["read variant/B"] * 4]


def test_a_child_that_also_its_own_update_does_not_change_fails() -> None:
    same = live({A.address: {"unit_price": 1}})
    (found,) = verified(Shop(reads=[same, same]), A, alone=["A"])
    assert found.reason == "`unit_price` was sent as 2 and reads back as 1"


def test_the_first_refused_update_ends_writing_alone() -> None:
    same = {"unit_price": 1}
    shop = Shop(reads=[live({A.address: same, B.address: same})], refused=BROKEN)
    first, second = verified(shop, A, B, alone=["A", "B"])
    assert first.status == second.status == "unverified"
    assert first.notes == ("a separate update failed: variant.list: HTTP 500: broken",)
    assert second.notes == ()
    looks = ["read variant/A, variant/B"]
    assert shop.done == [*looks * 2, "send A", *looks * 4]


def test_a_value_that_may_be_rewritten_or_ignored_is_written_alone_once() -> None:
    """`kopi` read back after `Kopi` was sent is a rewrite, or a write that did nothing."""
    named = change("variant/A", {"name": "kopi"}, {"name": "Kopi"})
    kept = live({named.address: {"name": "kopi"}})
    shop = Shop(reads=[kept, kept])
    (found,) = verified(shop, named, alone=["A"])
    assert (found.status, found.observed) == ("applied", {"name": "kopi"})
    assert shop.done == [*["read variant/A"] * 2, "send A", "read variant/A"]


def test_a_change_that_must_not_be_written_alone_says_why() -> None:
    prices = ({"unit_price": 1}, {"unit_price": 2})
    risky = change("variant/A", *prices, unread_fields_at_risk=("ratio",))
    (found,) = verified(Shop(reads=[live({risky.address: prices[0]})]), risky)
    assert found.reason == (
        "`unit_price` was sent as 2 and reads back as 1; "
        "no separate update was sent, because it could clear `ratio`"
    )


def test_a_deletion_is_verified_by_the_read_that_would_show_it() -> None:
    (found,) = verified(Shop(deletions=[live({GONE.address: None})]), GONE)
    assert (found.status, found.observed) == ("applied", {})
    (found,) = verified(Shop(deletions=[live({GONE.address: {}})]), GONE)
    assert (found.status, found.reason) == ("unverified", "reads still show it")
    (found,) = verified(Shop(deletions=[live({}, G="HTTP 500")]), GONE)
    assert (found.status, found.observed, found.unread) == ("applied", None, "HTTP 500")


def listed(shop: Shop) -> Written:
    (found,) = verified(shop, COUPON, observed={"discount": 5}, awaits_listing=True)
    return found


def test_a_listing_completes_what_a_single_read_showed() -> None:
    shop = Shop(listings=[live({COUPON.address: {"minimum_amount": 9}})])
    found = listed(shop)
    assert found.observed == {"discount": 5, "minimum_amount": 9}
    assert not found.awaits_listing
    assert shop.done == ["list coupon/C"]


def test_a_listing_that_does_not_show_the_coupon_leaves_it_unverified() -> None:
    shop = Shop(listings=[live({})])
    found = listed(shop)
    assert (found.status, found.reason) == ("unverified", "lists do not show it yet")
    assert shop.done == ["list coupon/C"] * 6


def test_a_listing_that_hides_an_expired_coupon_settles_what_was_read() -> None:
    after = {"discount": 5, "minimum_amount": 9, "expiry_date": "2020-01-01"}
    shop = Shop(listings=[live({})])
    observed = {"discount": 5, "expiry_date": "2020-01-01"}
    past = change("coupon/C", None, after)
    (found,) = verified(shop, past, observed=observed, awaits_listing=True)
    assert (found.status, found.observed, found.awaits_listing) == ("applied", observed, False)
    assert shop.done == ["list coupon/C"]


def test_a_list_that_is_behind_does_not_remove_the_coupon() -> None:
    old, new = ({"discount": 4, "minimum_amount": n} for n in (7, 9))
    replaced = change("coupon/C", old, new)
    shop = Shop(listings=[live({replaced.address: old})])
    (found,) = verified(shop, replaced, observed={"discount": 4}, awaits_listing=True)
    assert (found.status, found.awaits_listing) == ("unverified", True)
    assert shop.done == ["list coupon/C"] * 6


def test_a_coupon_whose_listing_is_broader_is_removed() -> None:
    broader = live({COUPON.address: {"minimum_amount": 0}})
    shop = Shop(listings=[broader])
    why = "`minimum_amount` was sent as 9 and reads back as 0"
    found = listed(shop)
    assert (found.status, found.reason) == ("failed", f"{why}; it was deleted again")
    assert shop.done == [*["list coupon/C"] * 3, "remove coupon/C"]
    assert listed(Shop(listings=[broader], refused=BROKEN)).reason == (
        f"{why}; it could not be deleted and is still in the shop: HTTP 500: broken"
    )


def test_a_failed_listing_leaves_the_coupon_unread() -> None:
    found = listed(Shop(listings=[BROKEN]))
    assert (found.unread, found.awaits_listing) == (BROKEN.message, True)
