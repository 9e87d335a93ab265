"""Plans, reports, audits and results of import and adopt, in the format that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli import terminal, view
from reconciler.cli.errors import parse_report_format
from reconciler.cli.stream import write_stdout
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.catalogue.writing.results import AdoptResult, ImportResult
    from reconciler.core.audit import Audit
    from reconciler.core.report import Report
    from reconciler.dealpos.doctor.evidence import Evidence
    from reconciler.dealpos.doctor.finding import CheckResult
    from reconciler.dealpos.reading.full_read import FullRead
    from reconciler.workflows.plan import PlannedRun


def print_json(document: Any) -> None:
    """Write one JSON document to stdout."""
    from reconciler.render.json import dumps

    write_stdout(dumps(document) + "\n")


def print_text(text: str) -> None:
    """Write text for people to stdout, wrapped where that is a terminal."""
    write_stdout(terminal.wrap(text, terminal.read_width(sys.stdout)))


def print_plan(
    run: PlannedRun,
    output_format: str,
    folder: Path = Path(),
    compact: bool = False,
    signing: bytes | None = None,
) -> None:
    """Write a plan of the shop in `folder` to stdout, in JSON signed with the key `signing`."""
    if output_format == "json":
        from reconciler.workflows.signature import sign

        print_json(sign(_document(run, folder), signing))
    elif output_format == "text":
        print_text(
            _render_plan(run, output_format, folder, compact=compact, **view.describe_terminal())
        )
    else:
        write_stdout(_render_plan(run, output_format, folder))


def write_reports(
    run: PlannedRun, files: Sequence[Path], folder: Path, signing: bytes | None = None
) -> None:
    """Write a plan to files, each in the format that its suffix names.

    Raises UsageError for another suffix, and for a file that cannot be written.
    """
    for path in files:
        output_format = parse_report_format(path)
        if output_format == "json":
            save_plan(run, folder, path, signing)
            continue
        try:
            path.write_text(_render_plan(run, output_format, folder), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def save_plan(run: PlannedRun, folder: Path, out: Path, signing: bytes | None) -> None:
    """Write a plan to the file `out`; raise UsageError where it cannot be written."""
    from reconciler.workflows import plan_file

    plan_file.write_plan(out, _document(run, folder), signing)


def print_report(report: Report, output_format: str, continue_command: str | None = None) -> None:
    """Write a report of an apply to stdout; `continue_command` does the rest."""
    from reconciler.render.report import report_document, report_text

    report_view = view.make_report_view(continue_command)
    if output_format == "json":
        print_json(report_document(report, report_view))
    elif report.outcomes:
        print_text("\n" + report_text(report, report_view))


def print_audit(
    audit: Audit, requests: int, seconds: float, output_format: str, folder: Path
) -> None:
    """Write the result of an audit of the shop in `folder` to stdout."""
    audit_view = view.make_audit_view(requests, seconds, folder, output_format)
    text = str(view.find_renderer("audit", output_format).render_audit(audit, audit_view))
    if output_format == "text":
        print_text(text)
    else:
        write_stdout(text)


def print_doctor(evidence: Evidence, results: Sequence[CheckResult], output_format: str) -> None:
    """Write the findings of the doctor to stdout."""
    from reconciler.render.doctor import doctor_document, doctor_text

    if output_format == "json":
        print_json(doctor_document(evidence, results))
    else:
        print_text(doctor_text(evidence, results, terminal.has_color(sys.stdout)))


def print_estimate(reading: FullRead, output_format: str) -> None:
    """Write what an import will read to stdout in a format, or to stderr without one."""
    from reconciler.kinds import KINDS
    from reconciler.render.import_ import estimate_document, estimate_text

    if output_format == "json":
        print_json(estimate_document(reading))
    elif output_format:
        print_text(estimate_text(reading, KINDS))
    else:
        text = estimate_text(reading, KINDS)
        sys.stderr.write(terminal.wrap(text, terminal.read_width(sys.stderr)))


def print_import(result: ImportResult, output_format: str, folder: Path) -> None:
    """Write the result of an import into `folder` to stdout."""
    from reconciler.kinds import KINDS
    from reconciler.render.import_ import import_document, import_text

    if output_format == "json":
        print_json(import_document(result))
    else:
        print_text(import_text(result, KINDS, str(folder)))


def print_adopted(result: AdoptResult, output_format: str, dry_run: bool) -> None:
    """Write to stdout which values were written to the files."""
    from reconciler.kinds import KINDS
    from reconciler.render.import_ import adopt_document, adopt_text

    if output_format == "json":
        print_json(adopt_document(result, KINDS, dry_run))
    else:
        values, blank, files = adopt_text(result, KINDS, dry_run).partition("\n\n")
        print_text(values)
        write_stdout(blank + files)  # lines of files stay as they are


def _render_plan(run: PlannedRun, output_format: str, folder: Path, **settings: Any) -> str:
    plan_view = view.make_plan_view(run, folder, output_format, **settings)
    return str(view.find_renderer("plan", output_format).render_plan(run.plan, plan_view))


def _document(run: PlannedRun, folder: Path) -> Mapping[str, Any]:
    from reconciler.render.plan.json import plan_document

    return plan_document(run.plan, view.make_plan_view(run, folder, "json"))
