"""A SELECT planned over the built-in catalog, for tests of what is decided on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quaestor.fetch.http import CancelToken
from quaestor.plan.bind import bind
from quaestor.plan.constants import constants_of
from quaestor.plan.scans import plan
from quaestor.run.executor import Execution
from quaestor.sql import nodes
from quaestor.sql.parser import parse_one

if TYPE_CHECKING:
    from quaestor.catalog.catalog import Catalog
    from quaestor.plan.model import Plan

CONNECTIONS = {"okta": "okta", "datadog": "datadog"}


def planned(statement: str, catalog: Catalog, *, push_down: bool = True) -> Plan:
    """The plan of a SELECT; `?` is ACTIVE."""
    tree = parse_one(statement)
    assert isinstance(tree, nodes.Select)
    query = bind(tree, catalog, CONNECTIONS, text=statement)
    execution = Execution({"_1": "ACTIVE"}, CancelToken(), statement)
    try:
        constants = execution.evaluate(constants_of(query))
    finally:
        execution.close()
    return plan(query, constants, catalog, text=statement, push_down=push_down)
