"""Settings and connections: what flags, the environment and the configuration file say, in this order.

Before: the command line hands its flags over, a Python caller builds `Settings` himself. After: `run.engine` takes
bounds from here, `fetch` servers, endpoints and credentials. Nothing here knows a provider: whether `subdomain` is a
variable of Okta is for the catalog to say.

The configuration file is TOML, and there is one rule for where it is: the one that `--config` names, else the one
that `QUAESTOR_CONFIG` names, else `$XDG_CONFIG_HOME/quaestor/config.toml` (`~/.config` where that isn't set), which
may be absent. It is never taken from the working directory: a repository that somebody cloned must not decide which
host gets a token.

    >>> load_settings({"max_requests": "50"}, env={"QUAESTOR_OUTPUT": "json"}).output
    'json'
"""

from __future__ import annotations

import os

from quaestor.errors import UsageError, did_you_mean
from quaestor.record import Record
from quaestor.secrets import Secret, from_command, from_keyring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class CredentialReference(Record):
    """Where a credential's value is: in one of an environment variable, a file, what a command prints, the system's
    keyring (service and user), or the configuration itself.
    """

    env: str = ""
    file: str = ""
    command: tuple[str, ...] = ()
    keyring: tuple[str, ...] = ()
    value: Secret | None = None

    @property
    def source(self) -> str:
        """What messages call it."""
        if self.command:
            return f"the command {self.command[0]!r}"
        return (
            self.env or self.file or (f"the keyring's {self.keyring[0]!r}" if self.keyring else "the configuration")
        )

    def read(self, env: Mapping[str, str]) -> Secret:
        """The value; surrounding whitespace of a file is not part of it. Raises UsageError if there is none."""
        if self.value is not None:
            return self.value
        if self.command:
            return from_command(self.command, "no credential")
        if self.keyring:
            return from_keyring(self.keyring[0], self.keyring[1], "no credential")
        if self.env:
            if not env.get(self.env):
                raise UsageError(
                    f"no credential: the environment variable {self.env} is not set",
                    hint=f"export {self.env}=…, or put it into a file and give that with --env.file",
                )
            return Secret(env[self.env])
        path = _expand(self.file, env)
        value = _read_text(path, "the credential's file").strip()
        if not value:
            raise UsageError(f"the credential's file {path} is empty")
        return Secret(value)


class OAuthSettings(Record):
    """How a connection signs in as an Okta service app.

    Attributes:
        private_key: where the key is whose public half the app knows: PEM or JWK.
        key_id: names it, if the app has several and the key doesn't say.
        scopes: to ask for; empty for those that each statement needs.
        dpop: whether tokens are bound to a key of this process.
    """

    client_id: str
    private_key: CredentialReference
    key_id: str = ""
    scopes: tuple[str, ...] = ()
    dpop: bool = True


class ConnectionSettings(Record):
    """A provider with its settings and credential, under a name that statements use.

    Attributes:
        provider: the catalog's name of the provider.
        variables: server variables: `{"subdomain": "acme"}`, `{"site": "datadoghq.eu"}`.
        domain: a custom domain of the user's that stands for the provider's own host: `login.acme.com`.
        endpoint: the address that gets this connection's requests instead: `http://127.0.0.1:8080`.
        credentials: by the name of the environment variable that the provider's credential usually comes from
            (`OKTA_API_TOKEN`), where it comes from here.
        oauth: how it signs in instead, or None.
    """

    name: str
    provider: str
    variables: dict[str, str] = {}
    domain: str = ""
    endpoint: str = ""
    credentials: dict[str, CredentialReference] = {}
    oauth: OAuthSettings | None = None


class Proxy(Record):
    """The HTTP proxy that all requests go through: its URL without a user, and who we are to it."""

    url: str
    user: str = ""
    password: Secret | None = None


