"""Pushdown: conditions of a statement that the API can test itself, so that fewer rows are sent.

Before: `plan.scans` has the scans. After: `run.reading` sends what is pushed with the scan's requests, `plan.explain`
tells of it.

Which attributes a list filters by, and by which operators, are facts of the catalog (`Listing`), from the vendor's
own words. Every condition is tested again on the rows, so what is asked of the API may be more than the condition
says, and never less:

- only constants go, only as text that both sides read in one way: printable ASCII without a space at its ends; of an
  enumeration, only its members. A condition with a collation stays here.
- of an AND, a part may go alone; an OR goes whole or not at all.
- a bound on an instant is widened to whole seconds, or days: SQL compares these as texts, and `…:00Z` comes after
  `…:00.500Z` there (RFC 3339 fixes the places of the digits up to the seconds).
- a bound made of `now` goes only as a lower one: it is computed again, later, when the rows are tested.
- where several places of the statement read one scan, what goes is what holds for any of them.
"""

from __future__ import annotations

from quaestor.plan.conditions import conjuncts
from quaestor.plan.scope import BoundColumn
from quaestor.record import Record, replace
from quaestor.sql import nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from quaestor.catalog.model import Column, Method
    from quaestor.plan.bind import BoundQuery
    from quaestor.plan.model import Scan
    from quaestor.values import SqlValue

    Given = Mapping[nodes.Expr, SqlValue]

#: The longest expression that is sent: with the rest of the URL it stays under 8,000 bytes when it is encoded.
MAX_LENGTH = 2000
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}
_NAMES = {"=": "eq", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}
#: Functions whose value follows from their arguments; with `now` among these, it grows with time.
_DATES = ("date", "datetime", "strftime")


class Term(Record):
    """A comparison of an attribute with constants.

    Attributes:
        attribute: the column, and with dots the keys into its JSON.
        op: `=` (any of the values), `<`, `<=`, `>`, `>=` (one value).
    """

    attribute: str
    op: str
    values: tuple[nodes.Expr, ...]


def constants(query: BoundQuery) -> Iterator[nodes.Expr]:
    """The expressions that `push` needs the values of."""
    for use in query.uses.values():
        if not any(method.listing.attributes() for method in use.resource.by_verb("select")):
            continue
        for condition in query.filters.get(use.id, ()):
            for node in nodes.walk(condition):
                if isinstance(node, nodes.Expr):
                    for term in terms(node, use.id):
                        yield from term.values


def push(scans: tuple[Scan, ...], query: BoundQuery, given: Given) -> tuple[Scan, ...]:
    """The scans with what their lists can test themselves.

    Args:
        given: the values of `constants(query)`.
    """
    return tuple(_selected(_pushed(scan, query, given) if _can_test(scan) else scan) for scan in scans)


def _can_test(scan: Scan) -> bool:
    return bool(scan.method.listing.attributes())


def _selected(scan: Scan) -> Scan:
    """The scan with the names of its columns, where its list takes them: OData's `$select`.

    A list may leave properties out that nobody names (Microsoft Graph's users have eleven by default), so this isn't
    only less to send. Where a column is wanted that can't be named, nothing is.
    """
    listing = scan.method.listing
    taken = {*scan.constants, *scan.pushed, *(name for keys in scan.keys for name in keys.parameters)}
    fields = [column.field for column in scan.columns if column.field is not None]
    names = list(dict.fromkeys(field.path[0] if field.path else "" for field in fields))
    if not listing.select or listing.select in taken or not names or not set(names) <= set(listing.selectable):
        return scan
    return replace(scan, pushed={**scan.pushed, listing.select: ",".join(names)})


def left_out(scan: Scan) -> str:
    """What a scan's list leaves out although nothing says so, in words; empty for nothing that is known."""
    listing = scan.method.listing
    bounds = {name for low, high, _ in listing.ranges.values() for name in (low, high)}
    sent = {*scan.pushed, *scan.constants, *(name for keys in scan.keys for name in keys.parameters)}
    return "" if sent & {*bounds, *listing.unless} else listing.missing


def is_exact(scan: Scan, query: BoundQuery, given: Given) -> bool:
    """Whether the API tests all that the statement asks of the scan's rows: then none is thrown away here."""
    if len(scan.uses) != 1:
        return False
    left = [part for condition in query.filters.get(scan.uses[0], ()) for part in conjuncts(condition)]
    return all(_is_sent(part, scan, given) for part in left)


