"""Okta's Python SDK at the end of a pipe: a request that is wanted comes in, the SDK's own call that sends it
is made.

Each line of the input is JSON: `method`, `path` (with its query, as sent), `body`, and `all` for every page by the
SDK's own paging. Each line of the output is JSON: `call` (the SDK's method), and `kind` of what it returned with
`size` (of a list), or `error` with `status` if an answer was refused; `absent` if the SDK has no such call.

The SDK is found, not listed: each of its methods says in its code which path it asks. It runs in an environment of
its own, so this file imports nothing of ours. Before: `desk` started it. After: the SDK asks the sandbox.
"""

from __future__ import annotations

import asyncio
import enum
import inspect
import json
import os
import re
import sys
import typing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import okta.api
from okta.client import Client
from okta.pagination import paginate_all

_SERIALIZER = re.compile(r"\n    def _(\w+)_serialize\(")


class Call(typing.NamedTuple):
    """A method of the SDK: `path` and `query` by wire name are its arguments' names, `body` the argument's."""

    name: str
    template: str
    path: dict[str, str]
    query: dict[str, str]
    body: str


def calls() -> dict[str, list[Call]]:
    """Every call of the SDK by HTTP method, those with fewer variables in their path first."""
    found: dict[str, list[Call]] = {}
    for file in sorted(Path(okta.api.__path__[0]).glob("*_api.py")):
        parts = _SERIALIZER.split(file.read_text(encoding="utf-8"))
        for name, code in zip(parts[1::2], parts[2::2], strict=True):
            code = re.sub(r'"\s*"', "", code)  # long texts are written in parts
            method = re.search(r'method="(\w+)"', code)
            template = re.search(r'resource_path=\(?\s*"([^"]*)"', code)
            if not method or not template:
                continue
            body = re.search(r"_body_params = \(?\s*(\w+)", code.replace("_body_params = None", ""))
            call = Call(
                name,
                template[1],
                dict(re.findall(r'_path_params\["([^"]+)"\] = \(?\s*(\w+)', code)),
                dict(re.findall(r'_query_params\.append\(\s*\(\s*"([^"]+)",\s*(\w+)', code)),
                body[1] if body else "",
            )
            found.setdefault(method[1], []).append(call)
    for listed in found.values():
        listed.sort(key=lambda each: each.template.count("{"))
    return found


def find(known: dict[str, list[Call]], method: str, path: str) -> tuple[Call, list[str]] | None:
    """The call that asks a path, and the path's variables."""
    for call in known.get(method, ()):
        pattern = "([^/]+)".join(re.escape(part) for part in re.split(r"\{[^}]+\}", call.template))
        if match := re.fullmatch(pattern, path):
            return call, [unquote(value) for value in match.groups()]
    return None


def typed(annotation: Any, value: Any) -> Any:
    """A value as the SDK's argument wants it: models of JSON objects, enumerations, numbers of texts."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return typed(inner[0], value)
    if origin is typing.Union:
        return typed(next(each for each in inner if each is not type(None)), value)
    if origin is list:
        values = value if isinstance(value, list) else str(value).split(",")
        return [typed(inner[0], each) for each in values]
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return annotation(value)
    if hasattr(annotation, "from_dict") and isinstance(value, dict):
        return annotation.from_dict(value)
    if isinstance(value, str) and annotation is bool:
        return value == "true"
    if isinstance(value, str) and annotation is int:
        return int(value)
    return value


def arguments(client: Client, call: Call, values: list[str], asked: dict[str, Any]) -> dict[str, Any]:
    """What the SDK's method is called with."""
    parameters = inspect.signature(inspect.unwrap(getattr(client, call.name))).parameters
    given: dict[str, Any] = {}
    for variable, value in zip(re.findall(r"\{([^}]+)\}", call.template), values, strict=True):
        given[call.path[variable]] = value
    for name, value in parse_qsl(asked["path"].partition("?")[2]):
        if name in call.query:
            given[call.query[name]] = value
    if call.body and asked.get("body") is not None:
        given[call.body] = asked["body"]
    return {name: typed(parameters[name].annotation, value) for name, value in given.items()}


async def answer(client: Client, known: dict[str, list[Call]], asked: dict[str, Any]) -> dict[str, Any]:
    """What became of one request."""
    found = find(known, asked["method"], re.sub("^//+", "/", asked["path"].partition("?")[0]))
    if found is None:
        return {"absent": True}
    call, values = found
    said: dict[str, Any] = {"call": call.name}
    try:
        given = arguments(client, call, values, asked)
        if asked.get("all"):
            everything = [each async for each in paginate_all(getattr(client, call.name), **given)]
            return said | {"kind": type(everything[0]).__name__ if everything else "", "size": len(everything)}
        returned = await getattr(client, call.name)(**given)
    except Exception as error:  # noqa: BLE001  # whatever the SDK raises is its answer
        return said | {"error": f"{type(error).__name__}: {error}", "status": getattr(error, "status", 0) or 0}
    refused = returned[-1]
    if refused is not None:
        return said | {"error": f"{type(refused).__name__}: {refused}", "status": getattr(refused, "status", 0) or 0}
    data = returned[0] if len(returned) == 3 else None
    if isinstance(data, list):
        return said | {"kind": type(data[0]).__name__ if data else "", "size": len(data)}
    return said | {"kind": type(data).__name__}


async def main() -> None:
    """Answer until the input ends."""
    out = os.fdopen(os.dup(1), "w")
    sys.stdout = sys.stderr  # what the SDK prints is none of our lines
    known = calls()
    async with Client(json.loads(os.environ["QUAESTOR_CLIENT"])) as client:
        for line in sys.stdin:
            print(json.dumps(await answer(client, known, json.loads(line)), default=str), file=out, flush=True)


asyncio.run(main())
