"""A file is written as a whole, whoever else writes it at the same time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler import confined


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
from pathlib import Path
from reconciler import confined
for _ in range(150):
    confined.write(Path(sys.argv[1]), b"a" * 300_000)
"""


def test_two_processes_leave_what_one_of_them_wrote(tmp_path: Path) -> None:
    file = tmp_path / "journal.json"
    contents = {b"a" * 300_000, b"b" * 1_000}
    found = set()
    with subprocess.Popen([sys.executable, "-c", WRITING, file]) as other:
        while other.poll() is None:
            confined.write(file, b"b" * 1_000)
            found.add(file.read_bytes())
    assert other.returncode == 0
    assert found == contents
