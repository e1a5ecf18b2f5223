"""Tree to text: what SQLite is given, what EXPLAIN and views keep.

`parse_one(to_sql(statement)) == statement` for every statement that was parsed, with two exceptions for SQLite's
sake: strings that hold a literal `{{` (SQLite knows no placeholders, so they are printed as they are), and `INSERT …
SELECT … FROM t ON CONFLICT`, which gets the `WHERE TRUE` that SQLite needs to tell ON CONFLICT from a join's ON
(https://www.sqlite.org/lang_upsert.html#parsing_ambiguity). Parentheses stand only where the tree needs them.
"""

from __future__ import annotations

import re

from quaestor.record import replace
from quaestor.sql import nodes as n
from quaestor.sql.tokens import FALLBACK, JOIN_WORDS, KEYWORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

OR, AND, NOT, EQUALITY, COMPARISON, _ESCAPE, BITS, SUM, PRODUCT, CONCAT, COLLATE, SIGN, OPERAND = range(1, 14)
_LEVELS = {
    **dict.fromkeys(("=", "!=", "IS", "IS NOT"), EQUALITY),
    **dict.fromkeys(("<", "<=", ">", ">="), COMPARISON),
    **dict.fromkeys(("&", "|", "<<", ">>"), BITS),
    **dict.fromkeys(("+", "-"), SUM),
    **dict.fromkeys(("*", "/", "%"), PRODUCT),
    **dict.fromkeys(("||", "->", "->>"), CONCAT),
}
#: Functions whose names are keywords stand bare (`replace(…)`), but for those that begin another operand.
_FUNCTION_WORDS = (FALLBACK | JOIN_WORDS) - {"CAST", "RAISE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"}
_TYPE = r"[A-Za-z_]\w*(?: [A-Za-z_]\w*)*(?:\([-+]?[0-9]+(?:,[-+]?[0-9]+)?\))?"


def to_sql(node: n.Node) -> str:
    """The text of a statement, an expression or any other part of the tree, on one line."""
    return _PRINTERS[type(node)](node)


def quote_name(name: str) -> str:
    """The name as it can stand in a statement: in double quotes if it is a keyword or no plain word."""
    if name.isascii() and name.isidentifier() and (word := name.upper()) not in KEYWORDS and word not in _TRUTH:
        return name
    return '"' + name.replace('"', '""') + '"'


def quote_string(text: str) -> str:
    """The string as a literal. SQLite ends a statement at a NUL, so a text with one is cast from its bytes."""
    if "\0" in text:
        return f"CAST(x'{text.encode().hex()}' AS TEXT)"
    return "'" + text.replace("'", "''") + "'"


_TRUTH = frozenset(("TRUE", "FALSE"))


def _path(path: Iterable[str]) -> str:
    return ".".join([quote_name(part) for part in path])


def _list(nodes: Iterable[n.Node]) -> str:
    return ", ".join([to_sql(node) for node in nodes])


def _words(*parts: str) -> str:
    """The parts that aren't empty, with blanks between them."""
    return " ".join([part for part in parts if part])


def _when(condition: object, text: str) -> str:
    return text if condition else ""


def _clause(word: str, node: n.Node | None) -> str:
    return f"{word} {to_sql(node)}" if node is not None else ""


# ---------------------------------------------------------------------------------------- expressions


def _level(node: n.Node) -> int:
    """How tightly the node's text holds together: its operator's level, or OPERAND."""
    if isinstance(node, n.Binary):
        return _LEVELS[node.op]
    if isinstance(node, n.Logical):
        return OR if node.op == "OR" else AND
    if isinstance(node, n.Unary):
        return NOT if node.op == "NOT" else SIGN
    if isinstance(node, n.Between | n.InList | n.InSelect | n.InTable | n.Like | n.IsNull):
        return EQUALITY
    return COLLATE if isinstance(node, n.Collate) else OPERAND


def _at(level: int, node: n.Node) -> str:
    """The text of an operand that must hold together at `level`."""
    return to_sql(node) if _level(node) >= level else f"({to_sql(node)})"


def _literal(node: n.Literal) -> str:
    value = node.value
    if isinstance(value, str):
        return quote_string(value)
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if value is None or isinstance(value, bool):
        return node.kind.upper()
    if isinstance(value, float):
        if value != value:
            return "NULL"
        return {float("inf"): "9e999", float("-inf"): "-9e999"}.get(value, repr(value))
    return str(value)


