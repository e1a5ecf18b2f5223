"""Our own pages: words mended and escaped, links that lead somewhere, statements that say what is required."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quaestor.authoring.pages import words
from quaestor.authoring.pages.prose import Prose, Text
from quaestor.authoring.pages.shape import Shape, alternatives, kind, rows, sample
from quaestor.authoring.pages.site import Source, write_pages
from quaestor.authoring.pages.statements import Writer, slug
from quaestor.catalog.model import Body, Column, Method, Parameter, Resource, Response, Schema, Server
from quaestor.catalog.store import open_catalog
from quaestor.errors import CatalogError

SCHEMAS = {
    "Base": Schema(
        type="object",
        discriminator="kind",
        mapping={"CAT": "Cat", "DOG": "Dog", "COW": "Cat"},
        properties={"kind": Schema(type="string", enum=("CAT", "DOG")), "name": Schema(type="string", max_length=3)},
        required=("kind",),
    ),
    "Cat": Schema(type="object", properties={"lives": Schema(type="integer", minimum=7)}, required=("lives",)),
    "Dog": Schema(
        type="object",
        properties={
            "toys": Schema(type="array", items=Schema(type="string"), min_items=2),
            "owner": Schema(ref="Owner"),
        },
    ),
    "Owner": Schema(
        type="object", properties={"id": Schema(type="string", read_only=True), "pet": Schema(ref="Base")}
    ),
}


def lookup(name: str) -> Schema:
    return SCHEMAS[name]


def writer(*methods: Method) -> Writer:
    columns = (Column("id", "string", ("id",)), Column("order", "string", ("order",)))
    return Writer(Resource("p", "s", "pets", methods=methods, columns=columns), Server("https://example.com"), lookup)


KEY = Parameter("petId", "petId", "path", required=True, field="id", item_key=True)
READ = Method("get", "select", "GET", "/pets/{petId}", (KEY,), columns=(Column("order", "string", ("order",)),))


def test_a_select_quotes_names_and_marks_what_is_required() -> None:
    odd = Parameter("page[x]", "page[x]", "query", "integer")
    paging = Parameter("after", "after", "query", role="cursor")
    method = Method("list", "select", "GET", "/pets", (odd, paging, KEY), columns=READ.columns)
    (made,) = writer(method).statements(method)
    assert made.text == (
        'SELECT\n"order"\nFROM p.s.pets\nWHERE petId = \'{{ petId }}\' -- required\nAND "page[x]" = {{ page_x }}\n;'
    )


def test_a_body_of_several_kinds_has_a_statement_for_each() -> None:
    method = Method("make", "insert", "POST", "/pets", body=Body("Base", required=True), response=Response(201))
    cat, dog = writer(method).statements(method)
    assert (cat.label, dog.label) == ("CAT", "DOG"), "COW isn't allowed by the property itself"
    assert cat.text == (
        "INSERT INTO p.s.pets (\ndata__kind,\ndata__name,\ndata__lives\n)\nSELECT\n'CAT' /* required */,\n"
        "'{{ name }}',\n{{ lives }} /* required */\n;"
    )
    assert "data__toys" in dog.text


def test_exec_has_its_commas_before_the_comments() -> None:
    flag = Parameter("now", "now", "query", "boolean")
    method = Method("feed", "exec", "POST", "/pets/{petId}/feed", (KEY, flag), body=Body("Cat"))
    (made,) = writer(method).statements(method)
    assert made.text == (
        "EXEC p.s.pets.feed\n@petId = '{{ petId }}', -- required\n@now = {{ now }}\n"
        "@@json = '{\n\"lives\": {{ lives }}\n}'\n;"
    )


def test_an_update_without_anything_to_set_and_a_delete_of_all_are_calls() -> None:
    update = Method("touch", "update", "POST", "/pets/{petId}/touch", (KEY,))
    assert writer(READ, update).statements(update)[0].text.startswith("EXEC p.s.pets.touch\n@petId")
    owner = Parameter("ownerId", "ownerId", "path", required=True)
    all_of_them = Method("clear", "delete", "DELETE", "/owners/{ownerId}/pets", (owner,))
    assert writer(READ, all_of_them).statements(all_of_them)[0].verb == "exec"


def test_an_update_has_its_key_in_where_and_its_body_in_set_alone() -> None:
    method = Method("change", "update", "PATCH", "/pets/{petId}", (KEY,), body=Body("Cat"))
    (made,) = writer(READ, method).statements(method)
    assert made.text == (
        "UPDATE p.s.pets\nSET\ndata__lives = {{ lives }} /* required */\nWHERE petId = '{{ petId }}' -- required\n;"
    )


def test_placeholders_are_plain_words() -> None:
    assert [slug(name) for name in ("page[size]", "If-Match", "2fa", "[]")] == [
        "page_size",
        "If_Match",
        "_2fa",
        "value",
    ]


def test_fields_of_fields_are_shown_until_they_repeat() -> None:
    shape = Shape((Schema(ref="Owner"),), lookup, Text())
    names = [column.name for column in rows(shape, str)]
    assert names[:5] == ["id", "pet", "pet.kind", "pet.name", "pet.lives"]
    assert "pet.owner.pet.owner" in names
    assert max(name.count(".") for name in names) == 4
    assert kind(Shape((Schema(type="string", format="date-time"),), lookup, Text())) == "string (date-time)"


def test_an_example_is_of_one_kind_and_within_bounds() -> None:
    base = Shape((Schema(ref="Base"),), lookup, Text())
    assert [each.label for each in alternatives(base)] == ["CAT", "DOG"]
    assert sample(base, is_sent=True) == {"kind": "CAT", "name": "USA", "lives": 7}
    owner = sample(Shape((Schema(ref="Dog"),), lookup, Text()), is_sent=True)
    assert owner["toys"] == ["string", "string"]
    assert "id" not in owner["owner"]


def test_links_are_mended() -> None:
    assert words.tidied("See [this]https://a.example/x.") == "See [this](https://a.example/x)."
    assert words.tidied("[a](/docs/apihttps://b.example/y)") == "[a](https://b.example/y)"
    assert words.tidied("[local](/openapi/tag/User/) and [up](#tag)") == "local and up"
    assert words.flat("One\n* two\n* three\n\nfour | five", str) == "One<br />• two<br />• three<br />four | five"
    assert words.block("## Head\ntext", str) == "**Head**\ntext"


def test_what_mdx_would_take_for_its_own_is_escaped() -> None:
    said = "Use {x} and `{y}` <Z>, a<br>b\nimport c"
    assert words.for_mdx(said) == "Use &#123;x&#125; and `{y}` &lt;Z&gt;, a<br />b\nim&#8203;port c"
    assert words.for_markdown("a <b> `<c>`") == "a \\<b> `<c>`"


def test_words_are_found_whatever_a_path_calls_its_parameters() -> None:
    root = {
        "openapi": "3.0.3",
        "paths": {
            "/pets/{pet}": {
                "parameters": [{"name": "pet", "in": "path", "description": "Which", "schema": {"type": "string"}}],
                "get": {
                    "description": "Gets it",
                    "responses": {"200": {"description": "It", "content": {"application/json": {"schema": {
                        "oneOf": [{"properties": {"a": {"description": "An a"}}}, {"$ref": "#/nowhere"}]
                    }}}}, "404": {"description": "None"}},
                },
            }
        },
    }  # fmt: skip
    found = Prose(root, "here").operation("GET", "/pets/{petId}")
    assert found is not None
    assert found.text == "Gets it"
    assert found.parameter("pet", "path")[0] == "Which"
    assert found.answer(200, "application/json")[1].below("a").description == "An a"
    assert [status for status, *_ in found.answers()] == ["200", "404"]
    assert Prose(root, "here").operation("PUT", "/pets/{petId}") is None


@pytest.mark.slow
@pytest.mark.parametrize("form", ["markdown", "stackql"])
def test_every_link_of_every_page_leads_somewhere(form: str, tmp_path: Path) -> None:
    out = tmp_path / "pages"
    with open_catalog() as catalog:
        count = write_pages(Source(catalog, "okta"), str(out), form)
        assert count == sum(len(catalog.resources("okta", each.name)) for each in catalog.services("okta"))
    broken = []
    for page in out.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        body = re.sub(r"(?ms)^```.*?^```$", "", text)
        headings = {
            re.sub(r"[^\w -]", "", each).strip().lower().replace(" ", "-")
            for each in re.findall(r"(?m)^#+ (.*)$", body)
        }
        ids = re.findall(r'id="([^"]+)"', body)
        assert len(ids) == len(set(ids)), page
        for link in re.findall(r'\]\(([^)]+)\)|href="([^"]+)"', body):
            target = link[0] or link[1]
            if target.startswith("#"):
                broken += [] if target[1:] in {*ids, *headings} else [f"{page}: {target}"]
            elif target.startswith("/"):
                broken += [] if (out / target.strip("/") / "index.md").is_file() else [f"{page}: {target}"]
            elif not target.startswith("https://"):
                broken += [] if (page.parent / target).is_file() else [f"{page}: {target}"]
    assert broken == []
    index = (out / "index.md").read_text(encoding="utf-8")
    assert str(count) in index


def test_a_provider_that_is_not_there(tmp_path: Path) -> None:
    with open_catalog() as catalog, pytest.raises(CatalogError, match="no provider called oktaa"):
        write_pages(Source(catalog, "oktaa"), str(tmp_path / "pages"), "markdown")
    assert list(tmp_path.iterdir()) == []
