"""A connection whose requests are answered inside this process: `--sandbox`, and what `demo` shows.

Before: `exec` has the settings. After: an ordinary `Connection`. None of the user's credentials, endpoints, custom
domains and proxies take part; connections keep their names, providers and variables, so that statements run as they
are. What is kept of documents and texts in the user's folder is there.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

import quaestor
from quaestor.fetch.auth import SIGNERS
from quaestor.record import replace
from quaestor.sandbox.core import IN_PROCESS
from quaestor.sandbox.staging import stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from quaestor.catalog.catalog import Catalog
    from quaestor.config import Settings
    from quaestor.run.engine import Connection

#: Keys of an `auth` whose variable names a file.
_FILES = ("credentialsfilepathenvvar",)
#: What stands in for every credential; it is none.
TOKEN = "sandbox"


def connect(
    settings: Settings,
    catalog: Catalog,
    seed: int = 1,
    scale: Mapping[str, int] | None = None,
    notify: Callable[[str], None] | None = None,
    **options: Any,
) -> Connection:
    """A connection to a sandbox of all providers of the catalog.

    `options` are `faults`, `limits`, `latency` and `cassette` of `quaestor.sandbox`. Raises UsageError for any that
    can't be, and for a scale that names nothing.
    """
    closing = ExitStack()
    front, providers = closing.enter_context(stage(catalog, (), seed=seed, scale=scale, **options))
    endpoints = front.endpoints(IN_PROCESS)
    for name, connection in settings.connections.items():
        if connection.provider in endpoints:
            endpoints[name] = endpoints[connection.provider]
    bare = {
        name: replace(connection, credentials={}, endpoint="", domain="")
        for name, connection in settings.connections.items()
    }
    # AWS's signatures and tokens of Google and Azure are nothing to a sandbox that lets all in
    unsigned = {p.name: {"type": "null_auth"} for p in providers if p.auth.get("type") in SIGNERS}
    env = {credential.env: TOKEN for provider in providers for credential in provider.credentials}
    env.update((name, TOKEN) for provider in providers for name in _variables(provider.auth))
    env.update((name, os.environ[name]) for name in ("HOME", "XDG_DATA_HOME") if name in os.environ)
    return quaestor.connect(
        replace(settings, connections=bare, auth=unsigned, proxy=None, ca_bundle=""),
        endpoints=endpoints,
        transport=front.transport(closing=closing.close),
        catalog=catalog,
        notify=notify,
        now_s=front.now_s,
        env=env,
    )


def _variables(auth: Mapping[str, Any]) -> list[str]:
    """The variables that a document's `auth` reads."""
    own = [str(value) for key, value in auth.items() if key.endswith(("envvar", "_var")) and key not in _FILES]
    return own + (_variables(auth["successor"]) if isinstance(auth.get("successor"), dict) else [])