def _is_sent(condition: nodes.Expr, scan: Scan, given: Given) -> bool:
    text = _expression(condition, scan.uses[0], scan.method, given)
    ops = [term.op for term in terms(condition, scan.uses[0])]
    return bool(text) and text in scan.pushed.get(scan.method.listing.filter, "") and ops == ["="]


def _pushed(scan: Scan, query: BoundQuery, given: Given) -> Scan:
    listing = scan.method.listing
    taken = {*scan.constants, *(name for keys in scan.keys for name in keys.parameters)}
    found: dict[str, str] = {}
    others = {p.name for p in scan.method.parameters if p.location == "query" and not p.required and not p.role}
    for attribute, parameter in listing.equals.items():
        values = {_one_value(use, attribute, parameter, scan.method, query, given) for use in scan.uses}
        if parameter not in taken and len(values) == 1 and "" not in values:
            found[parameter] = values.pop()
    # whether a list that is asked both ways has the rows of both, nothing says
    if listing.filter and not found and taken.isdisjoint(others):
        of_uses = [_filter(use, scan.method, query, given) for use in scan.uses]
        text = _any_of(list(dict.fromkeys(of_uses)), listing.words)
        if text and len(text) <= MAX_LENGTH:
            found[listing.filter] = text
    for attribute, (low, high, kind) in listing.ranges.items():
        bounds = [_bounds(use, attribute, query, given) for use in scan.uses]
        lows = [bound[0] for bound in bounds if bound[0] is not None]
        highs = [bound[1] for bound in bounds if bound[1] is not None]
        start = min(lows) if len(lows) == len(bounds) and low and low not in taken else None
        end = max(highs) if len(highs) == len(bounds) and high and high not in taken else None
        if start is not None:
            found[low] = _instant(start, kind)
        if end is not None and (start is None or start < end):  # a range without an inside would be refused
            found[high] = _instant(end, kind)
    if not found:
        return scan
    return replace(
        scan,
        pushed=found,
        hidden=tuple(each for each in scan.hidden if found.keys().isdisjoint(each.unless)),
    )


# ------------------------------------------------------------------------------------------- expressions


def _filter(use: int, method: Method, query: BoundQuery, given: Given) -> str:
    """All conditions of one table that can go, as one expression; empty for none."""
    parts = [_expression(condition, use, method, given) for condition in query.filters.get(use, ())]
    return _all_of(list(dict.fromkeys(part for part in parts if part)), method.listing.words)


def _one_value(use: int, attribute: str, parameter: str, method: Method, query: BoundQuery, given: Given) -> str:
    """The value that the conditions of one table give an attribute, if it can go; else empty."""
    column, named = _column(method, attribute), method.parameter(parameter)
    for condition in query.filters.get(use, ()):
        for part in conjuncts(condition):
            for term in terms(part, use):
                if term.attribute == attribute and term.op == "=" and len(term.values) == 1 and column is not None:
                    value = given.get(term.values[0])
                    text = quoted(value, column, is_inside="." in attribute)
                    if text and "," not in text and (named is None or not named.enum or value in named.enum):
                        return str(value) if isinstance(value, str) else text
    return ""


def _all_of(parts: list[str], words: tuple[str, ...]) -> str:
    if len(parts) < 2 or "and" not in words:
        return parts[0] if parts else ""
    return " and ".join(f"({part})" if " or " in part else part for part in parts)


def _any_of(parts: list[str], words: tuple[str, ...]) -> str:
    """Empty where one part is: what any of the places reads isn't bounded then."""
    if "" in parts or (len(parts) > 1 and "or" not in words):
        return ""
    return " or ".join(parts)


def _expression(condition: nodes.Expr, use: int, method: Method, given: Given) -> str:
    """A condition in the vendor's words, or something weaker; empty where there is nothing to send."""
    listing = method.listing
    if isinstance(condition, nodes.Logical):
        parts = [_expression(part, use, method, given) for part in condition.operands]
        if condition.op == "AND":
            return _all_of([part for part in parts if part], listing.words)
        return _any_of([f"({part})" if " and " in part else part for part in parts], listing.words)
    return _all_of(
        [text for term in terms(condition, use) if (text := _comparison(term, method, given))], listing.words
    )


