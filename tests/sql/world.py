"""The resources of the differential tests twice: the sandbox behind the engine, and the same objects in plain SQLite.

The plain tables are loaded by `json.loads` from the sandbox's answers, and their columns are written down here:
nothing of `fetch`, `plan` or `run` has a part in what is expected. A resource is all its rows for all values of its
required parameters, which come from the lists named here.

`okta.users.users` has the DEPROVISIONED users too, whom the bare list leaves out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import apsw
import pytest

import quaestor
from quaestor.catalog.model import Resource
from quaestor.catalog.store import Store
from quaestor.config import Settings
from quaestor.fetch.http import HttpRequest
from quaestor.plan import choice, scans
from quaestor.record import replace
from quaestor.run import feed
from quaestor.sandbox.core import Sandbox

#: Credentials that the sandbox takes.
ENV = {"OKTA_API_TOKEN": "sandbox", "DD_API_KEY": "sandbox", "DD_APP_KEY": "sandbox"}
HEADERS = {
    "okta": (("authorization", "SSWS sandbox"),),
    "datadog": (("dd-api-key", "sandbox"), ("dd-application-key", "sandbox")),
}
SCALE = {
    "okta.users": 40,
    "apps": 6,
    "groups": 6,
    "datadog.users": 24,
    "roles": 5,
    "teams": 4,
    "monitors": 12,
}


@dataclass(frozen=True)
class Plain:
    """How a resource is read by hand.

    Attributes:
        path: of its list; `{}` stands for each parameter.
        columns: `name TYPE`, or `name TYPE path.to.it`, in the order of `*`.
        keys: what fills the parameters: a SELECT over tables above; its columns are parameters of the resource.
        parameters: their names as columns.
        twins: item keys, each the same as a field: `{"groupId": "id"}`.
        also: lists of what the first leaves out.
    """

    path: str
    columns: str
    keys: str = ""
    parameters: tuple[str, ...] = ()
    twins: Mapping[str, str] | None = None
    also: tuple[str, ...] = ()


_USER = (
    "activated TEXT,created TEXT,credentials TEXT,id TEXT,lastLogin TEXT,lastUpdated TEXT,passwordChanged TEXT,"
    "profile TEXT,realmId TEXT,status TEXT,statusChanged TEXT,transitioningToStatus TEXT,type TEXT,_embedded TEXT,"
    "_links TEXT"
)
_GROUP = (
    "created TEXT,id TEXT,lastMembershipUpdated TEXT,lastUpdated TEXT,objectClass TEXT,profile TEXT,type TEXT,"
    "_embedded TEXT,_links TEXT"
)
_PERSON = (
    "id TEXT,type TEXT,created_at TEXT attributes.created_at,disabled BOOLEAN attributes.disabled,"
    "email TEXT attributes.email,handle TEXT attributes.handle,icon TEXT attributes.icon,"
    "last_login_time TEXT attributes.last_login_time,mfa_enabled BOOLEAN attributes.mfa_enabled,"
    "modified_at TEXT attributes.modified_at,name TEXT attributes.name,"
    "service_account BOOLEAN attributes.service_account,status TEXT attributes.status,title TEXT attributes.title,"
    "verified BOOLEAN attributes.verified,allowed_login_methods TEXT attributes.allowed_login_methods,"
    "relationships TEXT"
)

TABLES = {
    "okta.users.users": Plain(
        "/api/v1/users", _USER, also=("/api/v1/users?filter=status%20eq%20%22DEPROVISIONED%22",)
    ),
    "okta.groups.groups": Plain("/api/v1/groups", _GROUP, twins={"groupId": "id"}),
    "okta.apps.applications": Plain(
        "/api/v1/apps",
        "accessibility TEXT,created TEXT,expressConfiguration TEXT,features TEXT,id TEXT,label TEXT,lastUpdated TEXT,"
        "licensing TEXT,orn TEXT,profile TEXT,signOnMode TEXT,status TEXT,universalLogout TEXT,visibility TEXT,"
        "_embedded TEXT,_links TEXT,credentials TEXT,name TEXT,settings TEXT",
        twins={"appId": "id"},
    ),
    "okta.users.factors": Plain(
        "/api/v1/users/{}/factors",
        "created TEXT,factorType TEXT,id TEXT,lastUpdated TEXT,profile TEXT,provider TEXT,status TEXT,"
        "vendorName TEXT,_embedded TEXT,_links TEXT,verify TEXT,factorProfileId TEXT",
        'SELECT id FROM "okta.users.users"',
        ("userId",),
        twins={"factorId": "id"},
    ),
    "okta.users.user_groups": Plain(
        "/api/v1/users/{}/groups", _GROUP, 'SELECT id FROM "okta.users.users"', ("userId",)
    ),
    "okta.groups.users": Plain("/api/v1/groups/{}/users", _USER, 'SELECT id FROM "okta.groups.groups"', ("groupId",)),
    "okta.apps.application_users": Plain(
        "/api/v1/apps/{}/users",
        "created TEXT,credentials TEXT,externalId TEXT,id TEXT,lastSync TEXT,lastUpdated TEXT,passwordChanged TEXT,"
        "profile TEXT,scope TEXT,status TEXT,statusChanged TEXT,syncState TEXT,_embedded TEXT,_links TEXT",
        'SELECT id FROM "okta.apps.applications"',
        ("appId",),
        twins={"userId": "id"},
    ),
    "okta.apps.group_assignments": Plain(
        "/api/v1/apps/{}/groups",
        "id TEXT,lastUpdated TEXT,priority INTEGER,profile TEXT,_embedded TEXT,_links TEXT",
        'SELECT id FROM "okta.apps.applications"',
        ("appId",),
        twins={"groupId": "id"},
    ),
    "okta.authorizationservers.authorization_servers": Plain(
        "/api/v1/authorizationServers",
        "accessTokenEncryptedResponseAlgorithm TEXT,audiences TEXT,created TEXT,credentials TEXT,description TEXT,"
        "id TEXT,issuer TEXT,issuerMode TEXT,jwks TEXT,jwks_uri TEXT,lastUpdated TEXT,name TEXT,status TEXT,"
        "_links TEXT,default BOOLEAN",
        twins={"authServerId": "id"},
    ),
    "okta.authorizationservers.policies": Plain(
        "/api/v1/authorizationServers/{}/policies",
        "id TEXT,type TEXT,name TEXT,conditions TEXT,description TEXT,priority INTEGER,status TEXT,system BOOLEAN,"
        "created TEXT,lastUpdated TEXT,_links TEXT",
        'SELECT id FROM "okta.authorizationservers.authorization_servers"',
        ("authServerId",),
        twins={"policyId": "id"},
    ),
    "okta.authorizationservers.rules": Plain(
        "/api/v1/authorizationServers/{}/policies/{}/rules",
        "actions TEXT,conditions TEXT,created TEXT,id TEXT,lastUpdated TEXT,name TEXT,priority INTEGER,status TEXT,"
        "system BOOLEAN,type TEXT,_links TEXT",
        'SELECT authServerId, id FROM "okta.authorizationservers.policies"',
        ("authServerId", "policyId"),
        twins={"ruleId": "id"},
    ),
    "datadog.organization.users": Plain("/api/v2/users", _PERSON, twins={"user_id": "id"}),
    "datadog.organization.roles": Plain(
        "/api/v2/roles",
        "id TEXT,type TEXT,created_at TEXT attributes.created_at,modified_at TEXT attributes.modified_at,"
        "name TEXT attributes.name,receives_permissions_from TEXT attributes.receives_permissions_from,"
        "user_count INTEGER attributes.user_count,relationships TEXT",
        twins={"role_id": "id"},
    ),
    "datadog.organization.role_users": Plain(
        "/api/v2/roles/{}/users", _PERSON, 'SELECT id FROM "datadog.organization.roles"', ("role_id",)
    ),
    "datadog.organization.teams": Plain(
        "/api/v2/team",
        "id TEXT,type TEXT,avatar TEXT attributes.avatar,banner INTEGER attributes.banner,"
        "created_at TEXT attributes.created_at,description TEXT attributes.description,handle TEXT attributes.handle,"
        "hidden_modules TEXT attributes.hidden_modules,is_managed BOOLEAN attributes.is_managed,"
        "link_count INTEGER attributes.link_count,modified_at TEXT attributes.modified_at,"
        "name TEXT attributes.name,summary TEXT attributes.summary,user_count INTEGER attributes.user_count,"
        "visible_modules TEXT attributes.visible_modules,relationships TEXT",
        twins={"team_id": "id"},
    ),
    "datadog.organization.team_memberships": Plain(
        "/api/v2/team/{}/memberships",
        "id TEXT,type TEXT,provisioned_by TEXT attributes.provisioned_by,"
        "provisioned_by_id TEXT attributes.provisioned_by_id,role TEXT attributes.role,relationships TEXT,"
        "user_id TEXT relationships.user.data.id",
        'SELECT id FROM "datadog.organization.teams"',
        ("team_id",),
    ),
    "datadog.monitoring.monitors": Plain(
        "/api/v1/monitor",
        "assets TEXT,created TEXT,creator TEXT,deleted TEXT,draft_status TEXT,id INTEGER,matching_downtimes TEXT,"
        "message TEXT,modified TEXT,multi BOOLEAN,name TEXT,options TEXT,overall_state TEXT,priority INTEGER,"
        "query TEXT,restricted_roles TEXT,state TEXT,tags TEXT,type TEXT,created_at INTEGER,org_id INTEGER,"
        "overall_state_modified TEXT,restricted BOOLEAN,restriction_policy TEXT,run_as TEXT",
        twins={"monitor_id": "id"},
    ),
}


# ------------------------------------------------------------------------------------------ the plain side


def plain_tables(sandbox: Sandbox) -> apsw.Connection:
    """Plain SQLite with a table for each resource; in the schema `bare` without parameters, as `*` has it."""
    db = apsw.Connection(":memory:")
    db.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
    db.execute("ATTACH ':memory:' AS bare")
    for table, plain in TABLES.items():
        provider = table.partition(".")[0]
        base = sandbox.endpoints()[provider]
        keys = list(db.execute(plain.keys)) if plain.keys else [()]
        rows = [
            (key, item)
            for key in keys
            for path in (plain.path, *plain.also)
            for item in read_list(sandbox, provider, base + path.format(*key))
        ]
        columns = [(*column.split(), column.split()[0])[:3] for column in plain.columns.split(",")]
        twins = dict(plain.twins or {})
        names = [name for name, _, _ in columns]
        declared = [f'"{name}" {kind}' for name, kind, _ in columns]
        values = [[_value(item, path) for _, _, path in columns] for _, item in rows]
        _fill(db, "bare", table, declared, values)
        declared += [f'"{name}" TEXT' for name in plain.parameters]
        declared += [f'"{name}" {columns[names.index(field)][1]}' for name, field in twins.items()]
        values = [
            [*row, *key, *(row[names.index(field)] for field in twins.values())]
            for row, (key, _) in zip(values, rows, strict=True)
        ]
        _fill(db, "main", table, declared, values)
    return db


def _fill(db: apsw.Connection, schema: str, table: str, declared: list[str], rows: list[list[object]]) -> None:
    db.execute(f'CREATE TABLE {schema}."{table}"({", ".join(declared)})')
    db.executemany(f'INSERT INTO {schema}."{table}" VALUES({",".join("?" * len(declared))})', rows)


def read_list(sandbox: Sandbox, provider: str, url: str) -> list[dict[str, object]]:
    """Every object of a list: Link headers for Okta, page numbers to an empty page for Datadog's v2."""
    found: list[dict[str, object]] = []
    if "/api/v2/" in url:
        for page in range(1000):
            more = _get(sandbox, provider, f"{url}?page[size]=10&page[number]={page}")[0]["data"]
            found += more
            if not more:
                return found
    while url:
        items, links = _get(sandbox, provider, url)
        found += items
        url = next((re.findall("<(.*?)>", link)[0] for link in links if 'rel="next"' in link), "")
    return found


