"""A twin of the shop in memory: copied for each run, and watched while it is written to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar

from dealpos_reconciler import sandbox
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Value
from dealpos_reconciler.core.model.store import SANDBOX, SHOP, Store
from dealpos_reconciler.core.provider.options import ProviderSettings
from dealpos_reconciler.core.steps.usage import SECONDS_PER_REQUEST, Window
from dealpos_reconciler.dealpos.client import Client, embedded_transport
from dealpos_reconciler.dealpos.request_window import RequestWindow
from dealpos_reconciler.dealpos.response import NoDeadline
from dealpos_reconciler.dealpos.tenant import TenantProfile
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.sandbox import Choices, ObjectStore, StoredChange
from dealpos_reconciler.workflows.open_shop import OpenShop
from dealpos_reconciler.workflows.rehearsal.clock import VirtualClock, VirtualObserver
from dealpos_reconciler.workflows.rehearsal.memory import DetachedJournal, MemoryState
from dealpos_reconciler.workflows.rehearsal.seeding import decode_row

Payload = Mapping[str, Any]


class WatchedChoices(Choices):
    """Choices that note in `asked` which of them are used."""

    asked: ClassVar[set[str]]

    def __getattribute__(self, name: str) -> Any:
        """Return a choice, and note it."""
        asked = object.__getattribute__(self, "__dict__").get("asked")
        if asked is not None and not name.startswith("_"):
            asked.add(name)
        return object.__getattribute__(self, name)

    def with_changes(self, **changes: Any) -> Choices:
        """Return the same choices with some of them changed, which note nothing."""
        values = {name: value for name, value in vars(self).items() if name != "asked"}
        return Choices(**{**values, **changes})


def watch_choices(values: Mapping[str, Any]) -> WatchedChoices:
    """Return choices with these values."""
    made = WatchedChoices(**values)
    vars(made)["asked"] = set()
    return made


@dataclass
class Sightings:
    """The objects that were written, as the twin holds them."""

    before: dict[Address, Payload | None] = field(default_factory=dict)
    after: dict[Address, Payload | None] = field(default_factory=dict)
    steps: list[dict[Address, Value | None]] = field(default_factory=list)
    """The values of what each step has written."""
    _now: dict[Address, Payload | None] = field(default_factory=dict)

    def hear(self, changes: list[StoredChange]) -> None:
        """Note what a transaction has changed."""
        for change in changes:
            if change.kind in KINDS:
                identity = sandbox.KEYS[change.kind]
                if change.before is not None:
                    self._note(Address(change.kind, change.before[identity]), change.before, None)
                if change.after is not None:
                    self._note(Address(change.kind, change.after[identity]), None, change.after)

    def _note(self, address: Address, before: Payload | None, after: Payload | None) -> None:
        self.before.setdefault(address, before)
        self.after[address] = self._now[address] = after

    def end_of(self, address: Address, others: Iterable[Sightings]) -> Payload | None:
        """Return an object after the run: as written here, or else as another run found it."""
        if address in self.after:
            return self.after[address]
        return next(other.before[address] for other in others if address in other.before)

    def end_step(self, index: int) -> None:
        """Note that a step has ended, and decode what it has left."""
        del self.steps[index:]
        self.steps.append(
            {
                address: None if payload is None else _decode(address, payload)
                for address, payload in self._now.items()
            }
        )
        self._now.clear()


def _decode(address: Address, payload: Payload) -> Value:
    kind = KINDS[address.kind]
    value = decode_row(kind, sandbox.describe_payload(address.kind, dict(payload)))
    if kind.parent_kind:
        value[kind.parent_kind] = payload[sandbox.PARENT_KEYS[kind.name]]
    return value


class CountingLimiter(sandbox.Limiter):
    """The rate limit of a twin, which counts its windows."""

    windows = 0

    def take(self, endpoint: str, choices: Choices) -> sandbox.Admission | None:
        """Count one request, and the window that it begins."""
        admission = super().take(endpoint, choices)
        if admission and admission.allowed and admission.remaining == (self.limit or 0) - 1:
            self.windows += 1
        return admission


class Twin:
    """One run of a shop in memory; nothing in it reaches a network or a disk."""

    def __init__(
        self,
        store: ObjectStore,
        choices: Choices,
        window: Window,
        today: str,
        tenant: TenantProfile,
    ) -> None:
        self.clock = VirtualClock()
        self.sightings = Sightings()
        self.observer = VirtualObserver(self.clock, self.sightings.end_step)
        app = sandbox.create_app(
            choices=choices,
            clock=self.clock,
        )
        self.shop = app.extensions["sandbox"]
        self.shop.store = store.copy()
        self.shop.store.listener = self.sightings.hear
        self.limiter = self.shop.limiter = CountingLimiter(window.limit, window.seconds, self.clock)
        self.shop.sleep = self.clock.sleep
        self.shop.today = lambda: date.fromisoformat(today)
        self.transport = embedded_transport(app)
        self.client = self.connect(tenant)
        self.client.token.renew("")  # as the plan has done
        self.client.window = RequestWindow(self.clock, window.limit, window.seconds)

    def connect(self, tenant: TenantProfile) -> Client:
        """Return a client of the twin."""
        store = Store(SANDBOX, SANDBOX, SANDBOX)
        client = Client(store, self.transport, self.observer, tenant=tenant)
        client.deadline = NoDeadline()  # a timer for each request would take half of the time
        return client

    def spend(self, requests: int) -> None:
        """Count the reads of the plan as requests that the client has sent."""
        for _ in range(requests):
            self.clock.sleep(self.client.window.seconds_to_wait())
            most = self.client.window.count_request()
            self.shop.limiter.take("", self.shop.choices)
            self.client.window.update_from_headers({}, most)
            self.clock.sleep(SECONDS_PER_REQUEST)

    def begin(self) -> float:
        """Count windows from here on, the present one included; return the time."""
        self.observer.trace.clear()
        self.limiter.windows = min(self.limiter.windows, 1)
        return self.clock.now

    def close(self) -> None:
        """Forget the shop."""
        self.shop.store.close()


class TwinShop(OpenShop):
    """A shop folder whose shop is a twin, and of which nothing is written."""

    def __init__(self, shop: OpenShop, twin: Twin, desired: Desired) -> None:
        vars(self).update(vars(shop))
        self.settings = replace(shop.settings, provider=ProviderSettings(), guardrails={})
        self.client = twin.client
        self.state = MemoryState(shop.state.root, shop.state.masked)
        self.journal = DetachedJournal(shop.journal, self.state)
        self.other_stores = []
        self._desired = _declared_in_shop(desired)

    def leave_out(self, aside: Collection[Address]) -> None:
        """Let the files not declare objects that nothing was planned for."""
        objects = self._desired.without(aside).objects
        removals = {a: r for a, r in self._desired.removals.items() if a not in aside}
        self._desired = replace(self._desired, objects=objects, removals=removals)

    def read_files(self) -> Desired:
        """Return the objects that the plan was made from, as far as DealPOS holds them."""
        return self._desired


def _declared_in_shop(desired: Desired) -> Desired:
    objects = {
        kind: {n: replace(d, changed_derived_fields=frozenset()) for n, d in named.items()}
        for kind, named in desired.objects.items()
        if KINDS[kind].home == SHOP
    }
    removals = {a: r for a, r in desired.removals.items() if KINDS[a.kind].home == SHOP}
    return replace(desired, objects=objects, removals=removals, notes=())
