"""`fleet matrix`: the shops of a wave as the matrix of a CI platform."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from dealpos_reconciler.cli import output, terminal
from dealpos_reconciler.cli.commands.fleet import running


@click.command()
@running.fleet_file
@click.option(
    "--wave",
    type=click.IntRange(min=1),
    metavar="N",
    help="The wave whose shops are listed (default: all waves).",
)
@running.shop
@click.option(
    "--for",
    "platform",
    type=click.Choice(["github", "gitlab"]),
    metavar="PLATFORM",
    default="github",
    help="The CI platform: github (default) or gitlab.",
)
@click.option(
    "--gate", is_flag=True, help="Wait until the wave may start; fail if the one before failed."
)
def matrix(file: Path, wave: int | None, shops: tuple[str, ...], platform: str, gate: bool) -> None:
    """Print the shops of a wave as JSON for a CI matrix."""
    with output.report_errors("text", subject="fleet matrix"):
        from dealpos_reconciler.core.fleet.fleet import select_members
        from dealpos_reconciler.workflows.fleet.matrix import make_matrix

        running.refuse(gate and wave is None, "--gate is for one wave", "add --wave N")
        fleet = running.load(file)
        document = make_matrix(select_members(fleet, wave, shops), platform)
        if gate and wave is not None:
            from dealpos_reconciler.workflows.fleet import rollout
            from dealpos_reconciler.workflows.fleet.survey import find_place

            commit = rollout.check_commit(find_place(fleet))
            state = rollout.check_gate(fleet, wave, commit, rollout.open_rollout(fleet))
            with running.Signals() as signals:
                if not rollout.wait_for_gate(state, wave, signals.interrupts, running.say):
                    number = signals.interrupts.signals()[0]
                    running.say(f"wave {wave} was not started: the run was interrupted")
                    sys.exit(128 + number)
    terminal.write_stdout(json.dumps(document, ensure_ascii=False) + "\n")
