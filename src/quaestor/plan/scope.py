"""What a name can mean at a place of a statement: the sources in FROM, and the scopes around.

Before: `plan.bind` makes a scope for every SELECT. After: every column is a `BoundColumn`, every resource a
`BoundTable`, and what is wanted of each resource is written down in its `TableUse`.
"""

from __future__ import annotations

from quaestor.errors import BindError, did_you_mean
from quaestor.plan.routes import HIDDEN_COLUMNS, PARAMETER_PREFIX
from quaestor.record import Record
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from quaestor.catalog.model import Resource, Server

#: Table functions that a statement can use, and their columns: SQLite's documentation of its JSON functions.
TABLE_FUNCTIONS = dict.fromkeys(
    ("json_each", "json_tree", "jsonb_each", "jsonb_tree"),
    ("key", "value", "type", "atom", "id", "parent", "fullkey", "path"),
)
#: Their hidden columns.
FUNCTION_HIDDEN = ("json", "root")


class BoundColumn(nodes.Expr):
    """A column of a source: a resource's by its name in the catalog, another source's by its internal name."""

    source: int
    column: str


class BoundTable(nodes.Source):
    """A resource in FROM."""

    source: int


class Output(Record):
    """A column of a SELECT's result: its name for people, its name inside the rewritten SQL, its type."""

    name: str
    internal: str
    type: str = "any"


class Candidate(Record):
    """A predicate that could give a resource's column its values: `column = …` or `column IN (…)`.

    Attributes:
        column: of the resource, as in the catalog.
        values: the expressions of `=` (one) or of an IN list.
        select: of IN (SELECT …); then there are no values.
        free: sources outside the expression that it depends on; none for a constant.
        uses: resources read inside it, by subqueries.
        pos: where it stands.
    """

    column: str
    values: tuple[nodes.Expr, ...]
    select: nodes.Select | None = None
    free: frozenset[int] = frozenset()
    uses: frozenset[int] = frozenset()
    pos: int = -1

    @property
    def is_constant(self) -> bool:
        """Whether its values are known before anything is read."""
        return self.select is None and not self.free and not self.uses


class TableUse:
    """A resource read at one place of a statement: filled while the statement is bound, read-only after.

    Attributes:
        id: of its source.
        connections: by which it is reached, one or several; resource: what it is; server: of its provider.
        wanted: its columns that the statement reads, in order of appearance.
        candidates: predicates that could bind its parameters.
        filters: conditions that every row of it satisfies, or it doesn't count for the result.
        nullable: it stands on a side of an outer join that may be filled with NULL.
        pos: where it stands.
    """

    def __init__(
        self, source: int, connections: tuple[str, ...], resource: Resource, server: Server, pos: int
    ) -> None:
        self.id = source
        self.connections = connections
        self.resource = resource
        self.server = server
        self.pos = pos
        self.wanted: dict[str, int] = {}
        self.candidates: list[Candidate] = []
        self.nullable = False
        self._names: dict[str, str] | None = None

    @property
    def server_variables(self) -> tuple[str, ...]:
        """Names of the variables in its servers' URLs: settings of the scan rather than columns."""
        servers = [method.server or self.server for method in self.resource.by_verb("select")] or [self.server]
        return tuple(dict.fromkeys(variable.name for server in servers for variable in server.variables))

    def names(self) -> dict[str, str]:
        """Every selectable column, and its type: fields, then parameters, server variables, hidden ones."""
        if self._names is None:
            names = {column.name: column.type for column in self.resource.columns}
            for method in self.resource.by_verb("select"):
                for parameter in method.parameters:
                    names.setdefault(parameter.name, parameter.type)
                for variable in (method.server or self.server).variables:
                    names.setdefault(variable.name, variable.type)
            self._names = {**names, **HIDDEN_COLUMNS}
        return self._names

    def find(self, name: str) -> str:
        """The column meant by `name`: exactly, else by its letters if that is unique; empty if there is none."""
        names = self.names()
        if name in names:
            return self._same_field(name)
        if name.startswith(PARAMETER_PREFIX) and name.removeprefix(PARAMETER_PREFIX) in names:
            return name
        folded = [known for known in names if known.casefold() == name.casefold()]
        return self._same_field(folded[0]) if len(folded) == 1 else ""

    def _same_field(self, name: str) -> str:
        """The field that an item key is: `roleId` of roles is their `id`, whichever method reads them."""
        if any(field.name == name for field in self.resource.columns):
            return name
        named = [p for method in self.resource.by_verb("select") if (p := method.parameter(name)) is not None]
        # one that the API takes by other names too (`roleIdOrLabel`) is no field: it reads as what is bound to it
        fields = {p.field if p.item_key and p.matches != "other" else "" for p in named}
        return (fields.pop() or name) if len(fields) == 1 else name

    def type_of(self, column: str) -> str:
        """The type of one of its columns."""
        return self.names()[column.removeprefix(PARAMETER_PREFIX)]

    def want(self, column: str) -> None:
        """Note that the statement reads this column."""
        self.wanted.setdefault(column, len(self.wanted))


