"""The prose linter finds the words and the sentences that the project does not use."""

from __future__ import annotations

import pytest

from tools.prose.__main__ import in_messages, in_pages, in_reference, lint, unreleased
from tools.prose.rules import findings
from tools.prose.text import sentences

LONG = "One two three four five six seven eight nine ten " * 2 + "one two three four five six."


@pytest.mark.parametrize(
    ("sentence", "part"),
    [
        ("The change is withheld.", "write blocked"),
        ("Objects that the files dropped.", "write orphaned"),
        ("19 reads spent.", "write used"),
        ("1 dearer, 1 cheaper.", "write price increase"),
        ("The run takes it over.", "--force-unlock"),
        ("No read shows the field.", "never returns"),
        ("As the files say.", "declared"),
        ("The server keeps it.", "DealPOS stored"),
        ("It is no shop folder.", "write 'is not a shop'"),
        ("What no file declares is listed.", "name the thing"),
        ("Those that are unmanaged are listed.", "name the thing"),
        ("One; two; three.", "semicolon"),
        (LONG, "has 26 words"),
    ],
)
def test_a_sentence_that_is_not_in_our_words_is_found(sentence: str, part: str) -> None:
    assert any(part in finding for finding in findings(sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "There is no ledger.",
        "The object is no longer in the shop.",
        "What happens after a merge?",
        "Those values come from the files.",
        "The change is blocked; other changes go ahead.",
        LONG.replace("one two three four five six.", "one two three four five."),
    ],
)
def test_a_plain_sentence_passes(sentence: str) -> None:
    assert not list(findings(sentence))


def test_a_page_is_read_as_its_reader_does() -> None:
    page = """\
# A heading

<!-- a comment
of two lines -->
One sentence, with `code that is withheld`. A second
one on two lines.

```console
$ dropped
```

- an item; [a link](to/somewhere.md)
- two

| head | cell |
| --- | --- |
| a | b \\| c |
"""
    assert list(sentences(page)) == [
        (1, "A heading"),
        (5, "One sentence, with Code."),
        (5, "A second one on two lines."),
        (12, "an item; a link"),
        (13, "two"),
        (15, "head"),
        (15, "cell"),
        (17, "a"),
        (17, "b \\| c"),
    ]


def test_a_finding_names_file_line_and_sentence() -> None:
    (found,) = lint("docs/page.md", "Fine.\n\nThe change is withheld.\n")
    assert found == "docs/page.md:3: 'withheld': write blocked: The change is withheld."


def test_only_the_open_part_of_the_changelog_is_read() -> None:
    changelog = "# Changelog\n\n## [Unreleased]\n\n- New.\n\n## [0.1.0]\n\n- Withheld.\n"
    assert unreleased(changelog) == "\n\n## [Unreleased]\n\n- New.\n\n"


def test_the_docs_are_in_our_words() -> None:
    assert list(in_pages()) == []


def test_the_messages_are_in_our_words() -> None:
    assert list(in_messages()) == []


def test_the_generated_reference_is_in_our_words() -> None:
    assert list(in_reference()) == []
