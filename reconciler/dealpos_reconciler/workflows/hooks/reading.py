"""The read that hints cause: the ordinary audit of the objects that they name."""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Collection, Iterator
from pathlib import Path

from dealpos_reconciler.core.audit import Audit, AuditFinding, audit_plan
from dealpos_reconciler.core.diff.change import PENDING
from dealpos_reconciler.core.hints import EVERYTHING, Topic
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.plan.target import Scope, narrow_desired
from dealpos_reconciler.dealpos.budget import Limits
from dealpos_reconciler.errors import ApiError, ReconcilerError, UsageError
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.render.words import format_value
from dealpos_reconciler.workflows.board.auditing import remember_run
from dealpos_reconciler.workflows.board.remembered import remember_part
from dealpos_reconciler.workflows.board.runs import note_run
from dealpos_reconciler.workflows.hooks.result import FoundDrift, Reading
from dealpos_reconciler.workflows.hooks.words import describe_drift
from dealpos_reconciler.workflows.open_shop import OpenShop, open_shop
from dealpos_reconciler.workflows.plan import make_plan


def read_hinted(folder: Path, hinted: Collection[Address], limits: Limits) -> Reading:
    """Read the declared objects among `hinted` and judge them; no error of files or shop is raised.

    A name that no file declares costs no request.
    """
    try:
        with open_shop(folder, None, limits, read_ahead=False) as shop:
            try:
                return _judge(shop, hinted)
            except UsageError as error:
                if limits.requests is None or shop.client.requests < limits.requests:
                    raise
                return Reading("budget", shop.client.requests, True, reason=error.message)
            except ReconcilerError as error:
                sent = shop.client.requests
                has_connected = sent > 0 or isinstance(error, ApiError)
                return Reading("failed", sent, has_connected, reason=error.message)
            finally:
                note_run(shop.state, shop.store, "webhooks", shop.client.requests)
    except ReconcilerError as error:
        return Reading("failed", reason=error.message)


def _judge(shop: OpenShop, hinted: Collection[Address]) -> Reading:
    desired = shop.read_files()
    scope: Scope | None = None
    judged: frozenset[Address] | None = None
    if EVERYTHING not in hinted:
        asked = [address for address in hinted if desired.get(address) is not None]
        if not asked:
            return Reading("undeclared", judged=frozenset(hinted))
        # A code may hold the signs of a pattern, and stands for itself.
        scope = Scope(tuple(glob.escape(str(address)) for address in asked))
        narrowed, _ = narrow_desired(desired, scope, KINDS)
        judged = frozenset({*hinted, *(address for address, _ in narrowed)})
    run = make_plan(shop, scope, audit=True)
    plan, audit = run.plan, audit_plan(run.plan)
    if scope is None:
        remember_run(shop, run, audit)
    unread = {finding.address for finding in audit.of("unknown")}
    if unread & set(hinted) or (unread and judged is None):
        why = f"{len(unread)} objects could not be read"
        return Reading("failed", shop.client.requests, True, reason=why)
    if judged is not None:
        remember_part(shop.state, audit, KINDS, judged - unread)
    judged = None if judged is None else frozenset(map(_plain, judged - unread))
    return Reading("judged", shop.client.requests, True, judged, tuple(_find_drift(audit, plan)))


def _find_drift(audit: Audit, plan: Plan) -> Iterator[FoundDrift]:
    """Yield the objects that the shop has changed; edits of the files that wait are left out."""
    pending = {change.address for change in plan.changes if change.origin == PENDING}
    for finding in audit.findings:
        if finding.address in pending or finding.state not in ("drifted", "missing", "blocked"):
            continue
        if finding.state == "blocked" and not finding.fields:
            continue
        state: Topic = "missing" if finding.state == "missing" else "drifted"
        words = describe_drift(finding, KINDS, audit.labels)
        yield FoundDrift(_plain(finding.address), state, _digest(finding), words)


def _digest(finding: AuditFinding) -> str:
    """Return the digest of the live values that differ.

    Of a value under a mask the name alone counts: without a key, each run has other masks.
    """
    kind = KINDS[finding.address.kind]
    live = [
        (
            field.name,
            ""
            if field.is_masked
            else format_value(finding.address, kind.fields[field.path[0]], field.before),
        )
        for field in finding.fields
    ]
    return hashlib.sha256(json.dumps([finding.state, live]).encode()).hexdigest()[:16]


def _plain(address: Address) -> Address:
    """Return an address as it is shown: under a mask where its code is a secret."""
    return Address(address.kind, str(address.name))
