"""The program as a process: terminals, signals, pipes, and what it imports."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler import sandbox
from dealpos_reconciler.sandbox import InjectedFault
from tests.support.program import PointAt, RunProgram, Spawn, WriteCatalogue

HEAVY = (
    *("pydantic", "httpx", "deepdiff", "rich", "flask", "ruamel", "waitress"),
    *("starlette", "uvicorn", "prometheus_client", "psycopg", "jinja2", "sqlite3"),
    *(
        "dealpos_reconciler.provider",
        "dealpos_reconciler.serve",
        "dealpos_reconciler.hooks",
        "dealpos_reconciler.sandbox",
    ),
)


def imported(*words: str, environment: dict[str, str] | None = None) -> tuple[int, set[str]]:
    """Return the exit code of a run, and the heavy libraries that it loaded."""
    code = (
        "import sys\n"
        f"sys.argv = ['reconciler', *{list(words)!r}]\n"
        "from dealpos_reconciler.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    code = end.code\n"
        f"print(code or 0, *[m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        check=True,
    )
    status, *names = ran.stderr.splitlines()[-1].split()
    return int(status), set(names)


@pytest.mark.parametrize(
    "words", [["--help"], ["plan", "--help"], ["serve", "--help"], ["--version"]]
)
def test_help_imports_no_library_that_is_slow_to_load(words: list[str]) -> None:
    assert imported(*words) == (0, set())


def test_a_command_imports_no_other_one() -> None:
    code = (
        "import sys; sys.argv = ['reconciler', 'plan', '--help']\n"
        "from dealpos_reconciler.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n"
        "    print(*[m for m in sys.modules if '.cli.commands.' in m], file=sys.stderr)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr.split() == ["dealpos_reconciler.cli.commands.plan"]


def named(url: str, secret: str) -> dict[str, str]:
    """Return the environment variables that name a shop."""
    return {
        "DEALPOS_URL": url,
        "DEALPOS_CLIENT_ID": "sandbox",
        "DEALPOS_CLIENT_SECRET": secret,
    }


def test_a_plan_of_a_real_store_imports_only_what_it_needs(
    folder: Path, served: tuple[str, Any]
) -> None:
    url, shop = served
    names = named(url, shop.client_secret)
    code, libraries = imported("plan", str(folder), environment=names)
    assert code == 0
    assert libraries <= {"pydantic", "httpx", "ruamel", "deepdiff"}
    assert "httpx" in libraries


def test_a_plan_of_known_files_does_not_import_pydantic(
    folder: Path, served: tuple[str, Any]
) -> None:
    url, shop = served
    names = named(url, shop.client_secret)
    _, first = imported("plan", str(folder), environment=names)
    code, libraries = imported("plan", str(folder), environment=names)
    assert code == 0
    assert "pydantic" in first
    assert "pydantic" not in libraries


def test_validate_imports_neither_http_nor_flask(folder: Path) -> None:
    code, libraries = imported("validate", str(folder))
    assert code == 0
    assert not {"flask", "httpx", "deepdiff"} & libraries


ENDING = """
import atexit, os, sys, threading, time

def told(code, end=os._exit):
    os.write(1, b"at once\\n")
    end(code)

class Thread(threading.Thread):
    def run(self):
        time.sleep(0.5)
        print("waited for")

os._exit = told
atexit.register(print, "at exit")
if sys.argv[1] == "waits":
    Thread().start()
sys.argv[1:2] = []
from dealpos_reconciler.__main__ import main
main()
"""


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["ends", "--version"], 0, ["at exit", "at once"]),
        (["ends", "plan", "nowhere"], 1, ["at exit", "at once"]),
        (["waits", "--version"], 0, ["waited for", "at exit"]),
    ],
)
def test_the_process_ends_at_once_unless_a_thread_is_waited_for(
    words: list[str], code: int, told: list[str]
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", ENDING, *words], capture_output=True, text=True, check=False
    )
    assert ran.returncode == code
    assert [line for line in ran.stdout.splitlines() if "version" not in line] == told


def answering(folder: Path, *words: str, answer: str) -> tuple[int, str, str]:
    """Run `apply` with a pseudo-terminal on stdin, and type an answer there."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "dealpos_reconciler", "apply", str(folder), *words],
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(theirs)
        os.write(ours, answer.encode())
        out, err = process.communicate(timeout=60)
    finally:
        os.close(ours)
    return process.returncode, out, err


