"""Sockets, the web server, and a clean start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from dealpos_reconciler.core.provider.options import ListenAddress
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.serve.log import Log, LogHandler

HEADER_SECONDS = 10.0
"""The time in which the head of a request must have come."""
KEEP_ALIVE_SECONDS = 180
"""Longer than a proxy keeps an idle connection, so that it never meets one that is being closed."""
STOP_SECONDS = 10
"""The time that calls in flight have to end when the server stops."""
_BACKLOG = 2048


class TimedProtocol(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    """HTTP whose requests must begin in time: a slow client does not keep its connection."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Give the first request its deadline."""
        super().connection_made(transport)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """Give a request whose head has not come whole its deadline."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._end_deadline()
        elif self._deadline is None and (before is None or before.response_complete):
            self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the deadline with the connection."""
        self._end_deadline()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        self._deadline = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """A server that leaves the signals to `serve`, which runs two."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises UsageError where the address cannot be had."""
    with contextlib.ExitStack() as on_error:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            made = on_error.enter_context(socket.socket(family, kind, protocol))
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            made.listen(_BACKLOG)
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise UsageError(
                f"cannot listen on {host}:{port}: {why}", hint="use another --listen or --admin"
            ) from None
        made.setblocking(False)
        on_error.pop_all()
        return made


def take_socket(number: int) -> socket.socket:
    """Return the listening socket that systemd has passed. Raises UsageError for another one."""
    with contextlib.ExitStack() as on_error:
        try:
            made = on_error.enter_context(socket.socket(fileno=number))
            listening = made.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        except OSError as error:
            raise UsageError(f"--fd {number}: {error.strerror}") from None
        if not listening or made.family not in (socket.AF_INET, socket.AF_INET6):
            message = f"--fd {number} is not a TCP socket that listens"
            raise UsageError(message, hint="write ListenStream=127.0.0.1:8080 in the .socket unit")
        made.setblocking(False)
        on_error.pop_all()
        return made


def describe(sock: socket.socket) -> str:
    """Return the address of a listening socket as a URL."""
    host, port = sock.getsockname()[:2]
    return f"http://{ListenAddress(host, port)}"


def find_loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the fastest event loop that is installed; None for that of Python."""
    return uvicorn.Config(app="").get_loop_factory()


def make_server(app: ASGIApp, proxies: Sequence[str], log: Log) -> uvicorn.Server:
    """Return a server for an application; `proxies` may name the caller of a request."""
    config = uvicorn.Config(
        app,
        http=TimedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    logger = logging.getLogger("uvicorn")
    logger.handlers, logger.propagate = [LogHandler(log)], False
    return _Server(config)


async def serve(
    servers: Sequence[tuple[uvicorn.Server, socket.socket]],
    tasks: Sequence[Callable[[], Awaitable[None]]],
    on_started: Callable[[], None],
) -> None:
    """Run servers until `stop`, SIGTERM or Ctrl-C; calls in flight are answered first.

    `tasks` are run beside them and cancelled at the end.
    """
    loop = asyncio.get_running_loop()
    with _signals(loop, lambda: stop(servers)):
        beside = [asyncio.ensure_future(task()) for task in tasks]
        running = [asyncio.ensure_future(s.serve(sockets=[sock])) for s, sock in servers]
        try:
            while not all(server.started for server, _ in servers):
                await asyncio.sleep(0.005)
            on_started()
            await asyncio.gather(*running)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)


def stop(servers: Sequence[tuple[uvicorn.Server, socket.socket]]) -> None:
    """Let servers end once the calls in flight are answered."""
    for server, _ in servers:
        server.should_exit = True


@contextlib.contextmanager
def _signals(loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> Iterator[None]:
    """Call `end` for SIGTERM and Ctrl-C, where this is a main thread that gets signals."""
    handled: list[signal.Signals] = []
    # Windows has no such handlers, and no thread but the main one may set them.
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
            handled.append(number)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)
