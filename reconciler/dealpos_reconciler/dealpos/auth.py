"""The bearer token of a run: fetched when it is first needed, and again when it has run out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from dealpos_reconciler.core.model.store import Store
from dealpos_reconciler.errors import Rejected, Unauthorised, UnexpectedResponse

CREDENTIALS_HINT = "check DEALPOS_CLIENT_ID and DEALPOS_CLIENT_SECRET of this shop"


class Token:
    """The token of one run; `send` makes the token request and returns its JSON."""

    def __init__(self, store: Store, send: Callable[[Mapping[str, str]], Any]) -> None:
        self.text = ""
        self.lifetime: float | None = None
        """Seconds that the token is valid; None where the shop does not say."""
        self._store = store
        self._send = send
        self._lock = threading.Lock()

    def renew(self, refused: str) -> bool:
        """Replace the token `refused`; return whether the present token is newer than that.

        Several threads may find the same token expired: only the first of them fetches another.
        Raises Unauthorised where the credentials are refused, UnexpectedResponse where no token
        comes.
        """
        with self._lock:
            if self.text != refused:
                return bool(refused)
            self.text = self._fetch()
            return True

    def _fetch(self) -> str:
        """Return a new token (dealpos-api.md §2: attested by third-party code only)."""
        credentials = {
            "client_id": self._store.client_id,
            "client_secret": self._store.client_secret,
        }
        try:
            answer = self._send(credentials)
        except Rejected as error:
            # dealpos-api.md §2: the status for bad credentials is undocumented.
            if error.status in (400, 401, 403):
                raise Unauthorised(
                    "token", "the shop does not accept the credentials", hint=CREDENTIALS_HINT
                ) from None
            raise
        answer = answer if isinstance(answer, Mapping) else {}
        token = answer.get("access_token")
        token = token.strip() if isinstance(token, str) else ""
        if not token or not token.isascii() or not token.isprintable():
            raise UnexpectedResponse("token", "the response has no usable access_token")
        lifetime = answer.get("expires_in")
        self.lifetime = lifetime if isinstance(lifetime, (int, float)) and lifetime >= 0 else None
        return token
