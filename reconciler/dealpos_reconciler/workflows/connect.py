"""Make a client for a real shop over HTTP, or for the embedded shop in this process."""

from __future__ import annotations

import json
import os
import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dealpos_reconciler import confined
from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.core.model.store import SANDBOX
from dealpos_reconciler.dealpos.budget import NO_LIMITS, Limits
from dealpos_reconciler.dealpos.client import Client, embedded_transport
from dealpos_reconciler.dealpos.credential_command import COMMAND, ask_command
from dealpos_reconciler.dealpos.observer import ClientObserver
from dealpos_reconciler.dealpos.tenant import TenantProfile, load_profile
from dealpos_reconciler.errors import ReconcilerError, UsageError
from dealpos_reconciler.ledger import journal, read_key
from dealpos_reconciler.ledger import rewrites as memory
from dealpos_reconciler.ledger.state_dir import StateDir

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

SEED = "sandbox.json"
"""File beside reconciler.yaml: the first content of the embedded shop."""

UNLIMITED_REQUESTS = 1_000_000_000
"""The limit in the headers of a sandbox without one: a client without headers would wait."""

_RUN_SALT = secrets.token_bytes(32)
"""The key of masks where the environment has none: the same code has another mask in each run."""


def connect(
    settings: Settings,
    watcher: ClientObserver | None = None,
    limits: Limits = NO_LIMITS,
    known: TenantProfile | None = None,
) -> Client:
    """Return a client for the configured store. Raises StoreError where there is none.

    `known` replaces the profile that is remembered of the shop.
    """
    key, command = read_key(), os.environ.get(COMMAND)
    ask = partial(ask_command, command) if command else None
    store = replace(settings.store(ask), mask_key=key.secret if key else _RUN_SALT)
    transport = _embed_sandbox(settings) if store.embedded else None
    known = known or load_profile(StateDir(settings.root), store.url)
    return Client(store, transport, watcher, limits=limits, tenant=known)


def _embed_sandbox(settings: Settings) -> Any:
    """Open the embedded shop until its client is closed; damage is an error with a hint."""
    app: Any = open_sandbox(settings, answer_errors=False)

    def answer(environ: Any, start_response: Any) -> Any:
        with _report_damage(settings):
            return app(environ, start_response)

    transport: Any = embedded_transport(answer)
    transport.close = app.extensions["sandbox"].store.close
    return transport


@contextmanager
def _report_damage(settings: Settings) -> Iterator[None]:
    from sqlite3 import Error as SqlError

    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError, SqlError) as error:
        raise ReconcilerError(
            f"the sandbox in {settings.root} is damaged: {error!r}", hint=_how_to_reset(settings)
        ) from None


def _how_to_reset(settings: Settings) -> str:
    return f"reset it with 'reconciler sandbox reset {shlex.quote(str(settings.root))}'"


def open_sandbox(settings: Settings, **options: Any) -> WSGIApplication:
    """Open the embedded shop of a folder; it is seeded the first time."""
    from dealpos_reconciler import sandbox  # Flask is not imported when a real shop is the target

    file = sandbox_file(settings)
    try:
        if not file.exists():
            reset_sandbox(settings)
        return sandbox.create_app(file, **options)
    except sandbox.SandboxError as error:
        raise ReconcilerError(str(error), hint=_how_to_reset(settings)) from None


def reset_sandbox(settings: Settings, seed: Path | None = None) -> None:
    """Empty the embedded shop, then fill it from a seed document where there is one."""
    document = seed or settings.root / SEED
    content = _read_seed_document(settings, seed) if seed or document.exists() else {}
    fill_sandbox(settings, content)


def fill_sandbox(settings: Settings, content: dict[str, Any]) -> None:
    """Empty the embedded shop and the notes on it, then fill it with a seed document."""
    from dealpos_reconciler import sandbox
    from dealpos_reconciler.ledger import objects, recent

    file = sandbox_file(settings)
    try:
        sandbox.refill(file, content)
    except sandbox.SeedError as error:
        raise UsageError(
            str(error), hint="correct the document; the sandbox is unchanged"
        ) from None
    except sandbox.SandboxError as error:
        raise ReconcilerError(str(error), hint=f"check that {file} can be written") from None
    for notes in (journal.FILE, memory.FILE, recent.FILE, objects.FILE):
        StateDir(settings.root).save_section(notes, SANDBOX, {})


def dump_sandbox(settings: Settings) -> dict[str, Any]:
    """Return the content of the embedded shop as a seed document."""
    from dealpos_reconciler import sandbox

    open_sandbox(settings)
    with _report_damage(settings):
        return sandbox.show(sandbox_file(settings))


def sandbox_file(settings: Settings) -> Path:
    """Return the database of a folder's embedded shop; its folder is created."""
    state = StateDir(settings.root)
    try:
        folder = state.create()
    except OSError as error:
        raise ReconcilerError(
            f"{state.path} cannot be written: {error.strerror}",
            hint="make the folder writable: the embedded shop is stored there",
        ) from None
    return folder / "sandbox.db"


def _read_seed_document(settings: Settings, seed: Path | None) -> dict[str, Any]:
    path = seed or settings.root / SEED
    try:
        raw = seed.read_bytes() if seed else confined.read(settings.root, SEED)
        content = json.loads(raw)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path} is not a seed document: it must be a JSON object")
    for name, rows in content.items():
        if not isinstance(rows, list):
            raise UsageError(f"{path}: `{name}` must be a list")
    return content
