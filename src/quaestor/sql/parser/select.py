"""SELECT: WITH, compound, columns, FROM, and what follows."""

from __future__ import annotations

from quaestor.sql.nodes import (
    Cte,
    Exec,
    ExecRef,
    Expr,
    Group,
    Join,
    Name,
    NamedWindow,
    OrderTerm,
    ResultColumn,
    Select,
    SelectCore,
    Source,
    Star,
    SubqueryRef,
    TableFunction,
    TableRef,
    Values,
    With,
)
from quaestor.sql.parser.cursor import ANY_NAME, JOIN_STARTS
from quaestor.sql.parser.expressions import Expressions
from quaestor.sql.tokens import JOIN_WORDS, NAMES

#: What the words before JOIN mean, as bits (`sqlite3JoinType` in SQLite's select.c).
_INNER, _CROSS, _NATURAL, _LEFT, _RIGHT, _OUTER = (1 << bit for bit in range(6))
_JOIN_BITS = {
    "NATURAL": _NATURAL,
    "LEFT": _LEFT | _OUTER,
    "OUTER": _OUTER,
    "RIGHT": _RIGHT | _OUTER,
    "FULL": _LEFT | _RIGHT | _OUTER,
    "INNER": _INNER,
    "CROSS": _INNER | _CROSS,
}
#: What can begin `table.*`: not the names that begin another operand.
_TABLES = NAMES - {"CAST", "RAISE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"}
_QUERIES = frozenset(("SELECT", "VALUES", "WITH"))
_COMPOUND = frozenset(("UNION", "INTERSECT", "EXCEPT"))


