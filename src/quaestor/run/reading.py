"""How a scan is read: its requests, its rows.

Before: `run.executor` has a scan and the values that its parameters take, `run.connections` knows who sends its
requests. After: `run.feed` reads the parts.
"""

from __future__ import annotations

from _thread import allocate_lock

from quaestor.errors import BindError, LimitError, NotFoundError
from quaestor.fetch.lean import load_msgspec
from quaestor.fetch.request import build_request
from quaestor.fetch.stats import Stats
from quaestor.fetch.url import with_query
from quaestor.plan.pushdown import left_out
from quaestor.plan.routes import CONNECTION
from quaestor.record import Record, replace
from quaestor.run.besides import besides
from quaestor.run.connections import known
from quaestor.run.failures import TOLERABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from quaestor.catalog.model import Column
    from quaestor.config import Settings
    from quaestor.errors import QuaestorError
    from quaestor.fetch.decode import Decoder
    from quaestor.fetch.http import CancelToken, HttpRequest
    from quaestor.plan.model import Plan, Scan
    from quaestor.run.connections import Connections
    from quaestor.run.failures import Failure
    from quaestor.run.feed import Batch, Part
    from quaestor.values import SqlValue

#: Stands in a URL that EXPLAIN shows for a value that isn't known before the statement runs.
_UNKNOWN = "quaestor-unknown-{}"


class Start(Record):
    """Where one list of a scan begins: by which connection, with which server variables, for which values."""

    connection: str
    settings: Mapping[str, SqlValue]
    values: Mapping[str, SqlValue] = {}


