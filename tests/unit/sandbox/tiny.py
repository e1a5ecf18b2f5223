"""A catalog of two small providers, made by hand: every paging style and kind of answer, without YAML or SQLite."""

from __future__ import annotations

from quaestor.catalog.model import (
    Column,
    Credential,
    Method,
    Pagination,
    Parameter,
    Provider,
    Resource,
    ResourceInfo,
    Response,
    Schema,
    ServiceInfo,
)

TEXT = Schema(type="string")
THING = Schema(
    type="object",
    properties={
        "id": TEXT,
        "name": TEXT,
        "status": Schema(type="string", enum=("ACTIVE", "INACTIVE")),
        "createdAt": Schema(type="string", format="date-time"),
        "updatedAt": Schema(type="string", format="date-time"),
        "count": Schema(type="integer", minimum=3, maximum=9),
        "secret": Schema(type="string", write_only=True),
        "owner": Schema(ref="Owner"),
        "_links": Schema(type="object"),
    },
    required=("id",),
)
OWNER = Schema(
    type="object", properties={"email": Schema(type="string", format="email"), "boss": Schema(ref="Owner")}
)
ITEM = Schema(
    type="object",
    properties={
        "id": Schema(type="string", format="uuid"),
        "type": Schema(type="string", enum=("items",)),
        "attributes": Schema(type="object", properties={"title": TEXT, "thingId": TEXT}),
    },
)
META = Schema(
    type="object", properties={"after": TEXT, "total": Schema(type="integer"), "more": Schema(type="boolean")}
)


def _envelope(row: str) -> Schema:
    rows = Schema(type="array", items=Schema(ref=row))
    return Schema(type="object", properties={"data": rows, "meta": Schema(ref="Meta"), "next": TEXT})


SCHEMAS = {
    "Thing": THING,
    "Owner": OWNER,
    "Item": ITEM,
    "Meta": META,
    "Things": Schema(type="array", items=Schema(ref="Thing")),
    "ThingPage": _envelope("Thing"),
    "ItemPage": _envelope("Item"),
    "OneItem": Schema(type="object", properties={"data": Schema(ref="Item")}),
    "ThingMap": Schema(type="object", additional=Schema(ref="Thing")),
    "Settings": Schema(
        type="object", properties={"theme": Schema(type="string", enum=("dark", "light")), "note": TEXT}
    ),
    "Names": Schema(type="array", items=TEXT),
}
COLUMNS = tuple(Column(name, "string", (name,)) for name in THING.properties)
ID = Parameter("thingId", "thingId", "path", required=True, field="id", item_key=True)


def _query(
    name: str, kind: str = "string", role: str = "", *, required: bool = False, matches: str = ""
) -> Parameter:
    return Parameter(name, name, "query", type=kind, role=role, required=required, matches=matches)


def _list(path: str, schema: str, row_path: tuple[str, ...], paging: Pagination, *extra: Parameter) -> Resource:
    name = path.rpartition("/")[2]
    sizes = tuple(
        _query(wire, "integer", role)
        for wire, role in ((paging.size_param, "size"), (paging.token_param, "cursor"))
        if wire and not (wire == paging.token_param and paging.style in ("cursor", "last_row", "link", "next_url"))
    )
    cursor = (
        (_query(paging.token_param, "string", "cursor"),) if paging.style in ("cursor", "last_row", "link") else ()
    )
    listing = Method(
        f"list_{name}",
        "select",
        "GET",
        path,
        (*sizes, *cursor, *extra),
        Response(schema=schema, row_path=row_path),
        COLUMNS,
        paging,
    )
    return Resource("acme", "main", name, methods=(listing,), columns=COLUMNS)


def _resources() -> tuple[Resource, ...]:
    things = _list(
        "/v1/things",
        "Things",
        (),
        Pagination("link", "after", size_param="limit", size_max=50, size_default=20),
        _query("filter"),
        _query("status", matches="exact"),
    )
    get = Method("get_thing", "select", "GET", "/v1/things/{thingId}", (ID,), Response(schema="Thing"), COLUMNS)
    make = Method("make_thing", "insert", "POST", "/v1/things")
    things = Resource("acme", "main", "things", methods=(*things.methods, get, make), columns=COLUMNS)
    parent = Parameter("thingId", "thingId", "path", required=True, parent="acme.main.things.id")
    parts = Method(
        "list_parts", "select", "GET", "/v1/things/{thingId}/parts", (parent,), Response(schema="Things"), COLUMNS
    )
    settings = Method(
        "get_settings", "select", "GET", "/v1/things/{thingId}/settings", (parent,), Response(schema="Settings")
    )
    ticket = Parameter("ticketId", "ticketId", "path", required=True, field="id", item_key=True)
    return (
        things,
        Resource("acme", "main", "parts", methods=(parts,)),
        Resource("acme", "main", "settings", methods=(settings,)),
        Resource(
            "acme",
            "main",
            "tickets",
            methods=(
                Method(
                    "get_ticket",
                    "select",
                    "GET",
                    "/v1/tickets/{ticketId}",
                    (ticket,),
                    Response(schema="Thing"),
                    COLUMNS,
                ),
            ),
        ),
        _list("/v1/by_cursor", "ItemPage", ("data",), Pagination("cursor", "cursor", token_path=("meta", "after"))),
        _list(
            "/v1/by_page",
            "ItemPage",
            ("data",),
            Pagination("page", "page", size_param="size", size_default=2, first=1, total_path=("meta", "total")),
        ),
        _list(
            "/v1/by_offset",
            "ItemPage",
            ("data",),
            Pagination("offset", "start", size_param="size", size_default=2, more_path=("meta", "more")),
        ),
        _list(
            "/v1/by_url",
            "ThingPage",
            ("data",),
            Pagination("next_url", "after", size_param="limit", token_path=("next",)),
        ),
        _list(
            "/v1/by_row",
            "ThingPage",
            ("data",),
            Pagination("last_row", "behind", token_path=("id",), size_param="size", more_path=("meta", "more")),
        ),
        _list("/v1/names", "Names", (), Pagination()),
        _list("/v1/needy", "Things", (), Pagination(), _query("kind", required=True), _query("depth", "integer")),
    )


class TinyCatalog:
    """Provider `acme`, and `okta` with the same operations and Okta's manners."""

    def __init__(self) -> None:
        self._resources = {resource.name: resource for resource in _resources()}

    def providers(self) -> tuple[Provider, ...]:
        return (
            Provider("acme", "1", credentials=(Credential("X-Key", "ACME_KEY"), Credential("X-App", "ACME_APP"))),
            Provider("okta", "1", credentials=(Credential("Authorization", "OKTA_API_TOKEN", "SSWS "),)),
        )

    def provider(self, name: str) -> Provider | None:
        return next((provider for provider in self.providers() if provider.name == name), None)

    def services(self, provider: str) -> tuple[ServiceInfo, ...]:
        return (ServiceInfo("main", "Main", len(self._resources)),)

    def resources(self, provider: str, service: str) -> tuple[ResourceInfo, ...]:
        return tuple(ResourceInfo(name, name, len(found.methods)) for name, found in self._resources.items())

    def resource(self, provider: str, service: str, name: str) -> Resource | None:
        return self._resources.get(name)

    def schema(self, provider: str, name: str) -> Schema | None:
        return SCHEMAS.get(name)
