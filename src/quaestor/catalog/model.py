"""The shape of all that is known of a provider: immutable records, no behaviour but look-ups.

Before: `catalog.openapi` and the facts under `catalog/builtin` fill it, `catalog.store` keeps it compiled.
After: `plan` binds names to it, `fetch` builds requests and decodes rows by it, `sandbox` imitates it.
"""

from __future__ import annotations

from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: What a method is in SQL. `exec` methods are reached by EXEC only; every method is reached by EXEC.
VERBS = ("select", "insert", "update", "replace", "delete", "exec")


class Column(Record):
    """A field of a resource's rows.

    Attributes:
        name: the column's name in SQL.
        type: one of `values.TYPES`.
        path: keys from the row's JSON object to the value: `("id",)`, `("attributes", "name")`.
        format: the schema's format (`email`, `uri`, `int64`), empty if none.
        enum: the allowed values, as text.
        nullable, read_only, write_only, required: as in the schema.
        secret: a credential or key (`format: password`, write-only secrets): masked wherever it isn't asked for.
        hidden: selectable, but not part of `*`.
    """

    name: str
    type: str
    path: tuple[str, ...]
    format: str = ""
    enum: tuple[str, ...] = ()
    nullable: bool = False
    read_only: bool = False
    write_only: bool = False
    required: bool = False
    secret: bool = False
    hidden: bool = False


class Parameter(Record):
    """A value that a method takes outside its body.

    Attributes:
        name: its name in SQL. Differs from `wire` where a field of the rows has the name with another meaning.
        wire: its name on the wire (`page[size]`).
        location: `path`, `query`, `header` or `server`; `body` for a property of the JSON by which a list is asked
            for, and for a variable of a GraphQL query.
        type: one of `values.TYPES`.
        item_type: of an array, the type of its items.
        style, explode: OpenAPI serialisation; `""` is the location's default (`form`+explode, `simple`).
        field: the column that holds this parameter's value in each row of the method, or empty:
            an item key (`apiServiceId` is `id`) or an echo (`userId` is `userId`). A predicate on either is
            a predicate on both.
        item_key: this path parameter names the row itself.
        parent: `provider.service.resource.column` whose values fill the parameter when nobody binds it.
        matches: of an optional parameter that shares its name with a column: `exact` if the API returns just
            the rows whose column equals the value, `superset` if at least these, `other` if neither is known.
            Of an item key: `other` if the API also takes another of the row's names for it (`roleIdOrLabel`): then
            a predicate on the column binds the parameter, but a bound parameter says nothing of the column.
        role: `cursor`, `offset`, `page`, `size` for what paging sets; empty for all others.
        segments: in a path, a `/` in the value separates segments (`src/main.py`); else it is encoded.
    """

    name: str
    wire: str
    location: str
    type: str = "string"
    required: bool = False
    format: str = ""
    enum: tuple[str, ...] = ()
    item_type: str = ""
    style: str = ""
    explode: bool = True
    default: str = ""
    field: str = ""
    item_key: bool = False
    parent: str = ""
    matches: str = ""
    role: str = ""
    segments: bool = False


class Pagination(Record):
    """How a method's pages follow each other.

    Attributes:
        style: `none` one page holds all · `link` the Link header's rel="next" · `next_url` a URL in the body
            at `token_path` · `cursor` a token in the body at `token_path`, sent as `token_param` · `last_row` what
            the page's last row has at `token_path`, sent as `token_param` (Stripe's lists) ·
            `page` a page number in `token_param` · `offset` a count of rows in `token_param`.
        token_param: wire name of the parameter that asks for the next page; for a cursor in a JSON body, its path
            with dots (`page.cursor`) and `token_in` = `body`; of a form, its field and `form`; of a GraphQL query,
            what the query calls the argument, and `graphql`; of several parameters, all with `&` between them, and
            `queries`: the token is then a JSON object of theirs.
        size_param: wire name of the page size, or empty; `size_max` the largest allowed, 0 if unknown;
            `size_default` what the API takes when nothing is said, 0 if unknown.
        first: number of the first page, or offset of the first row.
        step: for `offset`, `rows` if it counts rows, `pages` if it counts pages of `size`.
        more_path: keys to a boolean in the body that says whether more follows, where the API has one.
        total_path: keys to the total count of rows in the body, where the API has one.
        stops_empty: a page without rows is the last one even if it names a next one, which is for waiting
            (Okta's system log without `until`).
        assumed: the style is only a guess of `provider build`, `link` or `none`: a full page that doesn't lead on is
            no proof of the list's end, but an error.
    """

    style: str = "none"
    token_param: str = ""
    token_in: str = "query"
    token_path: tuple[str, ...] = ()
    size_param: str = ""
    size_max: int = 0
    size_default: int = 0
    first: int = 0
    step: str = "rows"
    more_path: tuple[str, ...] = ()
    total_path: tuple[str, ...] = ()
    stops_empty: bool = False
    assumed: bool = False


