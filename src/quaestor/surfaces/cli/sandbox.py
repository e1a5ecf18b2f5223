"""`quaestor sandbox`: a stand-in for providers' APIs on a port of this machine.

Before: `main` has parsed the command line. After: `sandbox.serve` answers until it is interrupted; here is said where
it is and how to use it.
"""

from __future__ import annotations

from quaestor.catalog.store import open_catalog
from quaestor.sandbox.core import Sandbox
from quaestor.sandbox.serve import serve
from quaestor.surfaces.cli.output import Direct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.surfaces.cli.console import Console
    from quaestor.surfaces.cli.options import Invocation


def run(invocation: Invocation, console: Console) -> int:
    """Serve until Ctrl-C. Raises UsageError for an unknown provider, a scale that names nothing, a port in use."""
    values = invocation.values
    catalog = open_catalog(note=console.note)
    try:
        sandbox = Sandbox(catalog, invocation.arguments, seed=values.get("seed", 1), scale=values.get("scale", {}))

        def ready(address: str) -> None:
            endpoints = sandbox.endpoints(address)
            Direct(console.stdout, False).write("".join(f"{name} {url}\n" for name, url in endpoints.items()))
            variables = [f"{c.env}=any" for p in catalog.providers() if p.name in endpoints for c in p.credentials]
            flags = " ".join(f"--endpoint {name}={url}" for name, url in endpoints.items())
            console.note(f'use it: {" ".join(variables)} quaestor exec {flags} "SELECT …"')
            console.note("any credential will do; Ctrl-C stops it")

        serve(sandbox, port=values.get("port", 0), ready=ready)
    finally:
        catalog.close()
    return 0
