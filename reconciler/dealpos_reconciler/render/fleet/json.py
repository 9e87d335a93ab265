"""The report of a fleet as a JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealpos_reconciler.core.fleet.changes import ChangeGroup
from dealpos_reconciler.core.fleet.parity import ABSENT, Parity, ParityRow
from dealpos_reconciler.core.fleet.report import FleetReport
from dealpos_reconciler.core.fleet.results import MemberResult
from dealpos_reconciler.core.fleet.rollout import WaveState
from dealpos_reconciler.render.fleet import documents
from dealpos_reconciler.render.json import FORMAT_VERSION
from dealpos_reconciler.render.view import View


def fleet_document(report: FleetReport, view: View) -> documents.FleetDocument:
    """Return the document that `fleet … --format json` prints."""
    deviations = report.deviations
    document: documents.FleetDocument = {
        "format_version": FORMAT_VERSION,
        "finished_at": view.made_at,
        "command": report.command,
        "fleet": report.file,
        "commit": report.commit,
        "changes": list(map(_change, report.changes)),
        "notices": [
            {
                "topic": notice.topic,
                "addresses": list(notice.about),
                "message": notice.message,
                "shops": list(notice.shops),
            }
            for notice in report.notices
        ],
        "deviations": _rows(deviations, report.labels) if deviations else [],
        "shops": list(map(_shop, report.results)),
        "waves": list(map(_wave, report.waves)),
    }
    if found := report.parity:
        document["parity"] = {
            "shops": list(found.shops),
            "rows": _rows(found, report.labels),
            "objects": found.objects,
            "equal": found.equal,
            "unread": list(found.unread),
        }
    if report.stopped:
        document["stopped"] = report.stopped
    if report.continue_command:
        document["continue_command"] = report.continue_command
    return document


def _change(group: ChangeGroup) -> documents.FleetChangeDocument:
    change = group.change
    return {
        "address": change.address,
        "label": change.label,
        "action": change.action,
        "path": change.path,
        "before": change.before,
        "after": change.after,
        "shops": list(group.shops),
        "others": [
            {"standing": others.standing, "value": others.value, "shops": list(others.shops)}
            for others in group.others
        ],
    }


def _rows(parity: Parity, labels: Mapping[str, str]) -> list[documents.ParityRowDocument]:
    return [_row(row, labels) for row in parity.rows]


def _row(row: ParityRow, labels: Mapping[str, str]) -> documents.ParityRowDocument:
    values: dict[str, Any] = {n: v for n, v in row.values.items() if v is not ABSENT}
    return {
        "address": row.address,
        "label": labels.get(row.address),
        "path": row.path,
        "values": values,
    }


def _shop(result: MemberResult) -> documents.ShopDocument:
    return {
        "shop": result.member.name,
        "folder": result.member.folder,
        "wave": result.member.wave,
        "state": result.state,
        "reason": result.reason,
        "exit_code": result.exit_code,
        "documents": {ran.command: ran.document for ran in result.commands if ran.document},
    }


def _wave(state: WaveState) -> documents.WaveDocument:
    return {
        "wave": state.number,
        "done": list(state.done),
        "failed": dict(state.failed),
        "missing": list(state.missing),
        "ended": state.ended or None,
        "passed": state.passed,
    }
