"""Where in which commit of a git repository a shop folder is."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit(folder: Path) -> str:
    """The commit that `folder` is at, with `+` where its files differ; empty without git."""
    head = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD").strip()
    if not head:
        return ""
    return head + ("+" if _git(folder, "status", "--porcelain", "--", ".").strip() else "")


def within(folder: Path) -> str:
    """The path of `folder` from the top of its repository; empty at the top, or outside of any.

    Looked up without git, which refuses a repository that another user owns.
    """
    inner = folder.resolve()
    for outer in (inner, *inner.parents):
        if (outer / ".git").exists():
            return "" if inner == outer else inner.relative_to(outer).as_posix()
    return ""


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
