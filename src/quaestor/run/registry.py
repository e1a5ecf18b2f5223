"""Provider documents from a registry: listed, pulled, checked, removed.

A registry is a web server or a folder with `dist/providers.yaml`, which lists the versions of each provider, and
`dist/<provider>/<version>.tgz`. What is pulled goes to `src/<provider>/<version>` below the root, several versions
side by side, and its digest to `quaestor.lock`: an archive of the same version that has another digest is refused.

Before: a statement (`REGISTRY PULL aws`) or the command `quaestor registry`. After: `catalog.documents` finds the
folders.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from contextlib import contextmanager

from quaestor import __version__
from quaestor.catalog import archive, document
from quaestor.catalog.stackql import folder
from quaestor.errors import CatalogError, ProviderError, UsageError, did_you_mean
from quaestor.fetch.http import CancelToken, HttpRequest
from quaestor.record import Record
from quaestor.run.show import Listing
from quaestor.values import ResultColumn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from quaestor.config import Settings
    from quaestor.fetch.http import Transport
    from quaestor.values import SqlValue

#: Names that may become folders.
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_VERSION = re.compile(r"v?\d+\.\d+\.\d+[0-9A-Za-z.+-]{0,40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
LOCK = "quaestor.lock"


class Pulled(Record):
    """One version on this machine. `digest` is its archive's SHA-256, empty if it wasn't pulled; `state` says whether
    its files are those that were unpacked: `ok`, `changed`, or `unknown` without a record of them."""

    provider: str
    version: str
    path: str
    digest: str = ""
    state: str = ""


class Registry:
    """A registry and the folder that its documents are pulled to.

    Args:
        source: its address, `https://…` or a folder.
        root: where what is pulled goes.
        transport: who carries requests; needed for an address only.
    """

    def __init__(self, source: str, root: str, transport: Transport | None = None) -> None:
        self._source = source.rstrip("/")
        self._root = root
        self._transport = transport
        for provider in _folders(os.path.join(root, "src")):
            archive.recover(os.path.join(root, "src", provider))

    def available(self) -> dict[str, tuple[str, ...]]:
        """The versions of each provider, the newest first. Raises UsageError without a registry, CatalogError for one
        that can't be read, TransportError and ProviderError for one that can't be reached."""
        found = document.parse(self._text("dist/providers.yaml"), f"{self._source}/dist/providers.yaml")
        listed = document.mapping(found.get("providers", found), "providers.yaml")
        return {name: _versions(about, name) for name, about in sorted(listed.items()) if isinstance(about, dict)}

    def pull(self, provider: str, version: str = "") -> Pulled:
        """Pulls a version, the newest unless it is named; what was there under its name is replaced when the new one
        is complete. Raises CatalogError for a name that the registry hasn't, an archive that breaks a rule, one whose
        digest isn't the registry's or not that of the last pull."""
        versions = self.available()
        if provider not in versions:
            raise CatalogError(
                f"the registry has no provider {provider!r}",
                hint=did_you_mean(provider, tuple(versions)) or f"it has {', '.join(versions)}",
            )
        chosen = version or versions[provider][0]
        if chosen not in versions[provider]:
            raise CatalogError(
                f"the registry has no {provider} {chosen}", hint=f"it has {', '.join(versions[provider][:10])}"
            )
        data = self._bytes(f"dist/{provider}/{chosen}.tgz")
        digest = hashlib.sha256(data).hexdigest()
        self._check(provider, chosen, digest)
        target = os.path.join(self._root, "src", provider, chosen)
        archive.unpack(data, target)
        self._note(provider, chosen, digest, files_digest(target))
        return Pulled(provider, chosen, target, digest, "ok")

    def installed(self) -> tuple[Pulled, ...]:
        """Every version below the root, each with what its files are since they were unpacked."""
        base = os.path.join(self._root, "src")
        lock = self._lock()
        found: list[Pulled] = []
        for provider in _folders(base):
            versions = sorted(_folders(os.path.join(base, provider)), key=folder.order, reverse=True)
            for version in versions:
                path = os.path.join(base, provider, version)
                if not os.path.isfile(os.path.join(path, "provider.yaml")):
                    continue
                about = lock.get(f"{provider} {version}", {})
                known = about.get("files", "")
                state = "unknown" if not known else "ok" if files_digest(path) == known else "changed"
                found.append(Pulled(provider, version, path, about.get("archive", ""), state))
        return tuple(found)

    def remove(self, provider: str, version: str = "") -> tuple[Pulled, ...]:
        """Removes a version, or all of a provider. Raises CatalogError for what isn't there."""
        gone = tuple(p for p in self.installed() if p.provider == provider and version in ("", p.version))
        if not gone:
            there = ", ".join(f"{p.provider} {p.version}" for p in self.installed())
            raise CatalogError(f"{f'{provider} {version}'.strip()} isn't here", hint=f"here are: {there or 'none'}")
        for each in gone:
            aside = f"{each.path}.old-{os.urandom(6).hex()}"
            os.rename(each.path, aside)
            shutil.rmtree(aside)
        lock = self._lock()
        for each in gone:
            lock.pop(f"{each.provider} {each.version}", None)
        self._write_lock(lock)
        return gone

    def update(self) -> tuple[Pulled, ...]:
        """Pulls the newest version of every provider that is here in an older one; returns what is new."""
        versions = self.available()
        here: dict[str, str] = {}
        for each in self.installed():
            here.setdefault(each.provider, each.version)  # the newest comes first
        return tuple(
            self.pull(provider)
            for provider, version in here.items()
            if provider in versions and folder.order(versions[provider][0]) > folder.order(version)
        )

    # -- reading the registry

    def _text(self, path: str) -> str:
        try:
            return self._bytes(path).decode()
        except UnicodeDecodeError as error:
            raise CatalogError(f"{self._source}/{path} is not UTF-8 text") from error

    def _bytes(self, path: str) -> bytes:
        if not self._source:
            raise UsageError(
                "no registry is set", hint='name one: --registry https://…, or registry = "…" in the configuration'
            )
        if not self._source.startswith(("http://", "https://")):
            return _file(os.path.join(self._source.removeprefix("file://"), *path.split("/")))
        assert self._transport is not None
        url = f"{self._source}/{path}"
        response = self._transport.send(HttpRequest("GET", url, (("accept", "*/*"),)), CancelToken())
        if response.status != 200:
            raise ProviderError(f"GET {url} answered {response.status}", hint="is this a registry's address?")
        return response.body

    def _check(self, provider: str, version: str, digest: str) -> None:
        """Compares a digest with the registry's own, if it gives one, and with that of the last pull."""
        stated = self._stated(provider, version)
        if stated and stated != digest:
            raise CatalogError(
                f"the archive of {provider} {version} isn't the registry's: its SHA-256 is {digest[:16]}…, stated is "
                f"{stated[:16]}…",
                hint="it was changed on its way, or the registry is damaged; nothing was unpacked",
            )
        known = self._lock().get(f"{provider} {version}", {}).get("archive", digest)
        if known != digest:
            raise CatalogError(
                f"the archive of {provider} {version} has changed since it was last pulled: its SHA-256 is "
                f"{digest[:16]}…, it was {known[:16]}…",
                hint=f"a version never changes; if you trust it: quaestor registry remove {provider} {version}",
            )

    def _stated(self, provider: str, version: str) -> str:
        """The digest that lies beside the archive, empty if there is none."""
        try:
            text = self._text(f"dist/{provider}/{version}.tgz.sha256")
        except ProviderError as error:
            if " 404" in error.message:
                return ""
            raise
        except CatalogError:
            return ""
        found = _SHA256.match(text.strip().lower())
        return found[0] if found else ""

    # -- the lock file

    def _lock(self) -> dict[str, dict[str, str]]:
        path = os.path.join(self._root, LOCK)
        try:
            with open(path, encoding="utf-8") as file:
                found = json.load(file)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise CatalogError(f"{path} can't be read: {error}", hint="remove it, and pull again") from error
        return dict(found)

    def _note(self, provider: str, version: str, digest: str, files: str) -> None:
        self._write_lock(self._lock() | {f"{provider} {version}": {"archive": digest, "files": files}})

    def _write_lock(self, lock: Mapping[str, Any]) -> None:
        path = os.path.join(self._root, LOCK)
        unfinished = f"{path}.{os.urandom(6).hex()}"
        with open(unfinished, "w", encoding="utf-8") as file:
            json.dump(dict(sorted(lock.items())), file, indent=1)
            file.write("\n")
        os.replace(unfinished, path)


