"""Single keywords of OpenAPI's schemas and operations, reduced to facts.

Before: `catalog.openapi` walks a document. After: it puts together what these find.
"""

from __future__ import annotations

import re

from quaestor.catalog import document
from quaestor.catalog.model import Schema
from quaestor.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: A default that is longer is somebody's text, not a fact.
_MAX_DEFAULT = 60

_SECRET = re.compile(
    r"(?:^|[_a-z])(?:[Pp]assword|[Pp]assphrase|[Ss]ecret|[Ss]ecret_?[Kk]ey|[Pp]rivate_?[Kk]ey|[Aa]pi_?[Kk]ey|[Aa]ccess_?[Tt]oken"
    r"|[Rr]efresh_?[Tt]oken|[Cc]lient_?[Ss]ecret|[Aa]uth_?[Tt]oken|[Aa]pi_?[Tt]oken)\Z"
)


def secret_name(name: str) -> bool:
    """Whether a property of this name holds a credential or key."""
    return _SECRET.search(name) is not None


def with_secret(name: str, schema: Schema) -> Schema:
    """The schema of a property of this name, marked where it holds a credential."""
    scalar = schema.type in ("string", "") and not schema.ref and not schema.properties and not schema.one_of
    hidden = schema.format == "password" or (scalar and schema.type == "string" and secret_name(name))
    return replace(schema, secret=True) if hidden and not schema.secret else schema


def flags_of(node: dict[str, Any]) -> dict[str, Any]:
    """Those that may stand beside a `$ref` too."""
    spelled = {"nullable": "nullable", "readOnly": "read_only", "writeOnly": "write_only", "deprecated": "deprecated"}
    flags = {ours: True for theirs, ours in spelled.items() if node.get(theirs) is True}
    if node.get("format") == "password":
        flags["secret"] = True
    return flags


def flagged(schema: Schema, other: Schema) -> Schema:
    """`schema` with the flags of `other` as well."""
    raised = {
        flag: True
        for flag in ("nullable", "read_only", "write_only", "deprecated", "secret")
        if getattr(other, flag) and not getattr(schema, flag)
    }
    return replace(schema, **raised) if raised else schema


def says_something(schema: Schema) -> bool:
    """Whether more than flags and a bare `type: object` is there."""
    if schema.ref:
        return True
    quiet = ("nullable", "read_only", "write_only", "deprecated", "secret", "default")
    return any(
        getattr(schema, field) != Schema.__defaults__[field]
        for field in Schema.__fields__
        if field not in quiet and not (field == "type" and schema.type == "object")
    )


def format_of(value: Any) -> str:
    """The name of a format; what some documents write there instead is prose."""
    return value if isinstance(value, str) and re.fullmatch(r"[\w.+-]{1,40}", value) else ""


def default_of(value: Any) -> Any:
    """A default that is a fact: one that is long or has lines is somebody's text."""
    if isinstance(value, str) and (len(value) > _MAX_DEFAULT or "\n" in value):
        return None
    return value


def limits_of(node: dict[str, Any]) -> dict[str, Any]:
    """The bounds of a value, by the names of `Schema`'s fields."""
    spelled = {
        "minimum": "minimum",
        "maximum": "maximum",
        "minLength": "min_length",
        "maxLength": "max_length",
        "minItems": "min_items",
        "maxItems": "max_items",
    }
    limits: dict[str, Any] = {
        ours: node[theirs]
        for theirs, ours in spelled.items()
        if isinstance(node.get(theirs), int | float) and not isinstance(node[theirs], bool)
    }
    if isinstance(node.get("pattern"), str):
        limits["pattern"] = node["pattern"]
    return limits


def permissions_of(node: dict[str, Any]) -> tuple[str, ...]:
    """Datadog's `x-permission`: {operator: AND | OR | OPEN, permissions: [...]}."""
    names = tuple(str(name) for name in document.sequence(node.get("permissions"), "x-permission"))
    if str(node.get("operator", "")).upper() == "OR" and len(names) > 1:
        return (" or ".join(names),)
    return names


def lifecycle_of(own: dict[str, Any]) -> str:
    """`ga`, `beta`, `ea` or `deprecated`, by an operation's `deprecated` and the vendors' keys for the rest."""
    stage = own.get("x-okta-lifecycle")
    said = str(stage.get("lifecycle", "")).upper() if isinstance(stage, dict) else ""
    if own.get("deprecated") is True or said in ("DEPRECATED", "TOMBSTONE"):
        return "deprecated"
    if "x-unstable" in own or said == "BETA":
        return "beta"
    return "ea" if said in ("EA", "LIMITED_GA") else "ga"