class ScopeSource:
    """One source of a FROM: a resource (`use`), or something with `outputs`.

    Attributes:
        id: a number unique in the statement; `t<id>` is its alias in the rewritten SQL.
        path: what it is called: `("u",)`, or without an alias the table's whole path.
        node: how it stands in the rewritten FROM, alone.
        depends: sources that the arguments of a table function refer to.
        through: of a view, the columns of resources that its own columns are (`plan.views`).
        parameters: of a view, parameters inside it that can be named though it doesn't show them.
    """

    def __init__(
        self,
        source: int,
        path: tuple[str, ...],
        node: nodes.Source,
        *,
        use: TableUse | None = None,
        outputs: tuple[Output, ...] = (),
        hidden: tuple[str, ...] = (),
        depends: frozenset[int] = frozenset(),
    ) -> None:
        self.id = source
        self.path = path
        self.node = node
        self.use = use
        self.outputs = outputs
        self.hidden = hidden
        self.depends = depends
        self.nullable = False  # an outer join may fill it with NULL
        self.through: dict[str, tuple[BoundColumn, ...]] = {}
        self.parameters: tuple[Output, ...] = ()
        self.merged: set[str] = set()  # columns left out of `*`: USING and NATURAL show them once

    def answers_to(self, qualifier: tuple[str, ...]) -> bool:
        """Whether `qualifier.column` means this source: its alias, or the end of its path."""
        if len(qualifier) > len(self.path):
            return False
        own = self.path[len(self.path) - len(qualifier) :]
        return [part.casefold() for part in own] == [part.casefold() for part in qualifier]

    def column(self, name: str) -> BoundColumn | None:
        """The column of this name."""
        if self.use is not None:
            found = self.use.find(name)
            return BoundColumn(self.id, found) if found else None
        folded = name.casefold()
        for output in self.outputs:
            if output.name.casefold() == folded:
                return BoundColumn(self.id, output.internal)
        if folded in self.hidden:
            return BoundColumn(self.id, folded)
        return self.parameter(name)

    def parameter(self, name: str) -> BoundColumn | None:
        """The parameter of this name inside a view."""
        for output in self.parameters:
            if output.name.casefold() == name.casefold():
                return BoundColumn(self.id, output.internal)
        return None

    def type_of(self, column: str) -> str:
        """The type of a column that `column()` gave."""
        if self.use is not None:
            return self.use.type_of(column)
        return next((output.type for output in self.outputs if output.internal == column), "any")

    def all_names(self) -> list[str]:
        """Every name that could have been meant."""
        return list(self.use.names()) if self.use is not None else [output.name for output in self.outputs]


