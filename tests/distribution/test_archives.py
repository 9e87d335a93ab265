"""The wheel and the source archive: their files, their metadata, and a second build."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tomllib
from email.message import Message
from email.parser import BytesParser
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

from dealpos_reconciler import __version__
from tests.distribution.conftest import Archives, build
from tests.support.shop import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = set(PROJECT["project"]["optional-dependencies"])
NAME = f"dealpos_reconciler-{__version__}"


def package() -> set[str]:
    """The files of the package that are not made by running it."""
    source = ROOT / "reconciler"
    found = (path for path in source.rglob("*") if path.is_file())
    return {p.relative_to(source).as_posix() for p in found if "__pycache__" not in p.parts}


def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        return BytesParser().parsebytes(archive.read(f"{NAME}.dist-info/METADATA"))


def test_the_wheel_holds_the_package_and_nothing_else(archives: Archives) -> None:
    with ZipFile(archives.wheel) as archive:
        names = set(archive.namelist())
    about = {name for name in names if not name.startswith("dealpos_reconciler/")}
    own = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    manual = f"{NAME}.data/data/share/man/man1/reconciler.1"
    assert about == {manual, *(f"{NAME}.dist-info/{name}" for name in own)}
    assert names - about == package()
    kinds = {PurePosixPath(name).suffix for name in names - about}
    assert kinds == {".css", ".j2", ".js", ".py", ".sql"}


def test_the_source_archive_holds_what_a_build_and_the_tests_need(archives: Archives) -> None:
    with tarfile.open(archives.sdist) as archive:
        files = {PurePosixPath(name).relative_to(NAME).as_posix() for name in archive.getnames()}
    included = {
        name.strip("/") for name in PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    }
    tops = {PurePosixPath(name).parts[0] for name in files}
    assert tops == included | {".gitignore", "PKG-INFO", "pyproject.toml"}
    assert {f"reconciler/{name}" for name in package()} <= files
    made = ("__pycache__", ".venv", ".reconciler", ".provider", ".hypothesis")
    assert not [name for name in files if set(made) & set(PurePosixPath(name).parts)]


def test_two_builds_are_equal_byte_by_byte(
    archives: Archives, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The second one is made elsewhere, of files with another time and other permissions."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with tarfile.open(archives.sdist) as archive:
        archive.extractall(elsewhere, filter="data")
    source = elsewhere / NAME
    for path in source.rglob("*"):
        os.utime(path, (10**9, 10**9))
        if path.suffix == ".py":
            path.chmod(0o600)
    again = build(source, elsewhere / "again")
    assert again.wheel.read_bytes() == archives.wheel.read_bytes()
    assert again.sdist.read_bytes() == archives.sdist.read_bytes()


def test_the_metadata_passes_the_check_of_the_index(archives: Archives) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", archives.wheel, archives.sdist],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout


def test_the_metadata_names_the_distribution_and_its_public_extras(archives: Archives) -> None:
    described = metadata(archives.wheel)
    assert described["Name"] == "dealpos-reconciler"
    assert described["Version"] == __version__
    assert described["License-Expression"] == "Apache-2.0"
    assert set(described.get_all("Provides-Extra", [])) == EXTRAS
    assert not EXTRAS & set(PROJECT["dependency-groups"])
    # No Python interface is promised.
    assert "Typing :: Typed" not in described.get_all("Classifier", [])


def test_every_extra_is_part_of_the_tools_of_development() -> None:
    (own,) = [
        line
        for line in PROJECT["dependency-groups"]["dev"]
        if isinstance(line, str) and line.startswith("dealpos-reconciler[")
    ]
    assert set(own.partition("[")[2].rstrip("]").split(",")) == EXTRAS


def test_the_lock_file_fits_the_project() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "uv", "lock", "--check", "--offline"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, f"uv.lock is stale: run 'make lock'\n{done.stderr}"
