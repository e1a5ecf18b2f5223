"""`quaestor registry`: provider documents from a registry, listed, pulled, removed, brought up to date, checked.

Before: `main` has parsed the command line. After: `run.registry` does it; here is said what it did.
"""

from __future__ import annotations

import os

from quaestor.config import data_folder, load_settings, registry_source
from quaestor.errors import CatalogError, did_you_mean
from quaestor.run.registry import Registry, open_registry
from quaestor.surfaces.cli.output import Direct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from quaestor.run.registry import Pulled
    from quaestor.surfaces.cli.console import Console
    from quaestor.surfaces.cli.options import Invocation


def run(invocation: Invocation, console: Console) -> int:
    """Do what is asked. Raises CatalogError for what is refused, UsageError where no registry is set."""
    values = invocation.values
    command, *rest = invocation.arguments
    act = _COMMANDS[command]
    flags: dict[str, Any] = {name: values[name] for name in ("registry", "ca_bundle") if name in values}
    settings = load_settings(flags, console.env, values.get("config", ""))
    with open_registry(
        registry_source(settings.registry, console.env), os.path.join(data_folder(console.env), "registry"), settings
    ) as registry:
        lines = act(registry, rest)
    out = Direct(console.stdout, False)
    for line in lines:
        out.write(f"{line}\n")
    return 0


def _list(registry: Registry, rest: list[str]) -> list[str]:
    here = {(each.provider, each.version) for each in registry.installed()}
    found = registry.available()
    if rest and rest[0] not in found:
        raise CatalogError(f"the registry has no provider {rest[0]!r}", hint=did_you_mean(rest[0], tuple(found)))
    if rest:
        return [
            f"{rest[0]} {version}{'  pulled' if (rest[0], version) in here else ''}" for version in found[rest[0]]
        ]
    width = max((len(name) for name in found), default=0)
    lines: list[str] = []
    for name, versions in found.items():
        mine = ", ".join(version for provider, version in sorted(here) if provider == name)
        lines.append(f"{name:<{width}}  {versions[0] if versions else '-'}{f'  pulled: {mine}' if mine else ''}")
    return lines


def _pull(registry: Registry, rest: list[str]) -> list[str]:
    return [_line(registry.pull(*rest))]


def _remove(registry: Registry, rest: list[str]) -> list[str]:
    return [f"removed {each.provider} {each.version}" for each in registry.remove(*rest)]


def _update(registry: Registry, rest: list[str]) -> list[str]:
    return [_line(each) for each in registry.update()] or ["everything is the newest"]


def _verify(registry: Registry, rest: list[str]) -> list[str]:
    found = [each for each in registry.installed() if not rest or each.provider == rest[0]]
    if rest and not found:
        raise CatalogError(f"{rest[0]} isn't here", hint="quaestor registry pull gets it")
    changed = [f"{each.provider} {each.version}" for each in found if each.state == "changed"]
    if changed:
        raise CatalogError(
            f"changed since it was pulled: {', '.join(changed)}", hint="quaestor registry pull gets it again"
        )
    return [f"{each.provider} {each.version}  {each.state}" for each in found] or ["nothing was pulled"]


def _line(each: Pulled) -> str:
    return f"pulled {each.provider} {each.version}  sha256:{each.digest[:16]}…  {each.path}"


_COMMANDS: dict[str, Callable[[Registry, list[str]], list[str]]] = {
    "list": _list,
    "pull": _pull,
    "remove": _remove,
    "update": _update,
    "verify": _verify,
}
