"""`apply`: show the plan, ask, carry it out, report; and the command to continue a stopped run."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dealpos_reconciler.cli import exit_codes, options, output, prompt
from dealpos_reconciler.cli.saved_plan import find_plan_folder
from dealpos_reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from dealpos_reconciler.core.plan.target import Scope
    from dealpos_reconciler.core.report import Report
    from dealpos_reconciler.workflows.open_shop import OpenShop
    from dealpos_reconciler.workflows.plan import PlannedRun
    from dealpos_reconciler.workflows.plan_file import SavedPlan

    Planner = Callable[[OpenShop], PlannedRun]

MAX_APPROVAL_SECONDS = 60.0
"""Time to answer after which the plan is made again and compared before it is applied."""


@click.command()
@click.argument(
    "target",
    metavar="[DIR|PLAN]",
    required=False,
    callback=options.find_shop,
    type=click.Path(path_type=Path),
)
@options.output_format
@click.option(
    "--auto-approve", is_flag=True, help="Apply without asking; required without a terminal."
)
@click.option(
    "--verify", is_flag=True, help="Require a PLAN signed with the key in RECONCILER_PLAN_KEY."
)
@click.option(
    "--shop",
    "folder",
    type=click.Path(path_type=Path),
    help="The shop folder of a PLAN, if it is not where the plan was made.",
)
@options.target
@options.kind
@options.overwrite
@options.force_unlock
@options.reserve
@click.option(
    "--max-requests",
    type=click.IntRange(min=1),
    metavar="N",
    help="Stop cleanly before the run sends more than N requests, including reads.",
)
@options.timeout
@options.verbose
def apply(
    target: Path,
    output_format: str,
    auto_approve: bool,
    verify: bool,
    folder: Path | None,
    overwrite: tuple[str, ...],
    force_unlock: bool,
    reserve: int,
    max_requests: int | None,
    timeout: float | None,
    verbose: int,
    **part: tuple[str, ...],
) -> None:
    """Apply the plan to the shop and verify the result.

    Shows the plan of the shop folder DIR, asks for approval, makes the changes and reads them back.
    PLAN is a file written by 'plan --out'. Exactly its changes are applied; those that are stale,
    because the shop changed since, are skipped.
    """
    with output.report_errors(output_format):
        from dealpos_reconciler.cli.console import Console, note_run
        from dealpos_reconciler.dealpos.budget import Limits
        from dealpos_reconciler.workflows.open_shop import open_shop

        if not auto_approve and (output_format == "json" or not prompt.has_terminal()):
            raise UsageError(
                "cannot ask for approval: standard input is not a terminal",
                hint="add --auto-approve to apply without asking",
            )
        saved = _read_saved_plan(target, verify)
        root = find_plan_folder(target, folder, saved) if saved else _check_folder(target, folder)
        plan = _choose_planner(saved, options.parse_scope(**part), overwrite)
        limits = Limits(max_requests, timeout, reserve)
        with (
            Console(output_format == "json", verbose) as console,
            open_shop(root, console, limits, read_ahead=saved is None) as shop,
        ):
            from dealpos_reconciler.workflows.apply import apply_plan
            from dealpos_reconciler.workflows.violations import refuse_violations

            run = plan(shop)
            console.finish()
            if output_format == "text":
                output.print_plan(run, output_format)
            refuse_violations(run.plan, shown=output_format == "text")
            if not (run.plan.empty or auto_approve):
                run = _ask_approval(plan, shop, run)
            console.arm()
            try:
                report, unrecorded = apply_plan(shop, run, console, force_unlock)
            except KeyboardInterrupt:
                raise _interrupted_request(console.exit_code) from None
            finally:
                note_run(shop)
    output.print_report(report, output_format, continue_command(report))
    if unrecorded is not None:
        raise unrecorded
    if report.stopped and console.exit_code is not None:
        sys.exit(console.exit_code)
    if not report.complete or run.plan.unknown:
        sys.exit(exit_codes.PARTIAL)


def _interrupted_request(exit_code: int | None) -> ReconcilerError:
    """Return the error of a second Ctrl-C: nobody waited for the answer of the last request."""
    why = "interrupted while a request may have been in flight"
    error = ReconcilerError(why, hint="run 'reconciler plan' to see the state of the shop")
    error.exit_code = exit_code or exit_codes.INTERRUPTED
    return error


def _read_saved_plan(target: Path, verify: bool) -> SavedPlan | None:
    """Return the saved plan in the file `target`; None for a folder."""
    if not target.exists():
        hint = f"to create a shop folder, run: reconciler init {shlex.quote(str(target))}"
        if target.suffix == ".json":
            hint = "name a file written by 'plan --out'"
        raise UsageError(f"folder or saved plan not found: {target}", hint=hint)
    if target.is_dir():
        if verify:
            raise UsageError(
                "--verify needs a saved plan", hint="name a file written by 'plan --out --sign'"
            )
        return None
    from dealpos_reconciler.workflows import plan_file

    return plan_file.read_plan(target, plan_file.read_key() if verify else None)


def _check_folder(target: Path, folder: Path | None) -> Path:
    """Return the shop folder, where no saved plan names one."""
    if folder is not None:
        hint = f"run: reconciler apply {shlex.quote(str(folder))}"
        raise UsageError("--shop needs a saved plan", hint=hint)
    return target


def _choose_planner(saved: SavedPlan | None, scope: Scope, overwrite: tuple[str, ...]) -> Planner:
    """Return the function that makes the plan: from the files, or from a saved plan."""
    if saved and (scope or overwrite):
        raise UsageError(
            "--target, --kind and --overwrite cannot be used with a saved plan",
            hint="use them with 'reconciler plan'",
        )

    def plan(shop: OpenShop) -> PlannedRun:
        if saved is None:
            from dealpos_reconciler.workflows.plan import (
                make_plan,  # after the second process was forked
            )

            run = make_plan(shop, scope, overwrite)
        else:
            from dealpos_reconciler.workflows.approved_plan import recheck_plan

            run = recheck_plan(shop, saved)
        # Objects that were there before and stay as they are: `plan` names them.
        return run._replace(plan=replace(run.plan, look_alikes=()))

    return plan


def _ask_approval(plan: Planner, shop: OpenShop, run: PlannedRun) -> PlannedRun:
    """Ask until a plan is approved that is not old; return it. Exit if the answer is no."""
    from dealpos_reconciler.workflows.violations import refuse_violations

    while True:
        asked = time.monotonic()
        if not prompt.ask_approval():
            output.print_message("Nothing was changed.")
            sys.exit(exit_codes.ERROR)
        if time.monotonic() - asked < MAX_APPROVAL_SECONDS:
            return run
        again = plan(shop)
        refuse_violations(again.plan)
        compared = (
            (made.changes, made.parents, made.publication) for made in (again.plan, run.plan)
        )
        if next(compared) == next(compared):
            return again
        output.print_message("The shop or the files have changed since. This is the new plan:")
        output.print_plan(again, "text")
        run = again


def continue_command(report: Report) -> str | None:
    """Return the command that continues a run that ended early; None for one that did not.

    It is the command that was given, with higher limits where they were too low to begin anything.
    """
    if not report.stopped:
        return None
    from dealpos_reconciler.dealpos.budget import format_duration

    context = click.get_current_context()
    given = dict(context.params)
    requests, seconds = report.needed or (0, 0.0)
    if given["max_requests"] is not None:
        given["max_requests"] = max(given["max_requests"], requests)
    if given["timeout"] is not None:
        given["timeout"] = format_duration(max(given["timeout"], seconds))
    return options.format_command("apply", context.command, given)
