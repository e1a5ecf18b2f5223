"""The shape of a plan: the scans, what each of them asks for, and in which way they run.

Before: `plan.scans` makes these records. After: `plan.explain` tells them, `plan.lower` and `run` carry them out.
"""

from __future__ import annotations

from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.catalog.model import Column, Hidden, Method, Resource, Server
    from quaestor.plan.bind import BoundQuery
    from quaestor.sql import nodes
    from quaestor.values import SqlValue


class ScanColumn(Record):
    """A column of a scan's table.

    Attributes:
        name: as the statement calls it.
        type: its type.
        field: the field of the answer that it shows; or None:
        parameter: the parameter or server variable whose value it shows; both empty for `_connection` and the like.
    """

    name: str
    type: str
    field: Column | None = None
    parameter: str = ""


class Keys(Record):
    """Values of some parameters that come from tables read before: a row of `select` is one combination.

    Attributes:
        parameters: in the order of the columns of `select`; `_connection` among them says where the others go.
        select: bound, over sources of the statement.
        uses: resources that must be read before it runs.
    """

    parameters: tuple[str, ...]
    select: nodes.Select
    uses: frozenset[int]


class ByKey(Record):
    """How the rows of a list can be got one by one instead (`plan.choice`).

    Attributes:
        method: gets one.
        parameter: that takes the key.
        keys: where the keys come from.
    """

    method: Method
    parameter: str
    keys: tuple[Keys, ...]


class Scan(Record):
    """One resource being read.

    Attributes:
        id: its table is `s<id>`.
        uses: the places of the statement that read it (several if they want the same).
        connections: by which it is read: one, or the members of a group; none if no condition allows any.
        settings: server variables that the statement sets, each to one or more values.
        constants: parameters bound by constants, each to its distinct values.
        keys: parameters bound by what is read before.
        columns: of its table, in order: `c0`, `c1` …
        depends: scans that must be complete before this one starts.
        hidden: what its method's bare list leaves out and has to be asked for besides.
        pushed: parameters of its requests that are no word of the statement's: conditions that the API tests too.
        filled: of its parameters, those whose values come from their parent because nothing else binds them.
        pos: where the statement names it.
        recurs: its keys come of a recursive CTE that it is part of: each turn may bring more.
        by_key: of a list, how to get just the rows that are joined: which of the two, the number of keys decides.
    """

    id: int
    uses: tuple[int, ...]
    connections: tuple[str, ...]
    resource: Resource
    method: Method
    server: Server
    settings: dict[str, tuple[SqlValue, ...]]
    constants: dict[str, tuple[SqlValue, ...]]
    keys: tuple[Keys, ...]
    columns: tuple[ScanColumn, ...]
    depends: frozenset[int] = frozenset()
    filled: tuple[str, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    pos: int = -1
    pushed: dict[str, str] = {}
    by_key: ByKey | None = None
    recurs: bool = False

    @property
    def table(self) -> str:
        """The name of its table."""
        return f"s{self.id}"


class Order(Record):
    """In which order a scan's rows come: that of an instant, by whole seconds.

    Attributes:
        scan: its id.
        position: of the instant among its columns.
        descending: the newest come first.
    """

    scan: int
    position: int
    descending: bool


class Rounds(Record):
    """A plan that ends when a LIMIT is reached.

    Attributes:
        driver: the scan whose rows are taken some at a time.
        scans: it, and those that depend on it, in order; all others are read before.
        limit: how many rows of the answer are enough.
        probe: whose rows are counted, if not the statement's: what EXISTS asks for.
        order: of the driving rows, where the statement sorts by it: rows are taken up to a second's end.
    """

    driver: int
    scans: tuple[int, ...]
    limit: int
    probe: nodes.Select | None = None
    order: Order | None = None


class Plan(Record):
    """What to read, in order, and what to run over it.

    Attributes:
        scans: each after those that it depends on.
        is_stream: the only scan is read once, row by row, while SQLite pulls.
        first_rows: of a stream, how many rows are enough (LIMIT + OFFSET), if nothing is filtered or sorted;
            0 if that isn't known.
        is_lazy: of a stream, SQLite may stop pulling: nothing is read before it is asked for.
        rounds: if some rows of a table are taken at a time, how; None for all at once.
    """

    query: BoundQuery
    scans: tuple[Scan, ...]
    is_stream: bool = False
    first_rows: int = 0
    is_lazy: bool = False
    rounds: Rounds | None = None
