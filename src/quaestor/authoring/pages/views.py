"""Pages of views: resources that a provider's document gives as a SELECT over others.

Before: `compat` and `maker` meet a view. After: its page has the columns, the parameters and the SELECT.
"""

from __future__ import annotations

import re

from quaestor.authoring.pages.page import Column, Example, FieldTable, Page, Section, View
from quaestor.authoring.pages.words import flat
from quaestor.errors import BindError, CatalogError
from quaestor.plan.bind import bind
from quaestor.plan.views import document_view
from quaestor.sql.printer import quote_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from quaestor.catalog.catalog import Catalog
    from quaestor.catalog.model import Resource

_DIALECT = re.compile(r"sqlDialect\s*==\s*['\"](.+?)['\"]")
_MARK = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def steps(config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Dialect and SELECT of each alternative of a document's `config.views.select`, in their order."""
    step = (config.get("views") or {}).get("select")
    while step:
        found = _DIALECT.search(step.get("predicate") or "")
        yield (found[1][:1].upper() + found[1][1:] if found else "Default"), str(step.get("ddl") or "")
        step = step.get("fallback")


def listed(rows: Iterable[dict[str, Any]] | None) -> tuple[Column, ...]:
    """Columns as a document lists them: name, type, description."""
    return tuple(
        Column(str(each.get("name")), str(each.get("type")), str(each.get("description"))) for each in rows or ()
    )


def page(resource: Resource, catalog: Catalog, config: dict[str, Any], escape: Callable[[str], str]) -> Page:
    """The page of a view. `config` is what its document says of it, empty if nothing. Of a SELECT that can't be, the
    page has those columns that the document lists."""
    said = {each.name: each for each in listed((config.get("docs") or {}).get("fields"))}
    needed = tuple(dict.fromkeys(_MARK.findall(resource.view)))
    required = {each.name: each for each in listed((config.get("docs") or {}).get("requiredParams"))}
    columns = tuple(_column(name, kind, said, escape) for name, kind in _columns(resource, catalog, tuple(said)))
    address = ".".join(quote_name(part) for part in (resource.provider, resource.service, resource.name))
    where = "\nAND ".join(f"{quote_name(name)} = '{{{{ {name} }}}}' -- required" for name in needed)
    code = "SELECT\n" + (",\n".join(quote_name(each.name) for each in columns) or "*")
    code += f"\nFROM {address}" + (f"\nWHERE {where}" if where else "") + "\n;"
    return Page(
        provider=resource.provider,
        service=resource.service,
        resource=resource.name,
        kind="View",
        summary=f"Lists the rows of the view <code>{resource.name}</code>, a SELECT over other resources.",
        fields=(FieldTable("select", columns),),
        methods=(),
        parameters=(),
        sections=(Section("`SELECT` examples", (Example("select", "select", code),)),),
        view=View(
            columns,
            tuple(_column(name, "string", required, escape) for name in needed),
            (Example("Sqlite3", "Sqlite3", resource.view),),
        ),
    )


def _columns(resource: Resource, catalog: Catalog, listed: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Names and types of the columns."""
    try:
        bound = bind(document_view(resource, resource.provider), catalog, {resource.provider: resource.provider})
    except (BindError, CatalogError):
        return tuple((name, "any") for name in listed)
    return tuple((each.name, each.type) for each in bound.columns)


def _column(name: str, kind: str, said: dict[str, Column], escape: Callable[[str], str]) -> Column:
    found = said.get(name)
    if found is None:
        return Column(name, "" if kind == "any" else kind)
    return Column(name, found.type, flat(found.description, escape))
