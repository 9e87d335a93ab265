"""The shop's state: one SQLite table per kind, a JSON payload beside its searchable columns."""

import json
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from dealpos_reconciler.sandbox.errors import SandboxError
from dealpos_reconciler.sandbox.query import Filter, KeyRules
from dealpos_reconciler.sandbox.tables import COLUMNS, INDEXES, KEYS

Payload = dict[str, Any]

# Marks a SQLite file as ours ("DPOS"), so that no other database is ever written to.
_APPLICATION_ID = 0x44504F53

_ORDER = {"code": "key, seq", "insertion": "seq", "reverse": "key DESC, seq DESC"}


@dataclass(frozen=True, slots=True)
class Record:
    """One stored object."""

    id: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class StoredChange:
    """One object before and after a transaction; None where it did not exist."""

    kind: str
    id: str
    before: Payload | None
    after: Payload | None


def _row(found: tuple[str, str] | None) -> Record | None:
    return None if found is None else Record(found[0], json.loads(found[1]))


class ObjectStore:
    """One database; a single connection behind a lock, so that any thread may use it."""

    def __init__(self, database: Path | str = ":memory:") -> None:
        self.database = str(database)
        self.rules = KeyRules()
        self.listener: Callable[[list[StoredChange]], None] | None = None
        """The hearer of what each transaction changed, once it is committed."""
        self._changes: dict[tuple[str, str], StoredChange] = {}
        self._lock = threading.RLock()
        try:
            self._db = sqlite3.connect(
                self.database, timeout=30, check_same_thread=False, isolation_level=None
            )
            self._db.create_function("plain", 1, lambda key: self.rules.plain(key))
            self.close = weakref.finalize(self, self._db.close)
            self._prepare()
        except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter names a damaged schema
            raise SandboxError(f"{self.database} cannot hold a sandbox shop: {error}.") from error

    def _prepare(self) -> None:
        (mark,) = self._db.execute("PRAGMA application_id").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (newest,) = self._db.execute(
            "SELECT count(*) FROM sqlite_master WHERE name = 'promotion'"
        ).fetchone()
        if tables and mark != _APPLICATION_ID:
            raise SandboxError(f"{self.database} is a database, but not one of the sandbox.")
        self._db.execute("PRAGMA synchronous = OFF")  # a stand-in shop may die with the machine
        with self.transaction(write=True):
            # Also proves that the file can be written.
            self._db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            if not newest:  # a shop of an earlier version lacks some
                self._create()

    def _create(self) -> None:
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS deleted "
            "(kind TEXT, key TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )
        for kind, columns in COLUMNS.items():
            extra = "".join(f", {column}" for column in columns)
            self._db.execute(
                f"CREATE TABLE IF NOT EXISTS {kind} (seq INTEGER PRIMARY KEY, "
                f"key TEXT NOT NULL, id TEXT NOT NULL UNIQUE, payload TEXT NOT NULL{extra})"
            )
            for number, index in enumerate(("(key)", *INDEXES.get(kind, ()))):
                self._db.execute(f"CREATE INDEX IF NOT EXISTS {kind}_{number} ON {kind} {index}")

    def copy(self) -> "ObjectStore":
        """Return the same shop in memory."""
        with self._lock:
            twin = ObjectStore()
            self._db.backup(twin._db)
        return twin

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[None]:
        """Run a block in one transaction; an exception rolls it back."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            self._changes.clear()
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            changes = [c for c in self._changes.values() if c.before != c.after]
            if self.listener and changes:
                self.listener(changes)

    def _note(self, kind: str, id_: str, after: Payload | None) -> None:
        """Note an object before it is written; only a listener makes the extra read worth it."""
        if self.listener is None:
            return
        first = self._changes.get((kind, id_))
        if first is None:
            row = self.find(kind, "id", id_)
            first = StoredChange(kind, id_, row.payload if row else None, None)
        self._changes[kind, id_] = StoredChange(kind, id_, first.before, after)

    def get(self, kind: str, key: str) -> Record | None:
        """Return the object with this natural key."""
        return self.find(kind, "key", key)

    def find(self, kind: str, column: str, value: object) -> Record | None:
        """Return the oldest object with this value in a column, ``id`` and ``key`` included."""
        where = self._leave_hidden_out(Filter().also(self._equals(column), value))
        sql = f"SELECT id, payload FROM {kind}{where.sql} ORDER BY seq LIMIT 1"
        return _row(self._db.execute(sql, where.parameters).fetchone())

    def _equals(self, column: str) -> str:
        loose = column == "key" and self.rules.loose
        return "plain(key) = plain(?)" if loose else f"{column} = ?"

    def _leave_hidden_out(self, where: Filter | None) -> Filter:
        """Add the condition that an object is not hidden."""
        where = where or Filter()
        if self.rules.hidden:
            where.also(
                "key NOT IN (SELECT value FROM json_each(?))", json.dumps(list(self.rules.hidden))
            )
        return where

    def many(
        self, kind: str, column: str, values: Iterable[str], order: str = "code"
    ) -> list[Record]:
        """Return the objects whose column holds one of the values."""
        loose = column == "key" and self.rules.loose
        form = "plain(key) IN (SELECT plain(value)" if loose else f"{column} IN (SELECT value"
        where = Filter().also(f"{form} FROM json_each(?))", json.dumps(list(values)))
        return self.page(kind, where, order)

    def page(
        self,
        kind: str,
        where: Filter | None = None,
        order: str = "code",
        limit: int = -1,
        offset: int = 0,
    ) -> list[Record]:
        """Return one page of the objects that fulfil a condition."""
        where = self._leave_hidden_out(where)
        # The inner query runs on indexes alone; payloads are read for the rows of the page only.
        sql = (
            f"SELECT id, payload FROM {kind} WHERE seq IN (SELECT seq FROM {kind}{where.sql}"
            f" ORDER BY {_ORDER[order]} LIMIT ? OFFSET ?) ORDER BY {_ORDER[order]}"
        )
        found = self._db.execute(sql, (*where.parameters, limit, offset)).fetchall()
        # One text for all of them: row by row takes a third longer.
        payloads = json.loads(f"[{','.join(payload for _, payload in found)}]")
        return [Record(id_, payload) for (id_, _), payload in zip(found, payloads, strict=True)]

    def count(self, kind: str, where: Filter | None = None) -> int:
        """Return the number of objects that fulfil a condition."""
        where = self._leave_hidden_out(where)
        sql = f"SELECT count(*) FROM {kind}{where.sql}"
        return int(self._db.execute(sql, where.parameters).fetchone()[0])

    def put(
        self,
        kind: str,
        payload: Payload,
        *,
        was: str | None = None,
        id_: str | None = None,
        double: bool = False,
    ) -> str:
        """Insert or update an object, or re-key the one that ``was``; return its server ID.

        `double` inserts one more object even where the key is taken.
        """
        known = None if double else self._find_known(kind, payload, was)
        key = str(payload[KEYS[kind]])
        if known and kind != "category" and self.rules.plain(known[1]) == self.rules.plain(key):
            # A key that counts as the same keeps its spelling.
            key, payload = known[1], {**payload, KEYS[kind]: known[1]}
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        columns: dict[str, Any] = {"key": key, "payload": text}
        columns.update((column, payload.get(name)) for column, name in COLUMNS[kind].items())
        if known:
            self._note(kind, known[0], payload)
            names = ", ".join(f"{column} = ?" for column in columns)
            self._db.execute(
                f"UPDATE {kind} SET {names} WHERE id = ?", (*columns.values(), known[0])
            )
            return str(known[0])
        columns["id"] = id_ or self._new_id(kind, key)
        self._note(kind, columns["id"], payload)
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {kind} ({', '.join(columns)}) VALUES ({marks})"
        self._db.execute(sql, tuple(columns.values()))
        return str(columns["id"])

    def _find_known(self, kind: str, payload: Payload, was: str | None) -> tuple[str, str] | None:
        """Return the ID and the key of the object that a write means."""
        sql = f"SELECT id, key FROM {kind} WHERE {self._equals('key')} ORDER BY seq LIMIT 1"
        key = was if was is not None else str(payload[KEYS[kind]])
        found: tuple[str, str] | None = self._db.execute(sql, (key,)).fetchone()
        return found

    def _new_id(self, kind: str, key: str) -> str:
        """Return a UUID that follows from the key, unless a renamed object still has it."""
        turn = 0
        while True:
            id_ = server_id(kind, key, turn)
            if not self._db.execute(f"SELECT 1 FROM {kind} WHERE id = ?", (id_,)).fetchone():
                return id_
            turn += 1

    def delete(self, kind: str, key: str) -> None:
        """Remove an object, and note that its key was used."""
        where = self._equals("key")
        if self.rules.delete_oldest:
            where = f"seq = (SELECT min(seq) FROM {kind} WHERE {where})"
        if self.listener:
            for (id_,) in self._db.execute(
                f"SELECT id FROM {kind} WHERE {where}", (key,)
            ).fetchall():
                self._note(kind, id_, None)
        self._db.execute(f"DELETE FROM {kind} WHERE {where}", (key,))
        self._db.execute("INSERT OR IGNORE INTO deleted VALUES (?, ?)", (kind, key))

    def was_deleted(self, kind: str, key: str) -> bool:
        """Return whether an object with this key was ever removed."""
        sql = "SELECT 1 FROM deleted WHERE kind = ? AND key = ?"
        return self._db.execute(sql, (kind, key)).fetchone() is not None

    def move(self, kind: str, old: str, new: str) -> None:
        """Give the products or variants in (and below) one category path another path."""
        where = Filter().within("category", old)
        moved = "? || substr(category, ?)"
        self._db.execute(
            f"UPDATE {kind} SET payload = json_set(payload, '$.Category', {moved}), "
            f"category = {moved}{where.sql}",
            (new, len(old) + 1, new, len(old) + 1, *where.parameters),
        )

    def clear(self) -> None:
        """Remove everything."""
        for table in (*KEYS, "deleted"):
            self._db.execute(f"DELETE FROM {table}")


def server_id(kind: str, key: str, turn: int = 0) -> str:
    """Return the UUID that the sandbox gives an object when it is created."""
    return str(uuid5(NAMESPACE_URL, f"sandbox/{kind}/{key}" + (f"#{turn}" if turn else "")))
