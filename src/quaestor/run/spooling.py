"""Scans into their tables: all of each, or a few rows at a time until a LIMIT is reached.

Before: `run.executor` made the tables. After: SQLite runs the statement over them. A scan's requests follow from
constants and from the keys in the tables before it; what one scan has asked, another that asks the same copies.
"""

from __future__ import annotations

from itertools import count, islice

from quaestor.plan.choice import pages, singly
from quaestor.plan.lower import lower
from quaestor.plan.routes import CONNECTION, NO_KEYS
from quaestor.plan.together import filtered
from quaestor.record import Record
from quaestor.run.feed import Feed, Room
from quaestor.run.reading import combinations_of
from quaestor.run.tables import Filling
from quaestor.values import convert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import apsw

    from quaestor.fetch.http import CancelToken
    from quaestor.plan.model import Keys, Order, Plan, Rounds, Scan
    from quaestor.run.feed import Batch, Part
    from quaestor.run.reading import Reading, Start
    from quaestor.values import SqlValue

#: How many rows of the driving table the first round takes; each later one takes twice as many.
FIRST_ROUND = 16
#: Rows that are copied or taken at a time.
CHUNK = 1000


class Take(Record):
    """Some rows of the table that drives the rounds.

    Attributes:
        may_do: with these, and those before, the statement may have its answer.
        is_last: there are no more.
    """

    rows: Batch
    may_do: bool
    is_last: bool


def _takes(rows: Iterator[tuple[SqlValue, ...]]) -> Iterator[Take]:
    """All rows, a bounded number at a time, to be looked at whenever there are twice as many again."""
    size = left = FIRST_ROUND
    while True:
        wanted = min(left, CHUNK)
        taken = list(islice(rows, wanted))
        left -= wanted
        is_last = len(taken) < wanted
        yield Take(taken, not left, is_last)
        if is_last:
            return
        if not left:
            size *= 2
            left = size


def _takes_by_second(rows: Iterator[tuple[SqlValue, ...]], order: Order) -> Iterator[Take]:
    """All rows, up to a second's end each time: those that follow belong behind them, by time and by text.

    Where they come in another order after all, or as texts that can't be compared, they do only all together.
    """
    is_sorted, last = True, ""
    held: Batch = []
    for take in _takes(rows):
        for row in take.rows:
            second = _second(row[order.position])
            is_sorted = is_sorted and bool(second) and (last in ("", second) or _follows(second, last, order))
            last = second
        held += take.rows
        whole = len(held)
        while is_sorted and not take.is_last and whole and _second(held[whole - 1][order.position]) == last:
            whole -= 1
        yield Take(held[:whole], take.may_do and is_sorted, take.is_last)
        held = held[whole:]


def _follows(second: str, last: str, order: Order) -> bool:
    return second < last if order.descending else second > last


