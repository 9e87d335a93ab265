"""Random histories of tills, invoices, clocks and crashes, against an oracle in memory.

EXAMPLES asks for more of them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, configuration, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from dealpos_reconciler.errors import ReleaseConflict
from dealpos_reconciler.provider.postgres.store import open_postgres
from dealpos_reconciler.provider.sqlite.store import SqliteStore
from dealpos_reconciler.provider.store import HoldRequest, SaleReport, UsageStore
from tests.support.postgres import PrivatePostgres
from tests.support.usage import SetClock, UsageDriver, broken_invariants

EXAMPLES = int(os.environ.get("EXAMPLES", "40"))
STEPS = 40

configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "reconciler-hypothesis")

COUPONS: dict[str, dict[str, Any]] = {
    "two": {"limit": 2},
    "one": {"limit": 1, "reentry": "same-outlet"},
    "each": {"limit": 3, "limit_per_customer": 1, "reentry": "same-customer"},
    "here": {"limit": None, "limit_per_customer": 2, "reentry": "same-outlet"},
}
NAMES = st.sampled_from(sorted(COUPONS))
OUTLETS = st.sampled_from(["Kemang", "Solo"])
CUSTOMERS = st.sampled_from([frozenset(), frozenset("a"), frozenset("ab"), frozenset("b")])
ASKS = st.tuples(OUTLETS, CUSTOMERS, st.sampled_from([0, 0, 0, 3, 11, -15]))
INVOICES = st.sampled_from(["i1", "i2", "i3", "i4"])
BODIES = st.sampled_from(["first", "second"])


@dataclass
class Held:
    outlet: str
    who: frozenset[str]
    since: datetime
    until: datetime


@dataclass
class Sold:
    state: str
    coupon: str
    who: dict[str, frozenset[str]] = field(default_factory=dict)
    bodies: set[str] = field(default_factory=set)


class Oracle:
    """The same promises in the simplest form: lists in memory, and no counter at all."""

    def __init__(self) -> None:
        self.holds: dict[str, list[Held]] = {name: [] for name in COUPONS}
        self.sold: dict[str, Sold] = {}

    def uses(self, name: str) -> list[Sold]:
        return [s for s in self.sold.values() if (s.state, s.coupon) == ("counted", name)]

    def hold(self, asked: HoldRequest) -> str:
        name, held = asked.counter, self.holds[asked.counter]
        for old in held:
            if old.since > asked.now:
                old.since, old.until = asked.now, asked.now + (old.until - old.since)
        held[:] = [old for old in held if old.until > asked.now]
        own = [old for old in held if old.who & asked.customer]
        used = [s for s in self.uses(name) if s.who.get(name, frozenset()) & asked.customer]
        most, limit = asked.limit_per_customer, asked.limit
        here = [old for old in held if old.outlet == asked.outlet]
        again = {"refuse": [], "same-customer": own, "same-outlet": here}[asked.reentry]
        if most is not None and (not asked.customer or len(own) + len(used) >= most):
            again = [old for old in again if old in own and len(used) < most]
            refusal = "customer_limit"
        elif limit is None or len(held) + len(self.uses(name)) < limit:
            held.append(Held(asked.outlet, asked.customer, asked.now, asked.until))
            return "held"
        else:
            refusal = "used_up" if len(self.uses(name)) >= limit else "in_use"
        if not again:
            return refusal
        best = min(again, key=lambda o: (o not in own, o.outlet != asked.outlet, o.until))
        best.outlet, best.since, best.until = asked.outlet, asked.now, asked.until
        best.who |= asked.customer
        return "renewed"

    def report(self, sale: SaleReport) -> set[str]:
        """Take a report; return the flags of a use that it takes without a hold."""
        row = self.sold.setdefault(sale.invoice, Sold("absent", sale.counter or ""))
        before = row.coupon if row.state == "counted" else ""
        is_old, is_first = sale.digest in row.bodies, not row.bodies
        self.move(row, sale, is_old, is_first)
        if sale.state == "counted" and sale.digest:
            row.bodies.add(sale.digest)
        row.who[row.coupon] = row.who.get(row.coupon, frozenset()) | sale.customer
        if row.state != "counted" or row.coupon == before:
            return set()
        for who in list(row.who.values()):
            row.who[row.coupon] |= who
        return self.take(row.coupon, sale)

    def move(self, row: Sold, sale: SaleReport, is_old: bool, is_first: bool) -> None:
        if sale.state == "voided":
            if row.state != "doubtful" or sale.authority:
                row.state = "voided"
        elif row.state in ("absent", "counted"):
            if row.state == "absent" or not is_old or sale.authority:
                row.state, row.coupon = "counted", sale.counter or ""
        elif sale.authority:
            row.state, row.coupon = "counted", sale.counter or ""
        elif sale.state == "restored" or not (is_old or is_first):
            row.state = "doubtful"

    def take(self, name: str, sale: SaleReport) -> set[str]:
        def fit(old: Held) -> tuple[bool, bool, datetime]:
            is_here = old.outlet == sale.outlet
            return not (is_here and old.who & sale.customer), not is_here, old.since

        if held := self.holds[name]:
            held.remove(min(held, key=fit))
            return set()
        if sale.limit is None:
            return set()
        return {"unheld"} | ({"beyond"} if len(self.uses(name)) > sale.limit else set())


class Histories(RuleBasedStateMachine):
    """A store beside its oracle. After each step both count the same."""

    def __init__(self, home: Callable[[], tuple[str, Path | None]]) -> None:
        super().__init__()
        self.place, self.folder = home()
        self.clock, self.oracle, self.releases = SetClock(), Oracle(), 0
        self.driver = UsageDriver(self.open, self.clock)

    async def open(self) -> UsageStore:
        if self.folder:
            return SqliteStore(Path(self.place), clock=self.clock)
        return await open_postgres(self.place, clock=self.clock)

    @rule(name=NAMES, asks=st.lists(ASKS, min_size=2, max_size=6))
    def hold(self, name: str, asks: list[tuple[str, frozenset[str], int]]) -> None:
        for outlet, customer, minutes in asks:
            self.clock.move(minutes=minutes)
            asked = self.driver.request(name, outlet=outlet, customer=customer, **COUPONS[name])
            result = self.driver.run(self.driver.store.hold(asked))
            assert result.status == self.oracle.hold(asked)
            self.clock.move(seconds=1)

    @rule(invoice=INVOICES, name=NAMES, outlet=OUTLETS, customer=CUSTOMERS, body=BODIES)
    def sell(
        self, invoice: str, name: str, outlet: str, customer: frozenset[str], body: str
    ) -> None:
        """Report a sale: a new one, a duplicate, an old one after a void, an edited one."""
        self.report(invoice, "counted", name, outlet, customer, digest=f"{body} {name}")

    @rule(invoice=INVOICES, name=NAMES, authority=st.booleans())
    def void(self, invoice: str, name: str, authority: bool) -> None:
        self.report(invoice, "voided", name, authority=authority)

    @rule(invoice=INVOICES, name=NAMES, authority=st.booleans())
    def restore(self, invoice: str, name: str, authority: bool) -> None:
        self.report(invoice, "restored", name, authority=authority)

    def report(
        self, invoice: str, state: str, name: str, outlet: str = "", customer: Any = (), **more: Any
    ) -> None:
        who, limit = frozenset(customer), COUPONS[name]["limit"]
        values = {"limit": limit, "outlet": outlet, "customer": who, "digest": "", **more}
        sale = self.driver.report(invoice, state, name, **values)
        taken = self.oracle.report(sale)
        booking = self.driver.run(self.driver.store.book(sale))
        assert taken <= booking.flags
        assert self.driver.state(invoice) == self.oracle.sold[invoice].state
        assert ("doubtful" in booking.flags) == (self.oracle.sold[invoice].state == "doubtful")

    @rule(minutes=st.sampled_from([4, 6, 11, -5, -60, 60 * 24 * 365, -60 * 24 * 365]))
    def wait_or_set_the_clock(self, minutes: int) -> None:
        self.clock.move(minutes=minutes)

    @rule(name=NAMES)
    def free(self, name: str) -> None:
        assert self.driver.free(name) == len(self.oracle.holds[name])
        self.oracle.holds[name].clear()

    @rule(is_late=st.booleans())
    def publish(self, is_late: bool) -> None:
        if is_late and self.releases:
            with pytest.raises(ReleaseConflict):
                self.driver.publish("late", previous=self.releases - 1)
        else:
            self.releases = self.driver.publish(previous=self.releases).number

    @rule()
    def reopen(self) -> None:
        self.driver.reopen()

    @rule()
    def crash(self) -> None:
        """Continue with the files as they are on disk this moment, as after `kill -9`."""
        if self.folder:
            was, now = Path(self.place), self.folder / f"{len(list(self.folder.iterdir()))}"
            now.mkdir()
            for file in was.parent.glob("provider.db*"):
                if not file.name.endswith("-shm"):
                    shutil.copyfile(file, now / file.name)
            self.place = str(now / "provider.db")
            self.driver.reopen()

    @invariant()
    def counts_are_those_of_the_oracle(self) -> None:
        counts = self.driver.all_usage(list(COUPONS))
        for name in COUPONS:
            live = [old for old in self.oracle.holds[name] if old.until > self.clock.now]
            assert counts[name].used == len(self.oracle.uses(name))
            assert counts[name].held == len(live)

    def teardown(self) -> None:
        release = self.driver.run(self.driver.store.current())
        assert (release.number if release else 0) == self.releases
        self.driver.end()
        assert not broken_invariants(self.place)


def run_histories(home: Callable[[], tuple[str, Path | None]], examples: int) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Histories(home),
        settings=settings(
            database=None,
            deadline=None,
            derandomize=True,
            max_examples=examples,
            stateful_step_count=STEPS,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink) if "SHRINK" in os.environ else (Phase.generate,),
        ),
    )


@pytest.mark.timeout(3600)
def test_histories_in_sqlite_are_those_of_the_oracle(quick_path: Path) -> None:
    def home() -> tuple[str, Path | None]:
        folder = Path(tempfile.mkdtemp(dir=quick_path))
        (folder / "0").mkdir()
        return str(folder / "0" / "provider.db"), folder

    run_histories(home, EXAMPLES)


@pytest.mark.timeout(3600)
def test_histories_in_postgres_are_those_of_the_oracle(postgres: PrivatePostgres) -> None:
    run_histories(lambda: (postgres.new_schema(), None), EXAMPLES // 8)