def test_yes_on_a_terminal_applies(folder: Path, run: RunProgram) -> None:
    code, out, err = answering(folder, answer="yes\n")
    assert code == 0
    assert "Do you want to apply these changes? Only 'yes' will be accepted: " in err
    assert "Apply complete: 3 changes (3 verified)" in out
    assert run("sandbox", "show", folder).json["products"]


@pytest.mark.parametrize("answer", ["y\nno\n", "YES\n\n", "no\n", "\n", "\x04", "?\nn\n"])
def test_anything_else_on_a_terminal_changes_nothing(
    folder: Path, run: RunProgram, answer: str
) -> None:
    code, out, err = answering(folder, answer=answer)
    assert code == 1
    assert "Plan: 3 to create" in out
    assert "Nothing was changed." in err
    assert run("sandbox", "show", folder).json["products"] == []


def test_a_terminal_is_not_asked_about_nothing(applied: Path) -> None:
    code, out, err = answering(applied, answer="")
    assert code == 0
    assert "Only 'yes'" not in err
    assert "no changes" in out


def test_a_guardrail_refuses_before_anything_is_asked(applied: Path) -> None:
    menu = applied / "catalogue" / "menu.yaml"
    menu.write_text(menu.read_text(encoding="utf-8").replace("18000", "1800"), encoding="utf-8")
    code, _, err = answering(applied, answer="yes\n")
    assert code == 3
    assert "Only 'yes'" not in err
    assert "refused by 2 guardrail violations; nothing was written" in err


def environment(url: str, secret: str = "sandbox") -> dict[str, str]:
    return {**os.environ, **named(url, secret)}


def serving(spawn: Spawn, folder: Path, *words: str) -> tuple[Any, str]:
    """Start `sandbox serve` on a free port; give the server and its address."""
    server = spawn("sandbox", "serve", folder, "--port", 0, *words)
    line = server.stderr.readline()
    found = re.search(r"on (http://127\.0\.0\.1:\d+); press Ctrl-C to stop", line)
    assert found, line
    return server, found[1]


def until(stream: Any, word: str) -> str:
    """Read lines up to one that holds a word."""
    said = ""
    for line in stream:
        said += line
        if word in line:
            return said
    raise AssertionError(f"never said {word!r}: {said}")


