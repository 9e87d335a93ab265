"""`fleet`: one command over several shops.

In: a fleet file and options. Out: one report of all shops, and the worst of their exit codes.
Never: a request to a shop from this process.
"""

from __future__ import annotations

import click

from dealpos_reconciler.cli.commands.fleet.apply import apply_fleet
from dealpos_reconciler.cli.commands.fleet.matrix import matrix
from dealpos_reconciler.cli.commands.fleet.survey import audit_fleet, plan_fleet


@click.group()
def fleet() -> None:
    """Plan, apply and audit several shops in waves.

    A fleet file names the folders of the shops. Each shop gets the ordinary command in a process
    of its own.
    """


for command in (plan_fleet, apply_fleet, audit_fleet, matrix):
    fleet.add_command(command)
