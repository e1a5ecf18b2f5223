"""Calls of every method of a verb, run on the engine, each request held against the vendor's spec by Prism.

Before: `statements` makes the calls. After: `report` prints what came of them, `test_prism` demands that nothing is
wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tests.prism.documents import SOURCES, Document, document, document_of, reduced
from tests.prism.mock import prism
from tests.prism.statements import Call, answer, statements
from tests.prism.tap import Passed, Tap

import quaestor
from quaestor.catalog.store import Store
from quaestor.errors import QuaestorError
from quaestor.fetch.transport import HttpTransport, Limits

#: Each document with the address of its Prism, by the document's source.
Mocks: TypeAlias = Mapping[str, tuple[Document, str]]

#: What stands in for credentials; Prism demands those that the spec does.
ENV = {"OKTA_API_TOKEN": "prism", "DD_API_KEY": "prism", "DD_APP_KEY": "prism"}
#: For operations that take OAuth tokens alone.
BEARER = {name: {"type": "bearer", "credentialsenvvar": "OKTA_API_TOKEN"} for name in ("okta", "datadog")}
#: Replaces the providers' hosts; the tap knows which Prism is meant.
ENDPOINTS = {"okta": "http://127.0.0.1:9", "datadog": "http://127.0.0.1:9"}


@dataclass(frozen=True)
class Outcome:
    """What came of a call: the statement, the requests that it sent, the error if it failed."""

    call: Call
    text: str
    passed: tuple[Passed, ...]
    error: str

    @property
    def is_sent(self) -> bool:
        """Whether the method that was meant was called."""
        return any(each.key == self.call.key for each in self.passed)

    @property
    def violations(self) -> tuple[str, ...]:
        """What Prism found wrong with its requests."""
        return tuple(dict.fromkeys(each for passed in self.passed for each in passed.violations))


def run(catalog: Store, calls: Sequence[Call], folder: Path) -> list[Outcome]:
    """The outcome of each call. `folder` takes the copies of the specs and Prism's logs."""
    by_document: dict[str, list[Call]] = {}
    for call in calls:
        by_document.setdefault(_document(call).source, []).append(call)
    with mocks_of(calls, folder) as mocks, ThreadPoolExecutor(max(1, len(mocks))) as pool:
        parts = pool.map(lambda part: _outcomes(catalog, part, mocks), by_document.values())
        return [each for part in parts for each in part]


def _document(call: Call) -> Document:
    doc = document_of(call.provider, call.key)
    assert doc is not None, f"{call.key} is in no spec"
    return doc


@contextmanager
def mocks_of(calls: Sequence[Call], folder: Path) -> Iterator[Mocks]:
    """Prisms for the methods of the calls' resources: those of the calls' verb, and SELECTs, which an UPDATE by
    predicate makes as well."""
    wanted: dict[str, dict[str, Any]] = {}
    verbs = {"select", *(call.method.verb for call in calls)}
    for resource in {call.resource.id: call.resource for call in calls}.values():
        for method in resource.methods:
            if method.verb not in verbs:
                continue
            key = f"{method.http} {method.path}"
            doc = document_of(resource.provider, key)
            assert doc is not None, f"{key} is in no spec"
            wanted.setdefault(doc.source, {})[key] = answer(key, doc, method.response.row_path)
    with mocks(wanted, folder) as found:
        yield found


@contextmanager
def mocks(wanted: Mapping[str, dict[str, Any]], folder: Path) -> Iterator[Mocks]:
    """A Prism for each document, of the operations that are wanted: by document and operation, what it answers."""
    with ExitStack() as stack, ThreadPoolExecutor(max(1, len(wanted))) as pool:

        def started(source: str) -> tuple[Document, str]:
            doc, answers = document(source), wanted[source]
            name = source.replace("/", "-").rsplit(".", 1)[0]
            return doc, stack.enter_context(prism(reduced(doc, answers, answers), folder, name))

        yield dict(zip(wanted, pool.map(started, wanted), strict=True))


def _outcomes(catalog: Store, calls: Sequence[Call], mocks: Mocks) -> list[Outcome]:
    own = {source: mocks[source] for source in SOURCES[calls[0].provider] if source in mocks}
    tap = Tap(HttpTransport(Limits()), own)
    keys = quaestor.connect(endpoints=ENDPOINTS, transport=tap, catalog=catalog, env=ENV)
    bearer = quaestor.connect(endpoints=ENDPOINTS, transport=tap, catalog=catalog, env=ENV, auth=BEARER)
    with keys, bearer:
        return [_outcome(bearer if call.needs_bearer else keys, tap, call) for call in calls]


def _outcome(con: quaestor.Connection, tap: Tap, call: Call) -> Outcome:
    """The first of the call's statements that calls the method that is meant; the last, if none does."""
    found: Outcome | None = None
    for text in statements(call):
        tap.passed.clear()
        error = ""
        try:
            con.sql(text).fetchall()
        except QuaestorError as failure:
            error = f"{type(failure).__name__}: {failure.message}"
        found = Outcome(call, text, tuple(tap.passed), error)
        if found.is_sent:
            break
    assert found is not None
    return found
