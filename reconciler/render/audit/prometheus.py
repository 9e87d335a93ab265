"""An audit as a text file for Prometheus' node exporter (text exposition format 0.0.4).

Every kind and state has its line, 0 included, so that an alert can tell "none" from "not told".
The label `shop` is the folder's name: it is known even where nothing else is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from reconciler.core.audit import STATES, Audit
from reconciler.errors import ReconcilerError
from reconciler.render.view import AuditView, View

_HELP = {
    "success": "1 when the last audit could be made, 0 when it ended in an error.",
    "info": "The store that was audited.",
    "clean": "1 when nothing contradicts the files.",
    "objects": "Objects that are not simply as declared.",
    "unchanged_objects": "Objects that are as declared.",
    "requests": "Requests that the audit sent.",
    "duration_seconds": "How long the audit took.",
    "timestamp_seconds": "When the audit ended, in seconds since 1970.",
}

Labels = Mapping[str, str]


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
    return (
        _metric("success", [(own, int(complete))])
        + _metric("info", [(own | {"store": audit.store}, 1)])
        + _metric("clean", [(own, int(audit.clean))])
        + _metric("objects", objects)
        + _metric("unchanged_objects", [(own, audit.unchanged)])
        + _metric("requests", [(own, view.requests)])
        + _metric("duration_seconds", [(own, round(view.seconds, 3))])
        + _metric("timestamp_seconds", [(own, view.epoch)])
    )


def render_error(error: ReconcilerError, view: View) -> str:
    """Return the one metric that says that there is no audit."""
    return _metric("success", [({"shop": view.shop}, 0)])


def _metric(name: str, samples: Iterable[tuple[Labels, float]]) -> str:
    full = f"reconciler_audit_{name}"
    lines = [f"# HELP {full} {_HELP[name]}", f"# TYPE {full} gauge"]
    lines += [f"{full}{{{_labels(labels)}}} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Labels) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
