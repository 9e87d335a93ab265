"""What the server creates on the way to a name: the paths above it (dealpos-api.md §5)."""

from __future__ import annotations

from reconciler.core.model.live import Address, Desired, Live, Observed


def implied(address: Address, desired: Desired, live: Live) -> tuple[Address, ...]:
    """Every path above `address`, the top first, that no file declares and no read has shown."""
    parts = address.name.split("/")
    above = [Address(address.kind, "/".join(parts[:n])) for n in range(1, len(parts))]
    return tuple(
        a for a in above if desired.get(a) is None and not isinstance(live.get(a), Observed)
    )