class Reading:
    """Reads the scans of one statement.

    Args:
        failures: where to note what can't be read, to go on without it; None if that ends the statement.
    """

    def __init__(
        self,
        connections: Connections,
        settings: Settings,
        cancel: CancelToken,
        stats: Stats,
        notify: Callable[[str], None] | None = None,
        failures: list[Failure] | None = None,
    ) -> None:
        self._failures = failures
        self._connections = connections
        self._now_s = connections.now_s()
        self._settings = settings
        self._cancel = cancel
        self._stats = stats
        self._of_scans: dict[int, Stats] = {}
        self._lock = allocate_lock()
        self._notify = notify

    def stats_of(self, scan: Scan) -> Stats:
        """What a scan took so far, a part of what the statement took."""
        with self._lock:
            if scan.id not in self._of_scans:
                self._of_scans[scan.id] = Stats(whole=self._stats)
                if self._notify is not None and (missing := left_out(scan)):
                    self._notify(f"{scan.resource.id}: this list leaves out {missing}")
            return self._of_scans[scan.id]

    def check(self, plan: Plan) -> None:
        """Find out before the first request whether every scan has a host and a credential.

        If it is allowed to go without some, one is enough.
        """
        homes = [(scan.server, home) for scan in plan.scans for home in self._homes(scan)]
        errors: list[QuaestorError] = []
        for server, home in homes:
            try:
                self._connections.client(home.connection, server, home.settings)
            except TOLERABLE as error:
                errors.append(error)
                if self._failures is None or len(errors) == len(homes):
                    raise errors[0] from None

    def parts(self, scan: Scan, combinations: Sequence[Mapping[str, SqlValue]], page_rows: int = 0) -> list[Part]:
        """One part for each combination of parameter values. Raises LimitError for more than `max_requests`."""
        return self.parts_of(scan, self.starts(scan, combinations), page_rows)

    def parts_of(self, scan: Scan, starts: Sequence[Start], page_rows: int = 0) -> list[Part]:
        """One part for each list. Raises LimitError for more than `max_requests`."""
        count = len(starts)
        if count > self._settings.max_requests:
            raise LimitError(
                f"{scan.resource.id} would take {count:,} requests, more than {self._settings.max_requests:,}",
                hint=f"{_narrower(scan)}, or raise --max-requests",
            )
        if scan.filled and self._notify is not None and count:
            self._notify(f"{scan.resource.id}: {_filled(scan)}, {count:,} requests follow")
        decoder: list[Decoder] = []  # one for all parts, made by the first that is read
        return [self._part(scan, start, page_rows, decoder) for start in starts]

    def urls(self, scan: Scan) -> list[str]:
        """The URLs that a scan begins with; values that aren't known yet stand as `{name}`."""
        unknown = {name: _UNKNOWN.format(name) for keys in scan.keys for name in keys.parameters}
        combinations = [{**unknown, **fixed} for fixed in combinations_of(scan.constants)]
        urls = []
        for home in self._homes(scan):
            for combination in combinations:
                url = self._request(scan, Start(home.connection, home.settings, combination)).url
                for name, mark in unknown.items():
                    url = url.replace(mark, f"{{{name}}}")
                urls.append(url)
        return urls

    # ----------------------------------------------------------------------------------------- requests

    def _homes(self, scan: Scan) -> list[Start]:
        """Each connection with each combination of server variables, complete: usually one."""
        return [
            Start(connection, self._connections.variables(connection, scan.server, given))
            for connection in scan.connections
            for given in combinations_of(scan.settings)
        ]

    def starts(self, scan: Scan, combinations: Sequence[Mapping[str, SqlValue]]) -> list[Start]:
        """Where each list begins. A combination that says to which connection it belongs goes to that one only."""
        return [
            Start(home.connection, home.settings, {k: v for k, v in values.items() if k != CONNECTION})
            for home in self._homes(scan)
            for values in combinations
            if values.get(CONNECTION, home.connection) == home.connection
        ]

    def identity(self, scan: Scan, start: Start) -> tuple[object, ...]:
        """What two lists have in common that ask for the same."""
        request = self._request(scan, start)
        return (start.connection, id(scan.method), request.url, request.body, tuple(map(id, scan.hidden)))

    def extra(self, scan: Scan, start: Start) -> tuple[SqlValue, ...]:
        """The values of a scan's columns that are no fields, for the rows of one list."""
        return _extra(scan, start)

    def _request(self, scan: Scan, start: Start) -> HttpRequest:
        values: dict[str, Any] = dict(known(start.settings))
        for name, value in {**besides(scan, start.values, self._now_s), **start.values}.items():
            parameter = scan.method.parameter(name)
            is_boolean = parameter is not None and parameter.type == "boolean" and value in (0, 1)
            values[name] = bool(value) if is_boolean else value
        return build_request(
            scan.method,
            scan.server,
            values,
            endpoint=self._connections.endpoint(start.connection),
            custom_domain=self._connections.domain(start.connection),
            body=_search_body(scan),
        )

    # --------------------------------------------------------------------------------------------- rows

    def _part(self, scan: Scan, start: Start, page_rows: int, decoder: list[Decoder]) -> Part:
        def read() -> Iterator[Batch]:
            return self._read(scan, start, page_rows, decoder)

        def read_what_there_is() -> Iterator[Batch]:
            try:
                yield from read()
            except TOLERABLE as error:
                url = self._request(scan, start).url
                assert self._failures is not None
                self._failures.append(self._connections.failure(error, scan, start, url))

        return read if self._failures is None else read_what_there_is

    def _read(self, scan: Scan, start: Start, page_rows: int, decoders: list[Decoder]) -> Iterator[Batch]:
        # imported here: they bring msgspec, which SHOW and EXPLAIN do without
        load_msgspec()
        from quaestor.fetch.decode import Decoder
        from quaestor.fetch.pages import read_pages

        fields = [column.field for column in scan.columns if column.field is not None]
        width, key = len(fields), _key_position(scan, fields)
        if not decoders:
            decoders.append(Decoder(scan.method.response, scan.method.pagination, fields))
        request = self._request(scan, start)
        client = self._connections.client(start.connection, scan.server, start.settings)
        seen: set[int] = set()
        try:
            for hidden in (None, *scan.hidden):
                asked = request if hidden is None else _with_query(request, hidden.parameters)
                pages = read_pages(
                    client,
                    scan.method,
                    asked,
                    decoders[0],
                    self._cancel,
                    self.stats_of(scan),
                    page_rows=page_rows,
                    max_pages=self._settings.max_pages,
                )
                for page in pages:
                    rows = page.rows
                    if scan.hidden:
                        rows = _unseen(rows, key, seen, is_first=hidden is None)
                        rows = rows if len(fields) == width else [row[:width] for row in rows]
                    extra = _extra(scan, start)
                    yield [(*row, *extra) for row in rows] if extra else rows
        except NotFoundError as error:
            if not (error.names_no_object and _is_key(scan, start)):
                raise
            self.stats_of(scan).add(missing_keys=1)