def _string_template(node: n.StringTemplate) -> str:
    text = ""
    for part in node.parts:
        text += (
            re.sub(r"\{(?=\{|\Z)", '{{ "{" }}', part).replace("'", "''") if isinstance(part, str) else to_sql(part)
        )
    return f"'{text}'"


def _unary(node: n.Unary) -> str:
    if node.op == "NOT":
        return f"NOT {_at(NOT, node.operand)}"
    operand = _at(SIGN, node.operand)
    if node.op == "-" and isinstance(node.operand, n.Literal) and operand[0].isdigit():
        return f"-({operand})"  # else the sign would become the number's
    return f"{node.op} {operand}" if node.op == operand[0] == "-" else node.op + operand


def _binary(node: n.Binary) -> str:
    level = _LEVELS[node.op]
    rest: list[str] = []
    left: n.Expr = node
    while isinstance(left, n.Binary) and _LEVELS[left.op] == level:  # no recursion: chains are long
        rest.append(f" {left.op} {_at(level + 1, left.right)}")
        left = left.left
    return _at(level, left) + "".join(reversed(rest))


def _logical(node: n.Logical) -> str:
    level = OR if node.op == "OR" else AND
    return f" {node.op} ".join([_at(level + 1, operand) for operand in node.operands])


def _negatable(node: n.Expr, operand: n.Expr, negated: bool, rest: str) -> str:
    return f"{_at(EQUALITY, operand)} {_when(negated, 'NOT ')}{rest}"


def _like(node: n.Like) -> str:
    escape = f" ESCAPE {_at(COMPARISON, node.escape)}" if node.escape is not None else ""
    return _negatable(node, node.operand, node.negated, f"{node.op} {_at(COMPARISON, node.pattern)}{escape}")


def _between(node: n.Between) -> str:
    bounds = f"BETWEEN {_at(COMPARISON, node.low)} AND {_at(COMPARISON, node.high)}"
    return _negatable(node, node.operand, node.negated, bounds)


def _case(node: n.Case) -> str:
    whens = [f"WHEN {to_sql(condition)} THEN {to_sql(result)}" for condition, result in node.whens]
    operand = to_sql(node.operand) if node.operand is not None else ""
    return _words("CASE", operand, *whens, _clause("ELSE", node.otherwise), "END")


def _type_name(name: str) -> str:
    words = name.partition("(")[0].upper().split(" ")
    plain = re.fullmatch(_TYPE, name, re.ASCII) and not KEYWORDS.keys() & set(words)
    return name if plain or not name else '"' + name.replace('"', '""') + '"'


def _function(node: n.Function) -> str:
    name = node.name if node.name.upper() in _FUNCTION_WORDS else quote_name(node.name)
    order_by = _when(node.order_by, f"ORDER BY {_list(node.order_by)}")
    args = "*" if node.star else _words(_when(node.distinct, "DISTINCT"), _list(node.args), order_by)
    over = ""
    if node.over is not None:
        over = "OVER " + (quote_name(node.over) if isinstance(node.over, str) else to_sql(node.over))
    where = f"FILTER (WHERE {to_sql(node.filter)})" if node.filter is not None else ""
    return _words(f"{name}({args})", where, over)


def _raise(node: n.Raise) -> str:
    return f"RAISE({node.action}{', ' + to_sql(node.message) if node.message is not None else ''})"


# --------------------------------------------------------------------------------------------- SELECT


def _order_term(node: n.OrderTerm) -> str:
    return _words(to_sql(node.expr), _when(node.descending, "DESC"), _when(node.nulls, f"NULLS {node.nulls}"))


def _frame_bound(node: n.FrameBound) -> str:
    return node.kind if node.offset is None else f"{to_sql(node.offset)} {node.kind}"


def _frame(node: n.Frame) -> str:
    start = to_sql(node.start)
    bounds = start if node.stop is None else f"BETWEEN {start} AND {to_sql(node.stop)}"
    return _words(node.unit, bounds, _when(node.exclude, f"EXCLUDE {node.exclude}"))


def _window(node: n.Window) -> str:
    base = quote_name(node.base) if node.base is not None else ""
    partition = _when(node.partition_by, f"PARTITION BY {_list(node.partition_by)}")
    order = _when(node.order_by, f"ORDER BY {_list(node.order_by)}")
    return f"({_words(base, partition, order, to_sql(node.frame) if node.frame else '')})"


