"""One method of a StackQL document: its operation, with what the document says of request, answer and pages.

Before: `service` goes through the resources. After: `catalog.compiling` derives the columns.
"""

from __future__ import annotations

import json
import re

from quaestor.catalog import columns, document
from quaestor.catalog.columns import snake
from quaestor.catalog.facts import MethodFacts
from quaestor.catalog.model import PROGRAM, Body, Listing, Method, Pagination, Parameter, Response, Schema, Server
from quaestor.catalog.openapi import is_json
from quaestor.catalog.stackql import config, graphql, jsonpath, paging, programs, pushing, s3, servers
from quaestor.errors import CatalogError
from quaestor.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.catalog.model import Provider
    from quaestor.catalog.openapi import Operation, Spec, SpecParameter

    Levels = tuple[dict[str, Any], ...]

_METHOD_KEYS = frozenset(
    {
        "operation",
        "inline",
        "request",
        "response",
        "config",
        "servers",
        "parameters",
        "inverse",
        "apiMethod",
        "serviceName",
        "summary",
        "description",
    }
)
_REQUEST_KEYS = frozenset(
    {
        "mediaType",
        "default",
        "base",
        "required",
        "schema_override",
        "transform",
        "nativeCasing",
        "xmlDeclaration",
        "xmlRootAnnotation",
    }
)
_RESPONSE_KEYS = frozenset(
    {
        "openAPIDocKey",
        "mediaType",
        "overrideMediaType",
        "objectKey",
        "schema_override",
        "transform",
        # of what a long operation ends with, when StackQL awaits it; what is answered at once is read here
        "async_schema_override",
        "asyncOverrideMediaType",
    }
)
#: `{"users": <body>}`: a template that only gives a bare list a name. The second group is the name.
_WRAP = re.compile(
    r"""\s*\{\{-?\s*(?P<v>\$\w+)\s*:=\s*printf\s+"\{\\"(?P<name>[\w.-]+)\\":\s*%s\}"\s+\.\s*-?\}\}\s*"""
    r"""\{\{-?\s*(?P=v)\s*-?\}\}\s*\Z"""
)
#: Header parameters that OpenAPI says to ignore, and those that signing AWS's requests sets.
_NOT_ASKED = re.compile(
    r"(?i)accept|content-type|authorization|x-amz-(content-sha256|date|algorithm|credential|"
    r"security-token|signature|signedheaders)"
)
_TRANSFORM = re.compile(
    r"(golang_template_(?:json|text|mxj)|schema_driven_xml)(?:_v\d+\.\d+\.\d+)?|golang_template_v\S+"
)


