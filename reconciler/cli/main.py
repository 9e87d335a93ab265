"""The command line: parse, run a command, exit.

Data goes to stdout, everything else to stderr. Each command imports what it needs when it runs,
so that `--help` and mistakes answer at once.
"""

from __future__ import annotations

import gc
import os
import sys

import click

from reconciler import __version__
from reconciler.cli import output, stream
from reconciler.cli.commands.adopt import adopt
from reconciler.cli.commands.apply import apply
from reconciler.cli.commands.audit import audit
from reconciler.cli.commands.doctor import doctor
from reconciler.cli.commands.history import history
from reconciler.cli.commands.import_ import import_
from reconciler.cli.commands.init import init
from reconciler.cli.commands.plan import plan
from reconciler.cli.commands.sandbox import sandbox
from reconciler.cli.commands.schema import schema
from reconciler.cli.commands.validate import validate
from reconciler.errors import ReconcilerError


def main() -> None:
    """Run the command line and exit with the documented code."""
    # A short run makes many small values and no garbage worth looking for among them.
    gc.disable()
    # Looking for plugins of pydantic takes longer than a small shop does, and nobody else's code
    # has a say in what a price is.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    stream.ready()
    try:
        with stream.taken():
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
        gc.freeze()  # nor is there among what is left when the process ends
        gc.enable()
    sys.exit(code if isinstance(code, int) else 0)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done or nothing to do; 1 error; 2 the plan is not empty or the "
    "audit not clean (with --detailed-exitcode); 3 refused by a guardrail; 4 applied in part.",
)
@click.version_option(__version__, prog_name="reconciler")
def cli() -> None:
    """Catalogue as code for DealPOS.

    Keep categories, products, prices, coupons and customers in YAML; see what would change with
    `plan`, make it so with `apply`, and see what has drifted with `audit`. DIR is a shop folder:
    it holds reconciler.yaml.
    """


for command in (
    init,
    doctor,
    validate,
    plan,
    apply,
    audit,
    history,
    sandbox,
    schema,
    import_,
    adopt,
):
    cli.add_command(command)
