"""YAML and JSON documents, read within bounds and written the same way every time.

Before: a file of ours (facts, names, overlays) or of somebody else's (an OpenAPI document).
After: `catalog.openapi`, `catalog.facts` and `authoring` look at plain dicts, lists and scalars.

YAML is 1.2: `on` and `NO` stay text, a date stays text. Aliases (`*name`) are written out, but their size is counted
first: nine of them in a row would fill the memory of any reader.
"""

from __future__ import annotations

import json
import os
import re

from quaestor.catalog.duplicates import repeated
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

#: The largest document that is read, in bytes. The largest known spec (Microsoft Graph) has 35 MB.
MAX_BYTES = 64 * 1024 * 1024
#: The largest document of StackQL's format that is read; the largest published one has 5 MB.
MAX_FOREIGN_BYTES = 32 * 1024 * 1024
#: How many commas and lines a document may have.
MAX_NODES = 4_000_000
#: How deep mappings and lists may nest.
MAX_DEPTH = 150
#: Block style ends and flow style (`{a: 1}`) begins where a value fits into the rest of such a line.
WIDTH = 116

# Patterns as text: a cold statement imports this module, needs none of them, and compiling one takes a millisecond.
_ANCHOR = r"(?m)(?:^|[:\-?,\[{]) *&([\w.-]+)(?=[ \n])"
_PLAIN = r"(?a)[A-Za-z_$./][\w$./*@+ -]*(?<! )\Z"
_PLAIN_BLOCK = r"(?a)[A-Za-z_$./][\w$./*@+{}()\[\], =:#%?&~;|<>^-]*(?<![ :])\Z"
_NUMBER = r"(?i)[-+.]?[0-9]|[-+]?\.(inf|nan)"
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}


