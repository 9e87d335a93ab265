"""The plugin that looks for secrets bites, and lets honest tests pass."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

INNER = """
import io
import json
import subprocess
import sys
import pytest
from dealpos_reconciler.errors import UsageError
from dealpos_reconciler.catalogue.settings import Store

SECRET = "kept-to-ourselves"
STORE = Store("https://shop.example", "id", SECRET)

@pytest.fixture
def store():
    return Store("https://shop.example", "id", SECRET)

def test_leak_stdout(store):
    print("asked with " + store.client_secret)

def test_leak_captured(store, capsys):
    print(store.client_secret, file=sys.stderr)
    capsys.readouterr()

def test_leak_logged(store):
    import logging
    logging.getLogger("x").warning("sent %s", store.client_secret)

def test_leak_error(store):
    with pytest.raises(UsageError):
        raise UsageError("refused", hint="it was " + store.client_secret)

def test_leak_process(store):
    code = "import sys; sys.stderr.write(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, SECRET], capture_output=True, check=True)

def test_leak_token_of_another_process(capsys):
    print("Bearer sandbox-token-" + "a" * 32)
    capsys.readouterr()

def test_leak_plan_file(store, tmp_path):
    (tmp_path / "plan.json").write_text(json.dumps({"by": SECRET}))

def test_leak_report(tmp_path):
    (tmp_path / "plan.html").write_text("Ayu Lestari")

def test_leak_kept_file(tmp_path):
    (tmp_path / ".reconciler").mkdir()
    (tmp_path / ".reconciler" / "journal").write_text("Ayu Lestari")

def test_leak_customer(capsys):
    print("customer/DP-001 name Ayu Lestari")
    capsys.readouterr()

def test_leak_code(capsys):
    print("unmanaged: coupon/MGR-7Q2K9")
    capsys.readouterr()

def test_leak_code_error():
    with pytest.raises(UsageError):
        raise UsageError("coupon MGR-7Q2K9 is refused")

def test_leak_code_in_a_catalogue(tmp_path):
    (tmp_path / "coupons.yaml").write_text("- code: MGR-7Q2K9")

def test_leak_hidden_coupon(capsys):
    print('reconciler_coupon_used{code="hush77"} 1')
    capsys.readouterr()

def test_leak_hidden_coupon_in_the_log_of_a_server():
    from dealpos_reconciler.serve.log import Log
    Log(io.StringIO()).add({"code": "HUSH77"})

def test_leak_hidden_coupon_in_metrics():
    from dealpos_reconciler.serve.metrics import Metrics
    metrics = Metrics()
    metrics.coupon_used.labels("hush77").set(1)
    metrics.text()

def test_leak_locals_of_a_store(store, capsys):
    print(vars(type("Shown", (), {"secret": store.client_secret})))
    capsys.readouterr()

def test_honest_store(store, capsys):
    print(store, repr(store), [store])
    capsys.readouterr()

def test_honest_text(capsys):
    print(SECRET[:4], "customer/DP-001 #a91f")
    capsys.readouterr()

def test_honest_catalogue(tmp_path):
    (tmp_path / "customers.yaml").write_text("name: Ayu Lestari")

def test_honest_file(tmp_path):
    (tmp_path / "sandbox.json").write_text("Ayu Lestari")
"""


def test_every_leak_is_found_and_nothing_else(tmp_path: Path, root: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        'pytest_plugins = ["tests.support.leaks"]\n', encoding="utf-8"
    )
    (tmp_path / "test_inner.py").write_text(INNER, encoding="utf-8")
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rE",
            "--show-capture=no",
            "-p",
            "no:cacheprovider",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root), "PYTEST_ADDOPTS": ""},
        check=False,
    )
    lines = ran.stdout.splitlines()
    failed = {line.partition("::")[2].split()[0] for line in lines if line.startswith("ERROR ")}
    leaking = {part.split("(")[0] for part in INNER.split("def ") if part.startswith("test_leak")}
    assert failed == leaking, ran.stdout
    assert "kept-to-ourselves" not in "".join(line for line in lines if line.startswith("ERROR "))
    assert f"{len(leaking) + 4} passed" in ran.stdout


def test_this_very_run_is_listened_to(request: pytest.FixtureRequest) -> None:
    assert request.config.pluginmanager.has_plugin("tests.support.leaks")
