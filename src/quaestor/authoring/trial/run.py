"""All methods of a provider, tried: a request is built of generated arguments and judged, a generated answer is read.

Before: the command line names a provider or a registry. After: it prints which methods failed, and why.
"""

from __future__ import annotations

import json
import os
import re
from xml.sax.saxutils import escape

from quaestor.authoring import sources, swagger
from quaestor.authoring.trial.accept import Judge
from quaestor.authoring.trial.samples import Sampler
from quaestor.catalog import columns, document
from quaestor.catalog.model import Method, Schema
from quaestor.catalog.openapi import Spec, is_json
from quaestor.catalog.stackql import folder, provider, service
from quaestor.errors import CatalogError, QuaestorError
from quaestor.fetch.body import encode_by
from quaestor.fetch.decode import Decoder
from quaestor.fetch.request import build_request
from quaestor.fetch.transforms import PAGED
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from quaestor.catalog.columns import Lookup
    from quaestor.catalog.facts import Facts
    from quaestor.catalog.model import Column, Parameter
    from quaestor.catalog.openapi import Operation
    from quaestor.catalog.stackql.folder import Folder
    from quaestor.fetch.http import HttpRequest

    Matching = Callable[[str], str]


class Failure(Record):
    """A method that failed: `step` is `load`, `request`, `accept` or `answer`."""

    place: str
    step: str
    reason: str


class Tried(Record):
    """What was tried of a provider: methods, how many of their requests a document has judged, transforms that ran,
    what failed, and which of the faults that its published document is known for (`known.yaml`) occurred."""

    provider: str
    methods: int
    judged: int
    transforms: int
    failures: tuple[Failure, ...]
    known: tuple[Failure, ...] = ()


def known_faults() -> dict[str, dict[str, str]]:
    """The faults of published documents: provider → place → what is wrong."""
    return document.read(os.path.join(os.path.dirname(__file__), "known.yaml"))


def try_provider(named: str, specs: Sequence[str], matching: Matching) -> tuple[Tried, ...]:
    """Tries what a name or path stands for; a registry's folder holds several providers. `specs` judge the requests
    of a provider that doesn't bring its own documents. `matching` gives a text for a pattern.

    Raises CatalogError where there is nothing to try, UsageError where requests can't be judged.
    """
    if named not in sources.builtin_names() and sources.is_folder(named) and sources.is_documents(named):
        return tuple(_documents(each, matching) for each in folder.folders(named))
    trial = _Trial(matching)
    roots = [document.read(path) for path in specs]
    converted = [
        swagger.converted(root, path) if swagger.is_swagger(root) else root
        for root, path in zip(roots, specs, strict=True)
    ]
    found = sources.load(named)
    trial.facts(found, [(Spec(root, path), Judge(root)) for root, path in zip(converted, specs, strict=True)])
    return (trial.done(found.provider.name),)


def _documents(where: Folder, matching: Matching) -> Tried:
    head = provider.read(where)
    trial = _Trial(matching)
    for entry in head.services:
        if not entry.path:
            continue
        try:
            root = document.read(entry.path)
            found = service.facts(head, entry, root, entry.path)
        except CatalogError as error:
            trial.failures.append(Failure(entry.name, "load", error.message))
            continue
        trial.facts(found, [(Spec(root, entry.path), Judge(root))])
    return trial.done(head.provider.name)


class Described(Record):
    """What a document says of a method's operation; None where no document is at hand."""

    operation: Operation | None
    lookup: Lookup
    judge: Judge | None


