"""The SQL examples of generated pages, taken from the pages' own text and run on the sandbox.

Before: `authoring.pages.site` makes pages. After: `report` counts, `test_page_examples` demands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.pages.states import STATES, State
from tests.pages.values import values_of

import quaestor
from quaestor.authoring.pages import markdown
from quaestor.authoring.pages.maker import Maker
from quaestor.authoring.pages.page import Page
from quaestor.authoring.pages.statements import Statement, Writer
from quaestor.authoring.pages.words import for_markdown
from quaestor.catalog.model import Method, Resource, Schema
from quaestor.catalog.store import Store
from quaestor.errors import QuaestorError
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse
from quaestor.sandbox.core import Sandbox
from quaestor.surfaces.cli.provider_docs import text_for

_SQL = re.compile(r"(?ms)^```sql\n(.*?)\n```$")


@dataclass(frozen=True)
class Example:
    """A statement as it stands on a page, and the method that it is for."""

    resource: Resource
    method: Method
    statement: Statement
    text: str

    @property
    def name(self) -> str:
        """What people call it."""
        label = f" ({self.statement.label})" if self.statement.label else ""
        return f"{self.resource.id}.{self.method.name}{label}"


@dataclass
class Outcome:
    """What came of an example: the requests that it sent (`GET /path`), and why it failed, if it did."""

    example: Example
    values: dict[str, Any] = field(default_factory=dict)
    sent: list[HttpRequest] = field(default_factory=list)
    error: str = ""

    @property
    def reason(self) -> str:
        """Why it failed; empty if it passed: it ran, and it was the method's request that was sent."""
        if self.error:
            return self.error
        pattern = re.sub(r"\\\{[^{}]*\\\}", "[^/]+", re.escape(self.example.method.path))
        whole = re.compile(rf"https?://[^/]+/\w+{pattern}(\?|\Z)")
        if any(each.method == self.example.method.http and whole.match(each.url) for each in self.sent):
            return ""
        others = ", ".join(f"{each.method} {each.url}" for each in self.sent[:3])
        return f"another request was sent: {others or 'none'}"


class Tap:
    """Carries requests to the sandbox, and remembers them."""

    def __init__(self, box: Sandbox) -> None:
        self.sent: list[HttpRequest] = []
        self._below = box.transport()

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        """The sandbox's answer."""
        self.sent.append(request)
        return self._below.send(request, cancel)

    def close(self) -> None:
        """Nothing is held."""


def resources(catalog: Store, provider: str) -> Iterator[Resource]:
    """Every resource of a provider."""
    for service in catalog.services(provider):
        for info in catalog.resources(provider, service.name):
            found = catalog.resource(provider, service.name, info.name)
            assert found is not None
            yield found


def page_of(catalog: Store, resource: Resource) -> Page:
    """The page of a resource, without a vendor's words."""
    provider = catalog.provider(resource.provider)
    assert provider is not None
    maker = Maker(
        provider, _lookup(catalog, provider.name), lambda _: (), for_markdown, lambda http, path: "", text_for
    )
    return maker.page(resource)


def examples(catalog: Store, resource: Resource) -> list[Example]:
    """The examples on the page of a resource: what stands in its `sql` blocks, whatever made them."""
    page = page_of(catalog, resource)
    provider = catalog.provider(resource.provider)
    assert provider is not None
    writer = Writer(resource, provider.server, _lookup(catalog, provider.name))
    texts = _SQL.findall(markdown.render(page))
    made = [(resource.method(row.name), row.name) for row in page.methods]
    wanted = [(method, each) for method, _ in made if method is not None for each in writer.statements(method)]
    assert texts == [each.text for _, each in wanted]
    return [Example(resource, method, each, text) for (method, each), text in zip(wanted, texts, strict=True)]


def _lookup(catalog: Store, provider: str) -> Any:
    def lookup(name: str) -> Schema:
        found = catalog.schema(provider, name)
        assert found is not None, name
        return found

    return lookup


class Runner:
    """Runs examples of one provider, each in a sandbox that nobody has changed before."""

    def __init__(self, catalog: Store, provider: str) -> None:
        self._catalog = catalog
        self._box = Sandbox(catalog, [provider])
        self._site = self._box.site(provider)
        self._tap = Tap(self._box)
        about = catalog.provider(provider)
        assert about is not None
        self._con = quaestor.connect(
            quaestor.Settings(),
            endpoints=self._box.endpoints(),
            transport=self._tap,
            catalog=catalog,
            env=dict.fromkeys(
                [*(each.env for each in about.credentials), *about.server.variables_env.values()], "datadoghq.com"
            ),
            workspace=":memory:",
            now_s=self._box.now_s,
        )

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self._con.close()
        self._box.close()

    def run(self, example: Example) -> Outcome:
        """What comes of an example with its placeholders filled."""
        outcome = Outcome(example)
        try:
            outcome.values = values_of(self._site, example.method, example.statement, self._catalog)
            self._prepare(example, outcome.values)
            self._tap.sent.clear()
            self._con.sql(example.text, variables=outcome.values).fetchall()
        except QuaestorError as error:
            outcome.error = f"{type(error).__name__}: {error.message}"
        outcome.sent = list(self._tap.sent)
        if example.method.verb != "select":
            self._box.reset()
            self._site = self._box.site(example.resource.provider)
        return outcome

    def _prepare(self, example: Example, values: dict[str, Any]) -> None:
        """Puts what the example changes into the state that it needs."""
        state = STATES.get(f"{example.resource.id}.{example.method.name}", State())
        for name, query in state.values.items():
            row = self._con.sql(query, variables=values).fetchone()
            assert row is not None, query
            values[name] = row[0]
        values.update({name: text for name, text in state.texts.items() if name in values})
        for text in state.before:
            self._con.sql(text, variables=values).fetchall()
