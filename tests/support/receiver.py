"""A server that DealPOS calls: it keeps each call, and answers as it was told."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SUCCESS = {"status": "success"}
YES = {"Type": "Percentage", "Amount": 25, "Notification": "25 % off", "ApplyTo": None}


@dataclass
class Receiver:
    """The calls that came, oldest first, and the answers to give: status and body, or seconds."""

    address: str = ""
    calls: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    answers: list[tuple[int, Any] | float] = field(default_factory=list)
    """Answers to the next calls; after them, 200 with the documented word."""
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def paths(self) -> list[str]:
        return [path for path, _, _ in self.calls]

    @property
    def bodies(self) -> list[Any]:
        return [body for _, _, body in self.calls]

    def wait_for(self, count: int) -> None:
        """Wait until so many calls have come, at most ten seconds."""
        end = time.monotonic() + 10
        while len(self.calls) < count and time.monotonic() < end:
            time.sleep(0.01)
        assert len(self.calls) >= count, self.paths


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver on a free port of this machine."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["content-length"]))
            answer = receiver.answers.pop(0) if receiver.answers else (200, SUCCESS)
            receiver.calls.append((self.path, dict(self.headers), json.loads(text)))
            if isinstance(answer, float):
                receiver.stopped.wait(answer)
                return
            body = answer[1] if isinstance(answer[1], bytes) else json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
