"""The page of the environment variables.

The package reads an environment variable in few places. Their names are found in the code; the
descriptions stand here alone, and a test compares both lists.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import reconciler
from tools.site.markdown import code, page, table

PATH = "reference/environment.md"
PACKAGE = Path(reconciler.__file__).parent
VARIABLES = {
    "DEALPOS_URL": "The address of the store. Overrides `store.url` of `reconciler.yaml`.",
    "DEALPOS_CLIENT_ID": "The ID of the API client. Overrides `store.client_id`.",
    "DEALPOS_CLIENT_SECRET": "The secret of the API client. Overrides `store.client_secret`.",
    "RECONCILER_PLAN_KEY": "The key of `plan --sign` and `apply --verify`: 16 characters or more.",
    "RECONCILER_LEDGER_KEY": "The key of customer data in the ledger: 16 characters or more.",
    "RECONCILER_CODES_KEY": "The key of batches and of customers' fingerprints: 32 bytes or more.",
    "RECONCILER_PROVIDER_DSN": "The database of the provider, which `provider.store` names.",
    "RECONCILER_ADMIN_TOKEN": "The token of the provider's admin listener.",
    "RECONCILER_HOOK_SECRET": "The secret in the path that DealPOS asks: one, or two by a comma.",
    "RECONCILER_HOOK_KEY": "The `X-API-Key` that requests of DealPOS must have.",
    "RECONCILER_NOTIFY_URL": "The receiver of notifications, which `notify.url` names.",
    "RECONCILER_NOTIFY_SECRET": "The key of their signatures: 24 to 64 bytes in base64.",
    "RECONCILER_CACHE": "`off` or `on`: the cache of parsed files; see `CI`.",
    "SANDBOX_CLIENT_SECRET": "The default of `sandbox serve --client-secret`.",
    "RECONCILER_SANDBOX_PROVIDER": "The default of `--provider` of the sandbox's till.",
    "RECONCILER_SANDBOX_WEBHOOKS": "The default of `--webhooks` of the sandbox.",
    "RECONCILER_SANDBOX_API_KEY": "The default of `--api-key` of the sandbox.",
}
_OURS = ("DEALPOS_", "RECONCILER_", "SANDBOX_")
CONVENTIONS = {
    "CI": "Any value: the cache of parsed files is off by default.",
    "XDG_CACHE_HOME": "The folder of the cache, instead of `~/.cache`.",
    "XDG_STATE_HOME": "The folder of locks and the key of the cache, not `~/.local/state`.",
    "NO_COLOR": "Any value: no colors. `--color always` still wins.",
    "FORCE_COLOR": "Any value: colors in a pipe and a CI log too, unless `NO_COLOR` is set.",
    "TERM": "`dumb`: no colors and no progress bar.",
    "COLUMNS": "The width of the terminal, if it is not the real one.",
    "SSL_CERT_FILE": "The file with the root certificates to trust, for a company's own root.",
    "HTTPS_PROXY": "The proxy for requests to the store. `NO_PROXY` lists exceptions.",
    "`CATALOGUE_…`": "Variables that catalogue files may name, as `${CATALOGUE_…}`.",
}


def render() -> str:
    """Return the tables of the variables."""
    return page(
        "Environment variables",
        "A variable overrides the file, so a CI job can use the same folder with another store.",
        table(("variable", "meaning"), ((code(n), text) for n, text in VARIABLES.items())),
        "Conventions of other programs that reconciler follows:",
        table(("variable", "meaning"), ((code(n.strip("`")), t) for n, t in CONVENTIONS.items())),
        source="reconciler",
    )


def read_by_the_code() -> set[str]:
    """Return the names of variables that stand in the code as text of their own."""
    return {name for path in PACKAGE.rglob("*.py") for name in _names(path)}


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value
            shaped = name.replace("_", "").isupper() and not name.endswith("_")
            if name.startswith(_OURS) and shaped:
                yield name
