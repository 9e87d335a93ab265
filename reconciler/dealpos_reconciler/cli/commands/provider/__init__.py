"""The commands of `reconciler provider`: settle, status, codes, check, backup and release.

In: words of the command line. Out: results on stdout, progress on stderr. Never: a secret or a
customer, and a code of a batch only where it was asked for.
"""

import click

from dealpos_reconciler.cli.commands.provider.check import check
from dealpos_reconciler.cli.commands.provider.keep import backup, codes, release
from dealpos_reconciler.cli.commands.provider.settle import settle
from dealpos_reconciler.cli.commands.provider.status import status


@click.group()
def provider() -> None:
    """Look after the coupons that tills ask for.

    `reconciler serve` answers the tills. These commands show and correct what it has counted.
    """


for _command in (status, settle, codes, release, check, backup):
    provider.add_command(_command)
