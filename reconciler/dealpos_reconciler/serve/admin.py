"""The admin listener: health, metrics, the state of the provider, and publishing a release."""

from __future__ import annotations

import asyncio
import functools
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dealpos_reconciler.core.provider.release import digest_document
from dealpos_reconciler.errors import ProviderError, ProviderUnavailable, ReleaseConflict
from dealpos_reconciler.provider.store import PublishedRelease, UsageStore, read_usage_by_coupon
from dealpos_reconciler.serve.metrics import Metrics
from dealpos_reconciler.serve.reload import Releases
from dealpos_reconciler.serve.secret import Secrets

MAX_RELEASE_BYTES = 16 * 1024 * 1024
"""The longest release; one of 10,000 coupons has about 4 MiB."""
READY_SECONDS = 1.5
"""The time in which the store must have written and read a row; it says itself what is wrong."""
FORMAT_VERSION = "1.0"
_REMEMBER_SECONDS = 1.0
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

View = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class Admin:
    """The views of the admin listener."""

    token: Secrets
    store: UsageStore
    releases: Releases
    metrics: Metrics
    _checked: float = float("-inf")
    _wrong: str = ""

    def build_app(self, more: Mapping[str, View] | None = None) -> Starlette:
        """Return the ASGI application; `more` are further pages by path, for GET."""
        guarded: dict[str, tuple[str, View]] = {
            "/metrics": ("GET", self.show_metrics),
            "/admin/v1/state": ("GET", self.show_state),
            "/admin/v1/release": ("PUT", self.publish),
            **{path: ("GET", view) for path, view in (more or {}).items()},
        }
        routes = [
            Route("/healthz", self.show_health, methods=["GET"]),
            Route("/readyz", self.show_readiness, methods=["GET"]),
        ]
        for path, (method, view) in guarded.items():
            routes.append(Route(path, self._demand_token(view), methods=[method]))
        return Starlette(routes=routes)

    def _demand_token(self, view: View) -> View:
        @functools.wraps(view)
        async def guarded(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if not self.token.accept(token.strip()) or scheme.lower() != "bearer":
                headers = {"www-authenticate": "Bearer"}
                return _message(401, "the bearer token is missing or wrong", headers)
            try:
                response = await view(request)
            except ProviderUnavailable as error:
                response = _message(503, error.message)
            response.headers["cache-control"] = "no-store"
            return response

        return guarded

    async def show_health(self, request: Request) -> Response:
        """Answer that the process runs."""
        return JSONResponse({"status": "ok"})

    async def show_readiness(self, request: Request) -> Response:
        """Answer 200 if the store was written in time and a release is served, else 503."""
        reasons = [await self._check_store()]
        if self.releases.served is None:
            reasons.append(self.releases.refused or "no release is published")
        found = [reason for reason in reasons if reason]
        status = "ready" if not found else "not ready"
        return JSONResponse({"status": status, "reasons": found}, 503 if found else 200)

    async def _check_store(self) -> str:
        """Return why the store cannot be used, at most once a second; empty where it can."""
        if time.monotonic() - self._checked >= _REMEMBER_SECONDS:
            try:
                await asyncio.wait_for(self.store.check(), READY_SECONDS)
                self._wrong = ""
            except TimeoutError:
                self._wrong = f"the store did not answer in {READY_SECONDS:g} seconds"
            except ProviderError as error:
                self._wrong = error.message
            self._checked = time.monotonic()
            self.metrics.store_up.set(0 if self._wrong else 1)
        return self._wrong

    async def show_metrics(self, request: Request) -> Response:
        """Answer all metrics; without a store, all but the counts of coupons."""
        if not await self._check_store():
            try:
                used, held = await self._read_counts()
                settled = await self.store.last_settled()
            except ProviderUnavailable:
                self.metrics.store_up.set(0)
            else:
                service = self.releases.service
                self.metrics.set_coupons(used, held, service.limits(), service.names())
                self.metrics.last_settle.set(settled.timestamp() if settled else 0)
        self.metrics.queue_length.set(self.store.queue_length)
        self.metrics.spool_length.set(self.store.spool_length)
        text = await asyncio.to_thread(self.metrics.text)
        return Response(text, media_type=_METRICS_TYPE)

    async def _read_counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return uses and holds by coupon; the codes of a batch are summed."""
        counts = await read_usage_by_coupon(self.store)
        used = {name: found.used for name, found in counts.items()}
        return used, {name: found.held for name, found in counts.items()}

    async def show_state(self, request: Request) -> Response:
        """Answer the newest release with its document, and the counts of every coupon."""
        newest, settled = await self.store.current(), await self.store.last_settled()
        counts = await read_usage_by_coupon(self.store)
        state = {
            "format_version": FORMAT_VERSION,
            "release": newest and {**_describe(newest), "document": newest.document},
            "served": self.releases.served.number if self.releases.served else 0,
            "refused": self.releases.refused,
            "settled": settled and _print_moment(settled),
            "usage": {
                name: {"used": found.used, "held": found.held, "flagged": found.flagged}
                for name, found in sorted(counts.items())
            },
        }
        headers = {"etag": _etag(newest.number if newest else 0)}
        return JSONResponse(state, headers=headers)

    async def publish(self, request: Request) -> Response:
        """Publish a release after the one that `If-Match` names; 412 if that is not the newest."""
        previous = _parse_etag(request.headers.get("if-match", ""))
        if previous is None:
            hint = 'name the release that it follows: If-Match: "17"; "0" where there is none'
            return _message(428, hint)
        body = await _read(request)
        if body is None:
            return _message(413, f"a release has at most {MAX_RELEASE_BYTES // 1024**2} MiB")
        document, commit = _parse(body)
        if document is None:
            return _message(400, 'the body must be JSON: {"document": "…", "commit": "…"}')
        now = datetime.now(UTC)
        digest = digest_document(document)
        try:
            await self.releases.try_out(
                PublishedRelease(previous + 1, digest, document, commit, now)
            )
            made = await self.store.publish(document, digest, commit, previous, now)
        except ReleaseConflict as error:
            return _message(412, error.message)
        except ProviderUnavailable:
            raise
        except ProviderError as error:
            return _message(422, error.message)
        await self.releases.refresh()
        return JSONResponse(_describe(made), headers={"etag": _etag(made.number)})


def _describe(release: PublishedRelease) -> dict[str, Any]:
    return {
        "number": release.number,
        "digest": release.digest,
        "commit": release.commit,
        "published": _print_moment(release.published),
    }


def _print_moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _message(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"Message": message}, status, headers)


def _etag(number: int) -> str:
    return f'"{number}"'


def _parse_etag(text: str) -> int | None:
    number = text.removeprefix('"').removesuffix('"')
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None


async def _read(request: Request) -> bytes | None:
    """Return the body; None where it is too long."""
    chunks, length = [], 0
    async for chunk in request.stream():
        chunks.append(chunk)
        length += len(chunk)
        if length > MAX_RELEASE_BYTES:
            return None
    return b"".join(chunks)


def _parse(body: bytes) -> tuple[str | None, str]:
    """Return document and commit; None for a body that has no document."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None, ""
    document = found.get("document") if isinstance(found, dict) else None
    commit = found.get("commit", "") if isinstance(found, dict) else ""
    if not isinstance(document, str) or not isinstance(commit, str):
        return None, ""
    return document, commit[:64]
