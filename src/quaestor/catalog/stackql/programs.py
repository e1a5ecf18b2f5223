"""Methods of a document that run a program of this machine (`inline`, the protocol `local_templated`).

Before: `methods` has such a method. After: `fetch.programs` makes the command of its templates, and runs it where the
user allows that.
"""

from __future__ import annotations

import re

from quaestor.catalog import document
from quaestor.catalog.model import Parameter
from quaestor.catalog.openapi import Operation
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.catalog.openapi import Spec


def command_of(fields: dict[str, Any]) -> tuple[str, ...]:
    """The templates of a method's arguments, the program first; empty for a method that sends a request. Raises
    CatalogError for what is no list of texts."""
    operation = fields.get("operation")
    inside = operation.get("inline") if isinstance(operation, dict) else None
    said = document.sequence(fields.get("inline") or inside, "inline")
    if any(not isinstance(each, str | int | float) or isinstance(each, bool) for each in said):
        raise CatalogError("inline is a list of texts: the program, and its arguments")
    return tuple(str(each) for each in said)


def parameters(fields: dict[str, Any], command: tuple[str, ...], spec: Spec) -> tuple[Parameter, ...]:
    """What the arguments are made of. What would name the program itself is none: that is the document's alone."""
    declared = document.mapping(fields.get("parameters"), "parameters")
    used = dict.fromkeys(name for each in command[1:] for name in re.findall(r"\.parameters\.(\w+)", each))
    out: list[Parameter] = []
    for name in used:
        about = document.mapping(declared.get(name), name)
        schema = spec.follow(spec.reduce(about.get("schema") or {}, name))
        kind = schema.type or "string"
        out.append(
            Parameter(name=name, wire=name, location="query", type=kind, required=about.get("required") is True)
        )
    return tuple(out)


def operation(response: dict[str, Any]) -> Operation:
    """What stands for the operation of a request: its answer is what the program writes, JSON or text."""
    media_type = str(response.get("mediaType") or "")
    if not media_type:
        media_type = "application/json" if response.get("transform") or response.get("objectKey") else "text/plain"
    return Operation(
        key="RUN",
        http="RUN",
        path="",
        operation="",
        tags=(),
        parameters=(),
        status=200,
        media_type=media_type,
        response=None,
        body=None,
        body_media_type="",
        body_required=False,
        permissions=(),
        scopes=(),
        lifecycle="",
        servers=(),
        paging={},
    )
