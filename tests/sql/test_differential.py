"""Every statement of the `.sql` files here gives the rows that plain SQLite gives over the same objects.

Each is read in the usual way and in one other; with `QUAESTOR_MODES=all` in every way. `python -m tests.sql.report`
counts the differences.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import apsw
import pytest
from tests.sql.differential import Case, cases, compare
from tests.sql.world import MODES, SCALE, TABLES, engine, plain_tables

import quaestor
from quaestor.catalog.store import Store, open_catalog
from quaestor.sandbox.core import Sandbox

OTHERS = [name for name in MODES if name != "normal"]


def statements() -> list[tuple[Case, str]]:
    """Each statement with the modes in which it is read."""
    is_all = os.environ.get("QUAESTOR_MODES") == "all"
    return [
        (case, mode)
        for number, case in enumerate(cases())
        for mode in ("normal", *(OTHERS if is_all else [OTHERS[number % len(OTHERS)]]))
    ]


@pytest.fixture(scope="module")
def catalog() -> Iterator[Store]:
    with open_catalog() as store:
        yield store


@pytest.fixture(scope="module")
def sandbox(catalog: Store) -> Sandbox:
    return Sandbox(catalog, ["okta", "datadog"], seed=13, scale=SCALE)


@pytest.fixture(scope="module")
def connections(catalog: Store, sandbox: Sandbox) -> Iterator[dict[str, quaestor.Connection]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(engine(catalog, sandbox, mode)) for name, mode in MODES.items()}


@pytest.fixture(scope="module")
def connection(connections: dict[str, quaestor.Connection]) -> quaestor.Connection:
    return connections["normal"]


@pytest.fixture(scope="module")
def plain(sandbox: Sandbox) -> Iterator[apsw.Connection]:
    db = plain_tables(sandbox)
    yield db
    db.close()


@pytest.mark.parametrize(
    ("case", "mode"), [pytest.param(case, mode, id=f"{case.name}-{mode}") for case, mode in statements()]
)
def test_same_rows_as_sqlite(
    case: Case, mode: str, connections: dict[str, quaestor.Connection], plain: apsw.Connection
) -> None:
    compared = compare(case, MODES[mode], connections[mode], plain)
    assert compared.found == compared.expected
    assert compared.complete


def test_there_is_something_to_compare(plain: apsw.Connection) -> None:
    counts = {table: next(iter(plain.execute(f'SELECT count(*) FROM "{table}"')))[0] for table in TABLES}
    assert all(count > 2 for count in counts.values()), counts
    assert len(cases()) >= 450


def test_keys_of_two_parents_are_pairs(connection: quaestor.Connection, plain: apsw.Connection) -> None:
    """A rule's policy is asked for with the server that the policy belongs to, and never with another."""
    counts = 'SELECT (SELECT count(*) FROM "okta.authorizationservers.authorization_servers"), count(*) FROM'
    servers, policies = next(iter(plain.execute(f'{counts} "okta.authorizationservers.policies"')))
    result = connection.sql(
        "SELECT policyId, authServerId, count(*) FROM okta.authorizationservers.rules GROUP BY 1, 2"
    )
    assert len(result.fetchall()) == policies
    assert result.stats.requests == 1 + servers + policies


def test_single_objects_are_not_asked_for_by_every_parent(
    connection: quaestor.Connection, plain: apsw.Connection
) -> None:
    """Where parents are filled, lists are read though the join has the rows' own keys."""
    rules = next(iter(plain.execute('SELECT count(*) FROM "okta.authorizationservers.rules"')))[0]
    result = connection.sql(
        "SELECT a.id FROM okta.authorizationservers.rules a JOIN okta.authorizationservers.rules b ON a.id = b.id"
    )
    assert len(result.fetchall()) == rules
    assert result.stats.requests < rules
