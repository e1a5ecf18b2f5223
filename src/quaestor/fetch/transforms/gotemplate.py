"""A small interpreter of Go's text/template: the subset that provider documents use.

Actions: `if … else if … else … end`, `range` over lists, maps (by key) and with `$i, $v :=`, `with`, variables by
`:=` and `=`, pipelines, parentheses, fields (`.a.b`, `$x.a`), literals, comments, `{{-` and `-}}`. The functions are
those of `_FUNCTIONS`. Whatever else stands in a template is a CatalogError that names it: nothing is skipped.

Source: https://pkg.go.dev/text/template. One thing is different: `{{{-` is a brace and `{{-`, where Go gives up;
published documents have it.
Before: `transforms` has a template and an answer's body. After: text, nearly always JSON, that `decode` reads.
"""

from __future__ import annotations

import json
import re
from collections import ChainMap

from quaestor.errors import CatalogError, DecodeError
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

#: Longest template and longest text that one may make, in characters.
MAX_TEMPLATE = 100_000
MAX_OUTPUT = 256 * 1024 * 1024

_ACTION = re.compile(r"\{\{(-(?=\s))?(.*?)(?:(?<=\s)(-))?\}\}", re.S)
_TOKEN = re.compile(
    r"""\s*(?: (?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`) | (?P<number>-?\d+(?:\.\d+)?) | (?P<declare>:=) |
    (?P<mark>[=(),|]) | (?P<variable>\$\w*) | (?P<field>\.[A-Za-z_]\w*) | (?P<dot>\.) | (?P<word>[A-Za-z_]\w*) )""",
    re.X,
)


class Node(Record):
    """A part of a template: `kind` is text, print, if, range, with or set."""

    kind: str
    text: str = ""
    pipe: tuple[Any, ...] = ()
    names: tuple[str, ...] = ()
    declares: bool = False
    body: tuple[Node, ...] = ()
    otherwise: tuple[Node, ...] = ()


def parse(template: str) -> tuple[Node, ...]:
    """The parts of a template. Raises CatalogError for what the subset doesn't have."""
    if len(template) > MAX_TEMPLATE:
        raise CatalogError(f"a template of {len(template):,} characters is too long: {MAX_TEMPLATE:,} are the most")
    pieces = list(_pieces(template))
    nodes, rest, _ = _block(pieces, 0, ())
    if rest != len(pieces):
        raise CatalogError(f"a template has {{{{ {pieces[rest][1]} }}}} that belongs to nothing")
    return nodes


def execute(nodes: tuple[Node, ...], data: Any) -> str:
    """The text that a parsed template makes of `data`. Raises DecodeError where the data doesn't fit it."""
    out: list[str] = []
    _Run(out).all(nodes, data, ChainMap({"$": data}))
    return "".join(out)


# -- parsing


def _pieces(template: str) -> Iterator[tuple[str, str]]:
    """("text", …) and ("action", …), blanks trimmed as the dashes say."""
    at = 0
    trim = False
    while True:
        match = _ACTION.search(template, at)
        if match is None:
            text = template[at:]
            if "{{" in text:
                raise CatalogError("a template has {{ without its }}")
            yield "text", text.lstrip() if trim else text
            return
        start = match.start()
        if template.startswith("{{{", start):  # the first brace is text
            match = _ACTION.search(template, start + 1) or match
            start = match.start()
        text = template[at:start]
        text = text.lstrip() if trim else text
        yield "text", text.rstrip() if match[1] else text
        body = match[2].strip()
        if not (body.startswith("/*") and body.endswith("*/")):
            yield "action", body
        at, trim = match.end(), bool(match[3])


def _block(pieces: list[tuple[str, str]], at: int, ends: tuple[str, ...]) -> tuple[tuple[Node, ...], int, str]:
    """Nodes until an action that starts with one of `ends`; where that is, and its text."""
    nodes: list[Node] = []
    while at < len(pieces):
        kind, text = pieces[at]
        if kind == "text":
            if text:
                nodes.append(Node("text", text))
            at += 1
            continue
        word, _, rest = text.partition(" ")
        if word in ends:
            return tuple(nodes), at, text
        if word in ("if", "with", "range"):
            node, at = _compound(word, rest, pieces, at + 1)
            nodes.append(node)
        elif word in ("else", "end"):
            break
        else:
            nodes.append(_simple(text))
            at += 1
    if ends:
        raise CatalogError("a template has a block without its {{ end }}")
    return tuple(nodes), at, ""


def _compound(word: str, rest: str, pieces: list[tuple[str, str]], at: int) -> tuple[Node, int]:
    names, _, pipe = _pipeline(rest, word)
    body, at, stop = _block(pieces, at, ("else", "end"))
    otherwise: tuple[Node, ...] = ()
    if stop.startswith("else"):
        again = stop.removeprefix("else").strip()
        if again.startswith("if "):
            node, at = _compound("if", again[3:], pieces, at + 1)
            return Node(word, pipe=pipe, names=names, body=body, otherwise=(node,)), at
        otherwise, at, stop = _block(pieces, at + 1, ("end",))
    return Node(word, pipe=pipe, names=names, body=body, otherwise=otherwise), at + 1