class Response(Record):
    """What a method answers when all is well.

    Attributes:
        status: the HTTP status of success, as documented.
        media_type: empty if there is no body.
        schema: name of the body's schema in the provider (`Catalog.schema`), or empty.
        row_path: keys from the body to the rows: `()` the body itself, `("data",)` … A list there is one row
            an item, an object one row. `*` as a key goes over all members of a list or map on the way.
        map_key: if the rows are the members of a JSON object, the column that takes their keys.
        scalar: the rows are bare values (strings, numbers, objects of which nothing is known): the column that
            holds them, or empty. The one row of an answer that isn't JSON is its text.
        flatten: `jsonapi` if columns reach into `attributes`; the envelope is a hidden column then.
        transform, template: what makes JSON of the body before it is read (`fetch.transforms`), as StackQL
            documents have it; empty for an answer that is read as it comes.
        optional: the key to the rows is left out where there are none (Google's APIs); else that is an error.
        casing: `snake` if columns are called by snake_case names of the fields.
    """

    status: int = 200
    media_type: str = "application/json"
    schema: str = ""
    row_path: tuple[str, ...] = ()
    map_key: str = ""
    scalar: str = ""
    flatten: str = ""
    transform: str = ""
    template: str = ""
    optional: bool = False
    casing: str = ""


class Body(Record):
    """What a method takes as its body.

    Attributes:
        schema: name of its schema in the provider.
        media_type: such as `application/json`.
        required: whether the method needs a body.
        envelope: keys from the body to the object whose properties are the columns (`("data", "attributes")`).
        constants: what the envelope holds besides, by dotted path: `{"data.type": "okta-accounts"}`.
        casing: `snake` if properties may be called by snake_case names as well.
        template: what makes the body of the properties, as StackQL documents have it; else it is their JSON.
        graphql: the template makes a GraphQL query.
        declaration, annotation: of XML: what stands before the root element, and the attributes in it.
        elements: of XML: what members are called there, as `catalog.stackql.s3` writes it.
    """

    schema: str = ""
    media_type: str = "application/json"
    required: bool = False
    envelope: tuple[str, ...] = ()
    constants: dict[str, Any] = {}
    casing: str = ""
    template: str = ""
    graphql: bool = False
    declaration: str = ""
    annotation: str = ""
    elements: dict[str, str] = {}


#: The address of the programs of this machine, as a method's server.
PROGRAM = "program:"


class Server(Record):
    """Where a method's requests go: a URL with `{variables}`, which are parameters of location `server`.

    Attributes:
        url: such as `https://api.{site}`.
        variables: server parameters; their `enum` are the allowed values, their `default` is only ever a real host.
        variables_env: name of the environment variable that sets each, by variable.
        domains: suffixes that the host must end with; a variable's value may name one of them in full.
    """

    url: str
    variables: tuple[Parameter, ...] = ()
    variables_env: dict[str, str] = {}
    domains: tuple[str, ...] = ()


