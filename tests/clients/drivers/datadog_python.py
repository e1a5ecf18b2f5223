"""Datadog's Python client at the end of a pipe; the lines are those of `okta_python`.

Each of its methods has an `Endpoint` that says which path it asks and of which types its arguments are. It runs in an
environment of its own, so this file imports nothing of ours. Before: `desk` started it. After: the client asks the
sandbox.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import re
import sys
import warnings
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from datadog_api_client import ApiClient, Configuration
from datadog_api_client.model_utils import validate_and_convert_types


class Call(NamedTuple):
    """A method of the client: the object that has it, and what its `Endpoint` says."""

    api: Any
    name: str
    template: str
    parameters: dict[str, dict[str, Any]]


def calls(client: ApiClient) -> dict[str, list[Call]]:
    """Every call of the client by HTTP method, those with fewer variables in their path first."""
    found: dict[str, list[Call]] = {}
    for version in ("v1", "v2"):
        package = importlib.import_module(f"datadog_api_client.{version}.api")
        for module in pkgutil.iter_modules(package.__path__):
            made = importlib.import_module(f"{package.__name__}.{module.name}")
            names = [name for name in vars(made) if name.endswith("Api")]
            for name in names:
                api = getattr(made, name)(client)
                for attribute, endpoint in vars(api).items():
                    if attribute.endswith("_endpoint"):
                        settings = endpoint.settings
                        call = Call(api, settings["operation_id"], settings["endpoint_path"], endpoint.params_map)
                        found.setdefault(settings["http_method"], []).append(call)
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


def typed(types: tuple[Any, ...], value: Any, configuration: Configuration, name: str) -> Any:
    """A value as the client's argument wants it: models of JSON objects, numbers of texts."""
    if isinstance(value, str) and int in types:
        value = int(value)
    elif isinstance(value, str) and bool in types:
        value = value == "true"
    elif isinstance(value, str) and any(isinstance(each, list) for each in types):
        value = value.split(",")
    return validate_and_convert_types(value, types, [name], True, True, configuration)


def arguments(call: Call, values: list[str], asked: dict[str, Any], configuration: Configuration) -> dict[str, Any]:
    """What the client's method is called with."""
    wire: dict[str, Any] = dict(zip(re.findall(r"\{([^}]+)\}", call.template), values, strict=True))
    wire.update(parse_qsl(asked["path"].partition("?")[2]))
    given = {}
    for name, parameter in call.parameters.items():
        value = asked.get("body") if parameter.get("location") == "body" else wire.get(parameter.get("attribute", ""))
        if value is not None:
            given[name] = typed(parameter["openapi_types"], value, configuration, name)
    return given


def answer(known: dict[str, list[Call]], asked: dict[str, Any], configuration: Configuration) -> dict[str, Any]:
    """What became of one request."""
    found = find(known, asked["method"], asked["path"].partition("?")[0])
    if found is None:
        return {"absent": True}
    call, values = found
    said: dict[str, Any] = {"call": f"{type(call.api).__name__}.{call.name}"}
    try:
        given = arguments(call, values, asked, configuration)
        if asked.get("all"):
            everything = list(getattr(call.api, call.name + "_with_pagination")(**given))
            return said | {"kind": type(everything[0]).__name__ if everything else "", "size": len(everything)}
        data = getattr(call.api, call.name)(**given)
    except Exception as error:  # noqa: BLE001  # whatever the client raises is its answer
        return said | {"error": f"{type(error).__name__}: {error}", "status": getattr(error, "status", 0) or 0}
    if isinstance(data, list):
        return said | {"kind": type(data[0]).__name__ if data else "", "size": len(data)}
    return said | {"kind": type(data).__name__}


def main() -> None:
    """Answer until the input ends."""
    out = os.fdopen(os.dup(1), "w")
    sys.stdout = sys.stderr
    warnings.simplefilter("ignore")
    configuration = Configuration(**json.loads(os.environ["QUAESTOR_CLIENT"]))
    for operation in list(configuration.unstable_operations.values):
        configuration.unstable_operations[operation.partition(".")[2]] = True
    with ApiClient(configuration) as client:
        known = calls(client)
        for line in sys.stdin:
            said = answer(known, json.loads(line), configuration)
            print(json.dumps(said, default=str), file=out, flush=True)


main()