class Selects(Expressions):
    """Reads SELECT statements and VALUES."""

    def select(self) -> Select:
        """`[WITH …] SELECT … [UNION SELECT …] [ORDER BY …] [LIMIT …]`."""
        self.deeper(3)
        pos = self.start
        with_ = self.with_clause() if self.kind == "WITH" else None
        select = self.compound(with_, pos)
        self.depth -= 3
        return select

    def compound(self, with_: With | None, pos: int) -> Select:
        """A SELECT behind its WITH."""
        cores = [self.core()]
        operators: list[str] = []
        while self.kind in _COMPOUND:
            operator = self.kind
            self.at += 1
            if operator == "UNION" and self.accept("ALL"):
                operator = "UNION ALL"
            operators.append(operator)
            cores.append(self.core())
        order_by: tuple[OrderTerm, ...] = ()
        limit = offset = None
        if isinstance(cores[-1], SelectCore):  # SQLite orders no bare VALUES
            if self.accept("ORDER"):
                self.expect("BY")
                order_by = self.order_terms()
            if self.accept("LIMIT"):
                limit, offset = self.limit()
            if self.kind in _COMPOUND:
                before = "LIMIT" if limit else "ORDER BY"
                self.fail(
                    "the end of the SELECT",
                    hint=f"{before} belongs behind the last SELECT of {self.kind}; a subquery can have its own",
                )
        return Select(tuple(cores), tuple(operators), with_, order_by, limit, offset, pos=pos, end=self.last_end)

    def limit(self) -> tuple[Expr, Expr | None]:
        """Limit and offset, behind LIMIT."""
        first = self.expr()
        if self.accept("OFFSET"):
            return first, self.expr()
        if self.accept(","):
            return self.expr(), first
        return first, None

    def with_clause(self) -> With:
        pos = self.start
        self.expect("WITH")
        recursive = self.accept("RECURSIVE")
        ctes = [self.cte()]
        while self.accept(","):
            ctes.append(self.cte())
        return With(tuple(ctes), recursive, pos=pos, end=self.last_end)

    def cte(self) -> Cte:
        pos = self.start
        name = self.name("a name for the WITH table")
        columns = self.names("a column") if self.kind == "(" else ()
        self.expect("AS")
        negated = self.accept("NOT")
        materialized = not negated if self.accept("MATERIALIZED") else None
        if negated and materialized is None:
            self.fail("MATERIALIZED")
        return Cte(name, columns, self.subselect(), materialized, pos=pos, end=self.last_end)

    def subselect(self) -> Select:
        """`(SELECT …)`."""
        self.expect("(")
        if self.kind not in _QUERIES:
            self.fail("SELECT")
        select = self.select()
        self.expect(")")
        return select

    # ------------------------------------------------------------------------------------------------------- cores

    def core(self) -> SelectCore | Values:
        pos = self.start
        if self.accept("VALUES"):
            rows = [self.row()]
            while self.accept(","):
                rows.append(self.row())
            return Values(tuple(rows), pos=pos, end=self.last_end)
        if not self.accept("SELECT"):
            self.fail("SELECT or VALUES")
        distinct = self.accept("DISTINCT")
        if not distinct:
            self.accept("ALL")
        columns = self.columns()
        source = self.sources() if self.accept("FROM") else None
        if self.kind in ("INDEXED", "NOT") and source is not None:
            self.fail("WHERE", hint="INDEXED BY means nothing here: an API has no indexes")
        where = self.expr() if self.accept("WHERE") else None
        group_by: tuple[Expr, ...] = ()
        if self.accept("GROUP"):
            self.expect("BY")
            group_by = self.expressions()
        having = self.expr() if self.accept("HAVING") else None
        windows = self.window_clause() if self.accept("WINDOW") else ()
        return SelectCore(columns, source, where, group_by, having, windows, distinct, pos=pos, end=self.last_end)

    def row(self) -> tuple[Expr, ...]:
        self.expect("(")
        row = self.expressions()
        self.expect(")")
        return row

    def window_clause(self) -> tuple[NamedWindow, ...]:
        windows = [self.named_window()]
        while self.accept(","):
            windows.append(self.named_window())
        return tuple(windows)

    def named_window(self) -> NamedWindow:
        pos = self.start
        name = self.name("a window's name")
        self.expect("AS")
        return NamedWindow(name, self.window(), pos=pos, end=self.last_end)

    def columns(self) -> tuple[ResultColumn | Star, ...]:
        """What stands between SELECT (or RETURNING) and FROM."""
        columns = [self.column()]
        while self.accept(","):
            columns.append(self.column())
        return tuple(columns)

    def column(self) -> ResultColumn | Star:
        at = self.at
        pos = self.starts[at]
        if self.kinds[at + 1] == "." and (star := self.star()):
            return star
        if self.kinds[at] == "*":
            self.at += 1
            return Star((), pos=pos, end=self.last_end)
        expr = self.expr()
        end = self.ends[self.at - 1]
        return ResultColumn(expr, self.alias(), pos=pos, end=end)

    def star(self) -> Star | None:
        """`table.*`: beyond SQLite, with up to four parts."""
        kinds, at, pos = self.kinds, self.at, self.start
        parts = 0
        while kinds[at] in (ANY_NAME if parts and self.extended else _TABLES) and kinds[at + 1] == ".":
            at += 2
            parts += 1
            if parts == (4 if self.extended else 1):
                break
        if not parts or kinds[at] != "*":
            return None
        path = []
        while self.kind != "*":
            path.append(self.any_name("a table"))
            self.at += 1
        self.at += 1
        return Star(tuple(path), pos=pos, end=self.last_end)

    # -------------------------------------------------------------------------------------------------------- FROM

    def sources(self) -> Source:
        """The tables of a FROM clause, joined from the left."""
        chain, self.chain = self.chain, 0
        pos = self.start
        left = self.source()
        if self.kind in ("ON", "USING") and not self.upsert_follows():
            self.fail("a join", hint="ON and USING belong to a JOIN")
        while self.kind in JOIN_STARTS:
            kind, natural = self.join_operator()
            right = self.source()
            on, using = self.join_condition()
            left = Join(kind, left, right, natural, on, using, pos=pos, end=self.last_end)
            self.longer()
        self.chain = max(chain, self.chain)
        return left

    def join_operator(self) -> tuple[str, bool]:
        """The kind of join, and whether it is natural."""
        if self.accept(","):
            return ",", False
        words: list[str] = []
        pos, bits = self.start, 0
        if self.kind in JOIN_WORDS:
            while self.kind != "JOIN" and len(words) < 3:
                words.append(self.token().upper())
                bits |= _JOIN_BITS.get(words[-1], _INNER | _OUTER)  # a contradiction for what is no such word
                self.name("JOIN")
        self.expect("JOIN")
        outer = bits & (_OUTER | _LEFT | _RIGHT)
        if bits & (_INNER | _OUTER) == _INNER | _OUTER or outer == _OUTER:
            raise self.error(
                f"there is no {' '.join(words)} JOIN",
                pos,
                hint="[NATURAL] [INNER | CROSS | LEFT | RIGHT | FULL] JOIN",
            )
        if outer:
            kind = {_OUTER | _LEFT: "LEFT", _OUTER | _RIGHT: "RIGHT"}.get(outer, "FULL")
        else:
            kind = "CROSS" if bits & _CROSS else "INNER"
        return kind, bool(bits & _NATURAL)

    def join_condition(self) -> tuple[Expr | None, tuple[Name, ...]]:
        if self.kind == "ON" and not self.upsert_follows():
            self.at += 1
            return self.expr(), ()
        if self.accept("USING"):
            return None, self.names("a column")
        return None, ()

    def upsert_follows(self) -> bool:
        """Whether ON begins the ON CONFLICT of the INSERT that this SELECT feeds."""
        kinds = self.kinds[self.at : self.at + 3]
        return self.in_insert and kinds[:2] == ["ON", "CONFLICT"] and kinds[2:] in (["("], ["DO"])

    def source(self) -> Source:
        """One table, function, subquery or group."""
        pos = self.start
        if self.accept("("):
            if self.kind in _QUERIES:
                select = self.select()
                self.expect(")")
                return SubqueryRef(select, self.alias(), pos=pos, end=self.last_end)
            if self.extended and self.word() == "EXEC" and self.kinds[self.at + 2] == ".":
                exec_ = self.exec_statement()
                self.expect(")")
                return ExecRef(exec_, self.alias(), pos=pos, end=self.last_end)
            self.deeper()
            inner = self.sources()
            self.depth -= 1
            self.expect(")")
            return Group(inner, self.alias(), pos=pos, end=self.last_end)
        path = self.several() or self.path("a table", 4 if self.extended else 2)
        if self.kind == "(" and len(path) <= 2:
            self.at += 1
            args = () if self.kind == ")" else self.expressions()
            self.expect(")")
            return TableFunction(path, args, self.alias(), pos=pos, end=self.last_end)
        return TableRef(path, self.alias(), pos=pos, end=self.last_end)

    def exec_statement(self) -> Exec:
        """`EXEC …`: `writes` reads it."""
        raise NotImplementedError
