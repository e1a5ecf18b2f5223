"""The built-in providers: what has to be true of every method, and that the text is what the specs build.

The vendors' specs aren't part of the project: what needs them is skipped where they are absent. The rest compiles
from the repository alone.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from quaestor.authoring import overlay
from quaestor.authoring.build import build
from quaestor.catalog import document, facts
from quaestor.catalog.facts import Facts
from quaestor.catalog.model import VERBS, Method, Provider, Resource, Schema
from quaestor.catalog.openapi import Spec
from quaestor.catalog.store import BUILTIN, Store, open_catalog
from quaestor.values import TYPES

pytestmark = pytest.mark.slow
SHARED = Path(__file__).parents[4] / "shared" / "data"
PROVIDERS = ("datadog", "okta")
#: In the order in which the built-in ones are built.
SPECS = {
    "okta": ("okta/management-2026.06.3.yaml",),
    "datadog": ("datadog/v2.yaml", "datadog/v1.yaml"),
}
#: Operations of those specs. Fewer reachable ones are a loss, more are news to write down here.
OPERATIONS = {"okta": 732, "datadog": 1220}
RESOURCES = {"okta": (57, 202), "datadog": (18, 394)}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The compiled built-in catalog."""
    began = time.perf_counter()
    with open_catalog(cache_dir=str(tmp_path_factory.mktemp("cache"))) as store:
        print(f"compiled in {time.perf_counter() - began:.2f} s")
        yield store


@pytest.fixture(scope="module")
def resources(catalog: Store) -> list[tuple[Provider, Resource]]:
    """All resources."""
    found = []
    began = time.perf_counter()
    for provider in catalog.providers():
        for service in catalog.services(provider.name):
            for info in catalog.resources(provider.name, service.name):
                resource = catalog.resource(provider.name, service.name, info.name)
                assert resource is not None
                assert (resource.title, len(resource.methods)) == (info.title, info.methods)
                found.append((provider, resource))
    each = (time.perf_counter() - began) / len(found)
    print(f"{len(found)} resources, {each * 1000:.2f} ms each")
    return found


@pytest.fixture(scope="module")
def methods(resources: list[tuple[Provider, Resource]]) -> list[tuple[str, Method]]:
    """All methods with the id of their resource."""
    return [(resource.id, method) for _, resource in resources for method in resource.methods]


def wrong(lines: Iterator[str]) -> None:
    """Fails with the first few lines, if there are any."""
    found = list(lines)
    assert not found, f"{len(found)}: " + "; ".join(found[:8])


def test_the_counts(resources: list[tuple[Provider, Resource]]) -> None:
    for name in PROVIDERS:
        ours = [resource for provider, resource in resources if provider.name == name]
        assert (len({r.service for r in ours}), len(ours)) == RESOURCES[name]
        assert sum(len(r.methods) for r in ours) == OPERATIONS[name]


def test_every_operation_is_reached_exactly_once(methods: list[tuple[str, Method]]) -> None:
    counts = Counter((id_.split(".")[0], method.http, method.path) for id_, method in methods)
    assert [key for key, count in counts.items() if count > 1] == []
    for name in PROVIDERS:
        named = {tuple(key.split(" ", 1)) for key in overlay.load_names(f"{BUILTIN}/{name}/names.yaml")}
        assert {key[1:] for key in counts if key[0] == name} == named


def test_names_are_unique_within_their_place(resources: list[tuple[Provider, Resource]]) -> None:
    def repeated() -> Iterator[str]:
        for _, resource in resources:
            yield from (f"{resource.id}.{m}" for m, n in Counter(m.name for m in resource.methods).items() if n > 1)
            for method in resource.methods:
                for kind, names in (("column", method.columns), ("parameter", method.parameters)):
                    counts = Counter(each.name for each in names)
                    yield from (f"{resource.id}.{method.name} {kind} {name}" for name, n in counts.items() if n > 1)

    wrong(repeated())