def _comparison(term: Term, method: Method, given: Given) -> str:
    operators = method.listing.fields.get(term.attribute, ())
    column = _column(method, term.attribute)
    if column is None:
        return ""
    if term.attribute in method.listing.instants:
        return _instant_comparison(term, operators, given, method.listing.words)
    is_odata = method.listing.dialect == "odata"
    inside = "." in term.attribute
    texts = [
        odata(given.get(value), column) if is_odata else quoted(given.get(value), column, is_inside=inside)
        for value in term.values
    ]
    if term.op != "=" or "eq" not in operators or "" in texts:
        return ""
    called = method.listing.wire.get(term.attribute, term.attribute)
    return _any_of([f"{called} eq {text}" for text in dict.fromkeys(texts)], method.listing.words)


def _instant_comparison(term: Term, operators: tuple[str, ...], given: Given, words: tuple[str, ...]) -> str:
    """Bounds of an instant, widened by a second: `gt` and `lt` are the operators that every list has for them."""
    low, high = _around(term, given)
    parts = []
    if low is not None and "gt" in operators:
        parts.append(f'{term.attribute} gt "{_instant(low, "iso", seconds_earlier=1)}"')
    if high is not None and "lt" in operators:
        parts.append(f'{term.attribute} lt "{_instant(high, "iso")}"')
    return _all_of(parts, words)


def quoted(value: SqlValue, column: Column, *, is_inside: bool) -> str:
    """A constant in the vendor's words, in quotes (RFC 7644, 3.4.2.2: a JSON string); empty if it can't go."""
    if not is_inside and column.type == "boolean":
        return {0: "false", 1: "true"}.get(value, "") if isinstance(value, int) else ""
    if not isinstance(value, str) or not value or value != value.strip(" "):
        return ""
    if not all(" " <= letter <= "~" for letter in value):
        return ""
    if not is_inside and column.enum and value not in column.enum:
        return ""  # the API would call it an error; here it is no row
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def odata(value: SqlValue, column: Column) -> str:
    """A constant as OData has it (4.01, URL Conventions, 5.1.1.14: a quote is doubled); empty if it can't go."""
    if column.type == "boolean":
        return {0: "false", 1: "true"}.get(value, "") if isinstance(value, int) else ""
    if column.type == "integer":
        return str(value) if isinstance(value, int) and abs(value) < 1 << 31 else ""
    if column.type != "string" or column.enum or not isinstance(value, str) or not value or value != value.strip(" "):
        return ""
    return "'" + value.replace("'", "''") + "'" if all(" " <= letter <= "~" for letter in value) else ""


def _column(method: Method, attribute: str) -> Column | None:
    name = attribute.partition(".")[0]
    return next((column for column in method.columns if column.name == name), None)


# ----------------------------------------------------------------------------------------------- instants


def _bounds(use: int, attribute: str, query: BoundQuery, given: Given) -> tuple[datetime | None, datetime | None]:
    """The narrowest bounds that the conditions of one table set for an instant: from (included), to (excluded)."""
    lows, highs = [], []
    for condition in query.filters.get(use, ()):
        for part in conjuncts(condition):
            for term in terms(part, use):
                if term.attribute == attribute:
                    low, high = _around(term, given)
                    lows += [low] if low is not None else []
                    highs += [high] if high is not None else []
    return max(lows, default=None), min(highs, default=None)


def _around(term: Term, given: Given) -> tuple[datetime | None, datetime | None]:
    """Bounds that hold for every instant whose text satisfies the comparison: from (included), to (excluded)."""
    found = [_span(given.get(value)) for value in term.values]
    if not found or any(span is None for span in found):
        return None, None
    spans = [span for span in found if span is not None]
    grows = any(_grows(value) for value in term.values)
    low = min(start for start, _ in spans) if term.op in ("=", ">", ">=") else None
    high = max(end for _, end in spans) if term.op in ("=", "<", "<=") and not grows else None
    return (None, None) if grows and term.op == "=" else (low, high)


