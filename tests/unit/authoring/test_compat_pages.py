"""Pages as StackQL's generator made them: the seeds byte for byte, and the rules that they don't show."""

from __future__ import annotations

from pathlib import Path

import pytest

from quaestor.authoring.pages import compat, compat_sql, mdx, site
from quaestor.authoring.pages.schemas import Schemas
from quaestor.catalog import document
from quaestor.errors import CatalogError
from quaestor.record import replace

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
FOLDER = DATA / "registry-okta-5.1.0" / "src" / "okta" / "v00.00.00000"
SEEDS = {
    "integrations.instances": "000_d8c4ce78ddbee332.txt",
    "apps.connections": "001_5d077ebe97290281.txt",
    "identity_sources.sessions": "003_c2dce0aee62c2551.txt",
}
needs_data = pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared data is not beside the checkout")

TINY = {
    "servers": [{"url": "https://{org}.example.com", "variables": {"org": {"default": "o", "enum": ["o", "p"]}}}],
    "paths": {
        "/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "post": {
                "description": "Makes {a} <thing>\n<br>`<kept>`",
                "parameters": [
                    {"name": "now", "in": "query", "schema": {"type": "boolean"}, "description": "Now: yes"},
                    {"name": "odd", "in": "query", "content": {}},
                    {"name": "later", "in": "query", "schema": {"type": "integer", "format": "int32"}},
                ],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "responses": {
                    "201": {
                        "description": "A thing",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                    }
                },
            },
        }
    },
    "components": {
        "schemas": {
            "Base": {"type": "object", "properties": {"zeta_id": {"type": "string"}, "a_name": {"type": "string"}}},
            "Thing": {
                "allOf": [
                    {"$ref": "#/components/schemas/Base"},
                    {
                        "required": ["size"],
                        "properties": {
                            "size": {"type": "integer", "default": 3, "title": "How big", "pattern": "\\d{2}"},
                            "id": {"type": "string", "readOnly": True},
                            "Big": {"type": "boolean", "description": "Is it?\n", "default": None, "enum": ["it's"]},
                        },
                    },
                ]
            },
        },
        "x-stackQL-resources": {
            "things": {
                "id": "p.s.things",
                "methods": {
                    "make": {
                        "operation": {"$ref": "#/paths/~1things~1{id}/post"},
                        "response": {"mediaType": "application/json", "openAPIDocKey": "201"},
                    },
                    "run": {
                        "operation": {"$ref": "#/paths/~1things~1{id}/post"},
                        "response": {"mediaType": "application/json", "openAPIDocKey": "201"},
                    },
                },
                "sqlVerbs": {"insert": [{"$ref": "#/components/x-stackQL-resources/things/methods/make"}]},
            },
            "anonymous": {"methods": {}},
        },
    },
}


@needs_data
@pytest.mark.parametrize("name", SEEDS)
def test_the_seed_pages_come_out_byte_for_byte(name: str, tmp_path: Path) -> None:
    service, resource = name.split(".")
    made = {
        page.resource: page
        for page in compat.pages("okta", service, document.read(str(FOLDER / "services" / f"{service}.yaml")))
    }
    assert mdx.render(made[resource]) == (DATA / "seeds" / SEEDS[name]).read_text(encoding="utf-8")


@needs_data
def test_a_whole_provider_is_written(tmp_path: Path) -> None:
    out = tmp_path / "pages"
    assert site.write_compat("okta", str(FOLDER), str(out)) == 190
    assert len(list(out.glob("services/*/index.md"))) == 55
    assert len(list(out.glob("services/*/*/index.md"))) == 190
    index = (out / "services" / "integrations" / "index.md").read_text()
    assert "total resources: __2__  \n" in index
    assert index.index("instance_secrets/") < index.index("instances/")
    assert "total services: __55__  \ntotal resources: __245__  " in (out / "index.md").read_text()


