"""The transactions of the SQLite store: every change of a counter stands in this module.

Each function runs in a transaction that its caller began. One that raises a ReconcilerError has
changed nothing. The PostgreSQL store has the same ones as functions of the database.
"""

from __future__ import annotations

import json
from sqlite3 import Connection
from typing import Any

from dealpos_reconciler.provider.invoice import KnownInvoice, Transition, transition
from dealpos_reconciler.provider.rows import (
    as_json,
    batch_of,
    flags_of,
    join_words,
    moment_of,
    stamp,
)
from dealpos_reconciler.provider.store import (
    Booking,
    Flag,
    HoldRequest,
    HoldResult,
    PublishedRelease,
    SaleReport,
    release_conflict,
)

_COUNTS = """
SELECT used, holds,
  (SELECT min(until) FROM hold WHERE hold.counter = counter.counter),
  (SELECT max(since) FROM hold WHERE hold.counter = counter.counter)
FROM counter WHERE counter = ?
"""

_THEIR_HOLDS = """
SELECT hold FROM hold_customer
WHERE counter = :counter AND customer IN (SELECT value FROM json_each(:customer))
"""

_OF_CUSTOMER = f"""
SELECT
  (SELECT count(DISTINCT hold) FROM ({_THEIR_HOLDS})),
  (SELECT count(DISTINCT invoice) FROM use_by JOIN invoice USING (invoice)
   WHERE use_by.counter = :counter AND customer IN (SELECT value FROM json_each(:customer))
     AND state = 'counted' AND invoice.counter = use_by.counter)
"""

_RENEWABLE = f"""
SELECT id FROM hold WHERE counter = :counter
  AND (outlet = :outlet OR :reentry = 'same-customer')
  AND (id IN ({_THEIR_HOLDS}) OR (:reentry = 'same-outlet' AND NOT :only_theirs))
ORDER BY id IN ({_THEIR_HOLDS}) DESC, outlet = :outlet DESC, until, id LIMIT 1
"""

_BEST_HOLDS = (
    f"""SELECT id FROM hold WHERE outlet = :outlet AND id IN ({_THEIR_HOLDS})
    ORDER BY since, id LIMIT 1""",
    "SELECT id FROM hold WHERE counter = :counter AND outlet = :outlet ORDER BY since, id LIMIT 1",
    "SELECT id FROM hold WHERE counter = :counter ORDER BY since, id LIMIT 1",
)
"""The hold that a sale consumes is the first that one of these finds, each by an index: a coupon
may have a hundred thousand holds."""

_NEW_COUNTER = "INSERT INTO counter (counter, batch) VALUES (?, ?) ON CONFLICT DO NOTHING"

_WRITE_INVOICE = """
INSERT INTO invoice (invoice, counter, code, outlet, number, state, flags, at, noted, discount,
  gross, seen, digests)
VALUES (:invoice, :counter, :code, :outlet, :number, :state, :flags, :at, :now, :discount, :gross,
  1, :digests)
ON CONFLICT (invoice) DO UPDATE SET counter = :counter, state = :state, flags = :flags,
  digests = :digests, seen = seen + 1, code = coalesce(nullif(:code, ''), code),
  outlet = coalesce(nullif(:outlet, ''), outlet), number = coalesce(nullif(:number, ''), number),
  discount = coalesce(:discount, discount), gross = coalesce(:gross, gross)
"""


def hold_use(connection: Connection, request: HoldRequest) -> HoldResult:
    """Hold one use, renew a hold, or say why neither is possible."""
    used, held = _free_expired(connection, request.counter, stamp(request.now))
    if request.limit_per_customer is not None:
        holds, uses = _of_customer(connection, request)
        # A customer who is not named cannot be counted.
        if not request.customer or holds + uses >= request.limit_per_customer:
            may_renew = uses < request.limit_per_customer
            if may_renew and _renew(connection, request, only_theirs=True):
                return HoldResult("renewed", used, held)
            return HoldResult("customer_limit", used, held)
    if request.limit is None or used + held < request.limit:
        _insert_hold(connection, request)
        return HoldResult("held", used, held + 1)
    if _renew(connection, request, only_theirs=False):
        return HoldResult("renewed", used, held)
    if used >= request.limit:
        return HoldResult("used_up", used, held)
    outlet, until = connection.execute(
        "SELECT outlet, until FROM hold WHERE counter = ? ORDER BY until, id LIMIT 1",
        (request.counter,),
    ).fetchone()
    return HoldResult("in_use", used, held, outlet, moment_of(until))


