"""The statements of the PostgreSQL store; the functions that they call are in its schema."""

from __future__ import annotations

from dealpos_reconciler.provider.trimming import trim_statements

NEWEST = "SELECT coalesce(max(number), 0) FROM release"

USAGE = """
SELECT {key}, sum(used)::bigint,
  sum((SELECT count(*) FROM hold h WHERE h.counter = c.counter AND h.until > %(now)s))::bigint,
  sum((SELECT count(*) FROM invoice i WHERE i.counter = c.counter AND i.flags <> ''))::bigint
FROM counter c WHERE {which} GROUP BY {key}
"""

INVOICE_COLUMNS = "invoice, counter, state, outlet, number, at, flags"

INVOICES = f"""
SELECT {INVOICE_COLUMNS} FROM invoice
WHERE noted >= coalesce(%(since)s::timestamptz, '-infinity') AND (flags <> '' OR NOT %(flagged)s)
ORDER BY noted, invoice
"""

EVENTS = """
SELECT number, at, kind, counter, invoice, detail FROM event
WHERE number > %(after)s ORDER BY number LIMIT %(limit)s
"""

NOTE_SETTLED = "SELECT note_event(%(now)s, 'settled', '', '', %(detail)s)"
LAST_SETTLED = "SELECT max(at) FROM event WHERE kind = 'settled'"

HOLD = """
SELECT * FROM hold_use(%(counter)s, %(batch)s, %(limit)s, %(customer_limit)s, %(outlet)s,
  %(customer)s, %(now)s, %(until)s, %(reentry)s, %(durable)s)
"""

BOOK = """
SELECT book_sale(%(seen)s, %(gives)s, %(takes)s, %(batch)s, %(limit)s, %(result)s, %(invoice)s,
  %(counter)s, %(code)s, %(outlet)s, %(number)s, %(customer)s, %(state)s, %(flags)s, %(at)s,
  %(now)s, %(discount)s, %(gross)s, %(digests)s)
"""

PUBLISH = "SELECT publish_release(%(previous)s, %(now)s, %(commit)s, %(digest)s, %(document)s)"

TRIM = [
    f"WITH gone AS ({delete} RETURNING 1) SELECT count(*) FROM gone"
    for delete in trim_statements("%(before)s")
]
