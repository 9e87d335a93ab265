"""A write that makes the server create what no file declares (facts §5, §14 #4)."""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.core.change import Action
from reconciler.core.guardrail import Finding, Ground, Guardrail
from reconciler.core.state import Address


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """A new category below one that neither the files nor the shop have."""

    def check(self, ground: Ground) -> Iterator[Finding]:
        """One finding a new object whose path holds what is not there."""
        for change in ground.plan.changes:
            if change.action is Action.CREATE and ground.kinds[change.address.kind].tree:
                implied = [a for a in _above(change.address) if ground.after(a) is None]
                if implied:
                    named = ", ".join(map(str, implied))
                    yield Finding(
                        f"creates {named} too, which no file declares",
                        f"{len(implied)} implied",
                        "0 implied",
                        change.address,
                    )


def _above(address: Address) -> Iterator[Address]:
    """Every path above this one, the top first."""
    parts = address.name.split("/")
    return (Address(address.kind, "/".join(parts[:n])) for n in range(1, len(parts)))
