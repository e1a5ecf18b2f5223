"""A provider's pages in a folder: the provider's own, one for each service, one for each resource.

Before: `maker` makes pages from the catalog, or `compat` from a provider in StackQL's layout. After: files, written
whole or not at all.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile

from quaestor.authoring.pages import compat, markdown, mdx, views, words
from quaestor.authoring.pages.maker import Maker, in_order
from quaestor.authoring.pages.prose import Prose
from quaestor.authoring.pages.shape import no_text
from quaestor.catalog import document
from quaestor.errors import CatalogError, did_you_mean
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from typing import Any

    from quaestor.authoring.pages.page import Page
    from quaestor.catalog.catalog import Catalog
    from quaestor.catalog.model import Provider, Schema

#: How pages can be written.
FORMATS = ("markdown", "stackql")
#: The only version of StackQL's generator that is imitated.
COMPAT_VERSIONS = ("0.4.6",)


class Source(Record):
    """What pages are made from.

    Attributes:
        provider: the provider's name in `catalog`.
        specs: files of the vendor's OpenAPI documents, for their words.
        kept: without specs, the documents that `provider enrich` kept: what each was called, and its JSON.
        folder: of the provider's StackQL document, whose words are taken where the specs have none; may be empty.
        rate: what is said of the rate limit of a call, by HTTP method and path.
        matching: gives a text for a pattern, empty if it can't.
        absent: services that are listed, but have no document: there are no pages of them.
    """

    catalog: Catalog
    provider: str
    specs: tuple[str, ...] = ()
    folder: str = ""
    rate: Callable[[str, str], str] = lambda http, path: ""
    kept: tuple[tuple[str, str], ...] = ()
    matching: Callable[[str], str] = no_text
    absent: tuple[str, ...] = ()


def write_pages(source: Source, out: str, form: str, headers: str = "") -> int:
    """Writes a provider's pages in one of `FORMATS`, and returns how many resources they document.

    `headers` as for `write_compat`. Raises CatalogError for a provider that isn't there and for documents that can't
    be read. `out` is replaced when all is written, not before.
    """
    return _write(out, _files(source, form, headers))


def make_pages(source: Source, form: str, services: Collection[str] = ()) -> Iterator[Page]:
    """The page of every resource of a provider, or of these services. Raises as `write_pages` does."""
    provider = _provider(source)
    said = _Words(source)
    maker = Maker(provider, _lookup(source), said, _ESCAPES[form], source.rate, source.matching)
    for service in source.catalog.services(provider.name):
        if service.name in source.absent or (services and service.name not in services):
            continue
        for info in source.catalog.resources(provider.name, service.name):
            resource = source.catalog.resource(provider.name, service.name, info.name)
            if resource is None:
                continue
            yield (
                maker.page(resource)
                if not resource.view
                else views.page(resource, source.catalog, said.config(service.name, info.name), _ESCAPES[form])
            )


_ESCAPES = {"markdown": words.for_markdown, "stackql": words.for_mdx}


def _provider(source: Source) -> Provider:
    found = source.catalog.provider(source.provider)
    if found is None:
        known = [each.name for each in source.catalog.providers()]
        raise CatalogError(
            f"there is no provider called {source.provider}",
            hint=did_you_mean(source.provider, known) or f"there are {', '.join(known)}",
        )
    return found


def _lookup(source: Source) -> Callable[[str], Schema]:
    def lookup(name: str) -> Schema:
        found = source.catalog.schema(source.provider, name)
        if found is None:
            raise CatalogError(f"{source.provider} has no schema {name!r}")
        return found

    return lookup


class _Words:
    """The vendor's documents for a service: the specs, then the service's own document. One at a time is kept."""

    def __init__(self, source: Source) -> None:
        self._specs = [Prose(document.read(path), path) for path in source.specs]
        if not self._specs:
            self._specs = [Prose(json.loads(text), name) for name, text in source.kept]
        self._paths = _service_files(source.folder) if source.folder else {}
        self._service = ""
        self._own: list[Prose] = []

    def __call__(self, service: str) -> Sequence[Prose]:
        if service != self._service:
            path = self._paths.get(service, "")
            self._service, self._own = service, [Prose(document.read(path), path)] if os.path.isfile(path) else []
        return [*self._specs, *self._own]

    def config(self, service: str, resource: str) -> dict[str, Any]:
        """What the service's own document says of a resource in its `config`."""
        for prose in self(service):
            resources = (prose.root.get("components") or {}).get("x-stackQL-resources") or {}
            found: dict[str, Any] = (resources.get(resource) or {}).get("config") or {}
            if found:
                return found
        return {}


def _service_files(folder: str) -> dict[str, str]:
    services = document.read(os.path.join(folder, "provider.yaml")).get("providerServices") or {}
    return {
        name: os.path.join(folder, "services", os.path.basename(service["service"]["$ref"]))
        for name, service in services.items()
    }


