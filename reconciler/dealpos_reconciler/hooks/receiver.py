"""The receiver of notifications: one signed POST in the form of Standard Webhooks."""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from standardwebhooks.webhooks import Webhook

from dealpos_reconciler import __version__
from dealpos_reconciler.errors import ProviderError
from dealpos_reconciler.hooks.outbox import Notice

# Without this line httpx would import its own command line, and rich with it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
import httpx  # noqa: E402

SECRET = "RECONCILER_NOTIFY_SECRET"
"""The variable with the key of the signatures."""
MIN_BYTES, MAX_BYTES = 24, 64
"""Bytes of a key, as Standard Webhooks has them."""
TIMEOUT_SECONDS = 15.0

_PREFIX = "whsec_"


def read_signer(environment: Mapping[str, str]) -> Webhook:
    """Return the signer of notifications. Raises ProviderError for a missing or unusable key."""
    written = environment.get(SECRET, "").strip()
    hint = "to make one, run: openssl rand -base64 32"
    if not written:
        raise ProviderError(f"{SECRET} is not set, and `notify:` needs it", hint=hint)
    try:
        key = base64.b64decode(written.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ProviderError(f"{SECRET} is not base64", hint=hint) from None
    if not MIN_BYTES <= len(key) <= MAX_BYTES:
        message = f"{SECRET} must have {MIN_BYTES} to {MAX_BYTES} bytes in base64"
        raise ProviderError(message, hint=hint)
    return Webhook(key)


class Receiver:
    """The server that hears of drift; `place` names it, as its address may be a secret."""

    def __init__(
        self, url: str, signer: Webhook, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.place = urlsplit(url).netloc
        self._url, self._signer = url, signer
        # Settings allow http on loopback alone; certificates take a tenth of a second.
        is_https = url.startswith("https:")
        self._http = httpx.AsyncClient(
            verify=is_https, timeout=TIMEOUT_SECONDS, transport=transport
        )

    async def send(self, notice: Notice) -> str:
        """Send a notification once; return why it was not taken, empty where it was."""
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "user-agent": f"reconciler/{__version__}",
            "webhook-id": notice.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(notice.id, now, notice.body),
        }
        try:
            answer = await self._http.post(self._url, content=notice.body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            return type(error).__name__
        return "" if answer.is_success else f"HTTP {answer.status_code}"

    async def close(self) -> None:
        """End the connections."""
        await self._http.aclose()