def read(path: str, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """The mapping that the YAML or JSON file at `path` holds. Raises CatalogError, naming the file, if there is
    no such file, it is larger than `max_bytes`, not UTF-8, not a mapping, or nests too deep."""
    try:
        size = os.stat(path).st_size
        if size > max_bytes:
            raise CatalogError(f"{path} has {size:,} bytes, more than the {max_bytes:,} that a document may have")
        with open(path, encoding="utf-8") as file:
            text = file.read(max_bytes + 1)
    except OSError as error:
        raise CatalogError(f"can't read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path} is not UTF-8 text: byte {error.start}") from error
    return parse(text, path)


def parse(text: str, source: str) -> dict[str, Any]:
    """The mapping that a text holds; `source` names it in errors. Raises CatalogError as `read` does."""
    try:
        _check_nodes(text, source)
        is_json = text.lstrip()[:1] == "{"
        value = json.loads(text, object_pairs_hook=_distinct) if is_json else _yaml(text, source)
    except RecursionError as error:
        raise CatalogError(f"{source} nests deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise CatalogError(f"{source} is not YAML or JSON: {error}") from error
    if not isinstance(value, dict):
        raise CatalogError(f"{source} should hold a mapping at its top, not {_kind(value)}")
    _bounded(value, source)
    return value


def _check_nodes(text: str, source: str) -> None:
    """Refuses a text with more values than a document may have: every one of them ends at a comma or a line."""
    count = text.count(",") + text.count("\n")
    if count > MAX_NODES:
        raise CatalogError(
            f"{source} has about {count:,} values, more than the {MAX_NODES:,} that a document may have"
        )


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Raises ValueError for a key that it says twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} is there twice")
    return found


def _yaml(text: str, source: str) -> Any:
    import yaml12  # 6 ms, and a cold statement never gets here

    anchors = set(re.findall(_ANCHOR, text))
    if anchors and (size := _expanded(text, anchors, source)) > MAX_BYTES:
        raise CatalogError(
            f"{source} repeats so much by its YAML aliases that it has {size:,} bytes written out, more than the "
            f"{MAX_BYTES:,} that a document may have"
        )
    if re.search(r"(?m)^---(?=\s)", text.lstrip().removeprefix("---")):
        raise CatalogError(f"{source} holds more than one document")
    value = yaml12.parse_yaml(text)
    twice = repeated(text)
    if twice is not None:
        raise CatalogError(f"{source}: line {twice[1]}: the key {twice[0]!r} is there twice")
    return value


def _expanded(text: str, anchors: set[str], source: str) -> int:
    """How long a text is at most with its aliases written out: what an anchor stands for is taken to be all lines
    below it that are indented more. Raises CatalogError for one that stands for itself."""
    alias = re.compile(r"(?m)(?:^|[:\-?,\[{]) *\*(" + "|".join(map(re.escape, sorted(anchors))) + r")(?![\w.-])")
    extents = {name: _extents(text, name) for name in anchors}
    sizes: dict[str, int] = {}

    def size(name: str, above: tuple[str, ...]) -> int:
        if name in above:
            raise CatalogError(f"{source}: the YAML anchor {name} stands for itself")
        if name not in sizes:
            sizes[name] = max(
                len(part) + sum(size(each, (*above, name)) for each in alias.findall(part)) for part in extents[name]
            )
        return sizes[name]

    return len(text) + sum(size(name, ()) for name in alias.findall(text))


def _extents(text: str, name: str) -> list[str]:
    found: list[str] = []
    for match in re.finditer(r"&" + re.escape(name) + r"(?=[ \n])", text):
        start = text.rfind("\n", 0, match.start()) + 1
        indent = len(text[start:]) - len(text[start:].lstrip(" "))
        end = text.find("\n", match.end())
        while end >= 0:
            line_end = text.find("\n", end + 1)
            line = text[end + 1 : line_end if line_end >= 0 else len(text)]
            depth = len(line) - len(line.lstrip(" "))
            if line.strip() and depth <= indent and not (depth == indent and line.lstrip(" ").startswith("- ")):
                break
            end = line_end
        found.append(text[match.end() : end if end >= 0 else len(text)])
    return found


_SCALARS = (str, int, float, type(None))


def _bounded(value: Any, source: str) -> None:
    """Refuses nesting beyond MAX_DEPTH, lists and mappings as keys, and values with a tag (`!!python/…`)."""
    stack: list[tuple[Any, int]] = [(value, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise CatalogError(f"{source} nests deeper than {MAX_DEPTH} levels")
        if isinstance(node, dict):
            odd = next((key for key in node if not isinstance(key, str | int | float | None)), None)
            if odd is not None:
                raise CatalogError(f"{source} has a key that is no text: {odd!r}"[:200])
            if "<<" in node:  # of YAML 1.1; what it would bring in would be missing without a word
                raise CatalogError(f"{source} has a merge key (<<), which YAML 1.2 doesn't know", hint="write it out")
            stack.extend((child, depth + 1) for child in node.values() if not isinstance(child, _SCALARS))
        elif isinstance(node, list):
            stack.extend((child, depth + 1) for child in node if not isinstance(child, _SCALARS))
        else:
            raise CatalogError(
                f"{source} has a value with a tag, {getattr(node, 'tag', type(node).__name__)!r}"[:200]
            )


def mapping(value: Any, where: str) -> dict[str, Any]:
    """A value that should be a mapping; nothing counts as an empty one. Raises CatalogError, naming `where`."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CatalogError(f"{where} should be a mapping, not {_kind(value)}")
    return value


def sequence(value: Any, where: str) -> list[Any]:
    """A value that should be a list; nothing counts as an empty one. Raises CatalogError, naming `where`."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise CatalogError(f"{where} should be a list, not {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    names = {
        list: "a list",
        str: "text",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        type(None): "nothing",
    }
    return names.get(type(value), type(value).__name__)


def write(value: Mapping[str, Any], *, comment: str = "") -> str:
    """YAML 1.2 that reads back as `value`, the same bytes every time: keys in their order, one line for whatever
    fits on one. `comment` comes first, a `#` before each of its lines."""
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    if value:
        _block(value, 0, lines)
    else:
        lines.append("{}")
    return "\n".join(lines) + "\n"


def _block(value: Mapping[str, Any] | list[Any], indent: int, lines: list[str]) -> None:
    pad = " " * indent
    if isinstance(value, list):
        for item in value:
            _entry(pad + "-", item, indent + 2, lines)
        return
    for key, item in value.items():
        _entry(
            f"{pad}{_scalar(key, _PLAIN_BLOCK if ': ' not in key and ' #' not in key else _PLAIN)}:",
            item,
            indent + 2,
            lines,
        )


def _entry(start: str, value: Any, indent: int, lines: list[str]) -> None:
    if isinstance(value, str):
        safe = ": " not in value and " #" not in value
        lines.append(f"{start} {_scalar(value, _PLAIN_BLOCK if safe else _PLAIN)}")
        return
    flow = _flow(value, WIDTH - len(start) - 1) if _shallow(value) else None
    if flow is not None:
        lines.append(f"{start} {flow}")
    elif value:
        lines.append(start)
        _block(value, indent, lines)
    else:  # an empty mapping or list at the very edge of a line
        lines.append(f"{start} {'{}' if isinstance(value, dict) else '[]'}")


def _shallow(value: Any) -> bool:
    """Whether a value is easily read on one line: no mapping within a mapping within it."""
    if isinstance(value, dict):
        return not any(
            isinstance(item, dict) and any(isinstance(v, dict) for v in item.values()) for item in value.values()
        )
    if isinstance(value, list):
        return all(_shallow(item) for item in value)
    return True


def _flow(value: Any, room: int) -> str | None:
    if isinstance(value, dict):
        parts = [f"{_scalar(key, _PLAIN)}: {_flow_or_scalar(item)}" for key, item in value.items()]
        text = "{" + ", ".join(parts) + "}"
    elif isinstance(value, list):
        text = "[" + ", ".join(_flow_or_scalar(item) for item in value) + "]"
    else:
        return _scalar(value, _PLAIN)
    return text if len(text) <= room else None


def _flow_or_scalar(value: Any) -> str:
    if isinstance(value, dict | list):
        text = _flow(value, 10**9)
        assert text is not None
        return text
    return _scalar(value, _PLAIN)


def _scalar(value: Any, plain: str) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if re.match(plain, value) and value.lower() not in _RESERVED and not re.match(_NUMBER, value):
        return value
    return json.dumps(value, ensure_ascii=False)


def pointed(root: Any, pointer: str) -> Any:
    """What a JSON pointer leads to, as `$ref`s write it (RFC 6901, with braces escaped or not).

    Raises LookupError for one that leads nowhere.
    """
    node = root
    for part in pointer.split("/")[1:] if pointer else ():
        name = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
        if isinstance(node, list) and name.isdigit() and int(name) < len(node):
            node = node[int(name)]
        elif isinstance(node, dict) and name in node:
            node = node[name]
        else:
            raise LookupError(pointer)
    return node
