"""Scans into their tables: all of each, or a few rows at a time until a LIMIT is reached.

Before: `run.executor` made the tables. After: SQLite runs the statement over them. A scan's requests follow from
constants and from the keys in the tables before it; what one scan has asked, another that asks the same copies.
"""

from __future__ import annotations

from itertools import islice

from quaestor.plan.lower import lower
from quaestor.run.feed import Feed, Room
from quaestor.run.reading import combinations_of
from quaestor.run.tables import Filling
from quaestor.values import convert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import apsw

    from quaestor.fetch.http import CancelToken
    from quaestor.plan.model import Keys, Plan, Rounds, Scan
    from quaestor.run.feed import Batch, Part
    from quaestor.run.reading import Reading, Start
    from quaestor.values import SqlValue

#: Texts that name no object in a path, but another path.
NO_KEYS = ("", ".", "..")
#: How many rows of the driving table the first round takes; each later one takes twice as many.
FIRST_ROUND = 16
#: Rows that are copied or taken at a time.
CHUNK = 1000


class Spooler:
    """Fills the tables of one plan.

    Args:
        parameters: values of the statement's own `?` and `:name`.
    """

    def __init__(
        self,
        db: apsw.Connection,
        plan: Plan,
        reading: Reading,
        parameters: Mapping[str, SqlValue],
        cancel: CancelToken,
    ) -> None:
        self._db = db
        self._plan = plan
        self._reading = reading
        self._parameters = parameters
        self._cancel = cancel
        self._feeds: list[Feed] = []
        self._room = Room()
        self._fillings: dict[int, Filling] = {}
        methods = [id(scan.method) for scan in plan.scans]
        in_rounds = set(plan.rounds.scans) if plan.rounds is not None else set()
        # whose requests are remembered: another scan, or a later round, may come to the same
        self._shared = {scan.id for scan in plan.scans if methods.count(id(scan.method)) > 1 or scan.id in in_rounds}
        self._asked: dict[tuple[object, ...], tuple[Scan, int]] = {}  # by whom, and the number of the request
        self._had: set[tuple[int, tuple[object, ...]]] = set()  # what each scan's table has

    def create(self) -> None:
        """Make the tables, empty."""
        for scan in self._plan.scans:
            types = [column.type for column in scan.columns]
            if scan.id in self._shared:
                types.append("integer")  # which request a row is from
            self._fillings[scan.id] = Filling(self._db, scan.table, types)

    def stream(self, scan: Scan, *, lazy: bool, page_rows: int) -> Feed:
        """The rows of a plan's only scan as they come."""
        return self._feed(self._reading.parts(scan, self._combinations(scan), page_rows), lazy=lazy)

    def fill(self, without: Sequence[int] = ()) -> None:
        """Every scan into its table; all whose keys are known are under way at the same time."""
        scans = [scan for scan in self._plan.scans if scan.id not in without]
        started: dict[int, Feed] = {}
        copies: dict[int, list[tuple[Start, Scan, int]]] = {}
        complete: set[int] = set()
        for scan in scans:
            for other in scans:
                # one before it may ask the same: what that one has can be copied when it is complete
                waits_for = {
                    earlier.id for earlier in scans if earlier.id < other.id and earlier.method is other.method
                }
                if other.id in started or not other.depends | waits_for <= complete:
                    continue
                parts, copies[other.id] = self._parts(other)
                started[other.id] = self._feed(parts)
                started[other.id].start()
            self._fillings[scan.id].add(started[scan.id])
            self._copy(scan, copies[scan.id])
            complete.add(scan.id)

    def rounds(self, rounds: Rounds) -> Iterator[Batch]:
        """The rows of the statement, from as few rows of the driving table as give enough."""
        statement = lower(self._plan.query.tree, self._plan)
        if not rounds.limit:
            return
        self.fill(without=rounds.scans)
        driver = self._plan.scans[rounds.driver]
        parts, copies = self._parts(driver)
        self._copy(driver, copies)
        rows = (row for batch in self._feed(parts, lazy=True) for row in batch)
        take = FIRST_ROUND
        while True:
            taken = list(islice(rows, take))
            self._fillings[driver.id].add([taken])
            for number in rounds.scans[1:]:
                scan = self._plan.scans[number]
                more, copied = self._parts(scan)
                self._fillings[number].add(self._feed(more))
                self._copy(scan, copied)
            found = list(self._db.execute(statement, self._parameters))
            if len(found) >= rounds.limit or len(taken) < take:
                yield from (found[at : at + CHUNK] for at in range(0, len(found), CHUNK))
                return
            take *= 2

    def close(self) -> None:
        """Stop the reading."""
        while self._feeds:
            self._feeds.pop().close()

    # -------------------------------------------------------------------------------------------- requests

    def _feed(self, parts: Sequence[Part], *, lazy: bool = False) -> Feed:
        feed = Feed(parts, self._cancel, lazy=lazy, room=self._room)
        self._feeds.append(feed)
        return feed

    def _parts(self, scan: Scan) -> tuple[Sequence[Part], list[tuple[Start, Scan, int]]]:
        """What is to be asked, and what was: for each of these the scan and the number of the request."""
        combinations = self._combinations(scan)
        if scan.id not in self._shared:
            return self._reading.parts(scan, combinations), []
        copies: list[tuple[Start, Scan, int]] = []
        fresh: list[Start] = []
        numbers: list[int] = []
        for start in self._reading.starts(scan, combinations):
            key = self._reading.identity(scan, start)
            if (scan.id, key) in self._had:
                continue
            self._had.add((scan.id, key))
            if key in self._asked:
                copies.append((start, *self._asked[key]))
            else:
                numbers.append(len(self._asked))
                self._asked[key] = (scan, len(self._asked))
                fresh.append(start)
        parts = self._reading.parts_of(scan, fresh)
        return [_numbered(part, number) for part, number in zip(parts, numbers, strict=True)], copies

    def _copy(self, scan: Scan, copies: Iterable[tuple[Start, Scan, int]]) -> None:
        """The rows that another scan has of the same requests."""
        for start, source, number in copies:
            names = [column.name for column in source.columns]
            fields = [f"c{names.index(column.name)}" for column in scan.columns if column.field is not None]
            extra = (*self._reading.extra(scan, start), number)
            sql = f"SELECT {', '.join([*fields, '0'])} FROM {source.table} WHERE c{len(names)} = ?"  # noqa: S608 - ours
            cursor = self._db.execute(sql, (number,))
            while chunk := list(islice(cursor, CHUNK)):
                self._fillings[scan.id].add([[(*row[:-1], *extra) for row in chunk]])

    def _combinations(self, scan: Scan) -> list[dict[str, SqlValue]]:
        """Every distinct combination of the values that the scan's parameters take."""
        combinations = combinations_of(scan.constants)
        for keys in scan.keys:
            rows = self._key_rows(scan, keys)
            combinations = [{**known, **row} for known in combinations for row in rows]
        return combinations

    def _key_rows(self, scan: Scan, keys: Keys) -> list[dict[str, SqlValue]]:
        """The distinct keys, as values of their parameters' types; NULL and what no value can equal left out."""
        parameters = [scan.method.parameter(name) for name in keys.parameters]
        types = [parameter.type if parameter is not None else "string" for parameter in parameters]
        in_path = [parameter is not None and parameter.location == "path" for parameter in parameters]
        found: dict[tuple[SqlValue, ...], None] = {}
        for row in self._db.execute(lower(keys.select, self._plan), self._parameters):
            converted = [convert(value, kind) for value, kind in zip(row, types, strict=True)]
            is_key = all(part.is_exact and part.value is not None for part in converted)
            is_sent = (not path or part.value not in NO_KEYS for path, part in zip(in_path, converted, strict=True))
            if is_key and all(is_sent):
                found[tuple(part.value for part in converted)] = None
        return [dict(zip(keys.parameters, row, strict=True)) for row in found]


def _numbered(part: Part, number: int) -> Part:
    """The part, each row with the number of its request behind it."""

    def read() -> Iterator[Batch]:
        for batch in part():
            yield [(*row, number) for row in batch]

    return read
