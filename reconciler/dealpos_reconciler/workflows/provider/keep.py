"""Look after the store: a copy while it serves, the holds of a code, and the codes of a batch."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.core.provider.batch_codes import derive_codes, key_check
from dealpos_reconciler.core.provider.options import CODES_KEY
from dealpos_reconciler.core.provider.release import parse_release, shown_names
from dealpos_reconciler.core.provider.terms import Terms, code_key
from dealpos_reconciler.errors import ProviderError, UsageError, suggestion
from dealpos_reconciler.provider.store import PublishedRelease, UsageStore
from dealpos_reconciler.provider.till.loaded import load_release
from dealpos_reconciler.workflows.provider.reading import connect_provider, read_codes_key
from dealpos_reconciler.workflows.provider.stored import ask_store, read_release


def back_up(settings: Settings, file: Path) -> None:
    """Write a consistent copy of the store to `file`. Raises UsageError, ProviderError."""

    async def copy(store: UsageStore) -> None:
        await store.backup(file)

    try:
        ask_store(settings, copy)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None


def free_holds(settings: Settings, code: str) -> int:
    """End the holds of a code; return how many there were.

    Raises UsageError for a code that no release knows.
    """
    key = read_codes_key()

    async def free(store: UsageStore) -> int:
        return await store.free(_find_counter(await read_release(store), code, key))

    return ask_store(settings, free)


def _find_counter(release: PublishedRelease, code: str, key: bytes | None) -> str:
    named = parse_release(release.document, f"release {release.number}")
    for terms in named.coupons:
        if terms.batch is None and code_key(terms.code) == code_key(code):
            return code_key(terms.code)
    has_batch = any(terms.batch for terms in named.coupons)
    if has_batch and key is None:
        raise UsageError(f"{CODES_KEY} is not set, and a code of a batch needs it")
    found = load_release(release, key).coupons.find(code) if has_batch and key else None
    if found is None:
        hint = "'reconciler provider status' lists the coupons; a batch has no holds, its codes do"
        raise UsageError("the release has no coupon with this code", hint=hint)
    return found.counter


def read_batch(settings: Settings, name: str) -> Sequence[str]:
    """Return the codes of a published batch, in their order.

    Raises UsageError for a batch that is not published or without the key, ProviderError for
    another key: its codes would open nothing.
    """
    newest = connect_provider(settings).read_state().release
    if newest is None:
        raise ProviderError("no release is published", hint="publish it with 'reconciler apply'")
    release = parse_release(newest.document, f"release {newest.number}")
    batches = [terms for terms in release.coupons if terms.batch]
    terms = _find_batch(batches, name, shown_names(release))
    assert terms.batch
    key = read_codes_key()
    if key is None:
        hint = "set it to the key that the release was published with"
        raise UsageError(f"{CODES_KEY} is not set, and the codes are made with it", hint=hint)
    if key_check(key) != release.key_check:
        hint = f"set {CODES_KEY} to the key that the release was published with"
        raise ProviderError("the release was made with another codes key", hint=hint)
    return list(derive_codes(key, terms.code, terms.batch))


def _find_batch(batches: Sequence[Terms], name: str, shown: Mapping[str, str]) -> Terms:
    for terms in batches:
        if code_key(terms.code) == code_key(name):
            return terms
    names = [shown[code_key(terms.code)] for terms in batches]
    known = f"the batches are {', '.join(names)}" if names else "no batch is published"
    raise UsageError(f"no batch has the name {name}", hint=suggestion(name, names) or known)


def write_codes(file: Path, codes: Sequence[str]) -> None:
    """Write codes as a CSV file of one column that only its owner can read.

    Raises UsageError for a file that is there already, or cannot be written.
    """
    text = "\r\n".join(["code", *codes, ""]).encode()
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    except FileExistsError:
        hint = "name a new file: whoever can read the old one could read the codes"
        raise UsageError(f"{file} exists already", hint=hint) from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(number, "wb") as out:
            out.write(text)
    except OSError as error:
        with suppress(OSError):
            file.unlink()
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None
