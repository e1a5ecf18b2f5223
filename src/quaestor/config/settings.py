"""What can be set: connections with their credentials, bounds, how results are written.

Before: `config.values` checks what is given for each, `config` itself and `config.toml` put it together. After:
everybody who is handed `Settings`. A value in here is already checked.
"""

from __future__ import annotations

from quaestor.config.values import expand, read_text
from quaestor.errors import UsageError
from quaestor.record import Record
from quaestor.secrets import Secret, from_command, from_keyring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from quaestor.config.values import Proxy


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
        path = expand(self.file, env)
        value = read_text(path, "the credential's file").strip()
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
        read_only: whether nothing but reads goes over it.
    """

    name: str
    provider: str
    variables: dict[str, str] = {}
    domain: str = ""
    endpoint: str = ""
    credentials: dict[str, CredentialReference] = {}
    oauth: OAuthSettings | None = None
    read_only: bool = False


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
        pushdown: whether the APIs test the conditions that they can test; the rows are the same without it.
        groups: names that stand for several connections, each to these.
        partial: whether a statement some of whose requests fail gives what there is, and says so.
        workspace: path of the file with the views and tables that are kept, `:memory:` for none; empty for the one
            that `workspace_path` names.
        journal: path of the journal of writes; empty for the one that `journal_path` names, or for none where
            requests don't leave the process.
        registry: where provider documents are, besides those that were pulled: a folder, a `file://` URL, or
            StackQL's JSON with `localDocRoot`.
        read_only: whether nothing but reads leaves this machine.
        on_error: what a write does with the rows behind one that failed: `stop` or `continue`.
        write_concurrency: the most writes at the same time.
        max_writes: the most writes of one statement.
        all_rows: whether an UPDATE, REPLACE or DELETE that names no row means all of them.
        dry_run_writes: whether writes are shown instead of sent.
        allow_local_exec: whether methods of documents may run programs of this machine; by its flag alone.
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
    pushdown: bool = True
    workspace: str = ""
    groups: dict[str, tuple[str, ...]] = {}
    partial: bool = False
    registry: str = ""
    journal: str = ""
    read_only: bool = False
    on_error: str = "stop"
    write_concurrency: int = 1
    max_writes: int = 10_000
    all_rows: bool = False
    dry_run_writes: bool = False
    allow_local_exec: bool = False
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
