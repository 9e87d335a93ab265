"""The archives that `make dist` would make, built once by each process of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.shop import ROOT


@dataclass(frozen=True)
class Archives:
    wheel: Path
    sdist: Path


def build(source: Path, target: Path) -> Archives:
    """Build as the Makefile does, with the build tools of this environment."""
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", target, source],
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,), (sdist,) = target.glob("*.whl"), target.glob("*.tar.gz")
    return Archives(wheel, sdist)


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Archives:
    return build(ROOT, tmp_path_factory.mktemp("dist"))