def _free_expired(connection: Connection, counter: str, now: int) -> tuple[int, int]:
    """End the holds whose time is over; return the uses, and the holds that remain."""
    row = connection.execute(_COUNTS, (counter,)).fetchone()
    if row is None:
        return 0, 0
    used, held, first_end, last_start = row
    if last_start is not None and last_start > now:
        # The clock was set back since. Such a hold gets its whole time again, counted from now: it
        # ends neither before the promise, nor in the year to which the clock had jumped.
        connection.execute(
            "UPDATE hold SET since = :now, until = :now + until - since"
            " WHERE counter = :counter AND since > :now",
            {"now": now, "counter": counter},
        )
    if first_end is not None and first_end <= now:
        ended = connection.execute(
            "DELETE FROM hold WHERE counter = ? AND until <= ?", (counter, now)
        ).rowcount
        connection.execute(
            "UPDATE counter SET holds = holds - ? WHERE counter = ?", (ended, counter)
        )
        held -= ended
    return used, held


def _of_customer(connection: Connection, request: HoldRequest) -> tuple[int, int]:
    """Return how many holds and uses the customer has."""
    values = {"counter": request.counter, "customer": as_json(request.customer)}
    holds, uses = connection.execute(_OF_CUSTOMER, values).fetchone()
    return holds, uses


def _insert_hold(connection: Connection, request: HoldRequest) -> None:
    connection.execute(_NEW_COUNTER, (request.counter, batch_of(request.counter)))
    connection.execute("UPDATE counter SET holds = holds + 1 WHERE counter = ?", (request.counter,))
    hold = connection.execute(
        "INSERT INTO hold (counter, outlet, since, until) VALUES (?, ?, ?, ?)",
        (request.counter, request.outlet, stamp(request.now), stamp(request.until)),
    ).lastrowid
    _name_customer(connection, hold, request)


def _name_customer(connection: Connection, hold: Any, request: HoldRequest) -> None:
    connection.executemany(
        "INSERT INTO hold_customer (counter, customer, hold) VALUES (?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [(request.counter, customer, hold) for customer in request.customer],
    )


def _renew(connection: Connection, request: HoldRequest, *, only_theirs: bool) -> bool:
    """Renew a hold that the coupon's `reentry` allows to enter again; false where none is."""
    if request.reentry == "refuse":
        return False
    values = {
        "counter": request.counter,
        "outlet": request.outlet,
        "reentry": request.reentry,
        "customer": as_json(request.customer),
        "only_theirs": only_theirs,
    }
    found = connection.execute(_RENEWABLE, values).fetchone()
    if found is None:
        return False
    connection.execute(
        "UPDATE hold SET outlet = ?, since = ?, until = ? WHERE id = ?",
        (request.outlet, stamp(request.now), stamp(request.until), *found),
    )
    _name_customer(connection, found[0], request)
    return True


def book_sale(connection: Connection, sale: SaleReport) -> Booking:
    """Record one report of an invoice, and take or give back the use that it means."""
    step = transition(known_invoice(connection, sale.invoice), sale)
    if not step.is_news:
        return step.booking(frozenset())
    if step.gives:
        connection.execute("UPDATE counter SET used = used - 1 WHERE counter = ?", (step.gives,))
    added = _take_use(connection, sale, step.takes) if step.takes else frozenset()
    _write_invoice(connection, sale, step, added)
    if step.result != "again":
        detail = join_words(step.flags | added)
        if step.result == "moved":
            detail = f"{step.gives} → {step.takes} {detail}".strip()
        note_event(connection, stamp(sale.now), step.result, step.counter, sale.invoice, detail)
    return step.booking(added)


def known_invoice(connection: Connection, invoice: str) -> KnownInvoice | None:
    """Return an invoice as it is stored; None before its first report."""
    row = connection.execute(
        "SELECT state, counter, flags, digests, seen FROM invoice WHERE invoice = ?", (invoice,)
    ).fetchone()
    if row is None:
        return None
    state, counter, flags, digests, seen = row
    return KnownInvoice(state, counter, flags_of(flags), tuple(json.loads(digests)), seen)


