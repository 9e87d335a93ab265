"""A page that needs nothing else: no network, no other file, no script to be read.

It may run its own script and style and nothing besides (their hashes stand in its content
security policy), so that even markup that slipped through could do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from reconciler import __version__
from reconciler.render.words import plain


def page(template: str, script: str = "", **values: Any) -> str:
    """A page from the files in `page/`; every value put into it is text."""
    loader = PackageLoader("reconciler.render", "templates")
    pages = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        lstrip_blocks=True,
    )
    pages.filters["plain"] = _plain
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


def _plain(value: object) -> str:
    return plain(str(value))


def _fingerprint(text: str) -> str:
    """What a content security policy calls a style or script by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
