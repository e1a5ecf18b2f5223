"""Pages in the format of StackQL's documentation site: MDX with the components `Tabs` and `CopyableCode`.

The whitespace is that of the published pages (`docs/reference/pages.md`): a blank after the first dashes, two empty
lines between sections of examples, no newline after the last table.
Before: `page` says what is on a page. After: the text of one file.
"""

from __future__ import annotations

from quaestor.authoring.pages.page import Example

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from quaestor.authoring.pages.page import Column, Content, FieldTable, MethodRow, Operation, Page, Section, View

_NO_SELECT = (
    "`SELECT` not supported for this resource, use `SHOW METHODS` to view available operations for the resource."
    "\n\n\n"
)
_PARAMETERS_INTRO = (
    "Parameters can be passed in the `WHERE` clause of a query. Check the [Methods](#methods) section to see which "
    "parameters are required or optional for each operation."
)
_BODY_INTRO = (
    "Properties of the requests' bodies, as statements call them. They are columns of an `INSERT` and stand in the "
    "`SET` of an `UPDATE` or `REPLACE`."
)


def render(page: Page) -> str:
    """The file's text."""
    name = f"{page.provider}.{page.service}.{page.resource}"
    return "".join(
        (
            _front_matter(
                page.resource,
                (page.resource, page.service, page.provider, "infrastructure-as-code"),
                page.provider,
                page.provider,
                dashes="--- ",
            ),
            "import CopyableCode from '@site/src/components/CopyableCode/CopyableCode';\n"
            "import Tabs from '@theme/Tabs';\nimport TabItem from '@theme/TabItem';\n\n",
            f"{page.summary}\n\n## Overview\n<table><tbody>\n",
            f"<tr><td><b>Name</b></td><td><code>{page.resource}</code></td></tr>\n",
            f"<tr><td><b>Type</b></td><td>{page.kind}</td></tr>\n",
            f'<tr><td><b>Id</b></td><td><CopyableCode code="{name}" /></td></tr>\n</tbody></table>\n\n',
            "## Fields\n\n",
            *(_resource(page) if page.view is None else _view(page.view, page.sections)),
        )
    )


def _resource(page: Page) -> Iterator[str]:
    """What follows the heading of the fields on a resource's page."""
    yield from (
        _fields(page.fields),
        "## Methods\n\nThe following methods are available for this resource:\n\n",
        _methods(page.methods, {column.name: column.anchor for column in (*page.body, *page.parameters)}),
        f"\n\n## Parameters\n\n{_PARAMETERS_INTRO}\n\n",
        _table(("Name", "Datatype", "Description"), (_parameter(one) for one in page.parameters)),
        _body(page.body),
        *(_section(section) for section in page.sections),
        _operations(page.operations),
    )


def _view(view: View, sections: Sequence[Section]) -> Iterator[str]:
    """What follows the heading of the fields on a view's page."""
    if view.columns:
        yield f"The following fields are returned by this view:\n\n{_plain(view.columns)}\n\n"
    else:
        yield "See the SQL Definition (view DDL) for fields returned by this view.\n\n"
    if view.parameters:
        yield "## Required Parameters\n\nThe following parameters are required by this view:\n\n"
        yield f"{_plain(view.parameters)}\n\n"
    yield from (f"{_section(section).lstrip()}\n" for section in sections)
    labels = ",\n".join(f"{{ label: '{each.label}', value: '{each.value}' }}" for each in view.definitions)
    yield f'## SQL Definition\n\n<Tabs\ndefaultValue="{view.definitions[0].value}"\nvalues={{[\n{labels}\n]}}\n>\n'
    yield from (
        f'<TabItem value="{each.value}">\n\n```sql\n{each.code}\n```\n\n</TabItem>\n' for each in view.definitions
    )
    yield "</Tabs>\n"


def _plain(columns: Iterable[Column]) -> str:
    return _table(_COLUMNS, (_row(each.name, each.type, each.description) for each in columns))


