"""A store to a Client: over HTTP, or the embedded shop in this process."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

from reconciler.catalogue.settings import Settings
from reconciler.core.model.store import SANDBOX
from reconciler.dealpos.budget import NO_LIMITS, Limits
from reconciler.dealpos.client import Client, embedded_transport
from reconciler.dealpos.observer import ClientObserver
from reconciler.dealpos.routes import TenantProfile
from reconciler.dealpos.tenant import load_profile
from reconciler.errors import SandboxUnavailable, UsageError
from reconciler.ledger import journal
from reconciler.ledger import rewrites as memory
from reconciler.ledger.state_dir import StateDir

SEED = "sandbox.json"
"""Beside reconciler.yaml: what the embedded shop holds when it is first opened."""

UNLIMITED = 1_000_000_000
"""A request limit that is none; said in the headers, so that no client waits for the default."""


def connect(
    settings: Settings,
    watcher: ClientObserver | None = None,
    limits: Limits = NO_LIMITS,
    known: TenantProfile | None = None,
) -> Client:
    """A client for the configured store; raises StoreError when it is not configured.

    `known` is what it starts from instead of what is remembered of the shop.
    """
    store = settings.store()
    transport = embedded_transport(embedded(settings)) if store.embedded else None
    known = known or load_profile(StateDir(settings.root), store.url)
    return Client(store, transport, watcher, limits=limits, tenant=known)


def embedded(settings: Settings, **options: Any) -> WSGIApplication:
    """The embedded shop of a folder, seeded when it is opened for the first time."""
    from reconciler import sandbox  # Flask is not imported when a real shop is the target

    file = database(settings)
    try:
        if not file.exists():
            reset(settings)
        return sandbox.create_app(file, **options)
    except sandbox.SandboxError as error:
        raise SandboxUnavailable(
            str(error),
            hint=f"reset it with 'reconciler sandbox reset {shlex.quote(str(settings.root))}'",
        ) from None


def reset(settings: Settings, seed: Path | None = None) -> None:
    """Empty the embedded shop, then fill it from a seed document where there is one."""
    document = seed or settings.root / SEED
    fill(settings, _seed(document) if seed or document.exists() else {})


def fill(settings: Settings, content: dict[str, Any]) -> None:
    """Empty the embedded shop, then fill it with a seed document."""
    from reconciler import sandbox

    file = database(settings)
    try:
        _forget(file)
        sandbox.reset(file)
        for notes in (journal.FILE, memory.FILE):
            StateDir(settings.root).save_section(
                notes, SANDBOX, {}
            )  # what is noted of the old shop is no more
        sandbox.seed(file, content)
    except sandbox.SandboxError as error:
        raise SandboxUnavailable(str(error), hint=f"check that {file} can be written") from None


def state(settings: Settings) -> dict[str, Any]:
    """Everything that the embedded shop holds, as a seed document."""
    from reconciler import sandbox

    embedded(settings)
    return sandbox.show(database(settings))


def database(settings: Settings) -> Path:
    """The file of a folder's embedded shop; its folder is made where there is none."""
    state = StateDir(settings.root)
    try:
        folder = state.create()
    except OSError as error:
        raise SandboxUnavailable(
            f"{state.path} cannot be written: {error.strerror}",
            hint="make the folder writable: the embedded shop is stored there",
        ) from None
    return folder / "sandbox.db"


def _forget(file: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def _seed(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path} is not a seed document: it must be a JSON object")
    for name, rows in content.items():
        if not isinstance(rows, list):
            raise UsageError(f"{path}: `{name}` must be a list")
    return content
