"""The configuration file: settings and connections in TOML, what is wrong with it named by file and line.

Before: `config` has found the file. After: the values are those of `Settings`, each checked by `config.values`.
"""

from __future__ import annotations

import os
import tomllib

from quaestor.config.settings import ConnectionSettings, CredentialReference, OAuthSettings
from quaestor.config.values import SCALARS, check_endpoint, is_host, is_variable, read_scalar, read_text
from quaestor.errors import UsageError, did_you_mean
from quaestor.secrets import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def read_file(path: str, env: Mapping[str, str]) -> dict[str, Any]:
    text = read_text(path, "the configuration")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error).replace("at end of document", f"at line {text.count(chr(10)) + 1}, the end of the file")
        raise UsageError(f"{path}: not TOML: {said}", hint="see https://toml.io for the format") from error
    values: dict[str, Any] = {}
    for key, value in document.items():
        where = _place(path, text, key)
        if key == "connections":
            if not isinstance(value, dict):
                raise UsageError(f"{where}: connections are tables", hint="write [connections.okta]")
            values[key] = {name: _connection(name, body, path, text) for name, body in value.items()}
        elif key == "groups":
            values[key] = _groups(value, document.get("connections", {}), path, text)
        elif key in SCALARS:
            values[key] = read_scalar(key, value, f"{where}: {key}", env)
        else:
            raise UsageError(
                f"{where}: there is no setting {key!r}", hint=did_you_mean(key, (*SCALARS, "connections", "groups"))
            )
    return values


def _groups(value: Any, connections: Any, path: str, text: str) -> dict[str, tuple[str, ...]]:
    """`[groups]`: names that stand for several connections. Whether these exist is for the statement to say."""
    where = _place(path, text, "groups")
    if not isinstance(value, dict):
        raise UsageError(f"{where}: groups are a table", hint='write [groups] and below it all = ["okta_eu", …]')
    groups: dict[str, tuple[str, ...]] = {}
    for name, members in value.items():
        where = _place(path, text, f"groups.{name}")
        if not is_variable(name):
            raise UsageError(f"{where}: a group's name has letters, digits and _ only, and {name!r} has others")
        if name in connections:
            raise UsageError(f"{where}: {name} is a connection and a group", hint="call one of them otherwise")
        if not isinstance(members, list) or not members or not _is_texts(members):
            raise UsageError(f"{where}: the group {name} is a list of connections' names, one at least")
        unknown = next((member for member in members if member not in connections), "")
        if unknown:
            raise UsageError(
                f"{where}: the group {name} names {unknown}, which is no connection in this file",
                hint=did_you_mean(unknown, tuple(connections)) or f"add [connections.{unknown}]",
            )
        groups[name] = tuple(dict.fromkeys(members))
    return groups


_CONNECTION_KEYS = ("provider", "variables", "domain", "endpoint", "credentials", "oauth", "read_only")


def _connection(name: str, body: Any, path: str, text: str) -> ConnectionSettings:
    where = _place(path, text, f"connections.{name}")
    if not isinstance(body, dict):
        raise UsageError(f"{where}: a connection is a table", hint=f"write [connections.{name}]")
    if not is_variable(name):
        raise UsageError(f"{where}: a connection's name has letters, digits and _ only, and {name!r} has others")
    for key, value in body.items():
        if key not in _CONNECTION_KEYS:
            hint = f'it has {", ".join(_CONNECTION_KEYS)}; a server variable is written variables = {{ {key} = "…" }}'
            raise UsageError(f"{where}: a connection has no setting {key!r}", hint=hint)
        wanted = dict if key in ("variables", "credentials", "oauth") else bool if key == "read_only" else str
        if not isinstance(value, wanted):
            words = {dict: "a table", bool: "true or false", str: "text"}
            raise UsageError(f"{where}: {key} of connection {name} is {words[wanted]}")
    variables = body.get("variables", {})
    wrong = next((key for key, value in variables.items() if not isinstance(value, str)), None)
    if wrong is not None:
        raise UsageError(f"{where}: the variable {wrong} of connection {name} is text: put it in quotes")
    if "oauth" in body and "credentials" in body:
        raise UsageError(f"{where}: connection {name} signs in by oauth or by credentials, not by both")
    domain, endpoint = body.get("domain", ""), body.get("endpoint", "")
    if domain and not (is_host(domain) and "." in domain):
        raise UsageError(f"{where}: domain of connection {name}: {domain!r} is not a host name")
    return ConnectionSettings(
        name=name,
        provider=body.get("provider", name),
        variables=variables,
        domain=domain.lower(),
        endpoint=check_endpoint(endpoint, f"{where}: endpoint of connection {name}") if endpoint else "",
        credentials={key: _credential(key, value, where, path) for key, value in body.get("credentials", {}).items()},
        oauth=_oauth(body["oauth"], f"{where}: oauth of connection {name}", path) if "oauth" in body else None,
        read_only=body.get("read_only", False),
    )


