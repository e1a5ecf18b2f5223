"""schemathesis over the sandbox: requests made from a vendor's spec, answers held against the same spec.

Before: `tests.prism.documents` reads the specs and makes a copy that schemathesis digests. After: `report` counts.

Each operation is asked several times with generated parameters and bodies: under keys that the sandbox has, so that
there is something to answer, and once under generated ones. It is a new world for each operation that changes
something. What must hold: no status of 500 or more, a documented status where it is one of success, a documented
media type, a body that the documented schema allows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from tests.prism.documents import Document, documents, reduced

from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.sandbox.core import IN_PROCESS, Sandbox

if TYPE_CHECKING:
    from quaestor.catalog.store import Store

#: Sign in with what both vendors ask for.
KEYS = {"Authorization": "SSWS t", "DD-API-KEY": "k", "DD-APPLICATION-KEY": "a"}
SCALE = {"okta.users": 12, "apps": 4, "groups": 4, "datadog.users": 8, "monitors": 6}


@dataclass
class Tried:
    """An operation: how many requests it got, how many were answered with success, and what was wrong, each once;
    what schemathesis couldn't make of it."""

    provider: str
    key: str
    cases: int = 0
    good: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    undigested: str = ""


def operations(provider: str) -> Iterator[tuple[Document, str]]:
    """Every operation of a provider's specs."""
    for doc in documents(provider):
        for key in doc.operations:
            yield doc, key


def tried(catalog: Store, provider: str, keys: Iterable[str], examples: int) -> list[Tried]:
    """What came of these operations, each with so many cases."""
    wanted = set(keys)
    box = Sandbox(catalog, [provider], scale={name: n for name, n in SCALE.items() if _is_of(name, provider)})
    found = []
    for doc in documents(provider):
        mine = [key for key in doc.operations if key in wanted]
        found += [_try(box, provider, key, operation, examples) for key, operation in _loaded(doc, mine)]
    return found


def _is_of(name: str, provider: str) -> bool:
    vendor, dot, _ = name.partition(".")
    return vendor == provider if dot else (name == "monitors") == (provider == "datadog")


def _loaded(doc: Document, keys: list[str]) -> Iterator[tuple[str, Any]]:
    from schemathesis import openapi  # 1.4 s to import

    _serialized()

    if not keys:
        return
    results: Iterable[Any] = openapi.from_dict(_askable(_digestible(reduced(doc, keys)))).get_all_operations()
    for result in results:
        operation = result.ok()
        yield operation.label, operation


def _askable(document: dict[str, Any]) -> dict[str, Any]:
    """The document, with bodies that may be of any of their alternatives: of those that overlap nothing is of just
    one, so that no request could be made."""
    schemas = document["components"].get("schemas", {})
    for item in document["paths"].values():
        for operation in [each for each in item.values() if isinstance(each, dict) and "requestBody" in each]:
            for media in operation["requestBody"].get("content", {}).values():
                schema = media.get("schema", {})
                known = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
                if "oneOf" in known and "discriminator" not in known:
                    rest = {name: value for name, value in known.items() if name != "oneOf"}
                    media["schema"] = {**rest, "anyOf": known["oneOf"]}
    return document


#: Media types of bodies that schemathesis doesn't know how to write: certificates, a signed token.
CERTIFICATES = ("application/x-x509-ca-cert", "application/pkix-cert", "application/x-pem-file")
TEXTS = (*CERTIFICATES, "application/secevent+jwt")


@lru_cache(maxsize=1)
def _serialized() -> None:
    """Bodies of `TEXTS` are sent as they were made."""
    import schemathesis

    @schemathesis.serializer(*TEXTS)
    def write(context: Any, value: Any) -> bytes:
        return value if isinstance(value, bytes) else str(value).encode()


def _digestible(node: Any) -> Any:
    """A copy whose patterns are of ECMA 262, as OpenAPI demands: it has no `(?i)`."""
    if isinstance(node, list):
        return [_digestible(each) for each in node]
    if not isinstance(node, dict):
        return node
    out = {name: _digestible(value) for name, value in node.items()}
    pattern = out.get("pattern")
    if isinstance(pattern, str) and pattern.startswith("(?i)"):
        out["pattern"] = pattern.removeprefix("(?i)").replace("a-f", "a-fA-F")
    return out


