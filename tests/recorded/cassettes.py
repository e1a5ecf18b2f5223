"""Recorded traffic: the vendors' VCR cassettes, read into interactions.

Okta and Datadog recorded the tests of their Python SDKs against the real services: one YAML file a test, in it each
request and what was answered, in order. The files stand beside the repository (`../shared/data/recordings`), not in
it. Before: nothing. After: `operations` finds what an interaction asked for, `replay` plays it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import yaml12

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "recordings"
ABSENT = "no recordings at ../shared/data/recordings: recorded traffic isn't replayed"

#: What says how the bytes were sent, which the cassettes don't hold (bodies are decompressed and whole), and when:
#: by that clock a limit's reset would be seconds away, by ours it was years ago.
_OF_THE_WIRE = ("content-encoding", "transfer-encoding", "content-length", "date")
#: Okta's cassettes call the organisation test.okta.com, but in some Link headers its name was left as it was.
_UNMASKED = ("dev-20982288.okta.com", "dcp-testing-oig-2025-06-26.oktapreview.com")


@dataclass(frozen=True)
class Interaction:
    """A request and its answer.

    Attributes:
        cassette: the file below `DATA`; `index` the place in it, from 0.
        url: as it was recorded.
        headers: of the answer; names are lower-case.
        sent: the request's body, None if it had none.
    """

    provider: str
    cassette: str
    index: int
    method: str
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    sent: str | None = None

    @property
    def id(self) -> str:
        """`okta/test_users_it/….yaml#3`, without what all names of a folder share."""
        return f"{self.cassette.removesuffix('.yaml')}#{self.index}"


@lru_cache(maxsize=1)
def cassettes() -> dict[str, tuple[Interaction, ...]]:
    """All interactions by cassette, the cassettes by name; none where the recordings are absent."""
    return {str(path.relative_to(DATA)): tuple(_read(path)) for path in sorted(DATA.glob("**/*.yaml"))}


def gets() -> list[Interaction]:
    """Every recorded GET."""
    return [each for cassette in cassettes().values() for each in cassette if each.method == "GET"]


def _read(path: Path) -> Iterator[Interaction]:
    name = str(path.relative_to(DATA))
    document: Any = yaml12.read_yaml(str(path))
    for index, node in enumerate(document["interactions"]):
        request, response = node["request"], node["response"]
        yield Interaction(
            provider=name.partition("/")[0],
            cassette=name,
            index=index,
            method=request["method"],
            url=request["uri"],
            status=response["status"]["code"],
            headers=tuple(_headers(response["headers"])),
            body=_body(response["body"], f"{name}#{index}"),
            sent=request.get("body") or None,
        )


def _headers(node: dict[str, str | list[str]]) -> Iterator[tuple[str, str]]:
    for name, said in node.items():
        if name.lower() not in _OF_THE_WIRE:
            for value in [said] if isinstance(said, str) else said:
                for host in _UNMASKED if name.lower() == "link" else ():
                    value = value.replace(f"https://{host}/", "https://test.okta.com/")
                yield name.lower(), value


def _body(node: dict[str, object], where: str) -> bytes:
    """VCR has other forms for binary bodies (`base64_string`); none of these cassettes has any."""
    text = node.get("string")
    if not isinstance(text, str) or len(node) > 1:
        raise ValueError(f"{where}: a body in a form that this reader doesn't know: {sorted(node)}")
    return text.encode()


@dataclass(frozen=True)
class Address:
    """A URL as far as two that are equal ask for the same: decoded, the query in no order."""

    origin: str
    path: tuple[str, ...]
    query: tuple[tuple[str, str], ...]

    def without(self, names: frozenset[str]) -> Address:
        """The same without some query parameters."""
        return Address(self.origin, self.path, tuple(pair for pair in self.query if pair[0] not in names))


def address(url: str) -> Address:
    """What a URL asks for. Two of the recordings have a doubled slash or one at the end, which the API overlooks."""
    parts = urlsplit(url)
    segments = tuple(unquote(part) for part in parts.path.split("/") if part)
    return Address(
        f"{parts.scheme}://{parts.netloc}", segments, tuple(sorted(parse_qsl(parts.query, keep_blank_values=True)))
    )


def is_respelled(url: str) -> bool:
    """Whether its path has slashes that say nothing, which we wouldn't send."""
    path = urlsplit(url).path
    return bool(re.search("//|.+/$", path))
