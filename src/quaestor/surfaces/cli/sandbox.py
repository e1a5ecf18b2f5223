"""`quaestor sandbox`: a stand-in for providers' APIs on a port of this machine.

Before: `main` has parsed the command line. After: `sandbox.serve` answers until it is interrupted; here is said where
it is and how to use it.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from quaestor.catalog.store import open_providers
from quaestor.config import document_roots
from quaestor.errors import UsageError
from quaestor.sandbox.answer.access import TOKEN
from quaestor.sandbox.core import Sandbox
from quaestor.sandbox.okta.signin import OktaGate
from quaestor.sandbox.staging import NOW, stage
from quaestor.sandbox.wire.serve import serve
from quaestor.sandbox.wire.tls import identity
from quaestor.surfaces.cli.output import Direct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.catalog.model import Provider
    from quaestor.sandbox.wire.front import Front
    from quaestor.surfaces.cli.console import Console
    from quaestor.surfaces.cli.options import Invocation

#: Flags that `stage` takes as they are.
_STAGED = ("seed", "scale", "faults", "limits", "latency", "cassette", "state", "strict_auth", "access")

_UNTOLD = "its document makes rows of them by a transform, and no schema tells what comes before it"


def run(invocation: Invocation, console: Console) -> int:
    """Serve until Ctrl-C. Raises UsageError for an unknown provider, a scale that names nothing, faults and limits
    that can't be read, a port in use."""
    values = invocation.values
    if not invocation.arguments:
        raise UsageError("no provider was named", hint="name one or more: quaestor sandbox okta datadog")
    with ExitStack() as stack:
        catalog = open_providers(document_roots(values.get("registry", ""), os.environ), note=console.note)
        stack.callback(catalog.close)
        options = {name: values[name] for name in _STAGED if name in values}
        front, providers = stack.enter_context(stage(catalog, invocation.arguments, world=NOW, **options))
        expired = front.faults.expired_tls
        if expired and not values.get("tls"):
            raise UsageError("expired-tls needs a certificate to be shown", hint="add --tls")
        known = stack.enter_context(identity(providers, expired=expired)) if values.get("tls") else None

        app = _service_app(front, values["key_out"]) if values.get("key_out") else ""

        def ready(address: str) -> None:
            endpoints = front.endpoints(address)
            Direct(console.stdout, False).write("".join(f"{name} {url}\n" for name, url in endpoints.items()))
            variables = [f"{name}={TOKEN}" for provider in providers for name in _credentials(provider)]
            flags = [f"--endpoint {name}={url}" for name, url in endpoints.items()]
            if known is not None:
                flags.append(f"--tls.CABundle {known.authority}")
                path = known.authority
                console.note(f"trust it: SSL_CERT_FILE={path} or NODE_EXTRA_CA_CERTS={path} or curl --cacert {path}")
            console.note(f'use it: {" ".join([*variables, "quaestor exec", *flags])} "SELECT …"')
            if isinstance(front.service, Sandbox):
                for name, (dumb, of) in front.service.untold().items():
                    console.note(f"{dumb} of {of} operations of {name} answer 501: {_UNTOLD}")
            if app:
                console.note(f"the service app {app} signs in to Okta with the key in {values['key_out']}")
            if values.get("strict_auth"):
                console.note("credentials are checked, and what they allow; Ctrl-C stops it")
            else:
                console.note("any credential will do; Ctrl-C stops it")

        serve(front, port=values.get("port", 0), identity=known, ready=ready)
    return 0


def _credentials(provider: Provider) -> list[str]:
    """The variables that hold a provider's credentials, where any text will do for one."""
    if provider.credentials:
        return [credential.env for credential in provider.credentials]
    if provider.auth.get("type") not in (
        "aws_signing_v4",
        "api_key",
        "basic",
        "bearer",
    ):  # others read keys of theirs
        return []
    return [
        str(name) for key, name in provider.auth.items() if key.endswith(("envvar", "_var")) and "path" not in key
    ]


def _service_app(front: Front, path: str) -> str:
    """The client id of the service app that may sign in to Okta; its private key is written to `path`, for its owner
    alone. Raises UsageError."""
    gate = front.service.gate("okta") if isinstance(front.service, Sandbox) and "okta" in front.providers else None
    if not isinstance(gate, OktaGate):
        raise UsageError("--key-out is for the key of a service app of Okta, and there is no Okta here")
    client, key = gate.service_app()
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
            out.write(key)
    except OSError as error:
        raise UsageError(f"the key can't be written to {path}: {error.strerror}") from error
    return client
