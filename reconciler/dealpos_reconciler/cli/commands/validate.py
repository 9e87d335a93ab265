"""`validate`: check the files alone."""

from __future__ import annotations

from pathlib import Path

import click

from dealpos_reconciler.cli import options, output


@click.command()
@options.directory
@options.format_option(github="annotations of YAML lines")
def validate(directory: Path, output_format: str) -> None:
    """Check the files without network or credentials."""
    with output.report_errors(output_format, directory):
        from dealpos_reconciler.workflows.open_shop import check_files

        desired = check_files(directory)
        from dealpos_reconciler.kinds import MANAGED
        from dealpos_reconciler.workflows.violations import refuse_declared_violations

        found = refuse_declared_violations(directory, desired)
        counts = {name: len(objects) for name, objects in desired.objects.items()}
        listed = ", ".join(
            f"{count:,} {name if count == 1 else MANAGED[name].collection}"
            for name, count in counts.items()
            if count
        )
        notes = [*desired.notes, *found]
        text = f"Valid: {listed or 'nothing declared'}\n"
        text += "".join(f"note: {note}\n" for note in notes)
        document = {"valid": True, "objects": counts, "notes": notes}
    output.print_result(output_format, text, document)