def _filled(scan: Scan) -> str:
    """Where the values of the parameters come from that nothing binds."""
    parameters = [parameter for name in scan.filled if (parameter := scan.method.parameter(name)) is not None]
    texts = [f"{p.name} takes all its {len(p.enum)} values" for p in parameters if not p.parent]
    parents = ", ".join(parameter.name for parameter in parameters if parameter.parent)
    return ", ".join([f"{parents} is filled from its parent", *texts] if parents else texts)


def _narrower(scan: Scan) -> str:
    """What to add to a statement that would ask too often."""
    names = [name for keys in scan.keys for name in keys.parameters if name != CONNECTION]
    return f"narrow the statement: add {names[0]} = '…' or IN (…)" if names else "narrow the statement"


def _is_key(scan: Scan, start: Start) -> bool:
    """Whether the statement chose a path parameter's value: then "not found" means that it has no row."""
    return any(p.location == "path" and p.name in start.values for p in scan.method.parameters)


def _extra(scan: Scan, start: Start) -> tuple[SqlValue, ...]:
    """The values of the columns that are no fields: the same for every row of a page."""
    extra: list[SqlValue] = []
    for column in scan.columns:
        if column.field is not None:
            continue
        if column.name == CONNECTION:
            extra.append(start.connection)
        elif column.name == "_fetched_at":
            from datetime import UTC, datetime

            extra.append(datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"))
        elif column.parameter in start.settings:
            extra.append(start.settings[column.parameter])
        elif column.parameter in start.values:
            extra.append(start.values[column.parameter])
        else:
            raise BindError(f"{column.name} of {scan.resource.id} has no value here")
    return tuple(extra)


def _key_position(scan: Scan, fields: list[Column]) -> int:
    """Where the decoded rows have the key by which several lists are one; it is added if it isn't wanted itself."""
    if not scan.hidden:
        return -1
    name = scan.hidden[0].key
    for index, field in enumerate(fields):
        if field.name == name:
            return index
    fields.append(next(column for column in scan.method.columns if column.name == name))
    return len(fields) - 1


def _unseen(
    rows: list[tuple[SqlValue, ...]], key: int, seen: set[int], *, is_first: bool
) -> list[tuple[SqlValue, ...]]:
    """The rows of a further list whose key wasn't in a list before: an object that moved meanwhile counts once.

    The first list is taken as it is. What is kept of a key is its 64-bit hash: that two of a million objects share
    one is less likely than one in ten million.
    """
    marks = [hash(row[key]) for row in rows]
    if not is_first:
        rows = [row for row, mark in zip(rows, marks, strict=True) if mark not in seen]
    seen.update(marks)
    return rows


def _with_query(request: HttpRequest, parameters: Mapping[str, str]) -> HttpRequest:
    for name, value in parameters.items():
        request = replace(request, url=with_query(request.url, name, value))
    return request


def _search_body(scan: Scan) -> bytes | None:
    """The body of a list that is asked for by POST: what the catalog says it always holds."""
    body = scan.method.body
    if body is None:
        return None
    import json

    whole: dict[str, Any] = {}
    for path, value in body.constants.items():
        *parents, last = path.split(".")
        at = whole
        for key in parents:
            at = at.setdefault(key, {})
        at[last] = value
    return json.dumps(whole).encode()


def combinations_of(values: Mapping[str, tuple[SqlValue, ...]]) -> list[dict[str, SqlValue]]:
    """Every choice of one value for each name; one empty choice where there are no names."""
    combinations: list[dict[str, SqlValue]] = [{}]
    for name, choices in values.items():
        combinations = [{**before, name: value} for before in combinations for value in choices]
    return combinations
