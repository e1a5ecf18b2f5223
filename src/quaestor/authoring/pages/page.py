"""What a page about a resource says, whoever makes it and in whatever format it is written.

Before: a maker (`compat`, from a StackQL document) reads a provider. After: a writer (`mdx`) puts pages into files.
Texts are as the format will show them: makers have escaped what must be escaped.
"""

from __future__ import annotations

from quaestor.record import Record


class Column(Record):
    """A row of a table of fields or parameters: `type` is the JSON Schema type with its format. `name` has dots and
    `[]` where it is a field of a field (`profile.login`, `data[].id`); `anchor` is what links to it go to."""

    name: str
    type: str
    description: str = ""
    required: bool = False
    anchor: str = ""


class FieldTable(Record):
    """The columns that one select method answers with; `note` stands above the table."""

    method: str
    columns: tuple[Column, ...]
    note: str = ""


class MethodRow(Record):
    """A row of the table of methods: the verb that reaches it, and its parameters by name."""

    name: str
    verb: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    description: str = ""


class Example(Record):
    """A tab of examples: its label, a text above, and code."""

    label: str
    value: str
    code: str
    language: str = "sql"
    text: str = ""


class Content(Record):
    """What a request or an answer carries: the fields of its JSON, `note` above them, and an example of it. `title`
    says of an answer at which statuses it comes."""

    title: str
    note: str = ""
    columns: tuple[Column, ...] = ()
    example: str = ""


class Operation(Record):
    """A request of the API in full.

    Attributes:
        name: of the method.
        call: `GET /api/v1/users/{userId}`.
        urls: where it goes; one for each of the provider's sites.
        facts: what is known of it besides, each with its name: permissions, paging …
        body: what it takes; None if that is nothing.
        answers: what it gives, by status.
        codes: programs that do it.
    """

    name: str
    call: str
    urls: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    body: Content | None
    answers: tuple[Content, ...]
    codes: tuple[Example, ...]
    text: str = ""


class Section(Record):
    """Examples of one verb under their heading."""

    heading: str
    examples: tuple[Example, ...]


class View(Record):
    """What a view's page has besides: its columns, the parameters that a SELECT has to give, and what the view is, a
    SELECT for each dialect."""

    columns: tuple[Column, ...]
    parameters: tuple[Column, ...]
    definitions: tuple[Example, ...]


class Page(Record):
    """A page about one resource.

    `body` are the properties of its requests as statements call them, `operations` its requests in full; pages as
    StackQL's generator made them have neither. `view` is None for all but views.
    """

    provider: str
    service: str
    resource: str
    kind: str
    summary: str
    fields: tuple[FieldTable, ...]
    methods: tuple[MethodRow, ...]
    parameters: tuple[Column, ...]
    sections: tuple[Section, ...]
    body: tuple[Column, ...] = ()
    operations: tuple[Operation, ...] = ()
    view: View | None = None

    @property
    def path(self) -> str:
        """Where the page goes, from the folder of all pages."""
        return f"services/{self.service}/{self.resource}/index.md"
