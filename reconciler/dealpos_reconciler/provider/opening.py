"""The way to a store: its address says of which sort it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from dealpos_reconciler.errors import ProviderError, UsageError
from dealpos_reconciler.provider.sqlite.store import SqliteStore
from dealpos_reconciler.provider.store import UsageStore

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


async def open_store(
    place: str | Path,
    *,
    durable_holds: bool = False,
    spool: Path | None = None,
    on_failure: Callable[[str], None] | None = None,
    on_commit: Callable[[float], None] | None = None,
) -> UsageStore:
    """Open the store at a path or a `postgresql://` address; create it where it is absent.

    `spool`: a local file for the reports of sales that come while the store is away or locked.
    `on_failure` is called, from any thread, when the store has ended by an error of its own
    and answers nothing more: a server ends then, and is started again. `on_commit` is called, from
    any thread, with the seconds of each commit. Raises ProviderError, and UsageError where the
    driver of PostgreSQL is not installed.
    """
    scheme = _SCHEME.match(str(place))
    if scheme is None:
        return SqliteStore(
            Path(place),
            durable_holds=durable_holds,
            spool=spool,
            on_failure=on_failure,
            on_commit=on_commit,
        )
    if scheme[1].lower() not in ("postgresql", "postgres"):
        raise ProviderError(
            f"the provider's store has an unknown address: {scheme[1]}://…",
            hint="write the path of a file, or postgresql://USER@HOST:PORT/DATABASE",
        )
    try:
        from dealpos_reconciler.provider.postgres.store import open_postgres
    except ImportError:
        raise UsageError(
            "this command needs the extra 'postgres': pip install 'dealpos-reconciler[postgres]'"
        ) from None
    return await open_postgres(
        str(place), durable_holds=durable_holds, spool=spool, on_commit=on_commit
    )
