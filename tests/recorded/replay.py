"""A transport that answers from a cassette, and nothing else.

It is put in the place of the network: `quaestor.connect(transport=Replay(…))`. A request that wasn't recorded is an
error, never an empty answer; but for one: what a list leaves out is asked for besides, no recording has that, and it
is answered by an empty list, and counted. Before: `cassettes`. After: `verdict` compares what was asked with what was
recorded.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.recorded.cassettes import Address, Interaction, address

from quaestor.catalog.model import Hidden
from quaestor.errors import LimitError
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse


class NotRecorded(LimitError):
    """The cassette has no answer: the request is another one, or the recording stopped before this page."""

    code = "not_recorded"


@dataclass(frozen=True)
class Asked:
    """A request that was made, and what answered it.

    Attributes:
        is_sized: the answer was recorded without the page or its size, which we name.
        is_besides: it asks for what the list leaves out; there is no recorded answer.
    """

    request: HttpRequest
    answer: Interaction | None
    is_sized: bool = False
    is_besides: bool = False


class Replay:
    """Answers each request with the next recorded interaction that is the same request.

    Args:
        cassette: in the order of the recording.
        first: the first interaction that may answer: an SDK's test reads the same thing before and after it
            changes it.
        added: query parameters that we may add where the recording has none, each with the only value that it may
            have or with None: the page size, the number of the first page, what makes a list whole.
        hidden: what the list leaves out.
        empty: the body of such a list that has nothing in it.
    """

    def __init__(
        self,
        cassette: Sequence[Interaction],
        first: int,
        added: Mapping[str, str | None],
        hidden: Sequence[Hidden],
        empty: bytes = b"[]",
    ) -> None:
        self._hidden = hidden
        self._empty = empty
        self.asked: list[Asked] = []
        self._left = [each for each in cassette if each.index >= first]
        self._added = added
        self._lock = threading.Lock()

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        """The recorded answer. Raises NotRecorded."""
        with self._lock:
            found = self._take(request)
            self.asked.append(found)
        if found.is_besides:
            return HttpResponse(200, (("content-type", "application/json"),), self._empty, request.url)
        if found.answer is None:
            raise NotRecorded(f"not recorded: {request.method} {request.url}")
        answer = found.answer
        return HttpResponse(answer.status, answer.headers, answer.body, request.url)

    def close(self) -> None:
        """Nothing to give back."""

    def _take(self, request: HttpRequest) -> Asked:
        wanted = address(request.url)
        for each in self._left:
            recorded = address(each.url)
            if request.method == each.method and self._without_added(wanted, recorded) == recorded:
                self._left = [other for other in self._left if other.index > each.index]
                return Asked(request, each, is_sized=wanted != recorded)
        asks = set(wanted.query)
        besides = any(set(hidden.parameters.items()) <= asks for hidden in self._hidden)
        return Asked(request, None, is_besides=besides)

    def _without_added(self, wanted: Address, recorded: Address) -> Address:
        said = {name for name, _ in recorded.query}
        return Address(
            wanted.origin,
            wanted.path,
            tuple(
                (name, value)
                for name, value in wanted.query
                if name in said or name not in self._added or self._added[name] not in (None, value)
            ),
        )
