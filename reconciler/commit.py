"""Which commit of the shop's own git repository a plan was made from."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit(folder: Path) -> str:
    """The commit that `folder` is at, with `+` where its files differ; empty without git."""
    head = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD").strip()
    if not head:
        return ""
    return head + ("+" if _git(folder, "status", "--porcelain", "--", ".").strip() else "")


def _git(folder: Path, *words: str) -> str:
    try:
        ran = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout if ran.returncode == 0 else ""
