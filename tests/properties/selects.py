"""Whole SELECTs at random, over two to four resources of both providers.

`SelectMaker` draws from anything with the methods of `random.Random`: hypothesis's own, which shrinks what fails, or
a seeded one for long runs. What it makes has one answer, whatever plan is chosen: no order-dependent aggregates, no
bare columns beside aggregates, windows by peers only, LIMIT below a subquery only over a total order.

It stays clear of one documented refusal: WHERE never compares, by `=`, a parameter of a table that an outer join may
fill with NULL (`design`: the ON form is what binds).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random
    from typing import TypeVar

    import apsw

    T = TypeVar("T")

#: Of each resource: columns of text and of numbers that statements use, `=`-joinable ids first.
POOL = {
    "okta.users.users": (("id", "status", "created", "lastLogin", "profile"), ()),
    "okta.groups.groups": (("id", "type", "created"), ()),
    "okta.apps.applications": (("id", "label", "status", "signOnMode", "licensing"), ()),
    "okta.users.factors": (("id", "userId", "factorType", "status", "provider"), ()),
    "okta.users.user_groups": (("id", "userId", "type"), ()),
    "okta.groups.users": (("id", "groupId", "status", "lastLogin"), ()),
    "okta.apps.application_users": (("id", "appId", "userId", "status", "scope", "lastSync"), ()),
    "okta.apps.group_assignments": (("id", "appId", "groupId"), ("priority",)),
    "okta.authorizationservers.policies": (("id", "authServerId", "name", "status"), ("priority", "system")),
    "okta.authorizationservers.rules": (("id", "authServerId", "policyId", "status"), ("priority", "system")),
    "datadog.organization.users": (("id", "email", "name", "title", "last_login_time"), ("disabled", "mfa_enabled")),
    "datadog.organization.roles": (("id", "name", "role_id"), ("user_count",)),
    "datadog.organization.role_users": (("id", "role_id", "email", "last_login_time"), ("mfa_enabled", "disabled")),
    "datadog.monitoring.monitors": (("name", "overall_state", "type"), ("id", "multi", "priority", "monitor_id")),
}
#: Parameters of each: they are no fields, or name the row.
PARAMETERS = {
    "okta.users.factors": {"userId"},
    "okta.users.user_groups": {"userId"},
    "okta.groups.users": {"groupId"},
    "okta.apps.application_users": {"appId", "userId"},
    "okta.apps.group_assignments": {"appId", "groupId"},
    "okta.authorizationservers.policies": {"authServerId"},
    "okta.authorizationservers.rules": {"authServerId", "policyId"},
    "datadog.organization.roles": {"role_id"},
    "datadog.organization.role_users": {"role_id"},
    "datadog.monitoring.monitors": {"monitor_id"},
}
#: Columns that a path calls as it calls something else: equal to a constant they are an error, unless as expressions.
AMBIGUOUS = {"okta.users.user_groups": {"id"}}
#: Columns whose equality means something; a join takes one of these if it can.
RELATED = (
    ("okta.users.users.id", "okta.users.factors.userId"),
    ("okta.users.users.id", "okta.users.user_groups.userId"),
    ("okta.users.users.id", "okta.groups.users.id"),
    ("okta.users.users.id", "okta.apps.application_users.id"),
    ("okta.users.users.id", "okta.apps.application_users.userId"),
    ("okta.groups.groups.id", "okta.groups.users.groupId"),
    ("okta.groups.groups.id", "okta.users.user_groups.id"),
    ("okta.groups.groups.id", "okta.apps.group_assignments.id"),
    ("okta.groups.groups.id", "okta.apps.group_assignments.groupId"),
    ("okta.apps.applications.id", "okta.apps.application_users.appId"),
    ("okta.apps.applications.id", "okta.apps.group_assignments.appId"),
    ("okta.apps.group_assignments.appId", "okta.apps.application_users.appId"),
    ("okta.apps.group_assignments.id", "okta.groups.users.groupId"),
    ("okta.users.factors.userId", "okta.users.user_groups.userId"),
    ("okta.users.factors.userId", "okta.groups.users.id"),
    ("okta.authorizationservers.policies.id", "okta.authorizationservers.rules.policyId"),
    ("okta.authorizationservers.policies.authServerId", "okta.authorizationservers.rules.authServerId"),
    ("datadog.organization.roles.id", "datadog.organization.role_users.role_id"),
    ("datadog.organization.users.id", "datadog.organization.role_users.id"),
    ("datadog.organization.users.email", "datadog.organization.role_users.email"),
    ("datadog.monitoring.monitors.priority", "okta.apps.group_assignments.priority"),
    ("datadog.monitoring.monitors.priority", "okta.authorizationservers.policies.priority"),
)
EMAIL = ("okta.users.users", "datadog.organization.users")
COMPARISONS = ("=", "=", "=", "<>", "<", "<=", ">", ">=", "IS", "IS NOT")
JOINS = ("JOIN", "JOIN", "INNER JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", ",")


def samples(db: apsw.Connection) -> dict[str, list[object]]:
    """A few values of each column of the pool, by `resource.column`."""
    return {
        f"{table}.{name}": [
            row[0] for row in db.execute(f'SELECT DISTINCT "{name}" FROM "{table}" WHERE "{name}" NOTNULL LIMIT 5')
        ]
        for table, (texts, numbers) in POOL.items()
        for name in (*texts, *numbers)
    }


@dataclass
class Source:
    """Something in FROM: its alias, and which of its columns hold text and numbers.

    `resource` is empty for what isn't a resource, `origin` says of each column which `resource.column` it is.
    """

    alias: str
    texts: list[str]
    numbers: list[str]
    resource: str = ""
    origin: dict[str, str] = field(default_factory=dict)
    nullable: bool = False

    @property
    def columns(self) -> list[str]:
        return [*self.texts, *self.numbers]


@dataclass
class Made:
    """A statement, and how its rows compare: `is_ordered` in order; with `unlimited`, some of that one's rows."""

    text: str
    is_ordered: bool = False
    unlimited: str = ""