def listing(registry: Registry, provider: str = "") -> Listing:
    """REGISTRY LIST: each provider with its newest version, or one provider's versions, and which are here."""
    found = registry.available()
    here = {(each.provider, each.version) for each in registry.installed()}
    rows: list[tuple[SqlValue, ...]]
    if provider:
        if provider not in found:
            raise CatalogError(
                f"the registry has no provider {provider!r}", hint=did_you_mean(provider, tuple(found))
            )
        rows = [(provider, version, int((provider, version) in here)) for version in found[provider]]
    else:
        rows = [
            (name, versions[0] if versions else None, int(any((name, version) in here for version in versions)))
            for name, versions in found.items()
        ]
    kinds = (("provider", "string"), ("version", "string"), ("pulled", "boolean"))
    return Listing(tuple(ResultColumn(name, kind) for name, kind in kinds), tuple(rows))


@contextmanager
def open_registry(source: str, root: str, settings: Settings) -> Iterator[Registry]:
    """A registry, with its own connections to the network, which are closed at the end."""
    if not source.startswith(("http://", "https://")):
        yield Registry(source, root)
        return
    # late: what carries requests takes 17 ms, and a folder needs none of it (docs/decisions/0003-late-imports.md)
    from quaestor.fetch.transport import HttpTransport, Limits

    transport = HttpTransport(
        Limits(total_s=settings.request_timeout_s),
        ca_bundle=settings.ca_bundle,
        proxy=settings.proxy,
        user_agent=f"quaestor/{__version__}",
    )
    try:
        yield Registry(source, root, transport)
    finally:
        transport.close()