def _span(value: SqlValue) -> tuple[datetime, datetime] | None:
    """The second, or the day, in which an instant of this text is, and the one after it; None if it isn't one."""
    from datetime import datetime, timedelta

    if not isinstance(value, str) or not value.isascii():
        return None
    for length, unit in ((19, timedelta(seconds=1)), (10, timedelta(days=1))):
        text = value[:length]
        if len(text) < length or (length == 19 and text[10] != "T"):
            continue
        try:
            start = datetime.fromisoformat(text)  # no zone: all of these are UTC
        except ValueError:
            continue
        if start.isoformat()[:length] == text and 1 < start.year < 9999:
            return start, start + unit
    return None


def _instant(moment: datetime, kind: str, seconds_earlier: int = 0) -> str:
    from datetime import timedelta

    moment -= timedelta(seconds=seconds_earlier)
    if kind == "iso":
        return f"{moment.isoformat()}.000Z"
    whole = int((moment - moment.replace(1970, 1, 1, 0, 0, 0)).total_seconds())
    return str(whole * 1000 if kind == "milliseconds" else whole)


# ------------------------------------------------------------------------------------------ comparisons


def terms(condition: nodes.Expr, use: int) -> list[Term]:
    """A condition as comparisons that all hold where it does: two for BETWEEN, none for what isn't one."""
    if isinstance(condition, nodes.Binary) and condition.op in _FLIPPED:
        for side, other, op in (
            (condition.left, condition.right, condition.op),
            (condition.right, condition.left, _FLIPPED[condition.op]),
        ):
            attribute = _attribute(side, use)
            if attribute and _is_constant(other):
                return [Term(attribute, op, (other,))]
    if isinstance(condition, nodes.InList) and not condition.negated and condition.items:
        attribute = _attribute(condition.operand, use)
        if attribute and all(map(_is_constant, condition.items)):
            return [Term(attribute, "=", condition.items)]
    if isinstance(condition, nodes.Between) and not condition.negated:
        attribute = _attribute(condition.operand, use)
        if attribute and _is_constant(condition.low) and _is_constant(condition.high):
            return [Term(attribute, ">=", (condition.low,)), Term(attribute, "<=", (condition.high,))]
    return []


def _attribute(expr: nodes.Expr, use: int) -> str:
    """`status`, or `profile.login` for `profile ->> 'login'` and `json_extract(profile, '$.login')`."""
    if isinstance(expr, nodes.Binary) and expr.op == "->>":
        inner, keys = expr.left, _keys(expr.right, is_label=True)
    elif isinstance(expr, nodes.Function) and expr.name.casefold() == "json_extract" and len(expr.args) == 2:
        inner, keys = expr.args[0], _keys(expr.args[1], is_label=False)
    else:
        return expr.column if isinstance(expr, BoundColumn) and expr.source == use else ""
    return f"{inner.column}.{keys}" if keys and isinstance(inner, BoundColumn) and inner.source == use else ""


def _keys(expr: nodes.Expr, *, is_label: bool) -> str:
    """The keys of a JSON path, with dots; empty for what isn't a path of plain names."""
    if not isinstance(expr, nodes.Literal) or not isinstance(expr.value, str):
        return ""
    text = expr.value
    if text.startswith("$."):
        names = text[2:].split(".")
    else:
        names = [text] if is_label else [""]
    return ".".join(names) if all(name.isidentifier() and name.isascii() for name in names) else ""


def _is_constant(expr: nodes.Expr) -> bool:
    """Whether its value follows from the statement alone, and is compared as it is."""
    if isinstance(expr, nodes.Literal):
        return True
    if isinstance(expr, nodes.Parameter):
        return True
    if isinstance(expr, nodes.Function) and expr.name.casefold() in _DATES and expr.over is None:
        local = {"localtime", "utc", "auto", "subsec", "subsecond"}
        texts = {part.value for part in expr.args if isinstance(part, nodes.Literal) and isinstance(part.value, str)}
        return local.isdisjoint(texts) and all(
            isinstance(part, nodes.Literal | nodes.Parameter) for part in expr.args
        )
    return False


def _grows(expr: nodes.Expr) -> bool:
    """Whether its value depends on when it is computed: `now` in any form."""
    if isinstance(expr, nodes.Function):
        literal = [part.value if isinstance(part, nodes.Literal) else "now" for part in expr.args]
        return "now" in [str(value).casefold() for value in literal] or len(expr.args) < 2
    return isinstance(expr, nodes.Literal) and expr.kind.startswith("current_")
