"""A file is written as a whole, whoever else writes it at the same time."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from dealpos_reconciler import confined


def test_it_is_replaced_as_a_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    file, link = tmp_path / "shop.yaml", tmp_path / "link.yaml"
    file.write_bytes(b"old")
    file.chmod(0o640)
    link.symlink_to(file)
    confined.write_below(tmp_path, "link.yaml", b"new")
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert {path.name for path in tmp_path.iterdir()} == {"shop.yaml", "link.yaml"}


def test_a_file_that_cannot_be_replaced_stays_and_leaves_no_draft(tmp_path: Path) -> None:
    file = tmp_path / "folder"
    file.mkdir()
    with pytest.raises(OSError, match="directory"):
        confined.write(file, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


WRITING = """
import sys
from itertools import count
from pathlib import Path
from dealpos_reconciler import confined
for _ in range(150):
    confined.write(Path(sys.argv[1]), b"a" * 300_000)
"""


def test_two_processes_leave_what_one_of_them_wrote(tmp_path: Path) -> None:
    file = tmp_path / "journal.json"
    contents = {b"a" * 300_000, b"b" * 1_000}
    confined.write(file, b"b" * 1_000)
    found = {file.read_bytes()}
    with subprocess.Popen([sys.executable, "-c", WRITING, file]) as other:
        for attempt in count():
            if other.poll() is not None:
                break
            if attempt % 2:
                confined.write(file, b"b" * 1_000)
            found.add(file.read_bytes())
    assert other.returncode == 0
    assert found == contents


def test_drafts_of_killed_processes_go_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / f".journal.json.{dead.pid}.0a1b2c3d.draft"
    living = tmp_path / f".journal.json.{os.getppid()}.0a1b2c3d.draft"
    other = tmp_path / ".mine.draft"
    for file in (left, living, other):
        file.write_text("half")
    confined.write(tmp_path / "kept.json", b"{}")
    assert sorted(tmp_path.iterdir()) == sorted([living, other, tmp_path / "kept.json"])


def test_the_folder_is_forced_to_disk_after_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    sync = os.fsync

    def noted(file: int) -> None:
        synced.append("folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "file")
        sync(file)

    monkeypatch.setattr(os, "fsync", noted)
    confined.write(tmp_path / "journal.json", b"{}")
    assert synced == ["file", "folder"]
