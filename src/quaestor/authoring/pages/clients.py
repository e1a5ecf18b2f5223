"""Programs that do what a method does: Python with Quaestor, and what the vendor's own libraries offer.

Before: `statements` has a method's SQL, `prose` the tag by which client libraries name a class. After: `operations`
puts the programs on a page.
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

from quaestor.authoring.pages.page import Example
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from quaestor.authoring.pages.statements import Given, Statement
    from quaestor.catalog.model import Method, Parameter, Provider


class Library(Record):
    """What is known of a vendor's generated libraries: their packages by language."""

    python: str
    typescript: str


#: https://github.com/DataDog/datadog-api-client-python and -typescript, whose names follow from tag and operationId.
LIBRARIES = {"datadog": Library("datadog-api-client", "@datadog/datadog-api-client")}


class Request(Record):
    """What a program sends: an operation with its tag, examples of its parameters by wire name, and its body. What
    stands in the path is no example: programs take it from the environment."""

    provider: Provider
    method: Method
    tag: str
    values: dict[str, Any]
    body: Any
    url: str
    returned: str = ""


def programs(request: Request, statement: Statement) -> tuple[Example, ...]:
    """The programs for one request, each with a label."""
    found = [Example("Python", f"{request.method.name}-python", _quaestor(request, statement), "python")]
    library = LIBRARIES.get(request.provider.name)
    if library is not None and request.tag and request.method.operation:
        version = "v1" if request.method.path.startswith("/api/v1/") else "v2"
        found.append(_datadog_python(request, version, library))
        found.append(_datadog_typescript(request, version, library))
    else:
        found.append(
            Example(
                "TypeScript", f"{request.method.name}-typescript", _fetch(request), "typescript", "Node 18 or newer"
            )
        )
    return tuple(found)


def _quaestor(request: Request, statement: Statement) -> str:
    """Python that runs the page's statement."""
    given = {each.placeholder: each for each in statement.given if each.placeholder}
    lines = [f'    "{name}": {_python_value(request, each)},' for name, each in given.items()]
    variables = "values = {\n" + "\n".join(lines) + "\n}\n" if lines else ""
    argument = ", variables=values" if lines else ""
    reads = statement.verb == "select" or "RETURNING" in statement.text
    after = "    for row in result.dicts():\n        print(row)" if reads else "    print(result.message)"
    text = "\n".join(line for line in statement.text.splitlines() if line != ";")
    imports = "import os\n\n" if "os.environ" in variables else ""
    return (
        f'{imports}import quaestor\n\nstatement = """\n{text}\n"""\n{variables}\n'
        f"with quaestor.connect() as connection:\n    result = connection.sql(statement{argument})\n{after}"
    )


def _python_value(request: Request, given: Given) -> str:
    """What stands for a placeholder: what the page's example of the request has there, else a value of the type."""
    if given.parameter is not None and given.parameter.location == "path":
        return _python_env(given.parameter)
    found = _at(request.body, given.path)
    if given.parameter is not None:
        found = request.values.get(given.parameter.wire, next(iter(given.parameter.enum), None))
    if found is not None:
        return repr(found) if isinstance(found, bool | int | float | str) else _python(found).replace("\n", "\n    ")
    kinds = {"integer": "1", "number": "1.0", "boolean": "True", "array": "[]", "object": "{}"}
    return kinds.get(given.type, '"…"')


def _at(body: Any, path: Sequence[str]) -> Any:
    for key in path:
        body = body.get(key) if isinstance(body, dict) else None
    return body


def _variable_of(parameter: Parameter) -> str:
    """The environment variable from which programs take what stands in the path: `accountId` is `ACCOUNT_ID`."""
    return _snake(parameter.wire).upper()


def _python_env(parameter: Parameter) -> str:
    text = f'os.environ["{_variable_of(parameter)}"]'
    return f"int({text})" if parameter.type == "integer" else text


def _in_path(request: Request) -> list[Parameter]:
    return [each for each in request.method.parameters if each.location == "path"]


def _datadog_python(request: Request, version: str, library: Library) -> Example:
    name, method = _class_of(request.tag), _snake(request.method.operation)
    arguments = [f"{_snake(each.wire)}={_python_env(each)}" for each in _in_path(request)]
    arguments += [f"{_snake(wire)}={value!r}" for wire, value in request.values.items()]
    if request.body is not None:
        arguments.append("body=body")
    module = _snake(request.tag.replace("-", " "))
    body = f"body = {_python(request.body)}\n" if request.body is not None else ""
    text = (
        ("import os\n\n" if _in_path(request) else "") + "from datadog_api_client import ApiClient, Configuration\n"
        f"from datadog_api_client.{version}.api.{module}_api import {name}Api\n\n{body}"
        "with ApiClient(Configuration()) as api_client:\n"
        f"    response = {name}Api(api_client).{method}({', '.join(arguments)})\n    print(response)"
    )
    return Example(f"Python, {library.python}", f"{request.method.name}-python-client", text, "python")