class _Trial:
    def __init__(self, matching: Matching) -> None:
        self._matching = matching
        self._methods = self._judged = self._transforms = 0
        self.failures: list[Failure] = []

    def done(self, name: str) -> Tried:
        told = known_faults().get(name, {})
        here = dict.fromkeys(each.place for each in self.failures if each.step == "accept" and each.place in told)
        return Tried(
            name,
            self._methods,
            self._judged,
            self._transforms,
            tuple(each for each in self.failures if each.place not in here or each.step != "accept"),
            tuple(Failure(place, "document", told[place]) for place in here),
        )

    def facts(self, found: Facts, judges: Sequence[tuple[Spec, Judge]]) -> None:
        """Tries all methods of these facts."""
        for resource in found.resources:
            try:
                by_method = sources.columns_by_method(found, resource)
            except CatalogError as error:
                self.failures.append(Failure(f"{resource.service}.{resource.name}", "load", error.message))
                continue
            for each in resource.methods:
                self._methods += 1
                place = f"{resource.service}.{resource.name}.{each.method.name}"
                for step, reason in self._method(each.method, by_method[each.method.name], found, judges):
                    self.failures.append(Failure(place, step, reason))

    def _method(
        self, method: Method, found_columns: tuple[Column, ...], found: Facts, judges: Sequence[tuple[Spec, Judge]]
    ) -> Iterator[tuple[str, str]]:
        said = _described(method, found, judges)
        try:
            request, left_out = self._request(method, said, found)
        except QuaestorError as error:
            yield "request", error.message
        else:
            if said.judge is not None and said.operation is not None:
                self._judged += 1
                operation = said.operation
                for fault in said.judge.faults(
                    operation.path, operation.http, request, form=method.form, left_out=left_out
                ):
                    yield "accept", fault
        try:
            yield from self._answer(method, found_columns, said, found)
        except (QuaestorError, RecursionError) as error:
            yield "answer", str(error)[:300]

    # -- the request

    def _request(self, method: Method, said: Described, found: Facts) -> tuple[HttpRequest, set[str]]:
        lookup = sources.lookup_of(found)
        sampler = Sampler(lookup, self._matching, writing=True)
        described = {(p.location, p.name): p.schema for p in said.operation.parameters} if said.operation else {}
        theirs = Sampler(said.lookup, self._matching, writing=True)
        asked = _properties(said)
        values: dict[str, Any] = {}
        for each in method.parameters:
            schema = described.get((each.location, each.wire)) or _schema_of(each)
            if each.location == "header" and schema.type == "object":  # a beginning of names, such as x-amz-meta-
                continue
            if each.location in ("path", "query", "header") and not each.role:
                values[each.name] = theirs.value(schema)
            elif each.location == "body":
                values[each.name] = (theirs if each.wire in asked else sampler).value(
                    asked.get(each.wire) or _schema_of(each)
                )
        server = method.server or found.provider.server
        values.update({variable.name: _of_server(variable) for variable in server.variables})
        body, content_type = self._body(method, sampler)
        host = server.url.partition("://")[2].partition("/")[0]
        endpoint = "https://cluster.example.com" if host[:1] == "{" and not server.domains else ""  # its user's own
        request = build_request(
            method, found.provider.server, values, endpoint=endpoint, body=body, content_type=content_type
        )
        return request, sampler.left_out

    def _body(self, method: Method, sampler: Sampler) -> tuple[bytes | None, str]:
        if (
            method.body is None
            or method.form
            or method.body.graphql
            or any(p.location == "body" for p in method.parameters)
        ):
            return None, ""
        value = sampler.value(Schema(ref=method.body.schema)) if method.body.schema else {}
        if isinstance(value, dict):
            for path, constant in method.body.constants.items():
                _put(value, path.split("."), constant)
        if "xml" in method.body.media_type and isinstance(value, dict) and len(value) != 1:
            value = {"Body": value}
        return encode_by(method.body, value)

    # -- the answer

    def _answer(
        self, method: Method, found_columns: tuple[Column, ...], said: Described, found: Facts
    ) -> Iterator[tuple[str, str]]:
        response = method.response
        if not response.media_type or (not response.schema and not response.transform):
            return
        lookup = sources.lookup_of(found)
        schema = Schema(ref=response.schema) if response.schema else Schema(type="object")
        body = json.dumps(Sampler(lookup, self._matching, writing=False).value(schema)).encode()
        if response.transform:
            self._transforms += 1
            body = self._before_transform(method, said)
        elif not is_json(response.media_type) and not response.scalar:
            return
        page = Decoder(response, method.pagination, found_columns).page(body)
        if method.verb == "select" and found_columns and not page.rows and response.transform != "graphql":
            yield "answer", "an answer in the shape of its schema has no row"

    def _before_transform(self, method: Method, said: Described) -> bytes:
        """A sample of the shape that a transform expects: the operation's own answer."""
        response = method.response
        told = said.operation.response if said.operation is not None else None
        value = Sampler(said.lookup, self._matching, writing=False).value(told or Schema(type="object"))
        kind = response.transform.removeprefix(PAGED)
        if kind == "golang_template_text" and isinstance(value, dict) and response.row_path[:1] and len(value) == 1:
            value = value[next(iter(value))]  # such documents describe what their template makes, not what it gets
            if "range" in response.template and isinstance(value, list):
                value = [
                    next(iter(each.values())) if isinstance(each, dict) and len(each) == 1 else each for each in value
                ]
        if (
            kind == "golang_template_mxj"
        ):  # the document describes what the template makes; it says itself what it gets
            steps = re.findall(r'index \S+ "(\w+)"', response.template)
            return "".join([*(f"<{each}>" for each in steps), "a", *(f"</{each}>" for each in steps[::-1])]).encode()
        is_xml = response.transform.startswith(PAGED) or kind == "schema_driven_xml" or "xml" in response.media_type
        return _answered(method, value).encode() if is_xml else json.dumps(value).encode()


