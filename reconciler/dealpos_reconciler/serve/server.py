"""The server: both listeners of one shop, put together from its store and its service."""

from __future__ import annotations

import gc
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import uvicorn

from dealpos_reconciler.core.provider.options import Network
from dealpos_reconciler.provider.service import Call, CouponService
from dealpos_reconciler.provider.store import UsageStore
from dealpos_reconciler.serve import run
from dealpos_reconciler.serve.admin import Admin, View
from dealpos_reconciler.serve.gate import Endpoint, Gate
from dealpos_reconciler.serve.limits import REFUSALS_A_MINUTE, MinuteLimit
from dealpos_reconciler.serve.listener import Listener
from dealpos_reconciler.serve.log import Log
from dealpos_reconciler.serve.metrics import Metrics
from dealpos_reconciler.serve.reload import Releases
from dealpos_reconciler.serve.secret import Secrets

_COUPON_PATHS: Mapping[str, Call] = {
    "coupon": "either",
    "coupon/validate": "validate",
    "coupon/validatecoupon": "validate",
    "coupon/redeem": "redeem",
    "coupon/redeemcoupon": "redeem",
}
"""Paths below the secret: whether DealPOS appends a name is undocumented (dealpos-api.md §12)."""


@dataclass(frozen=True, slots=True)
class Callers:
    """Who may call the listeners."""

    shop: str
    """The name of the shop in the path."""
    secrets: Secrets
    """The secrets of the path."""
    token: Secrets
    """The bearer token of the admin listener."""
    key: Secrets | None = None
    """The values of `X-API-Key`; None where the header is not looked at."""
    proxies: Sequence[Network] = ()
    """Proxies whose `X-Forwarded-For` is believed."""
    allowed: Sequence[Network] = ()
    """Networks that may call; empty for all."""


@dataclass(slots=True)
class Server:
    """Both listeners of one shop, and what they share."""

    callers: Callers
    store: UsageStore
    service: CouponService
    metrics: Metrics = field(default_factory=Metrics)
    log: Log = field(default_factory=Log)
    hooks: Mapping[str, Endpoint] = field(default_factory=dict)
    """Further operations of the shop listener, by the path below the secret: `hook/product`."""
    pages: Mapping[str, View] = field(default_factory=dict)
    """Further pages of the admin listener, by path: `/board`."""
    tasks: Sequence[Callable[[], Awaitable[None]]] = ()
    """Further work beside the listeners, which never ends by itself."""
    releases: Releases = field(init=False)
    _servers: list[tuple[uvicorn.Server, socket.socket]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Share log and metrics with the parts."""
        self.releases = Releases(self.store, self.service, self.metrics, self.log)
        self.log.on_lost = lambda lines: self.metrics.log_lines_lost.inc(lines)

    async def run(
        self, shop: socket.socket, admin: socket.socket, on_started: Callable[[], None]
    ) -> None:
        """Serve on both sockets until SIGTERM or Ctrl-C. Raises ProviderUnavailable at the start.

        The store is closed at the end.
        """
        try:
            await self.releases.refresh()
            gc.freeze()  # a release stays for long: it is not looked through again and again
            proxies = [str(network) for network in self.callers.proxies]
            self._servers = [
                (run.make_server(self.build_listener(), proxies, self.log), shop),
                (run.make_server(self.build_admin().build_app(self.pages), (), self.log), admin),
            ]
            await run.serve(self._servers, [self.releases.watch, *self.tasks], on_started)
        finally:
            await self.store.close()
            self.log.close()

    def stop(self) -> None:
        """Let the server end, as SIGTERM does; to be called in its loop."""
        run.stop(self._servers)

    def build_listener(self) -> Listener:
        """Return the application that DealPOS calls."""
        refusals = MinuteLimit(REFUSALS_A_MINUTE)
        endpoints = {
            path: _coupon_endpoint(self.service, call, refusals)
            for path, call in _COUPON_PATHS.items()
        }
        callers = self.callers
        gate = Gate(
            callers.shop, callers.secrets, {**endpoints, **self.hooks}, callers.key, callers.allowed
        )
        return Listener(gate, refusals, self.metrics, self.log)

    def build_admin(self) -> Admin:
        """Return the views that operators, plan and apply ask."""
        return Admin(self.callers.token, self.store, self.releases, self.metrics)


def _coupon_endpoint(service: CouponService, call: Call, closed: MinuteLimit) -> Endpoint:
    ask = {
        "validate": lambda body: service.validate(body, closed),
        "redeem": service.redeem,
        "either": lambda body: service.answer(body, closed),
    }[call]
    return Endpoint(
        call,
        ask,
        lambda *outline: service.reject(call, *outline),
        lambda status, reason: service.turn_away(call, status, reason),
    )
