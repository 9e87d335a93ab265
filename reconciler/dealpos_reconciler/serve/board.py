"""The page `/board` of the admin listener."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dealpos_reconciler.serve.admin import View

KEEP_SECONDS = 5.0
"""The time for which one page is given to everybody: many open boards cost as much as one."""
_HEADERS = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def make_board_view(
    make_page: Callable[[], Awaitable[str]], clock: Callable[[], float] = time.monotonic
) -> View:
    """Return a view of the page that `make_page` makes."""
    turn = asyncio.Lock()
    made, page = float("-inf"), ""

    async def show(request: Request) -> Response:
        nonlocal made, page
        async with turn:
            if clock() - made >= KEEP_SECONDS:
                page, made = await make_page(), clock()
        return HTMLResponse(page.encode(errors="backslashreplace"), headers=_HEADERS)

    return show
