"""SHOW, DESCRIBE, EXPLAIN; views and local tables; the session: everything that is neither a read nor a write."""

from __future__ import annotations

from quaestor.sql.nodes import (
    Auth,
    Begin,
    ColumnDef,
    Commit,
    Copy,
    CreateTable,
    CreateView,
    Describe,
    DescribeMethod,
    Drop,
    Explain,
    Expr,
    NativeQuery,
    Purge,
    Refresh,
    RegistryList,
    RegistryPull,
    Release,
    Reset,
    Rollback,
    Savepoint,
    Select,
    Set,
    Show,
    ShowInsert,
    Sleep,
    Statement,
    TableConstraint,
    Use,
)
from quaestor.sql.parser.expressions import EQUALITY, SIGN
from quaestor.sql.parser.writes import Writes
from quaestor.sql.tokens import ALIASES, NAMES, unquote

_SHOWN = ("PROVIDERS", "SERVICES", "RESOURCES", "METHODS", "VIEWS", "TABLES", "CONNECTIONS", "VERSION", "AUTH")
_QUERIES = frozenset(("SELECT", "VALUES", "WITH"))


class Workspace(Writes):
    """Reads the statements about the catalog, the workspace and the session."""

    def statement(self) -> Statement:
        """Any statement: the parser's own; EXPLAIN holds one."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------------- what is there

    def show(self) -> Statement:
        pos = self.start
        self.expect_word("SHOW")
        if self.accept("INSERT"):
            required = "REQUIRED" in self.hints("REQUIRED")
            self.expect("INTO")
            return ShowInsert(self.path("a resource", 4), required, pos=pos, end=self.last_end)
        extended = bool(self.accept_word("EXTENDED"))
        if self.accept_word("MATERIALIZED"):
            self.expect_word("VIEWS")
            kind = "MATERIALIZED VIEWS"
        elif self.accept_word("TRANSACTION"):
            self.expect_word("ISOLATION")
            self.expect_word("LEVEL")
            kind = "TRANSACTION ISOLATION LEVEL"
        else:
            kind = self.expect_word(*_SHOWN)
        path: tuple[str, ...] = ()
        if self.accept_word("IN", "FROM") or (kind == "AUTH" and self.kind in NAMES):
            path = self.path("a provider, service or resource", 4)
        like = self.expr(EQUALITY + 1) if self.accept("LIKE") else None
        where = self.expr() if self.accept("WHERE") else None
        return Show(kind, extended, path, like, where, pos=pos, end=self.last_end)

    def describe(self) -> Statement:
        pos = self.start
        self.expect_word("DESCRIBE", "DESC")
        if self.word() == "METHOD" and self.kinds[self.at + 1] in NAMES:
            self.at += 1
            extended = self.kinds[self.at + 1] in NAMES and bool(self.accept_word("EXTENDED", "FULL"))
            return DescribeMethod(self.path("a method", 5), extended, pos=pos, end=self.last_end)
        extended = self.kinds[self.at + 1] in NAMES and bool(self.accept_word("EXTENDED", "FULL"))
        return Describe(self.path("a resource", 4), extended, pos=pos, end=self.last_end)

    def explain(self) -> Explain:
        pos = self.start
        self.expect("EXPLAIN")
        analyze = self.accept("ANALYZE")
        query_plan = self.accept("QUERY")
        if query_plan:
            self.expect("PLAN")
        self.deeper()
        statement = self.statement()
        self.depth -= 1
        return Explain(statement, analyze, query_plan, pos=pos, end=self.last_end)

    # -------------------------------------------------------------------------------- views and tables

    def create(self) -> Statement:
        pos = self.start
        self.expect("CREATE")
        or_replace = self.accept("OR")
        if or_replace:
            self.expect("REPLACE")
        temporary = bool(self.accept_word("TEMP", "TEMPORARY"))
        materialized = self.accept("MATERIALIZED")
        if materialized or self.kind == "VIEW":
            self.expect("VIEW")
            if_not_exists = self.if_not_exists()
            path = self.path("a name for the view", 2)
            columns = self.names("a column") if self.kind == "(" else ()
            self.expect("AS")
            return CreateView(
                path, self.query(), columns, materialized, temporary, or_replace, if_not_exists,
                pos=pos, end=self.last_end,
            )  # fmt: skip
        if not self.accept("TABLE"):
            self.fail("VIEW, MATERIALIZED VIEW or TABLE")
        if_not_exists = self.if_not_exists()
        path = self.path("a name for the table", 2)
        definitions: tuple[ColumnDef, ...] = ()
        constraints: tuple[TableConstraint, ...] = ()
        select = None
        if self.accept("AS"):
            select = self.query()
        else:
            definitions, constraints = self.definitions()
        return CreateTable(
            path, definitions, constraints, select, temporary, or_replace, if_not_exists, pos=pos, end=self.last_end
        )

    def query(self) -> Select:
        if self.kind not in _QUERIES:
            self.fail("SELECT")
        return self.select()

    def if_not_exists(self) -> bool:
        if self.kinds[self.at : self.at + 2] != ["IF", "NOT"]:
            return False
        self.at += 2
        self.expect("EXISTS")
        return True

    def definitions(self) -> tuple[tuple[ColumnDef, ...], tuple[TableConstraint, ...]]:
        """`(column type …, PRIMARY KEY (…) …)`."""
        self.expect("(")
        columns = [self.definition()]
        constraints: list[TableConstraint] = []
        while self.accept(","):
            if self.kind in ("PRIMARY", "UNIQUE", "CHECK"):
                constraints.append(self.constraint())
            elif constraints:
                self.fail("PRIMARY KEY, UNIQUE or CHECK")
            else:
                columns.append(self.definition())
        self.expect(")")
        return tuple(columns), tuple(constraints)

    def definition(self) -> ColumnDef:
        pos = self.start
        name = self.name("a column")
        type_name = self.type_name()
        given: dict[str, bool] = {}
        default = check = None
        collation = ""
        while True:
            if self.accept("PRIMARY"):
                self.expect("KEY")
                self.accept("ASC")
                given["primary_key"] = True
                given["autoincrement"] = self.accept("AUTOINCREMENT")
            elif self.accept("NOT"):
                self.expect("NULL")
                given["not_null"] = True
            elif self.accept("UNIQUE"):
                given["unique"] = True
            elif self.accept("DEFAULT"):
                default = self.default()
            elif self.accept("CHECK"):
                check = self.parenthesized()
            elif self.accept("COLLATE"):
                if self.kind not in ALIASES:
                    self.fail("a collation")
                collation = self.name("a collation")
            else:
                break
        return ColumnDef(
            name, type_name, **given, default=default, check=check, collation=collation, pos=pos, end=self.last_end
        )

    def default(self) -> Expr:
        """A constant, or an expression in parentheses."""
        if self.kind == "(":
            return self.parenthesized()
        return self.expr(SIGN)  # no operator: a lone operand

    def parenthesized(self) -> Expr:
        self.expect("(")
        expr = self.expr()
        self.expect(")")
        return expr

    def constraint(self) -> TableConstraint:
        pos, kind = self.start, self.kind
        self.at += 1
        if kind == "CHECK":
            return TableConstraint(kind, (), self.parenthesized(), pos=pos, end=self.last_end)
        if kind == "PRIMARY":
            self.expect("KEY")
            kind = "PRIMARY KEY"
        return TableConstraint(kind, self.names("a column"), pos=pos, end=self.last_end)

    def drop(self) -> Drop:
        pos = self.start
        self.expect("DROP")
        if self.accept("MATERIALIZED"):
            self.expect("VIEW")
            kind = "MATERIALIZED VIEW"
        else:
            kind = self.expect_word("VIEW", "TABLE")
        if_exists = self.kinds[self.at : self.at + 2] == ["IF", "EXISTS"]
        self.at += 2 * if_exists
        return Drop(kind, self.path("a name", 2), if_exists, pos=pos, end=self.last_end)

    def refresh(self) -> Refresh:
        pos = self.start
        self.expect_word("REFRESH")
        self.expect("MATERIALIZED")
        self.expect("VIEW")
        return Refresh(self.path("a materialized view", 2), pos=pos, end=self.last_end)

    # --------------------------------------------------------------------------------------- session

    def use(self) -> Use:
        pos = self.start
        self.expect_word("USE")
        return Use(self.path("a connection", 2), pos=pos, end=self.last_end)

    def set(self) -> Set:
        pos = self.start
        self.expect("SET")
        scope = ""
        if self.kinds[self.at + 1] in NAMES:
            scope = self.expect_word("SESSION", "GLOBAL", "LOCAL")
        name = self.path("a setting", 5)
        if not self.accept("TO"):
            self.expect("=")
        return Set(name, self.expr(), scope, pos=pos, end=self.last_end)

    def reset(self) -> Reset:
        pos = self.start
        self.expect_word("RESET")
        name = () if self.accept("ALL") else self.path("a setting or ALL", 5)
        return Reset(name, pos=pos, end=self.last_end)

    def begin(self) -> Begin:
        pos = self.start
        if self.accept_word("START"):
            self.expect("TRANSACTION")
        else:
            self.expect("BEGIN")
            self.accept_word("TRANSACTION", "WORK")
        return Begin(pos=pos, end=self.last_end)

    def commit(self) -> Commit:
        pos = self.start
        self.expect("COMMIT")
        self.accept_word("TRANSACTION", "WORK")
        return Commit(pos=pos, end=self.last_end)

    def rollback(self) -> Rollback:
        pos = self.start
        self.expect("ROLLBACK")
        self.accept_word("TRANSACTION", "WORK")
        name = ""
        if self.accept("TO"):
            if self.kinds[self.at + 1] in NAMES:
                self.accept("SAVEPOINT")
            name = self.name("a savepoint")
        return Rollback(name, pos=pos, end=self.last_end)

    def savepoint(self) -> Savepoint:
        pos = self.start
        self.expect("SAVEPOINT")
        return Savepoint(self.name("a name for the savepoint"), pos=pos, end=self.last_end)

    def release(self) -> Release:
        pos = self.start
        self.expect("RELEASE")
        if self.kinds[self.at + 1] in NAMES:
            self.accept("SAVEPOINT")
        return Release(self.name("a savepoint"), pos=pos, end=self.last_end)

    def registry(self) -> Statement:
        pos = self.start
        self.expect_word("REGISTRY")
        if self.expect_word("LIST", "PULL") == "LIST":
            provider = self.name("a provider") if self.kind in NAMES else ""
            return RegistryList(provider, pos=pos, end=self.last_end)
        provider = self.name("a provider")
        return RegistryPull(provider, self.version(), pos=pos, end=self.last_end)

    def version(self) -> str:
        """A version such as v23.01.00104, which is several tokens; or a string; or none."""
        if self.kind == "string":
            token = self.token()
            self.at += 1
            return unquote(token)
        start = self.start
        while self.kind not in ("", ";") and (self.start == start or self.start == self.last_end):
            self.at += 1
        return self.text[start : max(start, self.last_end)] if self.start != start else ""

    def purge(self) -> Purge:
        pos = self.start
        self.expect_word("PURGE")
        target = self.name("what to purge") if self.kind in NAMES else ""
        return Purge(target, pos=pos, end=self.last_end)

    def sleep(self) -> Sleep:
        pos = self.start
        self.expect_word("SLEEP")
        return Sleep(self.expr(), pos=pos, end=self.last_end)

    def native_query(self) -> NativeQuery:
        pos = self.start
        self.expect_word("NATIVEQUERY")
        return NativeQuery(self.expr(), pos=pos, end=self.last_end)

    def copy(self) -> Copy:
        pos = self.start
        self.expect_word("COPY")
        select = self.subselect()
        self.expect("TO")
        target = self.expr()
        file_format = ""
        if self.accept("("):
            self.expect_word("FORMAT")
            file_format = self.name("a format")
            self.expect(")")
        return Copy(select, target, file_format, pos=pos, end=self.last_end)

    def auth(self) -> Auth:
        pos = self.start
        self.expect_word("AUTH")
        action = self.expect_word("LOGIN", "REVOKE")
        provider = self.name("a provider")
        method, key = "", None
        if action == "LOGIN" and (method := self.accept_word("SERVICEACCOUNT", "INTERACTIVE")):
            key = self.expr() if self.kind not in ("", ";") else None
        return Auth(action, provider, method, key, pos=pos, end=self.last_end)
