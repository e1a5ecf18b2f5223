"""Every operation that changes something is carried out or refused, whatever is sent: never a crash."""

from __future__ import annotations

import json

import pytest

from quaestor.catalog.model import Schema
from quaestor.catalog.store import open_catalog
from quaestor.fetch.http import HttpRequest
from quaestor.sandbox.answer.routes import Route
from quaestor.sandbox.core import Sandbox
from quaestor.sandbox.data.collection import shaped

KEYS = (("Authorization", "SSWS t"), ("DD-API-KEY", "k"), ("DD-APPLICATION-KEY", "a"))
#: Statuses that a write may have: success, a step that has moved, or a refusal of what was asked.
ALLOWED = {200, 201, 202, 204, 301, 400, 403, 404, 409}

#: Of the group of everyone, which is the first, Okta says so with this status (E0000060).
UNSUPPORTED = {("PUT", "/api/v1/groups/{}/users/{}"), ("DELETE", "/api/v1/groups/{}/users/{}")}


def sent(box: Sandbox, route: Route, how: str) -> bytes | None:
    """A body in the operation's shape, none, or one that is JSON and nothing else."""
    asked = route.method.body
    if how == "nothing" or asked is None or not asked.schema:
        return None
    if how == "junk":
        return b'[1,"x",{"data":[1,null,{"id":{}}]}]'
    made = shaped(box.site(route.provider).inventor, Schema(ref=asked.schema), 7, {})
    return json.dumps(made).encode()


@pytest.mark.parametrize("how", ["in shape", "nothing", "junk"])
@pytest.mark.parametrize("provider", ["okta", "datadog"])
def test_every_write_is_answered(provider: str, how: str) -> None:
    box = Sandbox(open_catalog(), [provider])
    site = box.site(provider)
    wrong, done = [], 0
    for route in [route for route in site.routes if route.kind == "write"]:
        values = site.example(route)
        values += ("x",) * (route.template.count("{}") - len(values))
        needed = "&".join(f"{p.wire}=1" for p in route.method.parameters if p.location == "query" and p.required)
        url = f"http://localhost{site.path(route.template, values)}?{needed}"
        response = box.handle(HttpRequest(route.method.http, url, KEYS, sent(box, route, how)))
        said_no = (route.method.http, route.template) in UNSUPPORTED and response.status == 501
        if response.status not in ALLOWED and not said_no:
            wrong.append((route.method.http, route.template, response.status))
        done += response.status < 300
        if response.body and "json" in response.header("content-type"):
            json.loads(response.body)
    assert wrong == []
    assert done > (300 if how == "in shape" else 100)
