"""Asking a sandbox of the built-in catalogs from a test."""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from urllib.parse import quote

from quaestor.catalog.store import open_catalog
from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.sandbox.core import Sandbox

KEYS = (("Authorization", "SSWS t"), ("DD-API-KEY", "k"), ("DD-APPLICATION-KEY", "a"))


@cache
def sandbox() -> Sandbox:
    """The default world of both providers."""
    return Sandbox(open_catalog(), ["okta", "datadog"])


def ask(path: str, box: Sandbox | None = None, /, **query: str) -> HttpResponse:
    """The response to a GET; `__` in a parameter's name opens a bracket: `page__size` is `page[size]`."""
    pairs = "&".join(f"{quote(_wire(name), safe='[]')}={quote(value)}" for name, value in query.items())
    return (box or sandbox()).handle(HttpRequest("GET", f"http://h{path}" + (f"?{pairs}" if pairs else ""), KEYS))


def read(path: str, box: Sandbox | None = None, /, **query: str) -> Any:
    """The decoded body of a GET that succeeds."""
    response = ask(path, box, **query)
    assert response.status == 200, (path, response.body)
    assert not response.header("x-sandbox-ignored"), (path, response.header("x-sandbox-ignored"))
    return json.loads(response.body)


def _wire(name: str) -> str:
    head, found, tail = name.partition("__")
    return f"{head}[{tail}]" if found else name
