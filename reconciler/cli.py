"""The command line: parse, make the calls, print, exit.

Data goes to stdout, everything else to stderr. Each command imports what it needs when it runs,
so that `--help` and mistakes answer at once.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler import __version__, output
from reconciler.cli_sandbox import sandbox
from reconciler.errors import Problem, ReconcilerError, SourceError, UsageError

if TYPE_CHECKING:
    from reconciler.client import Client
    from reconciler.core.cost import Cost
    from reconciler.core.plan import Plan
    from reconciler.core.references import Fault
    from reconciler.core.state import Desired
    from reconciler.core.step import Step
    from reconciler.settings import Settings

CHANGES, PARTLY = 2, 4

STALE = 60.0
"""Seconds after which an approved plan is compared with a new one before it is applied."""

_DIR = click.argument("directory", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
_FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json prints one JSON document and nothing else.",
)


def main() -> None:
    """Run the command line and exit with the documented code."""
    # A short run makes many small values and no garbage worth looking for among them.
    gc.disable()
    try:
        code = cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = 1
    except ReconcilerError as error:
        output.complain(error)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        code = 1
    finally:
        gc.enable()
    sys.exit(code if isinstance(code, int) else 0)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done or nothing to do; 1 error; 2 the plan is not empty (with "
    "--detailed-exitcode); 3 refused by a guardrail; 4 applied in part.",
)
@click.version_option(__version__, prog_name="reconciler")
def cli() -> None:
    """Catalogue as code for DealPOS.

    Keep categories, products, prices, coupons and customers in YAML; see what would change with
    `plan`, make it so with `apply`. DIR is a shop folder: it holds reconciler.yaml.
    """


@cli.command()
@_DIR
def init(directory: Path) -> None:
    """Start a shop folder that works at once against the embedded sandbox."""
    from reconciler.init import start
    from reconciler.kinds import MANAGED

    for path in start(directory, MANAGED):
        click.echo(f"wrote {path}")
    click.echo(f"next: reconciler plan {directory}", err=True)


@cli.command()
@_DIR
@_FORMAT
def validate(directory: Path, form: str) -> None:
    """Check the files alone: no network, no credentials."""
    with output.errors_as(form):
        from reconciler.core.references import cycles
        from reconciler.kinds import MANAGED
        from reconciler.settings import load

        shop = load(directory)
        desired = _load(shop)
        _refuse(shop, cycles(desired, MANAGED), desired)
        counts = {name: len(objects) for name, objects in desired.objects.items()}
        if form == "json":
            output.print_json({"valid": True, "objects": counts})
        else:
            listed = ", ".join(
                f"{count:,} {name if count == 1 else MANAGED[name].collection}"
                for name, count in counts.items()
                if count
            )
            output.say(f"Valid: {listed or 'nothing declared'}\n")


@cli.command()
@_DIR
@_FORMAT
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when the plan is not empty.")
def plan(directory: Path, form: str, detailed_exitcode: bool) -> None:
    """Show what would change in the shop; writes nothing."""
    with output.errors_as(form):
        from reconciler.console import Console
        from reconciler.settings import load

        shop = load(directory)
        with Console(quiet=form == "json") as console, _connect(shop, console) as client:
            made, _, cost = _make(shop, client)
    output.print_plan(made, cost, form)
    if made.unknown:
        from reconciler.render.words import counted

        objects = counted(len(made.unknown), "object")
        why = f"{objects} could not be read: nothing is planned there"
        output.complain(ReconcilerError(why))
        sys.exit(1)
    if detailed_exitcode and not made.settled:
        sys.exit(CHANGES)


@cli.command()
@_DIR
@_FORMAT
@click.option("--auto-approve", is_flag=True, help="Do not ask; needed without a terminal.")
def apply(directory: Path, form: str, auto_approve: bool) -> None:
    """Show the plan, ask, make the shop as declared, and read back what was written."""
    with output.errors_as(form):
        from reconciler import memory
        from reconciler.apply import run
        from reconciler.console import Console
        from reconciler.kinds import KINDS
        from reconciler.settings import load

        if not auto_approve and (form == "json" or not (sys.stdin and sys.stdin.isatty())):
            raise UsageError(
                "there is no terminal to ask on", hint="add --auto-approve to apply without asking"
            )
        shop = load(directory)
        with Console(quiet=form == "json") as console, _connect(shop, console) as client:
            made, steps, cost = _make(shop, client)
            console.finish()
            if form == "text":
                output.print_plan(made, cost, form)
            if made.changes and not auto_approve:
                made, steps = _agree(shop, client, made, steps)
            console.arm()
            try:
                report = run(client, made, steps, KINDS, console)
            except KeyboardInterrupt:
                raise ReconcilerError(
                    "stopped at once: a call may have been in flight",
                    hint="run `reconciler plan` to see where the shop stands",
                ) from None
        memory.remember(shop, report.store, report.carried)
    output.print_report(report, form)
    if not report.complete or made.unknown or made.withheld:
        sys.exit(PARTLY)


def _agree(
    shop: Settings, client: Client, made: Plan, steps: tuple[Step, ...]
) -> tuple[Plan, tuple[Step, ...]]:
    """Ask; a plan that was looked at for long is made again, and asked about if it moved."""
    while True:
        shown = time.monotonic()
        if not output.approved():
            click.echo("Nothing was changed.", err=True)
            sys.exit(1)
        if time.monotonic() - shown < STALE:
            return made, steps
        again, steps, cost = _make(shop, client)
        if again.changes == made.changes and again.families == made.families:
            return again, steps
        click.echo("The shop or the files have changed meanwhile; this is the plan now.", err=True)
        output.print_plan(again, cost, "text")
        made = again


cli.add_command(sandbox)


@cli.command()
@click.argument("directory", metavar="[DIR]", default="schemas", type=click.Path(path_type=Path))
def schema(directory: Path) -> None:
    """Write the JSON Schemas of the files into DIR (default: schemas), for editors."""
    from reconciler.kinds import MANAGED
    from reconciler.schema import write

    try:
        written = write(MANAGED, directory)
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be written: {error.strerror}") from None
    for path in written:
        click.echo(f"wrote {path}")


def _connect(shop: Settings, console: Any) -> Client:
    from reconciler.connect import connect

    return connect(shop, console)


def _load(shop: Settings) -> Desired:
    from reconciler import source
    from reconciler.kinds import MANAGED

    return source.load(
        shop.root, shop.catalogue, MANAGED, defaults=shop.defaults, expand=shop.expand
    )


def _make(shop: Settings, client: Client) -> tuple[Plan, tuple[Step, ...], Cost]:
    """Files and shop to a plan that can be carried out, with its steps and its cost."""
    from reconciler import live, memory
    from reconciler.core import cost, order, references
    from reconciler.core import plan as planning
    from reconciler.core.cost import Window
    from reconciler.files import paths
    from reconciler.kinds import KINDS
    from reconciler.survey import Survey

    survey = Survey(client, KINDS, paths(shop.root, shop.catalogue))
    try:
        desired = _load(shop)
        _refuse(shop, references.cycles(desired, KINDS), desired)
    except BaseException:
        survey.abandon()
        raise
    state = live.read(client, desired, KINDS, survey)
    _refuse(shop, references.check(desired, state, KINDS), desired)
    carried = memory.recall(shop, client.store.url)
    made, faults = planning.build(desired, state, KINDS, client.store.url, carried)
    _refuse(shop, faults, desired)
    steps = order.steps(made, KINDS)
    window = Window(client.window.limit, client.window.seconds)
    return made, steps, cost.price(steps, KINDS, made.reads, made.pages, window)


def _refuse(settings: Settings, faults: Iterable[Fault], desired: Desired) -> None:
    """Turn faults into one error that names the lines; does nothing without faults."""
    from reconciler.files import Files

    files = Files(settings.root)
    problems = []
    for fault in faults:
        declared = desired.get(fault.address)
        place = files.locate(declared.source, fault.path) if declared else ("", 0, 0)
        problems.append(Problem(*place, fault.message, fault.hint))
    if problems:
        raise SourceError(problems)
