"""Expressions: operators by SQLite's precedence, operands, functions and their windows.

The levels are those of SQLite's grammar (https://www.sqlite.org/lang_expr.html#operators_and_parse_affecting_attributes):
an operator takes operands of higher levels on its right and everything before it on its left.
"""

from __future__ import annotations

from quaestor.sql.nodes import (
    Between,
    Binary,
    Case,
    Cast,
    Collate,
    ColumnRef,
    Exists,
    Expr,
    Function,
    InList,
    InSelect,
    InTable,
    IsNull,
    Like,
    Literal,
    Logical,
    OrderTerm,
    Parameter,
    Raise,
    RowValue,
    Subquery,
    TableFunction,
    TableRef,
    Unary,
    Window,
)
from quaestor.sql.parser.cursor import MAX_DEPTH, Cursor, too_deep
from quaestor.sql.parser.literals import blob_value, number_value, placeholder, string_value
from quaestor.sql.parser.windows import frame
from quaestor.sql.tokens import ALIASES, FALLBACK, FUNCTION_NAMES, JOIN_WORDS, NAMES, RESERVED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

OR, AND, NOT, EQUALITY, COMPARISON, _ESCAPE, BITS, SUM, PRODUCT, CONCAT, COLLATE, SIGN = range(1, 13)

_LEVELS = {
    "OR": OR,
    "AND": AND,
    "COLLATE": COLLATE,
    "+": SUM,
    "-": SUM,
    **dict.fromkeys(("=", "!=", "IS", "IN", "LIKE", "GLOB", "REGEXP", "MATCH"), EQUALITY),
    **dict.fromkeys(("BETWEEN", "ISNULL", "NOTNULL", "NOT"), EQUALITY),
    **dict.fromkeys(("<", "<=", ">", ">="), COMPARISON),
    **dict.fromkeys(("&", "|", "<<", ">>"), BITS),
    **dict.fromkeys(("*", "/", "%"), PRODUCT),
    **dict.fromkeys(("||", "->", "->>"), CONCAT),
}
#: Operators with nothing special about them.
_BINARY = frozenset(
    ("=", "!=", "<", "<=", ">", ">=", "&", "|", "<<", ">>", "+", "-", "*", "/", "%", "||", "->", "->>")
)
_LIKES = frozenset(("LIKE", "GLOB", "REGEXP", "MATCH"))
_QUERIES = frozenset(("SELECT", "VALUES", "WITH"))

#: Keywords that SQLite reserves and that APIs use as names: a column where an operand must come and one of
#: _AFTER_NAME follows, which is never right in SQLite's grammar.
_API_NAMES = RESERVED - {"ALL", "AND", "AS", "CASE", "DISTINCT", "EXISTS", "NOT", "NULL", "OR", "SELECT"}
_AFTER_NAME = _BINARY - {"+", "-", "*"} | _LIKES | {
    ",", ")", ";", "", "FROM", "AS", "AND", "OR", "IS", "IN", "BETWEEN", "ISNULL", "NOTNULL", "COLLATE", "NOT",
    "ASC", "DESC", "WHEN", "THEN", "ELSE", "END",
}  # fmt: skip