def _alias(alias: str | None) -> str:
    return f" AS {quote_name(alias)}" if alias is not None else ""


def _select_core(node: n.SelectCore) -> str:
    return _words(
        "SELECT",
        _when(node.distinct, "DISTINCT"),
        _list(node.columns),
        _clause("FROM", node.source),
        _clause("WHERE", node.where),
        _when(node.group_by, f"GROUP BY {_list(node.group_by)}"),
        _clause("HAVING", node.having),
        _when(node.windows, f"WINDOW {_list(node.windows)}"),
    )


def _values(node: n.Values) -> str:
    return "VALUES " + ", ".join([f"({_list(row)})" for row in node.rows])


def _names(names: tuple[n.Name, ...]) -> str:
    return f"({_list(names)})" if names else ""


def _cte(node: n.Cte) -> str:
    how = {None: "AS", True: "AS MATERIALIZED", False: "AS NOT MATERIALIZED"}[node.materialized]
    return f"{quote_name(node.name)}{_names(node.columns)} {how} ({to_sql(node.select)})"


def _select(node: n.Select) -> str:
    cores = [to_sql(node.cores[0])]
    for operator, core in zip(node.operators, node.cores[1:], strict=True):
        cores.append(f"{operator} {to_sql(core)}")
    return _words(
        to_sql(node.with_) if node.with_ is not None else "",
        *cores,
        _when(node.order_by, f"ORDER BY {_list(node.order_by)}"),
        _clause("LIMIT", node.limit),
        _clause("OFFSET", node.offset),
    )


def _join(node: n.Join) -> str:
    rest: list[str] = []
    left: n.Source = node
    while isinstance(left, n.Join):  # no recursion: chains are long
        right = f"({to_sql(left.right)})" if isinstance(left.right, n.Join) else to_sql(left.right)
        kind = "" if left.kind == "INNER" else left.kind
        how = ", " if kind == "," else f" {_words(_when(left.natural, 'NATURAL'), kind, 'JOIN')} "
        condition = _words(_clause("ON", left.on), _when(left.using, f"USING {_names(left.using)}"))
        rest.append(_words(how + right, condition))
        left = left.left
    return to_sql(left) + "".join(reversed(rest))


# -------------------------------------------------------------------------------------------- writing


def _hints(hints: tuple[str, ...]) -> str:
    return f"/*+ {' '.join(hints)} */" if hints else ""


def _returning(columns: tuple[n.ResultColumn | n.Star, ...]) -> str:
    return _when(columns, f"RETURNING {_list(columns)}")


def _assignment(node: n.Assignment) -> str:
    names = to_sql(node.names[0]) if len(node.names) == 1 else _names(node.names)
    return f"{names} = {to_sql(node.value)}"


def _conflict(node: n.Conflict) -> str:
    keys = f"({_list(node.keys)})" if node.keys else ""
    what = f"UPDATE SET {_list(node.assignments)}" if node.assignments else "NOTHING"
    return _words("ON CONFLICT", keys, _clause("WHERE", node.keys_where), "DO", what, _clause("WHERE", node.where))


def _insert(node: n.Insert) -> str:
    source = node.source
    if source is not None and node.conflict is not None and not (source.order_by or source.limit):
        core = source.cores[-1]
        if isinstance(core, n.SelectCore) and core.source and not (core.where or core.group_by or core.having):
            core = replace(core, where=n.Literal("true", True))
            source = replace(source, cores=(*source.cores[:-1], core))
    return _words(
        to_sql(node.with_) if node.with_ is not None else "",
        "INSERT",
        _hints(node.hints),
        "INTO",
        _words(to_sql(node.table), _names(node.columns)),
        to_sql(source) if source is not None else "DEFAULT VALUES",
        to_sql(node.conflict) if node.conflict is not None else "",
        _returning(node.returning),
    )


def _update(node: n.Update | n.Replace) -> str:
    return _words(
        to_sql(node.with_) if node.with_ is not None else "",
        "UPDATE" if isinstance(node, n.Update) else "REPLACE",
        _hints(node.hints),
        to_sql(node.table),
        "SET",
        _list(node.assignments) or "/* nothing */",
        _clause("WHERE", node.where),
        _returning(node.returning),
    )


def _delete(node: n.Delete) -> str:
    with_ = to_sql(node.with_) if node.with_ is not None else ""
    table = f"FROM {to_sql(node.table)}"
    return _words(
        with_, "DELETE", _hints(node.hints), table, _clause("WHERE", node.where), _returning(node.returning)
    )


