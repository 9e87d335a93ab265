"""What replacements carried over, remembered in a small file beside the shop.

The file is safe to delete: without it the plan asks for the declared value again, and says so.
"""

from __future__ import annotations

from reconciler import stored
from reconciler.core.carried import Carried
from reconciler.core.state import Address
from reconciler.settings import Settings

FILE = "carried.json"


def recall(shop: Settings, store: str) -> Carried:
    """What was remembered for `store`; what is in no form that `remember` writes is passed over."""
    return {
        Address(*name.split("/", 1)): {
            field: (pair[0], pair[1])
            for field, pair in fields.items()
            if isinstance(pair, list) and len(pair) == 2
        }
        for name, fields in stored.section(shop, FILE, store).items()
        if "/" in name and isinstance(fields, dict)
    }


def remember(shop: Settings, store: str, carried: Carried) -> None:
    """Add to what is remembered for `store`; in a folder that cannot be written it is lost."""
    if not carried:
        return
    known = stored.section(shop, FILE, store)
    known |= {str(address): dict(fields) for address, fields in carried.items()}
    stored.put(shop, FILE, store, known)
