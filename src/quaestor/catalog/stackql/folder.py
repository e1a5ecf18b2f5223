"""Where provider documents are: `src/<provider>/<version>/provider.yaml` below a registry's `localDocRoot`.

Before: a path. After: `provider` reads the folder of one provider's version.
"""

from __future__ import annotations

import os
import re

from quaestor.errors import CatalogError, did_you_mean
from quaestor.record import Record

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(.*)\Z")


class Folder(Record):
    """One version of one provider: `path` holds its `provider.yaml`, `name` is its folder's name."""

    name: str
    version: str
    path: str


def folders(root: str) -> tuple[Folder, ...]:
    """The newest version of every provider below `root`, by name.

    `root` is a `localDocRoot`, its `src`, or the folder of one provider or version itself. Raises CatalogError where
    there is no provider document.
    """
    base = os.path.join(root, "src") if os.path.isdir(os.path.join(root, "src")) else root
    if os.path.isfile(os.path.join(base, "provider.yaml")):
        parent = os.path.dirname(os.path.abspath(base))
        return (Folder(os.path.basename(parent), os.path.basename(os.path.abspath(base)), base),)
    found = [newest for name in _folders(base) if (newest := _newest(os.path.join(base, name), name)) is not None]
    own = _newest(base, os.path.basename(os.path.abspath(base)))
    if own is not None:
        found.append(own)
    if not found:
        raise CatalogError(
            f"{root} holds no provider documents", hint="a folder with src/<provider>/<version>/provider.yaml"
        )
    return tuple(sorted(found, key=lambda each: each.name))


def version(root: str, name: str, wanted: str) -> Folder:
    """One version of a provider below `root`. Raises CatalogError, naming those that are there, for another."""
    base = os.path.join(root, "src") if os.path.isdir(os.path.join(root, "src")) else root
    path = os.path.join(base, name, wanted)
    if _VERSION.match(wanted) and os.path.isfile(os.path.join(path, "provider.yaml")):
        return Folder(name, wanted, path)
    there = _folders(os.path.join(base, name)) if os.path.isdir(os.path.join(base, name)) else []
    raise CatalogError(f"there is no {name} {wanted}", hint=did_you_mean(wanted, there) or ", ".join(there))


def order(version: str) -> tuple[int, int, int, int, str]:
    """A key that sorts versions as semantic versions are: a pre-release before its release."""
    match = _VERSION.match(version)
    if match is None:
        return (-1, 0, 0, 0, version)
    rest = match[4]
    return (int(match[1]), int(match[2]), int(match[3]), 0 if rest.startswith("-") else 1, rest)


def _newest(path: str, name: str) -> Folder | None:
    versions = [
        each
        for each in _folders(path)
        if _VERSION.match(each) and os.path.isfile(os.path.join(path, each, "provider.yaml"))
    ]
    best = max(versions, key=order, default="")
    return Folder(name, best, os.path.join(path, best)) if best else None


def _folders(path: str) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(path) if entry.is_dir())
    except OSError as error:
        raise CatalogError(f"can't read {path}: {error.strerror or error}") from error
