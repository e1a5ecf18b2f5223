"""Documents that mean harm: refused early, with what is wrong, and before they take memory or time."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from quaestor.catalog import document
from quaestor.catalog.duplicates import repeated
from quaestor.catalog.stackql import folder, provider, service
from quaestor.errors import CatalogError

LETTERS = "abcdefghijk"


def laughs(shape: str) -> str:
    """Nine of each, nine levels and more: a billion of the first."""
    steps = list(pairwise(LETTERS))
    if shape == "block":
        return "a: &a\n  - x\n" + "".join(f"{c}: &{c}\n" + f"  - *{p}\n" * 9 for p, c in steps)
    if shape == "mappings":
        return "a: &a {x: 1}\n" + "".join(f"{c}: &{c} {{p: *{p}, q: *{p}, r: *{p}, s: *{p}}}\n" for p, c in steps)
    return "a: &a [x]\n" + "".join(f"{c}: &{c} [{', '.join([f'*{p}'] * 9)}]\n" for p, c in steps)


BOMBS = {
    "flow": laughs("flow"),
    "block": laughs("block"),
    "mappings": laughs("mappings") + "z: [" + ", ".join(["*k"] * 90) + "]\n",
    "itself": "a: &a [*a]\n",
    "deep flow": "a: " + "[" * 5_000 + "]" * 5_000,
    "deep json": '{"a": ' + "[" * 200_000 + "]" * 200_000 + "}",
    "deep block": "".join(" " * depth + "a:\n" for depth in range(500)),
    "long number": '{"a": ' + "9" * 5_000 + "}",
    "many values": "a: [" + "0," * 4_100_000 + "0]",
}

MEASURE = """
import resource, sys, time
from quaestor.catalog import document
from quaestor.errors import CatalogError
import yaml12
text = open(sys.argv[1], encoding="utf-8").read()
document.parse("a: 1", "warm")
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
try:
    document.parse(text, "bomb.yaml")
    print("read")
except CatalogError:
    print("refused", time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_in_a_fifth_of_a_second_and_50_mib(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb.yaml"
    path.write_text(BOMBS[name])
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    outcome, *figures = done.stdout.split()
    assert outcome == "refused"
    seconds, kib = map(float, figures)
    assert seconds <= 0.2
    assert kib <= 50 * 1024


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2\n",
        "a:\n  b: 1\n  c: 2\n  b: 3\n",
        "a:\n- x: 1\n  y: 2\n  x: 3\n",
        "k:\n- a\nk: 1\n",
        'a: 1\n"a": 2\n',
        "a: &x\n  b: 1\na: 2\n",
        '{"a": 1, "a": 2}',
        '{"b": {"a": 1, "a": 2}}',
        "a: {b: 1, b: 2}",
        "a: {b: 1,\n  c: {d: 1}, b: 2}",
        "a:\n  - {x: 1, y: {z: 1, z: 2}}",
        "a:\n- &k {x: 1, 'x': 2}",
        "a: [1, {x: 1, x}]",
        'a: {"x":1,"x":2}',
    ],
)
def test_a_key_that_is_there_twice_is_refused(text: str) -> None:
    with pytest.raises(CatalogError, match="is there twice"):
        document.parse(text, "d.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "a: |\n  b: 1\n  b: 2\nc: 1\n",
        "a: >-\n  text\n  b: 1\n\n  b: 2\nc: 1\n",
        'a: "first: 1\n  second: 2\n  second: 3"\nb: 1\n',
        "a: some words\n  note: x\n  note: y\nb: 1\n",
        "a:\n- x: 1\n- x: 2\n",
        "a:\n  - x: 1\n    y: 1\n  - x: 2\n    y: 1\nb:\n  x: 1\n",
        "- - x: 1\n  - x: 2\n- x: 1\n",
        "a: {\n  b: 1,\n  c: 2}\nb: 1\n",
        "/a/{b}:\n  get: 1\n/a/{c}:\n  get: 1\n",
        "a: # b: 1\n  b: 1\n# b: 2\nb: 2\n",
        "a: {b: 1, c: {b: 1}, d: [b, b, {b: 2}, {b: 3}]}\nb: 1",
        "a: {b: http://x:1, c: 'b: 1, b: 2', d: x b} # {b: 1, b: 2}",
        "a: [b: 1, b: 2]\nb: {}\nc: []\nd: [ ]",
        "a:\n  url: https://{x}/{x}\n  {}\n",
    ],
)
def test_what_looks_like_a_key_is_not_taken_for_one(text: str) -> None:
    assert repeated(text) is None


