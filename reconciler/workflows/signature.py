"""Checksum and signature of a saved plan.

The checksum (SHA-256) detects accidents. Between CI jobs, where somebody could replace the file, a
key from the environment proves which job made it (HMAC-SHA-256).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler.errors import UsageError
from reconciler.ledger import how_to_set, read_secret

KEY = "RECONCILER_PLAN_KEY"

_SIGNATURE_KEYS = ("digest", "signature")


def read_key(environment: Mapping[str, str] | None = None) -> bytes:
    """Return the key of the environment; raises UsageError where it is missing or too short."""
    where = "as a secret of both CI jobs"
    found = read_secret(KEY, where, environment)
    if found is None:
        raise UsageError(f"{KEY} is not set", hint=how_to_set(where))
    return found


def sign(document: Mapping[str, Any], signing: bytes | None = None) -> dict[str, Any]:
    """Return `document` with its checksum, and signed where there is a key."""
    content = _canonical(document)
    sealed = {**document, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}"}
    if signing is not None:
        sealed["signature"] = _signature(content, signing)
    return sealed


def verify(document: Mapping[str, Any], name: str, signing: bytes | None = None) -> None:
    """Raise UsageError unless `document` is unmodified and, with a key, signed with that key.

    `name` is the name of the document in the message.
    """
    content = _canonical(document)
    if document.get("digest") != f"sha256:{hashlib.sha256(content).hexdigest()}":
        raise UsageError(
            f"{name} was modified or truncated after it was saved (checksum mismatch)",
            hint="save it again with 'reconciler plan --out'",
        )
    if signing is None:
        return
    signature = str(document.get("signature", ""))
    if not signature:
        hint = "save it with 'reconciler plan --out plan.json --sign'"
        raise UsageError(f"{name} is not signed", hint=hint)
    if not hmac.compare_digest(_bytes(signature), _bytes(_signature(content, signing))):
        raise UsageError(
            f"{name} was signed with another key", hint=f"use the same {KEY} in both jobs"
        )


def _signature(content: bytes, signing: bytes) -> str:
    return f"hmac-sha256:{hmac.new(signing, content, hashlib.sha256).hexdigest()}"


def _canonical(document: Mapping[str, Any]) -> bytes:
    bare = {name: value for name, value in document.items() if name not in _SIGNATURE_KEYS}
    return _bytes(
        json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_number)
    )


def _bytes(text: str) -> bytes:
    # A manipulated file may contain half a surrogate pair, which must not crash the check.
    return text.encode(errors="surrogatepass")


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)
