"""A registry: listed, pulled, checked; hostile archives leave everything as it was."""

from __future__ import annotations

import hashlib
import http.server
import io
import os
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import quaestor
from quaestor.catalog import archive
from quaestor.config import Settings
from quaestor.errors import BindError, CatalogError, ProviderError, QuaestorError, UsageError
from quaestor.run.registry import Registry, open_registry


def packed(files: dict[str, bytes], **about: Any) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            for key, value in about.items():
                setattr(member, key, value)
            made.addfile(member, io.BytesIO(content))
    return out.getvalue()


HEAD = b"name: acme\nproviderServices: {}\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A registry's folder with two versions of one provider."""
    dist = tmp_path / "source" / "dist"
    (dist / "acme").mkdir(parents=True)
    (dist / "providers.yaml").write_text("providers:\n  acme:\n    versions: [v1.9.0, v1.10.0]\n")
    for version in ("v1.9.0", "v1.10.0"):
        data = packed({f"acme/{version}/provider.yaml": HEAD, f"acme/{version}/services/s.yaml": version.encode()})
        (dist / "acme" / f"{version}.tgz").write_bytes(data)
    return tmp_path / "source"


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_the_newest_version_is_pulled_and_an_older_one_lies_beside_it(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    registry = Registry(str(source), str(root))
    assert registry.available() == {"acme": ("v1.10.0", "v1.9.0")}
    pulled = registry.pull("acme")
    assert (pulled.version, pulled.state) == ("v1.10.0", "ok")
    assert (root / "src/acme/v1.10.0/services/s.yaml").read_text() == "v1.10.0"
    registry.pull("acme", "v1.9.0")
    assert [(each.version, each.state) for each in registry.installed()] == [("v1.10.0", "ok"), ("v1.9.0", "ok")]
    (root / "src/acme/v1.9.0/services/s.yaml").write_text("other")
    assert [each.state for each in registry.installed()] == ["ok", "changed"]
    assert [each.version for each in registry.remove("acme", "v1.10.0")] == ["v1.10.0"]
    assert [each.version for each in registry.update()] == ["v1.10.0"]
    assert registry.update() == ()
    assert len(registry.remove("acme")) == 2
    assert not (root / "src/acme/v1.9.0").exists()
    with pytest.raises(CatalogError, match="isn't here"):
        registry.remove("acme")


def test_what_the_registry_has_not(source: Path, tmp_path: Path) -> None:
    registry = Registry(str(source), str(tmp_path / "root"))
    with pytest.raises(CatalogError, match="no provider 'acne'") as caught:
        registry.pull("acne")
    assert "acme" in caught.value.hint
    with pytest.raises(CatalogError, match=r"no acme v2\.0\.0"):
        registry.pull("acme", "v2.0.0")
    with pytest.raises(UsageError, match="no registry is set"):
        Registry("", str(tmp_path)).available()
    with pytest.raises(CatalogError, match="can't read"):
        Registry(str(tmp_path / "nowhere"), str(tmp_path)).available()


@pytest.mark.parametrize(
    "text",
    [
        "providers: {../x: {versions: [v1.0.0]}}",
        "providers: {x: {versions: [../../v1.0.0]}}",
        "providers: {x: {versions: 1}}",
    ],
)
def test_names_that_cannot_be_folders_are_refused(text: str, source: Path, tmp_path: Path) -> None:
    (source / "dist" / "providers.yaml").write_text(text)
    with pytest.raises(CatalogError):
        Registry(str(source), str(tmp_path / "root")).available()


def test_a_tampered_archive_is_refused_and_the_old_version_stays(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    registry = Registry(str(source), str(root))
    registry.pull("acme")
    before = tree(root)
    changed = packed({"acme/v1.10.0/provider.yaml": HEAD + b"# more\n"})
    (source / "dist/acme/v1.10.0.tgz").write_bytes(changed)
    with pytest.raises(CatalogError, match="has changed since it was last pulled"):
        registry.pull("acme")
    assert tree(root) == before
    (source / "dist/acme/v1.9.0.tgz.sha256").write_text(f"{'0' * 64}  v1.9.0.tgz\n")
    with pytest.raises(CatalogError, match="isn't the registry's"):
        registry.pull("acme", "v1.9.0")
    assert tree(root) == before
    good = hashlib.sha256((source / "dist/acme/v1.9.0.tgz").read_bytes()).hexdigest()
    (source / "dist/acme/v1.9.0.tgz.sha256").write_text(good)
    assert registry.pull("acme", "v1.9.0").digest == good


def link(kind: bytes, target: str) -> bytes:
    return packed({"acme/provider.yaml": b""}, type=kind, linkname=target)


HOSTILE = {
    "parent": packed({"provider.yaml": HEAD, "../escaped.txt": b"x"}),
    "deep parent": packed({"provider.yaml": HEAD, "a/../../escaped.txt": b"x"}),
    "absolute": packed({"provider.yaml": HEAD, "/etc/escaped": b"x"}),
    "backslash": packed({"provider.yaml": HEAD, "a\\b": b"x"}),
    "symbolic link": link(tarfile.SYMTYPE, "/etc/passwd"),
    "hard link": link(tarfile.LNKTYPE, "provider.yaml"),
    "device": link(tarfile.CHRTYPE, ""),
    "pipe": link(tarfile.FIFOTYPE, ""),
    "differing by case": packed({"provider.yaml": HEAD, "Provider.yaml": HEAD}),
    "long name": packed({"provider.yaml": HEAD, "x" * 250: b""}),
    "no provider": packed({"readme.md": b""}),
    "not an archive": b"PK\x03\x04 nothing",
    "empty": b"",
    "cut off": packed({"provider.yaml": HEAD * 1000})[:-20],
    "another behind it": packed({"provider.yaml": HEAD}) + packed({"services/s.yaml": b""}),
    "too many": packed({"provider.yaml": HEAD} | {f"s{number}": b"" for number in range(archive.MAX_MEMBERS)}),
    "bomb": packed({"provider.yaml": HEAD, "services/s.yaml": b"0" * 50_000_000}),
}


def test_an_archive_of_a_folder_itself_is_unpacked(tmp_path: Path) -> None:
    made = tmp_path / "made"
    (made / "services").mkdir(parents=True)
    (made / "provider.yaml").write_bytes(HEAD)
    (made / "services" / "s.yaml").write_bytes(b"s: 1")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as packer:
        packer.add(made, ".")  # as `tar czf` does
    archive.unpack(out.getvalue(), str(tmp_path / "target"))
    assert tree(tmp_path / "target") == tree(made)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_leave_everything_as_it_was(name: str, tmp_path: Path) -> None:
    target = tmp_path / "root" / "acme" / "v1.0.0"
    target.mkdir(parents=True)
    (target / "provider.yaml").write_bytes(b"old")
    before = tree(tmp_path)
    with pytest.raises(CatalogError):
        archive.unpack(HOSTILE[name], str(target))
    assert tree(tmp_path) == before
    assert [path.name for path in target.parent.iterdir()] == ["v1.0.0"], "nothing is left beside it"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.tuples(st.text("ab./\\é\0", min_size=1, max_size=8), st.binary(max_size=8)), max_size=5))
