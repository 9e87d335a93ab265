"""Which rewriting by a server is harmless, and which is something else than was asked for.

Harmless is what leaves the meaning: white space trimmed or collapsed, letter case, the Unicode form
of a text, an amount of money rounded to a whole unit, an image under another host. A value that is
lower by a percentage, a text that is cut, or anything about who may use a coupon is none of these.
"""

from __future__ import annotations

import re
from typing import Any
from unicodedata import normalize
from urllib.parse import urlsplit

from reconciler.core.model.codec import TEXT
from reconciler.core.model.kind import Kind

Path = tuple[str, ...]
"""The way to one value inside an object: a field, then keys of a map."""

_BLANKS = re.compile(r"[^\S\n]+")
_SPACE = re.compile(r"\s+")


def differs_in_whitespace_only(kind: Kind, path: Path, declared: Any, live: Any) -> bool:
    """Return whether a live text is the declared one but for white space that nobody sees.

    Only that way round: where the shop holds the untidy text, writing the tidy one mends it.
    """
    if not _prose(kind, path) or not isinstance(declared, str) or not isinstance(live, str):
        return False
    plain = normalize("NFC", declared).replace("\r\n", "\n")
    single = _BLANKS.sub(" ", plain)
    return normalize("NFC", live) in (plain, plain.strip(), single, single.strip())


def is_equivalent_rewrite(kind: Kind, path: Path, written: Any, kept: Any, before: Any) -> bool:
    """Return whether what a server keeps of what was written a moment ago means the same.

    `before` is what it held until then. A coupon's terms are never rewritten without harm.
    """
    if path[0] in kind.must_match_on_readback:
        return False
    if isinstance(written, str) and isinstance(kept, str):
        if not _prose(kind, path):
            return False
        return _fold(written) == _fold(kept) or (kept != before and _rehosted(written, kept))
    if isinstance(written, bool) or isinstance(kept, bool):
        return False
    try:
        rounded = written != int(written) and kept == int(kept)
        return bool(rounded and abs(written - kept) < 1)
    except (TypeError, ValueError):
        return False


def _prose(kind: Kind, path: Path) -> bool:
    """Return whether the field is free text: no key, no reference, no word of a fixed list."""
    field = kind.fields[path[0]]
    plain = field.wire.codec is TEXT and not field.identity and not field.references
    return plain and len(path) == 1 and path[0] not in kind.must_match_on_readback


def _fold(text: str) -> str:
    collapsed = _SPACE.sub(" ", normalize("NFKC", text)).strip()
    # Upper case first: it maps together what lower case alone keeps apart, such as ß and SS.
    return normalize("NFKC", collapsed.upper().casefold())


def _rehosted(written: str, kept: str) -> bool:
    """Return whether both are web addresses, at different hosts."""
    hosts = [_host(text) for text in (written, kept)]
    return all(hosts) and hosts[0] != hosts[1]


def _host(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in ("http", "https", "") else ""
