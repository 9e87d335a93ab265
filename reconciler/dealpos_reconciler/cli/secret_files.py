"""Secrets that stand in files: `NAME_FILE` names the file with the value of the variable `NAME`."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

from dealpos_reconciler.errors import UsageError

SECRETS = (
    "DEALPOS_CLIENT_ID",
    "DEALPOS_CLIENT_SECRET",
    "RECONCILER_PLAN_KEY",
    "RECONCILER_LEDGER_KEY",
    "RECONCILER_CODES_KEY",
    "RECONCILER_PROVIDER_DSN",
    "RECONCILER_ADMIN_TOKEN",
    "RECONCILER_HOOK_SECRET",
    "RECONCILER_HOOK_KEY",
    "RECONCILER_NOTIFY_URL",
    "RECONCILER_NOTIFY_SECRET",
)
"""The variables whose values may stand in files."""

SUFFIX = "_FILE"
MAX_CHARACTERS = 64 * 1024
"""Characters of the longest secret that is read."""


def read_secret_files(environment: MutableMapping[str, str]) -> None:
    """Set each secret whose file the environment names. Raises UsageError for one that is not read.

    One newline at the end is not part of the secret. No message contains a part of a file.
    """
    for name in SECRETS:
        if path := environment.get(name + SUFFIX):
            if environment.get(name):
                both = f"{name} and {name}{SUFFIX} are both set"
                raise UsageError(both, hint="unset one of them")
            environment[name] = _read(name + SUFFIX, Path(path))
            # A process that this one starts must not find both.
            del environment[name + SUFFIX]


def _read(variable: str, path: Path) -> str:
    named = f"{path}, which {variable} names,"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read(MAX_CHARACTERS + 1)
    except OSError as error:
        raise UsageError(f"{named} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{named} is not UTF-8 text") from None
    if len(text) > MAX_CHARACTERS:
        raise UsageError(f"{named} is longer than {MAX_CHARACTERS:,} characters")
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret.strip():
        raise UsageError(f"{named} is empty")
    if "\0" in secret or "\n" in secret:
        raise UsageError(f"{named} has more than one line", hint="write the secret alone into it")
    return secret
