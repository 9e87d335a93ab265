"""An authorized HTTP client of one sandbox shop."""

from collections.abc import Callable
from datetime import date
from typing import Any

import httpx

from dealpos_reconciler.sandbox import Shop

TODAY = date(2026, 11, 21)


class SandboxClient:
    """An authorized client of one shop."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.shop: Shop = app.extensions["sandbox"]
        self.shop.today = lambda: TODAY
        self.http = httpx.Client(
            transport=httpx.WSGITransport(app=app), base_url="http://shop.example"
        )
        self.login()

    def login(self, **credentials: str) -> httpx.Response:
        body = credentials or {"client_id": "sandbox", "client_secret": "sandbox"}
        answer = self.http.post("/api/v3/Token/OAuth2", json=body)
        if answer.status_code == 200:
            self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return answer

    def send(
        self, method: str, path: str, body: Any = None, *, headers: Any = None, **query: Any
    ) -> httpx.Response:
        """One request; a body of None sends none."""
        content = {} if body is None else {"json": body}
        return self.http.request(method, f"/api/v3{path}", params=query, headers=headers, **content)

    def get(self, path: str, **query: Any) -> Any:
        """Return the response to a GET with a query, which must succeed."""
        answer = self.send("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def do(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Return the response to a request with a body, which must succeed."""
        answer = self.send(method, path, body, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, method: str, path: str, body: Any = None, **more: Any) -> str:
        """The message of a request that must fail with 400."""
        answer = self.send(method, path, body, **more)
        assert answer.status_code == 400, answer.text
        return answer.json()["Message"]

    def codes(self, path: str, **query: Any) -> list[str]:
        """The codes of a list's rows."""
        answer = self.get(path, **query)
        rows = answer["Data"] if isinstance(answer, dict) else answer
        return [row["Code"] for row in rows]


OpenSandbox = Callable[..., SandboxClient]
"""Open a seeded sandbox; keyword arguments are choices."""
