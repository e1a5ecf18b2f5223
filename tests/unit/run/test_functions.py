"""StackQL's extra functions, in SQLite."""

from collections.abc import Iterator

import apsw
import pytest

from quaestor.run import functions


@pytest.fixture
def db() -> Iterator[apsw.Connection]:
    connection = apsw.Connection("")
    functions.register(connection)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("split_part('a.b-c', '.-', 1)", "a"),
        ("split_part('a.b-c', '.-', 3)", "c"),
        ("split_part('a.b-c', '.-', -1)", "c"),
        ("split_part('a.b-c', '.-', 4)", ""),
        ("split_part(12.5, '.', 2)", "5"),
        ("split_part(NULL, '.', 2)", None),
        ("regexp_like('hello', '^h.*o$')", 1),
        ("regexp_like('hello', '^x')", 0),
        ("'hello' REGEXP 'l+'", 1),
        ("regexp_substr('a12b3', '[0-9]+')", "12"),
        ("regexp_substr('ab', '[0-9]+')", None),
        ("regexp_replace('a1b2', '[0-9]', '\\1')", "a\\1b\\1"),
        ('json_equal(\'{"a":1,"b":[1,2]}\', \'{"b":[1,2],"a":1}\')', 1),
        ("json_equal('[1,2]', '[2,1]')", 0),
        ('aws_policy_equal(\'{"Action":["a","b"]}\', \'{"Action":["b","a"]}\')', 1),
        ('aws_policy_equal(\'{"Action":"a"}\', \'{"Action":["a"]}\')', 1),
        ('aws_policy_equal(\'{"Action":"a"}\', \'{"Action":["a","b"]}\')', 0),
        ("sqrt(16.0)", 4.0),
    ],
)
def test_function(db: apsw.Connection, expression: str, expected: object) -> None:
    assert db.execute(f"SELECT {expression}").fetchall() == [(expected,)]


@pytest.mark.parametrize("expression", ["regexp_like('a', '(')", "json_equal('{', '{}')", "split_part('a', '.', 0)"])
def test_unusable_arguments_are_errors(db: apsw.Connection, expression: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|malformed|split_part"):
        db.execute(f"SELECT {expression}").fetchall()
