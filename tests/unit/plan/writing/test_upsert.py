"""ON CONFLICT over rows of several collections: each is looked up by itself."""

from __future__ import annotations

from quaestor.catalog.model import Method, Parameter, Resource, Schema, Server
from quaestor.plan.writing.calls import Call
from quaestor.plan.writing.names import Target
from quaestor.plan.writing.upsert import by_collection


def test_rows_of_several_collections() -> None:
    method = Method(
        "add",
        "insert",
        "POST",
        "/teams/{teamId}/links",
        parameters=(
            Parameter("teamId", "teamId", "path", required=True),
            Parameter("notify", "notify", "query"),
        ),
    )
    server = Server("https://{org}.example.com", (Parameter("org", "org", "server"),))
    target = Target("c", Resource("p", "s", "links", methods=(method,)), server, lambda name: Schema())
    values = [
        {"org": "a", "teamId": "1"},
        {"org": "a", "teamId": "2"},
        {"org": "a", "teamId": "1", "notify": "x"},
        {"org": "b", "teamId": "1"},
    ]
    calls = [Call("c", method, given, {}, row) for row, given in enumerate(values, 1)]
    assert [[call.row for call in group] for group in by_collection(target, calls)] == [[1, 3], [2], [4]]
