"""What a page about a resource says, whoever makes it and in whatever format it is written.

Before: a maker (`compat`, from a StackQL document) reads a provider. After: a writer (`mdx`) puts pages into files.
Texts are as the format will show them: makers have escaped what must be escaped.
"""

from __future__ import annotations

from quaestor.record import Record


class Column(Record):
    """A row of a table of fields or parameters: `type` is the JSON Schema type with its format."""

    name: str
    type: str
    description: str = ""


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


class Section(Record):
    """Examples of one verb under their heading."""

    heading: str
    examples: tuple[Example, ...]


class Page(Record):
    """A page about one resource."""

    provider: str
    service: str
    resource: str
    kind: str
    summary: str
    fields: tuple[FieldTable, ...]
    methods: tuple[MethodRow, ...]
    parameters: tuple[Column, ...]
    sections: tuple[Section, ...]

    @property
    def path(self) -> str:
        """Where the page goes, from the folder of all pages."""
        return f"services/{self.service}/{self.resource}/index.md"
