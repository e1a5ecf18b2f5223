"""`python -m tests.documents.report`: what is loaded of the published documents, and what compiling each takes.

For each provider: services whose document is there and those that are only listed, resources, methods, what can't be
loaded and why; megabytes of YAML, seconds to compile all of it, megabytes compiled; the failures and known faults of
`provider test`. At the end, a cold `DESCRIBE aws.iam.users` as a command, before and after compiling.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from quaestor.authoring.trial.run import try_provider
from quaestor.catalog.compiling import compile_facts
from quaestor.catalog.stackql import folder, provider, service
from quaestor.catalog.stackql.folder import Folder
from quaestor.errors import CatalogError
from quaestor.record import Record
from quaestor.sandbox.data.patterns import matching

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
REGISTRIES = (DATA / "registry", DATA / "registry-okta-5.1.0")
_MB = 1024 * 1024


class Measured(Record):
    """One provider, loaded and compiled whole. Sizes in bytes, times in seconds."""

    name: str
    services: int = 0
    absent: int = 0
    resources: int = 0
    methods: int = 0
    failures: tuple[str, ...] = ()
    written: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    compiled: int = 0


def measure(where: Folder) -> Measured:
    """Reads and compiles every service of a provider, each to a file of its own as the program does it."""
    head = provider.read(where)
    services = absent = resources = methods = written = compiled = 0
    seconds = slowest = 0.0
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as cache:
        for entry in head.services:
            if not entry.path:
                absent += 1
                continue
            services += 1
            written += os.path.getsize(entry.path)
            began = time.perf_counter()
            try:
                found = service.read(head, entry)
                compile_facts([found], os.path.join(cache, f"{entry.name}.db"))
            except CatalogError as error:
                failures.append(f"{entry.name}: {error.message}")
                continue
            took = time.perf_counter() - began
            seconds, slowest = seconds + took, max(slowest, took)
            compiled += os.path.getsize(os.path.join(cache, f"{entry.name}.db"))
            resources += len(found.resources)
            methods += sum(len(resource.methods) for resource in found.resources)
    return Measured(
        where.name, services, absent, resources, methods, tuple(failures), written, seconds, slowest, compiled
    )


def cold(sql: str, cache: str) -> float:
    """Seconds that a command of its own takes for a statement."""
    command = [sys.executable, "-m", "quaestor", "exec", "--registry", str(REGISTRIES[0]), sql]
    began = time.perf_counter()
    subprocess.run(command, env={**os.environ, "XDG_CACHE_HOME": cache}, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> int:
    """Print the table."""
    if not REGISTRIES[0].is_dir():
        print("the shared data is not beside the checkout", file=sys.stderr)
        return 1
    print(
        f"{'provider':16} {'services':>8} {'absent':>6} {'resources':>9} {'methods':>7} {'unread':>6} {'MB':>6} "
        f"{'seconds':>7} {'slowest':>7} {'MB made':>7} {'failed':>6} {'faults':>6}"
    )
    total = Measured("all")
    unread: list[str] = []
    failed_in_all = known_in_all = 0
    for registry in REGISTRIES:
        for where in folder.folders(str(registry)):
            found = measure(where)
            (tried,) = try_provider(where.path, (), lambda pattern: matching(pattern, 1) or "")
            failed = len({each.place for each in tried.failures})
            name = f"{found.name} 5.1.0" if registry != REGISTRIES[0] else found.name
            print(_line(name, found, failed, len(tried.known)), flush=True)
            unread += [f"{name}.{each}" for each in found.failures]
            total = _sum(total, found)
            failed_in_all, known_in_all = failed_in_all + failed, known_in_all + len(tried.known)
    print(_line("all", total, failed_in_all, known_in_all))
    print("\n".join(["", *unread]) if unread else "\nevery document that is there is read")
    with tempfile.TemporaryDirectory() as cache:
        cold("SHOW PROVIDERS", cache)  # the built-in providers are compiled, aws isn't
        first = cold("DESCRIBE aws.iam.users", cache)
        again = min(cold("DESCRIBE aws.iam.users", cache) for _ in range(3))
    print(f"DESCRIBE aws.iam.users, a new process: {first:.2f} s before it is compiled, {again:.3f} s after")
    return 0


def _line(name: str, found: Measured, failed: int, known: int) -> str:
    return (
        f"{name:16} {found.services:8} {found.absent:6} {found.resources:9} {found.methods:7} "
        f"{len(found.failures):6} {found.written / _MB:6.1f} {found.seconds:7.1f} {found.slowest:7.2f} "
        f"{found.compiled / _MB:7.1f} {failed:6} {known:6}"
    )


def _sum(one: Measured, other: Measured) -> Measured:
    return Measured(
        "all",
        one.services + other.services,
        one.absent + other.absent,
        one.resources + other.resources,
        one.methods + other.methods,
        one.failures + other.failures,
        one.written + other.written,
        one.seconds + other.seconds,
        max(one.slowest, other.slowest),
        one.compiled + other.compiled,
    )


if __name__ == "__main__":
    sys.exit(main())