def test_every_path_parameter_is_declared(methods: list[tuple[str, Method]]) -> None:
    def missing() -> Iterator[str]:
        for id_, method in methods:
            template = re.findall(r"\{([^{}]+)\}", method.path)
            declared = [p.wire for p in method.parameters if p.location == "path"]
            if sorted(template) != sorted(declared) or not all(
                p.required for p in method.parameters if p.location == "path"
            ):
                yield f"{id_}.{method.name}: {template} but {declared}"

    wrong(missing())


def test_types_verbs_and_places_are_known(methods: list[tuple[str, Method]]) -> None:
    def odd() -> Iterator[str]:
        for id_, method in methods:
            where = f"{id_}.{method.name}"
            if method.verb not in VERBS or not 200 <= method.response.status < 300:
                yield f"{where}: {method.verb} {method.response.status}"
            yield from (f"{where}: column {c.name} {c.type}" for c in method.columns if c.type not in TYPES)
            for p in method.parameters:
                if p.type not in TYPES or p.location not in ("path", "query", "header"):
                    yield f"{where}: {p.name} {p.type} {p.location}"

    wrong(odd())


def test_every_select_has_columns(methods: list[tuple[str, Method]]) -> None:
    wrong(f"{id_}.{m.name}" for id_, m in methods if m.verb == "select" and not m.columns)


def test_selects_with_more_parameters_come_first(resources: list[tuple[Provider, Resource]]) -> None:
    def misplaced() -> Iterator[str]:
        for _, resource in resources:
            counts = [sum(p.required for p in m.parameters) for m in resource.by_verb("select")]
            if counts != sorted(counts, reverse=True):
                yield resource.id

    wrong(misplaced())


def test_fields_of_parameters_are_columns(resources: list[tuple[Provider, Resource]]) -> None:
    def lost() -> Iterator[str]:
        for _, resource in resources:
            union = {c.name for c in resource.columns} or {c.name for m in resource.methods for c in m.columns}
            for method in resource.methods:
                names = union | {c.name for c in method.columns}
                yield from (
                    f"{resource.id}.{method.name}: {p.name} is {p.field}"
                    for p in method.parameters
                    if p.field and p.field not in names
                )

    wrong(lost())


def test_parents_are_columns_of_lists(resources: list[tuple[Provider, Resource]]) -> None:
    known = {resource.id: {c.name for c in resource.columns} for _, resource in resources}

    def lost() -> Iterator[str]:
        for _, resource in resources:
            for method in resource.methods:
                for p in method.parameters:
                    parent, _, column = p.parent.rpartition(".")
                    if p.parent and column not in known.get(parent, ()):
                        yield f"{resource.id}.{method.name}: {p.name} from {p.parent}"

    wrong(lost())


def test_pages_are_asked_for_by_parameters_that_are_there(methods: list[tuple[str, Method]]) -> None:
    def lost() -> Iterator[str]:
        for id_, method in methods:
            pages = method.pagination
            wires = {p.wire for p in method.parameters if p.location == "query"}
            wanted = {pages.token_param, pages.size_param} - {""}
            if pages.token_in == "query" and not wanted <= wires:
                yield f"{id_}.{method.name}: {wanted - wires}"
            if pages.style in ("cursor", "next_url") and not pages.token_path:
                yield f"{id_}.{method.name}: no path to the next page"
            if pages.style in ("cursor", "page", "offset") and not pages.token_param:
                yield f"{id_}.{method.name}: no parameter for the next page"
            if pages.size_max and pages.size_default > pages.size_max:
                yield f"{id_}.{method.name}: {pages.size_default} of at most {pages.size_max}"

    wrong(lost())


def test_styles_of_paging(methods: list[tuple[str, Method]]) -> None:
    styles = {
        name: dict(
            Counter(m.pagination.style for id_, m in methods if id_.startswith(f"{name}.") and m.http == "GET")
        )
        for name in PROVIDERS
    }
    print(styles)
    assert styles["okta"].keys() == {"none", "link", "next_url"}
    assert styles["datadog"].keys() == {"none", "page", "offset", "cursor", "next_url"}


