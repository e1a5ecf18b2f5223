"""The compiled catalog: the same answers as the facts, compiled when it has to be, whatever happened to the file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.catalog.sample import FACTS, GET, LIST, MAKE

from quaestor.catalog import compiling, facts, store
from quaestor.catalog.compiling import compile_catalog
from quaestor.catalog.facts import schema_from
from quaestor.catalog.model import Column, Resource, ResourceInfo, ServiceInfo
from quaestor.catalog.store import Store, open_catalog
from quaestor.errors import CatalogError
from quaestor.record import replace

if TYPE_CHECKING:
    from quaestor.catalog.catalog import Catalog

ID = Column("id", "string", ("id",))
X = Column("x", "any", ("x",))
PLAIN = replace(
    FACTS,
    resources=(
        replace(
            FACTS.resources[0],
            methods=(
                replace(FACTS.resources[0].methods[0], patches={"id": {"secret": True}}),
                *FACTS.resources[0].methods[1:],
            ),
        ),
    ),
)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A provider's folder called p."""
    facts.write(PLAIN, str(tmp_path / "p"))
    return str(tmp_path / "p")


@pytest.fixture(autouse=True)
def only_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No built-in providers, no cache but our own."""
    (tmp_path / "builtin").mkdir()
    monkeypatch.setattr(store, "BUILTIN", str(tmp_path / "builtin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def compiled(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "quaestor").iterdir())


def test_it_answers_what_the_facts_say(folder: str) -> None:
    with open_catalog([folder]) as catalog:
        asked: Catalog = catalog
        assert asked.providers() == (FACTS.provider,)
        assert asked.provider("p") == FACTS.provider
        assert asked.services("p") == (ServiceInfo("a", "A service", 1), ServiceInfo("empty", "Nothing", 0))
        assert asked.resources("p", "a") == (ResourceInfo("users", "Users", 3),)
        secret = replace(ID, secret=True)
        assert asked.resource("p", "a", "users") == Resource(
            "p",
            "a",
            "users",
            "Users",
            (replace(GET, columns=(secret,)), replace(LIST, columns=(ID,)), MAKE),
            (secret,),
        )
        assert asked.schema("p", "User") == FACTS.schemas["User"]
        assert asked.schema("p", "a.users.make.body") == schema_from(["$User"], "x")


def test_nothing_of_that_name(folder: str) -> None:
    with open_catalog([folder]) as catalog:
        assert catalog.provider("q") is None
        assert catalog.services("q") == ()
        assert catalog.resources("p", "b") == ()
        assert catalog.resource("p", "a", "Users") is None
        assert catalog.schema("p", "Nobody") is None


def test_it_is_compiled_once_and_again_when_the_text_changes(folder: str, tmp_path: Path) -> None:
    notes: list[str] = []
    for _ in range(2):
        open_catalog([folder], note=notes.append).close()
    assert notes == ["compiling the catalog of providers (once)"]
    (file,) = compiled(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    facts.write(replace(PLAIN, provider=replace(PLAIN.provider, version="22")), folder)
    with open_catalog([folder], note=notes.append) as catalog:
        assert catalog.providers()[0].version == "22"
    assert len(notes) == 2


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "older", "longer"])
def test_a_file_that_cannot_be_used_is_compiled_anew(
    folder: str, tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if damage == "older":
        monkeypatch.setattr(compiling, "FORMAT", 0)
        monkeypatch.setattr(store, "FORMAT", 0)
        monkeypatch.setattr(store, "_fingerprint", lambda _: "same")
    open_catalog([folder]).close()
    (file,) = compiled(tmp_path)
    whole = file.read_bytes()
    changed = {
        "empty": b"",
        "text": b"hello\n" * 400,
        "cut": whole[:-4096],
        "older": whole,
        "longer": whole + b"x" * 4096,
    }
    file.write_bytes(changed[damage])
    if damage == "older":
        monkeypatch.setattr(compiling, "FORMAT", 1)
        monkeypatch.setattr(store, "FORMAT", 1)
    notes: list[str] = []
    with open_catalog([folder], note=notes.append) as catalog:
        assert catalog.resource("p", "a", "users") is not None
    assert notes == ["compiling the catalog of providers (once)"]


def test_a_page_that_went_bad_is_found_when_it_is_read_and_healed(folder: str, tmp_path: Path) -> None:
    open_catalog([folder]).close()
    (file,) = compiled(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b'"list_users"', b'"list_us\xffrs'))
    with open_catalog([folder]) as catalog:
        found = catalog.resource("p", "a", "users")
        assert found is not None
        assert [m.name for m in found.methods] == ["get", "list_users", "make"]
    assert file.read_bytes().count(b'"list_users"') == whole.count(b'"list_users"')
    file.write_bytes(whole.replace(b'"list_users"', b'"list_users,'))
    with Store(str(file)) as alone, pytest.raises(CatalogError, match=r"can't be read") as caught:
        alone.resource("p", "a", "users")
    assert caught.value.hint == "remove that file"


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(CatalogError, match="can't be read"):
        Store("/nowhere/at/all.db")


def test_the_last_folder_of_a_name_counts(folder: str, tmp_path: Path) -> None:
    other = tmp_path / "other" / "p"
    facts.write(replace(PLAIN, provider=replace(PLAIN.provider, version="2")), str(other))
    with open_catalog([folder, str(other)]) as catalog:
        assert [p.version for p in catalog.providers()] == ["2"]
    with open_catalog([str(other), folder]) as catalog:
        assert [p.version for p in catalog.providers()] == ["1"]


def test_a_folder_that_is_no_providers(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"has no provider\.yaml"):
        open_catalog([str(tmp_path)])


def test_a_provider_is_called_as_its_folder_is(tmp_path: Path) -> None:
    facts.write(PLAIN, str(tmp_path / "q"))
    with pytest.raises(CatalogError, match=r"q.*calls itself 'p'"):
        open_catalog([str(tmp_path / "q")])


def test_text_that_cannot_be_compiled_leaves_nothing_behind(folder: str, tmp_path: Path) -> None:
    path = Path(folder) / "schemas" / "u.yaml"
    path.write_text("Nobody: string\n")
    with pytest.raises(CatalogError, match=r"p\.a\.users\.get: p has no schema 'User'"):
        open_catalog([folder])
    assert compiled(tmp_path) == []


def test_a_cache_that_cannot_be_written(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    notes: list[str] = []
    for _ in range(2):
        with open_catalog([folder], note=notes.append) as catalog:
            assert catalog.provider("p") is not None
    assert [note.split()[0] for note in notes] == ["the", "compiling", "the"]
    (ours,) = (tmp_path / "tmp").iterdir()
    assert ours.stat().st_mode & 0o777 == 0o700


def test_a_temporary_folder_that_others_may_write_is_not_trusted(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    planted = tmp_path / "tmp" / f"quaestor-{os.getuid()}"
    planted.mkdir(parents=True)
    planted.chmod(0o777)
    with open_catalog([folder]) as catalog:
        assert Path(catalog.path).parent != planted
    assert list(planted.iterdir()) == []


def test_the_cache_is_where_the_environment_says(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with open_catalog([folder]) as catalog:
        assert Path(catalog.path).parent == tmp_path / "home" / ".cache" / "quaestor"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # to be ignored, says the XDG specification
    with open_catalog([folder]) as catalog:
        assert Path(catalog.path).parent == tmp_path / "home" / ".cache" / "quaestor"
    with open_catalog([folder], cache_dir=str(tmp_path / "here")) as catalog:
        assert Path(catalog.path).parent == tmp_path / "here"


def test_old_catalogs_are_tidied_away(folder: str, tmp_path: Path) -> None:
    place = tmp_path / "cache" / "quaestor"
    place.mkdir(parents=True)
    for age, name in enumerate(
        ["catalog-a.db", "catalog-b.db", "catalog-c.db", "catalog-d.db", "catalog-e.db.left", "mine"]
    ):
        (place / name).write_text("")
        os.utime(place / name, (1_000_000 - age, 1_000_000 - age))
    open_catalog([folder]).close()
    left = {path.name for path in place.iterdir()}
    assert len(left) == 5
    assert left > {"catalog-a.db", "catalog-b.db", "catalog-c.db", "mine"}


def test_two_processes_may_compile_at_once(folder: str, tmp_path: Path) -> None:
    code = (
        "import sys; from quaestor.catalog import store; store.BUILTIN = sys.argv[1]\n"
        "with store.open_catalog([sys.argv[2]]) as catalog: print(len(catalog.resource('p', 'a', 'users').methods))"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, store.BUILTIN, folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for process in running:
        out, errors = process.communicate(timeout=60)
        assert (out, errors) == (b"3\n", b"")
    assert len(compiled(tmp_path)) == 1


def test_threads_may_share_it(folder: str) -> None:
    wrong: list[object] = []

    def ask(catalog: Store) -> None:
        for _ in range(50):
            if catalog.resource("p", "a", "users") is None or catalog.services("p") == ():
                wrong.append(catalog)

    with open_catalog([folder]) as catalog:
        threads = [threading.Thread(target=ask, args=(catalog,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_place_that_cannot_be_compiled_to(folder: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="can't compile the catalog to"):
        compile_catalog([folder], str(tmp_path / "no" / "such" / "folder.db"))
