"""Our own pages beside the published ones: nothing of their tables is missing, and what differs is a correction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.compiled import compiled_cache
from tests.pages.published import ABSENT, DATA, REGISTRY, SEEDS, Tables, rendered, tables, text

from quaestor.authoring.pages import mdx
from quaestor.authoring.pages.site import Source, make_pages, write_compat
from quaestor.catalog.documents import Layered, open_layered
from quaestor.catalog.stackql.folder import folders

pytestmark = pytest.mark.skipif(bool(ABSENT), reason=ABSENT)

#: Parameters of path items, which the published pages leave out.
PATH_PARAMETERS = {
    "integrations.instances": {"apiServiceId"},
    "apps.connections": {"appId", "appName"},
    "identity_sources.sessions": {"identitySourceId", "sessionId"},
}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layered]:
    with open_layered([str(REGISTRY)], cache_dir=compiled_cache(tmp_path_factory.mktemp("cache"))) as found:
        yield found


@pytest.fixture(scope="module")
def ours(catalog: Layered) -> dict[str, str]:
    """The default pages of the three resources, in StackQL's format."""
    (folder,) = folders(str(REGISTRY))
    source = Source(catalog, "okta", folder=folder.path)
    services = {name.partition(".")[0] for name in SEEDS}
    return {
        f"{page.service}.{page.resource}": mdx.render(page)
        for page in make_pages(source, "stackql", services)
        if f"{page.service}.{page.resource}" in SEEDS
    }


def seed(name: str) -> Tables:
    return tables((DATA / "seeds" / SEEDS[name]).read_text(encoding="utf-8"))


def parts(description: str) -> tuple[str, list[str]]:
    """A description, and the keywords in parentheses behind it: `(default: DISABLED, title: X)`."""
    match = re.fullmatch(r"(.*?) ?\(((?:example|default|title|pattern): .*)\)", description)
    if match is None:
        return description, []
    return match[1], re.split(r", (?=(?:example|default|title|pattern): )", match[2])


@pytest.mark.parametrize("name", SEEDS)
def test_every_field_is_there(name: str, ours: dict[str, str]) -> None:
    found = tables(ours[name]).fields
    assert seed(name).fields
    for key, (kind, description) in seed(name).fields.items():
        assert found[key][0] == kind, key
        words, keywords = parts(description)
        assert words in found[key][1], key
        for keyword in keywords:
            assert keyword in found[key][1], (key, keyword)


@pytest.mark.parametrize("name", SEEDS)
def test_every_method_is_there_in_its_place(name: str, ours: dict[str, str]) -> None:
    found, published = tables(ours[name]).methods, seed(name).methods
    assert list(found) == list(published)
    for method, (verb, required, optional, description) in published.items():
        mine = found[method]
        assert mine[0] == verb
        wanted = set(filter(None, required.split(", "))) - {"subdomain"}
        given = set(filter(None, mine[1].split(", ")))
        assert wanted <= given
        assert given - wanted <= PATH_PARAMETERS[name] | {one for one in given if one.startswith("data__")}
        assert {*filter(None, optional.split(", ")), "subdomain"} == set(mine[2].split(", "))
        assert mine[3] == description


@pytest.mark.parametrize("name", SEEDS)
def test_every_parameter_is_there(name: str, ours: dict[str, str]) -> None:
    found, published = tables(ours[name]).parameters, seed(name).parameters
    assert set(found) - set(published) == PATH_PARAMETERS[name]
    for parameter, (kind, description) in published.items():
        assert found[parameter][0] == kind
        # an example of a subdomain is no default
        assert description.replace(" (default: my-org)", "").strip() in found[parameter][1], parameter


@pytest.mark.parametrize("name", SEEDS)
def test_every_example_names_the_same_columns(name: str, ours: dict[str, str]) -> None:
    found, published = tables(ours[name]).examples, seed(name).examples
    assert set(published) <= set(found)
    for method, code in published.items():
        if code.startswith("SELECT"):
            assert found[method].partition("\nFROM")[0] == code.partition("\nFROM")[0]
        if code.startswith("INSERT"):
            columns = {line.strip(",") for line in code.partition("(\n")[2].partition("\n)")[0].splitlines()}
            mine = {line.strip(",") for line in found[method].partition("(\n")[2].partition("\n)")[0].splitlines()}
            assert columns - {"subdomain"} <= mine
        assert "--required" not in found[method]
        assert "No updatable" not in found[method]


@pytest.mark.parametrize("name", SEEDS)
def test_every_link_within_a_page_leads_somewhere(name: str, ours: dict[str, str]) -> None:
    page = ours[name]
    headings = {
        re.sub(r"[^\w -]", "", each).strip().lower().replace(" ", "-") for each in re.findall(r"(?m)^#+ (.*)$", page)
    }
    anchors = {*re.findall(r'id="([^"]*)"', page), *headings}
    wanted = set(re.findall(r'href="#([^"]*)"', page))
    assert wanted
    assert wanted <= anchors


