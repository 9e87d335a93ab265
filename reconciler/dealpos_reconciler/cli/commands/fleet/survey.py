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


@click.command(name="plan")
@running.fleet_file
@running.output_format
@running.wave
@running.shop
@running.parity
@detailed_exitcode
@running.jobs
@running.on
def plan_fleet(
    file: Path,
    output_format: str,
    wave: int | None,
    shops: tuple[str, ...],
    parity: bool,
    detailed_exitcode: bool,
    jobs: int,
    on: str | None,
) -> None:
    """Preview the changes of several shops (read-only).

    The report names each change once, with the shops that get it. Deviations between the shops
    follow, then the shops.
    """
    _survey("plan", file, output_format, wave, shops, parity, detailed_exitcode, jobs, on)


@click.command(name="audit")
@running.fleet_file
@running.output_format
@running.wave
@running.shop
@running.parity
@detailed_exitcode
@running.jobs
@running.on
def audit_fleet(
    file: Path,
    output_format: str,
    wave: int | None,
    shops: tuple[str, ...],
    parity: bool,
    detailed_exitcode: bool,
    jobs: int,
    on: str | None,
) -> None:
    """Report drift of several shops (read-only)."""
    _survey("audit", file, output_format, wave, shops, parity, detailed_exitcode, jobs, on)


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
) -> None:
    with output.report_errors(output_format, subject=f"fleet {command}"):
        from dealpos_reconciler.workflows.fleet.survey import Run, check_remote, find_place, survey

        fleet = running.load(file)
        members = running.select(fleet, wave, shops)
        place = find_place(fleet, remote=on is not None)
        if on is not None:
            check_remote(place)
        words = ("--detailed-exitcode",) if detailed else ()
        with running.open_engine(on, jobs) as engine:
            run = Run(engine, place, running.show_progress, exit_codes.PARTIAL)
            report = survey(command, words, fleet, members, run, parity)
            signals = engine.interrupts.signals()
    running.print_fleet(report, output_format)
    running.end(report, signals[0] if signals else None)