def _take_use(connection: Connection, sale: SaleReport, counter: str) -> frozenset[Flag]:
    """Count one use and consume the best hold; return the flags of a use that has none."""
    connection.execute(_NEW_COUNTER, (counter, batch_of(counter)))
    values = {"counter": counter, "outlet": sale.outlet, "customer": as_json(sale.customer)}
    found = (connection.execute(query, values).fetchone() for query in _BEST_HOLDS)
    hold = next(filter(None, found), None)
    if hold:
        connection.execute("DELETE FROM hold WHERE id = ?", hold)
    connection.execute(
        "UPDATE counter SET used = used + 1, holds = holds - ? WHERE counter = ?",
        (1 if hold else 0, counter),
    )
    if hold or sale.limit is None:
        return frozenset()
    used, held = connection.execute(
        "SELECT used, holds FROM counter WHERE counter = ?", (counter,)
    ).fetchone()
    return frozenset({"unheld", "beyond"} if used + held > sale.limit else {"unheld"})


def _write_invoice(
    connection: Connection, sale: SaleReport, step: Transition, added: frozenset[Flag]
) -> None:
    values = {
        "invoice": sale.invoice,
        "counter": step.counter,
        "code": sale.code,
        "outlet": sale.outlet,
        "number": sale.number,
        "state": step.state,
        "flags": join_words(step.flags | added),
        "at": stamp(sale.at or sale.now),
        "now": stamp(sale.now),
        "discount": None if sale.discount is None else str(sale.discount),
        "gross": None if sale.gross is None else str(sale.gross),
        "digests": json.dumps(step.digests),
    }
    connection.execute(_WRITE_INVOICE, values)
    connection.executemany(
        "INSERT INTO use_by (counter, customer, invoice) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(step.counter, customer, sale.invoice) for customer in sale.customer],
    )
    if step.takes:
        connection.execute(
            "UPDATE OR IGNORE use_by SET counter = :counter"
            " WHERE invoice = :invoice AND counter <> :counter",
            {"counter": step.takes, "invoice": sale.invoice},
        )


def free_holds(connection: Connection, counter: str, now: int) -> int:
    """End all holds of a counter; return how many there were."""
    count = connection.execute("DELETE FROM hold WHERE counter = ?", (counter,)).rowcount
    if count:
        connection.execute("UPDATE counter SET holds = 0 WHERE counter = ?", (counter,))
        note_event(connection, now, "freed", counter, "", str(count))
    return count


def publish_release(
    connection: Connection, release: PublishedRelease, previous: int
) -> PublishedRelease:
    """Publish a release after `previous`. Raises ReleaseConflict where it is not the newest."""
    (newest,) = connection.execute("SELECT coalesce(max(number), 0) FROM release").fetchone()
    if newest != previous:
        raise release_conflict(newest, previous)
    now = stamp(release.published)
    connection.execute(
        "INSERT INTO release (number, published, commit_id, digest, document)"
        " VALUES (?, ?, ?, ?, ?)",
        (release.number, now, release.commit, release.digest, release.document),
    )
    note_event(connection, now, "published", "", "", f"{release.number} {release.commit}".strip())
    return release


def note_event(
    connection: Connection, at: int, kind: str, counter: str, invoice: str, detail: str
) -> None:
    """Append an event."""
    connection.execute(
        "INSERT INTO event (at, kind, counter, invoice, detail) VALUES (?, ?, ?, ?, ?)",
        (at, kind, counter, invoice, detail),
    )


def keep_dead_letter(connection: Connection, row: tuple[int, str, str, int, str]) -> None:
    """Keep the moment, reason, digest, length and invoice of a report that was not understood."""
    connection.execute(
        "INSERT INTO dead_letter (at, reason, digest, length, invoice) VALUES (?, ?, ?, ?, ?)", row
    )


def write_probe(connection: Connection, now: int) -> None:
    """Write a row, which proves that the store can be written."""
    connection.execute(
        "INSERT INTO probe (id, at) VALUES (1, :now) ON CONFLICT (id) DO UPDATE SET at = :now",
        {"now": now},
    )