@pytest.fixture(scope="module")
def imitated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages as the generator made them."""
    (folder,) = folders(str(REGISTRY))
    out = tmp_path_factory.mktemp("imitated") / "pages"
    write_compat("okta", folder.path, str(out))
    return out


#: What was counted over the 190 published pages of Okta: how often it is there, and on how many pages.
PUBLISHED = {
    r"(?m)^## `SELECT` examples": (180, 180),
    r"(?m)^## `INSERT` examples": (73, 73),
    r"(?m)^## `UPDATE` examples": (28, 28),
    r"(?m)^## `REPLACE` examples": (81, 81),
    r"(?m)^## `DELETE` examples": (95, 95),
    r"(?m)^## Lifecycle Methods": (58, 58),
    r"--required, ": (23, 10),
    r"-- No updatable properties": (12, 12),
    r"(?m)^SELECT\n\*$": (14, 10),
    r"<tbody>\n</tbody>": (14, 10),
    r"<td><code></code></td>": (14, 10),
    r"\]https?://": (22, 9),
    r"docs/apihttps": (95, 20),
}


def test_all_pages_have_what_was_counted_over_the_published_ones(imitated: Path) -> None:
    pages = [path.read_text("utf-8") for path in sorted(imitated.glob("services/*/*/index.md"))]
    found = {pattern: [len(re.findall(pattern, page)) for page in pages] for pattern in PUBLISHED}
    assert {pattern: (sum(each), sum(map(bool, each))) for pattern, each in found.items()} == PUBLISHED
    assert len(pages) == 190
    twice = [page for page in pages if len(ids := re.findall(r'<tr id="([^"]+)"', page)) != len(set(ids))]
    assert len(twice) == 1, "users.users, where sendEmail is required and isn't"
    assert "total services: __55__  \ntotal resources: __245__  \n" in (imitated / "index.md").read_text("utf-8")
    assert len(list(imitated.rglob("*"))) == len(pages) * 2 + 55 * 2 + 2, "pages in folders, and nothing else"


def test_every_page_keeps_the_form_of_all(imitated: Path) -> None:
    order = [
        "Overview",
        "Fields",
        "Methods",
        "Parameters",
        "`SELECT`",
        "`INSERT`",
        "`UPDATE`",
        "`REPLACE`",
        "`DELETE`",
    ]
    for path in imitated.glob("services/*/*/index.md"):
        page = path.read_text("utf-8")
        service, resource = path.parts[-3:-1]
        assert page.startswith(
            f"--- \ntitle: {resource}\nhide_title: false\nhide_table_of_contents: false\nkeywords:\n  - {resource}\n"
            f"  - {service}\n  - okta\n  - infrastructure-as-code\n  - configuration-as-data\n  - cloud inventory\n"
            "description: Query, deploy and manage okta resources using SQL\ncustom_edit_url: null\n"
            "image: /img/stackql-okta-provider-featured-image.png\n---\n\nimport CopyableCode from "
        )
        assert f'<CopyableCode code="okta.{service}.{resource}" />' in page
        headings = [each.removesuffix(" examples") for each in re.findall(r"(?m)^## (.*)$", page)]
        assert headings == [each for each in [*order, "Lifecycle Methods"] if each in headings]
        assert page.endswith("</Tabs>\n" if len(headings) > 4 else "</table>")
        for manifest in re.findall(r"(?s)values=\{\[\n(.*?)\n    \]\}", page):
            labels = re.findall(r"label: '(\w+)'", manifest)
            assert "Manifest" not in labels[:-1], "the last of the tabs"


def test_every_service_has_a_page_in_two_columns(imitated: Path) -> None:
    for path in imitated.glob("services/*/index.md"):
        page, service = path.read_text("utf-8"), path.parts[-2]
        names = sorted(each.name for each in path.parent.iterdir() if each.is_dir())
        listed = [
            re.findall(r'<a href="/services/\w+/(\w+)/">', part) for part in page.split("providerDocColumn")[1:]
        ]
        assert sorted(listed[0] + listed[1]) == names
        assert len(listed[0]) == -(-len(names) // 2)
        head = f"{service} service documentation.\n\n:::info[Service Summary]\n\n"
        assert f"{head}total resources: __{len(names)}__  \n\n:::" in page
        assert page.endswith("</div>\n</div>")


def test_the_text_of_the_rendered_page_has_every_line_of_the_scraped_one(imitated: Path) -> None:
    page = rendered((imitated / "services" / "apps" / "connections" / "index.md").read_text("utf-8"))
    lines = (DATA / "seeds" / "002_bd9d8cb10aa289da.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line.strip() and not re.fullmatch(r"[-| ]+", line)]
    assert len(wanted) > 80
    missing = []
    for line in wanted:
        cells = [text(cell) for cell in re.split(r" ?\| ?|\|", line.removeprefix("- "))]
        if "".join("".join(cells).split()) not in page:
            missing.append(line)
    assert missing == []
