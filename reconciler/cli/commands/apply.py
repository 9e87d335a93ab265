"""`apply`: show the plan, ask, carry it out, report; and the command to continue a stopped run."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import errors, exit_codes, options, output, prompt
from reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.core.plan.target import Scope
    from reconciler.core.report import Report
    from reconciler.workflows.open_shop import OpenShop
    from reconciler.workflows.plan import PlannedRun
    from reconciler.workflows.plan_file import Saved

    Remake = Callable[[OpenShop], PlannedRun]

STALE = 60.0
"""Seconds after which an approved plan is compared with a new one before it is applied."""


@click.command()
@click.argument("target", metavar="[DIR|PLAN]", default=".", type=click.Path(path_type=Path))
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
    with errors.report_errors(output_format):
        from reconciler.cli.console import Console
        from reconciler.dealpos.budget import Limits
        from reconciler.workflows.open_shop import open_shop
        from reconciler.workflows.plan import refuse_violations

        if not auto_approve and (output_format == "json" or not prompt.has_terminal()):
            raise UsageError(
                "cannot ask for approval: standard input is not a terminal",
                hint="add --auto-approve to apply without asking",
            )
        approved = _approved(target, verify)
        root = _folder(target, folder, approved)
        remake = _remake(approved, options.parse_scope(**part), overwrite)
        limits = Limits(max_requests, timeout, reserve)
        with (
            Console(output_format == "json", verbose) as console,
            open_shop(root, console, limits, read_ahead=approved is None) as shop,
        ):
            made = remake(shop)
            console.finish()
            if output_format == "text":
                output.print_plan(made, output_format)
            refuse_violations(made.plan)
            if made.plan.changes and not auto_approve:
                made = _agree(remake, shop, made)
            console.arm()
            from reconciler.workflows.apply import apply_plan

            try:
                report, unrecorded = apply_plan(shop, made, console, force_unlock)
            except KeyboardInterrupt:
                raise _InterruptedRequest(console.exit_code) from None
    output.print_report(report, output_format, continue_command(report))
    if unrecorded is not None:
        raise unrecorded
    if report.stopped and console.exit_code is not None:
        sys.exit(console.exit_code)
    if not report.complete or made.plan.unknown or made.plan.blocked:
        sys.exit(exit_codes.PARTIAL)


class _InterruptedRequest(ReconcilerError):
    """Ctrl-C was pressed twice: a request may have been sent, and its answer was not awaited."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(
            "interrupted while a request may have been in flight",
            hint="run 'reconciler plan' to see the state of the shop",
        )
        self.exit_code = exit_code or exit_codes.INTERRUPTED


def _approved(target: Path, verify: bool) -> Saved | None:
    """The saved plan that `target` is; None for a folder."""
    from reconciler.workflows import plan_file as saved
    from reconciler.workflows import signature as seal

    if not target.exists():
        hint = "name a shop folder, or a file of `plan --out`; `reconciler init` starts a shop"
        raise UsageError(f"there is no folder and no saved plan {target}", hint=hint)
    if target.is_dir():
        if verify:
            raise UsageError("--verify is for a saved plan", hint="name the file of `plan --out`")
        return None
    return saved.read(target, seal.read_key() if verify else None)


def _folder(target: Path, folder: Path | None, approved: Saved | None) -> Path:
    """The shop's folder: for a saved plan the one it was made from."""
    if approved is None:
        if folder is not None:
            raise UsageError("--shop is for a saved plan", hint=f"apply {folder} itself")
        return target
    from reconciler.catalogue.files import SETTINGS_FILE

    if folder is not None:
        return folder
    for place in (Path(approved.folder), Path()):
        if (place / SETTINGS_FILE).exists():
            return place
    if os.environ.get("DEALPOS_URL"):
        return Path()  # the environment names the shop
    raise UsageError(
        f"{target} was made from {approved.folder}, and there is no shop folder",
        hint="name the shop's folder with --shop",
    )


def _remake(approved: Saved | None, scope: Scope, overwrite: tuple[str, ...]) -> Remake:
    """How the plan is made: from the files, or from what was approved."""
    from reconciler.workflows.plan import make_plan

    if approved is None:
        return lambda shop: make_plan(shop, scope, overwrite)
    if scope or overwrite:
        raise UsageError(
            "a saved plan is applied as it is",
            hint="use --target, --kind and --overwrite when you plan",
        )
    from reconciler.workflows.approved_plan import resume

    return lambda shop: resume(shop, approved)


def _agree(remake: Remake, shop: OpenShop, made: PlannedRun) -> PlannedRun:
    """Ask; a plan that was looked at for long is made again, and asked about if it moved."""
    from reconciler.workflows.plan import refuse_violations

    while True:
        shown = time.monotonic()
        if not prompt.ask_approval():
            errors.print_message("Nothing was changed.")
            sys.exit(1)
        if time.monotonic() - shown < STALE:
            return made
        anew = remake(shop)
        refuse_violations(anew.plan)
        if anew.plan.changes == made.plan.changes and anew.plan.families == made.plan.families:
            return anew
        errors.print_message("The shop or the files have changed meanwhile. This is the new plan:")
        output.print_plan(anew, "text")
        made = anew


def continue_command(report: Report) -> str:
    """Return the command that continues a run that ended early; "" for one that did not.

    It is the command that was given, with higher limits where they were too low to begin anything.
    """
    if not report.stopped:
        return ""
    from reconciler.dealpos.budget import format_duration

    context = click.get_current_context()
    given = dict(context.params)
    requests, seconds = report.needed or (0, 0.0)
    if given["max_requests"] is not None:
        given["max_requests"] = max(given["max_requests"], requests)
    if given["timeout"] is not None:
        given["timeout"] = format_duration(max(given["timeout"], seconds))
    words = [word for option in context.command.params for word in _option_words(option, given)]
    return shlex.join(["reconciler", context.command.name or "", *words])


def _option_words(parameter: click.Parameter, given: dict[str, Any]) -> Iterator[str]:
    if not parameter.expose_value or (isinstance(parameter, click.Option) and parameter.hidden):
        return  # how it prints, or an older spelling of another option
    value = given[parameter.name or ""]
    if not isinstance(parameter, click.Option):
        yield str(value)
    elif isinstance(value, tuple):
        for item in value:
            yield from (parameter.opts[-1], str(item))
    elif parameter.count or parameter.is_flag:
        yield from [parameter.opts[-1]] * int(value)
    elif value is not None and value != parameter.default:
        yield from (parameter.opts[-1], str(value))
