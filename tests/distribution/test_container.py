"""The steps of the Dockerfile, run by buildah: the container holds reconciler, and no rights.

Where no registry can be reached, a Debian that debootstrap makes stands in for the pinned base. Its
Python is another one, the steps are the same.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dealpos_reconciler import __version__
from tests.support.shop import ROOT

pytestmark = [
    pytest.mark.skipif("CONTAINER" not in os.environ, reason="make container builds it (minutes)"),
    pytest.mark.skipif(not shutil.which("buildah"), reason="buildah is not installed"),
    pytest.mark.timeout(590),
]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
(BASE,) = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))
STAND_IN = "localhost/base"
CERTIFICATES = "/etc/ssl/certs"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def start(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, words)],
        cwd=ROOT,
        env={**os.environ, "BUILDAH_ISOLATION": "chroot"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


@pytest.fixture(scope="module")
def buildah() -> Iterator[Run]:
    """A function that runs buildah with images of its own, which are thrown away."""
    with TemporaryDirectory() as folder:
        own = ("--storage-driver", "vfs", "--root", f"{folder}/root", "--runroot", f"{folder}/run")
        yield lambda *words: start("buildah", *own, *words)


def make_base(buildah: Run) -> None:
    """Make the image that stands in for the base."""
    if os.geteuid() or not shutil.which("debootstrap"):
        pytest.skip("the base cannot be pulled, and only root can make one with debootstrap")
    with TemporaryDirectory() as folder:
        packages = "--include=python3,python3-venv,ca-certificates"
        made = start("debootstrap", "--variant=minbase", packages, "trixie", folder)
        if made.returncode:
            pytest.skip(f"no base can be pulled or made: {made.stdout.splitlines()[-1:]}")
        (Path(folder) / "usr/bin/python").symlink_to("python3")
        container = buildah("from", "scratch").stdout.strip()
        assert buildah("add", container, folder, "/").returncode == 0
        assert buildah("commit", "--rm", container, STAND_IN).returncode == 0


@pytest.fixture(scope="module")
def container(buildah: Run) -> str:
    """A container of the image that the Dockerfile describes."""
    options = ["--network", "host"]
    if buildah("pull", BASE).returncode:
        make_base(buildah)
        options += ["--build-context", f"{BASE}=container-image://{STAND_IN}"]
    if Path(CERTIFICATES).is_dir():  # of a package index inside a company
        options += ["--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"]
    built = buildah("build", *options, "--tag", "reconciler", ".")
    assert built.returncode == 0, built.stderr[-2000:]
    return buildah("from", "localhost/reconciler").stdout.strip()


def test_the_container_runs_reconciler_without_rights(
    buildah: Run, container: str, tmp_path: Path
) -> None:
    shop = tmp_path / "shop"
    ignored = shutil.ignore_patterns(".reconciler")
    shutil.copytree(ROOT / "examples" / "kopi-nusantara", shop, ignore=ignored)
    (shop / ".reconciler").mkdir()
    (shop / ".reconciler").chmod(0o777)

    def run(command: str) -> str:
        # Once in fifty runs, buildah loses what a container prints: a file does not.
        printed = "/shop/.reconciler/printed"
        words = ("--", "sh", "-c", f"({command}) >{printed} 2>&1")
        buildah("run", "--volume", f"{shop}:/shop", container, *words)
        return (shop / ".reconciler" / "printed").read_text(encoding="utf-8")

    assert run("id -u") == "10001\n"
    assert run("reconciler --version") == f"reconciler, version {__version__}\n"
    assert run("git --version").startswith("git version ")
    assert run("reconciler validate /shop").startswith("Valid: ")
    assert "Plan: " in run("reconciler plan /shop")
    assert "Permission denied" in run("touch /opt/reconciler/new")
    assert "Permission denied" in run("reconciler init /shop/new")
    assert "No such file" in run("ls /src")
    entry = buildah("inspect", "--format", "{{.OCIv1.Config.Entrypoint}}", container).stdout
    assert entry.strip() == "[reconciler]"
