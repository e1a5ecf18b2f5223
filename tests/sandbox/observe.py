"""What the vendors always answer, learned from the recordings: `python -m tests.sandbox.observe` writes
`src/quaestor/sandbox/answer/observed.json`, which the sandbox gives to what clients make.

For each operation: the fields that every recorded object has though the request didn't bring them, with their value
where it is always the same and says nothing of the org that was recorded (null, a switch, a small number, the name
of a constant), else with their type. Names and types only: no text that the vendors or their testers wrote.

Before: `sequences` reads the recordings. After: `quaestor.sandbox.answer.observed`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.sandbox.sequences import decoded, fresh, kind, operation, sequences

from quaestor.sandbox.answer.observed import variant_of

TARGET = Path(__file__).resolve().parents[2] / "src" / "quaestor" / "sandbox" / "answer" / "observed.json"
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*|[a-z]{2,20}([_-][a-z]{1,20}){0,5}")
_NEVER = re.compile(r"(^|_|[a-z])(id|Id|ID|uuid|name|Name|label|login|email|title|handle|key|user|by)$")


class _Seen:
    """All recorded values in one place of an operation's answers."""

    def __init__(self) -> None:
        self.count = 0
        self.brought = 0
        self.values: set[str] = set()
        self.kinds: set[str] = set()
        self.below: dict[str, _Seen] = {}
        self.items: _Seen | None = None

    def add(self, value: Any, asked: Any) -> None:
        self.count += 1
        self.brought += asked is not None
        if value is not None:
            self.kinds.add(kind(value))
        if isinstance(value, dict):
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
                bones = seen.skeleton(key) if key not in inner and seen.kinds & {"object", "array"} else None
                if isinstance(bones, dict) and bones not in ({}, {"[]": {}}):
                    inner["?" + key] = bones
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

    def _objects(self) -> int:
        return self.count - (1 if "null" in self.values else 0) if self.values else self.count


def plain(value: Any, name: str) -> bool:
    """Whether a constant says nothing of whom it was recorded of."""
    if value is None or isinstance(value, bool) or value in ([], {}):
        return True
    if isinstance(value, (int, float)):
        return abs(value) < 10_000 and not _NEVER.search(name)
    return isinstance(value, str) and bool(_CONSTANT.fullmatch(value)) and not _NEVER.search(name)


def observed() -> dict[str, Any]:
    """The skeleton of a row by operation, and by operation and variant where rows are of several."""
    box = fresh()
    found: dict[str, _Seen] = {}
    for cassette, exchanges in sequences().items():
        provider = cassette.partition("/")[0]
        for each in exchanges:
            match = operation(box.site(provider), each)
            said = decoded(each.answer)
            if match is None or not 200 <= each.status < 300 or said is None:
                continue
            row, asked = said, decoded(each.body)
            path = match.route.method.response.row_path
            if path and path[0] != "*" and isinstance(said, dict):
                around = {name: value for name, value in said.items() if name != path[0]}
                found.setdefault(f"{provider} {each.method} {match.route.template} @", _Seen()).add(around, None)
            for name in match.route.method.response.row_path:
                row = row.get(name) if isinstance(row, dict) else None
                asked = asked.get(name, asked) if isinstance(asked, dict) else None
            operation_key = f"{provider} {each.method} {match.route.template}"
            for item in row if isinstance(row, list) else [row]:
                if isinstance(item, dict):
                    brought = asked if isinstance(asked, dict) else None
                    found.setdefault(operation_key, _Seen()).add(item, brought)
                    variant = variant_of(item)
                    if variant:
                        found.setdefault(f"{operation_key} {variant}", _Seen()).add(item, brought)
    return {key: seen.skeleton("") for key, seen in sorted(found.items())}


def main() -> None:
    rows = observed()
    lines = ",\n".join(
        f"{json.dumps(key)}:{json.dumps(rows[key], separators=(',', ':'))}"
        for key in sorted(rows)
        if rows[key] or not key.endswith("@")
    )
    TARGET.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    print(f"{len(rows)} operations and variants, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
