"""The catalog's interface: what every layer above asks, whoever answers.

`catalog.store.Store` answers from compiled SQLite; tests answer from a dict.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from quaestor.catalog.model import Provider, Resource, ResourceInfo, Schema, ServiceInfo

    class Catalog(Protocol):
        """Look-ups by exact name; None or an empty tuple where there is nothing of that name."""

        def providers(self) -> tuple[Provider, ...]:
            """All providers, by name."""
            ...

        def provider(self, name: str) -> Provider | None:
            """The provider of this name."""
            ...

        def services(self, provider: str) -> tuple[ServiceInfo, ...]:
            """A provider's services, by name."""
            ...

        def resources(self, provider: str, service: str) -> tuple[ResourceInfo, ...]:
            """A service's resources, by name."""
            ...

        def resource(self, provider: str, service: str, name: str) -> Resource | None:
            """One resource with all its methods and columns."""
            ...

        def schema(self, provider: str, name: str) -> Schema | None:
            """One schema; `ref`s inside it are names for further look-ups."""
            ...
