"""An audit as a text file for Prometheus' node exporter (text exposition format 0.0.4).

Every kind and state has its line, 0 included, so that an alert can tell "none" from "no data".
The label `shop` is the name of the folder, which is known even if the audit fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from reconciler.core.audit import STATES, Audit
from reconciler.errors import ReconcilerError
from reconciler.render.view import AuditView, View

_HELP = {
    "success": "1 if the last audit read every object, else 0.",
    "info": "The store that was audited.",
    "clean": "1 if no drift was found, else 0.",
    "objects": "Objects by kind and drift state.",
    "unchanged_objects": "Objects in sync with the files.",
    "requests": "Requests sent by the audit.",
    "duration_seconds": "Duration of the audit in seconds.",
    "timestamp_seconds": "End of the audit as a Unix timestamp.",
}

MetricLabels = Mapping[str, str]


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return the metrics of an audit, for every kind that files can declare."""
    own = {"shop": view.shop}
    found = Counter((finding.address.kind, finding.state) for finding in audit.findings)
    objects = [
        (own | {"kind": kind, "state": state}, found[kind, state])
        for kind in view.kinds
        if view.kinds[kind].collection
        for state in STATES
    ]
    complete = not audit.of("unknown")
    ended = datetime.fromisoformat(view.made_at)
    return (
        _metric("success", [(own, int(complete))])
        + _metric("info", [(own | {"store": audit.store}, 1)])
        + _metric("clean", [(own, int(audit.clean))])
        + _metric("objects", objects)
        + _metric("unchanged_objects", [(own, audit.unchanged)])
        + _metric("requests", [(own, view.requests)])
        + _metric("duration_seconds", [(own, round(view.seconds, 3))])
        + _metric("timestamp_seconds", [(own, int(ended.timestamp()))])
    )


def render_error(error: ReconcilerError, view: View) -> str:
    """Return the one metric that says that there is no audit."""
    return _metric("success", [({"shop": view.shop}, 0)])


def _metric(name: str, samples: Iterable[tuple[MetricLabels, float]]) -> str:
    full = f"reconciler_audit_{name}"
    lines = [f"# HELP {full} {_HELP[name]}", f"# TYPE {full} gauge"]
    lines += [f"{full}{{{_labels(labels)}}} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _labels(labels: MetricLabels) -> str:
    return ",".join(f'{name}="{_escape(value)}"' for name, value in labels.items())


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