_OAUTH_KEYS = {"client_id": str, "private_key": dict, "key_id": str, "scopes": list, "dpop": bool}


def _oauth(body: dict[str, Any], where: str, path: str) -> OAuthSettings:
    for key, value in body.items():
        if key not in _OAUTH_KEYS:
            raise UsageError(f"{where}: there is no setting {key!r}", hint=did_you_mean(key, tuple(_OAUTH_KEYS)))
        if not isinstance(value, _OAUTH_KEYS[key]) or (key == "scopes" and not _is_texts(value)):
            kinds = {str: "text", dict: "a table", list: "a list of texts", bool: "true or false"}
            raise UsageError(f"{where}: {key} is {kinds[_OAUTH_KEYS[key]]}")
    for key in ("client_id", "private_key"):
        if not body.get(key):
            raise UsageError(f"{where}: {key} is missing", hint=f"it needs client_id and {_KEY_SAMPLE}")
    return OAuthSettings(
        body["client_id"],
        _credential("private_key", body["private_key"], where, path),
        body.get("key_id", ""),
        tuple(dict.fromkeys(body.get("scopes", ()))),
        body.get("dpop", True),
    )


_KEY_SAMPLE = 'private_key = { file = "~/.secrets/okta.pem" }'


def _is_texts(value: Any) -> bool:
    return all(isinstance(item, str) and item and not any(char.isspace() for char in item) for item in value)


def _credential(name: str, body: Any, where: str, path: str) -> CredentialReference:
    one = next(iter(body.items())) if isinstance(body, dict) and len(body) == 1 else ("", "")
    key, value = one
    if key in ("command", "keyring"):
        count = len(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else 0
        if count and value[0] and (count == 2 or key == "command"):
            texts = tuple(value)
            return CredentialReference(command=texts) if key == "command" else CredentialReference(keyring=texts)
        sample = '["pass", "show", "okta"]' if key == "command" else '["SERVICE", "USER"]'
        raise UsageError(f"{where}: the {key} of {name} is a list of texts", hint=f"write {key} = {sample}")
    if key not in ("env", "file", "value") or not isinstance(value, str) or not value:
        raise UsageError(
            f"{where}: the credential {name} needs one source",
            hint=f'write {name} = {{ env = "VARIABLE" }}, {{ file = "PATH" }}, {{ command = ["…"] }}, '
            '{ keyring = ["SERVICE", "USER"] } or { value = "…" }',
        )
    if key != "value":
        return CredentialReference(env=value) if key == "env" else CredentialReference(file=value)
    if os.stat(path).st_mode & 0o077:  # as ssh does: what anybody can read is not a secret
        raise UsageError(
            f"{where}: the file holds the credential {name}, and others can read it", hint=f"chmod 600 {path}"
        )
    return CredentialReference(value=Secret(value))


def _place(path: str, text: str, key: str) -> str:
    """`FILE, line N` of a key or table header; without the line if it is written in another way than usual."""
    last = key.rpartition(".")[2]
    for number, line in enumerate(text.splitlines(), 1):
        squeezed = line.replace(" ", "").replace("\t", "").replace('"', "").replace("'", "")
        if squeezed.startswith((f"[{key}]", f"[{key}.", f"{key}=", f"{key}.")) or (
            last != key and squeezed.startswith((f"{last}=", f"{last}."))
        ):
            return f"{path}, line {number}"
    return path
