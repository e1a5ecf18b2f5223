"""What an object links to: itself, the steps of its life that can be taken now, and what is below it.

Okta's `_links` (HAL, draft-kelly-json-hal) name each link that the schema of the object knows, and in `hints` the
methods that it allows, where the schema has those. Which steps are open follows from the status: what is ACTIVE can
only be deactivated.

Before: the catalog's operations and schemas. After: `site` and `writes` put the links into objects.
"""

from __future__ import annotations

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.routes import Routes
from quaestor.sandbox.data.collection import ORIGIN
from quaestor.sandbox.data.invent import Inventor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

#: Steps that can't be taken from these statuses.
_CLOSED = {"activate": ("ACTIVE", ""), "deactivate": ("INACTIVE", "DEACTIVATED", "STAGED")}
_ALLOWED = ("GET", "PUT", "POST", "PATCH", "DELETE")


def links(
    inventor: Inventor, routes: Routes, shape: Schema, template: str, here: str, row: Mapping[str, Any]
) -> dict[str, Any]:
    """The `_links` of an object of the collection at a template, as far as its operations and schema tell.

    `here` is the object's own path.
    """
    known = inventor.resolve(inventor.resolve(shape).properties.get("_links", Schema()))
    out = {"self": _link(inventor, routes, known.properties.get("self", Schema()), template + "/{}", here)}
    status = str(row.get("status", ""))
    for name, schema in known.properties.items():
        if name == "self" or status in _CLOSED.get(name, ()):
            continue
        for between in ("", "lifecycle/"):
            if _methods(routes, f"{template}/{{}}/{between}{name}"):
                path = f"{template}/{{}}/{between}{name}"
                out[name] = _link(inventor, routes, schema, path, f"{here}/{between}{name}")
    return out


def _link(inventor: Inventor, routes: Routes, schema: Schema, template: str, path: str) -> dict[str, Any]:
    made: dict[str, Any] = {"href": ORIGIN + path}
    known = inventor.resolve(schema).properties
    if "method" in known:
        made["method"] = _methods(routes, template)[0]
    if "hints" in known:
        made["hints"] = {
            "allow": [http for http in _methods(routes, template) if http not in _unknown(inventor, known)]
        }
    return made


def _unknown(inventor: Inventor, link: Mapping[str, Schema]) -> set[str]:
    """The HTTP methods that the hints of a link can't name: Okta's schema has no PATCH."""
    allow = inventor.resolve(inventor.resolve(link["hints"]).properties.get("allow", Schema()))
    known = inventor.resolve(allow.items or Schema()).enum
    return set(_ALLOWED).difference(known) if known else set()


def _methods(routes: Routes, template: str) -> list[str]:
    """The HTTP methods of a path."""
    return [http for http in _ALLOWED if routes.at(template, http) is not None]