def test_a_value_with_a_tag_is_refused() -> None:
    with pytest.raises(CatalogError, match="with a tag"):
        document.parse('a: !!python/object/apply:os.system ["id"]', "d.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: &x {b: 1}\nc:\n  <<: *x\n", "merge key"), ("a: 1\n---\nb: 2\n", "more than one document")],
)
def test_what_would_be_left_out_is_refused(text: str, said: str) -> None:
    with pytest.raises(CatalogError, match=said):
        document.parse(text, "d.yaml")


def test_plain_words_stay_text() -> None:
    assert document.parse("a: NO\nb: 12:30:00\nc: on", "d.yaml") == {"a": "NO", "b": "12:30:00", "c": "on"}


def written(root: Path, services: dict[str, Any], document_: str) -> folder.Folder:
    base = root / "src" / "acme" / "v1.0.0"
    (base / "services").mkdir(parents=True)
    (base / "provider.yaml").write_text(json.dumps({"name": "acme", "providerServices": services}))
    (base / "services" / "s.yaml").write_text(document_)
    (found,) = folder.folders(str(root))
    return found


@pytest.mark.parametrize(
    "reference",
    [
        "acme/v1.0.0/../../../etc/passwd",
        "acme/v1.0.0//etc/passwd",
        "acme/v1.0.0/services/..\\x",
        "acme/v1.0.0/./s.yaml",
    ],
)
def test_a_service_leads_nowhere_out_of_its_folder(reference: str, tmp_path: Path) -> None:
    found = written(tmp_path, {"s": {"service": {"$ref": reference}}}, "{}")
    with pytest.raises(CatalogError, match="not inside"):
        provider.read(found)


def test_a_link_leads_nowhere_out_of_its_folder(tmp_path: Path) -> None:
    found = written(tmp_path, {"s": {"service": {"$ref": "acme/v1.0.0/services/out.yaml"}}}, "{}")
    os.symlink("/etc/hosts", Path(found.path) / "services" / "out.yaml")
    with pytest.raises(CatalogError, match="link out"):
        provider.read(found)


@pytest.mark.parametrize("reference", ["http://evil.example.com/x.yaml#/a", "../other.yaml#/a", "file:///etc/passwd"])
def test_a_reference_leads_nowhere_out_of_its_document(reference: str, tmp_path: Path) -> None:
    answers = {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": reference}}}}}
    methods = {"list": {"operation": {"$ref": "#/paths/~1a/get"}}}
    text = {
        "openapi": "3.0.0",
        "info": {},
        "servers": [{"url": "https://a.example.com"}],
        "paths": {"/a": {"get": {"responses": answers}}},
        "components": {"x-stackQL-resources": {"a": {"methods": methods}}},
    }
    found = written(tmp_path, {"s": {"service": {"$ref": "acme/v1.0.0/services/s.yaml"}}}, json.dumps(text))
    head = provider.read(found)
    with pytest.raises(CatalogError, match="leads out of the document"):
        service.read(head, head.services[0])


def test_a_document_of_more_than_32_mib_is_not_read(tmp_path: Path) -> None:
    found = written(tmp_path, {"s": {"service": {"$ref": "acme/v1.0.0/services/s.yaml"}}}, "{}")
    with open(Path(found.path) / "services" / "s.yaml", "wb") as file:
        file.truncate(document.MAX_FOREIGN_BYTES + 1)
    head = provider.read(found)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(CatalogError, match="more than the 33,554,432"):
        service.read(head, head.services[0])
    assert time.process_time() - start < 0.2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024