def render_service(provider: str, service: str, resources: Sequence[str]) -> str:
    """The index page of a service, which lists its resources in two columns."""
    head = _front_matter(service, (service, provider, "stackql", "infrastructure-as-code"), provider, provider)
    links = [f'<a href="/services/{service}/{name}/">{name}</a>' for name in sorted(resources, key=_collated)]
    return (
        f"{head}{service} service documentation.\n\n:::info[Service Summary]\n\n"
        f"total resources: __{len(resources)}__  \n\n:::\n\n## Resources\n" + _two_columns(links, "<br />\n", "")
    )


def provider_head(provider: str, text: str) -> str:
    """What stands at the top of a provider's page where its author gave no `headerContent1.txt`."""
    head = _front_matter(
        provider,
        (provider, "stackql", "infrastructure-as-code"),
        provider.title(),
        provider,
        "id: 'provider-intro'\n",
    )
    return f"{head}import CopyableCode from '@site/src/components/CopyableCode/CopyableCode';\n\n{text}\n"


def render_provider(head: str, body: str, services: Sequence[str], resources: int) -> str:
    """The index page of a provider: `head` before the counts and `body` after them, both their author's texts."""
    links = [f'<a href="/services/{name}/">{name}</a><br />' for name in sorted(services, key=_collated)]
    counts = f"total services: __{len(services)}__  \ntotal resources: __{resources}__  "
    summary = f":::info[Provider Summary] \n\n{counts}\n\n:::"
    return f"{head}\n{summary}\n\n{body}\n\n## Services\n" + _two_columns(links, "\n", "\n")


def _collated(name: str) -> tuple[str, str]:
    """The order of a browser's collation for such names: punctuation before letters, capitals as small letters."""
    return name.lower().replace("_", " "), name


def _two_columns(links: Sequence[str], between: str, end: str) -> str:
    half = (len(links) + 1) // 2
    columns = "".join(
        f'<div class="providerDocColumn">\n{between.join(part)}\n</div>\n' for part in (links[:half], links[half:])
    )
    return f'<div class="row">\n{columns}</div>{end}'


def _front_matter(
    title: str, keywords: Iterable[str], described: str, provider: str, extra: str = "", dashes: str = "---"
) -> str:
    lines = "".join(f"  - {word}\n" for word in (*keywords, "configuration-as-data", "cloud inventory"))
    return (
        f"{dashes}\ntitle: {title}\nhide_title: false\nhide_table_of_contents: false\nkeywords:\n{lines}"
        f"description: Query, deploy and manage {described} resources using SQL\ncustom_edit_url: null\n"
        f"image: /img/stackql-{provider}-provider-featured-image.png\n{extra}---\n\n"
    )


def _fields(tables: Sequence[FieldTable]) -> str:
    if not tables:
        return _NO_SELECT
    items = [
        (table.method, (f"{table.note}\n\n" if table.note else "") + _table(_COLUMNS, map(_field, table.columns)))
        for table in tables
    ]
    names = [(table.method, table.method) for table in tables]
    return f"The following fields are returned by `SELECT` queries:\n\n{_tabs(names, items)}\n"


_COLUMNS = ("Name", "Datatype", "Description")


def _field(column: Column) -> str:
    return _row(f'<CopyableCode code="{column.name}" />', f"<code>{column.type}</code>", column.description)


def _parameter(column: Column) -> str:
    return _row(
        f'<CopyableCode code="{column.name}" />',
        f"<code>{column.type}</code>",
        column.description,
        tag=f'<tr id="{column.anchor or f"parameter-{column.name}"}">',
    )


def _body(columns: Sequence[Column]) -> str:
    if not columns:
        return ""
    return f"\n\n## Body\n\n{_BODY_INTRO}\n\n" + _table(_COLUMNS, map(_parameter, columns))


def _methods(rows: Iterable[MethodRow], anchors: Mapping[str, str]) -> str:
    return _table(
        ("Name", "Accessible by", "Required Params", "Optional Params", "Description"),
        (
            _row(
                f'<a href="#{row.name}"><CopyableCode code="{row.name}" /></a>',
                f'<CopyableCode code="{row.verb}" />',
                _anchors(row.required, anchors),
                _anchors(row.optional, anchors),
                row.description,
            )
            for row in rows
        ),
    )