class Settings(Record):
    """All that is set, each value already checked. What isn't given has the default that stands here.

    Attributes:
        connections: by name; a provider without an entry is a connection of its own name with nothing set.
        endpoints: addresses from `--endpoint`, by connection or provider name.
        auth: StackQL's `--auth` map, as it was given.
        proxy: None for none. The environment's HTTP_PROXY and the like are not read.
        ca_bundle: path of a file with PEM certificates that are trusted besides the system's; empty for none.
        request_timeout_s: what one request may take in all.
        deadline_s: what one statement may take; 0 for as long as it needs.
        max_wait_s: the longest wait for a rate limit's reset.
        max_requests: the most requests of one statement.
        max_pages: the most pages of one listing; 0 for no bound. Reaching it is an error, never a shorter result.
        concurrency: the most requests to one host at the same time.
        api_reserve: the part of each rate limit that is left to others, from 0 to 0.95.
        fill_parents: whether a path parameter that nobody binds is filled from its parent collection.
        output, delimiter, header: how the command line writes results.
        stats: whether the command line prints what a statement took.
        error_format: `text` or `json`.
    """

    connections: dict[str, ConnectionSettings] = {}
    endpoints: dict[str, str] = {}
    auth: dict[str, Any] = {}
    proxy: Proxy | None = None
    ca_bundle: str = ""
    request_timeout_s: float = 120.0
    deadline_s: float = 0.0
    max_wait_s: float = 120.0
    max_requests: int = 10_000
    max_pages: int = 0
    concurrency: int = 16
    api_reserve: float = 0.1
    fill_parents: bool = True
    output: str = "table"
    delimiter: str = ","
    header: bool = True
    stats: bool = False
    error_format: str = "text"

    def connection(self, name: str) -> ConnectionSettings | None:
        """The connection of this name as it is configured, or None."""
        return self.connections.get(name)

    def endpoint(self, connection: str, provider: str) -> str:
        """The address that replaces the provider's host for this connection, or an empty text."""
        configured = self.connections.get(connection)
        return (
            self.endpoints.get(connection)
            or self.endpoints.get(provider)
            or (configured.endpoint if configured is not None else "")
        )


OUTPUTS = ("table", "json", "jsonl", "ndjson", "csv", "markdown", "text", "pptext")
ERROR_FORMATS = ("text", "json")

#: Every setting of one value: how it is read, and its bounds or choices. Its name is the key in the file; in the
#: environment it is QUAESTOR_ and the name in capitals. `docs/reference/config.md` says what each is for.
SCALARS: dict[str, tuple[str, Any]] = {
    "output": ("choice", OUTPUTS),
    "delimiter": ("character", None),
    "header": ("boolean", None),
    "stats": ("boolean", None),
    "error_format": ("choice", ERROR_FORMATS),
    "request_timeout_s": ("seconds", 0.001),
    "deadline_s": ("seconds", 0.0),
    "max_wait_s": ("seconds", 0.0),
    "max_requests": ("count", 1),
    "max_pages": ("count", 0),
    "concurrency": ("count", 1),
    "api_reserve": ("part", 0.95),
    "fill_parents": ("boolean", None),
    "ca_bundle": ("path", None),
    "proxy": ("proxy", None),
}

_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


def config_path(named: str, env: Mapping[str, str]) -> tuple[str, bool]:
    """Path of the configuration file, and whether it must exist because somebody named it."""
    explicit = named or env.get("QUAESTOR_CONFIG", "")
    if explicit:
        return _expand(explicit, env), True
    base = env.get("XDG_CONFIG_HOME", "")
    if not base.startswith("/"):  # the XDG base directory specification: a relative one is invalid, ignore it
        base = _expand("~/.config", env)
    return os.path.join(base, "quaestor", "config.toml"), False