def test_ctrl_c_stops_between_two_calls_and_reports(
    spawn: Spawn, folder: Path, declare: WriteCatalogue, tmp_path: Path
) -> None:
    stage = tmp_path / "stage"
    stage.mkdir()
    (stage / "reconciler.yaml").write_text("store: {url: sandbox}", encoding="utf-8")
    server, url = serving(spawn, stage, "--limit", "6", "--window", "300")
    declare("categories:\n" + "".join(f"  - name: C{i}\n" for i in range(10)))
    process = spawn("apply", folder, "--auto-approve", env=environment(url))
    until(process.stderr, "waiting 5 min")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Stopping after the current request. Press Ctrl-C again to stop at once." in err
    assert "Traceback" not in err
    assert "Stopped early: interrupted by Ctrl-C" in out
    report = re.search(r"Apply incomplete: 0 applied .*, (\d) unverified, (\d) skipped", out)
    assert report, out
    server.send_signal(signal.SIGINT)
    server.communicate(timeout=30)
    shown = subprocess.run(
        [sys.executable, "-m", "dealpos_reconciler", "sandbox", "show", str(stage)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.count('"Name": "C') == int(report[1]) > 0
    assert int(report[1]) + int(report[2]) == 10


def test_ctrl_c_while_planning_writes_nothing(
    spawn: Spawn, folder: Path, tmp_path: Path, served: tuple[str, Any]
) -> None:
    url, shop = served
    shop.limiter.limit, shop.limiter.window = 1, 300.0
    process = spawn("apply", folder, "--auto-approve", env=environment(url, shop.client_secret))
    until(process.stderr, "waiting 5 min")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "interrupted" in err
    assert "Traceback" not in err
    assert not [call for call in shop.calls if call[:2] == ("POST", "/api/v3/Category")]


@pytest.mark.parametrize("hangs", ["/Category*", "/Variant"])
def test_ctrl_c_while_answers_are_awaited_ends_at_once(
    spawn: Spawn, folder: Path, declare: WriteCatalogue, served: tuple[str, Any], hangs: str
) -> None:
    url, shop = served
    variants = "".join(f"      - {{code: V{i}, unit_price: 1}}\n" for i in range(250))
    declare(f"products:\n  - code: P\n    name: P\n    category: A\n    variants:\n{variants}")
    shop.faults.add(InjectedFault("*", hangs, "delay", seconds=8))
    process = spawn("plan", folder, "-v", env=environment(url, shop.client_secret))
    until(process.stderr, "product.list" if hangs == "/Variant" else "token")
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - began < 4
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "interrupted"


def test_ctrl_c_while_the_program_is_imported_ends_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupt:
        def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
            if name == "dealpos_reconciler.cli.main":
                raise KeyboardInterrupt

    from dealpos_reconciler import __main__

    monkeypatch.delitem(sys.modules, "dealpos_reconciler.cli.main", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupt(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_a_process_that_is_killed_in_a_replacement_is_made_good_by_the_next(
    spawn: Spawn,
    run: RunProgram,
    point_at: PointAt,
    declare: WriteCatalogue,
    folder: Path,
    served: tuple[str, Any],
    method: str,
) -> None:
    """The request is lost or carried out; the next run finds out which and finishes it."""
    url, shop = served
    old = {"Code": "C", "Type": "DiscountAmount", "Discount": 10, "Limit": 10, "Balance": 4}
    sandbox.seed(shop.store, {"coupons": [old]})
    declare("coupons: [{code: C, type: DiscountAmount, discount: 20, limit: 10}]")
    with (folder / "reconciler.yaml").open("a", encoding="utf-8") as settings:
        settings.write("guardrails: {coupon-in-use: off, coupon-expiry: off}\n")
    asked, dead = threading.Event(), threading.Event()

    def wait(seconds: float) -> None:
        asked.set()
        dead.wait(30)

    shop.sleep = wait
    shop.faults.add(InjectedFault(method, "/PromotionCoupon", "delay"))
    names = environment(url, shop.client_secret)
    process = spawn("apply", folder, "--auto-approve", env=names)
    assert asked.wait(30)
    process.kill()
    process.communicate()
    calls = len(shop.calls)
    dead.set()
    while len(shop.calls) == calls:
        time.sleep(0.01)
    point_at(url, client_secret=shop.client_secret)
    there = shop.store.get("coupon", "C")
    settled = there is not None and there.payload["Discount"] == 20
    assert run("plan", folder, "--detailed-exitcode").code == (0 if settled else 2)
    assert run("apply", folder, "--auto-approve").code == 0
    coupon = shop.store.get("coupon", "C").payload
    assert (coupon["Discount"], coupon["Limit"], coupon["Balance"]) == (20, 4, 4)
    assert run("plan", folder, "--detailed-exitcode").code == 0


def test_serve_ends_with_ctrl_c(spawn: Spawn, folder: Path) -> None:
    server, _ = serving(spawn, folder)
    server.send_signal(signal.SIGINT)
    out, err = server.communicate(timeout=30)
    assert (server.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert "sandbox" not in err.replace("CLIENT_ID=sandbox", "").replace("--client-secret", "")


def test_serve_on_a_taken_port_is_one_error(
    spawn: Spawn, folder: Path, served: tuple[str, Any]
) -> None:
    url, _ = served
    process = spawn("sandbox", "serve", folder, "--port", url.rpartition(":")[2])
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert "cannot listen" in err
    assert "Traceback" not in err


def test_a_reader_that_goes_away_is_no_error(spawn: Spawn, example: Path) -> None:
    process = spawn("plan", example)
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert "Exception" not in err


def test_a_pipe_that_takes_few_characters_is_no_error(spawn: Spawn, example: Path) -> None:
    narrow = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    process = spawn("plan", example, env=narrow, encoding="latin-1")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert " \\u2192 " in out


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name of a file is text")
def test_a_plan_of_a_folder_whose_name_is_no_text(spawn: Spawn, folder: Path) -> None:
    odd = folder.with_name(os.fsdecode(b"sh\xffp"))
    folder.rename(odd)
    saved = odd / "plan.json"
    strict = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    shown = spawn("plan", odd, "--format", "json", "--out", saved, env=strict)
    out, err = shown.communicate(timeout=60)
    assert (shown.returncode, err) == (0, "")
    assert json.loads(out) == json.loads(saved.read_text(encoding="utf-8"))
    applied = spawn("apply", saved, "--auto-approve", env=strict)
    _, err = applied.communicate(timeout=60)
    assert (applied.returncode, err) == (0, "")


def piped(script: str, *words: Any) -> tuple[int, str]:
    """Return exit code and stderr of the program with shell redirections."""
    ran = subprocess.run(
        ["sh", "-c", f'"$0" -m dealpos_reconciler "$@" {script}', sys.executable, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stderr


def test_a_current_folder_that_was_deleted_is_one_error(tmp_path: Path, root: Path) -> None:
    ran = subprocess.run(
        [
            "sh",
            "-c",
            'mkdir gone && cd gone && rmdir ../gone && "$0" -m dealpos_reconciler plan',
            sys.executable,
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root / "reconciler")},
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    said = "error: the current folder does not exist any more\nhint: change to another folder\n"
    assert ran.stderr.endswith(said)
    assert "Traceback" not in ran.stderr


def test_a_seed_document_is_read_as_utf_8_in_every_locale(folder: Path, tmp_path: Path) -> None:
    """A read in the encoding of the locale is an error here, whatever the locale is."""
    seed = tmp_path / "seed.json"
    seed.write_text('{"categories": [{"Name": "Thé"}]}', encoding="utf-8")
    strict = ["-X", "warn_default_encoding"]
    strict += ["-W", "error::EncodingWarning:dealpos_reconciler.workflows.connect"]
    words = ["-m", "dealpos_reconciler", "sandbox", "reset", str(folder), "--seed", str(seed)]
    ran = subprocess.run(
        [sys.executable, *strict, *words], capture_output=True, encoding="utf-8", check=False
    )
    assert (ran.returncode, ran.stderr) == (0, f"Sandbox of {folder} reset\n")


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk here")


@FULL
@pytest.mark.parametrize("words", [["--help"], ["init", "new"], ["schema", "new"], ["validate"]])
def test_a_full_disk_is_one_error(words: list[str], example: Path, tmp_path: Path) -> None:
    where = {"new": tmp_path / "new"}
    given = [where.get(word, word) for word in words] + [example] * (words == ["validate"])
    code, err = piped(">/dev/full", *given)
    assert (code, err) == (1, "error: the output cannot be written: No space left on device\n")


@pytest.mark.parametrize("script", [">&-", ">&- 2>&-"])
def test_output_that_is_closed_is_not_needed(script: str, example: Path) -> None:
    assert piped(script, "plan", example) == (0, "")
    assert piped(script, "apply", example, "--auto-approve") == (0, "")
