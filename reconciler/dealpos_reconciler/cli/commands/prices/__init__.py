"""The commands of `reconciler prices`: export and import.

In: words of the command line. Out: a sheet or edited files, results on stdout.
Never: a request to the shop, except the reads of `export --live`.
"""

import click

from dealpos_reconciler.cli.commands.prices.export import export
from dealpos_reconciler.cli.commands.prices.import_ import import_


@click.group()
def prices() -> None:
    """Edit prices in a spreadsheet.

    `export` writes them to a sheet, `import` writes the edited sheet to the catalogue files.
    """


for _command in (export, import_):
    prices.add_command(_command)
