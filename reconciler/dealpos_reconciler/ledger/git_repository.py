"""One ref of a git repository as a place for small files: no checkout, no index, no branch.

Every call goes to the git program, so credentials, proxies and hosts are git's own affair.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from dealpos_reconciler.errors import LedgerConflict, LedgerError
from dealpos_reconciler.ledger.file import FILE as LEDGER_FILE

TIMEOUT_SECONDS = 120
# A git without a name of its own (as in CI) still has to write one into a commit.
_NOBODY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "reconciler"), ("EMAIL", "reconciler@invalid"))
}
_CHECK = "check that git can do this here with its remote and credentials"


class GitRepository:
    """The git repository that a folder is in, and its remote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.common = (folder / self._line("rev-parse", "--git-common-dir")).resolve()
        except LedgerError as error:
            if error.hint != _CHECK:
                raise
            raise LedgerError(
                f"`ledger: git` needs {folder} to be in a git repository: {error.message}",
                hint="run 'git init', or write `ledger: file`",
            ) from None
        self.remote = self._remote()

    def tip(self, ref: str) -> str:
        """Return the commit of a ref as the remote has it, here without one; empty for no ref.

        What a run here could not push is newer than the remote's.
        """
        mine = self._try("rev-parse", "--verify", "--quiet", ref)
        if not self.remote:
            return mine
        theirs = self.remote_tip(ref)
        if theirs and _run_git(self.folder, "cat-file", "-e", theirs).returncode:
            self._line("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", self.remote, ref)
        return mine if mine and self._is_descendant(mine, theirs) else theirs

    def remote_tip(self, ref: str) -> str:
        """Return the commit of a ref at the remote; empty where there is none."""
        if not self.remote:
            return ""
        # git lists whatever ends like this, a branch called `refs/reconciler/…` too.
        listed = map(str.split, self._line("ls-remote", self.remote, ref).splitlines())
        return next((commit for commit, *names in listed if names == [ref]), "")

    def is_made_here(self, ref: str, commit: str) -> bool:
        """Return whether a run in this clone made `commit`."""
        return bool(commit) and self._try("rev-parse", "--verify", "--quiet", ref) == commit

    def file(self, commit: str, name: str) -> str:
        """Return a file of a commit; empty where it has none."""
        return self._try("cat-file", "blob", f"{commit}:{name}")

    def author(self, commit: str) -> str:
        """Return the name of the person who made a commit."""
        return self._try("show", "--no-patch", "--format=%an", commit)

    def commit(self, files: Mapping[str, str], parent: str, message: str) -> str:
        """Make a commit of `files` alone, on no branch yet."""
        entries = ""
        for name, content in sorted(files.items()):
            blob = self._line("hash-object", "-w", "--stdin", text=content)
            entries += f"100644 blob {blob}\t{name}\n"
        tree = self._line("mktree", text=entries)
        words = ["commit-tree", tree, *(["-p", parent] if parent else []), "-m", message]
        known = self._try("var", "GIT_COMMITTER_IDENT") and self._try("var", "GIT_AUTHOR_IDENT")
        return self._line(*words, environment={} if known else _NOBODY)

    def move(self, ref: str, new: str, old: str) -> None:
        """Point a ref at `new` if it is at `old` still (empty: is not there), remote first.

        Raises LedgerConflict where it is not.
        """
        if self.remote:
            there = self.remote_tip(ref)
            if there != old and not (there == "" or self._is_descendant(old, there)):
                raise _conflict(ref)
            return self._push(ref, new, there)
        try:
            self._line("update-ref", ref, new, old or "0" * len(new))
        except LedgerError:
            raise _conflict(ref) from None

    def set_local(self, ref: str, new: str) -> None:
        """Point the ref of this clone alone at `new`."""
        self._line("update-ref", ref, new)

    def _push(self, ref: str, new: str, old: str) -> None:
        lease = f"--force-with-lease={ref}:{old}"
        # First here: a run that is killed after the push must find that it was this clone's.
        mine = self._try("rev-parse", "--verify", "--quiet", ref)
        self.set_local(ref, new)
        try:
            self._line("push", "--quiet", "--no-verify", lease, self.remote, f"{new}:{ref}")
        except LedgerError:
            there = self.remote_tip(ref)
            if there == new:
                return  # only the answer was lost
            self._line("update-ref", *([ref, mine] if mine else ["-d", ref]))
            if there != old:
                raise _conflict(ref) from None
            raise

    def _remote(self) -> str:
        """`origin`, or the only one there is."""
        names = self._line("remote").split()
        if "origin" in names:
            return "origin"
        if len(names) > 1:
            raise LedgerError(
                f"none of the remotes is called `origin`: {', '.join(names)}",
                hint="rename the remote that has the ledger to `origin`",
            )
        return names[0] if names else ""

    def _is_descendant(self, later: str, earlier: str) -> bool:
        words = ("merge-base", "--is-ancestor", earlier, later)
        return not earlier or _run_git(self.folder, *words).returncode == 0

    def _try(self, *words: str) -> str:
        ran = _run_git(self.folder, *words)
        return ran.stdout.removesuffix("\n") if ran.returncode == 0 else ""

    def _line(
        self, *words: str, text: str | None = None, environment: Mapping[str, str] | None = None
    ) -> str:
        ran = _run_git(self.folder, *words, text=text, environment=environment)
        if ran.returncode:
            said = next((line for line in ran.stderr.splitlines() if line.strip()), "")
            raise LedgerError(f"git {words[0]}: {_redact(said) or ran.returncode}", hint=_CHECK)
        return ran.stdout.removesuffix("\n")


