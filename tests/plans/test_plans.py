"""Statements and the plans that they get: the files beside this one, over the built-in catalog.

A case is a statement, `----`, and a line for each scan:

    resource method parameter=constants parameter~pushed parameter<-tables [columns]

Then `stream`, `stream, lazy` or `stream, lazy N` where the plan isn't spooled. `error:` and a message stand where
there is no plan.
"""

from pathlib import Path

import pytest

from quaestor.catalog.store import open_catalog
from quaestor.errors import BindError
from quaestor.plan.bind import bind
from quaestor.plan.constants import constants_of
from quaestor.plan.model import Plan, Scan
from quaestor.plan.scans import plan
from quaestor.sql import nodes
from quaestor.sql.parser import parse_one

CONNECTIONS = {"okta": "okta", "datadog": "datadog"}


def cases() -> list[tuple[str, str, str]]:
    found = []
    for file in sorted(Path(__file__).parent.glob("*.sql")):
        for number, case in enumerate(file.read_text().split("\n\n"), start=1):
            lines = [line for line in case.splitlines() if not line.startswith("--  ")]
            statement, _, expected = "\n".join(lines).partition("\n----\n")
            found.append((f"{file.stem}-{number}", statement.strip(), expected.strip()))
    return found


def planned(statement: str) -> Plan:
    """The plan of a statement whose constants are all literals."""
    with open_catalog() as catalog:
        tree = parse_one(statement)
        assert isinstance(tree, nodes.Select)
        query = bind(tree, catalog, CONNECTIONS, text=statement)
        constants: dict[nodes.Expr, str | int | float | bytes | None] = {}
        for expr in constants_of(query):
            assert isinstance(expr, nodes.Literal)
            constants[expr] = expr.value
        return plan(query, constants, catalog, text=statement)


def described(found: Plan) -> str:
    lines = [line(scan, found) for scan in found.scans]
    if found.is_stream:
        rows = f" {found.first_rows}" if found.first_rows else ""
        lines.append("stream" + (f", lazy{rows}" if found.is_lazy else ""))
    return "\n".join(lines)


def line(scan: Scan, found: Plan) -> str:
    parts = [scan.resource.id, scan.method.name]
    for name, values in (*scan.settings.items(), *scan.constants.items()):
        parts.append(f"{name}={','.join(map(str, values))}")
    parts += [f"{name}~{value}" for name, value in scan.pushed.items()]
    for keys in scan.keys:
        after = ",".join(found.scans[index].resource.name for index in sorted(scan.depends)) or "constants"
        parts.append(f"{','.join(keys.parameters)}<-{after}")
    parts.append(f"[{' '.join(column.name for column in scan.columns)}]")
    return " ".join(parts)


@pytest.mark.parametrize(("statement", "expected"), [case[1:] for case in cases()], ids=[case[0] for case in cases()])
def test_plan(statement: str, expected: str) -> None:
    try:
        found = described(planned(statement))
    except BindError as error:
        found = f"error: {error.message}" + (f"\nhint: {error.hint}" if error.hint else "")
    assert found == expected, f"\n{statement}\n----\n{found}"
