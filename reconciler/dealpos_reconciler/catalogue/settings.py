"""Read `reconciler.yaml` and the environment: the store, its credentials and the files."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from dealpos_reconciler.catalogue.environment import (
    SETTING,
    Expander,
    UnreadableName,
    UnsetName,
    is_placeholder,
    is_reserved,
    names_in,
)
from dealpos_reconciler.catalogue.files import SETTINGS_FILE, Files, Problems, needs_reading
from dealpos_reconciler.catalogue.layers.folders import CATALOGUE, LAYERS, Layer, read_folders
from dealpos_reconciler.catalogue.parser import read
from dealpos_reconciler.catalogue.reading.node import Node, empty_node
from dealpos_reconciler.catalogue.sections import (
    CONCURRENCY,
    read_concurrency,
    read_environment,
    read_guardrails,
    read_prune,
)
from dealpos_reconciler.core.hints import SECTIONS, HookSettings, NotifySettings
from dealpos_reconciler.core.model.desired import PruneScope
from dealpos_reconciler.core.model.store import DEFAULT_CONCURRENCY, SANDBOX, Store, check_url
from dealpos_reconciler.core.provider.options import ProviderSettings, ServeSettings
from dealpos_reconciler.errors import (
    Problem,
    ProviderError,
    SourceError,
    StoreError,
    UsageError,
    suggestion,
)
from dealpos_reconciler.guardrails.guardrail import Guardrails

_PROVIDER_KEYS = ("timezone", "provider", "serve")
_PLAIN_KEYS = ("store", CATALOGUE, LAYERS, "defaults", "guardrails", "prune", "ledger", SETTING)
_KEYS = (*_PLAIN_KEYS, *_PROVIDER_KEYS, *SECTIONS)
LEDGERS = ("none", "file", "git")
"""The places that a ledger can have."""
# The environment overrides the file, so that a CI job can point the same shop at a rehearsal.
_OVERRIDES = {
    "url": "DEALPOS_URL",
    "client_id": "DEALPOS_CLIENT_ID",
    "client_secret": "DEALPOS_CLIENT_SECRET",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one shop folder."""

    root: Path
    catalogue: str
    """The folder of the catalogue files; of several layers the last one."""
    defaults: Node
    guardrails: Guardrails = field(repr=False)
    """The guardrails that are on, with their limits."""
    prune: tuple[PruneScope, ...]
    """The scopes in which unmanaged objects are removed."""
    ledger: str
    """The place of the ledger: one of LEDGERS."""
    expand: Expander = field(repr=False)
    """Fills in the variables that catalogue files may read."""
    _store: Mapping[str, str] = field(repr=False)
    """Values of the store; `${NAME}` as it is written where the environment has no value."""
    declared_url: str | None = None
    """The URL of the store in the file, which the environment may override; None without one."""
    concurrency: int | None = None
    """Requests that may wait for a response at the same time; None where the file does not say."""
    timezone: tzinfo | None = None
    """The time zone of the shop's dates; None where the file does not say."""
    provider: ProviderSettings = field(default_factory=ProviderSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    hooks: HookSettings | None = None
    """None where webhooks are not taken as hints."""
    notify: NotifySettings | None = None
    layers: tuple[Layer, ...] = ()
    """The folders whose files are merged, later ones over earlier ones; empty for one folder."""

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of the catalogue files, from the shop folder."""
        return tuple(layer.folder for layer in self.layers) or (self.catalogue,)

    def known_url(self) -> str | None:
        """Return the URL of the configured store, without its credentials; None without one."""
        url = self._store.get("url")
        return None if not url or is_placeholder(url) else url if url == SANDBOX else check_url(url)

    def provider_store(self) -> str:
        """Return the provider's store: a path, or a DSN; raise ProviderError without one."""
        written = self.provider.store
        if is_placeholder(written):
            names = " and ".join(names_in(written))
            raise ProviderError(
                f"the provider's store is not configured: environment variable {names} is not set",
                hint=f"set {names}, which `provider.store` in {SETTINGS_FILE} names",
            )
        return written if "://" in written else str(self.root / written)

    def store(self, ask: Callable[[str], tuple[str, str]] | None = None) -> Store:
        """Return the configured store. Raises StoreError where there is none, or it is not safe.

        `ask` returns ID and secret for the URL of the store, where no variable and no file does.
        """
        lacking = {k: w for k in _OVERRIDES if not (w := self._store.get(k)) or is_placeholder(w)}
        if named := lacking.get("url"):
            names = " and ".join(names_in(named))
            raise StoreError(
                f"no store is configured: environment variable {names} is not set or empty",
                hint=f"set {names}, which `store.url` in {SETTINGS_FILE} names, or DEALPOS_URL",
            )
        if "url" in lacking:
            raise StoreError(
                "no store is configured",
                hint=f'set `store: {{url: "…"}}` in {SETTINGS_FILE} or DEALPOS_URL; '
                "`sandbox` is the embedded shop",
            )
        url = self._store["url"]
        if url == SANDBOX:
            # It answers in this process: there is nothing to wait for.
            return Store(SANDBOX, "sandbox", "sandbox", concurrency=self.concurrency or 1)
        if lacking and ask is None:
            found = [names_in(w or "") or [_OVERRIDES[key]] for key, w in lacking.items()]
            raise StoreError(
                f"no credentials for {check_url(url)}",
                hint=f"set {' and '.join(chain.from_iterable(found))} in the environment",
            )
        url = check_url(url)
        keys = ask(url) if lacking and ask else self._credentials()
        concurrency = self.concurrency or DEFAULT_CONCURRENCY
        return Store(url, *keys, concurrency=concurrency)

    def _credentials(self) -> tuple[str, str]:
        return self._store["client_id"], self._store["client_secret"]


class ReadSettings(NamedTuple):
    """Settings as far as they can be read, with their problems."""

    settings: Settings
    problems: Sequence[Problem]
    can_validate: bool
    """True where the catalogue files mean the same once the problems are mended."""


def load(
    root: Path, environment: Mapping[str, str] | None = None, *, without_file: bool = False
) -> Settings:
    """Read the settings of the shop in `root`; `without_file` for what needs a store alone.

    Raises UsageError where folder or file are missing, SourceError for problems of the file.
    """
    settings, problems, _ = read_settings(root, environment, without_file=without_file)
    if problems:
        raise SourceError(problems)
    return settings


def read_settings(
    root: Path, environment: Mapping[str, str] | None = None, *, without_file: bool = False
) -> ReadSettings:
    """Read the settings as `load` does, and return their problems too.

    Raises UsageError where folder or file are missing.
    """
    environment = os.environ if environment is None else environment
    if root.is_file():
        raise UsageError(f"{root} is not a folder", hint=f"name its folder: {root.parent}")
    if not root.is_dir():
        hint = f"to create a shop folder, run: reconciler init {shlex.quote(str(root))}"
        raise UsageError(f"folder not found: {root}", hint=hint)
    problems = Problems(Files(root))
    node = empty_node()
    if needs_reading(root, environment, without_file):
        node, found = read(root, SETTINGS_FILE)
        problems.found.extend(found)
    reader = _Reader(environment, read_environment(node, problems), problems)
    reader.unknown(node, _KEYS)
    catalogue, layers = read_folders(root, node, reader.text, problems)
    defaults = reader.mapping(node, "defaults")
    can_validate = not problems.found
    store = reader.store(node)
    concurrency = read_concurrency(reader.mapping(node, "store"), problems)
    guardrails = read_guardrails(reader.mapping(node, "guardrails"), problems)
    prune = read_prune(node, problems)
    ledger = reader.text(node, "ledger") or "none"
    if ledger not in LEDGERS:
        hint = suggestion(ledger, LEDGERS) or "write none, file or git"
        problems.add_setting(node, ("ledger",), f"unknown ledger `{ledger}`", hint)
    timezone, provider, serve = reader.provider(node)
    hooks, notify = reader.hooks(node)
    if "timezone" in node and timezone is None:
        timezone = UTC  # stands in for a wrong one: dated values have one problem less
    written = reader.mapping(node, "store").get("url")
    own = written.rstrip("/") if isinstance(written, str) and not names_in(written) else None
    expand = reader.expand
    settings = Settings(
        *(root, catalogue, defaults, guardrails, prune, ledger, expand, store, own, concurrency),
        *(timezone, provider, serve, hooks, notify, layers),
    )
    return ReadSettings(settings, problems.found, can_validate)


class _Reader:
    """A reader of the settings that collects problems with their places."""

    def __init__(
        self, environment: Mapping[str, str], listed: Collection[str], problems: Problems
    ) -> None:
        self.environment = environment
        self.expand = Expander(environment, listed)
        """For what a plan or a message shows: `catalogue` and `ledger`, and catalogue files."""
        self.expand_any = Expander(environment)
        self.problems = problems

    def unknown(self, node: Node, accepted: tuple[str, ...]) -> None:
        for key in node:
            if key not in accepted:
                hint = suggestion(key, accepted) or "accepted: " + ", ".join(accepted)
                self.problems.add_setting(node, (key,), f"unknown key `{key}`", hint, key=True)

    def mapping(self, node: Node, key: str) -> Node:
        value = node.get(key, empty_node())
        if isinstance(value, Node):
            return value
        message = f"`{key}` must be a mapping (key: value lines)"
        self.problems.add_setting(node, (key,), message)
        return empty_node()

    def text(self, node: Node, key: str, *, optional: bool = False) -> str:
        """Return a text; as written where an `optional` one names a variable without a value.

        So that `validate` needs no credentials.
        """
        value = node.get(key, "")
        if not isinstance(value, str):
            self.problems.add_setting(node, (key,), f"`{key}` must be text")
            return ""
        try:
            if optional:
                return self.expand_any(value) or value
            return self.expand(value)
        except UnreadableName as error:
            unset = isinstance(error, UnsetName)
            if unset and optional and is_placeholder(value):
                return value
            self.problems.add_setting(node, (key,), str(error), "set it" if unset else error.hint)
            return ""

    def provider(self, root: Node) -> tuple[tzinfo | None, ProviderSettings, ServeSettings]:
        """Return the settings of the coupon provider, which few shops have."""
        if root.keys().isdisjoint(_PROVIDER_KEYS):
            return None, ProviderSettings(), ServeSettings()
        from dealpos_reconciler.catalogue import provider_settings as read
        from dealpos_reconciler.catalogue.serving import serve_settings as serving

        return (
            read.read_timezone(root, self.problems),
            read.read_provider(self.mapping(root, "provider"), self.expand_any, self.problems),
            serving.read_serve(self.mapping(root, "serve"), self.problems),
        )

    def hooks(self, root: Node) -> tuple[HookSettings | None, NotifySettings | None]:
        """Return the settings of webhooks and notifications; None for what is left out."""
        if root.keys().isdisjoint(SECTIONS):
            return None, None
        from dealpos_reconciler.catalogue.serving import hook_settings as read

        return read.read_sections(root, self.mapping, self.expand_any, self.problems)

    def store(self, root: Node) -> dict[str, str]:
        """Return the settings of the store; the environment overrides the file."""
        node = self.mapping(root, "store")
        given: dict[str, str] = {}
        self.unknown(node, (*_OVERRIDES, CONCURRENCY))
        secret = node.get("client_secret")
        if isinstance(secret, str) and not is_placeholder(secret):
            message = "a client secret is written in the file"
            hint = "write ${DEALPOS_CLIENT_SECRET} and set it in the environment; "
            hint += "then replace the secret: git keeps the old one in its history"
            self.problems.add_setting(node, ("client_secret",), message, hint)
        url = node.get("url")
        secrets = [n for n in names_in(str(url)) if is_reserved(n) and n != _OVERRIDES["url"]]
        for name in secrets:
            message = f"`url` must not contain the environment variable {name}: plans show the URL"
            self.problems.add_setting(node, ("url",), message, "write the address of the shop")
        for key, name in _OVERRIDES.items():
            if self.environment.get(name):
                given[key] = self.environment[name]
            else:
                given[key] = self.text(node, key, optional=True)
        return given
