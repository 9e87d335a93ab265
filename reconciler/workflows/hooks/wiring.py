"""Settings and secrets become the webhooks of a server: its operations and its work beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from reconciler.catalogue.settings import Settings
from reconciler.hooks.file import FILE, HookFile
from reconciler.provider.service import CouponService
from reconciler.serve.gate import Endpoint
from reconciler.serve.log import Log
from reconciler.serve.metrics import Metrics
from reconciler.workflows.hooks.endpoints import make_hint_endpoints, make_invoice_endpoints


@dataclass(slots=True)
class Hooks:
    """The webhooks of one server."""

    endpoints: dict[str, Endpoint]
    tasks: list[Callable[[], Awaitable[None]]]
    file: HookFile | None = None

    def close(self) -> None:
        """Close the file."""
        if self.file:
            self.file.close()


def open_hooks(
    settings: Settings,
    service: CouponService,
    metrics: Metrics,
    log: Log,
) -> Hooks:
    """Return the webhooks of a shop: those of invoices always, hints where `hooks:` is set.

    Raises StoreError where hints could not be read for want of a store, ProviderError for the file.
    """
    endpoints = make_invoice_endpoints(service)
    if settings.hooks is None:
        return Hooks(endpoints, [])
    from reconciler.workflows.hooks.apart import read_apart
    from reconciler.workflows.hooks.watch import HintWatch

    settings.store()
    file = HookFile(settings.root / FILE)
    watch = HintWatch(settings.root, settings.hooks, file, metrics, log, read_apart)
    return Hooks({**endpoints, **make_hint_endpoints(file, watch.wake)}, [watch.run], file)
