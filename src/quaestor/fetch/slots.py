"""A bound value as it is written where it stands in a request: a segment of the path, the query, a header, a body.

A value stays in its slot: whatever it holds, it can neither end a path segment, nor add a query parameter or a
header. What a parameter can't take is a BindError. Before: `fetch.request` and `fetch.server` have a parameter and
its value. After: they put the text in.
"""

from __future__ import annotations

from quaestor.errors import BindError, CatalogError
from quaestor.fetch.url import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from quaestor.catalog.model import Parameter

    #: What a parameter can be bound to. None is the same as not bound. Lists and objects may also be JSON text.
    Value: TypeAlias = "str | int | float | bool | list[Any] | tuple[Any, ...] | dict[str, Any] | None"

#: OpenAPI 3.0, Parameter Object, `style`: what stands between the items of an array that isn't exploded.
_DELIMITERS = {"form": ",", "simple": ",", "spaceDelimited": "%20", "pipeDelimited": "|", "": ","}


# --- the path ---------------------------------------------------------------------------------------------------


def template_parts(template: str) -> list[str]:
    """A template cut into literal text and `{name}`s. Raises CatalogError for one that is broken."""
    out: list[str] = []
    rest = template
    while rest:
        literal, brace, after = rest.partition("{")
        if literal:
            out.append(literal)
        if not brace:
            break
        name, closed, rest = after.partition("}")
        if not closed:
            raise CatalogError(f"the template {template!r} has an open brace")
        out.append(f"{{{name}}}")
    return out


def segment_text(parameter: Parameter, text: str) -> str:
    """A text as one segment of a path, encoded."""
    if not text:  # `/users//factors` is another resource than `/users/{userId}/factors`
        raise BindError(f"{parameter.name} can't be empty")
    return quoted(parameter, text)


# --- query and headers ------------------------------------------------------------------------------------------


def query_parts(parameter: Parameter, value: Value) -> list[str]:
    """`name=value` parts, encoded, by the parameter's style (OpenAPI 3.0, Parameter Object)."""
    name = quote(parameter.wire)
    if parameter.style in _AWS_STYLES:
        return _aws_parts(parameter, name, _structure(parameter, value))
    if parameter.type == "object" or isinstance(value, dict):
        return _object_parts(parameter, name, _object(parameter, value))
    if parameter.type != "array" and not isinstance(value, list | tuple):
        return [f"{name}={quoted(parameter, text_of(parameter, value))}"]
    items = [quoted(parameter, item) for item in items_of(parameter, value)]
    if parameter.explode and parameter.style in ("", "form"):
        return [f"{name}={item}" for item in items]
    if not items:
        return []
    return [f"{name}={_DELIMITERS.get(parameter.style, ',').join(items)}"]


#: How AWS writes lists into a query: `Tags.member.1.Key` (its query protocol), `Tag.1.Key` (EC2's).
_AWS_STYLES = {"aws_query": "member.", "aws_ec2": ""}


def _aws_parts(parameter: Parameter, name: str, value: Any) -> list[str]:
    """`name.member.1.Key=…`: lists by number from 1, objects by key.

    Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html and …/aws-ec2-query-protocol.html
    """
    if isinstance(value, dict):
        return [
            part
            for key, member in value.items()
            if member is not None
            for part in _aws_parts(parameter, f"{name}.{quoted(parameter, key)}", member)
        ]
    if isinstance(value, list | tuple):
        between = _AWS_STYLES[parameter.style]
        return [
            part
            for number, member in enumerate(value, 1)
            for part in _aws_parts(parameter, f"{name}.{between}{number}", member)
        ]
    return [f"{name}={quoted(parameter, text_of(parameter, value))}"]


def _structure(parameter: Parameter, value: Value) -> Any:
    """The list or object that JSON text says; a single value for a list is a list of one."""
    if parameter.type not in ("array", "object"):
        return value
    parsed = _json(value) if isinstance(value, str) else value
    parsed = value if parsed is None else parsed
    return [parsed] if parameter.type == "array" and not isinstance(parsed, list | tuple) else parsed


