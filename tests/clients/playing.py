"""Recorded sequences through the vendors' own clients: what a cassette holds is wanted of the client, call by call,
and the client asks the sandbox in its own way.

`tests.sandbox.sequences` plays a cassette against anything that answers requests; here that is a `Desk`. A call that
fails is made once more with the very answer that the vendor was recorded to give: if the client fails on that too, it
is the client that can't read its vendor.

Before: `desk`. After: `test_client_sequences` and `report` count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from tests.clients.desk import Call, Desk
from tests.sandbox.sequences import Exchange, decoded, played, sequences

from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.sandbox.site import Site

#: The cassettes of the resources that the product was ordered for, and of the main ones, by a part of their names.
MAIN = {
    "okta": (
        "test_users_it",
        "test_groups_it",
        "test_applications_it",
        "test_application_connections_it",
        "test_factors_it",
        "test_policies_it",
        "test_api_service_integrations_it",
        "test_identity_source_it",
        "test_network_zone_it",
        "test_trusted_origins_it",
        "test_api_token_it",
        "test_role_api_it",
        "test_user_types_it",
    ),
    "datadog": (
        "v2/test_scenarios.okta_integration",
        "okta_account",
        "user",
        "role",
        "monitor",
        "dashboard",
        "host",
        "api_key",
        "team",
        "downtime",
        "slo",
    ),
}


def main_cassettes(provider: str) -> list[str]:
    """The cassettes of a provider's main resources."""
    return [
        name
        for name in sequences()
        if name.startswith(f"{provider}/") and any(part in name for part in MAIN[provider])
    ]


def play(at: Desk, cassette: str) -> list[Call]:
    """Every exchange of a cassette through a client, on a sandbox that nobody has changed."""
    at.reset()
    through = _Through(at, cassette)
    for outcome in played(through, cassette):
        through.blame(sequences()[cassette][outcome.index])
    return through.calls


class _Through:
    """Answers requests as a sandbox does, by having a client send them."""

    def __init__(self, at: Desk, cassette: str) -> None:
        self.calls: list[Call] = []
        self._desk = at
        self._provider = cassette.partition("/")[0]
        self._wanted: tuple[str, str, Any] = ("", "", None)

    def site(self, provider: str) -> Site:
        """What knows the vendor's paths."""
        return self._desk.tap.service.site(provider)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The sandbox's answer to what the client sent; if it sent nothing, to the request itself."""
        at = self._desk
        url = urlsplit(request.url)
        path = url.path.removeprefix(f"/{self._provider}") + (f"?{url.query}" if url.query else "")
        self._wanted = (request.method, path, decoded(request.body.decode()) if request.body else None)
        self.calls.append(at.ask(*self._wanted))
        return at.tap.seen[-1][1] if at.tap.seen else at.tap.service.handle(request)

    def blame(self, each: Exchange) -> None:
        """The last call is `unreadable` if the client fails on the recorded answer too."""
        if not self.calls or self.calls[-1].verdict != "failed" or not self._wanted[0]:
            return
        headers = (("content-type", "application/json"),)
        recorded = HttpResponse(each.status, headers, each.answer.encode(), "")
        if self._desk.again(*self._wanted, recorded).verdict == "failed":
            self.calls[-1] = replace(self.calls[-1], verdict="unreadable")


def every(at: Desk, cassettes: list[str]) -> Iterator[Call]:
    """The calls of many cassettes."""
    for cassette in cassettes:
        yield from play(at, cassette)
