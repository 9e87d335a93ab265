"""`reconciler serve` as it is started: its refusals, its sockets, its end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from dealpos_reconciler.cli.main import cli
from dealpos_reconciler.core.provider.options import ListenAddress
from dealpos_reconciler.errors import ProviderUnavailable, ReconcilerError
from dealpos_reconciler.provider.sqlite.store import SqliteStore
from dealpos_reconciler.provider.sqlite.writer import StoreWriter
from dealpos_reconciler.workflows.provider.serve import ServeRequest, serve_shop
from tests.serve.conftest import OLD_SECRET, SECRET, TOKEN

CODES_KEY = "codes-key-of-the-test-0123456789abcdef01"
SECRETS = {
    "RECONCILER_HOOK_SECRET": SECRET,
    "RECONCILER_ADMIN_TOKEN": TOKEN,
    "RECONCILER_CODES_KEY": CODES_KEY,
}
ANY = ServeRequest(ListenAddress("127.0.0.1", 0), ListenAddress("127.0.0.1", 0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shop = tmp_path / "kopi-nusantara"
    shop.mkdir()
    (shop / "reconciler.yaml").write_text("store: {url: sandbox}\n", encoding="utf-8")
    return shop


def refused(folder: Path, request: ServeRequest = ANY, **environment: str) -> tuple[str, str]:
    """The error and the hint of a start that is refused."""
    with pytest.raises(ReconcilerError) as error:
        serve_shop(folder, request, SECRETS | environment, print)
    return error.value.message, error.value.hint or ""


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"RECONCILER_HOOK_SECRET": ""}, "RECONCILER_HOOK_SECRET is not set"),
        ({"RECONCILER_HOOK_SECRET": " , "}, "RECONCILER_HOOK_SECRET is not set"),
        (
            {"RECONCILER_HOOK_SECRET": "short"},
            "RECONCILER_HOOK_SECRET has 5 characters; at least 32 are needed",
        ),
        (
            {"RECONCILER_HOOK_SECRET": f"{SECRET},short"},
            "RECONCILER_HOOK_SECRET has 5 characters; at least 32 are needed",
        ),
        (
            {"RECONCILER_HOOK_SECRET": ",".join([SECRET, OLD_SECRET, TOKEN])},
            "RECONCILER_HOOK_SECRET has 3 secrets; at most 2 are valid at once",
        ),
        (
            {"RECONCILER_HOOK_SECRET": SECRET.replace("-", "/")},
            "RECONCILER_HOOK_SECRET has a character that a path cannot contain",
        ),
        ({"RECONCILER_ADMIN_TOKEN": ""}, "RECONCILER_ADMIN_TOKEN is not set"),
        (
            {"RECONCILER_ADMIN_TOKEN": "short"},
            "RECONCILER_ADMIN_TOKEN has 5 characters; at least 32 are needed",
        ),
        ({"RECONCILER_CODES_KEY": ""}, "RECONCILER_CODES_KEY is not set"),
        (
            {"RECONCILER_CODES_KEY": "short"},
            "RECONCILER_CODES_KEY has 5 characters; at least 32 are needed",
        ),
        (
            {"RECONCILER_HOOK_KEY": "short"},
            "RECONCILER_HOOK_KEY has 5 characters; at least 32 are needed",
        ),
    ],
)
def test_a_secret_that_is_missing_or_weak_is_refused(
    folder: Path, environment: dict[str, str], message: str
) -> None:
    said, hint = refused(folder, **environment)
    assert said == message
    assert hint


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "coupons.example.com"])
@pytest.mark.parametrize("listener", ["listen", "admin"])
def test_an_address_of_another_network_needs_a_proxy(
    folder: Path, host: str, listener: str
) -> None:
    addresses = {"listen": ANY.listen, "admin": ANY.admin, listener: ListenAddress(host, 0)}
    said, hint = refused(folder, ServeRequest(**addresses))
    assert said.startswith("refusing to listen on ")
    assert "--behind-proxy" in hint


def test_an_address_that_is_in_use_is_refused(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        address = ListenAddress("127.0.0.1", port)
        for request in (ServeRequest(address, ANY.admin), ServeRequest(ANY.listen, address)):
            said, _ = refused(folder, request)
            assert said == f"cannot listen on 127.0.0.1:{port}: Address already in use"


def test_a_file_descriptor_must_be_a_socket_that_listens(folder: Path) -> None:
    said, _ = refused(folder, ServeRequest(admin=ANY.admin, fd=999))
    assert said == "--fd 999: Bad file descriptor"
    near, far = socket.socketpair()
    with near, far:
        said, hint = refused(folder, ServeRequest(admin=ANY.admin, fd=os.dup(near.fileno())))
    assert said.endswith("is not a TCP socket that listens")
    assert "ListenStream" in hint


@pytest.mark.parametrize(("section", "durable"), [("", False), ("durable_holds: true", True)])
def test_the_settings_make_holds_durable(
    folder: Path, monkeypatch: pytest.MonkeyPatch, section: str, durable: bool
) -> None:
    with (folder / "reconciler.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f"provider: {{{section}}}\n")
    opened: list[bool] = []

    def stop(self: SqliteStore, *_: Any, durable_holds: bool, **more: Any) -> None:
        opened.append(durable_holds)
        raise ProviderUnavailable("enough was seen")

    monkeypatch.setattr(SqliteStore, "__init__", stop)
    assert refused(folder)[0] == "enough was seen"
    assert opened == [durable]


def test_a_store_that_cannot_be_read_is_refused(folder: Path) -> None:
    (folder / ".provider").mkdir()
    (folder / ".provider" / "provider.db").write_bytes(b"not a database" * 100)
    said, _ = refused(folder)
    assert "provider.db" in said


def test_the_command_without_its_extra_says_how_to_install_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [
        name for name in sys.modules if name.startswith(("dealpos_reconciler.serve", "uvicorn"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "dealpos_reconciler.workflows.provider.serve")
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ReconcilerError) as error:
        cli.main(["serve", str(folder)], standalone_mode=False)
    assert error.value.message == (
        "this command needs the extra 'serve': pip install 'dealpos-reconciler[serve]'"
    )


def test_a_new_secret_is_long_and_another_one_each_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cli.main(["serve", "--new-secret"], standalone_mode=False)
    cli.main(["serve", "--new-secret"], standalone_mode=False)
    first, second = capsys.readouterr().out.split()
    assert first != second
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", first)


def test_a_store_whose_writer_ends_ends_the_server(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service manager starts it again; otherwise every till would wait for nothing."""
    said: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        serving = pool.submit(serve_shop, folder, ANY, SECRETS, said.append)
        deadline = time.monotonic() + 20
        while len(said) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        found = re.search(r"admin on (http://[^;\s]+)", said[0])
        assert found

        def fail(*_: object) -> None:
            raise MemoryError

        monkeypatch.setattr(StoreWriter, "_round", fail)
        answer = httpx.get(f"{found[1]}/readyz")
        assert answer.status_code == 503
        with pytest.raises(ProviderUnavailable, match="the writer of the provider's store"):
            serving.result(20)