def _run_git(
    folder: Path, *words: str, text: str | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    # Nobody is there to answer a question of git; it fails instead, with its own words.
    asked = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **(environment or {})}
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *words],
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=os.environ | asked,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise LedgerError(
            "`ledger: git` needs git, which is not installed",
            hint="install git, or write `ledger: file`",
        ) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LedgerError(f"git {words[0]}: {error}", hint="check that git works") from None


def _conflict(ref: str) -> LedgerConflict:
    return LedgerConflict(
        f"{ref} changed since it was read: another apply is running or has finished",
        hint="nothing was written; plan again to see the changes that are left",
    )


def _redact(text: str) -> str:
    return re.sub(r"//[^/\s]+@", "//…@", text)


def commit_of(folder: Path, sources: Iterable[str] = ()) -> str | None:
    """Return the commit that `folder` is at, with `+` where its files differ; None without git.

    `sources` are further files and folders that count, from `folder`.
    """
    inside = (f":(literal){path}" for path in (".", *sources))
    return _label_commit(folder, (*inside, f":(exclude,glob)**/{LEDGER_FILE}"))


def commit_of_all(folder: Path) -> str | None:
    """Return the commit of the whole repository, with `+` where a file differs from it.

    None without git, and without a commit.
    """
    return _label_commit(folder, (":/", f":(exclude,top,glob)**/{LEDGER_FILE}"))


def _label_commit(folder: Path, paths: Iterable[str]) -> str | None:
    """Return the commit, with `+` where one of `paths` differs or cannot be compared."""
    try:
        head = _run_git(folder, "rev-parse", "--verify", "--quiet", "HEAD").stdout.strip()
        if not head:
            return None
        ran = _run_git(folder, "status", "--porcelain", "--", *paths)
    except LedgerError:
        return None
    return f"{head}+" if ran.returncode or ran.stdout.strip() else head


def repository_top(folder: Path) -> Path | None:
    """Return the top folder of the repository that `folder` is in; None without git."""
    try:
        found = _run_git(folder, "rev-parse", "--show-toplevel").stdout.removesuffix("\n")
    except LedgerError:
        return None
    return Path(found) if found else None


def path_in_repository(folder: Path) -> str | None:
    """Return the path of `folder` from the top of its repository; None at the top or outside.

    Looked up without git, which refuses a repository that another user owns.
    """
    inner = folder.resolve()
    for outer in (inner, *inner.parents):
        if (outer / ".git").exists():
            return None if inner == outer else inner.relative_to(outer).as_posix()
    return None
