"""The shop's state: one SQLite table per kind, a JSON payload beside its searchable columns."""

import json
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

from reconciler.sandbox.errors import SandboxError

Payload = dict[str, Any]

# Marks a SQLite file as ours ("DPOS"), so that no other database is ever written to.
_APPLICATION_ID = 0x44504F53

KEYS = {
    "outlet": "Name",
    "category": "Name",
    "product": "Code",
    "variant": "Code",
    "coupon": "Code",
    "customer": "Code",
}
"""The natural key of each kind (dealpos-api.md §5-§10)."""

# column -> payload key, per kind; the columns exist for searching, the payload is the truth.
_COLUMNS: dict[str, dict[str, str]] = {
    "outlet": {"suspended": "Suspended"},
    "category": {"discontinued": "Discontinued"},
    "product": {"category": "Category", "discontinued": "Discontinued", "created": "Created"},
    "variant": {
        "product": "Product",
        "category": "Category",
        "type": "Type",
        "name": "Name",
        "discontinued": "Discontinued",
    },
    "coupon": {
        "type": "Type",
        "reference": "ReferenceID",
        "customer": "CustomerCode",
        "balance": "Balance",
        "created": "Created",
        "start": "StartDate",
        "expiry": "ExpiryDate",
    },
    "customer": {
        "email": "Email",
        "mobile": "Mobile",
        "phone": "Phone",
        "name": "Name",
        "outlet": "SignUpOutlet",
        "joined": "JoinDate",
        "created": "Created",
        "status": "Status",
    },
}

COMPOUND = """instr(payload, '"Components":[]') = 0 OR instr(payload, '"ParentCode":null') = 0"""
"""The variants that name others; said in the same words by the partial index that finds them."""

# SQLite reads any index (a, key) in key order within a; these serve the pages and the look-ups.
_INDEXES = {
    "product": ("(category, key)",),
    "variant": (
        "(product, key)",
        "(category, key)",
        "(type, key)",
        "(discontinued, key)",
        f"(key) WHERE ({COMPOUND})",
    ),
    "coupon": ("(reference)", "(customer)"),
    "customer": ("(email)", "(mobile)", "(phone)"),
}

_ORDER = {"code": "key", "insertion": "seq", "reverse": "key DESC"}


@dataclass(frozen=True, slots=True)
class Record:
    """One stored object."""

    id: str
    payload: Payload


class Filter:
    """SQL conditions joined by AND, with their parameters; column names come from our own code."""

    def __init__(self) -> None:
        self._clauses: list[str] = []
        self.parameters: list[object] = []

    def also(self, clause: str, *parameters: object) -> "Filter":
        """Add one condition."""
        self._clauses.append(clause)
        self.parameters.extend(parameters)
        return self

    def text(self, column: str, value: str, how: Literal["exact", "contains"]) -> "Filter":
        """Add a comparison with a text; an empty text asks for nothing."""
        if not value:
            return self
        if how == "exact":
            return self.also(f"{column} = ?", value)
        return self.also(f"instr(lower({column}), lower(?)) > 0", value)

    def within(self, column: str, path: str, *, children: bool = True) -> "Filter":
        """Add "is this slash path", with or without the paths below it."""
        if not children:
            return self.also(f"{column} = ?", path)
        # "0" is the character after "/": the range holds every path that starts with "path/".
        below = f"({column} = ? OR ({column} >= ? AND {column} < ?))"
        return self.also(below, path, f"{path}/", f"{path}0")

    def between(self, column: str, first: str | None, last: str | None) -> "Filter":
        """Add a range of days, both ends included; a missing end is open."""
        if first:
            self.also(f"substr({column}, 1, 10) >= ?", first[:10])
        if last:
            self.also(f"substr({column}, 1, 10) <= ?", last[:10])
        return self

    @property
    def sql(self) -> str:
        """Return the WHERE clause, or nothing."""
        return f" WHERE {' AND '.join(self._clauses)}" if self._clauses else ""


