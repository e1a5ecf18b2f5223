"""Pages as plain Markdown that looks right in any viewer: tables, fenced code, relative links; no components.

Before: `maker` has made a page. After: `site` writes it into a folder. Texts are escaped already; a cell's `|` is
escaped here, since it ends a cell even in code (GitHub Flavored Markdown, 4.10).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from quaestor.authoring.pages.page import (
        Column,
        Content,
        Example,
        FieldTable,
        MethodRow,
        Operation,
        Page,
        Section,
    )

_NO_SELECT = "Nothing can be read here: this resource has no SELECT."
_PARAMETERS = "Parameters stand in the WHERE clause of a statement, or among the columns of an INSERT."
_BODY = "Properties of the requests' bodies, as statements call them; those that aren't required can be left out."


def render(page: Page) -> str:
    """The Markdown of a page about a resource."""
    links = anchors(page)
    parts = [
        f"# {page.resource}",
        _code(page.summary),
        _table(
            ("Name", f"`{page.resource}`"),
            (
                ("**Type**", page.kind),
                ("**Id**", f"`{page.provider}.{page.service}.{page.resource}`"),
                ("**Service**", f"[{page.service}](../index.md)"),
            ),
        ),
        "## Fields",
        *_fields(page.fields),
    ]
    if page.methods:
        heads = ("Name", "Accessible by", "Required Params", "Optional Params", "Description")
        parts += ["## Methods", _table(heads, (_method(row, links) for row in page.methods))]
    if page.view is not None and page.view.parameters:
        parts += ["## Required Parameters", _PARAMETERS, _columns(page.view.parameters)]
    if page.parameters:
        parts += ["## Parameters", _PARAMETERS, _columns(page.parameters)]
    if page.body:
        parts += ["## Body", _BODY, _columns(page.body)]
    parts += [part for section in page.sections for part in _section(section)]
    if page.view is not None:
        parts += ["## SQL Definition", *(f"```sql\n{each.code}\n```" for each in page.view.definitions)]
    if page.operations:
        parts += ["## Requests", *(part for each in page.operations for part in _operation(each))]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_service(provider: str, service: str, title: str, resources: Sequence[tuple[str, Sequence[str]]]) -> str:
    """The index page of a service; `resources` are names, each with the verbs that it has."""
    rows = (
        (f"[{name}]({name}/index.md)", ", ".join(f"`{verb.upper()}`" for verb in verbs)) for name, verbs in resources
    )
    back = f"Back to [{provider}](../../index.md)."
    return (
        f"# {provider}.{service}\n\n{title}: {_count(len(resources), 'resource')}. {back}\n\n"
        f"{_table(('Resource', 'Statements'), rows)}\n"
    )


def render_provider(title: str, intro: str, services: Sequence[tuple[str, str, int]]) -> str:
    """The index page of a provider: `intro`, then its services with their titles and how many resources each has."""
    total = sum(count for _, _, count in services)
    rows = ((f"[{name}](services/{name}/index.md)", text, str(count)) for name, text, count in services)
    return (
        f"# {title}\n\n{intro}\n\n{_count(len(services), 'service')}, {_count(total, 'resource')}.\n\n"
        f"{_table(('Service', 'Title', 'Resources'), rows)}\n"
    )


def anchors(page: Page) -> dict[str, str]:
    """By name, what links to a parameter or property go to."""
    return {column.name: column.anchor for column in (*page.body, *page.parameters)}


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _code(text: str) -> str:
    return text.replace("<code>", "`").replace("</code>", "`")


def _fields(tables: Sequence[FieldTable]) -> Iterator[str]:
    if not tables:
        yield _NO_SELECT
        return
    yield "These fields are returned by `SELECT` queries:"
    for table in tables:
        yield f"**`{table.method}`**"
        yield table.note
        rows = ((f"`{each.name}`", f"`{each.type}`" if each.type else "", each.description) for each in table.columns)
        yield (
            _table(("Name", "Datatype", "Description"), rows)
            if table.columns
            else "Its rows have no fields that are known."
        )


def _method(row: MethodRow, links: Mapping[str, str]) -> tuple[str, ...]:
    def linked(names: Iterable[str]) -> str:
        return ", ".join(f"[`{name}`](#{links[name]})" if name in links else f"`{name}`" for name in names)

    name = f"[`{row.name}`](#{row.name})"
    return name, f"`{row.verb}`", linked(row.required), linked(row.optional), row.description


def _columns(columns: Sequence[Column]) -> str:
    return _table(
        ("Name", "Datatype", "Required", "Description"),
        (
            (
                f'<a id="{each.anchor}"></a>`{each.name}`',
                f"`{each.type}`",
                "yes" if each.required else "",
                each.description,
            )
            for each in columns
        ),
    )


def _section(section: Section) -> Iterator[str]:
    yield f"## {section.heading}"
    for example in section.examples:
        yield from _example(example)


def _example(example: Example) -> Iterator[str]:
    yield f"**{example.label}**"
    yield example.text
    yield f"```{example.language}\n{example.code}\n```"


def _operation(each: Operation) -> Iterator[str]:
    yield f"### {each.name}"
    yield each.text
    facts = [("**Address**", "<br />".join(f"`{url}`" for url in each.urls))]
    facts += [(f"**{name}**", text) for name, text in each.facts]
    yield _table(("Call", f"`{each.call}`"), facts)
    if each.body is not None:
        yield f"**Request body** ({each.body.title})"
        yield from _content(each.body)
    for answer in each.answers:
        yield f"**Answer: {answer.title}**"
        yield from _content(answer)
    for code in each.codes:
        yield from _example(code)


def _content(content: Content) -> Iterator[str]:
    yield content.note
    if content.columns:
        rows = (
            (
                f"`{one.name}`" + (" \\[required\\]" if one.required else ""),
                f"`{one.type}`" if one.type else "",
                one.description,
            )
            for one in content.columns
        )
        yield _table(("Field", "Type", "Description"), rows)
    if content.example:
        yield f"```json\n{content.example}\n```"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(titles), "|" + " --- |" * len(titles), *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("\n", " ").replace("|", "\\|") for cell in cells) + " |"