def _try(box: Sandbox, provider: str, key: str, operation: Any, examples: int) -> Tried:
    from schemathesis.core.errors import SchemathesisError

    out = Tried(provider, key)
    known = _known_keys(box, provider, key)
    steady = settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=examples,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @steady
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        if known and out.cases % 4 != 3:  # each fourth under keys that are made up
            case.path_parameters = {**(case.path_parameters or {}), **known}
        if out.cases >= examples:
            return
        out.cases += 1
        try:
            answer = _answer(box, case)
        except Exception as error:  # noqa: BLE001 - to a client it is a 500
            out.failures.setdefault(f"crash: {type(error).__name__}: {error}", f"{case.method} {case.formatted_path}")
        else:
            _judge(out, case, answer)

    try:
        ask()
    except (SchemathesisError, Unsatisfiable) as error:
        out.undigested = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    if not key.startswith("GET "):
        box.handle(HttpRequest("POST", f"{IN_PROCESS}/_sandbox/reset", (), b""))
    return out


def _known_keys(box: Sandbox, provider: str, key: str) -> dict[str, str]:
    """Values of the path's parameters under which the sandbox has something."""
    site = box.site(provider)
    route = next((each for each in site.routes if f"{each.method.http} {each.method.path}" == key), None)
    if route is None:
        return {}
    return dict(zip(re.findall(r"\{([^}]*)\}", key), site.example(route), strict=False))


def _answer(box: Sandbox, case: Any) -> Any:
    """The sandbox's answer to a case, as schemathesis has it from a server."""
    import requests
    from schemathesis import Response

    given_ = case.as_transport_kwargs(base_url=IN_PROCESS)
    kept = ("method", "url", "headers", "params", "data", "json", "files", "cookies")
    prepared = requests.Request(**{name: given_[name] for name in kept if name in given_}).prepare()
    prepared.headers.update(KEYS)
    assert prepared.body is None or isinstance(prepared.body, str | bytes), "a stream"
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    headers = tuple((str(name).lower(), _text(value)) for name, value in prepared.headers.items())
    found: HttpResponse = box.handle(HttpRequest(str(prepared.method), str(prepared.url), headers, body))
    names = dict.fromkeys(name for name, _ in found.headers)
    return Response(
        status_code=found.status,
        headers={name: found.all(name) for name in names},
        content=found.body,
        request=prepared,
        elapsed=0.0,
        verify=False,
    )


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _judge(out: Tried, case: Any, response: Any) -> None:
    from schemathesis.core.failures import FailureGroup

    is_good = response.status_code < 300
    out.good += is_good
    try:
        case.validate_response(response, checks=_checks(is_good))
    except FailureGroup as group:
        for each in group.exceptions:
            found, whole = _said(each)
            out.failures.setdefault(found, f"{case.method} {case.formatted_path} -> {response.status_code}: {whole}")


def _checks(is_good: bool) -> list[Callable[..., Any]]:
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    always = [not_a_server_error, content_type_conformance, response_schema_conformance]
    return [*always, status_code_conformance] if is_good else always


def _said(failure: Any) -> tuple[str, str]:
    """A failure in a line that is the same for all cases, and with what was answered."""
    text = str(getattr(failure, "validation_message", "") or getattr(failure, "message", "") or failure)
    place = "/".join(str(each) if isinstance(each, str) else "*" for each in _path(failure))
    line = " ".join(text.split())
    return f"{type(failure).__name__} {place}: {_stable(line)}", line[:600]


def _path(failure: Any) -> Iterable[Any]:
    pointer = getattr(failure, "instance_path", None) or getattr(failure, "path", None) or ()
    return pointer if isinstance(pointer, list | tuple) else [pointer]


def _stable(line: str) -> str:
    """Without the value that was wrong."""
    return re.sub(r"^.*? (is (?:not|valid|greater|less|longer|shorter)|does not|has) ", r"\1 ", line)[:160]


def chosen(provider: str, step: int) -> list[str]:
    """One operation in so many, of all documents."""
    return [key for _, key in operations(provider)][::step]
