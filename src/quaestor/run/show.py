"""SHOW and DESCRIBE: rows about the catalog, with StackQL's columns in its order and ours after them.

Before: `run.engine` has the statement. After: a `Result` like any other. Nothing here makes a request.
"""

from __future__ import annotations

from quaestor.errors import BindError, no_such
from quaestor.record import Record
from quaestor.values import ResultColumn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from quaestor.catalog.catalog import Catalog
    from quaestor.catalog.model import Column, Method, Parameter, Provider, Resource, Schema
    from quaestor.catalog.texts import Texts
    from quaestor.sql import nodes
    from quaestor.values import SqlValue

#: The order in which SHOW METHODS lists the verbs.
VERB_ORDER = ("select", "insert", "delete", "update", "replace", "exec")


class Listing(Record):
    """Rows and their columns; `name` is the index of the column that LIKE looks at."""

    columns: tuple[ResultColumn, ...]
    rows: tuple[tuple[SqlValue, ...], ...]
    name: int = 0


def _listing(names: str, rows: Iterable[tuple[SqlValue, ...]], name: int = 0) -> Listing:
    columns = []
    for part in names.split():
        column, _, kind = part.partition(":")
        columns.append(ResultColumn(column, kind or "string"))
    return Listing(tuple(columns), tuple(rows), name)