def load_settings(flags: Mapping[str, Any], env: Mapping[str, str], path: str = "") -> Settings:
    """Flags before environment before file.

    Args:
        flags: what the command line was given, under the names of `Settings`; text is converted.
        env: the environment.
        path: what `--config` names, or empty for the rule above.

    Raises UsageError for a file that can't be read or isn't TOML (with file and line), and for any key or value,
    wherever it comes from, that can't be used.
    """
    file, must_exist = config_path(path, env)
    values: dict[str, Any] = {}
    if must_exist or os.path.exists(file):
        values = _read_file(file, env)
    for name in SCALARS:
        text = env.get(f"QUAESTOR_{name.upper()}", "")
        if text:
            values[name] = _scalar(name, text, f"QUAESTOR_{name.upper()}", env)
    for name, value in flags.items():
        if name == "endpoints":
            values[name] = {key: check_endpoint(url, f"--endpoint {key}") for key, url in value.items()}
        elif name in SCALARS and isinstance(value, str):
            values[name] = _scalar(name, value, FLAG_OF.get(name, f"--{name}"), env)
        else:
            values[name] = value
    return Settings(**values)


#: Flags whose name isn't that of their setting, for messages.
FLAG_OF = {
    "ca_bundle": "--tls.CABundle",
    "request_timeout_s": "--apirequesttimeout",
    "deadline_s": "--timeout",
    "max_wait_s": "--max-wait",
    "max_requests": "--max-requests",
    "max_pages": "--http.response.pageLimit",
    "concurrency": "--execution.concurrency.limit",
    "api_reserve": "--api-reserve",
    "error_format": "--error-format",
    "proxy": "--http.proxy.host",
}


def check_endpoint(url: str, where: str) -> str:
    """`scheme://host[:port]`, with a path prefix if there is one, without its last slash. Else raises UsageError.

    Plain http is only allowed to this machine, since credentials travel in the requests (design: "The wire").
    """
    scheme, separator, rest = url.partition("://")
    authority, slash, prefix = rest.partition("/")
    host, _, port = authority.rpartition(":") if not authority.endswith("]") else (authority, "", "")
    if not host:
        host, port = authority, ""
    fits = (
        separator
        and scheme in ("http", "https")
        and _is_host(host)
        and (not port or (port.isascii() and port.isdigit() and 0 < int(port) < 65536))
        and not authority.endswith(":")
        and all(char.isascii() and (char.isalnum() or char in "-._~/") for char in prefix)
        and ".." not in prefix
    )
    if not fits:
        raise UsageError(
            f"{where}: {_without_user(url)!r} is not the address of a server",
            hint="write scheme, host and port, such as http://127.0.0.1:8080",
        )
    if scheme == "http" and not (host in ("localhost", "[::1]") or _is_loopback_v4(host)):
        raise UsageError(
            f"{where}: plain http is allowed to this machine only, and {host} is another",
            hint="write https://, or http://127.0.0.1:PORT",
        )
    return f"{scheme}://{authority}{slash}{prefix}".rstrip("/")


def read_env_file(path: str) -> dict[str, str]:
    """The variables of a dotenv file: `NAME=value` lines, `#` comments, `export ` and quotes allowed.

    In double quotes `\\n`, `\\t`, `\\"` and `\\\\` are escapes; in single quotes nothing is. Variables inside values
    are not expanded. Raises UsageError naming file and line, without the line's text: it may hold a secret.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(_read_text(path, "--env.file").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.removeprefix("export ").partition("=")
        name = name.strip()
        unquoted = _env_value(value.strip())
        if not equals or not _is_variable(name) or unquoted is None:
            raise UsageError(f"{path}, line {number}: not of the form NAME=value", hint="quote values with spaces")
        values[name] = unquoted
    return values


def _env_value(text: str) -> str | None:
    """The value that a dotenv file means, None if its quotes don't match."""
    if not text.startswith(("'", '"')):
        return text.partition(" #")[0].rstrip()
    quote, index = text[0], 1
    out: list[str] = []
    while index < len(text):
        char = text[index]
        if char == quote:
            after = text[index + 1 :].strip()
            return "".join(out) if not after or after.startswith("#") else None
        if char == "\\" and quote == '"' and index + 1 < len(text):
            index += 1
            char = {"n": "\n", "t": "\t", "r": "\r"}.get(text[index], text[index])
        out.append(char)
        index += 1
    return None