class Reader:
    """Reads the methods of one service document; adds the schemas of single bodies to `schemas`."""

    def __init__(self, provider: Provider, service: str, spec: Spec, schemas: dict[str, Schema]) -> None:
        self._provider = provider
        self._service = service
        self._spec = spec
        self._schemas = schemas

    def _lookup(self, name: str) -> Schema:
        if name not in self._schemas:
            raise CatalogError(f"there is no schema {name!r}")
        return self._schemas[name]

    def method(self, resource: str, name: str, verb: str, fields: dict[str, Any], levels: Levels) -> MethodFacts:
        """One method. Raises CatalogError for what isn't known or leads nowhere."""
        _check(fields, _METHOD_KEYS, "the method")
        request = _checked(fields.get("request"), _REQUEST_KEYS, "request")
        response = _checked(fields.get("response"), _RESPONSE_KEYS, "response")
        command = programs.command_of(fields)
        if command:
            return self._program(f"{self._service}.{resource}.{name}", name, verb, fields, command)
        http, path = _operation_of(fields)
        operation = self._spec.operation(
            http, path, status=str(response.get("openAPIDocKey", "")), media_type=str(response.get("mediaType", ""))
        )
        own = f"{self._service}.{resource}.{name}"
        casing = "snake" if config.nearest(levels, "snake_case_aliases") is True or "nativeCasing" in request else ""
        answer = self._response(operation, response, own, casing)
        query = graphql.query_of(operation.graphql) if operation.graphql else None
        if query is not None:
            answer = replace(
                answer, row_path=query.row_path, transform="graphql", template="", scalar="", optional=True
            )
        found = columns.columns_of(answer, self._lookup, {})
        translated = config.algorithm(levels, "requestTranslate")
        if translated not in ("", "get_query_to_post_form_utf_8", "drop_double_underscore_params"):
            raise CatalogError(f"the algorithm {translated!r} of requestTranslate isn't known")
        form = translated == "get_query_to_post_form_utf_8"
        pages = query.pagination if query is not None else self._paging(operation, levels, answer, form)
        if pages.token_path == paging.NEXT:
            answer = _paged(answer, pages)
        parameters = tuple(
            self._parameter(each, pages, casing, levels)
            for each in operation.parameters
            if each.location != "header" or not (_NOT_ASKED.fullmatch(each.name) or _constant(each))
        )
        body = query.body if query is not None else self._body(operation, request, own, casing)
        if query is not None:
            parameters = tuple(replace(each, location="body") for each in parameters)
        elif verb == "select" and body is not None:  # what GETs say of a body has no meaning (RFC 9110, 9.3.1)
            body = None if operation.http == "GET" else body
            parameters += self._asked(body, pages) if body is not None else ()
        parameters, patches = _apart(parameters, found)
        return MethodFacts(
            Method(
                name=name,
                verb=verb,
                http="POST" if form else operation.http,
                path=query.path if query is not None else path,
                parameters=parameters,
                response=answer,
                columns=found,
                pagination=pages,
                listing=pushing.listing(levels, parameters, found) if verb == "select" else Listing(),
                hidden=pushing.hidden(levels) if verb == "select" else (),
                body=body,
                permissions=operation.permissions,
                scopes=operation.scopes,
                server=query.server if query is not None else self._server(fields, operation),
                operation=operation.operation,
                lifecycle=operation.lifecycle,
                headers={
                    each.name: _constant(each)
                    for each in operation.parameters
                    if each.location == "header" and _constant(each)
                },
                form=form,
            ),
            patches,
        )

    def _program(
        self, own: str, name: str, verb: str, fields: dict[str, Any], command: tuple[str, ...]
    ) -> MethodFacts:
        """A method that runs a program of this machine."""
        response = _checked(fields.get("response"), _RESPONSE_KEYS, "response")
        answer = self._response(programs.operation(response), response, own, "")
        said = document.mapping(response.get("transform"), "transform").get("type")
        if str(said).startswith("golang_template_v"):  # without a kind, a template gets what the program writes
            answer = replace(answer, transform="golang_template_text")
        parameters = programs.parameters(fields, command, self._spec)
        found = columns.columns_of(answer, self._lookup, {})
        parameters, patches = _apart(parameters, found)
        method = Method(
            name=name,
            verb=verb,
            http="RUN",
            path="",
            parameters=parameters,
            response=answer,
            columns=found,
            server=Server(PROGRAM),
            command=command,
        )
        return MethodFacts(method, patches)

    def _server(self, fields: dict[str, Any], operation: Operation) -> Server:
        own = document.sequence(fields.get("servers"), "servers")
        return servers.server(self._provider.name, tuple(own) or operation.servers or self._spec.servers)

    def _paging(self, operation: Operation, levels: Levels, answer: Response, form: bool) -> Pagination:
        if answer.transform in paging.XML and not config.nearest(levels, "pagination"):
            return Pagination() if answer.scalar else paging.of_xml(operation, form)
        return paging.pagination(self._provider.name, operation, levels, answer, self._lookup)

    def _asked(self, body: Body, pages: Pagination) -> tuple[Parameter, ...]:
        """What a list can be asked by in the JSON that it takes: the properties of that."""
        if "json" not in body.media_type or not body.schema:
            return ()
        found = columns.object_fields([Schema(ref=body.schema)], self._lookup)
        return tuple(
            _property(name, columns.resolved(schemas[0], self._lookup), required, body.casing, pages)
            for name, (schemas, required) in found.items()
            if name not in body.constants
        )

    def _parameter(self, each: SpecParameter, pages: Pagination, casing: str, levels: Levels) -> Parameter:
        """A parameter; S3's keys of objects have segments, as its own description has it (Smithy's `{Key+}`)."""
        in_path = each.location == "path"
        of_s3 = self._is_s3() and each.name.lower() == "key"
        made = _parameter(each, pages, casing, self._transposed(levels))
        return replace(made, segments=in_path and (of_s3 or each.extensions.get("x-multi-segment") is True))

    def _is_s3(self) -> bool:
        """Whether the service is S3, of AWS's services the one that takes and answers plain XML here."""
        return self._spec.info.get("x-protocol") == "rest-xml"

    def _transposed(self, levels: Levels) -> str:
        """How lists and objects are written into the query, where it is AWS's way."""
        said = config.algorithm(levels, "queryParamTranspose")
        if said not in ("", "AWSCanonical"):
            raise CatalogError(f"the algorithm {said!r} of queryParamTranspose isn't known")
        if not said:
            return ""
        return "aws_ec2" if self._spec.info.get("x-protocol") == "ec2" else "aws_query"

    # -- what comes back

    def _response(self, operation: Operation, fields: dict[str, Any], own: str, casing: str) -> Response:
        status = operation.status or 200
        media_type = str(fields.get("overrideMediaType") or operation.media_type)
        schema = self._overridden(fields, operation.response)
        if schema is None and not media_type:
            return Response(status=status, media_type="")
        kind, template = _transform(fields)
        keys = jsonpath.keys(str(fields.get("objectKey") or ""))
        if kind == "golang_template_text" and (wrap := _WRAP.match(template)) and keys[:1] == (wrap["name"],):
            schema = self._member(schema, wrap["name"])
            kind, template, keys = "", "", keys[1:]
        if not kind and not is_json(media_type):
            return Response(status=status, media_type=media_type, scalar="contents")
        named = self._name(schema, f"{own}.response")
        if kind == "schema_driven_xml":
            template = self._described(named, keys)
            if not json.loads(template)["columns"]:
                return Response(
                    status, "application/json", row_path=keys, transform=kind, template=template, optional=True,
                    scalar="contents",
                )  # fmt: skip
        keys = keys or self._usual_rows(schema)
        answer = Response(
            status=status,
            media_type=operation.media_type or media_type,
            schema=named,
            row_path=keys,
            transform=kind,
            template=template,
            optional=bool(keys),
            casing=casing,
        )
        if not named:
            return replace(answer, scalar="contents", row_path=keys)
        rows = columns.row_schemas(answer, self._lookup)
        return answer if columns.object_fields(rows, self._lookup) else replace(answer, scalar="value")

    def _described(self, named: str, keys: tuple[str, ...]) -> str:
        """The row that `schema_driven_xml` looks for: the name of its schema and the types of its fields, as JSON.

        No fields are those of a schema that has nothing but a list of itself, as many of S3's are: such an answer is
        one row, the whole of it.
        """
        rows = columns.row_schemas(Response(schema=named, row_path=keys), self._lookup)
        fields = columns.object_fields(rows, self._lookup)
        holder = columns.row_schemas(Response(schema=named), self._lookup)
        listed = columns.object_fields(holder, self._lookup).get(keys[0], ([Schema()], False))[0][0] if keys else None
        items = columns.resolved(listed, self._lookup).items if listed is not None else None
        types = {name: columns.type_of(found[0], self._lookup) for name, (found, _) in fields.items()}
        said: dict[str, Any] = {"name": items.ref if items is not None else "", "columns": types}
        if keys and list(types) == [keys[-1]]:
            said["columns"] = {}
        if self._is_s3():
            said["elements"] = {
                member: element
                for member, element in s3.ELEMENTS.items()
                if member in types or element.strip("/") not in types  # an old answer has the one, not the list
            }
        return json.dumps(said)

    def _overridden(self, fields: dict[str, Any], schema: Schema | None) -> Schema | None:
        override = document.mapping(fields.get("schema_override"), "schema_override")
        return self._spec.reduce(override, "schema_override") if override else schema

    def _member(self, schema: Schema | None, name: str) -> Schema | None:
        """The schema of a bare list that the document describes as a member of a wrapper."""
        if schema is None:
            return None
        members = columns.object_fields([schema], self._lookup)
        return members[name][0][0] if name in members else schema

    def _usual_rows(self, schema: Schema | None) -> tuple[str, ...]:
        """Where rows are if nothing is said: in `items`, if that is a list; else the body is one."""
        if schema is None:
            return ()
        members = columns.object_fields([schema], self._lookup)
        listed = "items" in members and columns.type_of(members["items"][0][0], self._lookup) == "array"
        return ("items",) if listed else ()

    def _name(self, schema: Schema | None, own: str) -> str:
        if schema is None:
            return ""
        if schema.ref and schema == Schema(ref=schema.ref):
            return schema.ref
        self._schemas[own] = schema
        return own

    # -- what is sent

    def _body(self, operation: Operation, fields: dict[str, Any], own: str, casing: str) -> Body | None:
        schema = self._overridden(fields, operation.body)
        if schema is None and not operation.body_media_type and not fields.get("base"):
            return None
        constants = _json_object(fields.get("default"), "default") | _json_object(fields.get("base"), "base")
        kind, template = _transform(fields)
        if kind not in ("", "golang_template_json"):
            raise CatalogError(f"the transform {kind} of a request isn't known")
        media_type = _sent_as(str(fields.get("mediaType") or operation.body_media_type))
        is_xml = "xml" in media_type
        return Body(
            schema=self._name(schema, f"{own}.body"),
            media_type=media_type,
            required=operation.body_required or bool(fields.get("required")),
            constants=constants,
            casing=casing,
            template=template,
            declaration=str(fields.get("xmlDeclaration") or ""),
            annotation=str(fields.get("xmlRootAnnotation") or (s3.NAMESPACE if self._is_s3() and is_xml else "")),
            elements=s3.ELEMENTS if self._is_s3() and is_xml else {},
        )


