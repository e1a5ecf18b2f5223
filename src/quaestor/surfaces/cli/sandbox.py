"""`quaestor sandbox`: a stand-in for providers' APIs on a port of this machine.

Before: `main` has parsed the command line. After: `sandbox.serve` answers until it is interrupted; here is said where
it is and how to use it.
"""

from __future__ import annotations

from contextlib import ExitStack

from quaestor.catalog.store import open_catalog
from quaestor.errors import UsageError
from quaestor.sandbox.staging import stage
from quaestor.sandbox.wire.serve import serve
from quaestor.sandbox.wire.tls import identity
from quaestor.surfaces.cli.output import Direct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.surfaces.cli.console import Console
    from quaestor.surfaces.cli.options import Invocation

#: Flags that `stage` takes as they are.
_STAGED = ("seed", "scale", "faults", "limits", "latency", "cassette", "state")


def run(invocation: Invocation, console: Console) -> int:
    """Serve until Ctrl-C. Raises UsageError for an unknown provider, a scale that names nothing, faults and limits
    that can't be read, a port in use."""
    values = invocation.values
    if not invocation.arguments:
        raise UsageError("no provider was named", hint="name one or more: quaestor sandbox okta datadog")
    with ExitStack() as stack:
        catalog = open_catalog(note=console.note)
        stack.callback(catalog.close)
        options = {name: values[name] for name in _STAGED if name in values}
        front, providers = stack.enter_context(stage(catalog, invocation.arguments, **options))
        expired = front.faults.expired_tls
        if expired and not values.get("tls"):
            raise UsageError("expired-tls needs a certificate to be shown", hint="add --tls")
        known = stack.enter_context(identity(providers, expired=expired)) if values.get("tls") else None

        def ready(address: str) -> None:
            endpoints = front.endpoints(address)
            Direct(console.stdout, False).write("".join(f"{name} {url}\n" for name, url in endpoints.items()))
            variables = [f"{credential.env}=any" for provider in providers for credential in provider.credentials]
            flags = [f"--endpoint {name}={url}" for name, url in endpoints.items()]
            if known is not None:
                flags.append(f"--tls.CABundle {known.authority}")
                path = known.authority
                console.note(f"trust it: SSL_CERT_FILE={path} or NODE_EXTRA_CA_CERTS={path} or curl --cacert {path}")
            console.note(f'use it: {" ".join(variables)} quaestor exec {" ".join(flags)} "SELECT …"')
            console.note("any credential will do; Ctrl-C stops it")

        serve(front, port=values.get("port", 0), identity=known, ready=ready)
    return 0
