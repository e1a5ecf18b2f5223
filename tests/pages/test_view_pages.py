"""Pages of views that a provider's document has: as StackQL's generator made them, and as ours are."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.compiled import compiled_cache

from quaestor.authoring.pages.site import Source, write_compat, write_pages
from quaestor.catalog.documents import open_layered

PROVIDER = """
id: acme
name: acme
version: v1
providerServices:
  zoo:
    id: zoo:v1
    name: zoo
    title: Zoo
    version: v1
    service: {$ref: acme/v00.00.00000/services/zoo.yaml}
openapi: 3.0.0
"""
SERVICE = """
openapi: 3.0.0
info: {title: Zoo, version: '1'}
servers: [{url: 'https://zoo.example'}]
paths:
  /animals/{keeper}:
    get:
      operationId: list
      parameters: [{name: keeper, in: path, required: true, schema: {type: string}}]
      responses:
        '200':
          description: OK
          content:
            application/json:
              schema: {type: array, items: {type: object, properties: {id: {type: integer}, name: {type: string}}}}
components:
  x-stackQL-resources:
    animals:
      id: acme.zoo.animals
      name: animals
      methods:
        list:
          operation: {$ref: '#/paths/~1animals~1{keeper}/get'}
          response: {openAPIDocKey: '200', mediaType: application/json}
      sqlVerbs: {select: [{$ref: '#/components/x-stackQL-resources/animals/methods/list'}]}
    vw_animals:
      id: acme.zoo.vw_animals
      name: vw_animals
      config:
        docs:
          fields: [{name: title, type: string, description: "What {people} call it."}]
        views:
          fields: [{name: title, type: string, description: A name.}]
          requiredParams: [{name: keeper, type: string, description: Whose.}]
          select:
            predicate: sqlDialect == "sqlite3"
            ddl: SELECT id, name AS title FROM acme.zoo.animals WHERE keeper = '{{ keeper }}'
            fallback:
              predicate: sqlDialect == "postgres"
              ddl: SELECT id, "name" AS title FROM acme.zoo.animals WHERE keeper = '{{ keeper }}'
"""
#: The page behind the heading of its fields, byte for byte as `view.js` of the generator prints it.
COMPAT = """## Fields

The following fields are returned by this view:

<table>
<thead>
    <tr>
    <th>Name</th>
    <th>Datatype</th>
    <th>Description</th>
    </tr>
</thead>
<tbody>
<tr>
    <td>title</td>
    <td>string</td>
    <td>A name.</td>
</tr>
</tbody>
</table>

## Required Parameters

The following parameters are required by this view:

<table>
<thead>
    <tr>
    <th>Name</th>
    <th>Datatype</th>
    <th>Description</th>
    </tr>
</thead>
<tbody>
<tr>
    <td>keeper</td>
    <td>string</td>
    <td>Whose.</td>
</tr>
</tbody>
</table>

## SQL Definition

<Tabs
defaultValue="Sqlite3"
values={[
{ label: 'Sqlite3', value: 'Sqlite3' },
{ label: 'Postgres', value: 'Postgres' }
]}
>
<TabItem value="Sqlite3">

```sql
SELECT id, name AS title FROM acme.zoo.animals WHERE keeper = '{{ keeper }}'
```

</TabItem>
<TabItem value="Postgres">

```sql
SELECT id, "name" AS title FROM acme.zoo.animals WHERE keeper = '{{ keeper }}'
```

</TabItem>
</Tabs>
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "src" / "acme" / "v00.00.00000"
    (made / "services").mkdir(parents=True)
    (made / "provider.yaml").write_text(PROVIDER)
    (made / "services" / "zoo.yaml").write_text(SERVICE)
    return made


def test_a_views_page_as_the_generator_made_it(folder: Path, tmp_path: Path) -> None:
    write_compat("acme", str(folder), str(tmp_path / "out"))
    page = (tmp_path / "out" / "services" / "zoo" / "vw_animals" / "index.md").read_text("utf-8")
    assert "<tr><td><b>Type</b></td><td>View</td></tr>" in page
    assert page.endswith(COMPAT)
    assert "Creates, updates, deletes, gets or lists a <code>vw_animals</code> resource." in page


def test_a_service_is_called_as_its_file(folder: Path, tmp_path: Path) -> None:
    (folder / "services" / "zoo.yaml").rename(folder / "services" / "Zoo-keeping.yaml")
    (folder / "provider.yaml").write_text(PROVIDER.replace("zoo.yaml", "Zoo-keeping.yaml"))
    write_compat("acme", str(folder), str(tmp_path / "out"))
    assert (tmp_path / "out" / "services" / "Zoo_keeping" / "vw_animals" / "index.md").is_file()
    index = (tmp_path / "out" / "index.md").read_text("utf-8")
    assert '<a href="/services/Zoo_keeping/">Zoo_keeping</a><br />' in index
    assert "total services: __1__  \ntotal resources: __3__  \n" in index, (
        "with the service's own page, as it counted"
    )


@pytest.mark.parametrize("form", ["markdown", "stackql"])
def test_our_page_of_a_view(folder: Path, tmp_path: Path, form: str) -> None:
    with open_layered([str(tmp_path)], cache_dir=compiled_cache(tmp_path / "cache")) as catalog:
        write_pages(Source(catalog, "acme", folder=str(folder)), str(tmp_path / "out"), form)
    page = (tmp_path / "out" / "services" / "zoo" / "vw_animals" / "index.md").read_text("utf-8")
    asked = "SELECT\nid,\ntitle\nFROM acme.zoo.vw_animals\nWHERE keeper = '{{ keeper }}' -- required\n;"
    assert asked in page
    assert "SELECT id, name AS title FROM acme.zoo.animals" in page
    assert "What " in page
    assert ("{people}" in page) is (form == "markdown")
    assert "## Methods" not in page
    assert "Lists the rows of the view" in page
    if form == "markdown":
        index = (tmp_path / "out" / "services" / "zoo" / "index.md").read_text("utf-8")
        assert "[vw_animals](vw_animals/index.md) | `SELECT` |" in index