def _row(found: tuple[str, str] | None) -> Record | None:
    return None if found is None else Record(found[0], json.loads(found[1]))


class ObjectStore:
    """One database; a single connection behind a lock, so that any thread may use it."""

    def __init__(self, database: Path | str = ":memory:") -> None:
        self.database = str(database)
        self._lock = threading.RLock()
        try:
            self._db = sqlite3.connect(
                self.database, timeout=30, check_same_thread=False, isolation_level=None
            )
            self.close = weakref.finalize(self, self._db.close)
            self._prepare()
        except sqlite3.Error as error:
            raise SandboxError(f"{self.database} cannot hold a sandbox shop: {error}.") from error

    def _prepare(self) -> None:
        (mark,) = self._db.execute("PRAGMA application_id").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and mark != _APPLICATION_ID:
            raise SandboxError(f"{self.database} is a database, but not one of the sandbox.")
        self._db.execute("PRAGMA synchronous = OFF")  # a stand-in shop may die with the machine
        with self.transaction(write=True):
            # Also proves that the file can be written.
            self._db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            if not tables:
                self._create()

    def _create(self) -> None:
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS deleted "
            "(kind TEXT, key TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )
        for kind, columns in _COLUMNS.items():
            extra = "".join(f", {column}" for column in columns)
            self._db.execute(
                f"CREATE TABLE IF NOT EXISTS {kind} (seq INTEGER PRIMARY KEY, "
                f"key TEXT NOT NULL UNIQUE, id TEXT NOT NULL UNIQUE, payload TEXT NOT NULL{extra})"
            )
            for number, index in enumerate(_INDEXES.get(kind, ())):
                self._db.execute(f"CREATE INDEX IF NOT EXISTS {kind}_{number} ON {kind} {index}")

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[None]:
        """Run a block in one transaction; an exception rolls it back."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def get(self, kind: str, key: str) -> Record | None:
        """Return the object with this natural key."""
        return self.find(kind, "key", key)

    def find(self, kind: str, column: str, value: object) -> Record | None:
        """Return the oldest object with this value in a column, ``id`` and ``key`` included."""
        sql = f"SELECT id, payload FROM {kind} WHERE {column} = ? ORDER BY seq LIMIT 1"
        return _row(self._db.execute(sql, (value,)).fetchone())

    def many(
        self, kind: str, column: str, values: Iterable[str], order: str = "code"
    ) -> list[Record]:
        """Return the objects whose column holds one of the values."""
        where = Filter().also(
            f"{column} IN (SELECT value FROM json_each(?))", json.dumps(list(values))
        )
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
        where = where or Filter()
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
        where = where or Filter()
        sql = f"SELECT count(*) FROM {kind}{where.sql}"
        return int(self._db.execute(sql, where.parameters).fetchone()[0])

    def put(
        self, kind: str, payload: Payload, *, was: str | None = None, id_: str | None = None
    ) -> str:
        """Insert or update an object, or re-key the one that ``was``; return its server ID."""
        key = str(payload[KEYS[kind]])
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        columns: dict[str, Any] = {"key": key, "payload": text}
        columns.update((column, payload.get(name)) for column, name in _COLUMNS[kind].items())
        sql = f"SELECT id FROM {kind} WHERE key = ?"
        known = self._db.execute(sql, (was if was is not None else key,)).fetchone()
        if known:
            names = ", ".join(f"{column} = ?" for column in columns)
            self._db.execute(
                f"UPDATE {kind} SET {names} WHERE id = ?", (*columns.values(), known[0])
            )
            return str(known[0])
        columns["id"] = id_ or self._new_id(kind, key)
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {kind} ({', '.join(columns)}) VALUES ({marks})"
        self._db.execute(sql, tuple(columns.values()))
        return str(columns["id"])

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
        self._db.execute(f"DELETE FROM {kind} WHERE key = ?", (key,))
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