def _simple(text: str) -> Node:
    names, declares, pipe = _pipeline(text, "")
    return Node("set" if names else "print", pipe=pipe, names=names, declares=declares)


def _tokens(text: str) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise CatalogError(f"a template has {text[at:].strip()[:30]!r}, which isn't understood")
        kind = str(match.lastgroup)
        value = match[kind]
        glued = match.start(kind) == at and at > 0
        out.append(("glued" if kind == "field" and glued else kind, value))
        at = match.end()
    return out


def _pipeline(text: str, word: str) -> tuple[tuple[str, ...], bool, tuple[Any, ...]]:
    """The variables that an action sets, whether it declares them, and its commands."""
    tokens = _tokens(text)
    names: tuple[str, ...] = ()
    declares = False
    for index, (kind, value) in enumerate(tokens):
        if kind == "declare" or (kind == "mark" and value == "="):
            names = tuple(v for k, v in tokens[:index] if k == "variable")
            declares = kind == "declare"
            tokens = tokens[index + 1 :]
            break
    if len(names) > (2 if word == "range" else 1):
        raise CatalogError(f"a template sets too many variables at once: {text.strip()!r}")
    commands, rest = _commands(tokens, 0)
    if rest != len(tokens):
        raise CatalogError(f"a template has {text.strip()!r}, which isn't understood")
    return names, declares, commands


def _commands(tokens: list[tuple[str, str]], at: int) -> tuple[tuple[Any, ...], int]:
    """Commands between bars, each a tuple of operands."""
    commands: list[tuple[Any, ...]] = []
    command: list[Any] = []
    while at < len(tokens) and tokens[at] != ("mark", ")"):
        kind, value = tokens[at]
        at += 1
        if (kind, value) == ("mark", "|"):
            commands.append(tuple(command))
            command = []
        elif (kind, value) == ("mark", "("):
            inner, at = _commands(tokens, at)
            if at >= len(tokens):
                raise CatalogError("a template has ( without its )")
            at += 1
            command.append(("pipe", inner, ()))
        elif kind == "glued":
            if not command:
                raise CatalogError(f"a template has {value!r} behind nothing")
            name, inner, path = command[-1]
            command[-1] = (name, inner, (*path, value[1:]))
        else:
            command.append(_operand(kind, value))
    commands.append(tuple(command))
    if not all(commands):
        raise CatalogError("a template has an empty action")
    return tuple(commands), at


def _operand(kind: str, value: str) -> tuple[str, Any, tuple[str, ...]]:
    if kind == "string":
        return "value", value[1:-1] if value[0] == "`" else _unquoted(value), ()
    if kind == "number":
        return "value", float(value) if "." in value else int(value), ()
    if kind == "field":
        return "dot", None, (value[1:],)
    if kind == "word":
        constants = {"true": True, "false": False, "nil": None}
        if value in constants:
            return "value", constants[value], ()
        if value not in _FUNCTIONS and value not in ("and", "or"):
            raise CatalogError(f"a template calls {value}, which isn't known here")
        return "call", value, ()
    if kind in ("dot", "variable"):
        return kind, value, ()
    raise CatalogError(f"a template has {value!r} where a value should be")


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError as error:
        raise CatalogError(f"a template has {text}, a string that isn't understood") from error


# -- running


