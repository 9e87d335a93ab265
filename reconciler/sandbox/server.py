"""The sandbox as a server of its own."""

from typing import Any
from wsgiref.types import WSGIApplication

_THREADS = 8


def listen(app: WSGIApplication, host: str, port: int) -> Any:
    """A server that is bound (to a free port, for port 0) and waits to be run."""
    import waitress  # type: ignore[import-untyped]  # an embedded shop needs no server

    return waitress.create_server(app, host=host, port=port, threads=_THREADS)


def serve(app: WSGIApplication, host: str, port: int) -> None:
    """Serve the shop over HTTP until interrupted."""
    listen(app, host, port).run()
