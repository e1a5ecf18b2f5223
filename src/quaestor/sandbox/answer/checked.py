"""Is the query of a request what its operation takes?

Before: `query` has read it. After: `site` answers, or a Refusal says what can't be.
"""

from __future__ import annotations

from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.answer.routes import Route


def checked(route: Route, query: Query) -> None:
    """Raises Refusal for a parameter that is missing, isn't of its type, or is none of the allowed values."""
    for parameter in route.method.parameters:
        if parameter.location != "query":
            continue
        if parameter.wire not in query:
            if parameter.required:
                raise Refusal("invalid", parameter.wire, detail=f"{parameter.wire} is required")
            continue
        if parameter.type == "integer":
            query.number(parameter.wire, 0, low=-(1 << 62))
        elif parameter.enum and parameter.type == "string" and query.text(parameter.wire) not in parameter.enum:
            allowed = ", ".join(parameter.enum)
            raise Refusal("invalid", parameter.wire, detail=f"{parameter.wire} must be one of {allowed}")
        query.forget(parameter.wire)
    _check_spans(query)


def _check_spans(query: Query) -> None:
    """Raises Refusal for a time that begins after its end (`start_hr`, `end_hr`)."""
    for name in query.names():
        if name.startswith("start_"):
            end = name.replace("start_", "end_", 1)
            first, last = query.text(name), query.text(end)
            query.forget(name)
            query.forget(end)
            if first[:4].isdecimal() and last[:4].isdecimal() and first > last:
                raise Refusal("invalid", name, detail=f"{name} must be before {end}")