def _get(sandbox: Sandbox, provider: str, url: str) -> tuple[Any, list[str]]:
    response = sandbox.handle(HttpRequest("GET", url, HEADERS[provider]))
    assert response.status == 200, (url, response.body)
    return json.loads(response.body), response.all("link")


def _value(item: object, path: str) -> object:
    for step in path.split("."):
        item = item.get(step) if isinstance(item, dict) else None
    if isinstance(item, dict | list):
        return json.dumps(item, separators=(",", ":"), ensure_ascii=False)
    return item


def in_plain_sqlite(statement: str, schema: str = "main") -> str:
    """The statement with the names of resources as names of the plain tables."""
    return re.sub(r"\b(okta|datadog)\.\w+\.\w+", lambda found: f'{schema}."{found.group()}"', statement)


def expected_rows(db: apsw.Connection, statement: str, values: object = None) -> list[tuple[object, ...]]:
    """What plain SQLite answers. Over the tables without parameters if it can be: `*` leaves them out."""
    try:
        return list(db.execute(in_plain_sqlite(statement, "bare"), values))  # type: ignore[arg-type]
    except apsw.SQLError:
        return list(db.execute(in_plain_sqlite(statement), values))  # type: ignore[arg-type]


# ----------------------------------------------------------------------------------------- the engine's side


