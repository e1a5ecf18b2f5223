"""The fixture as a user's project has it: a run of pytest in a folder of its own."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import pytest
import quaestor

ACTIVE = "SELECT count(*) FROM okta.users.users WHERE status = 'ACTIVE'"


def test_there_are_people(quaestor_sandbox):
    with quaestor_sandbox.connect() as con:
        assert con.sql(ACTIVE).fetchone()[0] > 10
    assert quaestor_sandbox.log


@pytest.mark.quaestor_sandbox("okta", scale={"users": 5})
def test_a_mark(quaestor_sandbox):
    with quaestor_sandbox.connect() as con:
        assert con.sql(ACTIVE).fetchone()[0] <= 5


def test_an_outage(quaestor_sandbox):
    quaestor_sandbox.faults("*: status 404")
    with quaestor_sandbox.connect() as con, pytest.raises(quaestor.NotFoundError):
        con.sql(ACTIVE).fetchall()


def test_each_has_its_own(quaestor_sandbox):
    assert not quaestor_sandbox.log
    assert not quaestor_sandbox.hits
    assert quaestor_sandbox.env["OKTA_API_TOKEN"]


@pytest.mark.quaestor_sandbox(faults="*: rest")
def test_a_mark_that_is_wrong(quaestor_sandbox):
    pass
"""


def test_in_a_project(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    done = pytester.runpytest_subprocess("--strict-markers", "-W", "error", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=4, errors=1)
    done.stdout.fnmatch_lines(["*UsageError*column 4: there is no fault 'rest'*"])


def test_a_run_without_it_imports_nothing_heavy(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import sys\ndef test_modules():\n"
        "    assert not {'apsw', 'msgspec', 'uvicorn', 'quaestor.sandbox.core'} & set(sys.modules)\n"
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    pytester.runpytest_subprocess("--fixtures").stdout.fnmatch_lines(["*quaestor_sandbox*"])
