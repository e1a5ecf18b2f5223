"""INSERT, UPDATE, REPLACE, DELETE, EXEC."""

from __future__ import annotations

from quaestor.sql.nodes import (
    Argument,
    Assignment,
    Conflict,
    Delete,
    Exec,
    Expr,
    Insert,
    Name,
    Replace,
    ResultColumn,
    Select,
    Star,
    Statement,
    TableRef,
    Update,
    With,
)
from quaestor.sql.parser.cursor import ANY_NAME
from quaestor.sql.parser.select import Selects
from quaestor.sql.tokens import unquote

_QUERIES = frozenset(("SELECT", "VALUES", "WITH"))


class Writes(Selects):
    """Reads the statements that change something at a provider."""

    def with_statement(self) -> Statement:
        """A statement that begins with WITH: a SELECT or a write."""
        pos = self.start
        with_ = self.with_clause()
        if self.extended and self.kind in ("INSERT", "UPDATE", "REPLACE", "DELETE"):
            return self.write(with_)
        self.deeper(3)
        select = self.compound(with_, pos)
        self.depth -= 3
        return select

    def write(self, with_: With | None = None) -> Statement:
        """The INSERT, UPDATE, REPLACE or DELETE here."""
        if self.kind == "INSERT":
            return self.insert(with_)
        if self.kind == "DELETE":
            return self.delete(with_)
        return self.update(with_)

    def insert(self, with_: With | None) -> Insert:
        pos = self.start
        self.expect("INSERT")
        hints = self.hints("AWAIT")
        if self.kind in ("OR", "IGNORE"):
            self.fail("INTO", hint="INSERT … ON CONFLICT (key) DO NOTHING or DO UPDATE SET … says what to do instead")
        self.expect("INTO")
        table = self.target()
        columns = self.names("a column") if self.kind == "(" else ()
        source: Select | None = None
        if self.accept("DEFAULT"):
            self.expect("VALUES")
        elif self.kind in _QUERIES:
            self.in_insert = True
            source = self.select()
            self.in_insert = False
        else:
            self.fail("VALUES or SELECT")
        conflict = self.conflict() if self.kind == "ON" else None
        return Insert(table, columns, source, conflict, self.returning(), with_, hints, pos=pos, end=self.last_end)

    def conflict(self) -> Conflict:
        pos = self.start
        self.expect("ON")
        self.expect("CONFLICT")
        keys: tuple[Expr, ...] = ()
        keys_where = where = None
        if self.accept("("):
            keys = self.expressions()
            self.expect(")")
            keys_where = self.expr() if self.accept("WHERE") else None
        self.expect("DO")
        assignments: tuple[Assignment, ...] = ()
        if self.accept("UPDATE"):
            self.expect("SET")
            assignments = self.assignments()
            where = self.expr() if self.accept("WHERE") else None
        elif not self.accept("NOTHING"):
            self.fail("NOTHING or UPDATE SET")
        return Conflict(keys, keys_where, assignments, where, pos=pos, end=self.last_end)

    def update(self, with_: With | None) -> Update | Replace:
        """UPDATE, or REPLACE, which has the same form."""
        pos, kind = self.start, self.kind
        self.at += 1
        hints = self.hints("AWAIT")
        if kind == "REPLACE" and self.kind == "INTO":
            self.fail(
                "a table",
                hint="REPLACE r SET … WHERE … replaces an object; INSERT … ON CONFLICT (key) DO UPDATE SET … upserts",
            )
        table = self.target()
        self.expect("SET")
        assignments: tuple[Assignment, ...] = ()
        if not (self.kind in ("WHERE", "RETURNING", ";", "") and self.gap().strip()):  # else SET is only a comment
            assignments = self.assignments()
        if self.kind == "FROM":
            self.fail("WHERE", hint="an UPDATE takes other tables' values from subqueries: SET a = (SELECT …)")
        where = self.expr() if self.accept("WHERE") else None
        node = Replace if kind == "REPLACE" else Update
        return node(table, assignments, where, self.returning(), with_, hints, pos=pos, end=self.last_end)

    def delete(self, with_: With | None) -> Delete:
        pos = self.start
        self.expect("DELETE")
        hints = self.hints("AWAIT")
        self.expect("FROM")
        table = self.target()
        where = self.expr() if self.accept("WHERE") else None
        return Delete(table, where, self.returning(), with_, hints, pos=pos, end=self.last_end)

    def target(self) -> TableRef:
        """The table that is written to."""
        pos = self.start
        path = self.path("a table", 4)
        alias = self.alias() if self.kind == "AS" else None
        return TableRef(path, alias, pos=pos, end=self.last_end)

    def assignments(self) -> tuple[Assignment, ...]:
        found = [self.assignment()]
        while self.accept(","):
            found.append(self.assignment())
        return tuple(found)

    def assignment(self) -> Assignment:
        pos = self.start
        if self.kind == "(":
            names = self.names("a column")
        elif self.kind in ANY_NAME and self.kinds[self.at + 1] == "=":
            names = (self.name_node("a column"),)
        else:
            names = (Name(self.name("a column"), pos=pos, end=self.last_end),)
        self.expect("=")
        return Assignment(names, self.expr(), pos=pos, end=self.last_end)

    def returning(self) -> tuple[ResultColumn | Star, ...]:
        return self.columns() if self.accept("RETURNING") else ()

    # -------------------------------------------------------------------------------------------------------- EXEC

    def exec_statement(self) -> Exec:
        """`EXEC path @a = 'x', @b = 1 @@json = '…'`."""
        pos = self.start
        self.expect_word("EXEC")
        hints = self.hints("AWAIT", "SHOWRESULTS")
        path = self.path("a method", 5)
        args: list[Argument] = []
        while self.at_argument() and (not args or self.accept(",") or self.comma_in_comment()):
            if not self.at_argument():
                self.fail("@name = value")
            args.append(self.argument())
            if self.kind == "," and self.kinds[self.at + 1] == "payload":
                self.at += 1
        payload = None
        if self.kind == "payload":
            if self.token().lower() != "@@json":
                self.fail("@@json")
            self.at += 1
            self.expect("=")
            payload = self.expr()
        return Exec(path, tuple(args), payload, hints, pos=pos, end=self.last_end)

    def at_argument(self) -> bool:
        """Whether the token here, or behind a comma, is `@name`."""
        at = self.at + (self.kind == ",")
        return self.text[self.starts[at] : self.starts[at] + 1] == "@" and self.kinds[at] in ("param", "illegal")

    def comma_in_comment(self) -> bool:
        """Whether a comment has swallowed the comma: the provider pages print `@a = 'x' --required,`."""
        return self.swallowed(",") or self.fail(",")

    def argument(self) -> Argument:
        pos = self.start
        if self.kind == "illegal":  # @"a name"
            self.at += 1
            if self.kind != "id" or self.start != self.last_end:
                self.fail("a name")
            name = unquote(self.token())
        else:
            name = self.token()[1:]
        self.at += 1
        self.expect("=")
        return Argument(name, self.expr(), pos=pos, end=self.last_end)
