"""Read the published release beside the shop, and compose the release that a plan publishes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from dealpos_reconciler.catalogue.settings import Settings
from dealpos_reconciler.core.diff.change import Change
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.desired import Desired
from dealpos_reconciler.core.model.kind import Value
from dealpos_reconciler.core.model.live import ABSENT, Live, Observed
from dealpos_reconciler.core.model.masked import SecretText, reveal
from dealpos_reconciler.core.model.secret import SECRET
from dealpos_reconciler.core.model.store import PROVIDER
from dealpos_reconciler.core.plan.plan import Plan, SkippedChange
from dealpos_reconciler.core.provider.declared import (
    ShopFacts,
    fill_gaps,
    needs_key,
    resolve_declared,
    rows_of,
)
from dealpos_reconciler.core.provider.fingerprint import MIN_KEY_BYTES
from dealpos_reconciler.core.provider.options import ADMIN_TOKEN, CODES_KEY, ProviderSettings
from dealpos_reconciler.core.provider.publication import Publication, compose_publication
from dealpos_reconciler.core.provider.release import Release, digest_document, parse_release
from dealpos_reconciler.core.provider.terms import code_key
from dealpos_reconciler.errors import (
    Problem,
    ProviderError,
    ReleaseConflict,
    SourceError,
    UsageError,
)
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.provider.remote import DirectProvider, ProviderClient, RemoteProvider
from dealpos_reconciler.provider.store import Usage

(KIND,) = (kind for kind in KINDS.values() if kind.home == PROVIDER)


def connect_provider(settings: Settings) -> ProviderClient:
    """Return the provider of a shop. Raises ProviderError where it is not configured."""
    url = settings.provider.url
    if url is None:
        store = settings.provider_store()
        return DirectProvider(store, _name_store(settings.provider.store))
    token = os.environ.get(ADMIN_TOKEN, "")
    if not token:
        hint = f"set {ADMIN_TOKEN} to the token that `serve` was started with"
        raise ProviderError(f"{ADMIN_TOKEN} is not set, and `provider.url` needs it", hint=hint)
    return RemoteProvider(url, token)


def _name_store(store: str) -> str:
    """Return a store for people: the path as it is written, or the host of a database."""
    if "://" not in store:
        return store
    try:
        return f"the database at {urlsplit(store).hostname or 'localhost'}"
    except ValueError:
        return "a database"


def read_codes_key() -> bytes | None:
    """Return the codes key of the environment, or None; raise UsageError for a short one."""
    found = os.environ.get(CODES_KEY, "").encode("utf-8", "surrogateescape")
    if found and len(found) < MIN_KEY_BYTES:
        raise UsageError(
            f"{CODES_KEY} is too short", hint=f"use a random text of {MIN_KEY_BYTES} bytes"
        )
    return found or None


def read_facts(settings: Settings, desired: Desired) -> ShopFacts:
    """Return the facts that terms follow from. Raises UsageError where the codes key is missing."""
    key = read_codes_key()
    if key is None and needs_key(KIND, desired):
        hint = f"set it to a random text of {MIN_KEY_BYTES} bytes or more, and keep it: "
        hint += "another one changes every code of a batch, and forgets who used a coupon"
        why = "batches, `customer` and `limit_per_customer` need it"
        raise UsageError(f"{CODES_KEY} is not set, and {why}", hint=hint)
    customers = desired.objects.get("customer", {})
    return ShopFacts(
        settings.timezone,
        str(settings.timezone or "UTC"),
        settings.provider.options,
        key,
        {reveal(code): declared.value for code, declared in customers.items()},
    )


@dataclass(slots=True)
class ProviderSide:
    """The provider as a plan found it."""

    client: ProviderClient
    facts: ShopFacts
    declared: frozenset[str] = frozenset()
    """The coupons of the files, also outside the scope of a plan."""
    number: int = 0
    """The newest release; 0 where none is published."""
    release: Release | None = None
    digest: str = ""
    rows: Mapping[str, Value] = field(default_factory=dict)
    usage: Mapping[str, Usage] = field(default_factory=dict)
    unread: str | None = None
    """The reason why nothing is known of the provider."""

    def fill(self, desired: Desired) -> Desired:
        """Return the coupons with the fields that only the release has, as empty ones."""
        coupons = {
            name: replace(d, value=fill_gaps(KIND, d.value, self.rows.get(name, {})))
            for name, d in desired.objects.get(KIND.name, {}).items()
        }
        objects = {**desired.objects, KIND.name: coupons} if coupons else desired.objects
        return replace(desired, objects=objects)

    def show(self, desired: Desired) -> Live:
        """Return the release as live objects, with the fields that only `desired` has."""
        declared = desired.objects.get(KIND.name, {})
        removed = [address.name for address in desired.removals if address.kind == KIND.name]
        names = {*declared, *removed}
        if self.unread is not None:
            why = self.unread
            return Live(read_errors={Address(KIND.name, name): why for name in names})
        found: dict[str, Observed | object] = dict.fromkeys(names, ABSENT)
        for name, row in self.rows.items():
            other = declared[name].value if name in declared else {}
            found[name] = Observed(fill_gaps(KIND, row, other))
        return Live(objects={KIND.name: found}, complete={KIND.name})  # type: ignore[dict-item]

    def extend(self, plan: Plan) -> Plan:
        """Return a plan with the uses of its coupons, and the release that it publishes."""
        if self.unread is not None:
            return plan
        own = [c for c in plan.changes if c.address.kind == KIND.name]
        seen = [
            replace(c, remarks=tuple(self._say_uses(c))) if c.address.kind == KIND.name else c
            for c in plan.changes
        ]
        made = compose_publication(
            self.client.place,
            self.number,
            self.release,
            self.rows,
            own,
            KIND,
            self.facts,
            self.declared,
        )
        return replace(plan, changes=tuple(seen), publication=made)

    def _say_uses(self, change: Change) -> Iterator[str]:
        """Yield the uses of a coupon that is published already."""
        uses = self.usage.get(code_key(reveal(change.address.name)))
        if change.before is None or uses is None or not (uses.used or uses.held):
            return
        at_tills = f", {uses.held:,} held at tills now" if uses.held else ""
        yield f"used {uses.used:,}{at_tills}"
        after = change.after or {}
        limit = None if after.get("codes") else after.get("limit")
        if isinstance(limit, int) and uses.used >= limit:
            yield f"closed: {uses.used:,} of {limit:,} used"

    def is_published(self, approved: Publication) -> bool:
        """Return whether the newest release is the one that a saved plan would publish."""
        return self.digest == approved.digest

    def find_stale(self, approved: Publication, changes: Iterable[Address]) -> dict[Address, str]:
        """Return the approved coupons that must not be published any more, and why.

        Raises ReleaseConflict where nothing else was approved of the provider.
        """
        if self.unread is not None or self.number == approved.previous:
            return {}
        if self.is_published(approved):
            return {}
        why = (
            f"release {self.number:,} was published since the plan was saved "
            f"(it was made for release {approved.previous:,})"
        )
        stale = {address: why for address in changes if address.kind == KIND.name}
        if not stale:
            raise ReleaseConflict(why, hint="plan again")
        return stale

    def hold_to(self, approved: Publication, plan: Plan) -> Plan:
        """Return a rechecked plan without its coupons where the release is not the approved one."""
        made = self.extend(plan)
        if made.publication is None or made.publication.digest == approved.digest:
            return made
        why = "the release would not be the approved one: settings, customers or another coupon "
        why += "changed since the plan was saved"
        own = [c for c in plan.changes if c.address.kind == KIND.name]
        stale = tuple(SkippedChange(c.address, c.action, why) for c in own)
        if not stale:
            raise ReleaseConflict(why, hint="plan again")
        rest = tuple(c for c in plan.changes if c.address.kind != KIND.name)
        return replace(plan, changes=rest, stale=(*plan.stale, *stale))


def is_used(settings: Settings, desired: Desired) -> bool:
    """Return whether a shop has a provider: a section of the settings, or a coupon of the files."""
    named = any(address.kind == KIND.name for address in desired.removals)
    has_section = settings.provider != ProviderSettings()
    return bool(desired.objects.get(KIND.name)) or named or has_section


def read_provider(settings: Settings, desired: Desired) -> tuple[Desired, ProviderSide]:
    """Return the coupons as they are meant today, and the provider as it is now.

    What cannot be read is unknown; nothing is then planned for any coupon. Raises ProviderError,
    UsageError where address or secrets are missing, SourceError where a secret code would be shown.
    """
    facts = read_facts(settings, desired)
    desired = resolve_declared(desired, KIND, KINDS, facts)
    side = ProviderSide(connect_provider(settings), facts, frozenset(desired.objects[KIND.name]))
    try:
        state = side.client.read_state()
        if state.release is not None:
            side.number, document = state.release.number, state.release.document
            side.release = parse_release(document, f"release {side.number}")
            side.digest = digest_document(document)
            side.rows = rows_of(side.release, KIND, desired)
        side.usage = state.usage
    except ProviderError as error:
        side.unread = f"{error.message}. {error.hint}" if error.hint else error.message
    if problems := list(_find_shown_secrets(desired, side.release)):
        raise SourceError(problems)
    return desired, side


def _find_shown_secrets(desired: Desired, release: Release | None) -> Iterator[Problem]:
    """Yield the removals that would show a code which the release calls secret."""
    for address, removal in desired.removals.items() if release else ():
        if address.kind != KIND.name or isinstance(address.name, SecretText):
            continue
        if release and release.declared.get(code_key(address.name), {}).get(SECRET):
            hint = "add `secret: true` to the entry; without it, output shows the code"
            yield Problem(*removal.source, "this coupon was declared with `secret: true`", hint)