class Shower:
    """Answers SHOW and DESCRIBE from a catalog.

    Args:
        connections: name of each connection to its provider's; groups: names that stand for several of them.
        default: what USE named.
        text: of the script, for errors.
        data_folder: where a vendor's texts may be, which only EXTENDED shows; nowhere without it.
    """

    def __init__(
        self,
        catalog: Catalog,
        connections: Mapping[str, str],
        default: tuple[str, ...] = (),
        text: str = "",
        groups: Mapping[str, tuple[str, ...]] | None = None,
        data_folder: Callable[[], str] | None = None,
    ) -> None:
        self.catalog = catalog
        self.connections = connections
        self.default = default
        self.text = text
        self.groups = groups or {}
        self._data_folder = data_folder

    # ------------------------------------------------------------------------------------------- SHOW

    def show(self, statement: nodes.Show, version: str) -> Listing:
        """The listing that a SHOW asks for, before LIKE and WHERE. Raises BindError for what isn't there."""
        kinds = {
            "PROVIDERS": self._providers,
            "SERVICES": self._services,
            "RESOURCES": self._resources,
            "METHODS": self._methods,
            "CONNECTIONS": self._connections,
        }
        if statement.kind == "VERSION":
            return _version(version, statement.extended)
        if statement.kind == "TRANSACTION ISOLATION LEVEL":
            return _listing("transaction_isolation", [("read committed",)])
        if statement.kind in kinds:
            return kinds[statement.kind](statement)
        raise BindError(
            f"SHOW {statement.kind} is not there yet",
            text=self.text,
            position=statement.pos,
            hint="views and tables come with the workspace" if statement.kind != "AUTH" else "",
        )

    def _providers(self, statement: nodes.Show) -> Listing:
        rows = [(p.name, p.version, p.title) for p in self.catalog.providers()]
        return _listing("name version title", rows)

    def _connections(self, statement: nodes.Show) -> Listing:
        rows: list[tuple[str, str, str | None]] = [
            (name, provider, None) for name, provider in self.connections.items()
        ]
        for group, members in self.groups.items():
            providers = dict.fromkeys(self.connections.get(member, "") for member in members)
            rows.append((group, ", ".join(providers), ", ".join(members)))
        return _listing("name provider members", sorted(rows))

    def _services(self, statement: nodes.Show) -> Listing:
        provider = self.provider(statement, self._path(statement, 1))
        if not statement.extended:
            services = self.catalog.services(provider.name)
            rows = [(f"{s.name}:{provider.version}", s.name, s.title, s.resources) for s in services]
            return _listing("id name title resources:integer", rows, 1)
        said = self._listed_texts(provider.name, "service")
        extended = [
            (
                f"{s.name}:{provider.version}",
                s.name,
                s.title,
                said(s.name) or s.title,
                provider.version,
                1,
                s.resources,
            )
            for s in self.catalog.services(provider.name)
        ]
        return _listing("id name title description version preferred:boolean resources:integer", extended, 1)

    def _resources(self, statement: nodes.Show) -> Listing:
        path = self._path(statement, 2)
        provider = self.provider(statement, path)
        self.service(statement, provider.name, path[1])
        resources = self.catalog.resources(provider.name, path[1])
        if statement.extended:
            said = self._listed_texts(provider.name, "resource", path[1])
            rows = [
                (r.name, f"{provider.name}.{path[1]}.{r.name}", said(r.name) or r.title, r.methods) for r in resources
            ]
            return _listing("name id description methods:integer", rows)
        plain = [(r.name, f"{provider.name}.{path[1]}.{r.name}", r.methods) for r in resources]
        return _listing("name id methods:integer", plain)

    def _methods(self, statement: nodes.Show) -> Listing:
        resource, provider = self._resource(statement, self._path(statement, 3))
        methods = sorted(
            resource.methods,
            key=lambda m: (VERB_ORDER.index(m.verb), m.name if m.verb == "exec" else ""),
        )
        names = "MethodName RequiredParams SQLVerb"
        texts = self._texts(resource) if statement.extended else None
        rows: list[tuple[SqlValue, ...]] = []
        for method in methods:
            row: tuple[SqlValue, ...] = (
                method.name,
                ", ".join(self.required_names(provider, method)),
                method.verb.upper(),
            )
            if texts is not None:
                row = (*row, texts.of("method", method.name, method.name) or title_of(method))
            needs = ", ".join((*method.permissions, *method.scopes))
            rows.append((*row, f"{method.http} {method.path}", method.pagination.style, needs, method.lifecycle))
        description = " description" if statement.extended else ""
        return _listing(f"{names}{description} operation pagination permissions lifecycle", rows)

    def required_names(self, provider: Provider, method: Method) -> list[str]:
        """What a statement must give: parameters, then body properties with their prefix."""
        names = [parameter.name for parameter in method.required]
        schema = self._body_schema(provider, method)
        if schema is not None:
            names += [f"data__{name}" for name in schema.required]
        return names

    # ---------------------------------------------------------------------------------------- DESCRIBE

    def describe(self, statement: nodes.Describe) -> Listing:
        """The columns of a resource: fields with `id` and `name` first, then by name; parameters after them."""
        resource, provider = self._resource(statement, self._full(statement.path))
        if resource.view:
            return self._describe_view(resource, statement)
        fields = sorted(
            resource.columns, key=lambda c: (("id", "name").index(c.name) if c.name in ("id", "name") else 2, c.name)
        )
        rows: list[tuple[SqlValue, ...]] = []
        texts = self._texts(resource) if statement.extended else None
        for column in fields:
            row: tuple[SqlValue, ...] = (column.name, _openapi_type(column.type))
            if texts is not None:
                row = (*row, _said(texts, "column", column.name, resource), *_flags(column))
            rows.append(row)
        if texts is None:
            return _listing("name type", rows)
        fields_of = {column.name for column in resource.columns}
        for parameter in _select_parameters(resource, provider):
            if parameter.name not in fields_of:
                kind = "parameter, required" if parameter.required else "parameter"
                enum = ", ".join(parameter.enum)
                rows.append(
                    (
                        parameter.name,
                        _openapi_type(parameter.type),
                        _said(texts, "parameter", parameter.name, resource),
                        kind,
                        parameter.format,
                        enum,
                        parameter.parent,
                    )
                )
        return _listing("name type description kind format values source", rows)

    def _describe_view(self, resource: Resource, statement: nodes.Describe) -> Listing:
        """The columns of a view that a provider's document has."""
        # late: binding is what SHOW and DESCRIBE do without (docs/decisions/0003-late-imports.md)
        from quaestor.plan.bind import bind
        from quaestor.plan.views import document_view

        bound = bind(document_view(resource, resource.provider), self.catalog, self.connections)
        rows = [(column.name, _openapi_type(column.type)) for column in bound.columns]
        if not statement.extended:
            return _listing("name type", rows)
        wide = [(*row, "", "column of a view", "", "", "") for row in rows]
        return _listing("name type description kind format values source", wide)

    def describe_method(self, statement: nodes.DescribeMethod) -> Listing:
        """What a method takes and gives: `input_required`, `input_optional`, `output`."""
        path = self._full(statement.path, 4)
        resource, provider = self._resource(statement, path[:3])
        method = resource.method(path[3])
        if method is None:
            known = [m.name for m in resource.methods]
            raise self._missing(
                statement, f"method in {resource.id}", path[3], known, f"SHOW METHODS IN {resource.id}"
            )
        rows: list[tuple[SqlValue, ...]] = []
        server = method.server or provider.server
        for parameter in sorted((*method.parameters, *server.variables), key=lambda p: not p.required):
            kind = "input_required" if parameter.required else "input_optional"
            rows.append((parameter.name, _openapi_type(parameter.type), kind, ""))
        schema = self._body_schema(provider, method)
        for name, part in (schema.properties if schema is not None else {}).items():
            if part.read_only:
                continue
            required = schema is not None and name in schema.required
            kind = "input_required" if required else "input_optional"
            rows.append((f"data__{name}", self._schema_type(provider, part), kind, self._shape(provider, part)))
        rows += [(column.name, _openapi_type(column.type), "output", "") for column in method.columns]
        if statement.extended:
            texts = self._texts(resource)
            rows = [(*row, _said_of(texts, method, str(row[0]), str(row[2]))) for row in rows]
            return _listing("name type param_type shape description", rows)
        return _listing("name type param_type shape", rows)

    def _texts(self, resource: Resource) -> Texts:
        """What the vendor says of a resource's methods, parameters and columns, if its texts are kept here."""
        # late: only EXTENDED shows them (docs/decisions/0003-late-imports.md)
        from quaestor.catalog import texts

        if self._data_folder is None:
            return texts.Texts({})
        path = texts.path_of(self._data_folder(), resource.provider)
        return texts.of_resource(path, resource.service, resource.name)

    def _listed_texts(self, provider: str, kind: str, service: str = "") -> Callable[[str], str]:
        """What the vendor says of each of the services, or of a service's resources."""
        # late: as above
        from quaestor.catalog import texts

        if self._data_folder is None:
            return lambda name: ""
        found = texts.of_listing(texts.path_of(self._data_folder(), provider), kind, service)
        return lambda name: found.of(kind, name)

    def _body_schema(self, provider: Provider, method: Method) -> Schema | None:
        """The schema of the object whose properties are body columns: below the envelope."""
        if method.body is None or any(p.location == "body" for p in method.parameters):
            return None  # of a list that is asked for by JSON, they are parameters
        schema = self._resolved(provider, self.catalog.schema(provider.name, method.body.schema))
        for key in method.body.envelope:
            if schema is None or key not in schema.properties:
                return None
            schema = self._resolved(provider, schema.properties[key])
        return schema

    def _resolved(self, provider: Provider, schema: Schema | None) -> Schema | None:
        seen = set()
        while schema is not None and schema.ref and schema.ref not in seen:
            seen.add(schema.ref)
            schema = self.catalog.schema(provider.name, schema.ref)
        return schema

    def _schema_type(self, provider: Provider, schema: Schema) -> str:
        resolved = self._resolved(provider, schema)
        return (resolved.type or "object") if resolved is not None else "object"

    def _shape(self, provider: Provider, schema: Schema) -> str:
        """A JSON-schema subset for objects and arrays, one level deep; empty for the rest."""
        resolved = self._resolved(provider, schema)
        if resolved is None or resolved.type not in ("object", "array"):
            return ""
        import json

        if resolved.type == "array":
            items = self._schema_type(provider, resolved.items) if resolved.items is not None else "object"
            return json.dumps({"type": "array", "items": {"type": items}})
        properties = {name: {"type": self._schema_type(provider, part)} for name, part in resolved.properties.items()}
        return json.dumps({"type": "object", "properties": properties})

    # ------------------------------------------------------------------------------------- SHOW INSERT

    def show_insert(self, statement: nodes.ShowInsert) -> Listing:
        """A template of the INSERT: one column, one row."""
        resource, provider = self._resource(statement, self._full(statement.path))
        methods = resource.by_verb("insert")
        if not methods:
            raise BindError(
                f"{resource.id} has no INSERT method",
                text=self.text,
                position=statement.pos,
                hint=f"SHOW METHODS IN {resource.id} lists what it has",
            )
        method = methods[0]
        names = [p.name for p in method.parameters if p.required or not statement.required_only]
        schema = self._body_schema(provider, method)
        for name, part in (schema.properties if schema is not None else {}).items():
            is_required = schema is not None and name in schema.required
            if not part.read_only and (is_required or not statement.required_only):
                names.append(f"data__{name}")
        columns = ",\n  ".join(names)
        values = ",\n  ".join(f"'{{{{ {name.removeprefix('data__')} }}}}'" for name in names)
        template = f"INSERT INTO {resource.id} (\n  {columns}\n)\nSELECT\n  {values}\n;"
        return _listing("insert_statement", [(template,)])

    # ------------------------------------------------------------------------------------------- names

    def _full(self, path: tuple[str, ...], length: int = 3) -> tuple[str, ...]:
        """A path with what USE named in front, if it is short."""
        return (*self.default[: length - len(path)], *path) if len(path) < length else path

    def _path(self, statement: nodes.Show, length: int) -> tuple[str, ...]:
        path = self._full(statement.path, length)
        if len(path) == length:
            return path
        wanted = {1: "a provider", 2: "provider.service", 3: "provider.service.resource"}[length]
        given = ".".join(statement.path)
        raise BindError(
            f"SHOW {statement.kind} IN {given or '…'}: {wanted} is needed here",
            text=self.text,
            position=statement.pos,
            hint=f"such as SHOW {statement.kind} IN {'.'.join(('okta', 'users', 'users')[:length])}",
        )

    def provider(self, statement: nodes.Statement, path: tuple[str, ...]) -> Provider:
        """The provider of a path's first part, a connection's name or its own. Raises BindError."""
        provider = self.catalog.provider(self.connections.get(path[0], path[0]))
        if provider is None:
            known = [p.name for p in self.catalog.providers()]
            raise self._missing(statement, "provider", path[0], known, "SHOW PROVIDERS")
        return provider

    def service(self, statement: nodes.Statement, provider: str, name: str) -> None:
        """Raise BindError unless the provider has this service."""
        known = [service.name for service in self.catalog.services(provider)]
        if name not in known:
            raise self._missing(statement, f"service in {provider}", name, known, f"SHOW SERVICES IN {provider}")

    def _resource(self, statement: nodes.Statement, path: tuple[str, ...]) -> tuple[Resource, Provider]:
        if len(path) != 3:
            raise BindError(
                f"{'.'.join(path)} is not provider.service.resource",
                text=self.text,
                position=statement.pos,
                hint=f"SHOW RESOURCES IN {'.'.join(path)} lists them"
                if len(path) == 2
                else "such as okta.users.users",
            )
        provider = self.provider(statement, path)
        resource = self.catalog.resource(provider.name, path[1], path[2])
        if resource is None:
            self.service(statement, provider.name, path[1])
            within = f"{provider.name}.{path[1]}"
            known = [r.name for r in self.catalog.resources(provider.name, path[1])]
            raise self._missing(statement, f"resource in {within}", path[2], known, f"SHOW RESOURCES IN {within}")
        return resource, provider

    def _missing(self, statement: nodes.Statement, kind: str, name: str, known: list[str], show: str) -> BindError:
        return no_such(kind, name, known, show, text=self.text, position=statement.pos)


