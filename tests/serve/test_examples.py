"""The files of examples/serve: each is checked by its own program where that is installed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from dealpos_reconciler.cli.main import cli
from dealpos_reconciler.serve.metrics import Metrics
from tests.support.shop import ROOT

EXAMPLES = ROOT / "examples" / "serve"


def text(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


def checked(program: str, *words: object) -> str:
    """Run a program that checks a file; skip where it is not installed."""
    found = shutil.which(program)
    if not found:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run(
        [found, *map(str, words)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def options_of(words: list[str]) -> dict[str, str]:
    """The options of a command line that starts the server, as the program reads them."""
    assert words[1] == "serve"
    context = cli.commands["serve"].make_context("serve", words[2:])
    return {name: str(value) for name, value in context.params.items()}


def test_every_file_is_named_in_the_readme() -> None:
    files = {path.name for path in EXAMPLES.iterdir()} - {"README.md"}
    named = re.findall(r"^\| (`.+?) \|", text("README.md"), re.MULTILINE)
    assert set(re.findall(r"`([\w.]+)`", " ".join(named))) == files


def test_the_units_start_the_server_with_the_socket_that_they_pass(tmp_path: Path) -> None:
    service = text("reconciler.service")
    command = re.search(r"^ExecStart=(.+)$", service, re.MULTILINE)
    assert command
    options = options_of(shlex.split(command[1]))
    assert (options["directory"], options["fd"]) == ("/srv/shop", "3")
    assert "ReadWritePaths=/srv/shop/.provider" in service
    (tmp_path / "reconciler.socket").write_text(text("reconciler.socket"))
    here = service.replace(command[1].split()[0], f'"{sys.executable}"')
    (tmp_path / "reconciler.service").write_text(here)
    said = checked(
        "systemd-analyze",
        "verify",
        "--recursive-errors=no",
        tmp_path / "reconciler.service",
        tmp_path / "reconciler.socket",
    )
    assert not [line for line in said.splitlines() if "reconciler" in line], said


def test_the_container_starts_the_server_behind_a_proxy() -> None:
    lines = dict(line.split(" ", 1) for line in text("Dockerfile").splitlines() if " " in line)
    options = options_of(json.loads(lines["ENTRYPOINT"]))
    assert options["behind_proxy"] == "True"
    assert options["listen"].rpartition(":")[2] in lines["EXPOSE"].split()
    assert options["admin"].rpartition(":")[2] in lines["EXPOSE"].split()
    assert lines["STOPSIGNAL"] == "SIGTERM"


def test_the_alerts_name_metrics_that_exist() -> None:
    rules = YAML(typ="safe").load(text("alerts.yml"))["groups"][0]["rules"]
    exported = {
        sample
        for metric in Metrics().registry.collect()
        for sample in (metric.name, f"{metric.name}_total", f"{metric.name}_bucket")
    }
    named = {name for rule in rules for name in re.findall(r"reconciler_\w+", rule["expr"])}
    assert named
    assert named <= exported
    assert all(rule["annotations"]["summary"].endswith(".") for rule in rules)


def test_prometheus_takes_the_rules_and_the_scrape(tmp_path: Path) -> None:
    scrape = YAML(typ="safe").load(text("prometheus.yml"))
    assert scrape["rule_files"] == ["alerts.yml"]
    token = tmp_path / "token"
    token.write_text("a token")
    named = scrape["scrape_configs"][0]["authorization"]["credentials_file"]
    (tmp_path / "prometheus.yml").write_text(text("prometheus.yml").replace(named, str(token)))
    (tmp_path / "alerts.yml").write_text(text("alerts.yml"))
    checked("promtool", "check", "config", tmp_path / "prometheus.yml")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A folder with a certificate of the example's host, as the example names it."""
    import trustme

    made = trustme.CA().issue_cert("coupons.example.com")
    made.private_key_pem.write_to_path(tmp_path / "coupons.example.com.key")
    for blob in made.cert_chain_pems:
        blob.write_to_path(tmp_path / "coupons.example.com.pem", append=True)
    return tmp_path


def test_nginx_takes_its_file_and_writes_no_path(certificate: Path) -> None:
    written = text("nginx.conf")
    assert "$request " not in written
    assert "$uri" not in written
    assert re.search(r"error_log \S+ emerg;", written)
    here = written.replace("/etc/nginx/tls", str(certificate)).replace(
        "/var/log/nginx", str(certificate)
    )
    temporary = "".join(
        f"{kind}_temp_path {certificate}/{kind}; "
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path = certificate / "nginx.conf"
    path.write_text(f"pid {certificate}/pid;\n" + here.replace("http {", f"http {{ {temporary}", 1))
    checked("nginx", "-t", "-q", "-c", path, "-e", certificate / "start.log")


def test_caddy_writes_no_secret_where_the_server_is_down(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    """The log of a request that fails is where a proxy repeats the path."""
    import httpx

    found = shutil.which("caddy")
    if not found:
        pytest.skip("caddy is not installed")
    port = free_port()
    here = text("Caddyfile").replace("coupons.example.com", f"http://127.0.0.1:{port}")
    here = here.replace("\n{\n", "\n{\n\tadmin off\n", 1).replace(
        "127.0.0.1:8080", f"127.0.0.1:{free_port()}"
    )
    (tmp_path / "Caddyfile").write_text(here)
    running = subprocess.Popen(
        [found, "run", "--config", tmp_path / "Caddyfile", "--adapter", "caddyfile"],
        stderr=subprocess.PIPE,
        text=True,
        env={"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)},
    )
    try:
        transport = httpx.HTTPTransport(retries=5)
        with httpx.Client(transport=transport, base_url=f"http://127.0.0.1:{port}") as client:
            answer = client.post("/v1/kopi/THE-SECRET-OF-THE-PATH/coupon", json={})
            assert answer.status_code == 502
            assert client.get("/metrics").status_code == 404
    finally:
        running.terminate()
        _, said = running.communicate(timeout=20)
    assert "connection refused" in said
    assert "THE-SECRET-OF-THE-PATH" not in said
