"""`validate`: the files alone."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import options, output


@click.command()
@options.directory
@options.formats("github", help="; github annotations on the lines of a pull request")
def validate(directory: Path, form: str) -> None:
    """Check the files alone: no network, no credentials."""
    with output.errors_as(form, directory):
        from reconciler.catalogue.parallel import begin

        begun = begin(directory)
        from reconciler.catalogue.settings import load
        from reconciler.kinds import MANAGED
        from reconciler.workflows import plan as pipeline

        desired = pipeline.declared(load(directory), begun)
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
