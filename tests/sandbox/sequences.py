"""Recorded sequences, played to the sandbox: the same requests, then the answers laid side by side.

The sandbox gives its own keys, so each key that the vendor answered is replaced in later requests by ours that stands
in the same place. What was there before a recording began (it is named in a path, but nothing made it) is replaced by
something that the sandbox has. A request whose body the vendor cut out of the recording gets one from the answer.

The same shape means: of the keys that the vendor always answers for an operation none is missing, nor any that the
request itself brought and the recorded answer has; none is there that was never recorded for it; values are of a type
that was recorded in their place. What the vendor answers at one time and leaves out at another (`realmId`) is free.

Before: the cassettes. After: `test_recorded_sequences` counts, `observe` learns.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import urlsplit

import yaml12
from tests.recorded.cassettes import DATA

from quaestor.catalog.model import Schema
from quaestor.catalog.store import open_catalog
from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.sandbox.answer.routes import Match
from quaestor.sandbox.change.documents import accepted
from quaestor.sandbox.core import Sandbox
from quaestor.sandbox.site import Site, segments_of

KEYS = (("Authorization", "SSWS t"), ("DD-API-KEY", "k"), ("DD-APPLICATION-KEY", "a"))
#: How a path of a body is written: names with dots, `[]` for the items of a list.
_ROOT = "$"


@dataclass(frozen=True)
class Exchange:
    """A recorded request and its answer; `body` of the request as text, empty if there was none; `after`
    the cursor of its link to the next page."""

    method: str
    target: str
    body: str
    status: int
    answer: str
    after: str = ""


@dataclass
class Shape:
    """What was recorded of an operation's answers: by path, how often an object was there, how often each of its
    keys, the types of values, which keys were only there because the request brought them, and where null was."""

    objects: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    keys: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    types: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    own: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    nulls: set[str] = field(default_factory=set)


@lru_cache(maxsize=1)
def sequences() -> dict[str, tuple[Exchange, ...]]:
    """Every cassette's exchanges, by its name below the folder of recordings."""
    return {str(path.relative_to(DATA)): tuple(_read(str(path))) for path in sorted(DATA.glob("**/*.yaml"))}


def _read(path: str) -> Iterator[Exchange]:
    document: Any = yaml12.read_yaml(path)
    for node in document["interactions"]:
        asked, said = node["request"], node["response"]
        url = urlsplit(asked["uri"])
        target = re.sub("^//+", "/", url.path) + (f"?{url.query}" if url.query else "")
        body = asked.get("body")
        text = body if isinstance(body, str) else ""
        links = [v for k, v in said["headers"].items() if k.lower() == "link"]
        yield Exchange(
            asked["method"],
            target,
            text,
            int(said["status"]["code"]),
            said["body"].get("string") or "",
            _after(str(links)),
        )


def _after(links: str) -> str:
    """The cursor of a link to the next page."""
    found = re.search(r"[?&]after=([^&>]+)[^>]*>; rel=\"next\"", links)
    return found[1] if found else ""


@lru_cache(maxsize=1)
def site_of(provider: str) -> Site:
    return fresh().site(provider)


def fresh() -> Sandbox:
    """A sandbox that nobody has changed."""
    return Sandbox(open_catalog(), ["okta", "datadog"])


def decoded(text: str) -> Any:
    """The JSON of a body, or None."""
    try:
        return json.loads(text) if text.strip() else None
    except ValueError:
        return None


def operation(site: Site, each: Exchange) -> Match | None:
    """Which operation of the catalog an exchange is of."""
    return site.routes.match(each.method, segments_of(urlsplit(each.target).path))[0]


# -- what the vendor's answers look like


@lru_cache(maxsize=1)
def shapes() -> dict[str, Shape]:
    """The shapes of all recorded answers by operation and status."""
    box = fresh()
    found: dict[str, Shape] = defaultdict(Shape)
    for name, exchanges in sequences().items():
        provider = name.partition("/")[0]
        for each in exchanges:
            match = operation(box.site(provider), each)
            if match is not None:
                add(found[op(provider, match, each)], decoded(each.answer), decoded(each.body), _ROOT)
    return found


@lru_cache(maxsize=1)
def statuses() -> dict[str, set[int]]:
    """The statuses of success of each operation: some answer another one in another org (200, 204)."""
    box = fresh()
    found: dict[str, set[int]] = defaultdict(set)
    for name, exchanges in sequences().items():
        provider = name.partition("/")[0]
        for each in exchanges:
            match = operation(box.site(provider), each)
            if match is not None and each.status < 300:
                found[f"{provider} {match.route.template} {each.method}"].add(each.status)
    return found


