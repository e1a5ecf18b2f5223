"""provider.yaml: who signs requests and how, and where each service's document is.

Before: `folder` found the file. After: `service` reads the documents that it names.
"""

from __future__ import annotations

import os

from quaestor.catalog import document
from quaestor.catalog.model import Provider
from quaestor.catalog.stackql import config
from quaestor.errors import CatalogError
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.catalog.stackql.folder import Folder


class ServiceEntry(Record):
    """A service as provider.yaml lists it. `path` is empty where its document isn't there."""

    name: str
    title: str
    path: str
    config: dict[str, Any] = {}


class Head(Record):
    """A provider and its services; `config` is what it configures for all of them."""

    provider: Provider
    services: tuple[ServiceEntry, ...]
    config: dict[str, Any]


def read(folder: Folder) -> Head:
    """The head of a provider's version. Raises CatalogError for a document that can't be read or leads out."""
    path = os.path.join(folder.path, "provider.yaml")
    found = document.read(path, max_bytes=document.MAX_FOREIGN_BYTES)
    name = found.get("name") or found.get("id")
    if not isinstance(name, str) or not name:
        raise CatalogError(f"{path} has no name")
    if found.get("protocolType", "http") not in ("http", "", "local_templated"):
        raise CatalogError(f"{path}: the protocol {found['protocolType']!r} isn't known")
    common = config.of(found, path)
    services = document.mapping(found.get("providerServices"), f"{path}: providerServices")
    provider = Provider(
        name=name,
        version=folder.version,
        title=str(found.get("title") or name),
        auth=document.mapping(common.get("auth"), f"{path}: auth"),
    )
    entries = tuple(_entry(each, about, folder, path) for each, about in services.items())
    return Head(provider, entries, common)


def _entry(name: str, about: Any, folder: Folder, where: str) -> ServiceEntry:
    about = document.mapping(about, f"{where}: {name}")
    if about.get("protocolType", "http") not in ("http", "", "local_templated"):
        raise CatalogError(f"{where}: {name}: the protocol {about['protocolType']!r} isn't known")
    reference = document.mapping(about.get("service"), f"{where}: {name}: service").get("$ref")
    if not isinstance(reference, str):
        raise CatalogError(f"{where}: {name} names no document")
    # what it says is `<provider>/<version>/services/x.yaml`; the version is a placeholder in a registry's sources
    path = _inside(folder.path, "/".join(reference.split("/")[2:]), f"{where}: {name}")
    return ServiceEntry(name, str(about.get("title") or name), path, config.of(about, f"{where}: {name}"))


def _inside(base: str, reference: str, where: str) -> str:
    """The file that a reference names inside `base`, by letters where the case is wrong; empty if there is none."""
    parts = reference.split("/")
    if not reference or any(part in ("", ".", "..") for part in parts) or "\\" in reference:
        raise CatalogError(f"{where}: the document {reference!r} is not inside the provider's folder")
    path = base
    for part in parts:
        if not os.path.isdir(path):
            return ""
        names = os.listdir(path)
        same = part if part in names else next((each for each in names if each.lower() == part.lower()), "")
        if not same:
            return ""
        path = os.path.join(path, same)
    if os.path.commonpath((os.path.realpath(path), os.path.realpath(base))) != os.path.realpath(base):
        raise CatalogError(f"{where}: the document {reference!r} is a link out of the provider's folder")
    return path
