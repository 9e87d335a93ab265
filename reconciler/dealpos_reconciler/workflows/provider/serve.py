"""Serve the coupons of one shop: settings, secrets, store and service become a server."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from dealpos_reconciler.catalogue.settings import Settings, load
from dealpos_reconciler.core.model.store import SANDBOX
from dealpos_reconciler.core.provider.options import ListenAddress
from dealpos_reconciler.errors import ProviderError, ProviderUnavailable, ReconcilerError
from dealpos_reconciler.provider.opening import open_store
from dealpos_reconciler.provider.till.answer import Provider
from dealpos_reconciler.serve import run, secret
from dealpos_reconciler.serve.board import make_board_view
from dealpos_reconciler.serve.log import Log
from dealpos_reconciler.serve.metrics import Metrics
from dealpos_reconciler.serve.networks import is_loopback, parse_address
from dealpos_reconciler.serve.server import Callers, Server
from dealpos_reconciler.workflows.board.collect import make_served_page
from dealpos_reconciler.workflows.hooks.wiring import open_hooks
from dealpos_reconciler.workflows.provider.trimming import trim_hourly

SPOOL = ".provider/spool.db"
"""The file, below the shop folder, of sales that wait while the store is away or locked."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ServeRequest:
    """Options of the command; each overrides the settings."""

    listen: ListenAddress | None = None
    admin: ListenAddress | None = None
    behind_proxy: bool = False
    """True if addresses of other machines may be listened on: a proxy there does TLS."""
    fd: int | None = None
    """A listening socket that systemd passed, for DealPOS."""


def serve_shop(
    folder: Path, request: ServeRequest, environment: Mapping[str, str], say: Say
) -> None:
    """Serve the shop of a folder until SIGTERM or Ctrl-C; `say` takes lines for the operator.

    Raises UsageError for an address, SourceError for the settings, ProviderError for secrets and
    store; nothing was served then. Raises ProviderUnavailable if the store ends while it serves.
    """
    settings = load(folder)
    callers, key = _read_callers(settings, environment), secret.read_codes_key(environment)
    listen, admin = request.listen or settings.serve.listen, request.admin or settings.serve.admin
    for address in (listen, admin):
        _check_exposure(address, request.behind_proxy)
    with ExitStack() as stack:
        shop = run.bind(*listen) if request.fd is None else run.take_socket(request.fd)
        sockets = stack.enter_context(shop), stack.enter_context(run.bind(*admin))
        with asyncio.Runner(loop_factory=run.find_loop_factory()) as runner:
            runner.run(_serve(settings, environment, callers, sockets, key, say))


async def _serve(
    settings: Settings,
    environment: Mapping[str, str],
    callers: Callers,
    sockets: tuple[socket.socket, socket.socket],
    key: bytes,
    say: Say,
) -> None:
    loop = asyncio.get_running_loop()
    failures: list[str] = []

    def end(message: str) -> None:
        """End the server: systemd starts it again. Called by a thread of the store."""
        failures.append(message)
        loop.call_soon_threadsafe(server.stop)

    place, spool = settings.provider_store(), settings.root / SPOOL
    metrics = Metrics()
    store = await open_store(
        place,
        durable_holds=settings.provider.durable_holds,
        spool=spool,
        on_failure=end,
        on_commit=metrics.commit_seconds.observe,
    )
    provider, log = Provider(store, key), Log()
    try:
        hooks = open_hooks(settings, environment, store, provider, callers.shop, metrics, log)
    except ReconcilerError:
        log.close()
        await store.close()
        raise
    board = make_board_view(lambda: make_served_page(settings, store))
    tasks: list[Callable[[], Awaitable[None]]] = [*hooks.tasks, partial(trim_hourly, store, log)]
    server = Server(
        callers, store, provider, metrics, log, hooks.endpoints, {"/board": board}, tasks
    )

    def announce() -> None:
        places = [run.describe(sock) for sock in sockets]
        say(f"Serving {callers.shop} on {places[0]}, admin on {places[1]}; press Ctrl-C to stop")
        say(f"The address for DealPOS: https://YOUR-HOST/v1/{callers.shop}/SECRET/coupon")
        if server.releases.served is None:
            problem = server.releases.refused or "no release is published"
            say(f"Warning: {problem}; every coupon is answered as unknown")

    try:
        await server.run(*sockets, announce)
    finally:
        hooks.close()
    if failures:
        raise ProviderUnavailable(failures[0])


def _read_callers(settings: Settings, environment: Mapping[str, str]) -> Callers:
    """Return who may call. Raises ProviderError for a secret that is missing or weak."""
    return Callers(
        name_shop(settings),
        secret.read_hook_secrets(environment),
        secret.read_admin_token(environment),
        secret.read_hook_key(environment),
        settings.serve.proxies,
        settings.serve.allow,
    )


def _check_exposure(address: ListenAddress, behind_proxy: bool) -> None:
    """Raise ProviderError for an address that others reach without TLS."""
    if not behind_proxy and not is_loopback(address.host):
        raise ProviderError(
            f"refusing to listen on {address} without TLS: the secret would cross the network",
            hint="put a proxy in front (examples/serve) and add --behind-proxy",
        )


def name_shop(settings: Settings) -> str:
    """Return the name of the shop in the path: the first part of its host, or of its folder."""
    url = settings.known_url()
    host = urlsplit(url).hostname or "" if url and url != SANDBOX else ""
    is_name = host and not is_loopback(host) and parse_address(host) is None
    name = host.partition(".")[0] if is_name else settings.root.resolve().name
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "shop"
