"""The connections to a PostgreSQL server: a pool, deadlines, repetitions, errors in words."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection, conninfo
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from dealpos_reconciler.errors import ProviderError, ProviderUnavailable
from dealpos_reconciler.provider.migration import pending
from dealpos_reconciler.provider.rows import unstorable

T = TypeVar("T")
Connection = AsyncConnection[tuple[Any, ...]]

POOL_SIZE = 8

REPEATED = ("40001", "40P01", "57P01", "57P02", "57P03", "08")
"""States of SQL after which a statement is sent again: nothing of it was committed, or it may be
repeated without harm; a hold whose answer was lost ends with its time."""

SENTENCES = {
    "53100": ("its disk is full", "free some space on the database server"),
    "53300": ("it has no connection free", "raise `max_connections` of the server"),
    "25006": ("it may only be read", "name the primary server"),
    "57014": ("it was busy", None),
    "55P03": ("it was busy", None),
    "3F": ("the schema does not exist", "create it, and run the command again"),
    "42501": ("the user lacks a permission", "grant it the rights on the tables and functions"),
    "42P07": ("it has tables of another program", "name a database or a schema of its own"),
}

_CHECK_SERVER = "check the server and the network"
_CHECK_ADDRESS = "check the user, the password and the database of the address"

_MIGRATION_LOCK = 3_405_691_582

# Every attempt would be a warning; the store reports the outage itself.
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


def readable_name(dsn: str) -> str:
    """Return host, port and database of an address. Raises ProviderError where it has none.

    A `@` in one of them was part of a password that was not encoded: it is never repeated.
    """
    try:
        parts = conninfo.conninfo_to_dict(dsn)
    except psycopg.Error:
        parts = {"host": "@"}  # the error of psycopg repeats the address
    database = parts.get("dbname") or parts.get("user", "")
    name = f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}/{database}"
    if "@" in name:
        raise ProviderError(
            "the address of the provider's store is not valid",
            hint="write postgresql://USER:PASSWORD@HOST:PORT/DATABASE; in a password, write %40 for"
            " @, %2F for / and %3A for :",
        )
    return name


class PostgresConnections:
    """The pool of one database; `place` names it in messages, without a password."""

    def __init__(
        self, dsn: str, deadline: float, on_commit: Callable[[float], None] | None = None
    ) -> None:
        """Take the address. Raises ProviderError where it cannot be understood.

        `on_commit` is called with the seconds of each statement, which is a transaction.
        """
        self.place = f"the provider's store postgresql://{readable_name(dsn)}"
        self.dsn = conninfo.make_conninfo(dsn, connect_timeout=max(2, round(deadline)))
        self._deadline = deadline
        self._on_commit = on_commit
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            self.dsn,
            min_size=1,
            max_size=POOL_SIZE,
            open=False,
            configure=self._configure,
            kwargs={"autocommit": True},
            timeout=deadline,
            # A pool that gives up at once asks again at the next request, not after a minute.
            reconnect_timeout=1,
            name="provider",
        )

    @property
    def waiting(self) -> int:
        """Calls that wait for a connection."""
        return self._pool.get_stats()["requests_waiting"]

    async def open(self) -> None:
        """Migrate the database and start the pool. Raises ProviderError, ProviderUnavailable."""
        try:
            async with await self.connect() as connection:
                await self._migrate(connection)
        except psycopg.Error as error:
            raise self.explain(error) from error
        await self._pool.open()

    async def connect(self) -> Connection:
        """Open a connection of its own, outside of the pool."""
        connection = await AsyncConnection.connect(self.dsn, autocommit=True)
        await connection.execute("SET default_transaction_isolation = 'read committed'")
        return connection

    async def run(self, statement: str, values: dict[str, Any] | None = None) -> list[Any]:
        """Send one statement, and again where it met another one; return its rows.

        Raises ProviderUnavailable where that takes longer than the deadline.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._deadline
        try:
            async with asyncio.timeout_at(until):
                return await self._repeat(lambda: self._send(statement, values))
        except (TimeoutError, PoolTimeout):
            raise ProviderUnavailable(
                f"{self.place} did not answer within {self._deadline:g} s", hint=_CHECK_SERVER
            ) from None
        except (psycopg.DataError, UnicodeError) as error:
            raise unstorable(self.place) from error
        except psycopg.Error as error:
            raise self.explain(error) from error
        except PoolClosed:
            raise ProviderUnavailable(f"{self.place} is closed") from None

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()

    def explain(self, error: psycopg.Error) -> ProviderUnavailable:
        """Return an error of the server in words, with a hint."""
        state = error.sqlstate or ""
        for length in (5, 2):
            if known := SENTENCES.get(state[:length]):
                return ProviderUnavailable(f"{self.place}: {known[0]}", hint=known[1])
        text = str(error).splitlines()[0] if str(error) else ""
        _, fatal, reason = text.partition("FATAL:")
        if fatal:  # the server answered, and refused the connection; it repeats no password
            return ProviderUnavailable(f"{self.place}: {reason.strip()}", hint=_CHECK_ADDRESS)
        if not state:
            return ProviderUnavailable(f"{self.place} cannot be reached", hint=_CHECK_SERVER)
        return ProviderUnavailable(f"{self.place}: {text} (SQL state {state})")

    async def current_schema(self) -> str:
        """Return the schema that holds the tables."""
        ((schema,),) = await self.run("SELECT current_schema()")
        return str(schema)

    async def _send(self, statement: str, values: dict[str, Any] | None) -> list[Any]:
        async with self._pool.connection() as connection:
            begun = time.perf_counter()
            cursor = await connection.execute(statement, values)
            if self._on_commit:
                self._on_commit(time.perf_counter() - begun)
            return await cursor.fetchall() if cursor.description else []

    async def _repeat(self, send: Callable[[], Awaitable[T]]) -> T:
        for attempt in range(1, 1000):
            try:
                return await send()
            except psycopg.OperationalError as error:
                if not (error.sqlstate or "08").startswith(REPEATED):
                    raise
                await asyncio.sleep(min(0.005 * attempt, 0.1))
        raise AssertionError("the deadline ends this before")

    async def _configure(self, connection: Connection) -> None:
        """Set what each statement needs: a deadline in the server, and a snapshot a statement."""
        await connection.execute("SET default_transaction_isolation = 'read committed'")
        await connection.execute(f"SET statement_timeout = {round(self._deadline * 1000)}")

    async def _migrate(self, connection: Connection) -> None:
        """Bring the schema up to date in one transaction, one process at a time."""
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
            for number, script in pending(
                "postgres", await self._version(connection), self.place
            ).items():
                await connection.execute(script.encode())
                await connection.execute(
                    "INSERT INTO schema_version (version) VALUES (%s)", (number,)
                )

    async def _version(self, connection: Connection) -> int:
        cursor = await connection.execute("SELECT to_regclass('schema_version') IS NOT NULL")
        (exists,) = await cursor.fetchone() or (False,)
        if not exists:
            return 0
        cursor = await connection.execute("SELECT max(version) FROM schema_version")
        (version,) = await cursor.fetchone() or (0,)
        return int(version or 0)