class SmallPages:
    """A catalog whose lists have pages of `size` objects at most."""

    def __init__(self, store: Store, size: int) -> None:
        self._store = store
        self._size = size
        self._known: dict[tuple[str, str, str], Resource | None] = {}

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def resource(self, provider: str, service: str, name: str) -> Resource | None:
        at = (provider, service, name)
        if at not in self._known:
            resource = self._store.resource(*at)
            if resource is not None:
                methods = tuple(
                    replace(method, pagination=replace(method.pagination, size_max=self._size))
                    if method.pagination.size_param and method.pagination.size_max
                    else method
                    for method in resource.methods
                )
                resource = replace(resource, methods=methods)
            self._known[at] = resource
        return self._known[at]


@dataclass(frozen=True)
class Mode:
    """A way of reading that must not change an answer.

    Attributes:
        page_size: of every list; 0 for the largest.
        concurrency: 0 for as many as usual; with 1 the keys of a scan are read one after the other too.
        is_streamed: whether a statement with one scan may be streamed.
        pushdown: whether conditions may become parameters of the requests.
        assumed_rows: how long lists are taken to be: a large number has objects got by key wherever that can be,
            one below 0 nowhere.
    """

    page_size: int = 0
    concurrency: int = 0
    is_streamed: bool = True
    pushdown: bool = True
    assumed_rows: int = choice.ASSUMED_ROWS

    @contextmanager
    def applied(self) -> Iterator[None]:
        """What isn't a setting is as the mode has it, for as long as the block lasts."""
        with pytest.MonkeyPatch.context() as patch:
            if self.concurrency:
                patch.setattr(feed, "WIDTH", self.concurrency)
            patch.setattr(choice, "ASSUMED_ROWS", self.assumed_rows)
            if not self.is_streamed:
                patch.setattr(scans, "with_mode", lambda plan, constants, **_: plan)
            yield


MODES = {
    "normal": Mode(),
    "one at a time": Mode(concurrency=1),
    "pages of 1": Mode(page_size=1),
    "pages of 2": Mode(page_size=2),
    "pages of 200": Mode(page_size=200),
    "never streamed": Mode(is_streamed=False),
    "nothing pushed down": Mode(pushdown=False),
    "each by its key": Mode(assumed_rows=10**9),
    "always the list": Mode(assumed_rows=-(10**9)),
}


@contextmanager
def engine(store: Store, sandbox: Sandbox, mode: Mode = MODES["normal"]) -> Iterator[quaestor.Connection]:
    """The engine over the sandbox; run statements while the mode is applied."""
    settings = Settings(concurrency=mode.concurrency or Settings().concurrency, pushdown=mode.pushdown)
    catalog = SmallPages(store, mode.page_size) if mode.page_size else store
    with quaestor.connect(
        settings,
        endpoints=sandbox.endpoints(),
        transport=sandbox.transport(),
        catalog=catalog,  # type: ignore[arg-type]
        env=ENV,
    ) as connection:
        yield connection


def comparable(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Rows of a result as SQLite has them: booleans are 0 and 1."""
    return [tuple(int(value) if isinstance(value, bool) else value for value in row) for row in rows]
