"""Which method serves a scan: the route.

Before: `plan.bind` knows which columns a statement wants of a resource, and which of them it binds by `=` or IN.
After: `plan.scans` turns the route and the bindings into a scan.

Of the verb's methods, those can serve that have every parameter that the statement binds, that return every
column that it wants, and whose required parameters are all bound. Of these the one wins that uses most of the
bound parameters; ties go by the document's order. None: a BindError that says what the nearest one lacks.
"""

from __future__ import annotations

from quaestor.errors import BindError
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Set

    from quaestor.catalog.model import Column, Method, Parameter, Resource, Server

#: The column that says by which connection a row was read.
CONNECTION = "_connection"
#: Columns that every resource has, selectable but not part of `*`, and their types.
HIDDEN_COLUMNS = {"_raw": "object", CONNECTION: "string", "_fetched_at": "date-time"}
#: Addresses a parameter whatever field shares its name.
PARAMETER_PREFIX = "param__"
#: Texts that name no object in a path, but another path: no row has them for its key.
NO_KEYS = ("", ".", "..")


class Route(Record):
    """A method, and which column of the statement gives each of its bound parameters.

    Attributes:
        method: what is called.
        bound: parameter (SQL name) to the column that binds it; server variables are not among them.
    """

    method: Method
    bound: dict[str, str]


def is_parameter_only(resource: Resource, column: str) -> bool:
    """Whether a column is no field of any answer, so that it reads as the value bound to it."""
    return column not in HIDDEN_COLUMNS and all(field.name != column for field in resource.columns)


def parameter_of(method: Method, column: str) -> Parameter | None:
    """The parameter that a value of this column binds: the one of that name, or whose field it is.

    An optional parameter that shares its name with a field is bound by it only where the catalog knows that
    the API filters by that field (`matches`); `param__name` addresses it in any case.
    """
    if column.startswith(PARAMETER_PREFIX):
        return method.parameter(column.removeprefix(PARAMETER_PREFIX))
    named = method.parameter(column)
    if named is not None:
        shares = any(field.name == column for field in method.columns)
        if not shares or named.required or named.matches in ("exact", "superset"):
            return named
        return None
    return next((p for p in method.parameters if p.field == column and p.required), None)


def returns(method: Method, column: str) -> Column | None:
    """The method's column of this name, if its answer has one."""
    return next((field for field in method.columns if field.name == column), None)


def readable(method: Method, column: str, bound: Set[str]) -> bool:
    """Whether rows of the method have a value for a column: a field, or a parameter that is bound or has one."""
    if column in HIDDEN_COLUMNS or returns(method, column):
        return True
    named = method.parameter(column.removeprefix(PARAMETER_PREFIX))
    if named is None:
        return False
    return column in bound or (bool(named.field) and returns(method, named.field) is not None)


def key_field(resource: Resource, method: Method, column: str) -> Column | None:
    """The field that an item key of another method is: a list of factors has their `factorId`, their `id`."""
    parameters = [parameter for other in resource.by_verb("select") if (parameter := other.parameter(column))]
    fields = {p.field for p in parameters if p.item_key and p.matches != "other"}
    return returns(method, fields.pop()) if len(fields) == 1 else None


def choose(
    resource: Resource,
    server: Server,
    wanted: Iterable[str],
    bound: Set[str],
    required: Set[str],
) -> Route | None:
    """The route of a SELECT, or None if no method can serve it.

    Args:
        server: the provider's; its variables are settings that any method takes.
        wanted: columns that the statement reads.
        bound: columns that it binds, and that are at hand.
        required: of these, the ones that have to be used: a parameter that is no field has no other meaning.
    """
    best: Route | None = None
    for method in resource.by_verb("select"):
        settings = {variable.name for variable in (method.server or server).variables}
        pairs = {
            parameter.name: column
            for column in sorted(bound)
            if (parameter := parameter_of(method, column)) is not None
        }
        if any(parameter.name not in pairs for parameter in method.required):
            continue
        if not (required - settings) <= set(pairs.values()):
            continue
        if not all(
            column in settings or readable(method, column, bound) or key_field(resource, method, column)
            for column in wanted
        ):
            continue
        if best is None or len(pairs) > len(best.bound):
            best = Route(method, pairs)
    return best


def nearest(resource: Resource, bound: Set[str]) -> Method | None:
    """The select method that lacks the fewest required parameters, the first of several."""
    methods = resource.by_verb("select")
    return min(methods, key=lambda method: len(missing(method, bound)), default=None)


def missing(method: Method, bound: Set[str]) -> list[Parameter]:
    """Its required parameters that none of these columns binds."""
    have = {p.name for column in bound if (p := parameter_of(method, column)) is not None}
    return [parameter for parameter in method.required if parameter.name not in have]


