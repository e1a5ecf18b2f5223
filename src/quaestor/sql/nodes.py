"""The tree of a statement: what `parser` builds from text, `template` completes, `plan.bind` reads, `printer` prints.

This page holds expressions and SELECT; `statements` holds what else can be run, `node` what all have in common. All
are imported from here.

A node is an immutable `Record`. Every node has `pos` and `end`, offsets of its text in the script, -1 if it was not
read from a text; they do not count in comparisons, so two texts that mean the same give equal trees:

- a name is a path, a tuple of one to five parts without quotes: `okta.users."users"` is `("okta", "users", "users")`;
- `==` is `=`, `<>` is `!=`, `x IS DISTINCT FROM y` is `IS NOT`, `x IS NULL`, `x ISNULL` and `x NOTNULL` are `IsNull`;
- parentheses are gone from expressions; in FROM they stay (`Group`), since SQLite gives them a meaning;
- `a AND b AND c` is one `Logical` of three, and a compound SELECT is one list, so long ones are not deep;
- `LIMIT a, b` is `LIMIT b OFFSET a`, `ASC` is the default, a sign before a decimal number belongs to the number.

Absent parts are None, `()`, `""` or False.
"""

from __future__ import annotations

from quaestor.sql.node import Expr as Expr
from quaestor.sql.node import Name as Name
from quaestor.sql.node import Node as Node
from quaestor.sql.node import Source as Source
from quaestor.sql.node import Statement as Statement
from quaestor.sql.node import children as children
from quaestor.sql.node import transform as transform
from quaestor.sql.node import walk as walk
from quaestor.sql.statements import Argument as Argument
from quaestor.sql.statements import Assignment as Assignment
from quaestor.sql.statements import Auth as Auth
from quaestor.sql.statements import Begin as Begin
from quaestor.sql.statements import Block as Block
from quaestor.sql.statements import ColumnDef as ColumnDef
from quaestor.sql.statements import Commit as Commit
from quaestor.sql.statements import Conflict as Conflict
from quaestor.sql.statements import Copy as Copy
from quaestor.sql.statements import CreateTable as CreateTable
from quaestor.sql.statements import CreateView as CreateView
from quaestor.sql.statements import Delete as Delete
from quaestor.sql.statements import Describe as Describe
from quaestor.sql.statements import DescribeMethod as DescribeMethod
from quaestor.sql.statements import Drop as Drop
from quaestor.sql.statements import Exec as Exec
from quaestor.sql.statements import Explain as Explain
from quaestor.sql.statements import Insert as Insert
from quaestor.sql.statements import NativeQuery as NativeQuery
from quaestor.sql.statements import Purge as Purge
from quaestor.sql.statements import Refresh as Refresh
from quaestor.sql.statements import RegistryList as RegistryList
from quaestor.sql.statements import RegistryPull as RegistryPull
from quaestor.sql.statements import Release as Release
from quaestor.sql.statements import Replace as Replace
from quaestor.sql.statements import Reset as Reset
from quaestor.sql.statements import Rollback as Rollback
from quaestor.sql.statements import Savepoint as Savepoint
from quaestor.sql.statements import Script as Script
from quaestor.sql.statements import Set as Set
from quaestor.sql.statements import Show as Show
from quaestor.sql.statements import ShowInsert as ShowInsert
from quaestor.sql.statements import Sleep as Sleep
from quaestor.sql.statements import TableConstraint as TableConstraint
from quaestor.sql.statements import Update as Update
from quaestor.sql.statements import Use as Use

# ----------------------------------------------------------------------------------------- expressions


class Literal(Expr):
    """A constant. `kind`: string, integer, real, blob, null, true, false, current_{date,time,timestamp}.

    `value` is the str, int, float or bytes; None for null and current_*; True and False for true and false.
    """

    kind: str
    value: str | int | float | bytes | None = None


class ColumnRef(Expr):
    """`column`, `alias.column` … `connection.service.resource.column`: one to five parts."""

    path: tuple[str, ...]


class Parameter(Expr):
    """`:a`, `@a` and `$a` have a name, sign included; `?` and `?3` a number from 1.

    As in SQLite, `?` is one more than the highest number before it, named parameters counted too.
    """

    name: str
    index: int = 0


class Placeholder(Expr):
    """`{{ a.b }}`: takes the value's own type."""

    path: tuple[str, ...]


class StringTemplate(Expr):
    """`'text {{ a.b }} text'`: always a string. The parts are texts (quotes undoubled) and placeholders."""

    parts: tuple[str | Placeholder, ...]


class Unary(Expr):
    """`op`: - + ~ NOT."""

    op: str
    operand: Expr


class Binary(Expr):
    """`op`: * / % + - & | << >> || -> ->> < <= > >= = != IS, IS NOT."""

    op: str
    left: Expr
    right: Expr


class Logical(Expr):
    """`op`: AND, OR; two or more operands, in the order written."""

    op: str
    operands: tuple[Expr, ...]


class Between(Expr):
    operand: Expr
    low: Expr
    high: Expr
    negated: bool = False


class InList(Expr):
    """`operand [NOT] IN (items)`; the list may be empty."""

    operand: Expr
    items: tuple[Expr, ...]
    negated: bool = False


class InSelect(Expr):
    """`operand [NOT] IN (SELECT …)`."""

    operand: Expr
    select: Select
    negated: bool = False


