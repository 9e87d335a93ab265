"""A self-contained HTML page: it needs no network and no other file.

Its content security policy names the hashes of its own script and style and allows nothing else,
so that even markup that slipped through could do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from reconciler import __version__
from reconciler.render.words import plain


def page(template: str, script: str = "", **values: Any) -> str:
    """Return a page from the files in `templates/`; every value put into it is text."""
    loader = PackageLoader("reconciler.render", "templates")
    pages = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        lstrip_blocks=True,
    )
    pages.filters["plain"] = lambda value: plain(str(value))
    style = loader.get_source(pages, "page.css")[0]
    code = loader.get_source(pages, script)[0] if script else ""
    return pages.get_template(template).render(
        style=style,
        style_hash=_fingerprint(style),
        script=code,
        script_hash=_fingerprint(code),
        version=__version__,
        **values,
    )


def _fingerprint(text: str) -> str:
    """Return the hash by which a content security policy names a style or script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
