"""The page of the environment variables.

The package reads an environment variable in few places. Their names are found in the code; the
descriptions stand here alone, and a test compares both lists.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import click

import dealpos_reconciler
from dealpos_reconciler.cli.main import cli
from dealpos_reconciler.cli.secret_files import SECRETS
from tools.site.markdown import code, page, table

PATH = "reference/environment.md"
PACKAGE = Path(dealpos_reconciler.__file__).parent
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
    "RECONCILER_CREDENTIAL_COMMAND": "A command that prints the credentials of the store.",
    "RECONCILER_CACHE": "`off` or `on`: the cache of parsed files; see `CI`.",
    "RECONCILER_FLEET_ROOT": "The clone of a Dask worker for `--on`; by default its folder.",
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
    "HTTPS_PROXY": "The proxy for requests to the store; `socks5://` needs the extra `socks`.",
    "NO_PROXY": "Hosts that are reached without the proxy, separated by commas.",
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
        "## Options",
        "Each option of a command has a variable: `RECONCILER_PLAN_RESERVE=10` is "
        "`plan --reserve 10`. A flag takes `1` or `0`. An option that is repeatable takes several "
        "values: addresses one a line, files separated by `:`, others by blanks. The option on the "
        "command line wins.",
        table(("option", "variable"), _options(cli, "reconciler")),
        "## Secrets in files",
        "For each of these variables, `…_FILE` names a file with the value instead. Container "
        "platforms mount secrets that way. The file holds one line. If both are set, the command "
        "ends with an error.",
        ", ".join(map(code, SECRETS)) + ".",
        source="reconciler/dealpos_reconciler",
    )


def _options(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.envvar and not parameter.hidden:
            yield code(f"{name} {max(parameter.opts, key=len)}"), code(str(parameter.envvar))
    for word, below in sorted(command.commands.items()) if isinstance(command, click.Group) else ():
        yield from _options(below, f"{name} {word}")


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
