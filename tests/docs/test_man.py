"""The man page says what the help says, and troff accepts it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.support.shop import ROOT
from tools.man import PATH, render


def test_the_page_on_disk_is_that_of_the_commands() -> None:
    """Stale? `make man` writes it anew."""
    assert (ROOT / PATH).read_text(encoding="utf-8") == render()


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_page_is_valid_and_complete() -> None:
    ran = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-P-c", "-P-b", "-P-u", "-rLL=200n", str(ROOT / PATH)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    for text in ("reconciler plan [OPTIONS] [DIR]", "--detailed-exitcode", "EXIT STATUS"):
        assert text in " ".join(ran.stdout.replace("\N{MINUS SIGN}", "-").split())
