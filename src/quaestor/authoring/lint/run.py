"""Every rule on a provider, or on every provider of a registry's folder.

Before: the command line names what to look at. After: it prints the findings.
"""

from __future__ import annotations

from quaestor.authoring import sources
from quaestor.authoring.lint import documents, facts
from quaestor.authoring.lint.finding import SEVERITIES
from quaestor.catalog.stackql import folder, provider
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from quaestor.authoring.lint.finding import Finding
    from quaestor.catalog.stackql.folder import Folder


def lint(named: str) -> dict[str, tuple[Finding, ...]]:
    """Findings by provider, the worst first, of what a name or path stands for (`authoring.sources`); a registry's
    folder holds several. Raises CatalogError where there is nothing to look at."""
    if named not in sources.builtin_names() and sources.is_folder(named) and sources.is_documents(named):
        return {each.name: _sorted([*_documents(each)]) for each in folder.folders(named)}
    found = sources.load(named)
    return {found.provider.name: _sorted([*facts.check(found)])}


def _documents(where: Folder) -> Iterator[Finding]:
    head = provider.read(where)
    yield from documents.head(where, head)
    failed: list[Finding] = []
    found = sources.load_documents(where, lambda name, error: failed.append(documents.unreadable(name, error)))
    yield from failed
    for entry in head.services:
        if entry.path:
            try:
                yield from documents.service(entry, head.config)
            except CatalogError as error:
                yield documents.unreadable(entry.name, error)
    yield from facts.check(found)


def _sorted(found: list[Finding]) -> tuple[Finding, ...]:
    return tuple(
        sorted(
            set(found), key=lambda each: (SEVERITIES.index(each.rule.severity), each.rule.id, each.place, each.text)
        )
    )
