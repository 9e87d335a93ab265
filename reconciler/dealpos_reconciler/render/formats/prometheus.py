"""An audit as a text file for Prometheus' node exporter (text exposition format 0.0.4).

Every kind and state has its line, 0 included, so that an alert can tell "none" from "no data".
The label `shop` is the name of the folder, which is known even if the audit fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from dealpos_reconciler.core.audit import STATES, Audit
from dealpos_reconciler.errors import ReconcilerError
from dealpos_reconciler.render.view import AuditView, View

_HELP = {
    "success": "1 if the last audit read every object, else 0.",
    "info": "The store that was audited.",
    "clean": "1 if no drift was found, else 0.",
    "objects": "Objects by kind and drift state.",
    "unchanged_objects": "Objects in sync with the files.",
    "requests": "Requests sent by the audit.",
    "duration_seconds": "Duration of the audit in seconds.",
    "overdue_seconds": "Time since the oldest due value that no run applied, 0 without one.",
    "timestamp_seconds": "End of the audit as a Unix timestamp.",
}


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the metrics of an audit, for every kind that files can declare."""
    found = Counter((finding.address.kind, finding.state) for finding in audit.findings)
    shop = _labels(shop=view.shop)
    objects = {
        _labels(shop=view.shop, kind=kind, state=state): found[kind, state]
        for kind in view.kinds
        if view.kinds[kind].collection
        for state in STATES
    }
    samples: dict[str, Mapping[str, float]] = {
        "success": {shop: int(not audit.of("unknown"))},
        "info": {_labels(shop=view.shop, store=audit.store): 1},
        "clean": {shop: int(audit.clean)},
        "objects": objects,
        "unchanged_objects": {shop: audit.unchanged},
        "requests": {shop: view.requests},
        "duration_seconds": {shop: round(view.seconds, 3)},
        "timestamp_seconds": {shop: int(datetime.fromisoformat(view.made_at).timestamp())},
    }
    text = "".join(_metric(name, values) for name, values in samples.items())
    return text + _metric("overdue_seconds", {shop: audit.overdue_seconds}, "schedule")


def render_error(error: ReconcilerError, view: View, subject: str) -> str:
    """Return the one metric that says that there is no audit."""
    return _metric("success", {_labels(shop=view.shop): 0})


def _metric(name: str, samples: Mapping[str, float], part: str = "audit") -> str:
    full = f"reconciler_{part}_{name}"
    lines = [f"# HELP {full} {_HELP[name]}", f"# TYPE {full} gauge"]
    lines += [f"{full}{{{labels}}} {value}" for labels, value in samples.items()]
    return "\n".join(lines) + "\n"


def _labels(**labels: str) -> str:
    return ",".join(f'{name}="{_escape(value)}"' for name, value in labels.items())


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
