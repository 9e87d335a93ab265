"""`fleet plan` and `fleet audit`: read all shops, report by change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dealpos_reconciler.cli import exit_codes, output
from dealpos_reconciler.cli.commands.fleet import running

if TYPE_CHECKING:
    from dealpos_reconciler.core.fleet.results import Command

detailed_exitcode = click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 if changes or drift were found."
)


from_reports = click.option(
    "--from",
    "reports",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Merge the JSON reports in this folder, such as those of CI jobs, instead of running.",
)


@click.command(name="plan")
@running.fleet_file
@running.output_format
@running.wave
@running.shop
@running.parity
@detailed_exitcode
@running.jobs
@running.on
@from_reports
def plan_fleet(
    file: Path,
    output_format: str,
    wave: int | None,
    shops: tuple[str, ...],
    parity: bool,
    detailed_exitcode: bool,
    jobs: int,
    on: str | None,
    reports: Path | None,
) -> None:
    """Preview the changes of several shops (read-only).

    The report names each change once, with the shops that get it. Deviations between the shops
    follow, then the shops.
    """
    _survey("plan", file, output_format, wave, shops, parity, detailed_exitcode, jobs, on, reports)


@click.command(name="audit")
@running.fleet_file
@running.output_format
@running.wave
@running.shop
@running.parity
@detailed_exitcode
@running.jobs
@running.on
@from_reports
def audit_fleet(
    file: Path,
    output_format: str,
    wave: int | None,
    shops: tuple[str, ...],
    parity: bool,
    detailed_exitcode: bool,
    jobs: int,
    on: str | None,
    reports: Path | None,
) -> None:
    """Report drift of several shops (read-only)."""
    _survey("audit", file, output_format, wave, shops, parity, detailed_exitcode, jobs, on, reports)


def _survey(
    command: Command,
    file: Path,
    output_format: str,
    wave: int | None,
    shops: tuple[str, ...],
    parity: bool,
    detailed: bool,
    jobs: int,
    on: str | None,
    reports: Path | None,
) -> None:
    with output.report_errors(output_format, subject=f"fleet {command}"):
        from dealpos_reconciler.core.fleet.fleet import select_members
        from dealpos_reconciler.workflows.fleet import survey as workflow

        fleet = running.load(file)
        if reports is not None:
            running.refuse(on is not None, "--from runs no shop", "omit --on")
            members = select_members(fleet, wave, shops)
            report = workflow.merge_reports(command, reports, fleet, members, parity)
            running.print_fleet(report, output_format)
            return running.end(report)
        members = running.select(fleet, wave, shops)
        place = workflow.find_place(fleet, remote=on is not None)
        if on is not None:
            workflow.check_remote(place)
        words = ("--detailed-exitcode",) if detailed else ()
        with running.open_engine(on, jobs) as engine:
            run = workflow.Run(engine, place, running.show_progress, exit_codes.PARTIAL)
            report = workflow.survey(command, words, fleet, members, run, parity)
            signals = engine.interrupts.signals()
    running.print_fleet(report, output_format)
    running.end(report, signals[0] if signals else None)
