"""`quaestor record`: a proxy that notes down what a client asks of the real service, without secrets.

Before: `main` has parsed the command line. After: `sandbox.recorder` forwards until it is interrupted; here is said
where it is, with which ticket, and how much was written.
"""

from __future__ import annotations

from contextlib import ExitStack

from quaestor import __version__
from quaestor.catalog.store import open_catalog
from quaestor.config import load_settings
from quaestor.errors import UsageError
from quaestor.fetch.auth import Authenticator, provider_credentials
from quaestor.fetch.server import base_url
from quaestor.fetch.transport import HttpTransport, Limits
from quaestor.fetch.url import origin_of
from quaestor.sandbox.wire.front import Front
from quaestor.sandbox.wire.recorder import Recorder
from quaestor.sandbox.wire.serve import serve
from quaestor.secrets import Redactor
from quaestor.surfaces.cli.exec import environment, setting_flags
from quaestor.surfaces.cli.output import Direct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from quaestor.catalog.model import Provider
    from quaestor.config import Settings
    from quaestor.surfaces.cli.console import Console
    from quaestor.surfaces.cli.options import Invocation


def run(invocation: Invocation, console: Console) -> int:
    """Forward until Ctrl-C. Raises UsageError for arguments that don't fit and a file that is there already,
    AuthError without a credential."""
    values = invocation.values
    if len(invocation.arguments) != 1 or "out" not in values:
        raise UsageError("record needs one provider and a file", hint="write quaestor record PROVIDER --out FILE")
    env = environment(values, console)
    settings = load_settings(setting_flags(values), env, values.get("config", ""))
    console.error_format = settings.error_format
    with ExitStack() as stack:
        catalog = open_catalog(note=console.note)
        stack.callback(catalog.close)
        name = invocation.arguments[0]
        configured = settings.connection(name)
        provider = catalog.provider(configured.provider if configured is not None else name)
        if provider is None:
            known = ", ".join(known.name for known in catalog.providers())
            raise UsageError(f"there is no provider {name!r}", hint=f"the catalog has {known}")
        redactor = Redactor()
        base = _base(name, provider, settings, env)
        parts = provider_credentials(provider, env, configured.credentials if configured is not None else None)
        authenticator = Authenticator(origin_of(base), parts, redactor)
        transport = stack.enter_context(
            HttpTransport(
                Limits(total_s=settings.request_timeout_s),
                ca_bundle=settings.ca_bundle,
                proxy=settings.proxy,
                user_agent=f"quaestor/{__version__}",
            )
        )
        recorder = Recorder(provider, base, authenticator, transport, redactor, values["out"])
        stack.callback(recorder.close)

        def ready(address: str) -> None:
            Direct(console.stdout, False).write(f"{provider.name} {address}\n")
            variables = " ".join(f"{credential.env}={recorder.ticket}" for credential in provider.credentials)
            console.note(f'use it: {variables} quaestor exec --endpoint {provider.name}={address} "SELECT …"')
            console.note(f"requests go to {base} with your credential; writes too. Ctrl-C stops it")

        serve(Front(recorder, waits=True), port=values.get("port", 0), ready=ready)
        console.note(f"{recorder.count} answers are in {values['out']}; look into it before you share it")
    return 0


def _base(name: str, provider: Provider, settings: Settings, env: Mapping[str, str]) -> str:
    """Where the service is: the endpoint that is named, else the provider's server for this connection."""
    configured = settings.connection(name)
    own = configured.variables if configured is not None else {}
    values = {}
    for variable in provider.server.variables:
        value = own.get(variable.name) or env.get(provider.server.variables_env.get(variable.name, ""))
        if value or variable.default:
            values[variable.name] = str(value or variable.default)
    return base_url(
        provider.server,
        values,
        endpoint=settings.endpoint(name, provider.name),
        custom_domain=configured.domain if configured is not None else "",
    )