def test_all_schemas_are_there(catalog: Store, methods: list[tuple[str, Method]]) -> None:
    todo = {(id_.split(".")[0], m.response.schema) for id_, m in methods if m.response.schema}
    todo |= {(id_.split(".")[0], m.body.schema) for id_, m in methods if m.body is not None and m.body.schema}
    seen: set[tuple[str, str]] = set()
    while todo:
        provider, name = todo.pop()
        seen.add((provider, name))
        schema = catalog.schema(provider, name)
        assert schema is not None, f"{provider} has no schema {name}"
        todo |= {(provider, below) for below in _names(schema)} - seen
    for provider, count in Counter(provider for provider, _ in seen).items():
        assert count == len(facts.read(f"{BUILTIN}/{provider}").schemas), (
            f"{provider} has schemas that nothing leads to"
        )


def _names(schema: Schema) -> set[str]:
    found = {schema.ref} - {""} | set(schema.mapping.values())
    for below in (*schema.properties.values(), *schema.one_of, *schema.any_of, schema.items, schema.additional):
        if below is not None:
            found |= _names(below)
    return found


def test_hosts_and_credentials(catalog: Store) -> None:
    okta, datadog = catalog.provider("okta"), catalog.provider("datadog")
    assert okta is not None
    assert datadog is not None
    assert okta.server.url == "https://{subdomain}.okta.com"
    assert [(v.name, v.required, v.default) for v in okta.server.variables] == [("subdomain", True, "")]
    assert okta.server.variables_env == {"subdomain": "OKTA_SUBDOMAIN"}
    assert "okta.com" in okta.server.domains
    assert [(c.header, c.prefix, c.env) for c in okta.credentials] == [("Authorization", "SSWS ", "OKTA_API_TOKEN")]
    assert datadog.server.url == "https://api.{site}"
    assert len(datadog.server.variables[0].enum) == 7
    assert datadog.server.variables[0].default == "datadoghq.com"
    assert [c.env for c in datadog.credentials] == ["DD_API_KEY", "DD_APP_KEY"]


def test_no_server_has_a_default_that_is_a_placeholder(methods: list[tuple[str, Method]]) -> None:
    servers = [(id_, m.server) for id_, m in methods if m.server is not None]
    assert servers
    wrong(f"{id_} {s.url}" for id_, s in servers if re.search(r"your|my-org|example", s.url, re.IGNORECASE))
    for id_, server in servers:
        assert set(re.findall(r"\{(\w+)\}", server.url)) == {v.name for v in server.variables}, id_
        assert server.domains, id_


def test_what_the_seeds_ask_for(catalog: Store) -> None:
    services = catalog.resource("okta", "integrations", "instances")
    assert services is not None
    get = services.by_verb("select")[0]
    assert [(p.name, p.field, p.item_key) for p in get.parameters] == [("apiServiceId", "id", True)]
    assert get.scopes == ("okta.oauthIntegrations.read",)
    accounts = catalog.resource("datadog", "integrations", "okta_accounts")
    assert accounts is not None
    read, listed = accounts.by_verb("select")
    assert (read.permissions, listed.response.row_path) == (("integrations_read",), ("data",))
    assert {c.name: c.path for c in accounts.columns}["auth_method"] == ("attributes", "auth_method")
    made = accounts.by_verb("insert")[0]
    assert made.body is not None
    assert (made.body.envelope, made.body.constants) == (("data", "attributes"), {"data.type": "okta-accounts"})
    assert made.permissions == ("manage_integrations",)
    assert [c.name for c in accounts.columns if c.secret] == ["api_key", "client_secret"]
    applications = catalog.resource("okta", "apps", "applications")
    assert applications is not None
    assert {"signOnMode", "settings", "credentials", "name"} <= {c.name for c in applications.columns}
    groups = catalog.resource("okta", "users", "user_groups")
    assert groups is not None
    assert [(p.name, p.wire, p.parent) for p in groups.methods[0].parameters] == [
        ("userId", "id", "okta.users.users.id")
    ]


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_text_has_facts_only(name: str) -> None:
    """No value in the shipped text reads like a sentence, and no key is one that holds prose in a spec."""
    files = [p for p in Path(BUILTIN, name).rglob("*.yaml") if p.name not in ("names.yaml", "overlay.yaml")]
    assert len(files) > 20
    known = set(facts._SCHEMA_KEYS) | {"title"}
    assert not {"description", "summary", "example", "examples", "externalDocs"} & known
    for path in files:
        for text in _texts(document.read(str(path))):
            words = re.findall(r"[A-Za-z]{2,}", text)
            assert len(words) < 14 or "$" in text[:2] or "/" in text or " or " in text, f"{path.name}: {text}"


