"""The collector of messages finds what a person reads, and nothing else."""

from __future__ import annotations

import pytest

from tests.support.messages import PLACE, Message, collect_messages, texts_of


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        (
            'raise UsageError("the file is empty", hint="write a value")',
            ["the file is empty", "write a value"],
        ),
        (
            'raise UsageError(f"{path} cannot be read: {error.strerror}")',
            ["… cannot be read: …"],
        ),
        ('note = "two parts " f"of {one}"', ["two parts of …"]),
        ("f\"{count} {'open change' if one else 'changes'}\"", ["open change"]),
        ('def f(): "A docstring of a function."', []),
        ('LIMIT = 3\n"""A docstring of a constant."""', []),
        ('re.compile(r"with a pattern")', []),
        ('def f(a: "some annotation here") -> None: ...', []),
        ('get("GET /Variant"); key = "format_version"', []),
        ('f"{value:some format spec}"', []),
    ],
)
def test_texts_of_a_module(source: str, texts: list[str]) -> None:
    assert [message.text for message in texts_of("reconciler/x.py", source)] == texts


def test_messages_come_from_errors_renderers_rules_templates_and_help() -> None:
    found = collect_messages()
    files = {message.file for message in found}
    for part in (
        "cli/",
        "render/formats/",
        "guardrails/rules/",
        "core/plan/",
        "dealpos/",
        "catalogue/",
    ):
        assert any(name.startswith(f"{PLACE}/{part}") for name in files), part
    assert f"{PLACE}/render/templates/plan.html.j2" in files
    assert "reconciler apply --timeout" in files
    assert not any("sandbox/" in name for name in files)
    assert found == sorted(found)
    assert (
        Message(
            "reconciler apply --timeout",
            0,
            "Stop cleanly before this much time has passed: 90s, 8m, 1h30m (default: 24h).",
        )
        in found
    )