def _sent_as(media_type: str) -> str:
    """The media type of a body; JSON where the document says that anything will do (Kubernetes)."""
    return "application/json" if media_type in ("", "*/*") else media_type


def _check(fields: dict[str, Any], known: frozenset[str], what: str) -> None:
    unknown = {key for key in fields if key not in known and not str(key).startswith("x-")}
    if unknown:
        raise CatalogError(f"{what} has {sorted(map(str, unknown))[0]!r}, which isn't known")


def _checked(fields: Any, known: frozenset[str], what: str) -> dict[str, Any]:
    found = document.mapping(fields, what)
    _check(found, known, what)
    return found


def _operation_of(fields: dict[str, Any]) -> tuple[str, str]:
    """HTTP method and path of `#/paths/~1a~1{b}/get`."""
    operation = document.mapping(fields.get("operation"), "operation")
    pointer = operation.get("$ref")
    if not isinstance(pointer, str) or not pointer.startswith("#/paths/") or pointer.count("/") != 3:
        raise CatalogError(f"its operation is {pointer!r}, which is no path of this document")
    _, _, path, http = pointer.split("/")
    return http.upper(), path.replace("~1", "/").replace("~0", "~")


def _transform(fields: dict[str, Any]) -> tuple[str, str]:
    found = document.mapping(fields.get("transform"), "transform")
    if not found:
        return "", ""
    match = _TRANSFORM.fullmatch(str(found.get("type") or ""))
    if match is None:
        raise CatalogError(f"the transform {found.get('type')!r} isn't known")
    return match[1] or "golang_template_json", str(found.get("body") or "")