def _anchors(names: Iterable[str], anchors: Mapping[str, str]) -> str:
    return ", ".join(
        f'<a href="#{anchors.get(name) or f"parameter-{name}"}"><code>{name}</code></a>' for name in names
    )


def _table(titles: Iterable[str], rows: Iterable[str]) -> str:
    head = "".join(f"    <th>{title}</th>\n" for title in titles)
    return f"<table>\n<thead>\n    <tr>\n{head}    </tr>\n</thead>\n<tbody>{''.join(rows)}\n</tbody>\n</table>"


def _row(*cells: str, tag: str = "<tr>") -> str:
    return f"\n{tag}\n" + "".join(f"    <td>{cell}</td>\n" for cell in cells) + "</tr>"


def _tabs(names: Sequence[tuple[str, str]], items: Iterable[tuple[str, str]]) -> str:
    labels = ",\n".join(f"        {{ label: '{label}', value: '{value}' }}" for label, value in names)
    bodies = "".join(f'<TabItem value="{value}">\n\n{body}\n</TabItem>\n' for value, body in items)
    return f'<Tabs\n    defaultValue="{names[0][1]}"\n    values={{[\n{labels}\n    ]}}\n>\n{bodies}</Tabs>\n'


def _section(section: Section) -> str:
    names = [(example.label, example.value) for example in section.examples]
    tabs = _tabs(names, [(example.value, _example(example)) for example in section.examples])
    return f"\n\n## {section.heading}\n\n{tabs}"


def _example(example: Example) -> str:
    text = f"{example.text}\n\n" if example.text else ""
    return f"{text}```{example.language}\n{example.code}\n```"


def _operations(operations: Sequence[Operation]) -> str:
    if not operations:
        return ""
    return "\n\n## Requests\n\n" + "\n".join(part for each in operations for part in _operation(each))


def _operation(each: Operation) -> Iterator[str]:
    yield f"### {each.name}\n"
    if each.text:
        yield f"{each.text}\n"
    urls = "<br />".join(f"<code>{_literal(url)}</code>" for url in each.urls)
    facts = [
        ("Call", f"<code>{_literal(each.call)}</code>"),
        ("Addresses" if len(each.urls) > 1 else "Address", urls),
    ]
    facts += each.facts
    rows = "".join(f"<tr><td><b>{name}</b></td><td>{_in_tag(text)}</td></tr>\n" for name, text in facts)
    yield f"<table><tbody>\n{rows}</tbody></table>\n"
    if each.body is not None:
        yield f"**Request body** ({each.body.title})\n"
        yield from _content(each.body)
    for answer in each.answers:
        yield f"**Answer: {answer.title}**\n"
        yield from _content(answer)
    if each.codes:
        names = [(code.label, code.value) for code in each.codes]
        yield _tabs(names, [(code.value, _example(code)) for code in each.codes])


def _content(content: Content) -> Iterator[str]:
    if content.note:
        yield f"{content.note}\n"
    if content.columns:
        rows = (
            _row(
                f"<code>{_literal(one.name)}</code>" + (" [required]" if one.required else ""),
                f"<code>{_literal(one.type)}</code>",
                one.description,
            )
            for one in content.columns
        )
        yield _table(("Field", "Type", "Description"), rows) + "\n"
    if content.example:
        yield f"```json\n{content.example}\n```\n"


def _literal(text: str) -> str:
    """A text inside a tag: braces would be JavaScript."""
    for plain, entity in (
        ("&", "&amp;"),
        ("{", "&#123;"),
        ("}", "&#125;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("*", "&#42;"),
    ):
        text = text.replace(plain, entity)
    return text.replace("_", "&#95;")


def _in_tag(text: str) -> str:
    """A fact with its code spans as tags."""
    parts = text.split("`")
    return "".join(f"<code>{_literal(part)}</code>" if number % 2 else part for number, part in enumerate(parts))
