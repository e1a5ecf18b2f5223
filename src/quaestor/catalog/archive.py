"""Unpacks an archive of provider documents: bounded, inside its folder, whole or not at all.

Refused are absolute names, `..`, links, devices, names that differ only by case, names twice; more than MAX_MEMBERS
members, MAX_UNPACKED bytes, or MAX_RATIO times what was packed. What is unpacked lies beside the target until all of
it is there, then takes its name.

Before: `run.registry` pulled the bytes and checked their digest. After: `catalog.stackql` reads the folder.
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import zlib

from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_MEMBERS = 10_000
MAX_UNPACKED = 256 * 1024 * 1024
#: Documents pack well: YAML of 80 MB makes an archive of 3.
MAX_RATIO = 200
MAX_PACKED = 128 * 1024 * 1024


def unpack(data: bytes, target: str, *, member: str = "provider.yaml") -> str:
    """Unpacks a .tgz so that the folder that holds `member` is at `target`, replacing what was there.

    Returns the path that `member`'s folder had in the archive. Raises CatalogError for an archive that breaks a
    rule, isn't one, or has no `member`; then `target` is as it was.
    """
    if len(data) > MAX_PACKED:
        raise CatalogError(f"the archive has {len(data):,} bytes, more than the {MAX_PACKED:,} that one may have")
    parent = os.path.dirname(os.path.abspath(target))
    os.makedirs(parent, mode=0o700, exist_ok=True)
    place = os.path.join(parent, f".{os.path.basename(target)}.{os.urandom(6).hex()}")
    os.mkdir(place, mode=0o700)
    try:
        for name, content in _members(data):
            path = os.path.join(place, *name.split("/"))
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            with open(path, "xb") as file:
                file.write(content)
        inside = _folder_of(place, member)
        _swap(os.path.join(place, inside) if inside else place, target)
        return inside
    except OSError as error:
        raise CatalogError(f"the archive can't be unpacked: {error.strerror or error}") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file, every rule checked before a byte of it is unpacked."""
    seen: set[str] = set()
    found: list[tuple[str, tarfile.TarInfo]] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(_inflated(data)), mode="r:") as archive:
            for number, member in enumerate(archive, 1):
                if number > MAX_MEMBERS:
                    raise CatalogError(f"the archive has more than {MAX_MEMBERS:,} members")
                found.append((_checked(member, seen), member))
            for name, member in found:
                if member.isfile():
                    file = archive.extractfile(member)
                    yield name, file.read() if file is not None else b""
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise CatalogError(f"the archive can't be read: {error}") from error


def _inflated(data: bytes) -> bytes:
    """What was packed, all of it, its checksum right (RFC 1952)."""
    most = min(MAX_UNPACKED, max(len(data), 4096) * MAX_RATIO)
    reader = zlib.decompressobj(wbits=31)
    out = reader.decompress(data, most + 1)
    if len(out) > most:
        raise CatalogError("the archive unpacks to more than it may: is it a bomb?")
    if not reader.eof:
        raise CatalogError("the archive is cut off")
    if reader.unused_data.strip(b"\0"):  # another one, perhaps, of which nobody would read anything
        raise CatalogError("the archive has something behind its end")
    return out


def _checked(member: tarfile.TarInfo, seen: set[str]) -> str:
    name = member.name.removeprefix("./").rstrip("/")
    if name == "." and member.isdir():  # as `tar czf version.tgz .` begins
        return ""
    parts = name.split("/")
    if (name or member.isfile()) and (
        name.startswith("/") or "\\" in name or "\0" in name or any(p in ("", ".", "..") for p in parts)
    ):
        raise CatalogError(f"the archive has {member.name!r}, which is no name inside it")
    if not (member.isfile() or member.isdir()):
        raise CatalogError(f"the archive has {member.name!r}, which is neither file nor folder")
    if len(name) > 1024 or any(len(part) > 200 for part in parts):
        raise CatalogError(f"the archive has a name that is too long: {name[:80]!r}…")
    if member.isfile():
        if name.casefold() in seen:
            raise CatalogError(f"the archive has {member.name!r} twice, or differing only by case")
        seen.add(name.casefold())
    return name


def _folder_of(place: str, member: str) -> str:
    """The folder with `member`, the one nearest to the top, as a path in the archive."""
    for folder, names, files in os.walk(place):
        names.sort()
        if member in files:
            return os.path.relpath(folder, place).removeprefix(".").lstrip(os.sep)
    raise CatalogError(f"the archive has no {member}")


def recover(parent: str) -> None:
    """Puts back what a kill in the middle of a replacement has left aside, and removes what it left over."""
    for name in sorted(os.listdir(parent)):
        target, aside, _ = name.partition(".old-")
        if not aside:
            continue
        old, new = os.path.join(parent, name), os.path.join(parent, target)
        if os.path.isdir(new):
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.rename(old, new)


def _swap(made: str, target: str) -> None:
    """Puts a folder in the place of another: a kill leaves the old one, the new one, or what `recover` puts back."""
    old = f"{target}.old-{os.urandom(6).hex()}"
    try:
        os.rename(target, old)
    except FileNotFoundError:
        old = ""
    os.rename(made, target)
    if old:
        shutil.rmtree(old, ignore_errors=True)
