"""What is exported is read back as what it was: services, resources, methods, verbs, columns, parameters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.authoring.spec_text import spec

from quaestor.authoring import sources
from quaestor.authoring.build import build
from quaestor.authoring.export import export, publish
from quaestor.authoring.lint.run import lint
from quaestor.catalog import archive
from quaestor.catalog.facts import Facts
from quaestor.catalog.model import Method
from quaestor.fetch.decode import Decoder


def back(found: Facts, tmp_path: Path) -> Facts:
    made = export(found, str(tmp_path), "v1.0.0")
    return sources.load(made.folder)


def tables(found: Facts) -> dict[str, dict[str, tuple[Method, list[tuple[str, str]]]]]:
    """By resource and method: the method, and name and type of each column, but for those a parameter stands for."""
    out = {}
    for resource in found.resources:
        columns = sources.columns_by_method(found, resource)
        out[f"{resource.service}.{resource.name}"] = {
            each.method.name: (
                each.method,
                sorted(
                    (c.name, c.type)
                    for c in columns[each.method.name]
                    if not c.hidden and c.name not in {p.name for p in each.method.required}
                ),
            )
            for each in resource.methods
        }
    return out


def compare(before: Facts, after: Facts) -> None:
    old, new = tables(before), tables(after)
    assert old.keys() == new.keys()
    for name, methods in old.items():
        assert methods.keys() == new[name].keys()
        for each, (method, columns) in methods.items():
            now, now_columns = new[name][each]
            assert (method.verb, method.http, method.path) == (now.verb, now.http, now.path)
            assert method.lifecycle == now.lifecycle
            if method.verb == "select":
                assert columns == now_columns, f"{name}.{each}"
                assert now.pagination == method.pagination, f"{name}.{each}"
                assert now.hidden == method.hidden
                kept = (now.listing.whole, now.listing.leaves_out)
                assert kept == (method.listing.whole, method.listing.leaves_out)


def test_a_small_provider_comes_back(tmp_path: Path) -> None:
    found = build("acme", [("a", spec())])[0]
    again = back(found, tmp_path)
    compare(found, again)
    assert [each.rule.id for each in lint(str(tmp_path))["acme"] if each.rule.severity == "error"] == []
    team = tables(again)["team.teams"]["list_teams"][0]
    columns = next(sources.columns_by_method(again, r)["list_teams"] for r in again.resources if r.name == "teams")
    body = {"data": [{"id": "1", "type": "team", "attributes": {"name": 'a "b"'}}, {"id": "2", "type": "team"}]}
    page = Decoder(team.response, team.pagination, columns).page(json.dumps(body).encode())
    at = [c.name for c in columns].index("name")
    assert [row[at] for row in page.rows] == ['a "b"', None]


def test_what_cannot_be_said_is_told(tmp_path: Path) -> None:
    made = export(build("acme", [("a", spec())])[0], str(tmp_path))
    assert {line.partition(": ")[2] for line in made.unsaid} == {
        "a body without its envelope, which is written as JSON in data",
        "which list fills a parameter",
        "that a parameter is a column of another name",
        "paging by page",
    }


def test_an_archive_can_be_unpacked_and_is_the_same_twice(tmp_path: Path) -> None:
    found = build("acme", [("a", spec())])[0]
    made = export(found, str(tmp_path), "v1.0.0")
    digests = {publish(made.folder, "acme", "v1.0.0", str(tmp_path)) for _ in range(2)}
    assert len(digests) == 1
    data = (tmp_path / "dist/acme/v1.0.0.tgz").read_bytes()
    archive.unpack(data, str(tmp_path / "there"))
    assert (tmp_path / "there/provider.yaml").read_text() == (Path(made.folder) / "provider.yaml").read_text()
    publish(made.folder, "acme", "v1.1.0", str(tmp_path))
    assert "v1.0.0, v1.1.0" in (tmp_path / "dist/providers.yaml").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", sources.builtin_names())
def test_the_built_in_providers_come_back(name: str, tmp_path: Path) -> None:
    found = sources.load(name)
    compare(found, back(found, tmp_path))
