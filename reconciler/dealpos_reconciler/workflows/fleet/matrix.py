"""The jobs of one wave for the matrix of a CI platform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dealpos_reconciler.core.fleet.fleet import Member
from dealpos_reconciler.errors import UsageError

MAX_JOBS = {"github": 256, "gitlab": 200}
"""Jobs of one matrix that a platform accepts."""


def make_matrix(members: Sequence[Member], platform: str) -> Any:
    """Return the matrix of some shops as a platform reads it; raise UsageError for too many."""
    most = MAX_JOBS[platform]
    if len(members) > most:
        name = {"github": "GitHub", "gitlab": "GitLab"}[platform]
        wave = members[0].wave
        subject = f"wave {wave} has" if wave == members[-1].wave else "the waves have"
        raise UsageError(
            f"{subject} {len(members)} shops; a matrix of {name} has {most} jobs",
            hint="split the wave, or run all of it in one job",
        )
    if platform == "gitlab":  # its rows are variables of the jobs
        return [{"SHOP": member.name, "WAVE": str(member.wave)} for member in members]
    rows = [{"shop": m.name, "folder": m.folder, "wave": m.wave} for m in members]
    return {"include": rows}
