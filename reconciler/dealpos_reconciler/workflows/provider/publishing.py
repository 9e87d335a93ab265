"""Publish the release of a plan after the changes in the shop, and read it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dealpos_reconciler.core.model.store import SHOP
from dealpos_reconciler.core.plan.plan import Plan
from dealpos_reconciler.core.provider.publication import Publication
from dealpos_reconciler.core.provider.release import digest_document
from dealpos_reconciler.core.report import Outcome, Published, Report
from dealpos_reconciler.errors import ProviderError, ProviderUnavailable, ReleaseConflict
from dealpos_reconciler.kinds import KINDS
from dealpos_reconciler.provider.remote import ProviderClient

_AGAIN = "plan again"


def publish_release(client: ProviderClient, plan: Plan, report: Report, commit: str) -> Report:
    """Publish the release of `plan` with one request, and return the report with its outcome.

    It is published where the shop has taken every other change: a coupon may rely on a price.
    """
    publication = plan.publication
    if publication is None:
        return report
    if why := _reason_against(report):
        published = Published(publication.place, publication.number, "skipped", why)
    else:
        published = _publish(client, publication, commit)
    return replace(
        report,
        outcomes=(*report.outcomes, *_outcomes(plan, published)),
        published=published,
    )


def _reason_against(report: Report) -> str | None:
    if report.stopped:
        return f"not published: {report.stopped}"
    for outcome in report.outcomes:
        missed = outcome.status in ("failed", "skipped", "stale") and not outcome.verified
        if missed or outcome.lost:
            return f"not published: {outcome.address} was not applied"
    return None


def _publish(client: ProviderClient, publication: Publication, commit: str) -> Published:
    place, number = publication.place, publication.number
    try:
        client.publish(publication.document, commit, publication.previous)
    except ReleaseConflict as error:
        return Published(place, number, "stale", f"{error.message}; {_AGAIN}")
    except ProviderUnavailable as error:
        return _settle(client, publication, error)
    except ProviderError as error:
        return Published(place, number, "failed", f"not published: {error.message}")
    return _settle(client, publication, None)


def _settle(
    client: ProviderClient, publication: Publication, lost: ProviderError | None
) -> Published:
    """Return the result that the provider shows, whatever came of the request."""
    place, number = publication.place, publication.number
    try:
        release = client.read_state().release
    except ProviderError as error:
        if lost is None:
            why = f"published, not read back: {error.message}"
            return Published(place, number, "unverified", why)
        why = f"it may be published or not, so {_AGAIN}: {lost.message}"
        return Published(place, number, "unverified", why, lost=True)
    digest = digest_document(release.document) if release else ""
    if release and (release.number, digest) == (number, publication.digest):
        return Published(place, number, "applied", f"release {number:,}")
    if lost is not None and (release.number if release else 0) == publication.previous:
        return Published(place, number, "failed", f"not published: {lost.message}")
    shown = f"release {release.number:,}" if release else "no release"
    why = f"the provider has {shown}, which is another one; {_AGAIN}"
    return Published(place, number, "unverified", why, lost=lost is not None)


def _outcomes(plan: Plan, published: Published) -> Iterator[Outcome]:
    """Yield an outcome for each coupon: they all have the one of their release."""
    verified = published.status == "applied"
    for change in plan.changes:
        if KINDS[change.address.kind].home != SHOP:
            yield Outcome(
                change.address,
                change.action,
                published.status,
                published.message,
                verified,
                published.lost,
            )
