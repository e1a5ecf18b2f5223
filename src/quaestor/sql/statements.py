"""The nodes of all statements but SELECT: writes, catalog, workspace, session; and of a whole script.

They belong to the tree that `nodes` describes, and are imported from there.
"""

from __future__ import annotations

from quaestor.sql.node import Expr, Name, Node, Statement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.sql.nodes import ResultColumn, Select, Star, TableRef, With

# --------------------------------------------------------------------------------------------- writing


class Assignment(Node):
    """`name = value`, or `(name, name) = value`."""

    names: tuple[Name, ...]
    value: Expr


class Conflict(Node):
    """`ON CONFLICT [(keys) [WHERE …]] DO NOTHING`, or with assignments `DO UPDATE SET … [WHERE …]`."""

    keys: tuple[Expr, ...] = ()
    keys_where: Expr | None = None
    assignments: tuple[Assignment, ...] = ()
    where: Expr | None = None


class Insert(Statement):
    """`source` is None for DEFAULT VALUES. `hints`: AWAIT."""

    table: TableRef
    columns: tuple[Name, ...] = ()
    source: Select | None = None
    conflict: Conflict | None = None
    returning: tuple[ResultColumn | Star, ...] = ()
    with_: With | None = None
    hints: tuple[str, ...] = ()


class Update(Statement):
    """No assignments: SET held only a comment, the query parameters alone are sent."""

    table: TableRef
    assignments: tuple[Assignment, ...] = ()
    where: Expr | None = None
    returning: tuple[ResultColumn | Star, ...] = ()
    with_: With | None = None
    hints: tuple[str, ...] = ()


class Replace(Statement):
    """`REPLACE table SET … WHERE …`: the whole object anew (PUT)."""

    table: TableRef
    assignments: tuple[Assignment, ...] = ()
    where: Expr | None = None
    returning: tuple[ResultColumn | Star, ...] = ()
    with_: With | None = None
    hints: tuple[str, ...] = ()


class Delete(Statement):
    table: TableRef
    where: Expr | None = None
    returning: tuple[ResultColumn | Star, ...] = ()
    with_: With | None = None
    hints: tuple[str, ...] = ()


class Argument(Node):
    """`@name = value` of EXEC."""

    name: str
    value: Expr


class Exec(Statement):
    """`EXEC path @a = 'x', @b = 1 [@@json = '…']`. `hints`: AWAIT, SHOWRESULTS."""

    path: tuple[str, ...]
    args: tuple[Argument, ...] = ()
    payload: Expr | None = None
    hints: tuple[str, ...] = ()


# --------------------------------------------------------------------------------------- what is there


class Show(Statement):
    """`SHOW [EXTENDED] kind [IN path] [LIKE pattern] [WHERE …]`.

    `kind`: PROVIDERS, SERVICES, RESOURCES, METHODS, VIEWS, MATERIALIZED VIEWS, TABLES, CONNECTIONS, VERSION, AUTH,
    TRANSACTION ISOLATION LEVEL.
    """

    kind: str
    extended: bool = False
    path: tuple[str, ...] = ()
    like: Expr | None = None
    where: Expr | None = None


class ShowInsert(Statement):
    """`SHOW INSERT [/*+ REQUIRED */] INTO path`."""

    path: tuple[str, ...]
    required_only: bool = False


class Describe(Statement):
    path: tuple[str, ...]
    extended: bool = False


class DescribeMethod(Statement):
    """The last part of `path` is the method."""

    path: tuple[str, ...]
    extended: bool = False


class Explain(Statement):
    statement: Statement
    analyze: bool = False
    query_plan: bool = False


# ------------------------------------------------------------------------------------------- workspace


class CreateView(Statement):
    path: tuple[str, ...]
    select: Select
    columns: tuple[Name, ...] = ()
    materialized: bool = False
    temporary: bool = False
    or_replace: bool = False
    if_not_exists: bool = False


class ColumnDef(Node):
    """A column of a local table."""

    name: str
    type_name: str = ""
    primary_key: bool = False
    autoincrement: bool = False
    not_null: bool = False
    unique: bool = False
    default: Expr | None = None
    check: Expr | None = None
    collation: str = ""


class TableConstraint(Node):
    """`kind`: PRIMARY KEY, UNIQUE (with `columns`), CHECK (with `check`)."""

    kind: str
    columns: tuple[Name, ...] = ()
    check: Expr | None = None


class CreateTable(Statement):
    """Either columns or `select`."""

    path: tuple[str, ...]
    columns: tuple[ColumnDef, ...] = ()
    constraints: tuple[TableConstraint, ...] = ()
    select: Select | None = None
    temporary: bool = False
    or_replace: bool = False
    if_not_exists: bool = False


class Refresh(Statement):
    """`REFRESH MATERIALIZED VIEW path`."""

    path: tuple[str, ...]


class Drop(Statement):
    """`kind`: VIEW, MATERIALIZED VIEW, TABLE."""

    kind: str
    path: tuple[str, ...]
    if_exists: bool = False


# --------------------------------------------------------------------------------------------- session


class Use(Statement):
    """`USE connection[.service]`."""

    path: tuple[str, ...]


class Set(Statement):
    """`SET [SESSION|GLOBAL|LOCAL] name = value`. `name` is a path, or one part such as `$.auth.okta.type`."""

    name: tuple[str, ...]
    value: Expr
    scope: str = ""


class Reset(Statement):
    """`RESET name`; RESET ALL has no name."""

    name: tuple[str, ...] = ()


class Begin(Statement):
    pass


class Commit(Statement):
    pass


class Rollback(Statement):
    """`ROLLBACK [TO savepoint]`."""

    savepoint: str = ""


class Savepoint(Statement):
    name: str


class Release(Statement):
    name: str


class RegistryList(Statement):
    provider: str = ""


class RegistryPull(Statement):
    provider: str
    version: str = ""


class Purge(Statement):
    """`PURGE [target]`."""

    target: str = ""


class Sleep(Statement):
    milliseconds: Expr


class NativeQuery(Statement):
    """`NATIVEQUERY 'sql'`."""

    query: Expr


class Copy(Statement):
    """`COPY (SELECT …) TO 'file' [(FORMAT csv)]`."""

    select: Select
    target: Expr
    format: str = ""


class Auth(Statement):
    """`AUTH LOGIN provider [SERVICEACCOUNT|INTERACTIVE 'key']`, `AUTH REVOKE provider`."""

    action: str
    provider: str
    method: str = ""
    key: Expr | None = None


class Block(Node):
    """`<<<json … >>>`: values for the placeholders. `kind`: json, jsonnet. `text` is what stands between."""

    kind: str
    text: str


class Script(Node):
    """A whole text. Each statement's `pos` and `end` are its span, without its semicolon."""

    statements: tuple[Statement, ...]
    blocks: tuple[Block, ...] = ()
