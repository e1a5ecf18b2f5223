"""Which operation of the catalog a recorded request is of.

Before: `cassettes`. After: `statements` writes the SELECT that asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tests.recorded.cassettes import Interaction, address

from quaestor.catalog.model import Method, Resource
from quaestor.catalog.store import Store, open_catalog


@dataclass(frozen=True)
class Match:
    """An operation, and the values that a URL has for the variables of its path, by wire name."""

    resource: Resource
    method: Method
    values: Mapping[str, str]

    @property
    def key(self) -> str:
        """`okta GET /api/v1/users/{id}`."""
        return f"{self.resource.provider} {self.method.http} {self.method.path}"


@lru_cache(maxsize=1)
def catalog() -> Store:
    """The built-in catalog."""
    return open_catalog()


@lru_cache(maxsize=1)
def operations() -> dict[tuple[str, str], list[tuple[re.Pattern[str], Resource, Method]]]:
    """All operations by provider and HTTP method, those with fewer variables in their path first."""
    found: dict[tuple[str, str], list[tuple[re.Pattern[str], Resource, Method]]] = {}
    for provider in catalog().providers():
        for service in catalog().services(provider.name):
            for info in catalog().resources(provider.name, service.name):
                resource = catalog().resource(provider.name, service.name, info.name)
                assert resource is not None
                for method in resource.methods:
                    entry = (_pattern(method.path), resource, method)
                    found.setdefault((provider.name, method.http), []).append(entry)
    for listed in found.values():
        listed.sort(key=lambda each: each[2].path.count("{"))
    return found


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]*\}", template.strip("/"))
    return re.compile("([^/]+)".join(re.escape(part) for part in parts))


def match(interaction: Interaction) -> Match | None:
    """The operation that the request is of, or None if the catalog has none."""
    path = "/".join(segment.replace("/", "%2F") for segment in address(interaction.url).path)
    for pattern, resource, method in operations()[interaction.provider, interaction.method]:
        if found := pattern.fullmatch(path):
            names = re.findall(r"\{([^}]*)\}", method.path)
            values = [value.replace("%2F", "/") for value in found.groups()]
            return Match(resource, method, dict(zip(names, values, strict=True)))
    return None