class Hidden(Record):
    """Objects of a collection that its bare list leaves out, and how to ask for them.

    Attributes:
        parameters: of the query, by wire name, that the further request has besides.
        column, value: what all these objects have, so that a predicate can rule them out; an empty value is any
            but NULL.
        key: the column that identifies an object.
        unless: parameters (SQL names) whose meaning is the vendor's own: where one is bound, nothing is added.
    """

    parameters: dict[str, str]
    column: str
    value: str
    key: str
    unless: tuple[str, ...] = ()


class Listing(Record):
    """What the parameters of a list do, beyond their names, and what it leaves out.

    Attributes are written as in SQL: a column, and with dots the keys into its JSON (`profile.login`).

    Attributes:
        filter: the parameter (SQL name) that takes an expression, empty if none does.
        fields: attributes that it knows, each with its operators: `eq`, `gt`, `lt` …; one with `gt` is an instant.
        words: what may join comparisons, of `and`, `or`.
        equals: by attribute, the parameter that takes one value of it and brings at least the rows that have it.
        ranges: by attribute, an instant in UTC: the parameters that bound it from below and from above (one may be
            empty), and how they are written: `iso`, `seconds`, `milliseconds`.
        whole: parameters that are sent where nothing else binds them, since without them rows are left out. `now`
            is the moment at which the statement starts, `now-90d` so many days before, `now-7d@seconds` that as a
            number of seconds since 1970.
        leaves_out: what isn't brought, in words that follow "this list leaves out"; `unless` are parameters any of
            which brings it.
        dialect: in which language the expression is: empty for SCIM's, `odata`.
        wire: by attribute, what the expression calls it, where that is another name.
        select: the parameter that takes the names of the columns that are wanted; `selectable` those that it knows.
        same: of a method that gets one object, the list of the same resource whose objects are the same; `differs`
            are the columns that the two have differently.
        sorts: by attribute, an instant in UTC that every row has: the parameter that sorts by it, and what that takes
            for the oldest first and for the newest first.
    """

    filter: str = ""
    fields: dict[str, tuple[str, ...]] = {}
    words: tuple[str, ...] = ()
    equals: dict[str, str] = {}
    ranges: dict[str, tuple[str, str, str]] = {}
    whole: dict[str, str] = {}
    leaves_out: str = ""
    same: str = ""
    differs: tuple[str, ...] = ()
    dialect: str = ""
    wire: dict[str, str] = {}
    select: str = ""
    selectable: tuple[str, ...] = ()
    sorts: dict[str, tuple[str, str, str]] = {}
    unless: tuple[str, ...] = ()

    def attributes(self) -> tuple[str, ...]:
        """What it can be asked to test."""
        return (*self.fields, *self.equals, *self.ranges)

    @property
    def missing(self) -> str:
        """What it leaves out and what would bring it, in words that follow "this list leaves out"; or nothing."""
        return self.leaves_out + (f", unless {' or '.join(self.unless)} is bound" if self.unless else "")

    @property
    def instants(self) -> tuple[str, ...]:
        """The fields that are compared as instants, in UTC."""
        return tuple(name for name, operators in self.fields.items() if "gt" in operators)