def _described(method: Method, found: Facts, judges: Sequence[tuple[Spec, Judge]]) -> Described:
    """The operation of a method in the documents, what its schemas' names stand for, and who judges it."""
    for spec, judge in judges:
        for http in ["GET", "POST"] if method.form else [method.http]:
            try:
                response = method.response
                operation = spec.operation(
                    http, method.path, status=str(response.status), media_type=response.media_type
                )
            except CatalogError:  # this document hasn't got it, the next one may
                continue
            return Described(operation, spec.schema, judge)
    return Described(None, sources.lookup_of(found), None)


def _schema_of(parameter: Parameter) -> Schema:
    """What the catalog itself says of a parameter's values."""
    item = Schema(type=parameter.item_type) if parameter.item_type else None
    kind = "string" if parameter.type in ("date-time", "any") else parameter.type
    form = "date-time" if parameter.type == "date-time" else parameter.format
    if parameter.enum and kind == "array":
        return Schema(type=kind, items=Schema(type="string", enum=parameter.enum))
    return Schema(type=kind, format=form, items=item, enum=parameter.enum if kind == "string" else ())


def _properties(said: Described) -> dict[str, Schema]:
    """What the document says of the properties of the JSON that a list is asked by."""
    body = said.operation.body if said.operation is not None else None
    found = columns.object_fields([body], said.lookup) if body is not None else {}
    return {name: schemas[0] for name, (schemas, _) in found.items()}


def _answered(method: Method, value: Any) -> str:
    """A value as the XML that AWS answers: for an action of its query protocol, inside two elements of its name.

    Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html, response serialization.
    """
    action = re.search(r"[?&]Action=(\w+)", method.path)
    if action is None:
        return _xml("Answer", value)
    return f"<{action[1]}Response>{_xml(f'{action[1]}Result', value)}</{action[1]}Response>"


def _of_server(variable: Parameter) -> str:
    """A value that a server's variable takes."""
    return variable.default or (
        variable.enum[0] if variable.enum else "https" if variable.name == "protocol" else "acme"
    )


def _put(value: dict[str, Any], keys: list[str], constant: Any) -> None:
    for key in keys[:-1]:
        value = value.setdefault(key, {})
    value[keys[-1]] = constant


def _xml(name: str, value: Any) -> str:
    """A value as XML, an element a member, a list's items as `member`s of it: what AWS's protocols answer."""
    if isinstance(value, dict):
        return f"<{name}>{''.join(_xml(key, each) for key, each in value.items())}</{name}>"
    if isinstance(value, list):
        return f"<{name}>{''.join(_xml('member', each) for each in value)}</{name}>"
    return f"<{name}>{escape('' if value is None else str(value))}</{name}>"
