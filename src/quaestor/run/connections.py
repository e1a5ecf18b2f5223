"""The connections of a session: the provider that each is of, its hosts, and who signs and sends its requests.

Before: `run.engine` read the settings. After: `run.reading` and `run.writing.sending` ask for the client of a
request. Each server of a connection has one origin for its credential: the configured one, else the first that is
used.
"""

from __future__ import annotations

from _thread import allocate_lock
from time import time

from quaestor import __version__
from quaestor.catalog.model import PROGRAM
from quaestor.catalog.store import cache_folder
from quaestor.errors import ForbiddenError
from quaestor.fetch.auth import SIGNERS, Authenticator, provider_credentials, stackql_credentials
from quaestor.fetch.client import Client, Governor
from quaestor.fetch.server import REGIONAL, base_url
from quaestor.fetch.shared import SharedLimits
from quaestor.fetch.transport import HttpTransport, Limits, ReadOnly
from quaestor.fetch.url import origin_of
from quaestor.run.failures import failure_of
from quaestor.secrets import Redactor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from quaestor.catalog.catalog import Catalog
    from quaestor.catalog.model import Provider, Server
    from quaestor.config import Settings
    from quaestor.errors import QuaestorError
    from quaestor.fetch.governor import Clock
    from quaestor.fetch.http import Transport
    from quaestor.fetch.url import Origin
    from quaestor.plan.model import Scan
    from quaestor.run.failures import Failure
    from quaestor.run.reading import Start
    from quaestor.values import SqlValue