def op(provider: str, match: Match, each: Exchange) -> str:
    """An operation with the kind of its answer: `okta POST /api/v1/users 2`."""
    return f"{provider} {each.method} {match.route.template} {each.status // 100}"


def add(shape: Shape, value: Any, asked: Any, path: str) -> None:
    """One more answer of an operation."""
    if value is None:
        shape.nulls.add(path)
        return
    shape.types[path].add(kind(value))
    if isinstance(value, list):
        for at, item in enumerate(value):
            add(shape, item, asked[at] if isinstance(asked, list) and at < len(asked) else None, path + "[]")
    if isinstance(value, dict):
        shape.objects[path] += 1
        for key, inner in value.items():
            shape.keys[path][key] += 1
            brought = asked.get(key) if isinstance(asked, dict) else None
            if brought is None:
                shape.own[path].add(key)
            add(shape, inner, brought, f"{path}.{key}")


def kind(value: Any) -> str:
    """The JSON type of a value; whole and other numbers are one."""
    if isinstance(value, bool):
        return "boolean"
    return {int: "number", float: "number", str: "string", list: "array", dict: "object"}[type(value)]


def differences(shape: Shape, said: Any, ours: Any, asked: Any, path: str = _ROOT) -> Iterator[str]:
    """How our answer's shape is another than the vendor's."""
    if ours is None:
        return
    if shape.types[path] and kind(ours) not in shape.types[path]:
        yield f"{path} is {kind(ours)}, not {' or '.join(sorted(shape.types[path]))}"
        return
    if isinstance(ours, list):
        for at, item in enumerate(ours[:3]):
            yield from differences(shape, _at(said, at), item, _at(asked, at), path + "[]")
    if isinstance(ours, dict) and shape.objects[path]:
        keys = shape.keys[path]
        if len(keys) > 40 and min(keys.values()) * 3 < shape.objects[path]:
            return  # a map of whatever names
        for key, count in keys.items():
            must = count == shape.objects[path] and key in shape.own[path]
            echoed = isinstance(asked, dict) and key in asked and isinstance(said, dict) and key in said
            if key not in ours and (must or echoed):
                yield f"{path}.{key} is missing"
        for key, value in ours.items():
            if key not in keys and path.endswith(".profile"):
                continue  # every org has its own attributes
            if key not in keys:
                yield f"{path}.{key} was never recorded"
            else:
                yield from differences(shape, _in(said, key), value, _in(asked, key), f"{path}.{key}")


def _at(value: Any, at: int) -> Any:
    return value[at] if isinstance(value, list) and at < len(value) else None


