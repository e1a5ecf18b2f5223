"""What a newer version of a provider changes for the statements that people have.

Before: `authoring.sources` has loaded both. After: the command line prints the changes, breaking ones first.

Methods are the same if HTTP method and path are: one that is called otherwise now was renamed. What breaks a
statement: names and verbs that are gone or others, columns and parameters that are gone or of another type, what is
required and wasn't, values of an enum that are no longer taken. What is new breaks nothing. Other changes (paging,
row paths, permissions, lifecycle) may change what a statement costs or brings.
"""

from __future__ import annotations

import re

from quaestor.authoring import sources
from quaestor.catalog import columns
from quaestor.catalog.facts import Facts
from quaestor.catalog.model import Column, Method, Parameter
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from quaestor.catalog.columns import Lookup

_PARAMETER = re.compile(r"\{[^{}]+\}")
BREAKING, NEW, OTHER = "breaking", "new", "other"
KINDS = (BREAKING, NEW, OTHER)


class Change(Record):
    """One change: `kind` is one of `KINDS`, `place` the service, resource or method, `text` what is other there."""

    kind: str
    place: str
    text: str


class Placed(Record):
    """A method with where it is and what its rows have."""

    service: str
    resource: str
    method: Method
    columns: tuple[Column, ...]

    @property
    def table(self) -> str:
        return f"{self.service}.{self.resource}"


def diff(old: Facts, new: Facts) -> tuple[Change, ...]:
    """All changes, breaking ones first, then by place."""
    before, after = _placed(old), _placed(new)
    found = [*_tables(before, after)]
    for key, each in before.items():
        if key in after:
            found += _method(each, after[key], sources.lookup_of(old), sources.lookup_of(new))
        else:
            text = f"the method {_named(each.method)} is gone"
            found.append(Change(BREAKING, each.table, text))
    for key, each in after.items():
        if key not in before:
            found.append(Change(NEW, each.table, f"the method {_named(each.method)}"))
    return tuple(sorted(set(found), key=lambda each: (KINDS.index(each.kind), each.place, each.text)))


def _placed(found: Facts) -> dict[str, Placed]:
    """Methods by HTTP method and the shape of their path; of two with the same, the second keeps its name too."""
    out: dict[str, Placed] = {}
    for resource in found.resources:
        by_method = sources.columns_by_method(found, resource)
        for each in resource.methods:
            method = each.method
            key = f"{method.http} {_PARAMETER.sub('{}', method.path)}"
            if key in out:
                key = f"{key} {resource.service}.{resource.name}.{method.name}"
            out[key] = Placed(resource.service, resource.name, method, by_method[method.name])
    return out


def _named(method: Method) -> str:
    return f"{method.name} ({method.verb}, {method.http} {method.path})"


def _retyped(old: str, new: str) -> str:
    """What another type does to statements: a number takes what an integer did."""
    return OTHER if (old, new) == ("integer", "number") else BREAKING


def _tables(before: dict[str, Placed], after: dict[str, Placed]) -> Iterator[Change]:
    services = {each.service for each in before.values()}, {each.service for each in after.values()}
    tables = {each.table for each in before.values()}, {each.table for each in after.values()}
    for name in services[0] - services[1]:
        yield Change(BREAKING, name, "the service is gone")
    for name in services[1] - services[0]:
        yield Change(NEW, name, "a service")
    for name in tables[0] - tables[1]:
        to = {after[key].table for key, each in before.items() if each.table == name and key in after}
        yield Change(
            BREAKING, name, f"the resource is called {' and '.join(sorted(to))} now" if to else "the resource is gone"
        )
    for name in tables[1] - tables[0]:
        yield Change(NEW, name, "a resource")