def _json_object(text: Any, what: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError as error:
        raise CatalogError(f"{what} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise CatalogError(f"{what} should be an object")
    return found


def _constant(parameter: SpecParameter) -> str:
    """The value of a header that the document fixes: the only one that it may have, and has when nothing is said."""
    schema = parameter.schema
    if parameter.location != "header" or len(schema.enum) != 1:
        return ""
    return str(schema.enum[0]) if parameter.required or schema.default == schema.enum[0] else ""


def _paged(answer: Response, pages: Pagination) -> Response:
    """An answer whose XML says that more follows: its transform keeps that beside the rows."""
    return replace(
        answer,
        transform=f"paged_{answer.transform}",
        template=f"{pages.token_param}\n{answer.template}",
    )


def _property(name: str, schema: Schema, required: bool, casing: str, pages: Pagination) -> Parameter:
    """A property of the JSON that a list is asked by, as a parameter."""
    return Parameter(
        name=snake(name) if casing else name,
        wire=name,
        location="body",
        type=schema.type or ("object" if schema.properties else "string"),
        required=required,
        enum=tuple(columns.text_of(value) for value in schema.enum if value is not None),
        role="cursor" if name == pages.token_param else "size" if name == pages.size_param else "",
    )


def _parameter(each: SpecParameter, pages: Any, casing: str, transpose: str) -> Parameter:
    schema = each.schema
    alias = each.extensions.get("x-stackQL-alias")
    kind = "array" if schema.type == "array" else schema.type or "string"
    item = schema.items
    token = pages.style if pages.style in ("page", "offset") else "cursor"
    role = "size" if each.name == pages.size_param else token if each.name == pages.token_param else ""
    return Parameter(
        name=alias if isinstance(alias, str) and alias else snake(each.name) if casing else each.name,
        wire=each.name,
        location=each.location,
        type="date-time" if kind == "string" and schema.format == "date-time" else kind,
        required=each.required,
        format=schema.format if schema.format != "date-time" else "",
        enum=tuple(columns.text_of(value) for value in schema.enum if value is not None),
        item_type=item.type if item is not None else "",
        style=transpose or each.style if each.style not in ("form", "simple") else "",
        explode=True if each.explode is None else each.explode,
        default=columns.text_of(schema.default) if isinstance(schema.default, str | int | float) else "",
        role=role if each.location == "query" else "",
    )


def _apart(parameters: tuple[Parameter, ...], found: tuple[Any, ...]) -> tuple[tuple[Parameter, ...], dict[str, Any]]:
    """Where a required parameter has a field's name, the parameter keeps it, as StackQL has it: equality binds it
    and isn't tested again. The field is called `row__<name>`, hidden."""
    taken: set[str] = set()
    out: list[Parameter] = []
    for each in parameters:
        name = each.name if each.name not in taken else f"{each.location}_{each.name}"
        taken.add(name)
        out.append(replace(each, name=name))
    needed = {each.name for each in out if each.required}
    patches: dict[str, Any] = {}
    for column in found:
        if column.name in needed:
            patches[column.name] = None
            patches[f"row__{column.name}"] = {"type": column.type, "path": list(column.path), "hidden": True}
    return tuple(out), patches
