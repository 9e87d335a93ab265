"""The secrets of the environment by which a caller is known, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence

from dealpos_reconciler.core.provider.options import ADMIN_TOKEN, CODES_KEY
from dealpos_reconciler.errors import ProviderError

HOOK_SECRET = "RECONCILER_HOOK_SECRET"
"""The variable with the secret of the path: one, or two while it is replaced."""
HOOK_KEY = "RECONCILER_HOOK_KEY"
"""The variable with the value of `X-API-Key`; not set: the header is not looked at."""
MIN_CHARACTERS = 32
"""The length below which a secret could be guessed."""
MAX_VALID = 2
"""The secrets that are valid at the same time."""

_NEW = "to make one, run: reconciler serve --new-secret"
_IN_A_PATH = re.compile(r"[A-Za-z0-9._~-]+")


class Secrets:
    """Secrets that a caller may present, kept as digests."""

    def __init__(self, accepted: Sequence[str]) -> None:
        self._digests = tuple(_digest(secret) for secret in accepted)

    def accept(self, presented: str) -> bool:
        """Return whether a text is one of the secrets, in a time that does not depend on it."""
        digest = _digest(presented)
        # Each one is compared, so that the time does not tell which of two was presented.
        equal = [hmac.compare_digest(digest, known) for known in self._digests]
        return any(equal)

    def __len__(self) -> int:
        """Return how many are valid."""
        return len(self._digests)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def make_secret() -> str:
    """Return a new secret of 43 random characters that a path can hold."""
    return secrets.token_urlsafe(32)


def read_hook_secrets(environment: Mapping[str, str]) -> Secrets:
    """Return the secrets of the path. Raises ProviderError where there is none, or a weak one."""
    found = [part.strip() for part in environment.get(HOOK_SECRET, "").split(",") if part.strip()]
    if not found:
        raise ProviderError(f"{HOOK_SECRET} is not set", hint=_NEW)
    if len(found) > MAX_VALID:
        message = f"{HOOK_SECRET} has {len(found)} secrets; at most {MAX_VALID} are valid at once"
        raise ProviderError(message, hint="remove the oldest one")
    for secret in found:
        _check(HOOK_SECRET, secret)
        if not _IN_A_PATH.fullmatch(secret):
            message = f"{HOOK_SECRET} has a character that a path cannot contain"
            raise ProviderError(message, hint=f"use letters, digits, '-' and '_'; {_NEW}")
    return Secrets(found)


def read_hook_key(environment: Mapping[str, str]) -> Secrets | None:
    """Return the keys that `X-API-Key` must be one of; None where it is not looked at."""
    key = environment.get(HOOK_KEY, "")
    if not key:
        return None
    _check(HOOK_KEY, key)
    return Secrets([key])


def read_admin_token(environment: Mapping[str, str]) -> Secrets:
    """Return the token of the admin listener. Raises ProviderError where it is weak or missing."""
    token = environment.get(ADMIN_TOKEN, "")
    if not token:
        raise ProviderError(f"{ADMIN_TOKEN} is not set", hint=_NEW)
    _check(ADMIN_TOKEN, token)
    return Secrets([token])


def read_codes_key(environment: Mapping[str, str]) -> bytes:
    """Return the key of customers and codes. Raises ProviderError where it is weak or missing.

    Without one, whoever has the store could find a customer's phone number by trying all.
    """
    key = environment.get(CODES_KEY, "")
    if not key:
        raise ProviderError(f"{CODES_KEY} is not set", hint=_NEW)
    _check(CODES_KEY, key)
    return key.encode("utf-8", "surrogateescape")


def _check(name: str, secret: str) -> None:
    if len(secret) < MIN_CHARACTERS:
        message = f"{name} has {len(secret)} characters; at least {MIN_CHARACTERS} are needed"
        raise ProviderError(message, hint=_NEW)
