"""The members of a fleet, their waves, and the gate between two waves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fnmatch import fnmatchcase

from dealpos_reconciler.core.model.address import join_some
from dealpos_reconciler.errors import UsageError, suggestion

MAX_NAMED = 5
"""Shops that a sentence names one by one."""


@dataclass(frozen=True, slots=True)
class Member:
    """One shop of a fleet."""

    name: str
    folder: str
    """The shop folder, as seen from where the command runs."""
    wave: int
    """Counts from 1."""


@dataclass(frozen=True, slots=True)
class WaveGate:
    """The conditions under which the next wave begins."""

    wait: timedelta = timedelta()
    """The time between the end of a wave and the beginning of the next one."""
    max_failed: int = 0
    """Members of a wave that may fail without keeping the next wave from beginning."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """All shops of a fleet file, in the order of their waves."""

    file: str
    """The fleet file, as seen from where the command runs."""
    members: tuple[Member, ...]
    gate: WaveGate = WaveGate()

    @property
    def waves(self) -> range:
        """The numbers of all waves."""
        return range(1, max((member.wave for member in self.members), default=0) + 1)

    def wave(self, number: int) -> list[Member]:
        """Return the members of one wave."""
        return [member for member in self.members if member.wave == number]


def select_members(
    fleet: Fleet, wave: int | None = None, globs: Sequence[str] = ()
) -> tuple[Member, ...]:
    """Return the members of one wave whose names match one of `globs`; both may be left out.

    Raises UsageError for a wave that does not exist, and for a glob that matches no member.
    """
    if wave is not None and wave not in fleet.waves:
        last = f"{fleet.file} has {len(fleet.waves)} wave{'s' if len(fleet.waves) > 1 else ''}"
        raise UsageError(f"wave {wave} does not exist", hint=last)
    names = [member.name for member in fleet.members]
    for glob in globs:
        if not match_names(glob, names):
            known = f"shops: {join_some(names, MAX_NAMED)}"
            raise UsageError(
                f"--shop {glob} matches no shop of {fleet.file}",
                hint=suggestion(glob, names) or known,
            )
    chosen = {name for glob in globs or ["*"] for name in match_names(glob, names)}
    found = tuple(
        member for member in fleet.members if member.name in chosen and wave in (None, member.wave)
    )
    if not found:
        raise UsageError(f"no shop of wave {wave} matches --shop {' '.join(globs)}")
    return found


def match_names(glob: str, names: Iterable[str]) -> list[str]:
    """Return the names that a glob with `*`, `?` and `[…]` matches."""
    return [name for name in names if fnmatchcase(name, glob)]


def by_wave(members: Iterable[Member]) -> Iterator[tuple[int, list[Member]]]:
    """Yield each wave with its members."""
    found: dict[int, list[Member]] = {}
    for member in members:
        found.setdefault(member.wave, []).append(member)
    yield from sorted(found.items())


def with_folders(fleet: Fleet, folders: Iterable[str]) -> Fleet:
    """Return the fleet with other folders, one for each member."""
    members = zip(fleet.members, folders, strict=True)
    return replace(fleet, members=tuple(replace(m, folder=folder) for m, folder in members))
