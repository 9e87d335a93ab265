"""The instant that a plan is made for."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from dealpos_reconciler.core.dated import begin, show, skips
from dealpos_reconciler.core.model.types import read_when
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.workflows.open_shop import OpenShop

NOW = "now"
SAME = timedelta(minutes=1)
"""The difference up to which an instant counts as now."""


def look_ahead(shop: OpenShop, written: str) -> None:
    """Let the files count as of a day or a time by the clock of the shop.

    Raises UsageError for a text that names none, and for a shop without a time zone.
    """
    if written == NOW:
        return
    when, at = find_instant(written, shop.settings.timezone)
    if abs(at - shop.at) >= SAME:
        shop.at, shop.as_of = at, show(when)
        shop.today = when[:10]


def find_instant(written: str, zone: tzinfo | None) -> tuple[str, datetime]:
    """Return a day or a time as files have it, and its first instant. Raises UsageError."""
    if zone is None:
        hint = "set `timezone: Asia/Jakarta` in reconciler.yaml"
        raise UsageError("--at needs the time zone of the shop", hint=hint)
    try:
        when = read_when(written)
    except ValueError:
        hint = "write a date that exists, such as 2026-12-01, '2026-12-01 06:00' or now"
        raise UsageError(f"--at: `{written}` is not a date or a time", hint=hint) from None
    if skips(when, zone):
        raise UsageError(f"--at: clocks skip {show(when)}", hint="write the hour after it")
    return when, begin(when, zone)