def _second(value: SqlValue) -> str:
    """An instant in UTC to its seconds (RFC 3339); empty if it isn't one."""
    is_utc = isinstance(value, str) and value[10:11] == "T" and value.endswith(("Z", "+00:00"))
    return str(value)[:19] if is_utc else ""


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
        methods = [method for scan in plan.scans for method in _methods(scan)]
        in_rounds = set(plan.rounds.scans) if plan.rounds is not None else set()
        # whose requests are remembered: another scan, or a later round, may come to the same
        self._complete: set[int] = set()
        self._turning = self._in_turns()
        self._shared = {
            scan.id
            for scan in plan.scans
            if scan.id in self._turning
            or any(methods.count(method) > 1 for method in _methods(scan))
            or scan.id in in_rounds
            or scan.by_key is not None
        }
        self._numbers = count()
        self._asked: dict[tuple[object, ...], tuple[Scan, int]] = {}  # by whom, and the number of the request
        self._had: set[tuple[int, tuple[object, ...]]] = set()  # what each scan's table has
        self._listed: set[int] = set()  # scans that could be got by key, and are listed
        self._got: dict[int, set[tuple[SqlValue, ...]]] = {}  # the keys by which the others were got

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
        turning = self._turning
        after = self._after(turning)
        self._fill([scan for scan in scans if scan.id not in after])
        while self._turn([scan for scan in scans if scan.id in turning]):
            pass  # until a turn brings no new keys
        self._complete |= turning
        self._fill([scan for scan in scans if scan.id in after - turning])

    def _after(self, ids: set[int]) -> set[int]:
        """These scans and all that depend on them."""
        found = set(ids)
        for scan in self._plan.scans:
            if scan.depends & found:
                found.add(scan.id)
        return found

    def _in_turns(self) -> set[int]:
        """The scans whose keys come of a recursion that they are part of, directly or by each other."""
        recurring = {scan.id for scan in self._plan.scans if scan.recurs}
        parts = {use for scan in self._plan.scans if scan.recurs for key in scan.keys for use in key.uses}
        after = self._after(recurring)
        return recurring | {scan.id for scan in self._plan.scans if scan.id in after and parts & set(scan.uses)}

    def _turn(self, scans: Sequence[Scan]) -> bool:
        """Ask for the keys that scans in a recursion give each other so far; False if all were asked for."""
        brought = False
        for scan in scans:
            parts, copies = self._parts(scan)
            self._fillings[scan.id].add(self._feed(parts))
            self._copy(scan, copies)
            brought = brought or bool(parts or copies)
        return brought

    def _fill(self, scans: Sequence[Scan]) -> None:
        started: dict[int, Feed] = {}
        copies: dict[int, list[tuple[Start, Scan, int]]] = {}
        for scan in scans:
            for other in scans:
                # one before it may ask the same: what that one has can be copied when it is complete
                waits_for = {
                    earlier.id for earlier in scans if earlier.id < other.id and _methods(earlier) & _methods(other)
                }
                if other.id in started or not other.depends | waits_for <= self._complete:
                    continue
                parts, copies[other.id] = self._parts(other)
                started[other.id] = self._feed(parts)
                started[other.id].start()
            self._fillings[scan.id].add(started[scan.id])
            self._copy(scan, copies[scan.id])
            self._complete.add(scan.id)

    def rounds(self, rounds: Rounds) -> Iterator[Batch]:
        """The rows of the statement, from as few rows of the driving table as give enough."""
        statement = lower(self._plan.query.tree, self._plan)
        probe = lower(rounds.probe, self._plan) if rounds.probe is not None else ""
        if not rounds.limit:
            return
        self.fill(without=rounds.scans)
        driver = self._plan.scans[rounds.driver]
        parts, copies = self._parts(driver)
        self._copy(driver, copies)
        rows = (row for batch in self._feed(parts, lazy=True) for row in batch)
        for take in _takes(rows) if rounds.order is None else _takes_by_second(rows, rounds.order):
            self._fillings[driver.id].add([take.rows])
            for number in rounds.scans[1:]:
                scan = self._plan.scans[number]
                more, copied = self._parts(scan)
                self._fillings[number].add(self._feed(more))
                self._copy(scan, copied)
            if not (take.may_do or take.is_last):
                continue
            found = list(self._db.execute(probe or statement, self._parameters))
            if len(found) >= rounds.limit or take.is_last:
                found = list(self._db.execute(statement, self._parameters)) if probe else found
                yield from (found[at : at + CHUNK] for at in range(0, len(found), CHUNK))
                return

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
        if scan.by_key is not None and scan.id not in self._listed:
            by_key = self._by_key(scan)
            if by_key is not None:
                return self._fresh(*by_key)
            self._list_instead(scan)
        combinations = self._combinations(scan)
        if scan.id not in self._shared:
            return self._reading.parts(scan, combinations), []
        return self._fresh(scan, combinations)

    def _fresh(
        self, scan: Scan, combinations: Sequence[Mapping[str, SqlValue]]
    ) -> tuple[Sequence[Part], list[tuple[Start, Scan, int]]]:
        """Of these requests, those that nobody has made, and where the rows of the others are."""
        copies: list[tuple[Start, Scan, int]] = []
        fresh: list[Start] = []
        numbers: list[int] = []
        for start in self._reading.starts(scan, combinations):
            key = self._reading.identity(scan, start)
            if (scan.id, key) in self._had:
                continue
            self._had.add((scan.id, key))
            if key in self._asked and _has_fields(self._asked[key][0], scan):
                copies.append((start, *self._asked[key]))
            else:
                numbers.append(next(self._numbers))
                self._asked[key] = (scan, numbers[-1])
                fresh.append(start)
        parts = self._reading.parts_of(scan, fresh)
        return [_numbered(part, number) for part, number in zip(parts, numbers, strict=True)], copies

    def _by_key(self, scan: Scan) -> tuple[Scan, list[dict[str, SqlValue]]] | None:
        """How to get the objects with the keys that are new; None if the list takes fewer requests than all keys."""
        single = singly(scan)
        if single is None or scan.by_key is None:
            return None
        rows = self._combinations(single)
        homes = len(self._reading.starts(scan, [{}]))
        if self._count(*self._together(single, scan.by_key.parameter, rows)) > homes * pages(scan):
            return None
        got = self._got.setdefault(scan.id, set())
        new = [row for row in rows if tuple(row.values()) not in got]
        got.update(tuple(row.values()) for row in new)
        return self._together(single, scan.by_key.parameter, new)

    def _count(self, scan: Scan, combinations: Sequence[Mapping[str, SqlValue]]) -> int:
        return len(self._reading.starts(scan, combinations))

    def _together(
        self, single: Scan, name: str, rows: list[dict[str, SqlValue]]
    ) -> tuple[Scan, list[dict[str, SqlValue]]]:
        """The objects with these keys asked for several at a time if the list takes that, else one by one."""
        parameter = single.method.parameter(name)
        by_home: dict[SqlValue, list[SqlValue]] = {}
        for row in rows:
            by_home.setdefault(row.get(CONNECTION), []).append(row[name])
        found: Scan | None = None
        combinations: list[dict[str, SqlValue]] = []
        for home, values in by_home.items():
            found = filtered(single, parameter, values) if parameter is not None else None
            if found is None:
                return single, rows
            more = combinations_of(found.constants)
            combinations += [{**one, CONNECTION: home} if home is not None else one for one in more]
        return (found, combinations) if found is not None else (single, rows)

    def _list_instead(self, scan: Scan) -> None:
        """Forget what was got by key: the list has it too."""
        self._listed.add(scan.id)
        self._fillings[scan.id].clear()
        self._had = {(id_, key) for id_, key in self._had if id_ != scan.id}
        self._asked = {key: (source, n) for key, (source, n) in self._asked.items() if source.id != scan.id}

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


def _methods(scan: Scan) -> set[int]:
    """The methods that may read a scan."""
    return {id(scan.method), id(scan.by_key.method)} if scan.by_key is not None else {id(scan.method)}


def _has_fields(source: Scan, scan: Scan) -> bool:
    """Whether the rows of one scan have what another wants of the same requests."""
    names = {column.name for column in source.columns if column.field is not None}
    return all(column.name in names for column in scan.columns if column.field is not None)


def _numbered(part: Part, number: int) -> Part:
    """The part, each row with the number of its request behind it."""

    def read() -> Iterator[Batch]:
        for batch in part():
            yield [(*row, number) for row in batch]

    return read