def names_a_row(resource: Resource, column: str) -> bool:
    """Whether a value of this column chooses one row of its collection."""
    found = [parameter_of(method, column) for method in resource.by_verb("select")]
    return any(parameter is not None and parameter.item_key for parameter in found)


def is_setting(resource: Resource, column: str) -> bool:
    """Whether a column is a parameter that says how to read, rather than one whose values the rows belong to."""
    found = [parameter_of(method, column) for method in resource.by_verb("select")]
    is_key = any(parameter is not None and parameter.required for parameter in found)
    return is_parameter_only(resource, column) and not is_key


def shared(resource: Resource, parent: Resource) -> list[str]:
    """Parameters that a resource and its parent both need and that mean the same: their own parent is the same."""
    mine = {(p.name, p.parent) for method in resource.by_verb("select") for p in method.required if p.parent}
    others = [p for method in parent.by_verb("select") for p in method.required]
    names = dict.fromkeys(p.name for p in others if is_parameter_only(parent, p.name))
    return [name for name in names if all((name, p.parent) in mine for p in others if p.name == name)]


def explain_none(
    resource: Resource,
    server: Server,
    wanted: Iterable[str],
    bound: Set[str],
    *,
    text: str,
    position: int,
) -> BindError:
    """The error for a table that no method can serve: what the nearest method lacks, and what to write."""
    methods = resource.by_verb("select")
    if not methods:
        others = ", ".join(sorted({method.verb for method in resource.methods}))
        return BindError(
            f"{resource.id} can't be read: it has no SELECT method ({others} only)",
            text=text,
            position=position,
            hint=f"SHOW METHODS IN {resource.id} lists what it has",
        )
    settings = {variable.name for method in methods for variable in (method.server or server).variables}
    columns = [column for column in wanted if column not in settings]
    unknown = _unusable_parameter(resource, columns, bound)
    if unknown:
        return _nothing_binds(resource, unknown, text, position)
    closest = min(methods, key=lambda m: (len(missing(m, bound)), len(_unread(m, columns, bound))))
    if missing(closest, bound):
        return _lacks(resource, methods, bound, text, position)
    unread = _unread(closest, columns, bound)
    if unread:
        having = [m for m in methods if all(readable(m, column, bound) for column in unread)]
        needs = " and ".join(p.name for p in having[0].required) if having else ""
        return BindError(
            f"{closest.name} of {resource.id} doesn't return {', '.join(unread)}",
            text=text,
            position=position,
            hint=f"{having[0].name} does: bind {needs}" if needs else "",
        )
    return BindError(
        f"no method of {resource.id} takes {', '.join(sorted(bound))} together",
        text=text,
        position=position,
        hint=f"SHOW METHODS IN {resource.id} lists what each takes",
    )


def _lacks(resource: Resource, methods: tuple[Method, ...], bound: Set[str], text: str, position: int) -> BindError:
    """What each of the methods that lack the least would need: `policyId (get_policy) or type (list_policies)`."""
    least = min(len(missing(method, bound)) for method in methods)
    nearest_ones = [method for method in methods if len(missing(method, bound)) == least]
    lacking = {method.name: missing(method, bound) for method in nearest_ones}
    needs = " or ".join(
        f"{' and '.join(parameter.name for parameter in parameters)} (method {name})"
        for name, parameters in lacking.items()
    )
    *_, parameters = lacking.values()  # of several, the last is the list: it needs no key
    example = " AND ".join(f"{p.name} = '{p.enum[0] if p.enum else '…'}'" for p in parameters)
    sources = [f"{p.name} is {p.parent}" for p in parameters if p.parent]
    sources += [f"{p.name} is one of {', '.join(p.enum)}" for p in parameters if p.enum and not p.parent]
    return BindError(
        f"{resource.id} needs {needs}",
        text=text,
        position=position,
        hint=f"add {example}" + (f"; {'; '.join(sources)}" if sources else ""),
    )


def _unread(method: Method, wanted: Iterable[str], bound: Set[str]) -> list[str]:
    return [column for column in wanted if not readable(method, column, bound)]


def _unusable_parameter(resource: Resource, wanted: Iterable[str], bound: Set[str]) -> str:
    """A wanted column that is a parameter only, has no field to read from, and that nothing binds."""
    for column in wanted:
        if column in bound or not is_parameter_only(resource, column):
            continue
        if not any(readable(method, column, bound) for method in resource.by_verb("select")):
            return column
    return ""


def _nothing_binds(resource: Resource, column: str, text: str, position: int) -> BindError:
    return BindError(
        f"{column} is a parameter of {resource.id}, and nothing binds it",
        text=text,
        position=position,
        hint=f"bind it by {column} = …, IN (…) or a join; only these give a parameter a value",
    )
