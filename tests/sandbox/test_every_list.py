"""Every resource that can be read, read to its end on the sandbox: rows or none, but no error.

What a resource requires is given: path parameters the keys of objects that are there, all others a value of their
type.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import quaestor
from quaestor.catalog.model import Method, Parameter
from quaestor.catalog.store import open_catalog
from quaestor.errors import QuaestorError
from quaestor.sandbox.core import Sandbox
from quaestor.sandbox.site import Site

SCALE = {
    "okta": {"users": 40, "groups": 8, "apps": 25, "devices": 3, "logs": 20},
    "datadog": {"users": 40, "monitors": 6, "hosts": 6, "dashboards": 4},
}
#: Parameters of which only certain texts can be, though the catalog has no list of them.
TEXTS = {"okta.policies.principal_rate_limits.filter": 'principalType eq "SSWS_TOKEN"'}


def resources(provider: str, site: Site) -> Iterator[tuple[str, str]]:
    """The name of every resource that can be read, and a statement that reads all of it."""
    catalog = open_catalog()
    for service in catalog.services(provider):
        for info in catalog.resources(provider, service.name):
            resource = catalog.resource(provider, service.name, info.name)
            methods = [m for m in resource.methods if m.verb == "select"] if resource is not None else []
            if resource is not None and methods:
                wanted = min(methods, key=lambda method: sum(p.required for p in method.parameters))
                yield resource.id, f"SELECT count(*) FROM {resource.id}{_where(site, resource.id, wanted)}"


def _where(site: Site, resource: str, method: Method) -> str:
    route = next(each for each in site.routes if each.method == method)
    keys = dict(zip(route.names, site.example(route), strict=False))
    conditions = [
        f'"{p.name}" = {_literal(keys.get(p.wire) or TEXTS.get(f"{resource}.{p.name}") or _value(p))}'
        for p in method.parameters
        if p.required
    ]
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _value(parameter: Parameter) -> str:
    usual = {"integer": "1", "number": "1", "boolean": "true"}.get(parameter.type, "x")
    return parameter.enum[0] if parameter.enum else usual


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@pytest.mark.parametrize("provider", SCALE)
def test_every_resource_is_read_to_its_end(provider: str) -> None:
    scale = SCALE[provider]
    site = Sandbox(open_catalog(), [provider], scale=scale).site(provider)
    failed: dict[str, str] = {}
    counts: list[int] = []
    with quaestor.sandbox(provider, scale=scale) as box, box.connect() as con:
        for name, statement in resources(provider, site):
            try:
                (count,) = con.sql(statement).fetchone() or (-1,)
            except QuaestorError as error:
                failed[name] = f"{statement}: {error}"
            else:
                counts.append(count)
        refused = [each for each in box.log if each.status >= 400]  # a 404 reads as no rows
    assert failed == {}
    assert refused == []
    assert len(counts) > 180
    assert counts.count(0) * 10 < len(counts)
