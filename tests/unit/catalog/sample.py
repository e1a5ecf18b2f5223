"""A small provider with a bit of everything, for the tests of facts and store."""

from __future__ import annotations

from quaestor.catalog.facts import Facts, MethodFacts, ResourceFacts, schema_from
from quaestor.catalog.model import Body, Credential, Method, Pagination, Parameter, Provider, Response, Server

SITE = Parameter(
    name="site", wire="site", location="server", required=False, enum=("a.com", "b.com"), default="a.com"
)
LIST = Method(
    name="list_users",
    verb="select",
    http="GET",
    path="/users",
    parameters=(
        Parameter("after", "after", "query", role="cursor"),
        Parameter("size", "page[size]", "query", type="integer", role="size", default="10"),
        Parameter("If-Match", "If-Match", "header", required=True),
    ),
    response=Response(schema="a.users.list_users.response", row_path=("data",), flatten="jsonapi"),
    pagination=Pagination(
        style="cursor", token_param="after", token_path=("meta", "after.x"), size_max=100, stops_empty=True
    ),
    permissions=("users_read",),
    scopes=("s",),
    operation="listUsers",
    lifecycle="beta",
    server=Server("https://logs.{site}", (SITE,), {"site": "SITE"}, ("a.com",)),
)
GET = Method(
    name="get",
    verb="select",
    http="GET",
    path="/users/{id}",
    parameters=(
        Parameter(
            "id", "id", "path", required=True, field="id", item_key=True, matches="other", parent="p.a.users.id"
        ),
    ),
    response=Response(schema="User"),
    pagination=Pagination(size_param="limit"),
)
MAKE = Method(
    name="make",
    verb="insert",
    http="POST",
    path="/users",
    response=Response(status=204, media_type=""),
    body=Body("a.users.make.body", required=True, envelope=("data", "attributes"), constants={"data.type": "users"}),
)
FACTS = Facts(
    provider=Provider(
        "p", "1", "P", Server("https://api.{site}", (SITE,), {"site": "SITE"}), (Credential("K", "KEY"),), "x-id"
    ),
    services={"a": "A service", "empty": "Nothing"},
    resources=(
        ResourceFacts(
            "a",
            "users",
            "Users",
            (MethodFacts(GET, {"id": {"secret": True}, "x": None}), MethodFacts(LIST), MethodFacts(MAKE)),
        ),
    ),
    schemas={
        "User": schema_from({"properties": {"id": "string"}}, "User"),
        "a.users.list_users.response": schema_from({"properties": {"data": ["$User"]}}, "x"),
        "a.users.make.body": schema_from(["$User"], "x"),
    },
)
