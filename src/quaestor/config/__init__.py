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

from quaestor.config.dotenv import read_env_file as read_env_file
from quaestor.config.settings import ConnectionSettings as ConnectionSettings
from quaestor.config.settings import CredentialReference as CredentialReference
from quaestor.config.settings import OAuthSettings as OAuthSettings
from quaestor.config.settings import Settings as Settings
from quaestor.config.values import ERROR_FORMATS as ERROR_FORMATS
from quaestor.config.values import OUTPUTS as OUTPUTS
from quaestor.config.values import SCALARS as SCALARS
from quaestor.config.values import Proxy as Proxy
from quaestor.config.values import check_endpoint as check_endpoint
from quaestor.config.values import check_proxy as check_proxy
from quaestor.config.values import expand, read_scalar
from quaestor.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def config_path(named: str, env: Mapping[str, str]) -> tuple[str, bool]:
    """Path of the configuration file, and whether it must exist because somebody named it."""
    explicit = named or env.get("QUAESTOR_CONFIG", "")
    if explicit:
        return expand(explicit, env), True
    base = env.get("XDG_CONFIG_HOME", "")
    if not base.startswith("/"):  # the XDG base directory specification: a relative one is invalid, ignore it
        base = expand("~/.config", env)
    return os.path.join(base, "quaestor", "config.toml"), False


def workspace_path(env: Mapping[str, str], *, sandbox: bool = False) -> str:
    """Where views and tables are kept unless somebody says otherwise (XDG Base Directory Specification: user data).

    What was read from a sandbox is kept apart: nobody shall take invented people for real ones.
    """
    return os.path.join(data_folder(env), "sandbox.db" if sandbox else "workspace.db")


def journal_path(env: Mapping[str, str], *, sandbox: bool = False) -> str:
    """Where the journal of writes is; what was written to a sandbox has its own."""
    return os.path.join(data_folder(env), "sandbox-journal.db" if sandbox else "journal.db")


def data_folder(env: Mapping[str, str]) -> str:
    """The folder of what the program keeps for its user (XDG Base Directory Specification)."""
    base = env.get("XDG_DATA_HOME", "")
    return os.path.join(base if base.startswith("/") else expand("~/.local/share", env), "quaestor")


def document_roots(registry: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """The folders of provider documents: those that were pulled, then what `registry` (a setting) names.

    Raises UsageError for a registry that names no folder of this machine.
    """
    pulled = os.path.join(data_folder(env), "registry")
    roots = (pulled,) if os.path.isdir(os.path.join(pulled, "src")) else ()
    if not registry:
        return roots
    _, root = _registry_places(registry)
    if not root or root.startswith(("http://", "https://")):
        return roots  # what is pulled from there is among the pulled ones
    root = os.path.abspath(expand(root.removeprefix("file://"), env))
    if os.path.isfile(os.path.join(root, "dist", "providers.yaml")) and not os.path.isdir(os.path.join(root, "src")):
        return roots  # a registry to pull from, not documents
    if not os.path.isdir(root):
        raise UsageError(
            f"--registry: there is no folder {root}",
            hint="""a folder, or '{"url": "file:///path", "localDocRoot": "/path"}'""",
        )
    return (*roots, root)


def registry_source(registry: str, env: Mapping[str, str]) -> str:
    """The address or folder that documents are pulled from: what `registry` (a setting) names, or its `url`."""
    source, _ = _registry_places(registry)
    if source.startswith(("http://", "https://")) or not source:
        return source
    return os.path.abspath(expand(source.removeprefix("file://"), env))


def _registry_places(registry: str) -> tuple[str, str]:
    """Where to pull documents from, and where they lie: one place, or StackQL's JSON of `url` and `localDocRoot`."""
    if not registry.lstrip().startswith("{"):
        return registry, registry
    import json

    try:
        found = json.loads(registry)
    except ValueError as error:
        raise UsageError(f"--registry is no JSON: {error}") from error
    root = str(found.get("localDocRoot") or "")
    return str(found.get("url") or root), root


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
        # imported here: most runs have no file (docs/decisions/0003-late-imports.md)
        from quaestor.config.toml import read_file

        values = read_file(file, env)
    for name in SCALARS:
        text = env.get(f"QUAESTOR_{name.upper()}", "")
        if text:
            values[name] = read_scalar(name, text, f"QUAESTOR_{name.upper()}", env)
    for name, value in flags.items():
        if name == "endpoints":
            values[name] = {key: check_endpoint(url, f"--endpoint {key}") for key, url in value.items()}
        elif name in SCALARS and isinstance(value, str):
            values[name] = read_scalar(name, value, FLAG_OF.get(name, f"--{name}"), env)
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
    "read_only": "--read-only",
    "on_error": "--on-error",
    "write_concurrency": "--write-concurrency",
    "max_writes": "--max-writes",
}
