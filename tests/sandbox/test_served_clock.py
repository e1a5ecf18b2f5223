"""The dates of a world that is served: of now, and those of its state's file from then on."""

from __future__ import annotations

import json
import time
from pathlib import Path

from quaestor.catalog.store import open_catalog
from quaestor.fetch.http import HttpRequest
from quaestor.sandbox.data.clock import epoch, iso
from quaestor.sandbox.staging import NOW, stage

KEYS = (("authorization", "SSWS t"),)


def newest(state: str = "", world: str = NOW, since: str = "") -> int:
    """The second of the last event in the log."""
    with stage(open_catalog(), ["okta"], state=state, world=world) as (front, _):
        box = front.service
        query = f"?since={since}&limit=1000" if since else "?limit=1000"
        answer = box.handle(HttpRequest("GET", f"http://h/okta/api/v1/logs{query}", KEYS))
    return epoch(json.loads(answer.body)[-1]["published"])


def test_the_log_ends_when_the_sandbox_starts() -> None:
    now = time.time()
    assert now - 86_400 < newest() <= now
    assert newest(since=iso(int(now) - 7 * 86_400)) > now - 86_400


def test_a_state_keeps_the_dates_of_its_first_start(tmp_path: Path) -> None:
    path = str(tmp_path / "state")
    first = newest(path, "2025-03-01T12:00:00Z")
    assert epoch("2025-02-27T12:00:00Z") < first <= epoch("2025-03-01T12:00:00Z")
    assert newest(path) == first
