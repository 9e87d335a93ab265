"""The result of a rehearsal: what an apply did to a twin of the shop, and what would go wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.plan.plan import Interruptions

LABEL = "The twin behaves as the documentation says, not as DealPOS does"
"""The limit of every rehearsal, for people."""


class TracedRequest(NamedTuple):
    """One request to the twin, without any value that it holds."""

    method: str
    path: str
    status: int
    """The HTTP status; 0 where no response came."""
    seconds: float
    """The virtual time since the apply began."""
    step: str
    """The step that sends it; empty for a request that none does."""


class Consequence(NamedTuple):
    """One object that ends in another state than planned."""

    address: Address | None
    """None for the plan as a whole."""
    what: str
    """The fields that differ, or the reason why a change is not applied."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A behaviour that the documentation leaves open, tried in a run of its own."""

    name: str
    """The name of the choice in the twin, with its value: `put_omitted=clear`."""
    sentence: str
    consequences: tuple[Consequence, ...] = ()
    """Empty where the end state is the same."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """An apply of a plan to a twin in memory; no request went to the shop."""

    requests: int = 0
    """Requests of the apply, its own reads included."""
    quoted: int = 0
    """The requests that the plan has named."""
    unsure: int = 0
    """Requests that the plan has announced as possible beside them."""
    windows: int = 0
    seconds: int = 0
    """The virtual time of the apply."""
    errors: tuple[Consequence, ...] = ()
    """Changes that were not applied and verified, with the reason."""
    left: tuple[Consequence, ...] = ()
    """Objects that a second plan would still change."""
    stops: Interruptions = field(default_factory=Interruptions)
    """The stop points, as the twin showed the objects at each of them."""
    behaviours: tuple[Behaviour, ...] = ()
    """The undocumented behaviours that were tried."""
    sample: tuple[int, int] = (0, 0)
    """Writes that these were tried on, and all writes."""
    trace: tuple[TracedRequest, ...] = field(default=(), repr=False)
    impossible: str | None = None
    """The reason why nothing could be rehearsed."""

    @property
    def differing(self) -> tuple[Behaviour, ...]:
        """The undocumented behaviours under which the end state differs."""
        return tuple(found for found in self.behaviours if found.consequences)

    @property
    def is_as_quoted(self) -> bool:
        """True if the apply sent the requests that the plan has named."""
        return self.quoted <= self.requests <= self.quoted + self.unsure

    def unexpected_stops(self, planned: Interruptions) -> int:
        """Return the stop points that are not safe, beside those that the plan names."""
        return max(planned.safe - self.stops.safe, 0)

    def passed(self, planned: Interruptions) -> bool:
        """Return whether the apply did what the plan says, as far as the documentation goes."""
        return not (
            self.impossible
            or self.errors
            or self.left
            or not self.is_as_quoted
            or self.unexpected_stops(planned)
        )
