"""A page of the documentation as something to run: its console blocks and its YAML blocks.

A `console` block holds commands after `$ ` and the output below each. A comment before a block
says `<!-- not run: reason -->`; a comment `<!-- setup … -->` holds commands that the reader does
not see. All commands of a page run in one shell, in a folder that holds `examples/`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
_BLOCK = re.compile(
    r"(?P<skipped><!-- not run: [^>]+ -->\n)?^```(?P<language>[a-z]+)[^\n]*\n(?P<text>.*?)^```$"
    r"|^<!-- setup\n(?P<setup>.*?)^-->$",
    re.MULTILINE | re.DOTALL,
)
_MARK = "=====next command====="
# What differs from run to run: the clock. The docs show one time of day and one date.
_VOLATILE = (
    (re.compile(r"\b\d\d:\d\d(:\d\d)?\b"), lambda found: "14:32:05" if found[1] else "14:32"),
    (re.compile(r"\b20[23]\d-\d\d-\d\d(?=[T ]\d\d:\d\d)"), lambda found: "2026-03-02"),
)


@dataclass(frozen=True)
class Block:
    """One block of a page: its place in the text, its language, and whether it is run."""

    start: int
    end: int
    language: str
    text: str
    runs: bool

    def commands(self) -> list[str]:
        """Return the commands of a console block, each with its continuation lines."""
        found = re.findall(r"^\$ ((?:.*\\\n)*.*)$", self.text, re.MULTILINE)
        quiet = f"{{\n{self.text}}} >setup.log 2>&1 || cat setup.log"
        return [quiet] if self.language == "setup" else found


def blocks(page: str) -> Iterator[Block]:
    """Return the blocks of a page in order, its setup comments among them."""
    for found in _BLOCK.finditer(page):
        if found["setup"] is not None:
            yield Block(*found.span("setup"), "setup", found["setup"], True)
        else:
            yield Block(*found.span("text"), found["language"], found["text"], not found["skipped"])


def run(page: str, folder: Path) -> str:
    """Return the page with the output of each of its commands as it is now."""
    found = [b for b in blocks(page) if b.language in ("console", "setup") and b.runs]
    commands = [(block, command) for block in found for command in block.commands()]
    if not any(block.language == "console" for block, _ in commands):
        return page
    script = "".join(f"{command}\necho '{_MARK}'\n" for _, command in commands)
    outputs = iter(_shell(script, folder).split(_MARK + "\n"))
    for block in reversed(_filled(found, outputs)):
        page = page[: block.start] + block.text + page[block.end :]
    return page


def _filled(found: list[Block], outputs: Iterator[str]) -> list[Block]:
    filled = []
    for block in found:
        printed = [next(outputs) for _ in block.commands()]
        if block.language == "console":
            shown = zip(block.commands(), printed, strict=True)
            text = "".join(f"$ {command}\n{output}" for command, output in shown)
            filled.append(Block(block.start, block.end, "console", text, True))
        else:
            assert printed == [""], f"the setup failed: {printed[0]}"
    return filled


def _shell(script: str, folder: Path) -> str:
    shutil.copytree(
        ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns(".reconciler")
    )
    ran = subprocess.run(
        ["bash"],
        input=script,
        cwd=folder,
        env={
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(folder),
            "COLUMNS": "92",
            "LC_ALL": "C.UTF-8",
            "TZ": "Asia/Jakarta",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    output = ran.stdout
    for pattern, stable in _VOLATILE:
        output = pattern.sub(stable, output)
    return "\n".join(line.rstrip() for line in output.splitlines()) + "\n"


def install(folder: Path) -> None:
    """Put a `reconciler` into `folder` that runs the code of this repository."""
    program = folder / "bin" / "reconciler"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nexport PYTHONPATH="{ROOT}/reconciler"\n'
        f'exec "{sys.executable}" -m dealpos_reconciler "$@"\n'
    )
    program.chmod(0o755)