def _texts(node: object, key: str = "") -> Iterator[str]:
    """All text values but patterns and enums, which are the API's own."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for name, value in node.items():
            if name not in ("pattern", "enum"):
                yield from _texts(value, str(name))
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value, key)


@pytest.fixture(scope="module", params=PROVIDERS)
def fresh(request: pytest.FixtureRequest) -> tuple[str, Facts, list[Spec]]:
    """A provider built from the vendor's specs."""
    name: str = request.param
    paths = [SHARED / "specs" / path for path in SPECS[name]]
    if not all(path.exists() for path in paths):
        pytest.skip(f"the vendor's specs are not at {SHARED}/specs")
    specs = [(path.stem, Spec.load(str(path))) for path in paths]
    folder = f"{BUILTIN}/{name}"
    found, report = build(
        name, specs, overlay.load_names(f"{folder}/names.yaml"), overlay.load(f"{folder}/overlay.yaml")
    )
    assert report.unreachable == ()
    return name, found, [spec for _, spec in specs]


@pytest.mark.slow
def test_the_text_is_what_the_specs_build(fresh: tuple[str, Facts, list[Spec]]) -> None:
    name, found, _ = fresh
    texts = facts.texts(found)
    there = Path(BUILTIN, name)
    shipped = {p.relative_to(there).as_posix() for p in there.rglob("*.yaml")} - {"names.yaml", "overlay.yaml"}
    assert shipped == texts.keys()
    stale = [path for path, text in texts.items() if (there / path).read_text("utf-8") != text]
    assert stale == [], "build them anew: quaestor provider build"


@pytest.mark.slow
def test_every_operation_of_the_specs_is_reachable(fresh: tuple[str, Facts, list[Spec]]) -> None:
    name, found, specs = fresh
    wanted = Counter(operation.key for spec in specs for operation in spec.operations())
    reached = Counter(f"{m.method.http} {m.method.path}" for r in found.resources for m in r.methods)
    assert sum(wanted.values()) == OPERATIONS[name]
    assert reached == wanted


@pytest.mark.slow
def test_no_prose_of_the_specs_is_in_the_text(fresh: tuple[str, Facts, list[Spec]]) -> None:
    """Descriptions, summaries and titles of the specs, of five words and more, don't occur in what is shipped."""
    name, found, _ = fresh
    shipped = "\n".join(facts.texts(found).values())
    prose: set[str] = set()
    values: set[str] = set()
    for path in SPECS[name]:
        root = document.read(str(SHARED / "specs" / path))
        prose |= {text for text in _prose(root) if len(text.split()) >= 5}
        values |= set(_enums(root))
    assert len(prose) > 3000
    assert [text for text in prose - values if text in shipped] == []


def _enums(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for value in node.get("enum") or () if isinstance(value, str))
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _enums(below)


def _prose(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("description", "summary", "title") and isinstance(value, str):
                yield value.strip().split("\n")[0].strip()
            else:
                yield from _prose(value)
    elif isinstance(node, list):
        for value in node:
            yield from _prose(value)