class SelectMaker:
    """Makes statements; each draw goes through `r`."""

    def __init__(self, r: Random, values: dict[str, list[object]]) -> None:
        self.r = r
        self.values = values
        self.names = 0
        self.ctes: list[tuple[str, str, Source]] = []

    def statement(self) -> Made:
        """One whole statement."""
        if self.chance(0.25):
            for _ in range(self.r.randint(1, 2)):
                self._cte()
        self.tables = self.r.choice((1, 2, 2, 2, 3, 3, 4))
        width = self.r.randint(1, 4)
        if self.chance(0.12):
            body = self._select(width, []) + self.r.choice((" UNION ", " UNION ALL ", " INTERSECT ", " EXCEPT "))
            self.tables = 1
            body += self._select(width, [])
        else:
            body = self._select(width, [])
        with_ = self._with()
        if self.chance(0.55):
            order = " ORDER BY " + ", ".join(self._term(index) for index in self._shuffled(range(1, width + 1)))
            return Made(with_ + body + order + self._limit(), is_ordered=True)
        if self.chance(0.2):
            return Made(with_ + body + f" LIMIT {self.r.randint(0, 6)}", unlimited=with_ + body)
        return Made(with_ + body)

    def _with(self) -> str:
        if not self.ctes:
            return ""
        how = self.r.choice(("", "", "MATERIALIZED ", "NOT MATERIALIZED "))
        return "WITH " + ", ".join(f"{name} AS {how}({text})" for name, text, _ in self.ctes) + " "

    def _limit(self) -> str:
        if self.chance(0.5):
            return ""
        limit = self.r.randint(0, 12)
        return f" LIMIT {limit}" + (f" OFFSET {self.r.randint(0, 6)}" if self.chance(0.4) else "")

    def _term(self, index: int) -> str:
        return f"{index}{self.r.choice(('', ' DESC', ' ASC', ' NULLS LAST', ' DESC NULLS FIRST'))}"

    # ------------------------------------------------------------------------------------------ SELECT

    def _select(self, width: int, outer: list[Source], *, named: bool = False) -> str:
        """A SELECT of `width` columns; named, they are `a0`, `a1` …"""
        source, here = self._from(self.tables)
        where = self._where(here, outer)
        if self.chance(0.3):
            columns, tail = self._grouped(width, here, outer)
        else:
            columns, tail = [self._output(here, outer) for _ in range(width)], ""
        distinct = "DISTINCT " if self.chance(0.15) else ""
        if named:
            columns = [f"{column} AS a{i}" for i, column in enumerate(columns)]
        return f"SELECT {distinct}{', '.join(columns)} FROM {source}{where}{tail}"

    def _where(self, here: list[Source], outer: list[Source]) -> str:
        if self.chance(0.3):
            return ""
        parts = [self._condition(here, outer, 2, in_where=True) for _ in range(self.r.choice((1, 1, 2)))]
        return " WHERE " + " AND ".join(parts)

    def _grouped(self, width: int, here: list[Source], outer: list[Source]) -> tuple[list[str], str]:
        keys = [self._column(here) for _ in range(self.r.randint(0, min(2, width)))]
        columns = [*keys, *(self._aggregate(here) for _ in range(width - len(keys)))]
        tail = ""
        if keys:
            by = [str(i + 1) if self.chance(0.4) else key for i, key in enumerate(keys)]
            tail = f" GROUP BY {', '.join(by)}"
            if self.chance(0.35):
                tail += f" HAVING {self._aggregate(here)} {self.r.choice(('>', '<=', '<>'))} {self.r.randint(0, 3)}"
        return columns, tail

    def _aggregate(self, here: list[Source]) -> str:
        column = self._column(here)
        made = self.r.choice(
            ("count(*)", f"count({column})", f"count(DISTINCT {column})", f"min({column})", f"max({column})")
        )
        numbers = self._numbers(here)
        if numbers and self.chance(0.3):
            made = f"{self.r.choice(('sum', 'total', 'avg', 'max'))}({self.r.choice(numbers)})"
        if self.chance(0.2):
            made += f" FILTER (WHERE {self._simple(here)})"
        return made

    def _output(self, here: list[Source], outer: list[Source]) -> str:
        kind = self.r.random()
        column = self._column(here)
        if kind < 0.55:
            return column
        if kind < 0.65:
            return f"{self.r.choice(('length', 'upper', 'typeof', 'quote'))}({column})"
        if kind < 0.72:
            return f"coalesce({column}, {self._column(here)}, 'none')"
        if kind < 0.79:
            return f"CASE WHEN {self._simple(here)} THEN {column} ELSE {self._column(here)} END"
        if kind < 0.86:
            return f"({self._simple(here)})"
        if kind < 0.94:
            return self._window(here)
        return self._scalar([*here, *outer])

    def _window(self, here: list[Source]) -> str:
        key, other = self._column(here), self._column(here)
        function = self.r.choice(("rank()", "dense_rank()", "count(*)", f"min({other})", f"count({other})"))
        part = f"PARTITION BY {self._column(here)} " if self.chance(0.6) else ""
        return f"{function} OVER ({part}ORDER BY {key}{self.r.choice(('', ' DESC'))})"

    def _scalar(self, around: list[Source]) -> str:
        """A subquery of one value, correlated most of the time."""
        table = self._resource()
        text = f"SELECT {self.r.choice(('count(*)', self._extreme(table)))} FROM {self._named(table)}"
        return f"({text} WHERE {self._link(table, around)})"

    def _extreme(self, table: Source) -> str:
        return f"{self.r.choice(('min', 'max'))}({self._column([table])})"

    # -------------------------------------------------------------------------------------------- FROM

    def _from(self, count: int) -> tuple[str, list[Source]]:
        first = self._source([])
        text, here = self._named(first), [first]
        for _ in range(count - 1):
            source = self._source(here)
            kind = self.r.choice(JOINS)
            if self.chance(0.15) and kind not in (",", "CROSS JOIN"):
                inner = self._source([source])
                on = self._on([source], inner)
                named = f"({self._named(source)} {self.r.choice(('JOIN', 'LEFT JOIN'))} {self._named(inner)} ON {on})"
                right = [source, inner]
                inner.nullable = "LEFT JOIN" in named
            else:
                named, right = self._named(source), [source]
            if kind in ("LEFT JOIN", "FULL JOIN"):
                for table in right:
                    table.nullable = True
            if kind in ("RIGHT JOIN", "FULL JOIN"):
                for table in here:
                    table.nullable = True
            text += f"{kind} {named}" if kind == "," else f" {kind} {named}"
            if kind not in (",", "CROSS JOIN") or (kind == "CROSS JOIN" and self.chance(0.5)):
                text += f" ON {self._on(here, source)}"
            here += right
        return text, here

    def _source(self, here: list[Source]) -> Source:
        if self.ctes and self.chance(0.4):
            name, _, shape = self.r.choice(self.ctes)
            return Source(self._alias(), shape.texts, shape.numbers, f"@{name}", shape.origin)
        if self.chance(0.15):
            return self._derived()
        related = [
            other.rpartition(".")[0]
            for source in here
            for pair in RELATED
            for one, other in (pair, pair[::-1])
            if one.rpartition(".")[0] == source.resource
        ]
        related += [two for source in here for one, two in (EMAIL, EMAIL[::-1]) if one == source.resource]
        if related and self.chance(0.8):
            return self._resource(self.r.choice(related))
        return self._resource()

    def _resource(self, name: str = "") -> Source:
        name = name or self.r.choice(list(POOL))
        texts, numbers = POOL[name]
        origin = {column: f"{name}.{column}" for column in (*texts, *numbers)}
        return Source(self._alias(), list(texts), list(numbers), name, origin)

    def _named(self, source: Source) -> str:
        return f"{source.resource.removeprefix('@')} {source.alias}"

    def _derived(self) -> Source:
        table = self._resource()
        text, shape = self._small_select(table)
        return Source(self._alias(), shape.texts, shape.numbers, f"@({text})", shape.origin)

    def _cte(self) -> None:
        table = self._resource()
        if self.ctes and self.chance(0.4):
            name, _, shape = self.r.choice(self.ctes)
            table = Source(self._alias(), shape.texts, shape.numbers, f"@{name}", shape.origin)
        text, shape = self._small_select(table)
        self.ctes.append((f"w{len(self.ctes)}", text, shape))

    def _small_select(self, table: Source) -> tuple[str, Source]:
        """A SELECT over one table whose columns keep their names, and what it gives."""
        chosen = self._shuffled(table.columns)[: self.r.randint(1, len(table.columns))]
        shape = Source(
            "",
            [column for column in table.texts if column in chosen],
            [column for column in table.numbers if column in chosen],
            "",
            {column: table.origin[column] for column in chosen if column in table.origin},
        )
        columns = ", ".join(f"{table.alias}.{column}" for column in shape.columns)
        where = f" WHERE {self._condition([table], [], 1, in_where=True)}" if self.chance(0.5) else ""
        text = f"SELECT {'DISTINCT ' if self.chance(0.2) else ''}{columns} FROM {self._named(table)}{where}"
        if self.chance(0.2):
            text += f" ORDER BY {', '.join(str(i + 1) for i in range(len(chosen)))} LIMIT {self.r.randint(1, 9)}"
        return text, shape

    def _on(self, here: list[Source], source: Source) -> str:
        parts = [self._link(source, here)]
        if self.chance(0.25):
            parts.append(self._simple([*here, source]))
        if self.chance(0.08):
            parts.append(self._condition([*here, source], [], 1))
        text = " AND ".join(self._shuffled(parts))
        return f"({text} OR {self._simple([source])})" if self.chance(0.04) else text

    def _link(self, source: Source, around: list[Source]) -> str:
        """A condition between a table and those around it."""
        found = []
        for other in around:
            for mine in source.columns:
                for theirs in other.columns:
                    pair = (source.origin.get(mine, ""), other.origin.get(theirs, ""))
                    if pair in RELATED or pair[::-1] in RELATED or (pair[0] == pair[1] and mine == "id"):
                        found.append(self._both(f"{source.alias}.{mine}", f"{other.alias}.{theirs}"))
            if source.resource == EMAIL[0] and other.resource == EMAIL[1]:
                found.append(f"{other.alias}.email = {source.alias}.profile ->> 'email'")
            if source.resource == EMAIL[1] and other.resource == EMAIL[0]:
                found.append(f"{source.alias}.email = {other.alias}.profile ->> 'email'")
        if found and self.chance(0.9):
            return " AND ".join(self._shuffled(found)[: self.r.choice((1, 1, 1, 2))])
        if around and self.chance(0.7):
            return f"{self._key([source])} {self.r.choice(('=', '=', '<', '>='))} {self._key(around)}"
        return self._simple([source])

    def _both(self, left: str, right: str) -> str:
        return f"{left} = {right}" if self.chance(0.5) else f"{right} = {left}"

    # -------------------------------------------------------------------------------------- conditions

    def _condition(self, here: list[Source], outer: list[Source], depth: int, *, in_where: bool = False) -> str:
        kind = self.r.random()
        if depth == 0 or kind < 0.5:
            return self._simple(here, outer, in_where=in_where)
        if kind < 0.6:
            parts = [self._condition(here, outer, depth - 1) for _ in range(2)]
            return f"({parts[0]} OR {parts[1]})"
        if kind < 0.66:
            return f"NOT ({self._condition(here, outer, depth - 1)})"
        around = [*here, *outer]
        table = self._resource()
        inside = self._named(table)
        extra = f" AND {self._condition([table], around, depth - 1)}" if self.chance(0.4) else ""
        if kind < 0.8:
            found = f"EXISTS (SELECT 1 FROM {inside} WHERE {self._link(table, around)}{extra})"
            return found if self.chance(0.6) else f"NOT {found}"
        if kind < 0.94:
            column, wanted = self._in_pair(here, table)
            where = f" WHERE {self._simple([table])}{extra}" if self.chance(0.6) else ""
            return f"{column} {self.r.choice(('IN', 'IN', 'NOT IN'))} (SELECT {wanted} FROM {inside}{where})"
        return f"{self._scalar(around)} {self.r.choice(('>', '<=', '='))} {self.r.randint(0, 2)}"

    def _in_pair(self, here: list[Source], table: Source) -> tuple[str, str]:
        """A column of a table here and one of `table` that it can be looked up in."""
        found = [
            (f"{source.alias}.{theirs}", f"{table.alias}.{mine}")
            for source in here
            if not source.nullable
            for mine in table.columns
            for theirs in source.columns
            for pair in [(table.origin.get(mine, ""), source.origin.get(theirs, ""))]
            if pair in RELATED or pair[::-1] in RELATED
        ]
        return self.r.choice(found) if found else (self._key(here), self._key([table]))

    def _simple(self, here: list[Source], outer: list[Source] | None = None, *, in_where: bool = False) -> str:
        """A comparison of columns and constants."""
        source = self.r.choice([*here, *here, *(outer or [])])
        name = self.r.choice(source.columns)
        column = f"{source.alias}.{name}"
        if name in AMBIGUOUS.get(source.resource, ()):
            column = f"+{column}"
        known = self.values.get(source.origin.get(name, ""), [])
        kind = self.r.random()
        is_refused = in_where and source.nullable and name in PARAMETERS.get(source.resource, ())
        if kind < (0 if is_refused else 0.45):
            return f"{column} {self.r.choice(COMPARISONS)} {self._literal(known)}"
        if kind < 0.6:
            items = ", ".join(self._literal(known) for _ in range(self.r.randint(1, 3)))
            return f"{column} {self.r.choice(('IN', 'IN', 'NOT IN'))} ({items})"
        if kind < 0.7:
            return f"{column} IS {self.r.choice(('', 'NOT '))}NULL"
        if kind < 0.8:
            start = str(self.r.choice(known))[:3].replace("'", "''") if known else "a"
            return f"{column} LIKE '{start}%'"
        if kind < 0.88:
            return f"{column} BETWEEN {self._literal(known)} AND {self._literal(known)}"
        other, column = self._key(here), _no_login(column)
        if in_where:
            return f"{column} {self.r.choice(('<', '>=', '<>'))} {other}"
        return f"{column} {self.r.choice(COMPARISONS)} {other}"

    def _literal(self, known: list[object]) -> str:
        if not known or self.chance(0.06):
            return self.r.choice(("NULL", "'x'", "1", "0", "'1'", "2.0"))
        value = self.r.choice(known)
        if isinstance(value, str):
            text = value.replace("'", "''")
            return f"'{text}'"
        return f"'{value}'" if self.chance(0.1) else str(value)

    # -------------------------------------------------------------------------------------- small pieces

    def _column(self, here: list[Source]) -> str:
        source = self.r.choice(here)
        return f"{source.alias}.{self.r.choice(source.columns)}"

    def _key(self, here: list[Source]) -> str:
        return _no_login(self._column(here))

    def _numbers(self, here: list[Source]) -> list[str]:
        return [f"{source.alias}.{name}" for source in here for name in source.numbers]

    def _alias(self) -> str:
        self.names += 1
        return f"t{self.names}"

    def _shuffled(self, items: Iterable[T]) -> list[T]:
        found = list(items)
        self.r.shuffle(found)
        return found

    def chance(self, probability: float) -> bool:
        return self.r.random() < probability


def _no_login(column: str) -> str:
    """Okta takes a login for a user's id: `userId = <email>` has rows, though no row of the parents' is called so."""
    return f"length({column})" if column.endswith(".email") else column