class Process:
    """The command in a process of its own."""

    def __init__(self, folder: Path, *words: str, **more: Any) -> None:
        self.errors = folder.with_name(f"stderr-{time.monotonic_ns()}.txt")
        with self.errors.open("w", encoding="utf-8") as stderr:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "dealpos_reconciler", "serve", str(folder), *words],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env={**os.environ, **SECRETS},
                **more,
            )
        while not (found := re.search(r"on (http://\S+), admin on (http://[^;\s]+)", self.said)):
            assert self.running.poll() is None, self.said
            time.sleep(0.02)
        self.shop, self.admin = found.groups()

    @property
    def said(self) -> str:
        """The text on stderr so far."""
        return self.errors.read_text(encoding="utf-8")

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Stop it; return its exit code and what it wrote to stdout."""
        self.running.send_signal(number)
        out, _ = self.running.communicate(timeout=30)
        return self.running.returncode, out


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Process]]:
    """A function that starts the command on free ports."""
    made: list[Process] = []

    def begin(*words: str, **more: Any) -> Process:
        made.append(Process(folder, *words, "--admin", "127.0.0.1:0", **more))
        return made[-1]

    yield begin
    for process in made:
        process.running.kill()
        with process.running:  # which closes the pipes
            pass


def test_the_server_says_where_it_listens_and_ends_cleanly(start: Callable[..., Process]) -> None:
    process = start("--listen", "127.0.0.1:0")
    answer = httpx.post(f"{process.shop}/v1/kopi-nusantara/{SECRET}/coupon", json={"Code": "X"})
    assert (answer.status_code, answer.json()["Amount"]) == (400, 0)
    assert httpx.get(f"{process.admin}/readyz").status_code == 503
    token = {"Authorization": f"Bearer {TOKEN}"}
    assert "No audit is known yet" in httpx.get(f"{process.admin}/board", headers=token).text
    code, out = process.end()
    said = process.said
    assert code == 0
    assert "https://YOUR-HOST/v1/kopi-nusantara/SECRET/coupon" in said
    assert "Warning: no release is published; every coupon is answered as unknown" in said
    line = json.loads(out.splitlines()[-1])
    assert (line["call"], line["answer"], line["reason"]) == ("validate", "no", "unknown")
    for secret in (SECRET, TOKEN, CODES_KEY):
        assert secret not in out + said


def test_a_socket_that_is_passed_outlives_a_restart(start: Callable[..., Process]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as passed:
        port, number = passed.getsockname()[1], passed.fileno()
        passed.set_inheritable(True)
        words = ("--fd", str(number))
        assert start(*words, pass_fds=[number]).end()[0] == 0
        address = f"http://127.0.0.1:{port}/v1/kopi-nusantara/{SECRET}/coupon"
        # Nobody serves now, and the call waits.
        with socket.create_connection(("127.0.0.1", port)) as waiting:
            head = f"POST {httpx.URL(address).path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2"
            waiting.sendall(f"{head}\r\n\r\n{{}}".encode())
            process = start(*words, pass_fds=[number])
            waiting.settimeout(10)
            assert waiting.recv(4096).startswith(b"HTTP/1.1 400 ")
        assert process.end()[0] == 0


def test_a_log_that_nobody_reads_ends_nothing(start: Callable[..., Process]) -> None:
    process = start("--listen", "127.0.0.1:0")
    assert process.running.stdout
    process.running.stdout.close()
    for _ in range(3):
        answer = httpx.post(f"{process.shop}/v1/kopi-nusantara/{SECRET}/coupon", json={"Code": "X"})
        assert answer.status_code == 400
        time.sleep(0.1)
    token = {"authorization": f"Bearer {TOKEN}"}
    metrics = httpx.get(f"{process.admin}/metrics", headers=token).text
    lost = re.search(r"^reconciler_log_lines_lost_total (\S+)$", metrics, re.MULTILINE)
    assert lost
    assert float(lost[1]) >= 2
    commits = re.search(r"^reconciler_commit_seconds_count (\S+)$", metrics, re.MULTILINE)
    assert commits
    assert float(commits[1]) >= 1
    process.running.send_signal(signal.SIGINT)
    assert process.running.wait(10) == 0