class Scope:
    """The sources of one SELECT, its aliases, and the scope around it."""

    def __init__(self, parent: Scope | None, text: str) -> None:
        self.parent = parent
        self.text = text
        self.sources: list[ScopeSource] = []
        self.aliases: dict[str, str] = {}  # result alias, folded, to its internal name
        self.using: dict[str, nodes.Expr] = {}  # merged column, folded, to what stands for it

    def around(self) -> Iterator[Scope]:
        """This scope, then those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def source(self, source: int) -> ScopeSource | None:
        """The source of this id, here or around."""
        for scope in self.around():
            for candidate in scope.sources:
                if candidate.id == source:
                    return candidate
        return None

    def resolve(self, ref: nodes.ColumnRef) -> nodes.Expr:
        """What a column reference means: a BoundColumn, a result alias, or a column merged by USING.

        Raises BindError for an unknown or ambiguous name.
        """
        *qualifier, name = ref.path
        for scope in self.around():
            found = scope._here(tuple(qualifier), name, ref)
            if found is not None:
                return found
        raise self._unknown(tuple(qualifier), name, ref)

    def _here(self, qualifier: tuple[str, ...], name: str, ref: nodes.ColumnRef) -> nodes.Expr | None:
        if not qualifier and name.casefold() in self.using:
            return self.using[name.casefold()]
        sources = [source for source in self.sources if not qualifier or source.answers_to(qualifier)]
        found = [column for source in sources if (column := source.column(name)) is not None]
        if len(found) > 1:
            found = self._preferred(found, name, ref)
        if found:
            source = next(s for s in self.sources if s.id == found[0].source)
            if source.use is not None:
                source.use.want(found[0].column)
            return BoundColumn(found[0].source, found[0].column, pos=ref.pos, end=ref.end)
        if not qualifier and name.casefold() in self.aliases:
            return nodes.ColumnRef((self.aliases[name.casefold()],), pos=ref.pos, end=ref.end)
        return None

    def _preferred(self, found: list[BoundColumn], name: str, ref: nodes.ColumnRef) -> list[BoundColumn]:
        """Of several sources with the column, the one that has it as a field; parameters alone don't compete."""
        fields = []
        for column in found:
            source = next(s for s in self.sources if s.id == column.source)
            if source.use is None:
                is_field = column != source.parameter(name)
            else:
                is_field = any(field.name == column.column for field in source.use.resource.columns)
            if is_field:
                fields.append(column)
        if len(fields) == 1:
            return fields
        names = [".".join(next(s for s in self.sources if s.id == column.source).path) for column in found]
        raise BindError(
            f"{name} is ambiguous: {' and '.join(names)} have it",
            text=self.text,
            position=ref.pos,
            hint=f"write {names[0]}.{name}",
        )

    def _unknown(self, qualifier: tuple[str, ...], name: str, ref: nodes.ColumnRef) -> BindError:
        sources = [source for scope in self.around() for source in scope.sources]
        if qualifier and not any(source.answers_to(qualifier) for source in sources):
            known = [".".join(source.path) for source in sources]
            hint = did_you_mean(".".join(qualifier), known)
            if len(qualifier) == 1 and any(qualifier[0] in source.all_names() for source in sources):
                hint = f"{qualifier[0]} is a column: what is inside it is {qualifier[0]} ->> '{name}'"
            return BindError(
                f"there is no table {'.'.join(qualifier)} in this FROM",
                text=self.text,
                position=ref.pos,
                hint=hint,
            )
        if qualifier:
            sources = [source for source in sources if source.answers_to(qualifier)]
        names = [known for source in sources for known in source.all_names()]
        names += [] if qualifier else [alias for scope in self.around() for alias in scope.aliases]
        where = sources[0].use.resource.id if len(sources) == 1 and sources[0].use else ""
        hint = did_you_mean(name, names)
        quotes = self.text[ref.pos : ref.pos + 1] if not qualifier else ""
        if quotes == '"' or name[0] in "‘’“”":
            hint = f"a text stands in single quotes: '{name.strip('‘’“”')}'" + (f"; {hint}" if hint else "")
        elif not hint and where:
            hint = f"DESCRIBE {where} lists its columns"
        return BindError(
            f"there is no column {name}" + (f" in {where}" if where else ""),
            text=self.text,
            position=ref.pos,
            hint=hint,
        )
