"""`schedule`: list the changes of dated values."""

from __future__ import annotations

from pathlib import Path

import click

from dealpos_reconciler.cli import options, output


@click.command()
@options.directory
@options.format_option(ics="a calendar")
def schedule(directory: Path, output_format: str) -> None:
    """List dated changes of the files, past ones included.

    Reads the files alone: no network and no credentials.
    """
    with output.report_errors(output_format if output_format == "json" else "text", directory):
        from dealpos_reconciler.workflows.dates.schedule import read_schedule

        found = read_schedule(directory)
    if output_format == "ics":
        from dealpos_reconciler.render.dates.calendar import schedule_calendar

        text = schedule_calendar(
            found.changes, found.kinds, found.labels, directory.resolve().name, found.at
        )
        output.print_lines(text)
        return
    from dealpos_reconciler.render.dates.schedule import schedule_document, schedule_text

    output.print_result(
        output_format,
        schedule_text(found.changes, found.kinds, found.labels),
        schedule_document(found.changes, found.labels, found.zone),
    )