def _datadog_typescript(request: Request, version: str, library: Library) -> Example:
    name, operation = _class_of(request.tag), request.method.operation
    values: dict[str, Any] = {_camel(wire): value for wire, value in request.values.items()}
    if request.body is not None:
        values = {"body": _camel_keys(request.body), **values}
    places = {_camel(each.wire): each for each in _in_path(request)}
    values |= {each: f"<{each}>" for each in places}
    kind = f"{version}.{name}Api{operation}Request"
    script = _script(values)
    for each in places:
        script = script.replace(f'"<{each}>"', _variable_of(places[each]))
    taken = "".join(f"const {_variable_of(each)} = {_script_env(each)};\n" for each in places.values())
    params = f"{taken}const params: {kind} = {script};\n\n" if values else ""
    text = (
        f'import {{ client, {version} }} from "{library.typescript}";\n\n'
        "const configuration = client.createConfiguration();\n"
        f"const apiInstance = new {version}.{name}Api(configuration);\n\n{params}"
        f"apiInstance\n  .{operation[0].lower()}{operation[1:]}({'params' if values else ''})\n"
        f"  .then((data: {f'{version}.{request.returned}' if request.returned else 'any'}) => {{\n"
        '    console.log("API called successfully. Returned data: " + JSON.stringify(data));\n  })\n'
        "  .catch((error: any) => console.error(error));"
    )
    keys = " ".join(f'{each.env}="<{each.env}>"' for each in request.provider.credentials)
    sites = " ".join(f'{env}="{_first(request.provider, name)}"' for name, env in _env(request.provider))
    keys += "".join(f' {_variable_of(each)}="<{_variable_of(each)}>"' for each in _in_path(request))
    note = (
        f"Install `{library.typescript}`, save this as `example.ts`, compile it with `tsc example.ts`, then run "
        f"`{sites} {keys} node example.js`."
    )
    return Example("TypeScript", f"{request.method.name}-typescript", text, "typescript", note)


def _script_env(parameter: Parameter) -> str:
    text = f"process.env.{_variable_of(parameter)} as string"
    return f"Number({text})" if parameter.type == "integer" else text


def _fetch(request: Request) -> str:
    headers = {each.header: f"{each.prefix}${{process.env.{each.env}}}" for each in request.provider.credentials}
    auth = request.provider.auth
    if auth.get("type") in ("api_key", "bearer") and auth.get("credentialsenvvar"):
        prefix = auth.get("valuePrefix") or ("Bearer " if auth["type"] == "bearer" else "")
        headers["Authorization"] = f"{prefix}${{process.env.{auth['credentialsenvvar']}}}"
    if request.body is not None and request.method.body is not None:
        headers["Content-Type"] = request.method.body.media_type
    lines = [f"    {json.dumps(name)}: `{value}`," for name, value in headers.items()]
    body = ""
    if request.body is not None:
        body = f"\n  body: JSON.stringify({_script(request.body, 2)}),"
    url = re.sub(r"\{([^{}]+)\}", lambda match: "${" + _variable(request.provider, match[1]) + "}", request.url)
    asked = {each.wire for each in request.method.parameters if each.location == "query"}
    query = urlencode({name: _word(value) for name, value in request.values.items() if name in asked})
    url += f"?{query}" if query else ""
    reads = "console.log(response.status, await response.text());"
    shown = "\n  headers: {\n" + "\n".join(lines) + "\n  }," if lines else ""
    return (
        f"const response = await fetch(`{url}`, {{\n  method: {json.dumps(request.method.http)},"
        f"{shown}{body}\n}});\n{reads}"
    )


def _variable(provider: Provider, name: str) -> str:
    """A part of an address: a variable of the server as it is, what stands in the path encoded."""
    env = dict(_env(provider)).get(name, "")
    return f"process.env.{env}" if env else f"encodeURIComponent(process.env.{_snake(name).upper()} as string)"


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _env(provider: Provider) -> list[tuple[str, str]]:
    return list(provider.server.variables_env.items())


def _first(provider: Provider, name: str) -> str:
    known = next((each for each in provider.server.variables if each.name == name), None)
    return known.default if known is not None and known.default else f"<{name}>"


def _class_of(tag: str) -> str:
    """`Okta Integration` → `OktaIntegration`, as the vendor's generator has it."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", tag) if word)


def _camel(name: str) -> str:
    first, *rest = [word for word in re.split(r"[^A-Za-z0-9]+", name) if word] or [name]
    return first[:1].lower() + first[1:] + "".join(word[:1].upper() + word[1:] for word in rest)


def _snake(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").lower()


def _camel_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {_camel(key) if re.fullmatch(r"\w+", key) else key: _camel_keys(each) for key, each in value.items()}
    return [_camel_keys(each) for each in value] if isinstance(value, list) else value


def _script(value: Any, indent: int = 0) -> str:
    """A value in JavaScript; names that may go without quotes do."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    text = re.sub(r'(?m)^( *)"([A-Za-z_$][\w$]*)":', r"\1\2:", text)
    return text.replace("\n", "\n" + " " * indent)


def _python(value: Any) -> str:
    """A value in Python, a line for each member."""
    text = json.dumps(value, indent=4, ensure_ascii=False)
    return re.sub(r"(?m)(: |^ *|\[)(true|false|null)(?=,?$)", lambda m: m[1] + _WORDS[m[2]], text)


_WORDS = {"true": "True", "false": "False", "null": "None"}
