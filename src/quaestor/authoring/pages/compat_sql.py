"""The statements and manifests that StackQL's generator 0.4.6 printed, to the blank.

Before: `compat` has read a method. After: they stand on its page. None of this is how our own pages write SQL.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from quaestor.authoring.pages.compat import Method

_BARE = ("number", "integer", "boolean")


def statement(address: str, method: Method, columns: list[str]) -> str:
    """The example of a method; `columns` are those of its answer, in their order."""
    if method.verb == "select":
        return _select(address, method, columns)
    if method.verb == "insert":
        return _insert(address, method, columns)
    if method.verb == "delete":
        return _delete(address, method)
    if method.verb == "exec":
        return _exec(address, method)
    return _update(address, method, columns)


def _select(address: str, method: Method, columns: list[str]) -> str:
    conditions = [f"{name} = '{{{{ {name} }}}}' -- required" for name in method.required]
    conditions += [f"{name} = '{{{{ {name} }}}}'" for name in method.optional]
    where = "\nWHERE " + "\nAND ".join(conditions) if conditions else ""
    return "SELECT\n" + (",\n".join(columns) or "*") + f"\nFROM {address}{where}\n;"


def _insert(address: str, method: Method, columns: list[str]) -> str:
    body = _writable(method)
    names = [f"data__{name}" for name in body] + [*method.required, *method.optional]
    values = [
        _value(name, schema) + (" /* required */" if name in method.body_required else "")
        for name, schema in body.items()
    ]
    values += [f"'{{{{ {name} }}}}'" for name in (*method.required, *method.optional)]
    listed, given = ",\n".join(names), ",\n".join(values)
    return f"INSERT INTO {address} (\n{listed}\n)\nSELECT \n{given}{_returning(columns)}\n;"


def _update(address: str, method: Method, columns: list[str]) -> str:
    body = _writable(method)
    listed = ",\n".join(f"data__{name} = {_value(name, schema)}" for name, schema in body.items())
    conditions = [f"{name} = '{{{{ {name} }}}}' --required" for name in method.required]
    conditions += [
        f"data__{name} = {_flag(name, body[name])} --required" for name in method.body_required if name in body
    ]
    conditions += [f"{name} = {_loose(name, column.type)}" for name, column in method.optional.items()]
    where = "\nAND ".join(conditions)
    return (
        f"{method.verb.upper()} {address}\nSET \n{listed or '-- No updatable properties'}\nWHERE \n{where}"
        f"{_returning(columns)}\n;"
    )


def _delete(address: str, method: Method) -> str:
    conditions = [f"{name} = '{{{{ {name} }}}}' --required" for name in method.required]
    conditions += [f"{name} = '{{{{ {name} }}}}'" for name in method.optional]
    where = "\nWHERE " + "\nAND ".join(conditions) if conditions else ""
    return f"DELETE FROM {address}{where}\n;"  # noqa: S608 - an example on a page, run by nobody here


def _exec(address: str, method: Method) -> str:
    given = [f"@{name}='{{{{ {name} }}}}' --required" for name in method.required]
    given += [
        f"@{name}={_bare(name) if column.type == 'boolean' else _quoted(name)}"
        for name, column in method.optional.items()
    ]
    body = _writable(method)
    text = f"EXEC {address}.{method.name} \n" + ", \n".join(given)
    if body:
        members = ", \n".join(f'"{name}": {_json(name, schema)}' for name, schema in body.items())
        text += f" \n@@json=\n'{{\n{members}\n}}'"
    return text + "\n;"


def _writable(method: Method) -> dict[str, dict[str, Any]]:
    return {name: schema for name, schema in method.body.items() if schema.get("readOnly") is not True}


def _bare(name: str) -> str:
    return f"{{{{ {name} }}}}"


def _quoted(name: str) -> str:
    return f"'{{{{ {name} }}}}'"


def _value(name: str, schema: dict[str, Any]) -> str:
    return _bare(name) if schema.get("type") in _BARE else _quoted(name)


def _flag(name: str, schema: dict[str, Any]) -> str:
    return _bare(name) if schema.get("type") == "boolean" else _quoted(name)


def _loose(name: str, kind: str) -> str:
    """A placeholder with the generator's missing blank."""
    return f"{{{{ {name}}}}}" if kind == "boolean" else f"'{{{{ {name}}}}}'"


def _json(name: str, schema: dict[str, Any]) -> str:
    return _bare(name) if schema.get("type") in _BARE else f'"{{{{ {name} }}}}"'


def _returning(columns: Iterable[str]) -> str:
    listed = ",\n".join(columns)
    return f"\nRETURNING\n{listed}" if listed else ""


def manifest(resource: str, inserts: list[Method]) -> str:
    """The YAML of a manifest's entry: required parameters, properties of the bodies, optional parameters."""
    lines = ["# Description fields are for documentation purposes", f"- name: {resource}", "  props:"]
    required = {name: column for method in reversed(inserts) for name, column in method.required.items()}
    optional = {name: column for method in reversed(inserts) for name, column in method.optional.items()}
    texts = {name: text for method in reversed(inserts) for name, text in method.texts.items()}
    body = {name: schema for method in reversed(inserts) for name, schema in _writable(method).items()}
    for name, column in required.items():
        lines += [f"    - name: {name}", f"      value: {column.type}"]
        lines.append(f"      description: Required parameter for the {resource} resource.")
    for name, schema in body.items():
        lines += [f"    - name: {name}", f"      value: {schema.get('type') or 'string'}"]
        lines += _property(schema)
    for name, column in optional.items():
        lines += [f"    - name: {name}", f"      value: {column.type}"]
        lines += [f"      description: {texts[name]}"] if texts[name] else []
    return "\n".join(lines)


def _property(schema: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    text = schema.get("description") or ""
    if text:
        # The generator wanted to wrap the text; its pattern meets only the last line, and none after a line's end.
        lines += ["      description: >", f"        {text}", *([] if text.endswith("\n") else [" " * 8])]
    if schema.get("enum"):
        listed = ", ".join(f"'{_plain(value)}'" for value in schema["enum"])
        lines.append(f"      valid_values: [{listed}]")
    if "default" in schema:
        lines.append(f"      default: {_plain(schema['default'])}")
    return lines


def _plain(value: Any) -> str:
    """A value as JavaScript prints it into a text."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
