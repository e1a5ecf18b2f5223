"""The vendors' clients on the sandbox: flows by resource, every page of a thousand people, waits for limits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clients.desk import CLIENTS, Desk, desk
from tests.clients.flows import DATADOG, OKTA, Flow, flows, pages

PEOPLE = 1000


@pytest.fixture(scope="module", params=CLIENTS)
def at(request: pytest.FixtureRequest, clients: None) -> Iterator[Desk]:
    with desk(request.param) as made:
        yield made


@pytest.mark.parametrize("flow", [*OKTA, *DATADOG], ids=lambda flow: flow.__name__)
def test_a_flow(at: Desk, flow: Flow) -> None:
    if flow not in flows(at.client):
        pytest.skip("a flow of the other vendor")
    at.reset()
    flow(at)


@pytest.mark.parametrize("client", CLIENTS)
def test_every_page_of_a_thousand_people(client: str, clients: None) -> None:
    with desk(client, scale={"users": PEOPLE}) as at:
        call = pages(at, PEOPLE)
        assert (call.verdict, call.size) == ("passed", PEOPLE)
        assert len(at.tap.seen) >= PEOPLE // 200
        ids = {request.url for request, _ in at.tap.seen}
        assert len(ids) == len(at.tap.seen), "no page is asked for twice"


@pytest.mark.parametrize("client", CLIENTS)
def test_a_refusal_for_the_limit_is_waited_for(client: str, clients: None, tmp_path: Path) -> None:
    limits = tmp_path / "limits.yaml"
    provider = client.partition("_")[0]
    limits.write_text(f"limits: {{{provider}: {{buckets: [{{limit: 2, per: 3s}}]}}}}", encoding="utf-8")
    path = "/api/v1/users?limit=1" if provider == "okta" else "/api/v2/users?page[size]=1"
    with desk(client, limits=str(limits)) as at:
        started = time.monotonic()
        for _ in range(5):
            assert at.ask("GET", path).verdict == "passed"
        took = time.monotonic() - started
        statuses = [asked.status for asked in at.front.log]
    assert statuses.count(200) == 5
    assert 429 in statuses
    assert took > 2