class Connections:
    """The connections of a session: which provider each is of, where its requests go, and who signs them.

    Args:
        names: each connection's provider.
        endpoints: origins that replace the provider's host, by connection or provider.
        auth: StackQL's `--auth` entries, by connection or provider.
        transport: carries all requests instead of sockets.
        env: where credentials and server variables are looked up.
        clock: by which it waits; the machine's unless given.
        now_s: what time it is for the APIs, in seconds since 1970: a sandbox has a time of its own.
    """

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        names: Mapping[str, str],
        *,
        endpoints: Mapping[str, str],
        auth: Mapping[str, Any],
        transport: Transport | None,
        env: Mapping[str, str],
        clock: Clock | None = None,
        now_s: Callable[[], float] = time,
    ) -> None:
        self.now_s = now_s
        self._settings = settings
        self._catalog = catalog
        self._names = names
        self._endpoints = endpoints
        self._auth = auth
        self._env = env
        self._transport = transport
        self._redactor = Redactor()
        cache = "" if transport is not None else cache_folder()
        self._governor = Governor(
            max_wait_s=settings.max_wait_s,
            concurrency=settings.concurrency,
            reserve=settings.api_reserve,
            shared=SharedLimits(cache) if cache else None,
            clock=clock,
        )
        self._clients: dict[tuple[str, str], tuple[Origin, Client]] = {}
        self._lock = allocate_lock()

    def provider(self, connection: str) -> Provider:
        """The provider of a connection."""
        provider = self._catalog.provider(self._names[connection])
        assert provider is not None
        return provider

    @property
    def clock(self) -> Clock:
        """By which everything here waits."""
        return self._governor.clock

    def endpoint(self, connection: str) -> str:
        """The origin that stands in for the provider's host, or an empty text."""
        configured = self._settings.endpoint(connection, self._names[connection])
        return self._endpoints.get(connection) or self._endpoints.get(self._names[connection]) or configured

    def domain(self, connection: str) -> str:
        """The connection's custom domain, or an empty text."""
        configured = self._settings.connection(connection)
        return configured.domain if configured is not None else ""

    def variables(self, connection: str, server: Server, given: Mapping[str, SqlValue]) -> dict[str, SqlValue]:
        """The value of each server variable: what the statement says, else the connection, else the environment."""
        configured = self._settings.connection(connection)
        values: dict[str, SqlValue] = {}
        for variable in server.variables:
            name = variable.name
            value = given.get(name)
            if value is None and configured is not None:
                value = configured.variables.get(name)
            if value is None:
                value = self._env.get(server.variables_env.get(name, "")) or variable.default or None
            if value is not None:
                values[name] = value
        return values

    def base_url(self, connection: str, server: Server, values: Mapping[str, SqlValue]) -> str:
        """Scheme, host and path prefix of a server's requests over this connection."""
        return base_url(
            server,
            known(values),
            endpoint=self.endpoint(connection),
            custom_domain=self.domain(connection),
        )

    def client(self, connection: str, server: Server, values: Mapping[str, SqlValue]) -> Client:
        """Who sends this connection's requests to a server whose variables have these values.

        A variable that only chooses the vendor's region may have any: the account is the same in all of them.

        Raises AuthError where a credential is missing, ForbiddenError where the origin isn't the one that the
        connection is configured for, or that its first request went to: one token serves one organisation.
        """
        if server.url == PROGRAM:
            return self._programs(connection)
        origin = origin_of(self.base_url(connection, server, values))
        place = server.url + (str(origin) if is_regional(server) else "")
        with self._lock:
            there = self._clients.get((connection, place))
            if there is None:
                home = origin if is_regional(server) else self._home(connection, server) or origin
                if home == origin:
                    there = (origin, self._new_client(connection, origin, server, values))
                    self._clients[connection, place] = there
            else:
                home = there[0]
        if there is None or home != origin:
            raise ForbiddenError(
                f"the connection {connection} is for {home}, this statement asks {origin}",
                hint="one token serves one organisation: name a second connection in the configuration file",
            )
        return there[1]

    def _programs(self, connection: str) -> Client:
        """Who runs the programs of a document's methods. Raises ForbiddenError unless the user allows it."""
        # late: only documents of other people have it (docs/decisions/0003-late-imports.md)
        from quaestor.fetch.programs import Programs, Unsigned

        carrier: Transport = Programs(
            is_allowed=self._settings.allow_local_exec, timeout_s=self._settings.request_timeout_s
        )
        configured = self._settings.connection(connection)
        if self._settings.read_only or (configured is not None and configured.read_only):
            carrier = ReadOnly(carrier)
        return Client(carrier, Unsigned(), self._governor, redactor=self._redactor)

    def _home(self, connection: str, server: Server) -> Origin | None:
        """Where the connection's settings or the environment say that a server is; None if they say nothing."""
        configured = self._settings.connection(connection)
        own = configured.variables if configured is not None else {}
        names = [variable.name for variable in server.variables]
        if not any(own.get(name) or self._env.get(server.variables_env.get(name, "")) for name in names):
            return None
        return origin_of(self.base_url(connection, server, self.variables(connection, server, {})))

    def failure(self, error: QuaestorError, scan: Scan, start: Start, url: str) -> Failure:
        """The row of `quaestor.failures` for an error, secrets masked."""
        return failure_of(error, scan, start.connection, url, start.values, self._redactor)

    def close(self) -> None:
        """Close the sockets."""
        if self._transport is not None:
            self._transport.close()

    def _new_client(self, connection: str, origin: Origin, server: Server, values: Mapping[str, SqlValue]) -> Client:
        provider = self.provider(connection)
        if self._transport is None:
            limits = Limits(total_s=self._settings.request_timeout_s)
            self._transport = HttpTransport(
                limits,
                ca_bundle=self._settings.ca_bundle,
                proxy=self._settings.proxy,
                user_agent=f"quaestor/{__version__}",
            )
        authenticator = self._authenticator(connection, provider, origin, self._transport, (server, values))
        configured = self._settings.connection(connection)
        is_read_only = self._settings.read_only or (configured is not None and configured.read_only)
        carrier: Transport = ReadOnly(self._transport) if is_read_only else self._transport
        return Client(carrier, authenticator, self._governor, provider=provider, redactor=self._redactor)

    def _authenticator(
        self,
        connection: str,
        provider: Provider,
        origin: Origin,
        transport: Transport,
        place: tuple[Server, Mapping[str, SqlValue]],
    ) -> Authenticator:
        """Who signs a connection's requests: what `--auth` says, else its own settings, else the environment, where
        the provider's document may name other variables."""
        configured = self._settings.connection(connection)
        own = configured is not None and (configured.oauth is not None or configured.credentials)
        entry = self._auth.get(connection, self._auth.get(provider.name, None if own else provider.auth or None))
        oauth = configured.oauth if configured is not None else None
        if (isinstance(entry, dict) and entry.get("type") == "oauth2") or (entry is None and oauth is not None):
            # late: it brings PyJWT and cryptography (docs/decisions/0003-late-imports.md)
            from quaestor.fetch.oauth import OAuth, okta_grant, stackql_grant

            if entry is not None:
                grant = stackql_grant(provider.name, entry, self._env)
            else:
                assert oauth is not None
                grant = okta_grant(oauth, str(origin), provider, self._env)
            return OAuth(origin, grant, transport, self._governor, self._redactor, provider)
        if isinstance(entry, dict) and entry.get("type") in SIGNERS:
            host = origin_of(base_url(place[0], known(place[1]))).host
            return self._signer(entry, provider, origin, transport, host)
        if entry is not None:
            parts = stackql_credentials(provider.name, entry, self._env)
        else:
            parts = provider_credentials(provider, self._env, configured.credentials if configured else None)
        return Authenticator(origin, parts, self._redactor)

    def _signer(
        self, entry: dict[str, Any], provider: Provider, origin: Origin, transport: Transport, host: str
    ) -> Authenticator:
        """Who signs as a cloud's own tools do; `host` is the vendor's, whatever stands in for it."""
        # late: few sessions need them, and they bring packages (docs/decisions/0003-late-imports.md)
        if entry["type"] in ("aws_signing_v4", "aws_assume_role"):
            from quaestor.fetch.aws import AwsRole, AwsSigner, aws_keys, aws_role

            keys, role = aws_keys(provider.name, entry, self._env), aws_role(provider.name, entry, self._env)
            if role is None:
                return AwsSigner(origin, host, keys, self._redactor)
            return AwsRole(origin, host, keys, role, transport, self._governor, self._redactor)
        from quaestor.fetch.cloud import azure_default, service_account

        clock = self._governor.clock
        if entry["type"] == "azure_default":
            return azure_default(provider.name, entry, origin, host, self._redactor, clock)
        return service_account(provider.name, entry, self._env, origin, transport, self._redactor, clock)


def is_regional(server: Server) -> bool:
    """Whether the host depends on nothing but a region of the vendor's, whose pattern its values are held to."""
    return bool(server.variables) and all(variable.format == REGIONAL for variable in server.variables)


def known(settings: Mapping[str, SqlValue]) -> dict[str, str]:
    """Server variables that have a value, as texts."""
    return {name: str(value) for name, value in settings.items() if value is not None}