class Method(Record):
    """One operation of the API.

    Attributes:
        name: in SQL, as in `EXEC p.s.r.name`.
        verb: one of `VERBS`.
        http: `GET`, `POST` …
        path: the template, `/api/v1/users/{userId}`.
        parameters: path, query and header parameters, the document's order; servers' are in `Server`.
        columns: what its rows have (empty if it answers nothing).
        permissions: names of the vendor's permissions that it needs, one of them is not enough: all. Where one of
            several will do, they are one entry, `a or b`.
        scopes: OAuth 2.0 scopes that it needs.
        server: empty, or the server that this operation has of its own.
        operation: the operationId in the vendor's spec.
        lifecycle: `ga`, `beta`, `ea`, `deprecated`.
        hidden: of a list, what it leaves out when nothing is said.
        listing: what a list can be asked to test, and what makes it whole.
        headers: sent with each request, by name: what a document fixes (`X-Amz-Target`).
        form: what would be the query goes as a form into the body, which makes a GET a POST (AWS's query protocol).
        natural_key: of an insert, the columns by which people tell its objects apart, no two having the same:
            `("name",)`; what is inside a column with dots, `("profile.name",)`. ON CONFLICT goes by it.
        command: the arguments of a program that is run in place of a request, each a template (`fetch.programs`).
    """

    name: str
    verb: str
    http: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    response: Response = Response()
    columns: tuple[Column, ...] = ()
    pagination: Pagination = Pagination()
    body: Body | None = None
    permissions: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    server: Server | None = None
    operation: str = ""
    lifecycle: str = "ga"
    hidden: tuple[Hidden, ...] = ()
    listing: Listing = Listing()
    headers: dict[str, str] = {}
    form: bool = False
    natural_key: tuple[str, ...] = ()
    command: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[Parameter, ...]:
        """Parameters without which there is no request: path parameters, and others that the API insists on."""
        return tuple(p for p in self.parameters if p.required)

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of this SQL name."""
        return next((p for p in self.parameters if p.name == name), None)


class Resource(Record):
    """A table: its methods in the order in which routes prefer them.

    `columns` is the union of what its select methods return, first come first. `view` is the SELECT that a document
    gives in place of methods, empty for all else.
    """

    provider: str
    service: str
    name: str
    title: str = ""
    methods: tuple[Method, ...] = ()
    columns: tuple[Column, ...] = ()
    view: str = ""

    @property
    def id(self) -> str:
        """`provider.service.resource`."""
        return f"{self.provider}.{self.service}.{self.name}"

    def by_verb(self, verb: str) -> tuple[Method, ...]:
        """Its methods of one SQL verb, in order."""
        return tuple(m for m in self.methods if m.verb == verb)

    def method(self, name: str) -> Method | None:
        """The method of this name."""
        return next((m for m in self.methods if m.name == name), None)


class Credential(Record):
    """One header that authenticates: `Authorization: SSWS <OKTA_API_TOKEN>`."""

    header: str
    env: str
    prefix: str = ""


class Provider(Record):
    """A vendor's API.

    Attributes:
        name: `okta`; the name of its default connection too.
        version: of the facts, as SHOW PROVIDERS prints it.
        server: where its operations go unless they have a server of their own.
        credentials: the headers of its token sign-in; all of them are needed.
        request_id_header: response header whose value the vendor's support asks for.
        auth: how a StackQL document says that its requests are signed, where `credentials` can't say it.
    """

    name: str
    version: str
    title: str = ""
    server: Server = Server("")
    credentials: tuple[Credential, ...] = ()
    request_id_header: str = ""
    auth: dict[str, Any] = {}


class ServiceInfo(Record):
    """A service as SHOW SERVICES lists it; `resources` is None where its document hasn't been counted."""

    name: str
    title: str
    resources: int | None


class ResourceInfo(Record):
    """A resource as SHOW RESOURCES lists it."""

    name: str
    title: str
    methods: int


class Schema(Record):
    """A JSON schema of the provider, reduced to facts: no titles, descriptions or examples.

    Attributes:
        type: `string`, `integer`, `number`, `boolean`, `object`, `array`, or empty if it says nothing.
        ref: name of another schema that this one is; then nothing else is set but `nullable`, `read_only`,
            `write_only`, `deprecated` and `secret`, which hold in this place as well as what the other says.
        properties: by name, the spec's order.
        items: of an array.
        additional: of the values of a map (`additionalProperties` with a schema), or None.
        one_of, any_of: alternatives; `discriminator` the property that tells them apart, and `mapping` its
            values to schema names. `allOf` is merged when the facts are written.
    """

    type: str = ""
    ref: str = ""
    format: str = ""
    enum: tuple[Any, ...] = ()
    default: Any = None
    nullable: bool = False
    read_only: bool = False
    write_only: bool = False
    deprecated: bool = False
    secret: bool = False
    properties: dict[str, Schema] = {}
    required: tuple[str, ...] = ()
    items: Schema | None = None
    additional: Schema | None = None
    closed: bool = False
    one_of: tuple[Schema, ...] = ()
    any_of: tuple[Schema, ...] = ()
    discriminator: str = ""
    mapping: dict[str, str] = {}
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    pattern: str = ""