def _argument(node: n.Argument) -> str:
    plain = node.name.isascii() and f"_{node.name}".isidentifier()
    return f"@{node.name if plain else quote_name(node.name)} = {to_sql(node.value)}"


def _exec(node: n.Exec) -> str:
    payload = f"@@json = {to_sql(node.payload)}" if node.payload is not None else ""
    return _words("EXEC", _hints(node.hints), _path(node.path), _list(node.args), payload)


# ---------------------------------------------------------------------- catalog, workspace, session


def _show(node: n.Show) -> str:
    extended = _when(node.extended, "EXTENDED")
    path = _when(node.path, f"IN {_path(node.path)}")
    like = f"LIKE {_at(COMPARISON, node.like)}" if node.like is not None else ""
    return _words("SHOW", extended, node.kind, path, like, _clause("WHERE", node.where))


def _create_view(node: n.CreateView) -> str:
    return _words(
        "CREATE",
        _when(node.or_replace, "OR REPLACE"),
        _when(node.temporary, "TEMP"),
        _when(node.materialized, "MATERIALIZED"),
        "VIEW",
        _when(node.if_not_exists, "IF NOT EXISTS"),
        _path(node.path),
        _names(node.columns),
        "AS",
        to_sql(node.select),
    )


def _create_table(node: n.CreateTable) -> str:
    parts = [*node.columns, *node.constraints]
    return _words(
        "CREATE",
        _when(node.or_replace, "OR REPLACE"),
        _when(node.temporary, "TEMP"),
        "TABLE",
        _when(node.if_not_exists, "IF NOT EXISTS"),
        _path(node.path),
        f"AS {to_sql(node.select)}" if node.select is not None else f"({_list(parts)})",
    )


def _column_def(node: n.ColumnDef) -> str:
    return _words(
        quote_name(node.name),
        _type_name(node.type_name),
        _when(node.primary_key, "PRIMARY KEY"),
        _when(node.autoincrement, "AUTOINCREMENT"),
        _when(node.not_null, "NOT NULL"),
        _when(node.unique, "UNIQUE"),
        f"DEFAULT ({to_sql(node.default)})" if node.default is not None else "",
        f"CHECK ({to_sql(node.check)})" if node.check is not None else "",
        _when(node.collation, f"COLLATE {quote_name(node.collation)}"),
    )


def _table_constraint(node: n.TableConstraint) -> str:
    return f"CHECK ({to_sql(node.check)})" if node.check is not None else f"{node.kind} {_names(node.columns)}"


def _auth(node: n.Auth) -> str:
    key = to_sql(node.key) if node.key is not None else ""
    return _words("AUTH", node.action, quote_name(node.provider), node.method, key)


def _copy(node: n.Copy) -> str:
    file_format = _when(node.format, f"(FORMAT {quote_name(node.format)})")
    target = to_sql(node.target)
    is_text = isinstance(node.target, n.StringTemplate) or (
        isinstance(node.target, n.Literal) and node.target.kind == "string"
    )
    if not is_text:
        target = f"({target})"  # or the format behind it reads as the arguments of a function
    return _words(f"COPY ({to_sql(node.select)}) TO {target}", file_format)