def files_digest(path: str) -> str:
    """One SHA-256 for the names and contents of all files of a folder."""
    digest = hashlib.sha256()
    for base, names, files in os.walk(path):
        names.sort()
        for name in sorted(files):
            full = os.path.join(base, name)
            content = hashlib.sha256(_file(full)).hexdigest()
            digest.update(f"{os.path.relpath(full, path)}\0{content}\n".encode())
    return digest.hexdigest()


def _versions(about: Any, name: str) -> tuple[str, ...]:
    """The versions that a registry lists for a provider, the newest first; no name that can't be a folder's."""
    if not _NAME.fullmatch(str(name)):
        raise CatalogError(f"the registry lists {str(name)[:80]!r}, which can't be a provider's name")
    listed = document.sequence(about.get("versions"), f"{name}: versions")
    found = [str(each.get("version") if isinstance(each, dict) else each) for each in listed]
    for version in found:
        if not _VERSION.fullmatch(version):
            raise CatalogError(f"the registry lists {name} {version[:80]!r}, which can't be a version")
    return tuple(sorted(found, key=folder.order, reverse=True))


def _folders(path: str) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(path) if entry.is_dir() and not entry.name.startswith("."))
    except FileNotFoundError:
        return []


def _file(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(archive.MAX_PACKED + 1)
    except OSError as error:
        raise CatalogError(f"can't read {path}: {error.strerror or error}") from error