class InTable(Expr):
    """`operand [NOT] IN table` or `IN function(…)`."""

    operand: Expr
    table: TableRef | TableFunction
    negated: bool = False


class Like(Expr):
    """`op`: LIKE, GLOB, REGEXP, MATCH."""

    op: str
    operand: Expr
    pattern: Expr
    escape: Expr | None = None
    negated: bool = False


class IsNull(Expr):
    """`operand IS [NOT] NULL`."""

    operand: Expr
    negated: bool = False


class Case(Expr):
    """`whens` are pairs of condition (or value to compare with `operand`) and result."""

    operand: Expr | None
    whens: tuple[tuple[Expr, Expr], ...]
    otherwise: Expr | None = None


class Cast(Expr):
    """`type_name` as written, words separated by one blank; may be empty."""

    operand: Expr
    type_name: str


class Collate(Expr):
    operand: Expr
    collation: str


class Function(Expr):
    """`name(DISTINCT args ORDER BY …) FILTER (WHERE …) OVER …`; `star` for `count(*)`.

    `over` is a window's name or its specification.
    """

    name: str
    args: tuple[Expr, ...] = ()
    distinct: bool = False
    star: bool = False
    order_by: tuple[OrderTerm, ...] = ()
    filter: Expr | None = None
    over: str | Window | None = None


class Exists(Expr):
    select: Select


class Subquery(Expr):
    """`(SELECT …)` as a value."""

    select: Select


class RowValue(Expr):
    """`(a, b)`: two or more."""

    items: tuple[Expr, ...]


class Raise(Expr):
    """`RAISE(ROLLBACK, message)`: SQLite's grammar has it, only triggers may use it."""

    action: str
    message: Expr | None = None


# ------------------------------------------------------------------------------------- parts of SELECT


class OrderTerm(Node):
    """`nulls`: FIRST, LAST or empty."""

    expr: Expr
    descending: bool = False
    nulls: str = ""


class FrameBound(Node):
    """`kind`: UNBOUNDED PRECEDING, UNBOUNDED FOLLOWING, CURRENT ROW; with `offset` PRECEDING, FOLLOWING."""

    kind: str
    offset: Expr | None = None


class Frame(Node):
    """`unit`: ROWS, RANGE, GROUPS. `exclude`: NO OTHERS, CURRENT ROW, GROUP, TIES or empty. No `stop`: no BETWEEN."""

    unit: str
    start: FrameBound
    stop: FrameBound | None = None
    exclude: str = ""


class Window(Node):
    """What stands in `OVER (…)` and after `WINDOW name AS`; `base` is the window that it builds on."""

    base: str | None = None
    partition_by: tuple[Expr, ...] = ()
    order_by: tuple[OrderTerm, ...] = ()
    frame: Frame | None = None


class NamedWindow(Node):
    name: str
    window: Window


class ResultColumn(Node):
    """`expr [AS alias]`. `pos` and `end` are the expression's, without the alias: see `column_name`."""

    expr: Expr
    alias: str | None = None


class Star(Node):
    """`*` or `path.*`."""

    path: tuple[str, ...] = ()


class SelectCore(Node):
    columns: tuple[ResultColumn | Star, ...]
    source: Source | None = None
    where: Expr | None = None
    group_by: tuple[Expr, ...] = ()
    having: Expr | None = None
    windows: tuple[NamedWindow, ...] = ()
    distinct: bool = False


class Values(Node):
    rows: tuple[tuple[Expr, ...], ...]


class Cte(Node):
    """`materialized`: True, False (NOT MATERIALIZED) or None (not said)."""

    name: str
    columns: tuple[Name, ...]
    select: Select
    materialized: bool | None = None


class With(Node):
    ctes: tuple[Cte, ...]
    recursive: bool = False


class Select(Statement):
    """`cores[0] operators[0] cores[1] …`; operators: UNION, UNION ALL, INTERSECT, EXCEPT, all from left to right."""

    cores: tuple[SelectCore | Values, ...]
    operators: tuple[str, ...] = ()
    with_: With | None = None
    order_by: tuple[OrderTerm, ...] = ()
    limit: Expr | None = None
    offset: Expr | None = None


class TableRef(Source):
    """A table, view, CTE or resource: one to four parts."""

    path: tuple[str, ...]
    alias: str | None = None


class TableFunction(Source):
    """`json_each(x)`: a name of one or two parts, and arguments."""

    path: tuple[str, ...]
    args: tuple[Expr, ...] = ()
    alias: str | None = None


class SubqueryRef(Source):
    select: Select
    alias: str | None = None


class ExecRef(Source):
    """`(EXEC …) alias`."""

    exec: Exec
    alias: str | None = None


class Group(Source):
    """Parentheses in FROM."""

    source: Source
    alias: str | None = None


class Join(Source):
    """`kind`: `,` INNER, CROSS, LEFT, RIGHT, FULL. INNER is also what JOIN alone means."""

    kind: str
    left: Source
    right: Source
    natural: bool = False
    on: Expr | None = None
    using: tuple[Name, ...] = ()


def column_name(column: ResultColumn, text: str) -> str:
    """What the column is called: its alias, the column's name, or the expression's source text as SQLite does it.

    `text` is the script that the column was read from. An expression that was read from none has the name "".
    """
    if column.alias is not None:
        return column.alias
    if isinstance(column.expr, ColumnRef):
        return column.expr.path[-1]
    return text[column.pos : column.end] if column.pos >= 0 else ""
