"""The backup of a PostgreSQL store, by the server's own tool."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

from psycopg import conninfo

from dealpos_reconciler.confined import private_draft
from dealpos_reconciler.errors import ProviderError, ProviderUnavailable

_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


async def dump(dsn: str, schema: str, target: Path, place: str) -> None:
    """Write a copy of one schema in the custom format of `pg_dump`, with mode 0600, whole or not.

    Raises ProviderError without `pg_dump`, ProviderUnavailable where it fails, OSError for the
    target.
    """
    if (tool := shutil.which("pg_dump")) is None:
        raise ProviderError(
            f"{place} is copied by pg_dump, which is not installed here",
            hint="install the client tools of PostgreSQL, or run pg_dump --format=custom elsewhere",
        )
    with private_draft(target) as draft:
        # The address goes by environment: arguments of a process are readable for everybody.
        known = conninfo.conninfo_to_dict(dsn)
        given = {_VARIABLES[name]: str(known[name]) for name in _VARIABLES if known.get(name)}
        process = await asyncio.create_subprocess_exec(
            tool,
            "--format=custom",
            "--no-owner",
            f'--schema="{schema}"',
            f"--file={draft}",
            env={**os.environ, **given},
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
        if process.returncode:
            reason = said.decode(errors="replace").strip().splitlines() or ["it gave no reason"]
            raise ProviderUnavailable(f"{place}: pg_dump failed: {reason[-1]}")
