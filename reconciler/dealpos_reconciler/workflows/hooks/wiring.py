"""Settings and secrets become the webhooks of a server: its operations and its work beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dealpos_reconciler.catalogue.environment import is_placeholder, names_in
from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.core.hints import NotifySettings
from dealpos_reconciler.errors import ProviderError
from dealpos_reconciler.hooks.file import FILE, HookFile
from dealpos_reconciler.provider.service import CouponService
from dealpos_reconciler.provider.store import UsageStore
from dealpos_reconciler.serve.gate import Endpoint
from dealpos_reconciler.serve.log import Log
from dealpos_reconciler.serve.metrics import Metrics
from dealpos_reconciler.workflows.hooks.endpoints import make_hint_endpoints, make_invoice_endpoints
from dealpos_reconciler.workflows.hooks.turn import HookTurn

if TYPE_CHECKING:
    from dealpos_reconciler.hooks.receiver import Receiver


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
    environment: Mapping[str, str],
    store: UsageStore,
    service: CouponService,
    shop: str,
    metrics: Metrics,
    log: Log,
) -> Hooks:
    """Return the webhooks of a shop: those of invoices always, the rest where it is configured.

    Raises StoreError where hints could not be read for want of a store, ProviderError for the file
    and for a receiver without address or key.
    """
    hooks = Hooks(make_invoice_endpoints(service), [])
    if settings.hooks is None and settings.notify is None:
        return hooks
    if settings.hooks is not None:
        settings.store()
    receiver = _open_receiver(settings.notify, environment) if settings.notify else None
    hooks.file = HookFile(settings.root / FILE)
    turn = HookTurn(store, metrics, log).take
    notifier = None
    if receiver and settings.notify:
        from dealpos_reconciler.workflows.hooks.sender import NoticeSender
        from dealpos_reconciler.workflows.hooks.uses import UseWatch
        from dealpos_reconciler.workflows.hooks.watch import Notifier

        sender = NoticeSender(hooks.file, receiver, metrics, log)
        notifier = Notifier(shop, settings.notify.on, settings.timezone, sender.wake)
        watch_uses = UseWatch(store, hooks.file, log, notifier, service.names, take_turn=turn)
        hooks.tasks += [sender.run, watch_uses.run]
    if settings.hooks is not None:
        from dealpos_reconciler.workflows.hooks.apart import read_apart
        from dealpos_reconciler.workflows.hooks.watch import HintWatch

        watch = HintWatch(
            *(settings.root, settings.hooks, hooks.file, metrics, log, read_apart, notifier),
            take_turn=turn,
        )
        hooks.tasks.append(watch.run)
        hooks.endpoints |= make_hint_endpoints(hooks.file, watch.wake, take_turn=turn)
    return hooks


def _open_receiver(notify: NotifySettings, environment: Mapping[str, str]) -> Receiver:
    from dealpos_reconciler.hooks.receiver import Receiver, read_signer

    if is_placeholder(notify.url):
        names = " and ".join(names_in(notify.url))
        hint = f"set {names} to the address of the receiver"
        raise ProviderError(f"{names} is not set, and `notify.url` needs it", hint=hint)
    return Receiver(notify.url, read_signer(environment))
