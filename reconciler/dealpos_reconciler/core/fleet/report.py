"""The report of a fleet: one command over several shops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dealpos_reconciler.core.fleet.changes import ChangeGroup, FleetNotice
from dealpos_reconciler.core.fleet.parity import Parity
from dealpos_reconciler.core.fleet.results import Command, MemberResult
from dealpos_reconciler.core.fleet.rollout import WaveState


@dataclass(frozen=True, slots=True)
class FleetReport:
    """The report of one run: results of the shops, changes, deviations and waves."""

    command: Command
    file: str
    """The fleet file."""
    commit: str | None
    results: tuple[MemberResult, ...]
    changes: tuple[ChangeGroup, ...]
    notices: tuple[FleetNotice, ...] = ()
    deviations: Parity | None = None
    """The objects that change, as far as the shops declare them differently."""
    parity: Parity | None = None
    """All objects; None where that was not asked for."""
    waves: tuple[WaveState, ...] = ()
    """The waves of an apply, as the rollout has them."""
    stopped: str | None = None
    """The sentence on a wave that was not started."""
    continue_command: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    """Names of objects for people, by address."""

    def state_counts(self) -> dict[str, int]:
        """Return the number of shops by state."""
        counts: dict[str, int] = {}
        for result in self.results:
            counts[result.state] = counts.get(result.state, 0) + 1
        return counts
