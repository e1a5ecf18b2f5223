"""What the vendors always answer, learned from the recordings: `python -m tests.sandbox.observe` writes
`src/quaestor/sandbox/answer/observed.json`, which the sandbox gives to what clients make.

For each operation: the fields that every recorded object has though the request didn't bring them, with their value
where it is always the same and says nothing of the org that was recorded (null, a switch, a small number, the name
of a constant), else with their type. How an operation says no is learned from its spec where no recording has it.
Names and types only: no text that the vendors or their testers wrote.

Before: `sequences` reads the recordings. After: `quaestor.sandbox.answer.observed`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.prism.documents import Document, documents
from tests.sandbox.sequences import Exchange, decoded, fresh, kind, operation, sequences

from quaestor.catalog.model import Schema
from quaestor.sandbox.answer.observed import variant_of
from quaestor.sandbox.answer.routes import Match
from quaestor.sandbox.change.checks import faults
from quaestor.sandbox.site import Site

TARGET = Path(__file__).resolve().parents[2] / "src" / "quaestor" / "sandbox" / "answer" / "observed.json"
#: Written by hand, with fields that neither the specification nor the vendor's client has.
EDITED = "test_api_service_integration_lifecycle.yaml"
EDITED_WELL = ("/secrets", "/activate", "/deactivate")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*|[a-z]{2,20}([_-][a-z]{1,20}){0,5}")
_ITEM = re.compile(r"\[\d+\]")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NEVER = re.compile(r"(^|_|[a-z])(id|Id|ID|uuid|name|Name|label|login|email|title|handle|key|user|by)$")


class _Seen:
    """All recorded values in one place of an operation's answers."""

    def __init__(self) -> None:
        self.count = 0
        self.brought = 0
        self.nulls = 0
        self.values: set[str] = set()
        self.kinds: set[str] = set()
        self.below: dict[str, _Seen] = {}
        self.items: _Seen | None = None
        self.unanswered: set[str] = set()

    def add(self, value: Any, asked: Any) -> None:
        self.count += 1
        self.brought += asked is not None
        self.nulls += value is None
        if value is not None:
            self.kinds.add(kind(value))
        if isinstance(value, dict):
            if isinstance(asked, dict):
                self.unanswered |= asked.keys() - value.keys()
            for name, inner in value.items():
                seen = self.below.setdefault(name, _Seen())
                seen.add(inner, asked.get(name) if isinstance(asked, dict) else None)
        else:
            self.values.add(json.dumps(value))
        for at, item in enumerate(value if isinstance(value, list) else ()):
            if isinstance(item, dict):
                if self.items is None:
                    self.items = _Seen()
                brought = asked[at] if isinstance(asked, list) and at < len(asked) else None
                self.items.add(item, brought)

    def skeleton(self, name: str) -> Any:
        """`{…}` an object (`?name`: a field that it has only at times), `["=", value]` a constant, else a type."""
        if self.kinds == {"object"} and not (self.values - {"null"}):
            inner = {
                key: seen.skeleton(key)
                for key, seen in sorted(self.below.items())
                if seen.count == self._objects() and seen.brought < seen.count
            }
            for key, seen in sorted(self.below.items()):
                bones = seen.skeleton(key)
                if key not in inner and not self._is_map():
                    inner["?" + key] = bones
            inner |= {"-" + key: [] for key in sorted(self.unanswered - self.below.keys())}
            return inner
        if self.kinds == {"array"} and self.items is not None and not self.below:
            return {"[]": self.items.skeleton(name)}
        if len(self.values) == 1 and not self.below:
            value = json.loads(next(iter(self.values)))
            if plain(value, name):
                return ["=", value]
        if not self.kinds:
            return ["=", None]
        return [sorted(self.kinds)[0]]

    def _is_map(self) -> bool:
        """Whether the names of fields are data."""
        return len(self.below) > 40 and min(seen.count for seen in self.below.values()) * 3 < self._objects()

    def _objects(self) -> int:
        return self.count - self.nulls


def plain(value: Any, name: str) -> bool:
    """Whether a constant says nothing of whom it was recorded of."""
    if value is None or isinstance(value, bool) or value in ([], {}):
        return True
    if isinstance(value, (int, float)):
        return abs(value) < 10_000 and not _NEVER.search(name)
    return isinstance(value, str) and bool(_CONSTANT.fullmatch(value)) and not _NEVER.search(name)


