"""Draw the comment of a pull request as docs/images/comment.png: `python -m tools.picture`.

The comment is the Markdown of a real plan of the example. Two digits of one price have changed
places. Chromium draws it, with an emoji font (on Debian: fonts-noto-color-emoji).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import markdown

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "kopi-nusantara"
PICTURE = ROOT / "docs" / "images" / "comment.png"
SIZE = (820, 810)
MAX_BYTES = 150_000
SLIP = ("unit_price: 26000", "unit_price: 62000")
STYLE = """
body { margin: 0; padding: 14px; background: #fff; color: #1f2328;
  font: 14px/1.45 -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif; }
article { border: 1px solid #d1d9e0; border-radius: 6px; }
header { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 14px; color: #59636e; }
main { padding: 4px 16px 12px; }
h2, h3 { font-size: 17px; margin: 12px 0; } p, ul { margin: 8px 0; } ul { padding-left: 24px; }
table { border-collapse: collapse; margin: 8px 0; }
th, td { border: 1px solid #d1d9e0; padding: 4px 10px; }
code { background: #eff1f3; border-radius: 5px; padding: 1px 5px;
  font: 85% "Liberation Mono", monospace; }
pre { background: #f6f8fa; padding: 10px; border-radius: 6px; } pre code { background: none; }
blockquote { border-left: 4px solid #d1d9e0; margin: 8px 0; padding: 0 14px; }
details { margin: 6px 0; } summary { cursor: pointer; }
"""


def main() -> int:
    """Draw the picture and return the exit code."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        sys.stderr.write("error: Chromium is not installed; on Debian: apt-get install chromium\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "comment.html"
        page.write_text(as_page(comment(Path(folder))), encoding="utf-8")
        draw(chromium, page)
    size = PICTURE.stat().st_size
    sys.stdout.write(f"{PICTURE.relative_to(ROOT)}: {size:,} bytes\n")
    return int(size > MAX_BYTES)


def comment(folder: Path) -> str:
    """Return the Markdown of the plan of the example with the slip in it."""
    shop = folder / "shop"
    shutil.copytree(EXAMPLE, shop, ignore=shutil.ignore_patterns(".reconciler"))
    drinks = shop / "catalogue" / "drinks.yaml"
    drinks.write_text(drinks.read_text(encoding="utf-8").replace(*SLIP), encoding="utf-8")
    _reconciler(folder, "sandbox", "reset", "shop")
    return _reconciler(folder, "plan", "shop", "--format", "markdown")


def as_page(text: str) -> str:
    """Return the comment as GitHub shows it, near enough."""
    text = text.replace("<details>", '<details markdown="1">')
    body = markdown.markdown(text, extensions=["tables", "fenced_code", "md_in_html", "sane_lists"])
    head = "<header><b>github-actions</b> bot commented</header>"
    return (
        f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>'
        f"<article>{head}<main>{body}</main></article>"
    )


def draw(chromium: str, page: Path) -> None:
    """Write the picture of a page."""
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
    size = f"--window-size={SIZE[0]},{SIZE[1]}"
    subprocess.run(
        [chromium, *options, size, f"--screenshot={PICTURE}", page.as_uri()],
        check=True,
        capture_output=True,
        timeout=60,
    )


def _reconciler(folder: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "reconciler")}
    command = [sys.executable, "-m", "dealpos_reconciler", *words]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    # The slip violates a guardrail.
    assert done.returncode in (0, 3), done.stderr
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