def _object_parts(parameter: Parameter, name: str, members: dict[str, Any]) -> list[str]:
    if parameter.style == "deepObject":
        return _deep(parameter, name, members)
    pairs = [
        (quoted(parameter, key), quoted(parameter, text_of(parameter, member)))
        for key, member in members.items()
        if member is not None
    ]
    if parameter.explode:
        return [f"{key}={member}" for key, member in pairs]
    return [f"{name}={','.join(text for pair in pairs for text in pair)}"] if pairs else []


def _deep(parameter: Parameter, name: str, value: Any) -> list[str]:
    """`filter[status][name]=x`; items of a list repeat the name."""
    if isinstance(value, dict):
        return [
            part
            for key, member in value.items()
            if member is not None
            for part in _deep(parameter, f"{name}%5B{quoted(parameter, key)}%5D", member)
        ]
    if isinstance(value, list | tuple):
        return [part for item in value for part in _deep(parameter, name, item)]
    return [f"{name}={quoted(parameter, text_of(parameter, value))}"]


def header_text(parameter: Parameter, value: Value) -> str:
    """A value as a header has it: a list with commas between."""
    if parameter.type == "array" or isinstance(value, list | tuple):
        text = ",".join(items_of(parameter, value))
    else:
        text = text_of(parameter, value)
    if not text.isascii() or text != text.strip() or any(char < " " or char == "\x7f" for char in text):
        raise BindError(
            f"{parameter.name} goes into a header, which holds no controls, non-ASCII, or blanks round it"
        )
    return text


# --- bodies -----------------------------------------------------------------------------------------------------


def member_of(parameter: Parameter, value: Value) -> Any:
    """A value as a JSON body has it. Raises BindError for what isn't of the parameter's type."""
    if parameter.type in ("array", "object"):
        found = _structure(parameter, value)
        if parameter.type == "object" and not isinstance(found, dict):
            raise BindError(f"{parameter.name} takes a JSON object, not {value!r}")
        return list(found) if isinstance(found, tuple) else found
    if isinstance(value, list | tuple | dict):
        raise BindError(f"{parameter.name} takes a single value, not {_kind(value)}")
    if parameter.type == "boolean":
        known = {"true": True, "false": False, "1": True, "0": False}
        if text_of(parameter, value) not in known:
            raise BindError(f"{parameter.name} can't be {value!r}: it is true or false")
        return known[text_of(parameter, value)]
    if parameter.type in ("integer", "number"):
        text = text_of(parameter, value)
        try:
            return int(text) if parameter.type == "integer" or text.lstrip("-").isdigit() else float(text)
        except ValueError as error:
            raise BindError(f"{parameter.name} can't be {value!r}: it is a number") from error
    return text_of(parameter, value)


# --- values -----------------------------------------------------------------------------------------------------


def quoted(parameter: Parameter, text: str) -> str:
    """A text, percent-encoded."""
    try:
        return quote(text)
    except UnicodeEncodeError as error:
        raise BindError(f"{parameter.name} has a lone surrogate at {error.start}, which can't be sent") from error


def items_of(parameter: Parameter, value: Value) -> list[str]:
    """A value as a list of texts; JSON text of an array is that array."""
    if isinstance(value, str) and parameter.type == "array" and value.lstrip().startswith("["):
        parsed = _json(value)
        value = parsed if isinstance(parsed, list) else [value]
    if not isinstance(value, list | tuple):
        value = [value]
    return [text_of(parameter, item) for item in value if item is not None]


def _object(parameter: Parameter, value: Value) -> dict[str, Any]:
    parsed = _json(value) if isinstance(value, str) else value
    if not isinstance(parsed, dict):
        raise BindError(f"{parameter.name} takes a JSON object", hint=f"""{parameter.name} = '{{"key": "value"}}'""")
    return parsed


def _json(text: str) -> Any:
    """The value that JSON text stands for, None if it isn't JSON."""
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def text_of(parameter: Parameter, value: Any) -> str:
    """A single value as the wire has it: `true` and `false`, whole numbers without a fraction."""
    kind = parameter.item_type if parameter.type == "array" and parameter.item_type else parameter.type
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or (kind == "boolean" and value in (0, 1)):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise BindError(f"{parameter.name} can't be {value}")
        return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    raise BindError(f"{parameter.name} takes a single value, not {_kind(value)}")


def _kind(value: object) -> str:
    return {"dict": "an object", "list": "a list", "tuple": "a list", "bytes": "a blob"}.get(
        type(value).__name__, f"a {type(value).__name__}"
    )
