"""Whom the client talks to, what it accepts from there, and for how long."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from dealpos_reconciler.core.model.store import Store
from dealpos_reconciler.dealpos import client as door
from dealpos_reconciler.dealpos import response as answer
from dealpos_reconciler.dealpos.client import Client
from dealpos_reconciler.dealpos.observer import ClientObserver
from dealpos_reconciler.dealpos.response import Deadline
from dealpos_reconciler.errors import (
    CertificateInvalid,
    OutcomeUnknown,
    ReconcilerError,
    StoreError,
    UnexpectedResponse,
)

READ, WRITE = "category.list", "category.create"
SECRET, TOKEN = "the-client-secret", "the-access-token"


class Impatient(ClientObserver):
    """Waits for nothing, and counts what it was asked to wait for."""

    waits = 0

    def sleep(self, seconds: float) -> None:
        self.waits += 1


class Handler(BaseHTTPRequestHandler):
    """Hands out a token, and answers the rest as its server's `act` does."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.heard.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))  # type: ignore[attr-defined]
        if self.path.endswith("OAuth2"):
            self.reply(json.dumps({"access_token": TOKEN}).encode())
        else:
            self.server.act(self)  # type: ignore[attr-defined]

    def reply(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what these tests are about."""


@pytest.fixture
def serve() -> Iterator[Callable[..., Any]]:
    """Starts servers on loopback; `act` answers what is no token request."""
    started = []

    def start(act: Callable[[Handler], None], tls: ssl.SSLContext | None = None) -> Any:
        server: Any = Quiet(("127.0.0.1", 0), Handler)
        server.act, server.heard = act, []
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        started.append((server, thread))
        return server

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join()
        server.server_close()


def connected(server: Any, scheme: str = "http") -> Client:
    host = "localhost" if scheme == "https" else "127.0.0.1"
    store = Store(f"{scheme}://{host}:{server.server_port}", "the-client-id", SECRET)
    return Client(store, None, Impatient())


# --- certificates ---


@pytest.fixture
def self_signed(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's side for `localhost`, signed by a root that nobody knows, and that root's file."""
    root = trustme.CA()
    side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    root.issue_cert("localhost").configure_cert(side)
    file = tmp_path / "root.pem"
    root.cert_pem.write_to_path(str(file))
    return side, file


def test_a_certificate_that_nobody_vouches_for_is_refused(
    serve: Callable[..., Any], self_signed: tuple[ssl.SSLContext, Path]
) -> None:
    server = serve(lambda request: request.reply(b"[]"), self_signed[0])
    with connected(server, "https") as client, pytest.raises(CertificateInvalid) as caught:
        client.call(READ)
    assert f"https://localhost:{server.server_port} is not trusted" in caught.value.message
    assert "SSL_CERT_FILE" in caught.value.hint
    assert "Nothing was sent" in caught.value.hint
    assert server.heard == []
    assert client.observer.waits == 0, "what is not trusted now will not be in a second"


def test_a_certificate_for_another_name_is_refused(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    root = trustme.CA()
    side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    root.issue_cert("elsewhere.example").configure_cert(side)
    root.cert_pem.write_to_path(str(tmp_path / "root.pem"))
    server = serve(lambda request: request.reply(b"[]"), side)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
        with (
            connected(server, "https") as client,
            pytest.raises(CertificateInvalid, match="localhost"),
        ):
            client.call(READ)
    assert server.heard == []


def test_a_companys_own_root_is_named_in_ssl_cert_file(
    serve: Callable[..., Any],
    self_signed: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    side, root = self_signed
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    server = serve(lambda request: request.reply(b'["row"]'), side)
    with connected(server, "https") as client:
        assert client.call(READ) == ["row"]


@pytest.mark.parametrize("text", [None, "", "this is not a certificate"])
def test_a_root_certificate_that_cannot_be_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    file = tmp_path / "root.pem"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(StoreError) as caught:
        Client(Store("https://shop.example", "id", "secret"))
    why = "No such file or directory" if text is None else "it holds no certificate"
    assert caught.value.message == (
        f"the root certificates cannot be read: SSL_CERT_FILE names {file} ({why})"
    )
    assert "SSL_CERT_FILE" in caught.value.hint


# --- redirects ---


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("operation", [READ, WRITE])
def test_nothing_is_sent_where_a_redirect_points(
    serve: Callable[..., Any], status: int, operation: str
) -> None:
    elsewhere = serve(lambda request: request.reply(b"[]"))
    target = f"http://localhost:{elsewhere.server_port}/api/v3/Category"
    shop = serve(lambda request: request.reply(b"", status, Location=target))
    with (
        connected(shop) as client,
        pytest.raises(UnexpectedResponse, match="redirects to another address"),
    ):
        client.call(operation, {"Name": "A"})
    assert elsewhere.heard == []


# --- how much ---


def bounded(monkeypatch: pytest.MonkeyPatch, limit: int = 1024 * 1024) -> int:
    monkeypatch.setattr(answer, "MAX_BODY_BYTES", limit)
    return limit


def endless(request: Handler) -> None:
    """A body without an end, until nobody reads any more."""
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    while True:
        request.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


@pytest.mark.parametrize(
    ("operation", "kind"), [(READ, UnexpectedResponse), (WRITE, OutcomeUnknown)]
)
def test_an_answer_without_an_end_is_not_read_to_its_end(
    serve: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    kind: type[ReconcilerError],
) -> None:
    """A write that was answered so may have happened, and is looked up."""
    bounded(monkeypatch)
    with connected(serve(endless)) as client, pytest.raises(kind, match="larger than 1 MiB"):
        client.call(operation, {"Name": "A"})


def test_what_a_bomb_unpacks_to_is_what_counts(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = bounded(monkeypatch)
    bomb = gzip.compress(b" " * (limit * 3))
    assert len(bomb) < limit / 100
    server = serve(lambda request: request.reply(bomb, Content_Encoding="gzip"))
    with connected(server) as client, pytest.raises(UnexpectedResponse, match="larger than 1 MiB"):
        client.call(READ)


def test_a_bomb_in_a_bomb_is_not_unpacked_at_all(serve: Callable[..., Any]) -> None:
    server = serve(lambda request: request.reply(b"x", Content_Encoding="gzip, gzip"))
    with (
        connected(server) as client,
        pytest.raises(UnexpectedResponse, match="Content-Encoding 'gzip, gzip'"),
    ):
        client.call(READ)


def test_a_packed_answer_of_common_size_is_read(serve: Callable[..., Any]) -> None:
    rows = [{"Code": str(number)} for number in range(2000)]
    packed = gzip.compress(json.dumps(rows).encode())
    server = serve(lambda request: request.reply(packed, Content_Encoding="gzip"))
    with connected(server) as client:
        assert client.call(READ) == rows
    assert server.heard[-1][1]["accept-encoding"] == "gzip, deflate"


def test_the_bound_leaves_room_for_the_largest_page() -> None:
    assert answer.MAX_BODY_BYTES == 64 * 1024 * 1024


# --- how long ---


def drip(request: Handler, what: bytes) -> None:
    for byte in what:
        request.wfile.write(bytes([byte]))
        request.wfile.flush()
        time.sleep(0.05)


def dripping_body(request: Handler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "10000")
    request.end_headers()
    drip(request, b" " * 10_000)


def dripping_headers(request: Handler) -> None:
    drip(request, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000)


def without_length(request: Handler) -> None:
    """Ends where the connection ends: the cut itself must not look like the end."""
    request.close_connection = True
    request.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[]")
    drip(request, b" " * 10_000)


@pytest.mark.parametrize("act", [dripping_body, dripping_headers, without_length])
def test_a_server_that_drips_is_left_after_a_time_for_the_whole(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, act: Any
) -> None:
    monkeypatch.setattr(door, "REQUEST_TIMEOUT_SECONDS", 0.3)
    began = time.monotonic()
    with (
        connected(serve(act)) as client,
        pytest.raises(OutcomeUnknown, match=r"no complete response in 0\.3 s"),
    ):
        client.call(WRITE, {"Name": "A"})
    assert time.monotonic() - began < 3


def test_after_a_cut_the_next_request_finds_the_shop_again(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "REQUEST_TIMEOUT_SECONDS", 0.3)
    acts = iter([dripping_body])
    server = serve(lambda request: next(acts, lambda r: r.reply(b'["row"]'))(request))
    with connected(server) as client:
        assert client.call(READ) == ["row"]
    assert client.requests == 2


def test_the_time_is_longer_than_any_single_wait() -> None:
    assert door.REQUEST_TIMEOUT_SECONDS > 30


def test_the_requests_of_a_client_share_one_watch_that_ends(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "_WATCH_SECONDS", 1.0)
    watch, watching = Deadline._watch, []

    def note(self: Deadline) -> None:
        watching.append(threading.current_thread())
        watch(self)

    monkeypatch.setattr(Deadline, "_watch", note)
    with connected(serve(lambda request: request.reply(b"[]"))) as client:
        for _ in range(3):
            client.call(READ)
    (thread,) = watching
    thread.join(5)
    assert not thread.is_alive()


def test_of_two_requests_the_late_one_is_cut() -> None:
    deadline = Deadline()
    with deadline.enforce(60):
        for _ in range(2):
            with pytest.raises(TimeoutError, match="no complete response"), deadline.enforce(0.1):
                time.sleep(0.5)


def test_a_port_that_speaks_no_tls_is_an_error_that_says_so(serve: Callable[..., Any]) -> None:
    server = serve(lambda request: request.reply(b"[]"))
    with connected(server, "https") as client, pytest.raises(ReconcilerError) as caught:
        client.call(READ)
    assert "is unreachable" in caught.value.message