def _said(texts: Texts, kind: str, name: str, resource: Resource) -> str:
    """The text on a column or parameter of SELECT: the first of its methods that has words on it."""
    said = (texts.of(kind, name, method.name) for method in resource.by_verb("select"))
    return next((text for text in said if text), "")


def _said_of(texts: Texts, method: Method, name: str, place: str) -> str:
    """The text on what a method takes or gives, as DESCRIBE METHOD lists it."""
    if place == "output":
        return texts.of("column", name, method.name)
    if method.parameter(name) is None and name.startswith("data__"):
        return texts.of("body", name.removeprefix("data__"), method.name)
    return texts.of("parameter", name, method.name)


def title_of(method: Method) -> str:
    """`List users`: a method's name as a sentence."""
    return method.name.replace("_", " ").capitalize()


def _version(version: str, extended: bool) -> Listing:
    if not extended:
        return _listing("version", [(version,)])
    import platform

    return _listing("version commit build_date platform", [(version, "", "", platform.platform())])


def _openapi_type(kind: str) -> str:
    """The type as OpenAPI calls it: what StackQL's DESCRIBE prints."""
    return {"date-time": "string", "any": "object"}.get(kind, kind)


def _flags(column: Column) -> tuple[str, str, str, str]:
    kinds = ["field"]
    if column.write_only:
        kinds.append("write-only")
    if column.read_only:
        kinds.append("read-only")
    if column.secret:
        kinds.append("secret")
    form = "date-time" if column.type == "date-time" else column.format
    return ", ".join(kinds), form, ", ".join(column.enum), ".".join(column.path)


def _select_parameters(resource: Resource, provider: Provider) -> list[Parameter]:
    found: dict[str, Parameter] = {}
    for method in resource.by_verb("select"):
        for parameter in (*method.parameters, *(method.server or provider.server).variables):
            found.setdefault(parameter.name, parameter)
    return list(found.values())