def observed(cassettes: Callable[[str], bool] = lambda name: True) -> dict[str, Any]:
    """The skeleton of a row by operation, and by operation and variant where rows are of several; learned from the
    cassettes of these names."""
    box = fresh()
    found: dict[str, _Seen] = {}
    errors: dict[str, list[frozenset[str]]] = {}
    known: dict[str, Any] = {}
    for cassette, exchanges in sequences().items():
        if EDITED in cassette or not cassettes(cassette):
            continue
        provider = cassette.partition("/")[0]
        for each in exchanges:
            match = operation(box.site(provider), each)
            said = decoded(each.answer)
            if match is not None:
                _learn_checks(known, box.site(provider), match, each)
            if match is not None and each.status >= 400 and isinstance(said, dict):
                _learn_error(errors, provider, each.method, match.route.template, said.get("errors"))
            if match is None or not 200 <= each.status < 300 or said is None:
                continue
            if EDITED in cassette and not match.route.template.endswith(EDITED_WELL):
                continue
            path = match.route.method.response.row_path
            if path and path[0] != "*" and isinstance(said, dict):
                around = _without(said, path)
                found.setdefault(f"{provider} {each.method} {match.route.template} @", _Seen()).add(around, None)
            operation_key = f"{provider} {each.method} {match.route.template}"
            for item, asked in _rows(said, decoded(each.body), match.route.method.response.row_path):
                if isinstance(item, dict):
                    brought = asked if isinstance(asked, dict) else None
                    found.setdefault(operation_key, _Seen()).add(item, brought)
                    variant = variant_of(item)
                    if variant:
                        found.setdefault(f"{operation_key} {variant}", _Seen()).add(item, brought)
    known |= {key: seen.skeleton("") for key, seen in sorted(found.items())}
    for key, kinds in errors.items():
        usual = max(sorted(set(kinds), key=sorted), key=kinds.count)
        known[f"{key} !"] = sorted(usual)
    for key, names in documented_errors().items():
        known.setdefault(f"{key} !", names)
    return known


def _without(said: Any, path: tuple[str, ...]) -> Any:
    """An answer without its rows."""
    if not isinstance(said, dict):
        return said
    at_rows = len(path) == 1 or path[1] == "*"
    kept = {name: value for name, value in said.items() if name != path[0]}
    return kept if at_rows or path[0] not in said else {**kept, path[0]: _without(said[path[0]], path[1:])}


def _rows(said: Any, asked: Any, path: tuple[str, ...]) -> Iterator[tuple[Any, Any]]:
    """Each row of an answer, and what of the request stands in the same place; requests may be without envelope."""
    if path and path[0] == "*":
        for item in said if isinstance(said, list) else ():
            yield from _rows(item, None, path[1:])
    elif path:
        inner = asked.get(path[0], _Bare(asked)) if isinstance(asked, dict) else None
        yield from _rows(said.get(path[0]) if isinstance(said, dict) else None, inner, path[1:])
    elif isinstance(said, list):
        for at, item in enumerate(said):
            listed = asked[at] if isinstance(asked, list) and at < len(asked) else None
            yield item, asked if isinstance(asked, _Bare) else listed
    else:
        yield said, asked


class _Bare(dict[str, Any]):
    """A request that has no envelope where its answer has one."""


@cache
def documented_errors() -> dict[str, list[str]]:
    """The keys of the error objects that a vendor's spec has for an operation, where errors aren't texts."""
    found: dict[str, list[str]] = {}
    for doc in documents("datadog"):
        for key in doc.operations:
            http, path = key.split(" ", 1)
            responses = doc.raw["paths"][path][http.lower()]["responses"]
            kinds = [_error_keys(doc, said) for status, said in sorted(responses.items()) if status[:1] == "4"]
            if any(kinds):
                template = re.sub(r"\{[^{}]+\}", "{}", path)
                found[f"datadog {http} {template}"] = next(each for each in kinds if each)
    return found


def _error_keys(doc: Document, response: Any) -> list[str]:
    """What each of a documented answer's `errors` insists on or says in words; empty where they are texts."""
    media = doc.resolved(response).get("content", {}).get("application/json", {})
    errors = doc.resolved(doc.resolved(media.get("schema", {})).get("properties", {}).get("errors", {}))
    item = doc.resolved(errors.get("items", {}))
    said = [name for name in ("detail", "status", "title") if name in item.get("properties", {})]
    return sorted({*said, *item.get("required", ())}) if item.get("type") == "object" else []


def _learn_checks(known: dict[str, Any], site: Site, match: Match, each: Exchange) -> None:
    """Where bodies were accepted that their schema refuses; where a key must be a UUID."""
    method = match.route.method
    name = f"{site.provider} {each.method} {match.route.template}"
    body = decoded(each.body)
    if each.status < 300 and method.body is not None and method.body.schema and body is not None:
        found = faults(site.inventor, Schema(ref=method.body.schema), body, blank=True)
        paths = {_ITEM.sub("[]", path) + " " + what for path, what in found}
        if paths:
            known[f"{name} ~"] = sorted(paths | set(known.get(f"{name} ~", ())))
    odd = [value for value in match.values if not _UUID.fullmatch(value)]
    told = any(word in each.answer.lower() for word in ("uuid", " id"))
    if each.status == 400 and each.method in ("GET", "DELETE") and odd and told:
        known[f"{site.provider} {match.route.template} #"] = []


def _learn_error(
    errors: dict[str, list[frozenset[str]]], provider: str, method: str, template: str, said: Any
) -> None:
    """The keys that an operation's error objects have (none where errors are texts), and its service's."""
    if not isinstance(said, list) or not said:
        return
    keys = frozenset(said[0]) if isinstance(said[0], dict) else frozenset()
    for name in (f"{provider} {method} {template}", "/".join(["", *template.split("/")[1:4]])):
        errors.setdefault(name, []).append(keys)


def main() -> None:
    rows = observed()
    lines = ",\n".join(f"{json.dumps(key)}:{json.dumps(rows[key], separators=(',', ':'))}" for key in sorted(rows))
    TARGET.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    print(f"{len(rows)} operations and variants, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
