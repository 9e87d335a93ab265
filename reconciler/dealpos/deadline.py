"""Upper bound for the time of one whole request.

A server that sends one byte a second satisfies every timeout per read, in its headers as in its
body. Only closing the connection ends such a response.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

_OPENED = (".connect_tcp.complete", ".start_tls.complete")


class Deadline:
    """Closes the connections of a client when one of its requests takes longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._sockets: WeakSet[socket.socket] = WeakSet()

    def track_connection(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember each connection as it is opened; this is the `trace` extension of a request."""
        if event.endswith(_OPENED):
            self._sockets.add(info["return_value"].get_extra_info("socket"))

    @contextmanager
    def enforce(self) -> Iterator[None]:
        """Raise TimeoutError instead of whatever the closed connection caused."""
        passed = threading.Event()
        timer = threading.Timer(self.seconds, self._close, [passed])
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception:
            if not passed.is_set():
                raise
        finally:
            timer.cancel()
        if passed.is_set():
            raise TimeoutError(f"no complete response in {self.seconds:g} s")

    def _close(self, passed: threading.Event) -> None:
        passed.set()
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