def test_whatever_names_it_has_an_archive_writes_nothing_outside(
    tmp_path: Path, members: list[tuple[str, bytes]]
) -> None:
    place = tmp_path / os.urandom(4).hex()
    target = place / "in" / "acme"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for name, content in [("provider.yaml", HEAD), *members]:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    try:
        archive.unpack(out.getvalue(), str(target))
    except CatalogError:
        assert not target.exists()
    for path in place.rglob("*"):
        assert path == place / "in" or target in (path, *path.parents)


def test_what_a_kill_left_aside_is_put_back(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    Registry(str(source), str(root)).pull("acme")
    here = root / "src/acme/v1.10.0"
    here.rename(root / "src/acme/v1.10.0.old-abc")
    assert [each.version for each in Registry(str(source), str(root)).installed()] == ["v1.10.0"]
    (root / "src/acme/v1.10.0.old-abc").mkdir()
    Registry(str(source), str(root))
    assert [path.name for path in here.parent.iterdir()] == ["v1.10.0"]


@pytest.fixture
def served(source: Path) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, directory=str(source), **more)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_over_http(served: str, tmp_path: Path) -> None:
    with open_registry(served, str(tmp_path / "root"), Settings()) as registry:
        assert registry.pull("acme").version == "v1.10.0"
    with open_registry(f"{served}/nowhere", str(tmp_path / "root"), Settings()) as registry:
        with pytest.raises(ProviderError, match="404"):
            registry.pull("acme")
        assert len(registry.installed()) == 1, "what is here needs no network"


def test_an_interrupted_pull_leaves_the_old_version_whole(source: Path, tmp_path: Path) -> None:
    """The server closes the connection in the middle of the archive."""
    root = tmp_path / "root"
    Registry(str(source), str(root)).pull("acme")
    before = tree(root)

    class Cut(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = source / self.path.lstrip("/")
            data = path.read_bytes() if path.is_file() else b""
            self.send_response(200 if data else 404)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:-40] if path.suffix == ".tgz" else data)
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cut) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        with open_registry(address, str(root), Settings()) as registry, pytest.raises(QuaestorError):
            registry.pull("acme")
        server.shutdown()
        thread.join()
    assert tree(root) == before


def test_the_statements(source: Path, tmp_path: Path) -> None:
    document = (
        '{"openapi": "3.0.0", "servers": [{"url": "https://x.example.com"}],'
        ' "paths": {"/t": {"get": {"responses": {}}}}, "components": {"x-stackQL-resources":'
        ' {"t": {"id": "acme.s.t", "methods":'
        ' {"list": {"operation": {"$ref": "#/paths/~1t/get"}}}}}}}'
    )
    head = b"name: acme\nproviderServices: {s: {service: {$ref: acme/v1.10.0/services/s.yaml}}}\n"
    data = packed({"acme/v1.10.0/provider.yaml": head, "acme/v1.10.0/services/s.yaml": document.encode()})
    (source / "dist/acme/v1.10.0.tgz").write_bytes(data)
    env = {"XDG_DATA_HOME": str(tmp_path / "data"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    registry = f'{{"url": "file://{source}"}}'
    with quaestor.connect(Settings(registry=registry), env=env) as con:
        assert list(con.sql("REGISTRY LIST")) == [("acme", "v1.10.0", 0)]
        assert list(con.sql("REGISTRY LIST acme")) == [("acme", "v1.10.0", 0), ("acme", "v1.9.0", 0)]
        with pytest.raises(BindError):
            con.sql("SHOW SERVICES IN acme")
        known = "SELECT count(*) FROM information_schema.tables WHERE table_catalog = 'acme'"
        assert con.sql(known).fetchall() == [(0,)]
        assert con.sql("REGISTRY PULL acme").message == "pulled acme v1.10.0"
        assert [row[1] for row in con.sql("SHOW SERVICES IN acme")] == ["s"]
        assert con.sql(known).fetchall() == [(1,)]
        assert next(iter(con.sql("REGISTRY LIST acme"))) == ("acme", "v1.10.0", 1)
        with pytest.raises(CatalogError, match="no acme v9"):
            con.sql("REGISTRY PULL acme v9.0.0")