# --- the file ---------------------------------------------------------------------------------------------------


def _read_file(path: str, env: Mapping[str, str]) -> dict[str, Any]:
    import tomllib

    text = _read_text(path, "the configuration")
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
            values[key] = {name: _connection(name, body, path, text, env) for name, body in value.items()}
        elif key in SCALARS:
            values[key] = _scalar(key, value, f"{where}: {key}", env)
        else:
            raise UsageError(
                f"{where}: there is no setting {key!r}", hint=did_you_mean(key, (*SCALARS, "connections"))
            )
    return values


_CONNECTION_KEYS = ("provider", "variables", "domain", "endpoint", "credentials", "oauth")


def _connection(name: str, body: Any, path: str, text: str, env: Mapping[str, str]) -> ConnectionSettings:
    where = _place(path, text, f"connections.{name}")
    if not isinstance(body, dict):
        raise UsageError(f"{where}: a connection is a table", hint=f"write [connections.{name}]")
    if not _is_variable(name):
        raise UsageError(f"{where}: a connection's name has letters, digits and _ only, and {name!r} has others")
    for key, value in body.items():
        if key not in _CONNECTION_KEYS:
            hint = f'it has {", ".join(_CONNECTION_KEYS)}; a server variable is written variables = {{ {key} = "…" }}'
            raise UsageError(f"{where}: a connection has no setting {key!r}", hint=hint)
        wanted = dict if key in ("variables", "credentials", "oauth") else str
        if not isinstance(value, wanted):
            raise UsageError(f"{where}: {key} of connection {name} is {'a table' if wanted is dict else 'text'}")
    variables = body.get("variables", {})
    wrong = next((key for key, value in variables.items() if not isinstance(value, str)), None)
    if wrong is not None:
        raise UsageError(f"{where}: the variable {wrong} of connection {name} is text: put it in quotes")
    if "oauth" in body and "credentials" in body:
        raise UsageError(f"{where}: connection {name} signs in by oauth or by credentials, not by both")
    domain, endpoint = body.get("domain", ""), body.get("endpoint", "")
    if domain and not (_is_host(domain) and "." in domain):
        raise UsageError(f"{where}: domain of connection {name}: {domain!r} is not a host name")
    return ConnectionSettings(
        name=name,
        provider=body.get("provider", name),
        variables=variables,
        domain=domain.lower(),
        endpoint=check_endpoint(endpoint, f"{where}: endpoint of connection {name}") if endpoint else "",
        credentials={key: _credential(key, value, where, path) for key, value in body.get("credentials", {}).items()},
        oauth=_oauth(body["oauth"], f"{where}: oauth of connection {name}", path) if "oauth" in body else None,
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


# --- values -----------------------------------------------------------------------------------------------------


def _scalar(name: str, value: Any, where: str, env: Mapping[str, str]) -> Any:
    """A value of `SCALARS` in its own type, from text or TOML."""
    kind, limit = SCALARS[name]
    if kind == "boolean":
        return _boolean(value, where)
    if kind in ("count", "seconds"):
        return _number(value, where, kind, limit)
    if kind == "part":
        return _part(value, where, limit)
    if not isinstance(value, str):
        raise UsageError(f"{where} is text, not {value!r}")
    if kind == "choice":
        if value not in limit:
            raise UsageError(
                f"{where}: there is no {value!r}", hint=did_you_mean(value, limit) or f"one of {', '.join(limit)}"
            )
        return value
    if kind == "character":
        return _character(value, where)
    if kind == "proxy":
        return check_proxy(value, where)
    path = _expand(value, env)
    if not os.path.isfile(path):
        raise UsageError(f"{where}: there is no file {path}")
    return path


def _boolean(value: Any, where: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in (*_TRUE, *_FALSE):
        return value.lower() in _TRUE
    raise UsageError(f"{where} is true or false, not {value!r}")


def _number(value: Any, where: str, kind: str, least: float) -> int | float:
    """A whole number for a count, else seconds; at least `least`."""
    number: int | float | None = None
    try:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            number = int(value) if kind == "count" else float(value)
    except (ValueError, OverflowError):
        number = None
    if number is None or not number < 1e9 or (kind == "count" and isinstance(value, float)):
        wanted = "a whole number" if kind == "count" else "a number of seconds"
        raise UsageError(f"{where} is {wanted}, not {value!r}")
    if number < least:
        raise UsageError(f"{where} is at least {least:g}, and {value} is less")
    return number


def _part(value: Any, where: str, most: float) -> float:
    """A number from 0 to `most`."""
    try:
        part = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except ValueError:
        part = -1.0
    if not 0 <= part <= most:
        raise UsageError(f"{where} is a part of one, from 0 to {most:g}, not {value!r}", hint="a tenth is 0.1")
    return part


def _character(value: str, where: str) -> str:
    """One character that can part the fields of a CSV line; `\\t` is a tabulator."""
    char = "\t" if value == "\\t" else value
    if len(char) != 1 or char in '"\r\n' or not (char.isprintable() or char == "\t"):
        raise UsageError(f"{where} is one character other than a quote or a line's end, not {value!r}")
    return char


def check_proxy(url: str, where: str) -> Proxy:
    """A proxy from `http://[user:password@]host:port`. Raises UsageError, without showing a password."""
    scheme, separator, rest = url.partition("://")
    login, at, authority = rest.rpartition("@")
    host, colon, port = authority.removesuffix("/").rpartition(":")
    fits = (
        scheme in ("http", "https") and separator and colon and _is_host(host) and port.isascii() and port.isdigit()
    )
    if not fits or not 0 < int(port) < 65536:
        raise UsageError(
            f"{where}: {_without_user(url)!r} is not a proxy's URL",
            hint="write http://HOST:PORT, or https://HOST:PORT",
        )
    user, password = login, ""
    if at:
        from urllib.parse import unquote

        name, _, secret = login.partition(":")
        user, password = unquote(name), unquote(secret)
    return Proxy(f"{scheme}://{host}:{port}", user, Secret(password) if password else None)


def _is_host(text: str) -> bool:
    """Whether it is a host name of DNS labels (RFC 1123), an IPv4 address, or an IPv6 address in brackets."""
    if text.startswith("[") and text.endswith("]"):
        return len(text) > 2 and all(char in "0123456789abcdefABCDEF:." for char in text[1:-1])
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(
        0 < len(label) <= 63
        and label.isascii()
        and label.replace("-", "").isalnum()
        and not label.startswith("-")
        and not label.endswith("-")
        for label in labels
    )


def _is_loopback_v4(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(part.isdigit() and int(part) < 256 for part in parts)


def _is_variable(name: str) -> bool:
    return name.isascii() and name.isidentifier()


def _without_user(url: str) -> str:
    """A URL as a message may show it: what stands before `@` can be a password."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}***@{rest.rpartition('@')[2]}" if "@" in rest else url


def _expand(path: str, env: Mapping[str, str]) -> str:
    """`~/x` under the home directory that the environment names."""
    if path == "~" or path.startswith("~/"):
        home = env.get("HOME") or os.path.expanduser("~")
        return home + path[1:]
    return path


def _read_text(path: str, what: str) -> str:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except OSError as error:
        raise UsageError(f"can't read {what} {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"can't read {what} {path}: not UTF-8 at byte {error.start}") from error
