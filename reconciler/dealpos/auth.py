"""The bearer token of a run: fetched when first needed, and again when it has run out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.core.model.store import Store
from reconciler.errors import Rejected, Unauthorised, Unreadable


class Token:
    """Holds the token; `send` makes the token request and gives its JSON."""

    def __init__(self, store: Store, send: Callable[[Mapping[str, str]], Any]) -> None:
        self.text = ""
        self.lifetime: float | None = None
        """Seconds that it lives; None where the shop does not say."""
        self._store = store
        self._send = send
        self._door = threading.Lock()

    def renew(self, refused: str) -> bool:
        """Have a token other than the refused one; True when it was fetched just now.

        Raises Unauthorised where the credentials are refused, Unreadable where none is given.
        """
        with self._door:
            if self.text != refused:
                return bool(refused)
            self.text = ""
            self.text = self._fetch()
            return True

    def _fetch(self) -> str:
        """A token (dealpos-api.md §2: attested by third-party code only)."""
        credentials = {
            "client_id": self._store.client_id,
            "client_secret": self._store.client_secret,
        }
        try:
            given = self._send(credentials)
        except Rejected as error:
            # dealpos-api.md §2: the error for bad credentials is undocumented.
            if error.status in (400, 401, 403):
                raise Unauthorised(
                    "token",
                    "the shop does not accept the credentials",
                    hint="check DEALPOS_CLIENT_ID and DEALPOS_CLIENT_SECRET for this shop",
                ) from None
            raise
        given = given if isinstance(given, Mapping) else {}
        token = given.get("access_token")
        token = token.strip() if isinstance(token, str) else ""
        if not token or not token.isascii() or not token.isprintable():
            raise Unreadable("token", "the shop's answer holds no usable access_token")
        told = given.get("expires_in")
        self.lifetime = told if isinstance(told, (int, float)) and told >= 0 else None
        return token