def _files(source: Source, form: str, headers: str) -> Iterator[tuple[str, str]]:
    provider = _provider(source)
    render = {"markdown": markdown.render, "stackql": mdx.render}[form]
    counts: dict[str, int] = {}
    for page in make_pages(source, form):
        counts[page.service] = counts.get(page.service, 0) + 1
        yield page.path, render(page)
    services = [each for each in source.catalog.services(provider.name) if each.name in counts]
    for service in services:
        text = _service_page(source, form, service.name, service.title)
        yield f"services/{service.name}/index.md", text
    if form == "markdown":
        intro = _text(headers, "headerContent2.txt") or _intro(provider)
        listed = [(each.name, each.title, counts[each.name]) for each in services]
        yield "index.md", markdown.render_provider(provider.title or provider.name, intro, listed)
    else:
        head = _text(headers, "headerContent1.txt") or mdx.provider_head(
            provider.name, f"The `{provider.name}` provider."
        )
        body = _text(headers, "headerContent2.txt") or words.for_mdx(_intro(provider))
        yield "index.md", mdx.render_provider(head, body, list(counts), sum(counts.values()))


def _service_page(source: Source, form: str, service: str, title: str) -> str:
    infos = source.catalog.resources(source.provider, service)
    if form == "stackql":
        return mdx.render_service(source.provider, service, [info.name for info in infos])
    listed = []
    for info in infos:
        resource = source.catalog.resource(source.provider, service, info.name)
        if resource is not None:
            verbs = ["select"] if resource.view else [method.verb for method in in_order(resource)]
            listed.append((info.name, tuple(dict.fromkeys(verbs))))
    return markdown.render_service(source.provider, service, title or service, listed)


def _intro(provider: Provider) -> str:
    """How to reach the provider: the variables of its address and its credentials, by environment variable."""
    server = provider.server
    lines = [
        f"| `{name}` | `{env}` | {', '.join(f'`{value}`' for value in _values(provider, name))} |"
        for name, env in server.variables_env.items()
    ]
    lines += [f"| {each.header} header | `{each.env}` | |" for each in provider.credentials]
    if not lines:
        return f"The `{provider.name}` provider."
    table = "\n".join(["| What | Environment variable | Values |", "| --- | --- | --- |", *lines])
    return f"Signing in, unless a connection of the configuration file says otherwise:\n\n{table}"


def _values(provider: Provider, name: str) -> tuple[str, ...]:
    return next((each.enum for each in provider.server.variables if each.name == name), ())


def write_compat(provider: str, folder: str, out: str, headers: str = "") -> int:
    """Writes the pages of the provider whose document is in `folder` (`provider.yaml`, `services/`) as StackQL's
    generator 0.4.6 did, and returns how many resources they document.

    `headers` is a folder with the texts that a provider's author gives: `headerContent1.txt`, with the front matter,
    stands before the counts, `headerContent2.txt` after them; without it our own short lines stand there.
    Raises CatalogError for documents that can't be read. `out` is replaced when all is written, not before.
    """
    return _write(out, _compat_files(provider, folder, headers))


def _write(out: str, files: Iterator[tuple[str, str]]) -> int:
    """Writes files below `out`, which takes its place when they are complete; returns how many pages of resources."""
    target = os.path.abspath(out)
    if os.path.isdir(target) and os.listdir(target) and not os.path.isfile(os.path.join(target, "index.md")):
        raise CatalogError(f"{out} holds other things than pages: choose an empty folder, or one with older pages")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    made = tempfile.mkdtemp(prefix=".pages-", dir=os.path.dirname(target))
    count = 0
    try:
        for path, text in files:
            count += path.count("/") == 3
            full = os.path.join(made, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
        os.chmod(made, 0o755)  # pages are to be read by all, unlike a temporary folder
        shutil.rmtree(target, ignore_errors=True)
        os.rename(made, target)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return count


def _compat_files(provider: str, folder: str, headers: str) -> Iterator[tuple[str, str]]:
    named = {os.path.splitext(os.path.basename(file))[0]: file for file in _service_files(folder).values()}
    services = {
        stem.replace("-", "_"): file for stem, file in named.items()
    }  # the generator named them by their files
    files = 0
    for name, file in services.items():
        resources = []
        for page in compat.pages(provider, name, document.read(file)):
            resources.append(page.resource)
            yield page.path, mdx.render(page)
        yield f"services/{name}/index.md", mdx.render_service(provider, name, resources)
        files += len(resources) + 1  # the generator counted a service's own page as a resource
    head = _text(headers, "headerContent1.txt") or mdx.provider_head(provider, f"The `{provider}` provider.")
    body = _text(headers, "headerContent2.txt") or f"## Installation\n\n```bash\nREGISTRY PULL {provider};\n```"
    yield "index.md", mdx.render_provider(head, body, list(services), files)


def _text(folder: str, name: str) -> str:
    if not folder:
        return ""
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise CatalogError(f"can't read {os.path.join(folder, name)}: {error.strerror or error}") from error
