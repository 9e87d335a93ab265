"""`render`: the merged catalogue as one file."""

from __future__ import annotations

from pathlib import Path

import click

from dealpos_reconciler.cli import options, output, terminal


@click.command()
@options.directory
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write to this file, with secret codes and personal data.",
)
def render(directory: Path, out: Path | None) -> None:
    """Print the merged catalogue of all layers as YAML.

    The output is a catalogue file in the ordinary format, and loads again as the same objects.
    Without --out, objects with secret codes or personal data are left out.
    """
    from dealpos_reconciler.workflows.layers.render import render_catalogue, write_catalogue

    found = render_catalogue(directory, whole=out is not None)
    from dealpos_reconciler.render.words import plural

    if out is None:
        output.print_lines(found.text)
    else:
        write_catalogue(out, found.text)
        terminal.write_stderr(f"wrote {out}: {plural(found.objects, 'object')}")
    if found.left_out:
        objects = plural(len(found.left_out), "object")
        why = "secret codes and personal data are written with --out FILE alone"
        terminal.write_stderr(f"note: {objects} left out: {why}")
