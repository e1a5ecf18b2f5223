"""What a vendor does beyond the catalog's facts when something is changed; by itself nothing.

`okta.rules` and `datadog.rules` refine it. Before: `writes` carries a request out, and asks. After: the rules
change the document, refuse, or carry the request out themselves.
"""

from __future__ import annotations

from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.answer.routes import Match, Route

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from quaestor.sandbox.answer.answers import Answer
    from quaestor.sandbox.answer.query import Query
    from quaestor.sandbox.change.overlay import Overlay
    from quaestor.sandbox.change.writes import Writer

    #: Carries a request out, or gives None for what is done with any.
    Special = Callable[["Act"], "Answer | None"]


class Act:
    """One request that changes something.

    Attributes:
        values: the path's values, those of parents as keys proper.
        body: decoded, or None.
        by: who does it: `id`, `type`, `alternateId`, `displayName`.
    """

    __slots__ = ("_number", "body", "by", "clock_s", "query", "route", "ticks", "values")

    def __init__(self, route: Route, values: tuple[str, ...], query: Query, body: Any) -> None:
        self.route = route
        self.values = values
        self.query = query
        self.body = body
        self.by: Mapping[str, Any] = {}
        self.clock_s = 0
        self.ticks: Callable[[], int] = lambda: 0
        self._number = 0

    @property
    def number(self) -> int:
        """The number of this change, from 1; keys of what it makes follow from it."""
        if not self._number:
            self._number = self.ticks()
        return self._number

    @property
    def now(self) -> int:
        """When it happens, in seconds since 1970: each change a second after the last."""
        return self.clock_s + self.number


class Rules:
    """A vendor's rules; these are those of none.

    Attributes:
        special: by HTTP method and path template, what is carried out in a way of its own.
        early: by the same, what is asked before anything else is.
        mirrors: place that names objects → the place where the same membership is seen from the other end.
        attributed: paths of objects whose steps don't show in a field `status`.
        resets: paths of things alone that DELETE sets back, rather than taking them away.
        links: whether new objects have `_links`.
        refuses_blanks: whether a required text must have a letter, a relationship an object.
        put_replaces: whether PUT leaves only what it says, rather than merging it in.
    """

    links = False
    put_replaces = False
    refuses_blanks = False

    def __init__(self) -> None:
        self.special: dict[tuple[str, str], Special] = {}
        self.early: dict[tuple[str, str], Callable[[Match], None]] = {}
        self.mirrors: dict[str, str] = {}
        self.attributed: frozenset[str] = frozenset()
        self.resets: frozenset[str] = frozenset()

    def attach(self, writer: Writer) -> None:
        """The rules are asked by this writer."""
        self.writer = writer

    def before(self, act: Act) -> Any:
        """A change is about to be made: what `after` will want to know."""
        return None

    def after(self, act: Act, known: Any, answer: Answer) -> None:
        """A change was made: what else follows from it."""

    def checks_itself(self, route: Route) -> bool:
        """Whether the vendor's own rule checks the body of this operation."""
        return False

    def insists(self, route: Route) -> bool:
        """Whether a body that the catalog calls required is refused when it is missing."""
        return True

    def complain(self, found: Sequence[tuple[str, str]]) -> None:
        """Raises Refusal for the faults of a body: dotted path and what is wrong."""
        raise Refusal("body", found[0][0], causes=[f"{path} {what}".strip() for path, what in found])

    def made(self, act: Act, template: str, values: tuple[str, ...], row: dict[str, Any]) -> None:
        """A new object is about to be kept: may change it. May raise Refusal."""

    def unique(self, act: Act, template: str, collection: Overlay, row: dict[str, Any], own: str) -> None:
        """Raises Refusal if another object than that of the key `own` has what only one may have."""

    def stored(self, act: Act, template: str, values: tuple[str, ...], key: str, row: dict[str, Any]) -> None:
        """A new object was kept: what else follows from it."""

    def changed(
        self, act: Act, home: str, parents: tuple[str, ...], before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        """A changed object is about to be kept: may change `after`. May raise Refusal."""

    def removing(self, act: Act, home: str, parents: tuple[str, ...], key: str, row: Any) -> None:
        """Raises Refusal if this object can't be deleted now."""

    def removed(self, act: Act, home: str, parents: tuple[str, ...], key: str) -> None:
        """An object was deleted: what else goes with it."""

    def asked(self, template: str, query: Query) -> None:
        """Raises Refusal for a query that the list at this path doesn't take."""

    def limited(self, by: Mapping[str, Any], event: str, path: str, route: str, limit: int, per: int) -> None:
        """A rate limit was met (`violation`, `concurrency`) or nearly (`warning`) by this caller."""

    def embed(self, template: str, query: Query, row: dict[str, Any]) -> None:
        """Puts into an object of a collection what `expand=` asks for, where clients may have changed that."""

    def status(self, owner: str, step: str, usual: str | None, row: dict[str, Any]) -> str | None:
        """The status that a step leads to; None if it changes none. May raise Refusal."""
        return usual if "status" in row else None

    def stepped(self, template: str, row: dict[str, Any], status: str) -> dict[str, Any]:
        """A thing alone after a step that usually leads to this status."""
        return {**row, "status": status}

    def success(self, route: Route) -> tuple[int, bytes | None]:
        """Status (0: the catalog's) and body (None: as the catalog says) where recordings have others."""
        return 0, None