class Expressions(Cursor):
    """Reads expressions."""

    def expr(self, level: int = 0, *, low: bool = False) -> Expr:
        """An expression of operators of at least `level`. `low`: it ends at AND, which belongs to BETWEEN."""
        kinds = self.kinds
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise too_deep()
        chain, self.chain = self.chain, 0
        start = self.starts[self.at]
        operand = _OPERANDS.get(kinds[self.at])
        left = operand(self) if operand is not None else self.keyword_name()
        while True:
            kind = kinds[self.at]
            its_level = _LEVELS.get(kind, 0)
            if its_level < level or its_level == 0 or (low and kind == "AND"):
                break
            if kind in _BINARY:
                self.at += 1
                right = self.expr(its_level + 1)
                left = Binary(kind, left, right, pos=start, end=self.ends[self.at - 1])
            elif its_level <= AND:
                left = self.logical(kind, its_level, left, start)
            else:
                left = self.infix(kind, left, start)
            self.chain += 1
            if self.chain + self.depth > MAX_DEPTH:
                raise too_deep()
        if chain > self.chain:
            self.chain = chain
        self.depth -= 1
        return left

    def logical(self, kind: str, level: int, left: Expr, start: int) -> Expr:
        operands = [left]
        while self.accept(kind):
            operands.append(self.expr(level + 1))
        return Logical(kind, tuple(operands), pos=start, end=self.last_end)

    def infix(self, kind: str, left: Expr, start: int) -> Expr:
        """What an operator with a grammar of its own makes of `left`."""
        self.at += 1
        negated = kind == "NOT"
        if negated:
            kind = self.kinds[self.at]
            if kind not in _LIKES and kind not in ("NULL", "IN", "BETWEEN"):
                self.fail("NULL, IN, BETWEEN, LIKE, GLOB, REGEXP or MATCH")
            self.at += 1
        if kind == "IS":
            return self.is_operator(left, start)
        if kind == "IN":
            return self.in_operator(left, start, negated)
        if kind in _LIKES:
            pattern = self.expr(EQUALITY + 1)
            escape = self.expr(EQUALITY + 1) if self.accept("ESCAPE") else None
            return Like(kind, left, pattern, escape, negated, pos=start, end=self.last_end)
        if kind == "BETWEEN":
            lowest = self.expr(low=True)
            self.expect("AND")
            highest = self.expr(EQUALITY + 1)
            return Between(left, lowest, highest, negated, pos=start, end=self.last_end)
        if kind == "COLLATE":
            if self.kind not in ALIASES:
                self.fail("a collation")
            return Collate(left, self.name("a collation"), pos=start, end=self.last_end)
        return IsNull(left, negated or kind == "NOTNULL", pos=start, end=self.last_end)  # ISNULL, NOTNULL, NOT NULL

    def is_operator(self, left: Expr, start: int) -> Expr:
        negated = self.accept("NOT")
        if self.accept("DISTINCT"):
            self.expect("FROM")
            negated = not negated
        right = self.expr(EQUALITY + 1)
        if isinstance(right, Literal) and right.kind == "null":
            return IsNull(left, negated, pos=start, end=self.last_end)
        return Binary("IS NOT" if negated else "IS", left, right, pos=start, end=self.last_end)

    def in_operator(self, left: Expr, start: int, negated: bool) -> Expr:
        if self.accept("("):
            if self.kind in _QUERIES:
                select = self.select()
                self.expect(")")
                return InSelect(left, select, negated, pos=start, end=self.last_end)
            items = () if self.kind == ")" else self.expressions()
            self.expect(")")
            return InList(left, items, negated, pos=start, end=self.last_end)
        pos = self.start
        path = self.path("'(' or a table", 4 if self.extended else 2)
        table: TableRef | TableFunction = TableRef(path, pos=pos, end=self.last_end)
        if self.accept("("):
            table = TableFunction(path, () if self.kind == ")" else self.expressions())
            self.expect(")")
            table = TableFunction(table.path, table.args, pos=pos, end=self.last_end)
        return InTable(left, table, negated, pos=start, end=self.last_end)

    def expressions(self) -> tuple[Expr, ...]:
        """One or more, between commas."""
        found = [self.expr()]
        while self.accept(","):
            found.append(self.expr())
        return tuple(found)

    def order_terms(self) -> tuple[OrderTerm, ...]:
        """What stands after ORDER BY."""
        terms = [self.order_term()]
        while self.accept(","):
            terms.append(self.order_term())
        return tuple(terms)

    def order_term(self) -> OrderTerm:
        pos = self.start
        expr = self.expr()
        descending = not self.accept("ASC") and self.accept("DESC")
        nulls = self.expect_word("FIRST", "LAST") if self.accept("NULLS") else ""
        return OrderTerm(expr, descending, nulls, pos=pos, end=self.last_end)

    # ---------------------------------------------------------------------------------------------------- operands

    def named(self) -> Expr:
        """A column, a function call, true or false."""
        at = self.at
        after = self.kinds[at + 1]
        if after == "(" and self.kinds[at] in FUNCTION_NAMES:
            return self.function()
        if after == ".":
            return self.dotted()
        if self.kinds[at] == "string":
            return string_value(self)
        start, end = self.starts[at], self.ends[at]
        name = self.here()
        self.at = at + 1
        if end - start in (4, 5) and (word := self.text[start:end].lower()) in ("true", "false"):
            return Literal(word, word == "true", pos=start, end=end)
        return ColumnRef((name,), pos=start, end=end)

    def dotted(self) -> Expr:
        pos = self.start
        return ColumnRef(self.path("a column", 5 if self.extended else 3), pos=pos, end=self.last_end)

    def keyword_name(self) -> Expr:
        """A column whose name is a keyword, if it can't be anything else."""
        kind, after = self.kind, self.kinds[self.at + 1] if self.kind else ""
        if self.extended and kind in _API_NAMES and (kind != "FROM" or after) and after in _AFTER_NAME:
            pos = self.start
            return ColumnRef((self.any_name("a column"),), pos=pos, end=self.last_end)
        return self.fail("an expression")

    def number(self) -> Expr:
        return number_value(self)

    def parameter(self) -> Expr:
        pos, token = self.start, self.token()
        self.at += 1
        if token == "?":
            index = self.last_parameter + 1
        elif token[0] == "?":
            index = int(token[1:]) if len(token) < 8 else 0
        elif token[0] == "#" and token[1].isdigit():
            raise self.error(f"{token!r} is not a parameter", pos, hint="write ?, ?1, :name, @name or $name")
        else:
            index = self.parameters.setdefault(token, self.last_parameter + 1)
        if not 1 <= index <= 32766:
            raise self.error("a parameter's number is from ?1 to ?32766", pos)
        self.last_parameter = max(self.last_parameter, index)
        if token[0] == "?":
            return Parameter("", index, pos=pos, end=self.last_end)
        return Parameter(token, pos=pos, end=self.last_end)

    def parenthesis(self) -> Expr:
        pos = self.start
        self.at += 1
        if self.kind in _QUERIES:
            select = self.select()
            self.expect(")")
            return Subquery(select, pos=pos, end=self.last_end)
        items = self.expressions()
        self.expect(")")
        return items[0] if len(items) == 1 else RowValue(items, pos=pos, end=self.last_end)

    def sign(self) -> Expr:
        """`-`, `+`, `~`. A minus right before a decimal number belongs to the number."""
        pos, kind = self.start, self.kind
        self.at += 1
        if kind == "-" and self.kind in ("integer", "real") and self.token()[:2] not in ("0x", "0X"):
            number = number_value(self)
            assert isinstance(number.value, int | float)
            return Literal(number.kind, -number.value, pos=pos, end=self.last_end)
        return Unary(kind, self.expr(SIGN), pos=pos, end=self.last_end)

    def negation(self) -> Expr:
        pos = self.start
        self.at += 1
        return Unary("NOT", self.expr(NOT + 1), pos=pos, end=self.last_end)

    def word_literal(self) -> Expr:
        """NULL, CURRENT_DATE and their like."""
        pos, kind = self.start, self.kind
        self.at += 1
        return Literal(kind.lower(), None, pos=pos, end=self.last_end)

    def case(self) -> Expr:
        pos = self.start
        self.at += 1
        operand = None if self.kind == "WHEN" else self.expr()
        whens: list[tuple[Expr, Expr]] = []
        while self.accept("WHEN"):
            condition = self.expr()
            self.expect("THEN")
            whens.append((condition, self.expr()))
        if not whens:
            self.fail("WHEN")
        otherwise = self.expr() if self.accept("ELSE") else None
        self.expect("END")
        return Case(operand, tuple(whens), otherwise, pos=pos, end=self.last_end)

    def exists(self) -> Expr:
        pos = self.start
        self.at += 1
        self.expect("(")
        if self.kind not in _QUERIES:
            self.fail("SELECT")
        select = self.select()
        self.expect(")")
        return Exists(select, pos=pos, end=self.last_end)

    def cast(self) -> Expr:
        if self.extended and self.kinds[self.at + 1] != "(":
            return self.named()
        pos = self.start
        self.at += 1
        self.expect("(")
        operand = self.expr()
        self.expect("AS")
        type_name = self.type_name()
        self.expect(")")
        return Cast(operand, type_name, pos=pos, end=self.last_end)

    def raise_function(self) -> Expr:
        if self.extended and self.kinds[self.at + 1] != "(":
            return self.named()
        pos = self.start
        self.at += 1
        self.expect("(")
        action = self.expect_word("IGNORE", "ROLLBACK", "ABORT", "FAIL")
        message = None
        if action != "IGNORE":
            self.expect(",")
            message = self.expr()
        self.expect(")")
        return Raise(action, message, pos=pos, end=self.last_end)

    def type_name(self) -> str:
        """A type as SQLite takes it: no word or several, and up to two numbers in parentheses."""
        words = []
        while self.kind in ALIASES:
            words.append(self.name("a type"))
        name = " ".join(words)
        if words and self.accept("("):
            sizes = [self.signed_number()]
            if self.accept(","):
                sizes.append(self.signed_number())
            self.expect(")")
            name += f"({','.join(sizes)})"
        return name

    def signed_number(self) -> str:
        sign = self.kind if self.kind in ("-", "+") else ""
        self.at += len(sign)
        if self.kind not in ("integer", "real") or "_" in self.token():
            self.fail("a number")
        token = self.token()
        self.at += 1
        return sign + token

    # --------------------------------------------------------------------------------------------------- functions

    def function(self) -> Expr:
        pos, name = self.start, self.here()
        self.at += 2
        args: tuple[Expr, ...] = ()
        order_by: tuple[OrderTerm, ...] = ()
        distinct = False
        star = self.accept("*")
        if not star:
            distinct = self.accept("DISTINCT")
            if not distinct:
                self.accept("ALL")
            if self.kind not in (")", "ORDER"):
                args = self.expressions()
            if self.accept("ORDER"):
                self.expect("BY")
                order_by = self.order_terms()
        self.expect(")")
        where = self.filter_clause() if self.kind == "FILTER" else None
        over = self.over_clause() if self.kind == "OVER" else None
        return Function(name, args, distinct, star, order_by, where, over, pos=pos, end=self.last_end)

    def filter_clause(self) -> Expr:
        self.at += 1
        self.expect("(")
        self.expect("WHERE")
        where = self.expr()
        self.expect(")")
        return where

    def over_clause(self) -> str | Window:
        self.at += 1
        return self.window() if self.kind == "(" else self.name("a window's name or its definition")

    def window(self) -> Window:
        """`( … )` after OVER, or after AS in a WINDOW clause."""
        pos = self.start
        self.expect("(")
        base = None
        if self.kind in NAMES and self.kind not in ("PARTITION", "ROWS", "RANGE", "GROUPS"):
            base = self.name("a window's name")
        partition_by: tuple[Expr, ...] = ()
        if self.accept("PARTITION"):
            self.expect("BY")
            partition_by = self.expressions()
        order_by: tuple[OrderTerm, ...] = ()
        if self.accept("ORDER"):
            self.expect("BY")
            order_by = self.order_terms()
        bounds = frame(self) if self.kind in ("ROWS", "RANGE", "GROUPS") else None
        self.expect(")")
        return Window(base, partition_by, order_by, bounds, pos=pos, end=self.last_end)


_OPERANDS: dict[str, Callable[[Expressions], Expr]] = {
    **dict.fromkeys(FALLBACK | JOIN_WORDS | {"id", "string", "INDEXED"}, Expressions.named),
    **dict.fromkeys(("integer", "real"), Expressions.number),
    **dict.fromkeys(("-", "+", "~"), Expressions.sign),
    **dict.fromkeys(("NULL", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"), Expressions.word_literal),
    "blob": blob_value,
    "param": Expressions.parameter,
    "placeholder": placeholder,
    "(": Expressions.parenthesis,
    "NOT": Expressions.negation,
    "CASE": Expressions.case,
    "EXISTS": Expressions.exists,
    "CAST": Expressions.cast,
    "RAISE": Expressions.raise_function,
}
