"""Facts as text: what is written reads back the same, and the same facts are the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.catalog.sample import FACTS

from quaestor.catalog import document, facts
from quaestor.catalog.facts import path_keys, path_text, schema_from, schema_text
from quaestor.catalog.model import Schema
from quaestor.errors import CatalogError

FLAGS = ("nullable", "read_only", "write_only", "deprecated", "secret", "closed")
LEAVES = st.builds(
    Schema,
    type=st.sampled_from(["", "string", "integer", "object", "array"]),
    format=st.sampled_from(["", "date-time", "int64"]),
    enum=st.sampled_from([(), ("a", "b"), (1, 2), (None, "on"), (True,)]),
    default=st.sampled_from([None, 1, "x", False, ["a"]]),
    minimum=st.sampled_from([None, 0, 1.5]),
    pattern=st.sampled_from(["", "^[a-z]+: #$"]),
    **{flag: st.booleans() for flag in FLAGS},
) | st.builds(Schema, ref=st.sampled_from(["User", "a.b.c.response", "100% Odd"]), nullable=st.booleans())
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        Schema,
        type=st.sampled_from(["", "object", "array"]),
        properties=st.dictionaries(st.sampled_from(["id", "x5t#S256", "on", "a: b"]), inner, max_size=3),
        required=st.sampled_from([(), ("id",)]),
        items=st.none() | inner,
        additional=st.none() | inner,
        one_of=st.lists(inner, max_size=2).map(tuple),
        discriminator=st.sampled_from(["", "type"]),
        mapping=st.sampled_from([{}, {"A": "User"}]),
    ),
    max_leaves=8,
)


@given(SCHEMAS)
def test_a_schema_reads_back(schema: Schema) -> None:
    text = document.parse(document.write({"A": schema_text(schema)}), "here")["A"]
    assert schema_from(text, "here") == schema


def test_schemas_are_as_short_as_they_get() -> None:
    assert schema_text(Schema(type="string", format="date-time", read_only=True)) == "string/date-time readonly"
    assert schema_text(Schema(ref="User", nullable=True)) == "$User nullable"
    assert schema_text(Schema(type="array", items=Schema(ref="User"))) == ["$User"]
    assert schema_text(Schema(type="string", enum=("a",))) == {"enum": ["a"]}
    assert schema_text(Schema(type="object", properties={"a": Schema(type="integer")})) == {
        "properties": {"a": "integer"}
    }
    assert schema_text(Schema()) == "any"
    assert schema_text(Schema(type="object", additional=Schema())) == {"is": "object", "map": "any"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ({"propertys": {}}, "a schema has no 'propertys'"),
        ("string readable", "no flag 'readable'"),
        (["string", "integer"], "is no schema"),
        (1, "is no schema"),
    ],
)
def test_schemas_that_cannot_be_read(text: Any, says: str) -> None:
    with pytest.raises(CatalogError, match=says):
        schema_from(text, "here")


@given(st.lists(st.text(max_size=5), max_size=4).map(tuple))
def test_paths_read_back(keys: tuple[str, ...]) -> None:
    assert path_keys(path_text(keys), "here") == keys


def test_paths() -> None:
    assert path_keys("$", "here") == ()
    assert path_keys("$.data.*.id", "here") == ("data", "*", "id")
    assert path_text(("a.b", "c")) == ["a.b", "c"]
    for wrong in ("data", "", "$.", "$..a", 1, [1]):
        with pytest.raises(CatalogError, match="is no path"):
            path_keys(wrong, "here")


def test_a_folder_reads_back(tmp_path: Path) -> None:
    facts.write(FACTS, str(tmp_path))
    assert facts.read(str(tmp_path)) == FACTS
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.yaml")}
    facts.write(facts.read(str(tmp_path)), str(tmp_path))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.yaml")} == before
    assert sorted(path.relative_to(tmp_path).as_posix() for path in before) == [
        "provider.yaml",
        "schemas/u.yaml",
        "services/a.yaml",
        "services/empty.yaml",
    ]


def test_files_of_services_that_are_gone_are_removed_and_others_are_not(tmp_path: Path) -> None:
    facts.write(FACTS, str(tmp_path))
    for name in ("services/old.yaml", "schemas/z.yaml", "overlay.yaml", "services/README"):
        (tmp_path / name).write_text("a: 1\n")
    facts.write(FACTS, str(tmp_path))
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left & {"services/old.yaml", "schemas/z.yaml", "overlay.yaml", "services/README"} == {
        "overlay.yaml",
        "services/README",
    }


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("services/a.yaml", "call: GET /users/{id}", "call: users", "needs `call`"),
        ("services/a.yaml", "verb: insert", "verb: create", "needs `call`"),
        (
            "services/a.yaml",
            "operation: listUsers",
            "operations: listUsers",
            r"\['operations'\] is nothing that a method has",
        ),
        ("services/a.yaml", "in: header", "in: cookie", "needs `in`"),
        ("services/a.yaml", "role: cursor", "roles: cursor", "parameters.after: Parameter has no field 'roles'"),
        ("services/a.yaml", "service: a", "", "the file its `service`"),
        ("services/a.yaml", "rows: $.data", "rows: data", "is no path"),
        ("provider.yaml", "name: p", "names: p", "Provider"),
        ("provider.yaml", "credentials:", "credential:", "Provider has no field 'credential'"),
    ],
)
def test_text_that_cannot_be_read_says_where(tmp_path: Path, name: str, old: str, new: str, says: str) -> None:
    facts.write(FACTS, str(tmp_path))
    path = tmp_path / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(CatalogError, match=says):
        facts.read(str(tmp_path))


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogError, match="can't write"):
        facts.write(FACTS, str(tmp_path / "file"))
