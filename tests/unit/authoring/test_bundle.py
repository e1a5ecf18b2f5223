"""Documents that are spread over several files."""

from __future__ import annotations

from pathlib import Path

import pytest

from quaestor.authoring import bundle
from quaestor.authoring.build import build
from quaestor.authoring.specs import load_spec
from quaestor.errors import CatalogError

ROOT = """
openapi: 3.0.3
info: {title: Pets, version: "1"}
servers: [{url: /api}, {url: "https://pets.example.com/api"}]
paths:
  /pets: {$ref: "./paths/pets.yaml"}
  /pets/{petId}:
    get:
      parameters: [{$ref: "./schemas/parts.yaml#/PetId"}]
      responses: {"200": {content: {application/json: {schema: {$ref: "schemas/pet.yaml"}}}}}
components:
  schemas:
    Owner: {type: object, properties: {pet: {$ref: "./schemas/pet.yaml"}}, example: {$ref: nowhere.yaml}}
"""
PETS = """
get:
  responses: {"200": {content: {application/json: {schema: {type: array, items: {$ref: ../schemas/pet.yaml}}}}}}
"""
PET = """
type: object
properties:
  id: {type: integer}
  mother: {$ref: pet.yaml}
  home: {$ref: "parts.yaml#/Address"}
  keeper: {$ref: "../openapi.yaml#/components/schemas/Owner"}
"""
PARTS = """
PetId: {name: petId, in: path, required: true, schema: {type: integer}}
Address: {type: object, properties: {city: {type: string}, twin: {$ref: "#/Address"}, chief: {$ref: "#/Owner"}}}
Owner: {type: string}
"""


def written(folder: Path, root: str = ROOT) -> str:
    for name, text in (
        ("openapi.yaml", root),
        ("paths/pets.yaml", PETS),
        ("schemas/pet.yaml", PET),
        ("schemas/parts.yaml", PARTS),
    ):
        path = folder / "api" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return str(folder / "api" / "openapi.yaml")


def test_what_other_files_say_comes_into_the_document(tmp_path: Path) -> None:
    found, _ = build("pets", [("spec", load_spec(written(tmp_path)))])
    assert {name: sorted(schema.properties) for name, schema in found.schemas.items() if schema.properties} == {
        "Owner": ["pet"],
        "pet": ["home", "id", "keeper", "mother"],
        "Address": ["chief", "city", "twin"],
    }
    assert found.schemas["pet"].properties["mother"].ref == "pet"
    assert found.schemas["Address"].properties["chief"].ref == "Owner_2"
    assert found.provider.server.url == "https://pets.example.com/api"
    (resource,) = found.resources
    (item,) = (p for each in resource.methods for p in each.method.parameters)
    assert (item.type, item.field) == ("integer", "id")


def test_a_document_that_refers_to_nothing_else_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text('paths: {}\ncomponents: {schemas: {A: {$ref: "#/components/schemas/B"}, B: {type: string}}}\n')
    assert bundle.read(str(path))["components"]["schemas"]["A"] == {"$ref": "#/components/schemas/B"}


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("../../secret.yaml", "leads out of the folder"),
        ("/etc/passwd", "leads out of the document's folder"),
        ("https://example.com/pet.yaml", "leads out of the document's folder"),
        ("none.yaml", "there is no file"),
        ("schemas/parts.yaml#/Nobody", "leads nowhere"),
    ],
)
def test_what_is_not_there_or_not_inside_is_refused(tmp_path: Path, ref: str, said: str) -> None:
    with pytest.raises(CatalogError, match=said):
        bundle.read(written(tmp_path, ROOT.replace("schemas/pet.yaml", ref)))