def _method(old: Placed, new: Placed, old_lookup: Lookup, new_lookup: Lookup) -> Iterator[Change]:
    place = f"{old.table}.{old.method.name}"
    a, b = old.method, new.method
    if old.table != new.table or a.name != b.name:
        yield Change(BREAKING, place, f"is called {new.table}.{b.name} now")
    if a.verb != b.verb:
        yield Change(BREAKING, place, f"was {a.verb}, is {b.verb} now")
    yield from _columns(place, old, new)
    yield from _parameters(place, a.parameters, b.parameters)
    yield from _body(place, a, b, old_lookup, new_lookup)
    for what, was, now in (
        ("paging", a.pagination.style, b.pagination.style),
        ("row path", ".".join(("$", *a.response.row_path)), ".".join(("$", *b.response.row_path))),
        ("permissions", ", ".join(a.permissions), ", ".join(b.permissions)),
        ("scopes", ", ".join(a.scopes), ", ".join(b.scopes)),
        ("lifecycle", a.lifecycle, b.lifecycle),
        ("status of success", str(a.response.status), str(b.response.status)),
    ):
        if was != now:
            yield Change(OTHER, place, f"{what}: {was or 'none'}, now {now or 'none'}")


def _columns(place: str, old: Placed, new: Placed) -> Iterator[Change]:
    before, after = {c.name: c for c in old.columns}, {c.name: c for c in new.columns}
    for name, column in before.items():
        if name not in after:
            yield Change(BREAKING, place, f"the column {name} is gone")
            continue
        now = after[name]
        if column.type != now.type:
            yield Change(
                _retyped(column.type, now.type), place, f"the column {name} was {column.type}, is {now.type} now"
            )
        if column.enum:  # a column that names its values now has the same values as before
            yield from _values(place, f"the column {name}", column.enum, now.enum)
    for name in after.keys() - before.keys():
        yield Change(NEW, place, f"the column {name}")


def _parameters(place: str, old: Iterable[Parameter], new: Iterable[Parameter]) -> Iterator[Change]:
    before, after = {p.name: p for p in old}, {p.name: p for p in new}
    for name, parameter in before.items():
        now = after.get(name)
        if now is None:
            yield Change(BREAKING, place, f"the parameter {name} is gone")
            continue
        if now.required and not parameter.required:
            yield Change(BREAKING, place, f"the parameter {name} is required now")
        if parameter.required and not now.required:
            yield Change(OTHER, place, f"the parameter {name} isn't required any more")
        if parameter.type != now.type:
            kind = _retyped(parameter.type, now.type)
            yield Change(kind, place, f"the parameter {name} was {parameter.type}, is {now.type} now")
        yield from _values(place, f"the parameter {name}", parameter.enum, now.enum)
    for name, now in after.items():
        if name not in before:
            kind, text = (
                (BREAKING, f"the parameter {name} is new and required")
                if now.required
                else (NEW, f"the parameter {name}")
            )
            yield Change(kind, place, text)


def _body(place: str, old: Method, new: Method, old_lookup: Lookup, new_lookup: Lookup) -> Iterator[Change]:
    before, after = sources.body_fields(old, old_lookup), sources.body_fields(new, new_lookup)
    for name, (schemas, required) in before.items():
        if name not in after:
            yield Change(BREAKING, place, f"the property {name} of the body is gone")
            continue
        now, now_required = after[name]
        was, becomes = columns.type_of(schemas[0], old_lookup), columns.type_of(now[0], new_lookup)
        if was != becomes:
            yield Change(
                _retyped(was, becomes), place, f"the property {name} of the body was {was}, is {becomes} now"
            )
        if now_required and not required:
            yield Change(BREAKING, place, f"the property {name} of the body is required now")
        values = [columns.resolved(each[0], look) for each, look in ((schemas, old_lookup), (now, new_lookup))]
        texts = [tuple(columns.text_of(value) for value in each.enum if value is not None) for each in values]
        yield from _values(place, f"the property {name} of the body", texts[0], texts[1])
    for name, (_, required) in after.items():
        if name not in before:
            kind = BREAKING if required and before else NEW
            yield Change(
                kind, place, f"the property {name} of the body{' is new and required' if kind == BREAKING else ''}"
            )


def _values(place: str, what: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Change]:
    if not new or old == new:
        return
    gone, more = [value for value in old if value not in new], [value for value in new if value not in old]
    if gone:
        yield Change(BREAKING, place, f"{what} has no longer: {', '.join(gone)}")
    if more and old:
        yield Change(NEW, place, f"{what} has also: {', '.join(more)}")
    if not old:
        yield Change(BREAKING, place, f"{what} takes only these now: {', '.join(new)}")
