"""Small JSON documents beside the shop, with a section for each store.

What stands in them is a help, never a need: a file that is missing, broken or cannot be written
costs a request or a note, not a run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler import atomic as draft
from reconciler.catalogue.settings import Settings


def section(shop: Settings, file: str, store: str) -> dict[str, Any]:
    """What `file` holds of `store`; nothing where it is missing or unreadable."""
    found = _read(shop, file).get(store)
    return found if isinstance(found, dict) else {}


def put(shop: Settings, file: str, store: str, content: Mapping[str, Any]) -> bool:
    """Make `content` what `file` holds of `store`; False where the folder cannot be written.

    The file is replaced as a whole and forced to disk, so that a crash leaves the old or the new.
    """
    known = _read(shop, file)
    if content:
        known[store] = dict(content)
    elif known.pop(store, None) is None:
        return True
    text = json.dumps(known, indent=2, default=float, ensure_ascii=False)
    try:
        shop.keep()
        draft.put(shop.state / file, text.encode())
    except OSError:
        return False
    return True


def _read(shop: Settings, file: str) -> dict[str, Any]:
    try:
        text = (shop.state / file).read_text(encoding="utf-8")
        known = json.loads(text, parse_float=Decimal)
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}
