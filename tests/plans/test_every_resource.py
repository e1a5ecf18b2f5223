"""`SELECT *` of every resource of both catalogs has a plan, or an error that says what to write."""

from quaestor.catalog.store import open_catalog
from quaestor.errors import BindError
from quaestor.plan.bind import bind
from quaestor.plan.scans import plan
from quaestor.sql import nodes
from quaestor.sql.parser import parse_one


def test_every_resource_is_planned_or_explained() -> None:
    planned, silent = 0, []
    with open_catalog() as catalog:
        for provider in ("okta", "datadog"):
            for service in catalog.services(provider):
                for resource in catalog.resources(provider, service.name):
                    text = f'SELECT * FROM {provider}."{service.name}"."{resource.name}"'
                    tree = parse_one(text)
                    assert isinstance(tree, nodes.Select)
                    try:
                        query = bind(tree, catalog, {provider: provider}, text=text)
                        found = plan(query, {}, catalog, text=text)
                    except BindError as error:
                        silent += [f"{text}: {error.message}"] if not error.hint else []
                    else:
                        assert found.scans[-1].resource.name == resource.name
                        planned += 1
    assert silent == []
    assert planned > 400
