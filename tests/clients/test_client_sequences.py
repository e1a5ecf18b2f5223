"""What the vendors were recorded to be asked, asked by their clients: none fails on an answer of the sandbox.

In CI the cassettes of the ordered and the main resources; `python -m tests.clients.report --all` plays every one."""

from __future__ import annotations

import pytest
from tests.clients.desk import CLIENTS, desk
from tests.clients.playing import every, main_cassettes
from tests.recorded.cassettes import ABSENT, DATA

if not DATA.is_dir():
    pytest.skip(ABSENT, allow_module_level=True)

#: The client itself refuses what was recorded: an older one sent it, or the recording lost the body.
UNSENT = {"okta_python": 5, "okta_node": 0, "datadog_python": 0, "datadog_node": 0}


@pytest.mark.parametrize("client", CLIENTS)
def test_the_main_resources(client: str, clients: None) -> None:
    cassettes = main_cassettes(client.partition("_")[0])
    assert len(cassettes) > 90
    with desk(client) as at:
        calls = list(every(at, cassettes))
    assert [call for call in calls if call.verdict in ("failed", "unreadable", "absent")] == []
    assert sum(call.verdict == "unsent" for call in calls) <= UNSENT[client]
    assert sum(call.verdict == "passed" for call in calls) > 350
