"""The turn of one server among those that share a database: an advisory lock of its session."""

from __future__ import annotations

import asyncio
import contextlib

import psycopg

from dealpos_reconciler.provider.postgres.connections import Connection, PostgresConnections

_NUMBER = 1_413_567_054
"""The first half of the lock's key; the second one is the schema, as the lock is of a database."""
_TAKE = "SELECT pg_try_advisory_lock(%s, hashtext(current_schema()))"
_ASK = "SELECT true"


class DatabaseTurn:
    """A lock that the database releases when the session ends, with the process or the network."""

    def __init__(self, connections: PostgresConnections, deadline: float) -> None:
        self._connections = connections
        self._deadline = deadline
        self._connection: Connection | None = None
        self._has_it = False
        self._asking = asyncio.Lock()

    async def take(self) -> bool:
        """Return whether this session has the turn; take it where no other one has it.

        A session that has ended has lost it, and another server may have it.
        """
        async with self._asking:
            try:
                async with asyncio.timeout(self._deadline):
                    self._has_it = await self._ask()
            except (TimeoutError, psycopg.Error, OSError):
                await self._drop()
            return self._has_it

    async def _ask(self) -> bool:
        if self._connection is None:
            self._connection = await self._connections.connect()
        if self._has_it:
            cursor = await self._connection.execute(_ASK)
        else:
            cursor = await self._connection.execute(_TAKE, (_NUMBER,))
        ((answer,),) = await cursor.fetchall()
        return bool(answer)

    async def _drop(self) -> None:
        self._has_it = False
        connection, self._connection = self._connection, None
        if connection:
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()

    async def release(self) -> None:
        """End the session, and with it the turn."""
        await self._drop()
