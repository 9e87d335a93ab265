"""A time for one request as a whole.

A server that sends a byte a second satisfies every timeout per read, in its headers as in its
body; only cutting the connection ends such an answer.
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
    """Cuts the connections of a client when one of its requests takes longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._sockets: WeakSet[socket.socket] = WeakSet()

    def heed(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember each connection as it is opened; the `trace` extension of a request."""
        if event.endswith(_OPENED):
            self._sockets.add(info["return_value"].get_extra_info("socket"))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around one request; raises TimeoutError instead of whatever came of the cut."""
        passed = threading.Event()
        timer = threading.Timer(self.seconds, self._cut, [passed])
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
            raise TimeoutError(f"no whole answer in {self.seconds:g} s")

    def _cut(self, passed: threading.Event) -> None:
        passed.set()
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
