"""Configuration beside the files: folders, a variable for each option, secrets from files."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from dealpos_reconciler.cli.main import cli
from dealpos_reconciler.cli.secret_files import MAX_CHARACTERS, SECRETS, read_secret_files
from dealpos_reconciler.dealpos import credential_command
from dealpos_reconciler.dealpos.credential_command import COMMAND, ask_command
from dealpos_reconciler.errors import StoreError, UsageError
from tests.support.program import SECRET, RunProgram
from tools.site.environment import VARIABLES

KEY = "RECONCILER_PLAN_KEY"
VALUE = "a-key-of-sixteen-characters"


@pytest.fixture
def repository(folder: Path) -> Path:
    """The shop folder, in a git work tree."""
    (folder.parent / ".git").mkdir()
    return folder


class TestFolder:
    """The shop folder: given, changed to, or found upwards."""

    def test_a_folder_above_is_found(
        self, repository: Path, run: RunProgram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        below = repository / "catalogue" / "drinks"
        below.mkdir()
        monkeypatch.chdir(below)
        assert run("validate").code == 0
        assert "1 to create" not in run("plan", "--compact").err
        assert run("apply", "--auto-approve").code == 0
        assert run("plan", "--detailed-exitcode").code == 0
        assert (repository / ".reconciler").is_dir()

    def test_a_folder_that_is_named_is_taken_as_it_is(
        self, repository: Path, run: RunProgram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(repository / "catalogue")
        ran = run("validate", ".")
        assert ran.code == 1
        assert "is not a shop folder" in ran.err

    @pytest.mark.parametrize("command", [("validate",), ("adopt", "--all"), ("sandbox", "show")])
    def test_settings_outside_of_the_work_tree_are_not_taken(
        self, folder: Path, run: RunProgram, command: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inner = folder / "vendor"
        (inner / "shop").mkdir(parents=True)
        monkeypatch.chdir(inner)
        assert "is not a shop folder" in run(*command).err  # no git at all
        (inner / ".git").mkdir()
        monkeypatch.chdir(inner / "shop")
        assert "is not a shop folder" in run(*command).err

    def test_a_nearer_file_with_another_name_is_not_passed_over(
        self, repository: Path, run: RunProgram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (repository / "catalogue" / "reconciler.yml").touch()
        monkeypatch.chdir(repository / "catalogue")
        ran = run("plan")
        assert ran.code == 1
        assert "reconciler.yml must be named reconciler.yaml" in ran.err

    def test_two_settings_files_are_named(self, repository: Path, run: RunProgram) -> None:
        (repository / "reconciler.yml").touch()
        ran = run("plan", repository)
        assert ran.code == 1
        assert "two settings files: reconciler.yaml and reconciler.yml" in ran.err

    def test_a_new_folder_is_never_looked_for_above(
        self, repository: Path, run: RunProgram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        new = repository / "new"
        new.mkdir()
        monkeypatch.chdir(new)
        assert run("init").code == 0
        assert (new / "reconciler.yaml").is_file()

    def test_relative_paths_begin_in_the_folder_that_is_changed_to(
        self, folder: Path, run: RunProgram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(folder.parent)
        assert run("-C", folder.name, "plan", "--out", "plan.json").code == 0
        assert (folder / "plan.json").is_file()
        os.chdir(folder.parent)
        ran = run("-C", "missing", "plan")
        assert (ran.code, ran.out) == (1, "")
        assert "cannot change to missing: No such file or directory" in ran.err


def options(command: click.Command = cli) -> Iterator[click.Option]:
    """The options of a command and of all below."""
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield parameter
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        yield from options(below)


class TestVariables:
    """A variable for each option."""

    def test_a_variable_sets_an_option(
        self, folder: Path, run: RunProgram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RECONCILER_PLAN_DETAILED_EXITCODE", "1")
        monkeypatch.setenv("RECONCILER_PLAN_FORMAT", "json")
        ran = run("plan", folder)
        assert ran.code == 2
        assert ran.json["format_version"]
        assert not run("plan", folder, "--format", "markdown").out.startswith("{")

    def test_an_address_may_contain_blanks(
        self, folder: Path, run: RunProgram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RECONCILER_PLAN_TARGET", "category/Hot Drinks\nvariant/*")
        ran = run("plan", folder)
        assert "category/Hot Drinks" in ran.err

    def test_a_value_that_is_wrong_names_its_variable(
        self, folder: Path, run: RunProgram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RECONCILER_PLAN_RESERVE", "many")
        ran = run("plan", folder)
        assert ran.code == 1
        assert "RECONCILER_PLAN_RESERVE" in ran.err
        assert "RECONCILER_PLAN_RESERVE" not in run("plan", folder, "--reserve", "many").err

    def test_the_version_of_a_package_is_no_option(
        self, folder: Path, run: RunProgram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RECONCILER_VERSION", "1.2.3")
        monkeypatch.setenv("RECONCILER_HELP", "https://wiki")
        assert run("validate", folder).code == 0

    def test_no_option_shares_its_variable_with_another_meaning(self) -> None:
        names = [str(option.envvar) for option in options() if option.envvar]
        assert {"RECONCILER_PLAN_COMPACT", "RECONCILER_PROVIDER_SETTLE_SINCE"} <= {*names}
        shared = {name for name in names if names.count(name) > 1}
        assert all(name.startswith("RECONCILER_SANDBOX_") for name in shared), shared
        other = {name for name in VARIABLES if "SANDBOX" not in name}
        assert not {*names} & {*other, *(f"{name}_FILE" for name in SECRETS)}


class TestSecretFiles:
    """Secrets that stand in files."""

    def test_a_secret_is_read_from_its_file(
        self, folder: Path, run: RunProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "key"
        path.write_text(VALUE + "\n", encoding="utf-8")
        monkeypatch.setenv(KEY, "")
        monkeypatch.setenv(KEY + "_FILE", str(path))
        saved = tmp_path / "plan.json"
        assert run("plan", folder, "--sign", "--out", saved).code == 0
        monkeypatch.setenv(KEY, VALUE)
        monkeypatch.delenv(KEY + "_FILE", raising=False)  # the program takes it away
        assert run("apply", saved, "--verify", "--auto-approve", "--shop", folder).code == 0

    @pytest.mark.parametrize("end", ["", "\n", "\r\n"])
    @pytest.mark.parametrize("name", SECRETS)
    def test_the_newline_at_the_end_is_no_part_of_it(
        self, name: str, end: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "secret"
        path.write_bytes(f" {VALUE} {end}".encode())
        environment = {name + "_FILE": str(path)}
        read_secret_files(environment)
        assert environment[name] == f" {VALUE} "

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (None, "cannot be read: No such file or directory"),
            (b"", "is empty"),
            (b"\n", "is empty"),
            (b"\xff\xfe\x00", "is not UTF-8 text"),
            (b"one\ntwo\n", "has more than one line"),
            (b"a\0b", "has more than one line"),
            (b"x" * (MAX_CHARACTERS + 1), "is longer than"),
        ],
    )
    def test_a_file_that_is_no_secret_is_named(
        self, content: bytes | None, reason: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "secret"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UsageError) as error:
            read_secret_files({KEY + "_FILE": str(path)})
        assert error.value.message.startswith(f"{path}, which {KEY}_FILE names, {reason}")

    def test_two_values_for_one_secret_are_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=f"{KEY} and {KEY}_FILE are both set"):
            read_secret_files({KEY: VALUE, KEY + "_FILE": str(tmp_path)})

    def test_help_needs_no_secret(self, run: RunProgram, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(KEY + "_FILE", "/nowhere")
        assert run("plan", "--help").code == 0
        assert run("validate").code == 1


def printing(text: str, code: int = 0) -> str:
    """A command that prints this."""
    program = f"import sys; print({text!r}); sys.exit({code})"
    return shlex.join([sys.executable, "-c", program])


class TestCredentialCommand:
    """Credentials that a command prints."""

    def test_a_command_gives_the_credentials(
        self,
        folder: Path,
        run: RunProgram,
        served: tuple[str, Any],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        address, _ = served
        program = tmp_path / "ask.py"
        # Escaped: the listener for leaks reads the output of every process.
        program.write_text(
            "import os\n"
            f"secret = {{{address!r}: {SECRET!r}}}[os.environ['DEALPOS_URL']]\n"
            "secret = ''.join(f'\\\\u{ord(letter):04x}' for letter in secret)\n"
            'print(\'{"client_id": "sandbox", "client_secret": "\' + secret + \'"}\')\n',
            encoding="utf-8",
        )
        monkeypatch.setenv("DEALPOS_URL", address)
        assert "no credentials for" in run("plan", folder).err
        monkeypatch.setenv(COMMAND, shlex.join([sys.executable, str(program)]))
        ran = run("plan", folder)
        assert ran.code == 0
        assert SECRET not in ran.out + ran.err

    def test_credentials_of_the_environment_need_no_command(
        self,
        folder: Path,
        run: RunProgram,
        served: tuple[str, Any],
        point_at: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        point_at(served[0])
        monkeypatch.setenv(COMMAND, printing("", 1))
        assert run("plan", folder).code == 0
        monkeypatch.setenv("DEALPOS_URL", "sandbox")
        assert run("plan", folder).code == 0

    @pytest.mark.parametrize(
        ("program", "reason"),
        [
            ("while True: print('s3cret' * 1000)", "printed more than 64 KiB"),
            ("import time; time.sleep(60)", "did not end within 1 seconds"),
            ("import os, time; os.fork() or time.sleep(2)", "did not end within 1 seconds"),
        ],
    )
    def test_a_command_that_does_not_end(
        self, program: str, reason: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(credential_command, "MAX_SECONDS", 1)
        with pytest.raises(StoreError, match=reason):
            ask_command(shlex.join([sys.executable, "-c", program]), "https://shop")

    @pytest.mark.parametrize(
        ("command", "reason"),
        [
            ("/nowhere/to-be-found", "cannot be run: No such file or directory"),
            ("'open quote", "cannot be run: No closing quotation"),
            ("   ", "cannot be run"),
            (printing("", 3), "ended with exit code 3"),
            (printing("s3cret"), "printed something else than the credentials"),
            (printing('["s3cret"]'), "printed something else than the credentials"),
            (printing('{"client_id": "s3cret"}'), "printed something else than the credentials"),
            (printing("[" * 60_000), "printed something else than the credentials"),
            (
                printing(json.dumps({"client_id": "s3cret", "client_secret": " "})),
                "printed credentials that are empty or no text",
            ),
            (
                printing(json.dumps({"client_id": ["s3cret"], "client_secret": "s3cret"})),
                "printed credentials that are empty or no text",
            ),
        ],
    )
    def test_a_command_that_gives_none_is_an_error(
        self,
        command: str,
        reason: str,
        folder: Path,
        run: RunProgram,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("DEALPOS_URL", "http://127.0.0.1:1")
        monkeypatch.setenv(COMMAND, command)
        ran = run("plan", folder)
        assert ran.code == 1
        assert f"error: the command in {COMMAND} {reason}" in ran.err
        assert "s3cret" not in ran.out + ran.err

    def test_files_of_the_shop_cannot_name_a_command(
        self, folder: Path, run: RunProgram, tmp_path: Path
    ) -> None:
        (folder / "reconciler.yaml").write_text(
            f"store: {{url: 'http://127.0.0.1:1', credential_command: touch {tmp_path / 'x'}}}\n",
            encoding="utf-8",
        )
        assert "unknown key `credential_command`" in run("plan", folder).err
        assert not (tmp_path / "x").exists()


def test_a_socks_proxy_names_its_extra(
    folder: Path, run: RunProgram, point_at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at("https://shop.dealpos.net")
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "socksio", None)  # as where it is not installed
    ran = run("plan", folder)
    assert ran.code == 1
    assert "the extra `socks`" in ran.err
