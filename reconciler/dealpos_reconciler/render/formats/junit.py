"""An audit as JUnit XML: a case for each object with a finding, one for all that are in sync.

Drift is a failure, an unknown object an error; an unmanaged object is no drift and is skipped.
"""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from dealpos_reconciler.core.audit import Audit, AuditFinding
from dealpos_reconciler.errors import ReconcilerError
from dealpos_reconciler.render.findings import describe
from dealpos_reconciler.render.view import AuditView, View, place_of
from dealpos_reconciler.render.words import plain, plural, with_label

_OUTCOMES = {"unknown": "error", "authorising": "skipped", "unmanaged": "skipped"}


def render_audit(audit: Audit, view: AuditView) -> str:
    """Return one suite, named after the store."""
    outcomes = [_OUTCOMES.get(finding.state, "failure") for finding in audit.findings]
    ended = datetime.fromisoformat(view.made_at).astimezone(UTC).replace(tzinfo=None)
    suite = Element(
        "testsuite",
        name=f"reconciler audit of {plain(audit.store)}",
        tests=str(len(outcomes) + 1),
        failures=str(outcomes.count("failure")),
        errors=str(outcomes.count("error")),
        skipped=str(outcomes.count("skipped")),
        time=f"{view.seconds:.3f}",
        timestamp=ended.isoformat(),
    )
    _case(suite, "reconciler", f"{plural(audit.unchanged, 'object')} in sync")
    for finding in audit.findings:
        _finding(suite, finding, audit, view)
    return _text(suite)


def render_error(error: ReconcilerError, view: View, subject: str) -> str:
    """Return the reason why there is no audit, as the one case of a suite."""
    suite = Element(
        "testsuite", name="reconciler audit", tests="1", failures="0", errors="1", skipped="0"
    )
    case = _case(suite, "reconciler", "audit")
    result = SubElement(case, "error", type="error", message=plain(error.message))
    result.text = plain(error.hint or "")
    return _text(suite)


def _finding(suite: Element, finding: AuditFinding, audit: Audit, view: AuditView) -> None:
    name = with_label(finding.address, audit.labels).partition("/")[2]
    case = _case(suite, f"reconciler.{finding.address.kind}", name)
    if source := place_of(finding):
        case.set("file", plain(view.path_in_repository(source.file)))
        case.set("line", str(source.line))
    lines = describe(finding, view.kinds, audit.labels)
    outcome = _OUTCOMES.get(finding.state, "failure")
    result = SubElement(case, outcome, message="; ".join(lines))
    if outcome != "skipped":
        result.set("type", finding.state)
        result.text = "\n".join(lines)


def _case(suite: Element, owner: str, name: str) -> Element:
    return SubElement(suite, "testcase", classname=owner, name=name)


def _text(suite: Element) -> str:
    document = Element("testsuites")
    document.append(suite)
    indent(document)
    return tostring(document, encoding="unicode", xml_declaration=True) + "\n"
