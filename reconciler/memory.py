"""What replacements carried over, remembered in a small file beside the shop.

The file is safe to delete: without it the plan asks for the declared value again, and says so.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from reconciler.core.carried import Carried
from reconciler.core.state import Address
from reconciler.settings import Settings

FILE = "carried.json"


def recall(shop: Settings, store: str) -> Carried:
    """What was remembered for `store`; nothing where the file is missing or unreadable."""
    return {
        Address(*name.split("/", 1)): {
            field: (pair[0], pair[1]) for field, pair in fields.items() if len(pair) == 2
        }
        for name, fields in _read(shop.state / FILE).get(store, {}).items()
        if "/" in name
    }


def remember(shop: Settings, store: str, carried: Carried) -> None:
    """Add to what is remembered for `store`; in a folder that cannot be written it is lost."""
    if not carried:
        return
    path = shop.state / FILE
    known = _read(path)
    of_store = known.setdefault(store, {})
    of_store |= {str(address): dict(fields) for address, fields in carried.items()}
    draft = path.with_suffix(".draft")
    try:
        shop.keep()
        draft.write_text(json.dumps(known, indent=2, default=float), encoding="utf-8")
        os.replace(draft, path)
    except OSError:
        return


def _read(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if _sound(known) else {}


def _sound(known: Any) -> bool:
    """Whether the file holds what this module writes, and not something else."""
    return isinstance(known, dict) and all(
        isinstance(objects, dict)
        and all(
            isinstance(fields, dict) and all(isinstance(pair, list) for pair in fields.values())
            for fields in objects.values()
        )
        for objects in known.values()
    )
