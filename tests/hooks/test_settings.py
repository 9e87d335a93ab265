"""`hooks:` and `notify:` of the settings: values, and problems at their lines."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dealpos_reconciler.catalogue.settings import Settings, load
from dealpos_reconciler.core.hints import TOPICS, HookSettings
from dealpos_reconciler.errors import SourceError

URL = "https://chat.example/services/T0/B0/token"


def read(folder: Path, text: str) -> Settings:
    (folder / "reconciler.yaml").write_text(f"store: {{url: sandbox}}\n{text}", encoding="utf-8")
    return load(folder, {"RECONCILER_NOTIFY_URL": URL, "BAD_URL": "http://chat.example/token"})


def test_the_sections_have_defaults_and_are_off_without_a_line(tmp_path: Path) -> None:
    assert (read(tmp_path, "").hooks, read(tmp_path, "").notify) == (None, None)
    assert read(tmp_path, "hooks: {}").hooks == HookSettings(timedelta(seconds=20), 20, 30)
    hooks = read(tmp_path, "hooks: {settle: 2m, reserve: 0, max_reads: 600}").hooks
    assert hooks == HookSettings(timedelta(minutes=2), 0, 600)


def test_the_receiver_comes_from_the_environment_and_is_not_shown(tmp_path: Path) -> None:
    settings = read(tmp_path, "notify: {url: '${RECONCILER_NOTIFY_URL}', on: [missing]}")
    assert settings.notify is not None
    assert (settings.notify.url, settings.notify.on) == (URL, {"missing"})
    assert "token" not in repr(settings.notify)
    plain = read(tmp_path, "notify: {url: 'http://localhost:9000/x'}").notify
    assert plain is not None
    assert plain.on == set(TOPICS)
    unset = read(tmp_path, "notify: {url: '${NOTIFY_ELSEWHERE}'}").notify
    assert unset is not None
    assert unset.url == "${NOTIFY_ELSEWHERE}", "validate needs no environment"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hooks: {settle: 0s}", "2:17: hooks: `settle` must be longer than 0 and at most an hour"),
        ("hooks: {settle: 2h}", "2:17: hooks: `settle` must be longer than 0 and at most an hour"),
        ("hooks: {reserve: 50}", "2:18: hooks: `reserve` must be a whole number from 0 to 49"),
        (
            "hooks: {max_reads: 9}",
            "2:20: hooks: `max_reads` must be a whole number from 10 to 1000",
        ),
        ("hooks: {max_read: 9}", "2:9: hooks: unknown key `max_read`"),
        ("hooks: on", "2:8: `hooks` must be a mapping (key: value lines)"),
        ("notify: {on: [drifted]}", "2:9: notify: `url` is missing"),
        (f"notify: {{url: '{URL}', on: [drift]}}", "must be one of drifted, missing, beyond"),
        (f"notify: {{url: '{URL}', on: []}}", "notify: `on`"),
        ("notify: {url: '${BAD_URL}'}", "2:15: notify: plain HTTP is allowed for localhost only"),
        ("notify: {url: 'chat.example'}", "must begin with https:// and a host"),
        ("notify: {url: 'https://a:b@chat.example'}", "contains a user name or password"),
    ],
)
def test_a_problem_is_at_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(SourceError) as error:
        read(tmp_path, text)
    (found,) = error.value.problems
    assert problem in str(found)
    assert "chat.example/token" not in str(found)
