"""The vendors' clients on the sandbox: flows by resource, every page of a thousand people, waits for limits, what the
vendors were recorded to be asked. A client takes seconds to start, so each starts once and does all of it.

In CI the cassettes of the ordered and the main resources; `python -m tests.clients.report --all` plays every one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.clients.desk import CLIENTS, Desk, desk
from tests.clients.flows import flows, pages
from tests.clients.playing import every, main_cassettes
from tests.recorded.cassettes import DATA

PEOPLE = 1000
#: The client itself refuses what was recorded: an older one sent it, or the recording lost the body.
UNSENT = {"okta_python": 5, "okta_node": 0, "datadog_python": 0, "datadog_node": 0}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client(client: str, clients: None, tmp_path: Path) -> None:
    with desk(client) as at:
        failed = {}
        for flow in flows(client):
            at.reset()
            try:
                flow(at)
            except AssertionError as error:
                failed[flow.__name__] = str(error)
        assert failed == {}
        _every_page_of_a_thousand_people(at)
        _a_refusal_for_the_limit_is_waited_for(at, tmp_path / "limits.yaml")
        if DATA.is_dir():
            _the_main_resources(at)


def _every_page_of_a_thousand_people(at: Desk) -> None:
    with at.elsewhere(scale={"users": PEOPLE}):
        call = pages(at, PEOPLE)
    assert (call.verdict, call.size) == ("passed", PEOPLE)
    assert len(at.tap.seen) >= PEOPLE // 200
    urls = {request.url for request, _ in at.tap.seen}
    assert len(urls) == len(at.tap.seen), "no page is asked for twice"


def _a_refusal_for_the_limit_is_waited_for(at: Desk, limits: Path) -> None:
    provider = at.client.partition("_")[0]
    limits.write_text(f"limits: {{{provider}: {{buckets: [{{limit: 2, per: 2s}}]}}}}", encoding="utf-8")
    path = "/api/v1/users?limit=1" if provider == "okta" else "/api/v2/users?page[size]=1"
    before, started = len(at.front.log), time.monotonic()
    with at.elsewhere(limits=str(limits)):
        for _ in range(4):
            assert at.ask("GET", path).verdict == "passed"
    took = time.monotonic() - started
    statuses = [asked.status for asked in at.front.log[before:]]
    assert statuses.count(200) == 4
    assert 429 in statuses
    assert took > 1


def _the_main_resources(at: Desk) -> None:
    cassettes = main_cassettes(at.client.partition("_")[0])
    assert len(cassettes) > 90
    calls = list(every(at, cassettes))
    assert [call for call in calls if call.verdict in ("failed", "unreadable", "absent")] == []
    assert sum(call.verdict == "unsent" for call in calls) <= UNSENT[at.client]
    assert sum(call.verdict == "passed" for call in calls) > 350