class _Run:
    """One execution: the output, and how deep it is."""

    def __init__(self, out: list[str]) -> None:
        self._out = out
        self._size = 0

    def all(self, nodes: tuple[Node, ...], dot: Any, variables: ChainMap[str, Any]) -> None:
        """Runs nodes; a block's own variables end with it, those set by `=` belong to whoever declared them."""
        for node in nodes:
            self._one(node, dot, variables)

    def _one(self, node: Node, dot: Any, variables: ChainMap[str, Any]) -> None:
        if node.kind == "text":
            self._write(node.text)
            return
        value = self._pipe(node.pipe, dot, variables)
        if node.kind == "print":
            self._write(printed(value))
        elif node.kind == "set":
            if node.declares:
                variables[node.names[0]] = value  # in the innermost scope
            else:
                _assign(variables, node.names[0], value)
        elif node.kind == "range":
            self._range(node, value, dot, variables)
        else:
            own = variables.new_child()
            if node.names:
                own[node.names[0]] = value
            inside = value if node.kind == "with" and truth(value) else dot
            self.all(node.body if truth(value) else node.otherwise, inside, own)

    def _range(self, node: Node, value: Any, dot: Any, variables: ChainMap[str, Any]) -> None:
        items: list[tuple[Any, Any]]
        if isinstance(value, dict):
            items = sorted(value.items())
        elif isinstance(value, list):
            items = list(enumerate(value))
        elif value is None:
            items = []
        else:
            raise DecodeError(f"a template goes over {_kind(value)}, which has no items")
        if not items:
            self.all(node.otherwise, dot, variables.new_child())
        for key, item in items:
            own = variables.new_child()
            own.update(zip(node.names, (key, item) if len(node.names) == 2 else (item,), strict=False))
            self.all(node.body, item, own)

    def _write(self, text: str) -> None:
        self._size += len(text)
        if self._size > MAX_OUTPUT:
            raise DecodeError(f"a template makes more than {MAX_OUTPUT:,} characters of an answer")
        self._out.append(text)

    def _pipe(self, commands: tuple[Any, ...], dot: Any, variables: ChainMap[str, Any]) -> Any:
        value: Any = None
        for number, command in enumerate(commands):
            value = self._command(command, (value,) if number else (), dot, variables)
        return value

    def _command(
        self, command: tuple[Any, ...], last: tuple[Any, ...], dot: Any, variables: ChainMap[str, Any]
    ) -> Any:
        kind, name, _ = command[0]
        if kind != "call":
            if len(command) > 1 or last:
                raise DecodeError("a template gives arguments to what is no function")
            return self._value(command[0], dot, variables)
        if name in ("and", "or"):
            return self._logic(name, command[1:], last, dot, variables)
        arguments = [self._value(each, dot, variables) for each in command[1:]]
        try:
            return _FUNCTIONS[name](*arguments, *last)
        except (TypeError, ValueError, LookupError) as error:
            raise DecodeError(f"a template's {name} fails: {error}") from error

    def _logic(self, name: str, operands: Any, last: tuple[Any, ...], dot: Any, variables: ChainMap[str, Any]) -> Any:
        """`and` and `or` give the first operand that decides, and don't look at those after it."""
        value: Any = None
        for operand in operands:
            value = self._value(operand, dot, variables)
            if truth(value) != (name == "and"):
                return value
        return last[0] if last else value

    def _value(self, operand: tuple[str, Any, tuple[str, ...]], dot: Any, variables: ChainMap[str, Any]) -> Any:
        kind, value, path = operand
        if kind == "pipe":
            value = self._pipe(value, dot, variables)
        elif kind == "dot":
            value = dot
        elif kind == "variable":
            if value not in variables:
                raise DecodeError(f"a template uses {value}, which it hasn't declared")
            value = variables[value]
        elif kind == "call":
            value = self._command((operand,), (), dot, variables)
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value


def _assign(variables: ChainMap[str, Any], name: str, value: Any) -> None:
    """`=` sets a variable where it was declared."""
    for scope in variables.maps:
        if name in scope:
            scope[name] = value
            return
    raise DecodeError(f"a template sets {name}, which it hasn't declared")


def truth(value: Any) -> bool:
    """Whether a value counts as true: not when it is nothing, zero, or empty."""
    return bool(value)


def printed(value: Any) -> str:
    """A value as an action prints it."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else _to_json(value)


def _kind(value: Any) -> str:
    """Go's kinds for what JSON can hold."""
    if value is None:
        return "invalid"
    if isinstance(value, bool):
        return "bool"
    names: dict[type, str] = {dict: "map", list: "slice", str: "string", int: "int", float: "float64"}
    return names.get(type(value), "invalid")


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, list):
            value = value[key]
        elif isinstance(value, dict):
            value = value.get(key)
        elif value is not None:
            raise ValueError(f"{_kind(value)} has no item {key!r}")
    return value


def _safe_index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, list) and isinstance(key, int) and -1 < key < len(value):
            value = value[key]
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def _printf(shape: str, *values: Any) -> str:
    """`%s`, `%v`, `%d`, `%q` and `%%`."""
    rest = list(values)

    def put(match: re.Match[str]) -> str:
        if match[1] == "%":
            return "%"
        value = rest.pop(0)
        return _to_json(str(value)) if match[1] == "q" else printed(value)

    text = re.sub(r"%([svdq%])", put, shape)
    if rest:
        raise ValueError(f"{len(rest)} values too many")
    return text


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() not in ("true", "false"):
        raise ValueError(f"{value!r} is no boolean")
    return str(value).lower() == "true"


def _json_map(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("the text is no JSON object")
    return value


def _go_pattern(pattern: str) -> str:
    """A pattern of Go's regular expressions: its named groups are `(?<name>…)` too."""
    return re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", pattern)


def _separator(text: str) -> Callable[[], str]:
    """A function that gives nothing the first time, and the text from then on."""
    said = iter(("",))
    return lambda: next(said, text)


def _first_match(text: str, pattern: str) -> str:
    match = re.search(_go_pattern(pattern), text)
    return (match[1] if match.re.groups else match[0]) if match else ""


def _compared(test: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    return lambda first, *others: any(test(first, other) for other in others)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "eq": _compared(lambda a, b: type(a) is type(b) and a == b),
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "not": lambda value: not truth(value),
    "len": len,
    "index": _index,
    "safeIndex": _safe_index,
    "print": lambda *values: "".join(map(printed, values)),
    "printf": _printf,
    "toJson": _to_json,
    "kindOf": _kind,
    "jsonMapFromString": _json_map,
    "toBool": _to_bool,
    "toInt": int,
    "plus1": lambda value: value + 1,
    "getRegexpFirstMatch": _first_match,
    "getRegexpAllMatches": lambda text, pattern: re.findall(_go_pattern(pattern), text),
    "separator": _separator,
    "call": lambda made, *values: made(*values),
}
