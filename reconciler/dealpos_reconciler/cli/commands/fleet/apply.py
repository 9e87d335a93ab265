"""`fleet apply`: apply several shops in waves, and verify each wave before the next one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dealpos_reconciler.cli import exit_codes, options, output, prompt
from dealpos_reconciler.cli.commands.fleet import running

if TYPE_CHECKING:
    from dealpos_reconciler.core.fleet.fleet import Fleet, Member
    from dealpos_reconciler.workflows.fleet.rollout import Approve, ApprovedWave
    from dealpos_reconciler.workflows.fleet.survey import Run


@click.command(name="apply")
@running.fleet_file
@running.output_format
@running.wave
@running.shop
@click.option(
    "--auto-approve", is_flag=True, help="Apply without asking; required without a terminal."
)
@options.force_unlock
@running.jobs
@running.on
def apply_fleet(
    file: Path,
    output_format: str,
    wave: int | None,
    shops: tuple[str, ...],
    auto_approve: bool,
    force_unlock: bool,
    jobs: int,
    on: str | None,
) -> None:
    """Apply several shops in waves and verify each wave.

    A wave begins when every shop of the wave before it is applied from this commit, verified and
    audited, and `gate.wait` has passed. A run that ended early is continued by the same command.
    """
    with output.report_errors(output_format, subject="fleet apply"):
        from dealpos_reconciler.workflows.fleet import rollout
        from dealpos_reconciler.workflows.fleet.survey import Run, find_place

        running.refuse(
            not auto_approve and (output_format != "text" or not prompt.has_terminal()),
            "cannot ask for approval: standard input is not a terminal",
            "add --auto-approve to apply without asking",
        )
        running.refuse(
            on is not None and not auto_approve,
            "--on needs --auto-approve: workers do not have the plan that was shown",
            "plan with `reconciler fleet plan`, then add --auto-approve",
        )
        fleet = running.load(file)
        members = running.select(fleet, wave, shops)
        place = find_place(fleet, remote=on is not None)
        commit = rollout.check_commit(place)
        if on is not None:
            rollout.check_ledgers(fleet)
        store = rollout.open_rollout(fleet)
        with running.open_engine(on, jobs) as engine:
            run = Run(engine, place, running.show_progress, exit_codes.PARTIAL)
            with _approval(auto_approve, fleet, run) as approve:
                words = ("--force-unlock",) if force_unlock else ()
                rolling = rollout.Rolling(fleet, run, commit, store, running.say, words, approve)
                report = rolling.run(members)
            signals = engine.interrupts.signals()
    if report.stopped or any(r.state not in ("done", "already_done") for r in report.results):
        report = replace(report, continue_command=options.given_command("fleet apply"))
    running.print_fleet(report, output_format)
    running.end(report, signals[0] if signals else None)


@contextmanager
def _approval(auto_approve: bool, fleet: Fleet, run: Run) -> Iterator[Approve | None]:
    """Return the function that shows the plans of a wave and asks for it."""
    if auto_approve:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="reconciler-fleet-") as folder:
        yield _asker(Path(folder), fleet, run)


def _asker(folder: Path, fleet: Fleet, run: Run) -> Approve:
    from dealpos_reconciler.render.words import plural
    from dealpos_reconciler.workflows.fleet.rollout import ApprovedWave
    from dealpos_reconciler.workflows.fleet.survey import save_plans

    def ask(number: int, members: Sequence[Member]) -> ApprovedWave | None:
        report, plans = save_plans(folder, fleet, members, run)
        running.print_fleet(report, "text")
        running.say(
            f"Wave {number}: {len(plans)} of {plural(len(members), 'shop')} can be applied."
        )
        failed = [result for result in report.results if result.member.name not in plans]
        with running.ended_by_signals():
            return ApprovedWave(plans, failed) if not plans or prompt.ask_approval() else None

    return ask
