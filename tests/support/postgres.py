"""A PostgreSQL server of its own in a temporary folder, reachable by a socket file alone."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest

MEMORY = Path("/dev/shm")


@cache
def binaries() -> Path | None:
    """Return the folder of `initdb` and `pg_ctl`: of the path, or of the newest Debian package."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = [file.parent for file in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(folders, key=lambda folder: int(folder.parent.name), default=None)


class PrivatePostgres:
    """A cluster with its server. Each schema is a database of its own to a test."""

    def __init__(self) -> None:
        folder = binaries()
        assert folder is not None
        self.bin = folder
        self.home = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self._schemas = 0
        # PostgreSQL refuses to run as root.
        self._user: str | None = None
        if os.geteuid() == 0:
            users = {entry.pw_name for entry in pwd.getpwall()}
            self._user = "postgres" if "postgres" in users else "nobody"
            shutil.chown(self.home, self._user)
        self._tool("initdb", "--no-sync", "-A", "trust", "-U", "till", "-E", "UTF8", "--locale=C")
        self.start()

    def _tool(self, name: str, *words: str) -> None:
        done = subprocess.run(
            [self.bin / name, "-D", self.home / "data", *words],
            user=self._user,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        # A power failure is not part of a test, so nothing waits for the disk.
        options = f"-k {self.home} -c listen_addresses='' -c fsync=off -c max_connections=60"
        log = str(self.home / "log")
        subprocess.run(
            [
                self.bin / "pg_ctl",
                "-D",
                self.home / "data",
                "-w",
                "-l",
                log,
                "-o",
                options,
                "start",
            ],
            user=self._user,
            cwd=self.home,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    @property
    def is_stopped(self) -> bool:
        return not (self.home / "data" / "postmaster.pid").exists()

    def stop(self) -> None:
        """Stop the server; it ends its sessions."""
        self._tool("pg_ctl", "-m", "fast", "-w", "stop")

    def end(self) -> None:
        if not self.is_stopped:
            self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def new_schema(self) -> str:
        """Create a schema and return the address that leads to it."""
        self._schemas += 1
        name = f"shop{self._schemas}"
        self.sql(f"CREATE SCHEMA {name}")
        return self.address(name)

    def address(self, schema: str) -> str:
        return (
            f"postgresql://till@/postgres?host={quote(str(self.home), safe='')}"
            f"&options={quote(f'-csearch_path={schema}')}"
        )

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        import psycopg

        with psycopg.connect(self.address("public"), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """A server; the tests that need one are skipped without it, unless the gate demands it."""
    if binaries() is None:
        if os.environ.get("REQUIRE_POSTGRES"):
            pytest.fail("REQUIRE_POSTGRES is set, and PostgreSQL (initdb) is not installed")
        pytest.skip("PostgreSQL (initdb) is not installed; on Debian: apt-get install postgresql")
    server = PrivatePostgres()
    yield server
    server.end()
