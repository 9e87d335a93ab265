"""Where a ledger lives: of two runs one wins, the other finds out first, and nothing is lost."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dealpos_reconciler.catalogue import settings
from dealpos_reconciler.core.ledger.ledger import AppliedRun, Ledger, LedgerEntry
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.errors import LedgerConflict, LedgerError, UsageError
from dealpos_reconciler.ledger import document, open_backend, read_key
from dealpos_reconciler.ledger.backend import LedgerBackend, LedgerSnapshot
from dealpos_reconciler.ledger.file import FILE
from dealpos_reconciler.ledger.git import GitBackend, slug
from dealpos_reconciler.ledger.git_repository import GitRepository
from dealpos_reconciler.ledger.state_dir import StateDir

STORE = "https://shop.example"
LATER, EARLIER = "2999-01-01T00:00:00Z", "2000-01-01T00:00:00Z"
PRICE = LedgerEntry(
    {"unit_price": 18000, "expiry": "12.5"},
    EARLIER,
    "c0ffee+",
    {("limit",): (100, 63)},
    37,
)
ONE = Ledger(
    {Address("variant", "A/B"): PRICE},
    (AppliedRun(EARLIER, "c0ffee", {Address("x", "y"): "create"}),),
)
TWO = Ledger({Address("variant", "C"): PRICE})


def git(folder: Path, *words: str) -> str:
    ran = subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A git that knows nobody, as in CI."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    (tmp_path / "gitconfig").write_text("[user]\n\tuseConfigOnly = true\n", encoding="utf-8")


Pair = tuple[Callable[[], LedgerBackend], Callable[[], LedgerBackend]]


@pytest.fixture(params=["file", "git", "git without a remote"])
def runners(request: Any, tmp_path: Path, clone: Callable[[str], Path]) -> Pair:
    """Two runners on one store: processes of a folder, or clones on two machines."""
    if request.param == "git":
        a, b = clone("a"), clone("b")
        return (lambda: GitBackend(a, STORE)), (lambda: GitBackend(b, STORE))
    folder = tmp_path / "shop"
    folder.mkdir()
    kind = request.param.partition(" ")[0]
    (folder / "reconciler.yaml").write_text(f"ledger: {kind}\n", encoding="utf-8")
    if kind == "git":
        git(folder, "init", "-q")
    mode = settings.load(folder, {}).ledger

    def make() -> LedgerBackend:
        found = open_backend(StateDir(folder), mode, STORE)
        assert found is not None
        return found

    return make, make


def test_what_was_written_is_read_by_everybody(runners: Pair) -> None:
    first, second = (make() for make in runners)
    assert second.read() == LedgerSnapshot()
    first.take(first.read(), LATER)
    first.release(ONE)
    found = second.read()
    assert (found.ledger, found.lock) == (ONE, None)
    second.take(found, LATER)
    second.release(TWO)
    assert first.read().ledger == TWO


def test_while_one_applies_no_other_begins(runners: Pair) -> None:
    first, second = (make() for make in runners)
    one, two = first.read(), second.read()
    first.take(one, LATER)
    with pytest.raises(LedgerConflict) as caught:
        second.take(two, LATER)
    assert "nothing was written" in caught.value.message + caught.value.hint
    first.release(ONE)
    with pytest.raises(LedgerConflict) as caught:
        second.take(two, LATER)
    assert "has finished" in caught.value.message
    found = second.read()
    assert found.ledger == ONE
    second.take(found, LATER)
    second.release(TWO)


def test_of_many_at_once_exactly_one_wins(runners: Pair) -> None:
    homes = [runners[index % 2]() for index in range(6)]
    read = [each.read() for each in homes]
    won: list[int] = []
    gate = threading.Barrier(len(homes))

    def race(index: int) -> None:
        gate.wait()
        try:
            homes[index].take(read[index], LATER)
        except LedgerConflict:
            return
        won.append(index)

    threads = [threading.Thread(target=race, args=(index,)) for index in range(len(homes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    homes[won[0]].release(ONE)
    assert runners[1]().read().ledger == ONE


def test_a_run_that_ends_early_lets_others_in_with_the_ledger_as_it_was(runners: Pair) -> None:
    first, second = (make() for make in runners)
    first.take(first.read(), LATER)
    first.release(ONE)
    first.take(first.read(), LATER)
    first.abandon()
    found = second.read()
    assert (found.ledger, found.lock) == (ONE, None)
    second.take(found, LATER)
    second.abandon()


def killed(home: Any) -> None:
    """The process is gone, and the system has let its lock go."""
    home._lock.release()


def test_the_lease_of_a_killed_run_ends_by_time_or_by_a_word(clone: Callable[[str], Path]) -> None:
    first, second = GitBackend(clone("a"), STORE), GitBackend(clone("b"), STORE)
    first.take(first.read(), LATER)
    killed(first)
    found = second.read()
    assert found.lock is not None
    assert (found.lock.until, found.lock.by) == (LATER, "reconciler")
    with pytest.raises(LedgerConflict) as caught:
        second.take(found, LATER)
    assert "another apply is running since" in caught.value.message
    assert "--force-unlock" in caught.value.hint
    second.take(found, EARLIER, force=True)
    killed(second)
    third = GitBackend(clone("c"), STORE)
    third.take(third.read(), LATER)  # its time is over
    third.release(ONE)
    assert second.read().ledger == ONE


def test_a_killed_run_of_this_clone_is_no_hindrance(clone: Callable[[str], Path]) -> None:
    folder = clone("a")
    first = GitBackend(folder, STORE)
    first.take(first.read(), LATER)
    killed(first)
    again = GitBackend(folder, STORE)
    again.take(again.read(), LATER)
    again.release(ONE)
    assert GitBackend(clone("b"), STORE).read().ledger == ONE


def test_a_run_that_is_killed_between_push_and_its_own_clone_is_no_hindrance_there(
    clone: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = clone("a")
    line = GitRepository._line

    class Killed(BaseException):
        pass

    def pushed(self: GitRepository, *words: str, **more: Any) -> str:
        said = line(self, *words, **more)
        if words[0] == "push":
            raise Killed
        return said

    first = GitBackend(folder, STORE)
    with monkeypatch.context() as patch:
        patch.setattr(GitRepository, "_line", pushed)
        with pytest.raises(Killed):
            first.take(first.read(), LATER)
    other = GitBackend(clone("b"), STORE)
    with pytest.raises(LedgerConflict, match="another apply is running"):
        other.take(other.read(), LATER)
    again = GitBackend(folder, STORE)
    again.take(again.read(), LATER)
    again.release(ONE)
    assert other.read().ledger == ONE


def test_a_push_whose_answer_is_lost_counts(
    clone: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = GitRepository._line

    def lost(self: GitRepository, *words: str, **more: Any) -> str:
        said = line(self, *words, **more)
        if words[0] == "push":
            raise LedgerError("git push: connection reset")
        return said

    first = GitBackend(clone("a"), STORE)
    with monkeypatch.context() as patch:
        patch.setattr(GitRepository, "_line", lost)
        first.take(first.read(), LATER)
    first.release(ONE)
    assert GitBackend(clone("b"), STORE).read().ledger == ONE


def test_the_journal_travels_with_the_lock_and_its_updates(clone: Callable[[str], Path]) -> None:
    first, second = GitBackend(clone("a"), STORE), GitBackend(clone("b"), STORE)
    first.journal = "one"
    first.take(first.read(), LATER, run="r1")
    found = second.read()
    assert found.lock is not None
    assert (found.journal, found.lock.run) == ("one", "r1")
    first.journal = "two"
    first.publish()
    assert second.read().journal == "two"
    first.release(ONE)
    assert (second.read().journal, second.read().lock) == ("two", None)


def test_the_loser_of_a_take_over_is_told_and_overwrites_nothing(
    clone: Callable[[str], Path],
) -> None:
    first, second = GitBackend(clone("a"), STORE), GitBackend(clone("b"), STORE)
    first.take(first.read(), EARLIER)
    second.take(second.read(), LATER)
    with pytest.raises(LedgerError) as caught:
        first.release(ONE)
    assert "another run released it" in caught.value.message
    assert "--rebuild" in caught.value.hint
    second.release(TWO)
    assert first.read().ledger == TWO


def test_a_push_does_not_overwrite_one_that_came_between_look_and_push(
    clone: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = GitBackend(clone("a"), STORE), GitBackend(clone("b"), STORE)
    one, two = first.read(), second.read()
    push = GitRepository._push

    def overtaken(self: GitRepository, *words: str) -> None:
        monkeypatch.setattr(GitRepository, "_push", push)
        second.take(two, LATER)
        push(self, *words)

    monkeypatch.setattr(GitRepository, "_push", overtaken)
    with pytest.raises(LedgerConflict):
        first.take(one, LATER)
    second.release(TWO)
    assert first.read().ledger == TWO


def test_what_could_not_be_pushed_is_pushed_by_the_next_run_of_the_clone(
    clone: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = clone("a")
    first = GitBackend(folder, STORE)
    first.take(first.read(), LATER)
    (tmp_path / "remote.git").rename(tmp_path / "away.git")
    with pytest.raises(LedgerError) as caught:
        first.release(ONE)
    assert "in this clone only" in caught.value.message
    with pytest.raises(LedgerError):
        GitBackend(folder, STORE).read()
    (tmp_path / "away.git").rename(tmp_path / "remote.git")
    again = GitBackend(folder, STORE)
    found = again.read()
    assert (found.ledger, found.lock) == (ONE, None)
    again.take(found, LATER)
    again.release(TWO)
    assert GitBackend(clone("b"), STORE).read().ledger == TWO


def test_a_remote_that_refuses_is_told_in_its_own_words(
    clone: Callable[[str], Path], tmp_path: Path
) -> None:
    hook = tmp_path / "remote.git" / "hooks" / "pre-receive"
    folder = clone("a")
    hook.write_text("#!/bin/sh\necho 'refs/reconciler is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    first = GitBackend(folder, STORE)
    with pytest.raises(LedgerError) as caught:
        first.take(first.read(), LATER)
    assert not isinstance(caught.value, LedgerConflict)
    assert "git push: remote: refs/reconciler is protected" in caught.value.message
    hook.unlink()
    first.take(first.read(), LATER)
    first.release(ONE)


def test_nothing_of_the_repository_is_touched_but_the_ref(clone: Callable[[str], Path]) -> None:
    folder = clone("a")
    git(folder, "checkout", "-q", "-b", "main")
    (folder / "file").write_text("not committed")
    git(folder, "add", "file")
    before = git(folder, "status", "--porcelain=v2", "--branch")
    first = GitBackend(folder, STORE)
    first.take(first.read(), LATER)
    first.release(ONE)
    assert git(folder, "status", "--porcelain=v2", "--branch") == before
    refs = git(folder, "for-each-ref", "--format=%(refname)").split()
    assert refs == ["refs/reconciler/shop.example"]
    told = git(folder, "log", "--format=%an <%ae> %s", refs[0]).splitlines()
    assert told[0] == "reconciler <reconciler@invalid> applied: 1 changes, 1 objects"


def test_a_branch_that_is_called_like_the_ref_is_not_the_ledger(
    clone: Callable[[str], Path],
) -> None:
    folder = clone("a")
    first = GitBackend(folder, STORE)
    first.take(first.read(), LATER)
    first.release(ONE)
    words = "-c user.name=x -c user.email=y commit -q --allow-empty -m x"
    git(folder, *words.split())
    git(folder, "push", "-q", "origin", "HEAD:refs/heads/refs/reconciler/shop.example")
    second = GitBackend(clone("b"), STORE)
    assert second.read().ledger == ONE
    # git itself does not push where a name is not one thing.
    with pytest.raises(LedgerError, match="matches more than one"):
        second.take(second.read(), LATER)
    assert first.read().ledger == ONE


def test_git_is_asked_for_by_name_where_it_cannot_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    folder = tmp_path / "plain"
    folder.mkdir()
    with pytest.raises(LedgerError, match="to be in a git repository") as caught:
        GitBackend(folder, STORE)
    assert "git init" in caught.value.hint
    git(folder, "init", "-q")
    for name in ("one", "two"):
        git(folder, "remote", "add", name, "x")
    with pytest.raises(LedgerError, match="none of the remotes is called `origin`: one, two"):
        GitBackend(folder, STORE)
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(LedgerError, match="needs git, which is not installed"):
        GitBackend(folder, STORE)


@pytest.mark.parametrize("secret", ["hunter2", "hu@n@ter2"])
def test_credentials_in_an_address_are_not_repeated(tmp_path: Path, secret: str) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", f"http://user:{secret}@127.0.0.1:9/x.git")
    with pytest.raises(LedgerError) as caught:
        GitBackend(folder, STORE).read()
    assert "ter2" not in caught.value.message


@pytest.mark.parametrize(
    ("store", "name"),
    [
        ("sandbox", "sandbox"),
        ("https://a.b.net", "a.b.net"),
        ("http://127.0.0.1:81", "127.0.0.1-81"),
    ],
)
def test_the_ref_is_called_after_the_store(store: str, name: str) -> None:
    assert slug(store) == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a valid ledger"),
        ("{", "is not a valid ledger"),
        ("[]", "is not a valid ledger"),
        (
            '{"format_version": "1.0", "store": "s", "objects": {"x": 1}, "applies": []}',
            "is not a valid ledger",
        ),
        (document.dump(TWO, "s").replace('"1.0"', '"2.0"'), "has the newer format 2.0"),
        (document.dump(TWO, "elsewhere"), "belongs to another store \\(elsewhere, not s\\)"),
        ("<<<<<<< HEAD\n" + document.dump(TWO, "s"), "has an unresolved git merge conflict"),
        (document.dump(ONE, "s").replace('["limit"]', "[]"), "is not a valid ledger"),
        (document.dump(ONE, "s").replace('["limit"]', "[[1]]"), "is not a valid ledger"),
        (document.dump(ONE, "s").replace('"create"', "[]"), "is not a valid ledger"),
        (document.dump(ONE, "s").replace('"c0ffee"', "5"), "is not a valid ledger"),
        (document.dump(ONE, "s").replace('"c0ffee+"', "5"), "is not a valid ledger"),
        (document.dump(ONE, "s").replace('"used": 37', '"used": "x"'), "is not a valid ledger"),
        (
            re.sub('"values": {.*?}', '"values": []', document.dump(ONE, "s")),
            "is not a valid ledger",
        ),
    ],
)
def test_what_is_no_ledger_is_refused_with_the_way_out(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        document.load(text, "s", FILE)
    assert "history --rebuild" in caught.value.hint


def test_an_object_of_the_document_has_a_line() -> None:
    text = document.dump(ONE, STORE)
    assert document.load(text, STORE, FILE) == ONE
    assert sum('"variant/A/B"' in line for line in text.splitlines()) == 1


def test_a_key_must_be_worth_the_name() -> None:
    assert read_key({}) is None
    with pytest.raises(UsageError, match="too short"):
        read_key({"RECONCILER_LEDGER_KEY": "short"})
    assert "0123456789abcdef" not in repr(read_key({"RECONCILER_LEDGER_KEY": "0123456789abcdef"}))


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / ".reconciler").touch()
    state = StateDir(tmp_path)
    for use in (state.create, lambda: state.read("journal.json")):
        with pytest.raises(UsageError, match="it is not a folder"):
            use()
