"""The first three parts of a table's name: which connections, and which resource of their provider.

Part of `plan.bind`. A name is meant exactly as it is written, else by its letters if just one is the same without
regard to case; a pattern (`okta_*`) or the name of a group stands for several connections of one provider.
"""

from __future__ import annotations

from quaestor.errors import BindError, did_you_mean, no_such
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quaestor.catalog.catalog import Catalog
    from quaestor.catalog.model import Provider, Resource
    from quaestor.sql import nodes


class LocalTable(Record):
    """A table of the session itself.

    Attributes:
        path: what statements call it; `table`: what it is called in SQLite.
        columns: names and types.
    """

    path: tuple[str, ...]
    table: str
    columns: tuple[tuple[str, str], ...]


#: What the last statement that read anything went without.
FAILURES = LocalTable(
    ("quaestor", "failures"),
    "quaestor_failures",
    (
        *((name, "string") for name in ("connection", "resource", "method", "url", "key")),
        ("status", "integer"),
        ("code", "string"),
        ("message", "string"),
    ),
)
#: The group that every configured connection belongs to: what a pattern chooses from.
ALL = "*"


def same_name(name: str, known: Iterable[str]) -> str:
    """The one of these names that is meant: exactly, else without regard to case if that is unique; else empty."""
    names = list(known)
    if name in names:
        return name
    folded = [each for each in names if each.casefold() == name.casefold()]
    return folded[0] if len(folded) == 1 else ""


class Naming:
    """Finds what tables' names mean.

    Args:
        connections: name of each connection to its provider's.
        groups: names that stand for several connections; `ALL` are those that are configured.
        text: the script, for errors.
    """

    def __init__(
        self, catalog: Catalog, connections: Mapping[str, str], groups: Mapping[str, tuple[str, ...]], text: str
    ) -> None:
        self._catalog = catalog
        self._connections = connections
        self._groups = groups
        self._text = text

    def knows(self, name: str) -> bool:
        """Whether a name is that of a connection or a group."""
        return bool(same_name(name, (*self._connections, *self._groups)))

    def connections(self, name: str, ref: nodes.TableRef) -> tuple[tuple[str, ...], Provider]:
        """The connections that a name means, and their provider. Raises BindError."""
        members = self._members(name, ref)
        providers = {self._connections[member] for member in members}
        if len(providers) > 1:
            of = ", ".join(f"{member} ({self._connections[member]})" for member in members)
            raise BindError(
                f"{name} stands for connections of several providers: {of}",
                text=self._text,
                position=ref.pos,
                hint="a table is of one provider: choose a pattern or a group of connections of just one",
            )
        provider = self._catalog.provider(providers.pop())
        if provider is None:
            missing = self._connections[members[0]]
            raise self._unknown(
                "provider", missing, [p.name for p in self._catalog.providers()], ref, "SHOW PROVIDERS"
            )
        return members, provider

    def _members(self, name: str, ref: nodes.TableRef) -> tuple[str, ...]:
        groups = [group for group in self._groups if group != ALL]
        if "*" in name:
            return self._matching(name, ref)
        connection, group = same_name(name, self._connections), same_name(name, groups)
        if connection and group:
            raise BindError(
                f"{name} is two things: the connection {connection} and the group {group}",
                text=self._text,
                position=ref.pos,
                hint="call the group otherwise",
            )
        if group:
            return self._configured(group, ref)
        if not connection:
            known = [*self._connections, *groups]
            raise self._unknown("provider or connection", name, known, ref, "SHOW CONNECTIONS")
        return (connection,)

    def _matching(self, pattern: str, ref: nodes.TableRef) -> tuple[str, ...]:
        """The configured connections whose name a pattern fits: `*` stands for any characters."""
        from fnmatch import fnmatchcase  # few statements have a pattern

        configured = self._groups.get(ALL, tuple(self._connections))
        found = tuple(name for name in configured if fnmatchcase(name, pattern.replace("[", "[[]")))
        if found:
            return found
        known = ", ".join(configured)
        raise BindError(
            f"no configured connection fits {pattern}",
            text=self._text,
            position=ref.pos,
            hint=f"there are {known}" if known else "connections have names in the configuration file only",
        )

    def _configured(self, group: str, ref: nodes.TableRef) -> tuple[str, ...]:
        members = self._groups[group]
        unknown = next((member for member in members if member not in self._connections), "")
        if unknown or not members:
            raise BindError(
                f"the group {group} names {unknown}, which is no connection"
                if unknown
                else f"{group} has no members",
                text=self._text,
                position=ref.pos,
                hint=did_you_mean(unknown, list(self._connections)) or "SHOW CONNECTIONS lists them",
            )
        return members

    def resource(self, provider: Provider, service: str, name: str, ref: nodes.TableRef) -> Resource:
        """A provider's resource. Raises BindError."""
        resource = self._catalog.resource(provider.name, service, name)
        if resource is not None:
            return resource
        services = [info.name for info in self._catalog.services(provider.name)]
        meant = same_name(service, services)
        if not meant:
            within = provider.name
            raise self._unknown(f"service in {within}", service, services, ref, f"SHOW SERVICES IN {within}")
        resources = [info.name for info in self._catalog.resources(provider.name, meant)]
        resource = self._catalog.resource(provider.name, meant, same_name(name, resources))
        if resource is None:
            within = f"{provider.name}.{meant}"
            raise self._unknown(f"resource in {within}", name, resources, ref, f"SHOW RESOURCES IN {within}")
        return resource

    def _unknown(self, kind: str, name: str, known: list[str], ref: nodes.TableRef, show: str) -> BindError:
        return no_such(kind, name, known, show, text=self._text, position=ref.pos)
