"""The board as one HTML page that works without a script."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from dealpos_reconciler.core.audit import CALM, STATES
from dealpos_reconciler.render.board.values import MAX_ROWS, Board, CouponRow, KnownAudit
from dealpos_reconciler.render.findings import MEANINGS, name_state
from dealpos_reconciler.render.formats.html import fill_page
from dealpos_reconciler.render.sections import Verdict
from dealpos_reconciler.render.words import amount, plain, plural, shorten_commit

OPEN_ROWS = 25
"""Objects whose drift is seen at once; the others are folded."""
REFRESH_SECONDS = 60
FLAGS = {
    "beyond": "over the limit",
    "unheld": "used after a no",
    "doubtful": "doubtful, perhaps voided",
    "over_discount": "took off more than allowed",
    "late": "used after its end",
    "phantom": "invoice not found",
    "settled": "counted by settle",
    "kept": "voided, use kept",
    "unknown_code": "unknown code",
    "": "flagged",
}
"""The marks of a sale, in words."""
CALM_FLAGS = ("settled", "kept")
"""Marks that ask nobody to look."""
AUDIT_COMMAND = "reconciler audit"


def render_board(board: Board) -> str:
    """Return the board as a page."""
    audit = board.audit
    drift = audit.drift[:MAX_ROWS] if audit else ()
    return fill_page(
        "board.html.j2",
        more_style="board.css",
        verdict=summarize_board(audit),
        store=board.store,
        board=board,
        audit=audit,
        drifted=count_drift(audit),
        shown=drift[:OPEN_ROWS],
        folded=drift[OPEN_ROWS:],
        rest=count_drift(audit) - len(drift),
        meanings=MEANINGS,
        refresh=REFRESH_SECONDS if board.served else 0,
        state=name_state,
        amount=amount,
        plural=plural,
        commit=shorten_commit,
        local=lambda at: describe_moment(at, board.zone),
        zone="" if board.zone == UTC else str(board.zone),
        age=lambda since: describe_age(since, board.made_at),
        uses=describe_uses,
        bar=measure_bar,
        flags=FLAGS,
        calm_flags=CALM_FLAGS,
        audit_command=AUDIT_COMMAND,
    )


def summarize_board(audit: KnownAudit | None) -> Verdict:
    """Return the one line that a reader must know."""
    if audit is None:
        return Verdict("careful", "No audit is known yet")
    if unread := audit.counts.get("unknown", 0):
        return Verdict("refused", f"Incomplete: {plural(unread, 'object')} could not be read")
    count = count_drift(audit)
    if not count:
        return Verdict("calm", "No drift: the shop matches the files")
    verb = "differs" if count == 1 else "differ"
    text = f"Drift: {plural(count, 'object')} {verb} from the files"
    if audit.below_cost:
        return Verdict("refused", f"{text}, {amount(audit.below_cost)} sold below cost")
    return Verdict("careful", text)


def count_drift(audit: KnownAudit | None) -> int:
    """Return the number of objects that contradict a file."""
    counts = audit.counts if audit else {}
    return sum(counts.get(state, 0) for state in STATES if state not in CALM)


def describe_moment(at: str, zone: tzinfo) -> str:
    """Return a moment by the clock of a zone: `2026-11-29 11:47`; UTC is named."""
    try:
        found = datetime.fromisoformat(at).astimezone(zone)
    except (ValueError, OverflowError):
        return plain(at)
    return f"{found:%Y-%m-%d %H:%M}{' UTC' if zone == UTC else ''}"


def describe_age(since: str, now: str) -> str:
    """Return the time between two moments in words: `3 days`; empty for one that is not known."""
    try:
        began, end = (datetime.fromisoformat(text).astimezone(UTC) for text in (since, now))
    except (ValueError, OverflowError):
        return ""
    minutes = max(int((end - began).total_seconds()), 0) // 60
    if minutes < 1:
        return "under a minute"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else plural(minutes // (24 * 60), "day")


def describe_uses(row: CouponRow) -> str:
    """Return the uses of a coupon: `431 of 500 used, 3 held at tills`."""
    of = "" if row.limit is None else f" of {amount(row.limit)}"
    held = f", {amount(row.held)} held at tills" if row.held else ""
    return f"{amount(row.used)}{of} used{held}"


def measure_bar(row: CouponRow) -> tuple[str, str] | None:
    """Return the widths of used and held in percent of the limit; None without a limit."""
    if not row.limit:
        return None
    used = min(row.used / row.limit, 1)
    return f"{used:.2%}"[:-1], f"{min(row.held / row.limit, 1 - used):.2%}"[:-1]