def test_a_page_of_our_own_document() -> None:
    (page,) = compat.pages("p", "s", TINY)
    text = mdx.render(page)
    assert text.startswith("--- \ntitle: things\n")
    assert "`SELECT` not supported for this resource" in text
    row = next(line for line in text.splitlines() if "Makes" in line)
    assert row == "    <td>Makes &#123;a&#125; &lt;thing&gt;<br /><br />`<kept>`</td>"
    assert "#parameter-id" not in text, "parameters of the path item are left out: that is the fault"
    assert [column.name for column in page.parameters] == ["org", "later", "now"]
    assert page.parameters[0].description == " (default: o, enum: [o, p])"
    assert page.methods[0].required == ("org", "data__size")
    assert page.methods[1].required == ("org", "size")
    insert, run = (section.examples for section in page.sections)
    assert insert[0].code == (
        "INSERT INTO p.s.things (\ndata__zeta_id,\ndata__a_name,\ndata__size,\ndata__Big,\norg,\nnow,\nlater\n)\n"
        "SELECT \n'{{ zeta_id }}',\n'{{ a_name }}',\n{{ size }} /* required */,\n{{ Big }},\n'{{ org }}',\n"
        "'{{ now }}',\n'{{ later }}'\nRETURNING\nid,\nzeta_id,\na_name,\nBig,\nsize\n;"
    )
    assert insert[1].code.endswith(
        "    - name: Big\n      value: boolean\n      description: >\n        Is it?\n\n"
        "      valid_values: ['it's']\n"
        "      default: null\n    - name: now\n      value: boolean\n      description: Now: yes\n"
        "    - name: later\n      value: integer (int32)"
    )
    assert run[0].code == (
        "EXEC p.s.things.run \n@org='{{ org }}' --required, \n@now={{ now }}, \n@later='{{ later }}' "
        "\n@@json=\n"
        '\'{\n"zeta_id": "{{ zeta_id }}", \n"a_name": "{{ a_name }}", \n"size": {{ size }}, '
        '\n"Big": {{ Big }}\n}\'\n;'
    )


def test_a_field_shows_its_keywords_that_are_text() -> None:
    schemas = Schemas(TINY)
    thing = schemas.properties(schemas.at("#/components/schemas/Thing"))
    assert list(thing) == ["zeta_id", "a_name", "size", "id", "Big"]
    assert compat._described(thing["size"]) == " (title: How big, pattern: <code>\\d&#123;2&#125;</code>)"


def test_columns_stand_in_the_order_of_the_pages() -> None:
    assert compat.ordered(["b", "B", "_a", "x_name", "name", "y_id", "id"]) == [
        "id", "name", "y_id", "x_name", "B", "_a", "b",
    ]  # fmt: skip


def test_references_that_lead_nowhere_or_in_a_circle_are_errors() -> None:
    schemas = Schemas({"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}})
    with pytest.raises(CatalogError, match="circle"):
        schemas.resolved({"$ref": "#/a"})
    with pytest.raises(CatalogError, match="#/c leads nowhere"):
        schemas.resolved({"$ref": "#/c"})


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CatalogError, match="other things than pages"):
        site.write_compat("p", str(tmp_path / "nowhere"), str(tmp_path))
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_failure_leaves_the_old_pages(tmp_path: Path) -> None:
    out = tmp_path / "pages"
    out.mkdir()
    (out / "index.md").write_text("old")
    with pytest.raises(CatalogError, match=r"provider\.yaml"):
        site.write_compat("p", str(tmp_path / "nowhere"), str(out))
    assert (out / "index.md").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["pages"]


def test_update_has_the_conditions_of_the_generator() -> None:
    (page,) = compat.pages("p", "s", TINY)
    assert page.kind == "Resource"
    methods = list(compat._methods(TINY["components"]["x-stackQL-resources"]["things"], Schemas(TINY), {}))  # type: ignore[index]
    update = replace(methods[0], verb="replace")
    assert compat_sql.statement("p.s.things", update, []) == (
        "REPLACE p.s.things\nSET \ndata__zeta_id = '{{ zeta_id }}',\ndata__a_name = '{{ a_name }}',\n"
        "data__size = {{ size }},\ndata__Big = {{ Big }}\nWHERE \ndata__size = '{{ size }}' --required\n"
        "AND now = {{ now}}\nAND later = '{{ later}}'\n;"
    )
