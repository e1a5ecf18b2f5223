"""Where rows are, what a body is, how pages follow each other, what a parameter is in the rows."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.authoring.spec_text import root

from quaestor.authoring import infer, keys, naming, paging
from quaestor.authoring.words import plural, singular, snake, words
from quaestor.catalog.columns import columns_of
from quaestor.catalog.model import Body, Column, Method, Pagination, Parameter, Response
from quaestor.catalog.openapi import Operation, Spec

OBJECT = {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}
JSONAPI = {"type": "object", "properties": {"id": {"type": "string"}, "type": {"enum": ["t"]}, "attributes": OBJECT}}
TEXT = {"type": "string"}
INTEGER = {"type": "integer"}


def listed(item: Any) -> dict[str, Any]:
    return {"type": "array", "items": item}


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def read(
    response: Any = None,
    *,
    path: str = "/things",
    query: dict[str, Any] | None = None,
    body: Any = None,
    media: str = "application/json",
    declared: dict[str, Any] | None = None,
) -> tuple[Operation, Spec]:
    """An operation that answers and takes this."""
    operation: dict[str, Any] = {
        "operationId": "getOrg",
        "parameters": [{"name": name, "in": "query", "schema": schema} for name, schema in (query or {}).items()],
        "responses": {"200": {"content": {media: {"schema": response}}} if response else {}},
    }
    if declared:
        operation["x-pagination"] = declared
    if body:
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    document = root(**{path: {"get": operation}})
    document["components"]["schemas"]["Answer"] = response or {}
    spec = Spec(document, "test.yaml")
    (found,) = spec.operations()
    return found, spec


def rows(response: Any, **more: Any) -> infer.Rows:
    operation, spec = read(response, **more)
    return infer.rows(operation, "Answer", spec.schema)


NO_LINKS, LINKS, PERHAPS = paging.Links(), paging.Links(True), paging.Links(True, assumed=True)


def paged(response: Any, query: dict[str, Any], *, links: paging.Links = NO_LINKS, **more: Any) -> Pagination:
    operation, spec = read(response, query=query, **more)
    found = infer.rows(operation, "Answer", spec.schema)
    return paging.pagination(operation, found.many, found.wrapped, spec.schema, links).pagination


@pytest.mark.parametrize(
    ("response", "path", "many"),
    [
        (listed(OBJECT), (), True),
        (OBJECT, (), False),
        (of(data=listed(JSONAPI), meta=OBJECT, links=OBJECT, included=listed(OBJECT)), ("data",), True),
        (of(data=OBJECT), ("data",), False),
        (of(users=listed(OBJECT), total=INTEGER, _links=OBJECT), ("users",), True),
        (of(users=listed(OBJECT), groups=listed(OBJECT)), (), False),
        (of(id=TEXT, users=listed(OBJECT)), (), False),
        (of(status=listed(OBJECT)), ("status",), True),
        (of(errors=listed(TEXT)), (), False),
        (of(org=OBJECT, status=TEXT), ("org",), False),
        (of(settings=OBJECT), (), False),
        (of(tags={"type": "object", "additionalProperties": listed(TEXT)}), ("tags",), True),
        (of(object=TEXT, url=TEXT, has_more=TEXT, data=listed(OBJECT)), ("data",), True),
        (of(kind=TEXT, etag=TEXT, items=listed(OBJECT)), ("items",), True),
        (of(schemas=listed(TEXT), itemsPerPage=INTEGER, Resources=listed(OBJECT)), ("Resources",), True),
        (of(incomplete=TEXT, total_count=INTEGER, items=listed(OBJECT)), ("items",), True),
        (of(**{"@odata.context": TEXT, "value": listed(TEXT)}), ("value",), True),
        (of(_embedded=of(orders=listed(OBJECT)), page=of(size=INTEGER)), ("_embedded", "orders"), True),
        (of(next_cursor=TEXT, old=listed(OBJECT), things=listed(OBJECT)), ("things",), True),
        (of(currency=TEXT, lines=listed(OBJECT)), (), False),
    ],
)
def test_where_rows_are(response: Any, path: tuple[str, ...], many: bool) -> None:
    found = rows(response)
    assert (found.response.row_path, found.many, found.wrapped) == (path, many, bool(path))


def test_lists_of_operations_that_take_pages_and_objects_that_have_lists() -> None:
    page = {"offset": INTEGER}
    assert rows(of(answer=of(nodes=listed(OBJECT), total=INTEGER)), query=page).response.row_path == (
        "answer",
        "nodes",
    )
    assert rows(of(currency=TEXT, lines=listed(OBJECT)), query=page).response.row_path == ("lines",)
    of_one = of(kind=TEXT, metadata=OBJECT, webhooks=listed(OBJECT))
    assert rows(of_one).response.row_path == ("webhooks",)
    assert rows(of_one, path="/things/{id}").response.row_path == ()


def test_json_api_is_flat_if_it_has_type_and_attributes() -> None:
    assert rows(of(data=listed(JSONAPI))).response.flatten == "jsonapi"
    assert rows(of(data=JSONAPI)).response.flatten == "jsonapi"
    assert rows(of(data=OBJECT)).response.flatten == ""
    assert rows(listed(of(id=TEXT, attributes=OBJECT))).response.flatten == ""


def test_maps_and_bare_values_have_columns() -> None:
    def shape(response: Any) -> tuple[str, str]:
        found = rows(response).response
        return found.map_key, found.scalar

    assert shape(listed(TEXT)) == ("", "value")
    assert shape(of(ids=listed(INTEGER))) == ("", "value")
    assert shape({"type": "object", "additionalProperties": TEXT}) == ("key", "value")
    assert shape({"type": "object", "additionalProperties": OBJECT}) == ("key", "")
    assert shape({"type": "object"}) == ("", "value")
    assert shape({"type": "object", "additionalProperties": True}) == ("", "value")
    assert shape(listed({"type": "object"})) == ("", "value")


def test_answers_that_are_not_json_and_none_at_all() -> None:
    assert rows(TEXT, media="text/xml").response == Response(media_type="text/xml", scalar="content")
    assert rows(None).response == Response(media_type="")


def test_a_page_of_one_object_lists_what_it_holds() -> None:
    query = {"page[number]": INTEGER}
    inside = of(data=of(type=TEXT, attributes=of(total=INTEGER, facets=OBJECT, slos=listed(of(data=JSONAPI)))))
    found = rows(inside, query=query)
    assert found.response.row_path == ("data", "attributes", "slos", "*", "data")
    assert (found.response.flatten, found.many) == ("jsonapi", True)
    assert rows(inside).response.row_path == ("data",)
    versions = of(data=of(type=TEXT, attributes=of(count=INTEGER, data={"additionalProperties": OBJECT})))
    assert rows(versions, query=query).response.row_path == ("data", "attributes", "data")
    assert rows(versions, query=query).response.map_key == "key"
    declared = rows(inside, declared={"resultsPath": "data.attributes.slos"})
    assert (declared.response.row_path[-2:], declared.guess) == (("*", "data"), False)


def test_bodies_and_their_envelopes() -> None:
    def body(schema: Any) -> Body | None:
        operation, spec = read(OBJECT, body=schema)
        return infer.body(operation, "Body", spec.schema)

    assert body(None) is None
    assert body(OBJECT) == Body("Body")
    assert body(of(data=JSONAPI)) == Body("Body", envelope=("data", "attributes"), constants={"data.type": "t"})
    kinds = of(data=of(type={"type": "string", "enum": ["a", "b"], "default": "a"}, id=TEXT))
    assert body(kinds) == Body("Body", envelope=("data",), constants={"data.type": "a"})
    assert body(of(data=listed(JSONAPI))) == Body("Body")
    assert body(of(data=OBJECT)) == Body("Body")


META = of(page=of(after=TEXT, total_filtered_count=INTEGER, total_count=INTEGER))
SIZE = {"type": "integer", "default": 10, "maximum": 100}


@pytest.mark.parametrize(
    ("response", "query", "expected"),
    [
        (  # no Link header is declared and no other list hints at one: a page of 100 may not be all
            listed(OBJECT),
            {"after": TEXT, "limit": SIZE},
            Pagination("none", "after", size_param="limit", size_max=100, size_default=10, assumed=True),
        ),
        (
            listed(OBJECT),
            {"cursor": TEXT, "per_page": INTEGER},
            Pagination("none", "cursor", size_param="per_page", assumed=True),
        ),
        (  # Stripe's
            of(data=listed(of(id=TEXT)), has_more={"type": "boolean"}),
            {"starting_after": TEXT, "ending_before": TEXT, "limit": SIZE},
            Pagination(
                "last_row",
                "starting_after",
                token_path=("id",),
                size_param="limit",
                size_max=100,
                size_default=10,
                more_path=("has_more",),
            ),
        ),
        (  # OpenAI's and Anthropic's, which repeat the last row's id
            of(data=listed(of(id=TEXT)), has_more={"type": "boolean"}, last_id=TEXT),
            {"after_id": TEXT},
            Pagination("cursor", "after_id", token_path=("last_id",), more_path=("has_more",)),
        ),
        (  # rows without an id: how to go on is not said
            of(data=listed(of(name=TEXT)), has_more={"type": "boolean"}),
            {"starting_after": TEXT},
            Pagination("cursor", more_path=("has_more",)),
        ),
        (
            of(users=listed(OBJECT), _links=of(next=of(href=TEXT))),
            {"after": TEXT},
            Pagination("next_url", "after", token_path=("_links", "next", "href")),
        ),
        (
            of(data=listed(OBJECT), meta=META),
            {"page[cursor]": TEXT, "page[limit]": {"type": "integer", "default": -1}},
            Pagination("cursor", "page[cursor]", token_path=("meta", "page", "after"), size_param="page[limit]"),
        ),
        (
            of(data=listed(OBJECT), meta=META),
            {"page[number]": INTEGER, "page[size]": SIZE},
            Pagination(
                "page",
                "page[number]",
                size_param="page[size]",
                size_max=100,
                size_default=10,
                total_path=("meta", "page", "total_filtered_count"),
            ),
        ),
        (of(data=listed(OBJECT)), {"page": {"type": "integer", "minimum": 1}}, Pagination("page", "page", first=1)),
        (of(data=listed(OBJECT)), {"page": {"type": "integer", "default": 3}}, Pagination("page", "page", first=3)),
        (
            of(data=listed(OBJECT), meta=of(page=of(hasMore={"type": "boolean"}))),
            {"offset": INTEGER, "limit": INTEGER},
            Pagination("offset", "offset", size_param="limit", more_path=("meta", "page", "hasMore")),
        ),
        (
            of(data=listed(OBJECT)),
            {"start": INTEGER, "count": INTEGER},
            Pagination("offset", "start", size_param="count"),
        ),
        (of(events=listed(OBJECT)), {"start": INTEGER, "end": INTEGER}, Pagination()),
        (
            of(usage=listed(OBJECT), metadata=of(pagination=of(next_record_id=TEXT))),
            {"next_record_id": TEXT},
            Pagination("cursor", "next_record_id", token_path=("metadata", "pagination", "next_record_id")),
        ),
        (
            of(data=listed(OBJECT), links=of(next=TEXT)),
            {"page[token]": TEXT, "page[number]": INTEGER},
            Pagination("next_url", token_path=("links", "next")),
        ),
        (of(data=listed(OBJECT), links=of(next=TEXT)), {}, Pagination("next_url", token_path=("links", "next"))),
        (
            of(results=listed(OBJECT), next={"type": "string", "format": "uri"}),
            {"page": INTEGER},
            Pagination("next_url", "page", token_path=("next",)),
        ),
        (
            of(value=listed(OBJECT), **{"@odata.nextLink": TEXT}),
            {"$top": INTEGER},
            Pagination("next_url", token_path=("@odata.nextLink",), size_param="$top"),
        ),
        (
            of(Resources=listed(OBJECT), totalResults=INTEGER),
            {"startIndex": INTEGER, "count": INTEGER},
            Pagination("offset", "startIndex", size_param="count", first=1, total_path=("totalResults",)),
        ),
        (
            of(items=listed(OBJECT), metadata=of(**{"continue": TEXT})),
            {"continue": TEXT, "limit": INTEGER},
            Pagination("cursor", "continue", token_path=("metadata", "continue"), size_param="limit"),
        ),
        (  # how to go on is not said: what isn't whole is an error
            of(data=listed(OBJECT), has_more={"type": "boolean"}),
            {"ending_before": TEXT, "limit": INTEGER},
            Pagination("cursor", more_path=("has_more",), size_param="limit"),
        ),
        (OBJECT, {"limit": INTEGER, "page": INTEGER}, Pagination()),
    ],
)
def test_how_pages_follow_each_other(response: Any, query: dict[str, Any], expected: Pagination) -> None:
    assert paged(response, query) == expected


def test_a_cursor_may_be_sent_in_the_body() -> None:
    body = of(page=of(cursor=TEXT, limit=SIZE))
    assert paged(of(data=listed(OBJECT), meta=META), {}, body=body) == Pagination(
        "cursor",
        "page.cursor",
        token_in="body",
        token_path=("meta", "page", "after"),
        size_param="page.limit",
        size_max=100,
        size_default=10,
    )


def test_what_the_vendor_declares_needs_no_guess() -> None:
    said = {"cursorParam": "body.page.cursor", "cursorPath": "meta.after", "limitParam": "body.page.limit"}
    operation, spec = read(of(data=listed(OBJECT)), declared=said)
    assert paging.pagination(operation, True, True, spec.schema, NO_LINKS) == paging.Found(
        Pagination("cursor", "page.cursor", "body", ("meta", "after"), "page.limit"), guess=False
    )
    first = {"pageParam": "page[number]", "pageStart": 1, "limitParam": "page[size]"}
    number = {"page[number]": {"type": "integer", "default": 0}}
    assert paged(of(data=listed(OBJECT)), number, declared=first).first == 1
    offset = {"pageOffsetParam": "page[offset]", "limitParam": "page[limit]"}
    assert paged(of(data=listed(OBJECT)), {}, declared=offset).style == "offset"


def test_a_bare_list_has_a_link_header_where_the_api_uses_them() -> None:
    assert paged(listed(OBJECT), {}, links=LINKS) == Pagination("link")
    assert paged(listed(OBJECT), {"after": TEXT}, links=LINKS) == Pagination("link", "after")
    assert paged(listed(OBJECT), {}, links=NO_LINKS).style == "none"
    assert paged(of(things=listed(OBJECT)), {}, links=LINKS).style == "none"


def test_link_headers_are_only_assumed_where_nobody_says_so() -> None:
    assert paged(listed(OBJECT), {"after": TEXT}, links=PERHAPS) == Pagination("link", "after", assumed=True)
    assert paged(listed(OBJECT), {"limit": SIZE}, links=PERHAPS).assumed
    with_after, without = read(listed(OBJECT), query={"after": TEXT})[0], read(listed(OBJECT))[0]
    assert paging.links([with_after, without], None) == PERHAPS
    assert not paging.links([without], None).used
    assert (paging.links([without], True), paging.links([with_after], False)) == (LINKS, NO_LINKS)


def test_a_link_header_that_is_declared_leads_on() -> None:
    document = root(**{"/things": {"get": {"responses": {"200": {"headers": {"link": {}}, "content": {}}}}}})
    (operation,) = Spec(document, "test.yaml").operations()
    assert operation.links
    assert not read(listed(OBJECT))[0].links


def found(*names: str) -> list[Column]:
    return [Column(name, "string", (name,)) for name in names]


@pytest.mark.parametrize(
    ("parameter", "names", "field"),
    [
        ("apiServiceId", ("name", "id"), "id"),
        ("team_id", ("id", "team_id"), "team_id"),
        ("cloud_account_id", ("account_id", "id"), "id"),
        ("test_public_id", ("public_id",), "public_id"),
        ("featureName", ("name", "id"), "name"),
        ("methodType", ("type",), "type"),
        ("roleIdOrLabel", ("label", "id"), "id"),
        ("keyId", ("kid", "kty"), "kid"),
        ("keyId", ("kid", "id"), "id"),
        ("user_uuid", ("name", "id"), "id"),
        ("key", ("key", "id"), "key"),
        ("handle", ("id",), ""),
    ],
)
def test_which_column_holds_a_key(parameter: str, names: tuple[str, ...], field: str) -> None:
    assert keys.field_of(parameter, found(*names)) == field


def test_the_type_of_a_json_api_row_is_no_key() -> None:
    assert keys.field_of("asset_type", [*found("id", "type"), Column("attributes", "object", ("attributes",))]) == ""


def method(path: str, verb: str = "select", *columns: str) -> Method:
    wires = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parameters = tuple(Parameter(wire, wire, "path", required=True) for wire in wires)
    return Method("m", verb, "GET", path, parameters, columns=tuple(found(*columns)))


def test_which_paths_name_an_item() -> None:
    collection = (method("/a/{x}/things"), True)
    item = (method("/a/{x}/things/{id}"), False)
    other = (method("/a/{x}/things/{id}/parts/{p}", "update"), False)
    removed = (method("/b/{id}", "delete"), False)
    made = (method("/b/{kind}", "insert"), False)
    assert keys.item_shapes([collection, item, other]) == {"/a/{}/things/{}"}
    assert keys.item_shapes([collection, (method("/a/{x}/things/{id}", "delete"), False)]) == {"/a/{}/things/{}"}
    assert keys.item_shapes([removed, made]) == {"/b/{}"}


def keyed(
    one: Method, own: list[Column], items: set[str], *, lists: bool = False, snake: bool = False
) -> list[tuple[str, str, bool]]:
    out = keys.with_keys(one, tuple(own), items, lists=lists, snake=snake)
    return [(p.name, p.field, p.item_key) for p in out.parameters]


def test_item_keys_echoes_and_renamed_keys() -> None:
    own = found("id", "userId")
    items = {"/users/{}/grants/{}"}
    assert keyed(method("/users/{userId}/grants/{grantId}"), own, items) == [
        ("userId", "userId", False),
        ("grantId", "id", True),
    ]
    assert keyed(method("/users/{userId}/grants/{grantId}/revoke", "exec"), own, items)[1] == ("grantId", "id", True)
    assert keyed(method("/users/{id}/grants"), own, items, lists=True) == [("userId", "", False)]
    assert keyed(method("/api_users/{id}/grants"), found("id"), set(), lists=True, snake=True) == [
        ("api_user_id", "", False)
    ]
    assert keyed(method("/tests/{public_id}/suites"), found("public_id"), set(), lists=True, snake=True) == [
        ("test_public_id", "", False)
    ]
    assert keyed(method("/status/{domain}"), found("domain"), {"/status/{}"}, lists=True) == [
        ("domain", "domain", False)
    ]
    assert keyed(method("/thing/{id}", "delete"), found("id"), {"/things/{}"}) == [("id", "id", True)]


def test_a_key_that_is_called_after_its_collection_is_the_id() -> None:
    own = [*found("id", "name"), Column("number", "integer", ("number",))]
    assert keyed(method("/customers/{customer}"), own, {"/customers/{}"}) == [("customer", "id", True)]
    assert keyed(method("/customers/{other}"), own, {"/customers/{}"}) == [("other", "", True)]
    numbers = [Column("id", "integer", ("id",))]
    assert keyed(method("/orgs/{org}"), numbers, {"/orgs/{}"}) == [("org", "", True)]


def test_shapes_of_paths() -> None:
    paths = ("/a/{b}/", "/a/{b}.json", "/a/{b}:stop", "/a:stop", "/a/{b}?v=1", "/?Action=A")
    assert [keys.shape(path) for path in paths] == ["/a/{}", "/a/{}", "/a/{}/stop", "/a/stop", "/a/{}", "/?Action=A"]
    assert [keys.is_item(path) for path in paths] == [True, True, False, False, True, False]


def test_parents_are_lists_that_need_nothing_else() -> None:
    lists = {
        "/v1/users": ("p.u.users", method("/v1/users", "select", "id")),
        "/users": ("p.u.users", method("/v1/users", "select", "id")),
    }

    def parents(path: str, verb: str = "select") -> list[str]:
        return [p.parent for p in keys.with_parents(method(path, verb), "p.u.factors", lists).parameters]

    assert parents("/v1/users/{userId}/factors") == ["p.u.users.id"]
    assert parents("/v2/users/{user}/factors") == ["p.u.users.id"]
    assert parents("/v2/users/{login}/factors") == [""]
    assert parents("/v2/users/{user_id}/factors") == ["p.u.users.id"]
    assert parents("/v1/users/{userId}/factors", "delete") == [""]
    assert parents("/v1/groups/{groupId}/users") == [""]


@pytest.mark.parametrize(
    ("http", "path", "operation", "expected"),
    [
        ("GET", "/api/v1/users", "listUsers", ("users", "users", "list_users", "select")),
        ("GET", "/api/v1/users/{id}/roles/{role}", "getUserRole", ("users", "user_roles", "get_user_role", "select")),
        (
            "POST",
            "/api/v1/users/{id}/lifecycle/activate",
            "activateUser",
            ("users", "users", "activate_user", "exec"),
        ),
        ("POST", "/api/v1/users/{id}/roles", "addRole", ("users", "roles", "add_role", "insert")),
        ("POST", "/v2/logs/search", "SearchLogs", ("logs", "logs", "search_logs", "exec")),
        ("PATCH", "/v2/teams/{id}", "UpdateTeam", ("teams", "teams", "update_team", "update")),
        ("PUT", "/teams/{id}", "", ("teams", "teams", "put_id", "replace")),
        ("GET", "/", "getRoot", ("root", "root", "get_root", "select")),
        ("HEAD", "/teams/{id}", "", ("teams", "teams", "head_id", "exec")),
        ("GET", "/v1/apps/{id}/users", "listAppUsers", ("apps", "app_users", "list_app_users", "select")),
        ("GET", "/apps/{id}/rules", "listRulesForApp", ("apps", "rules", "list_rules_for_app", "select")),
        ("GET", "/pages/sign-in", "getSignInPage", ("pages", "sign_in_page", "get_sign_in_page", "select")),
        (
            "GET",
            "/agentPools/{id}/updates",
            "listAgentPoolsUpdates",
            ("agentpools", "agent_pool_updates", "list_agent_pools_updates", "select"),
        ),
        (
            "GET",
            "/a/{id}/aaguids",
            "listAllCustomAAGUIDs",
            ("a", "custom_aaguids", "list_all_custom_aaguids", "select"),
        ),
        ("POST", "/teams/{id}", "updateTeam", ("teams", "teams", "update_team", "update")),
        ("POST", "/teams/{id}", "linkTeam", ("teams", "teams", "link_team", "exec")),
        ("POST", "/f/{id}/{lifecycle}", "updateF", ("f", "fs", "update_f", "exec")),
        ("POST", "/teams/{id}/status", "UpdateStatus", ("teams", "statuses", "update_status", "exec")),
        ("PUT", "/teams/{id}/state", "UpdateState", ("teams", "states", "update_state", "exec")),
        ("DELETE", "/users/{id}", "disableUser", ("users", "users", "disable_user", "exec")),
        ("DELETE", "/users/{id}", "deleteUser", ("users", "users", "delete_user", "delete")),
        ("PUT", "/jobs/{id}/cancel", "CancelJob", ("jobs", "jobs", "cancel_job", "exec")),
        ("POST", "/d/list", "ListDeployments", ("d", "deployments", "list_deployments", "select")),
        ("POST", "/pets", "pets_create", ("pets", "pets", "pets_create", "insert")),
        ("GET", "/v1/p/{p}/topics", "ps.p.topics.list", ("p", "topics", "ps_p_topics_list", "select")),
        ("GET", "/repos/{r}/issues", "issues/list-for-repo", ("repos", "issues", "issues_list_for_repo", "select")),
        ("GET", "/n/v1/links", "listNV1Links", ("n", "links", "list_nv1_links", "select")),
        ("POST", "/v1/t/{t}:publish", "PublishT", ("t", "ts", "publish_t", "exec")),
        ("POST", "/v1/cards/{card}", "PostCardsCard", ("cards", "cards", "post_cards_card", "update")),
        (
            "POST",
            "/org/{id}/getMemberGroups",
            "getMemberGroups",
            ("org", "member_groups", "get_member_groups", "exec"),
        ),
        ("GET", "/tickets/{id}.json", "", ("tickets", "tickets", "get_id", "select")),
    ],
)
def test_names_for_what_has_none(http: str, path: str, operation: str, expected: tuple[str, str, str, str]) -> None:
    (found,) = Spec(
        {"openapi": "3.0.0", "paths": {path: {http.lower(): {"operationId": operation, "responses": {}}}}}, "t"
    ).operations()
    assert naming.places([found])[found.key] == expected


def test_words_titles_singulars_and_plurals() -> None:
    assert [words(w) for w in ("getSBOMs", "brandURIs", "IsOK", "sms-otp_2")] == [
        ["get", "sboms"],
        ["brand", "uris"],
        ["is", "ok"],
        ["sms", "otp", "2"],
    ]
    assert [plural(w) for w in ("policy", "key", "box", "status", "users", "access")] == [
        "policies",
        "keys",
        "boxes",
        "statuses",
        "users",
        "accesses",
    ]
    assert snake("listAWSAccounts") == "list_aws_accounts"
    assert snake("2fa") == "_2fa"
    assert naming.title_of("api_service_integrations") == "API service integrations"
    assert [singular(w) for w in ("policies", "users", "classes", "boxes", "status", "access")] == [
        "policy",
        "user",
        "class",
        "box",
        "status",
        "access",
    ]


def test_columns_follow_from_what_was_inferred() -> None:
    operation, spec = read(of(data=listed(JSONAPI)))
    response = infer.rows(operation, "Answer", spec.schema).response
    assert [c.name for c in columns_of(response, spec.schema, {})] == [
        "id",
        "type",
        "attributes_id",
        "name",
        "attributes",
    ]