def _in(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def same_keys(said: Any, ours: Any) -> bool:
    """Whether two answers have exactly the same keys and types, null being of any type."""
    if said is None or ours is None:
        return True
    if kind(said) != kind(ours):
        return False
    if isinstance(said, dict):
        return set(said) == set(ours) and all(same_keys(said[key], ours[key]) for key in said)
    if isinstance(said, list):
        return not said or not ours or same_keys(said[0], ours[0])
    return True


# -- playing


@dataclass(frozen=True)
class Outcome:
    """What became of one exchange.

    Attributes:
        known: whether the catalog has the operation.
        shape: how the shape differs; empty also where the status does.
        exact: whether the keys and types are those of the very answer.
    """

    cassette: str
    index: int
    what: str
    known: bool
    said: int
    ours: int
    shape: tuple[str, ...]
    exact: bool

    @property
    def same(self) -> bool:
        """The same status and the same shape."""
        return self.said == self.ours and not self.shape


def play(cassette: str) -> list[Outcome]:
    """Every exchange of a cassette, in order, on a sandbox of its own."""
    box = _POOL.pop() if _POOL else fresh()
    try:
        return list(_Player(box, cassette).outcomes())
    finally:
        box.reset()
        _POOL.append(box)


_POOL: list[Sandbox] = []


class Answering(Protocol):
    """What a cassette is played to: a sandbox, or what has others ask one."""

    def site(self, provider: str) -> Site:
        """What knows the vendor's paths."""
        ...

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The answer."""
        ...


def played(to: Answering, cassette: str) -> Iterator[Outcome]:
    """Every exchange of a cassette, each when it was played."""
    return _Player(to, cassette).outcomes()


class _Player:
    def __init__(self, box: Answering, cassette: str) -> None:
        self.box = box
        self.cassette = cassette
        self.provider = cassette.partition("/")[0]
        self.site = box.site(self.provider)
        self.exchanges = sequences()[cassette]
        self.keys: dict[str, str] = {}

    def outcomes(self) -> Iterator[Outcome]:
        for index, each in enumerate(self.exchanges):
            match = operation(self.site, each)
            what = f"{each.method} {match.route.template if match else urlsplit(each.target).path}"
            if match is None:
                yield Outcome(self.cassette, index, what, False, each.status, 0, (), False)
                continue
            target = self._replaced(each.target)
            if each.answer.strip() == _GATEWAY:  # the request never came to the API
                continue
            if each.status < 400:
                target = self._standing_in(each, target)
            body = self._replaced(each.body) or self._reconstructed(match, each)
            response = self.box.handle(
                HttpRequest(each.method, f"http://localhost/{self.provider}{target}", KEYS, body.encode() or None)
            )
            said, ours = decoded(each.answer), decoded(response.body.decode())
            found: tuple[str, ...] = ()
            variants = statuses()[f"{self.provider} {match.route.template} {each.method}"]
            status = each.status if response.status in variants and each.status in variants else response.status
            if status == each.status:
                shape = shapes()[op(self.provider, match, each)]
                found = tuple(differences(shape, said, ours, decoded(each.body)))
                if ours is None and said is not None and status == response.status:
                    found = ("no body",)
            exact = response.status == each.status and same_keys(said, ours)
            self._learn(index, said, ours, "")
            if each.after and (mine := _after(str(response.all("link")))):
                self.keys[each.after] = mine
            yield Outcome(self.cassette, index, what, True, each.status, status, found, exact)

    def _replaced(self, text: str) -> str:
        for theirs in sorted(self.keys, key=len, reverse=True):
            text = re.sub(rf"(?<![\w-]){re.escape(theirs)}(?![\w-])", self.keys[theirs].replace("\\", ""), text)
        return text

    def _standing_in(self, each: Exchange, target: str) -> str:
        """A path whose keys the sandbox has: what isn't there, though the vendor had it, is another of its kind."""
        path, mark, query = target.partition("?")
        match = self.site.routes.match(each.method, segments_of(path))[0]
        if match is None:
            return target
        words = match.route.template.split("/")
        values = list(match.values)
        at = 0
        for place, word in enumerate(words):
            if word != "{}":
                continue
            collection = self.site.keyed("/".join(words[:place]), tuple(values[:at]), match.route.parameter(at))
            if not collection.has(values[at]) and not (match.route.kind == "write" and each.method == "PUT"):
                positions = collection.positions()
                if len(positions):
                    ours = collection.key(positions[0])
                    self.keys[values[at]] = ours
                    values[at] = ours
            values[at] = collection.canonical(values[at])
            at += 1
        return self.site.path(match.route.template, tuple(values)) + mark + query

    def _reconstructed(self, match: Match, each: Exchange) -> str:
        """A body for a request whose own was cut out: of the recorded answer's fields those that may be sent."""
        asked = match.route.method.body
        said = decoded(each.answer)
        if asked is None or each.method not in ("POST", "PUT", "PATCH") or not isinstance(said, dict):
            return ""
        if each.status >= 400 or not asked.schema:
            return ""
        inventor = self.site.inventor
        schema = inventor.resolve(Schema(ref=asked.schema))
        names = set(schema.properties) | {
            name for each in schema.mapping.values() for name in inventor.resolve(Schema(ref=each)).properties
        }
        body = {name: value for name, value in accepted(inventor, schema, said).items() if name in names}
        if match.route.template == "/api/v1/users" and isinstance(body.get("credentials"), dict):
            body["credentials"] = {"password": {"value": "cut out"}}
        return self._replaced(json.dumps(body))

    def _learn(self, index: int, said: Any, ours: Any, name: str) -> None:
        """Our key for each of the vendor's that a later request names."""
        if isinstance(said, dict) and isinstance(ours, dict):
            for key in sorted(said.keys() & ours.keys(), key=lambda name: (name != "id", name)):
                self._learn(index, said[key], ours[key], key)
        elif isinstance(said, list) and isinstance(ours, list):
            for one, other in zip(said, ours, strict=False):
                self._learn(index, one, other, name)
        elif isinstance(said, (str, int)) and isinstance(ours, (str, int)) and not isinstance(said, bool):
            theirs, mine = str(said), str(ours)
            if theirs != mine and len(theirs) > 2 and theirs not in self.keys and _KEY.search(name):
                self.keys[theirs] = mine


#: What a proxy before Okta's API answered.
_GATEWAY = '{"status":404,"message":"Resource not found"}'
_KEY = re.compile(r"(^|_|[a-z])(id|Id|ID|uuid|key|name|login|handle|hash|slug|after|cursor)$")