_PRINTERS: dict[type[n.Node], Callable[[Any], str]] = {
    n.Name: lambda node: quote_name(node.text),
    n.Literal: _literal,
    n.ColumnRef: lambda node: _path(node.path),
    n.Parameter: lambda node: node.name or f"?{node.index}",
    n.Placeholder: lambda node: "{{ " + ".".join(node.path) + " }}",
    n.StringTemplate: _string_template,
    n.Unary: _unary,
    n.Binary: _binary,
    n.Logical: _logical,
    n.Between: _between,
    n.InList: lambda node: _negatable(node, node.operand, node.negated, f"IN ({_list(node.items)})"),
    n.InSelect: lambda node: _negatable(node, node.operand, node.negated, f"IN ({to_sql(node.select)})"),
    n.InTable: lambda node: _negatable(node, node.operand, node.negated, f"IN {to_sql(node.table)}"),
    n.Like: _like,
    n.IsNull: lambda node: f"{_at(EQUALITY, node.operand)} IS {_when(node.negated, 'NOT ')}NULL",
    n.Case: _case,
    n.Cast: lambda node: f"CAST({to_sql(node.operand)} AS {_type_name(node.type_name)})",
    n.Collate: lambda node: f"{_at(COLLATE, node.operand)} COLLATE {quote_name(node.collation)}",
    n.Function: _function,
    n.Exists: lambda node: f"EXISTS ({to_sql(node.select)})",
    n.Subquery: lambda node: f"({to_sql(node.select)})",
    n.RowValue: lambda node: f"({_list(node.items)})",
    n.Raise: _raise,
    n.OrderTerm: _order_term,
    n.FrameBound: _frame_bound,
    n.Frame: _frame,
    n.Window: _window,
    n.NamedWindow: lambda node: f"{quote_name(node.name)} AS {to_sql(node.window)}",
    n.ResultColumn: lambda node: to_sql(node.expr) + _alias(node.alias),
    n.Star: lambda node: f"{_path(node.path)}.*" if node.path else "*",
    n.SelectCore: _select_core,
    n.Values: _values,
    n.Cte: _cte,
    n.With: lambda node: _words("WITH", _when(node.recursive, "RECURSIVE"), _list(node.ctes)),
    n.Select: _select,
    n.TableRef: lambda node: _path(node.path) + _alias(node.alias),
    n.TableFunction: lambda node: f"{_path(node.path)}({_list(node.args)}){_alias(node.alias)}",
    n.SubqueryRef: lambda node: f"({to_sql(node.select)}){_alias(node.alias)}",
    n.ExecRef: lambda node: f"({to_sql(node.exec)}){_alias(node.alias)}",
    n.Group: lambda node: f"({to_sql(node.source)}){_alias(node.alias)}",
    n.Join: _join,
    n.Assignment: _assignment,
    n.Conflict: _conflict,
    n.Insert: _insert,
    n.Update: _update,
    n.Replace: _update,
    n.Delete: _delete,
    n.Argument: _argument,
    n.Exec: _exec,
    n.Show: _show,
    n.ShowInsert: lambda node: _words(
        "SHOW INSERT", _when(node.required_only, "/*+ REQUIRED */"), "INTO", _path(node.path)
    ),
    n.Describe: lambda node: _words("DESCRIBE", _when(node.extended, "EXTENDED"), _path(node.path)),
    n.DescribeMethod: lambda node: _words("DESCRIBE METHOD", _when(node.extended, "EXTENDED"), _path(node.path)),
    n.Explain: lambda node: _words(
        "EXPLAIN", _when(node.analyze, "ANALYZE"), _when(node.query_plan, "QUERY PLAN"), to_sql(node.statement)
    ),
    n.CreateView: _create_view,
    n.CreateTable: _create_table,
    n.ColumnDef: _column_def,
    n.TableConstraint: _table_constraint,
    n.Refresh: lambda node: f"REFRESH MATERIALIZED VIEW {_path(node.path)}",
    n.Drop: lambda node: _words("DROP", node.kind, _when(node.if_exists, "IF EXISTS"), _path(node.path)),
    n.Use: lambda node: f"USE {_path(node.path)}",
    n.Set: lambda node: _words("SET", node.scope, _path(node.name), "=", to_sql(node.value)),
    n.Reset: lambda node: f"RESET {_path(node.name) or 'ALL'}",
    n.Begin: lambda node: "BEGIN",
    n.Commit: lambda node: "COMMIT",
    n.Rollback: lambda node: _words("ROLLBACK", _when(node.savepoint, f"TO {quote_name(node.savepoint)}")),
    n.Savepoint: lambda node: f"SAVEPOINT {quote_name(node.name)}",
    n.Release: lambda node: f"RELEASE {quote_name(node.name)}",
    n.RegistryList: lambda node: _words("REGISTRY LIST", _when(node.provider, quote_name(node.provider))),
    n.RegistryPull: lambda node: _words(
        "REGISTRY PULL", quote_name(node.provider), _when(node.version, quote_string(node.version))
    ),
    n.Purge: lambda node: _words("PURGE", _when(node.target, quote_name(node.target))),
    n.Sleep: lambda node: f"SLEEP {to_sql(node.milliseconds)}",
    n.NativeQuery: lambda node: f"NATIVEQUERY {to_sql(node.query)}",
    n.Copy: _copy,
    n.Auth: _auth,
    n.Block: lambda node: f"<<<{node.kind}{node.text}>>>",
    n.Script: lambda node: "\n".join([*map(to_sql, node.blocks), *[f"{to_sql(each)};" for each in node.statements]]),
}
