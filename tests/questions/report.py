"""Each of the fifteen questions with what it costs: `python -m tests.questions.report`.

For each: the statement, the requests that EXPLAIN says, those that were made, and how many calls a client would have
made that gets every row by itself, one GET for each.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.questions.expected import EXPECTED, Org, in_any_order

import quaestor
from quaestor.sql.parser import parse_script
from quaestor.sql.printer import to_sql

HERE = Path(__file__).parent


def main() -> int:
    """Print all; 1 if an answer is wrong."""
    wrong = 0
    with quaestor.sandbox("okta") as box, box.connect() as connection:
        org = Org(box.front.service)  # type: ignore[arg-type]
        for question, expected in EXPECTED.items():
            text = (HERE / f"{question}.sql").read_text(encoding="utf-8")
            print(f"{question.upper()}  {text.strip()}")
            for statement, right in zip(parse_script(text).statements, expected(org), strict=True):
                one = to_sql(statement)
                for line in connection.sql(f"EXPLAIN {one}").dicts():
                    print(f"    EXPLAIN  {line['request']}   {line['requests']}")
                result = connection.sql(one)
                is_right = in_any_order(result.fetchall()) == in_any_order(right)
                wrong += not is_right
                stats = result.stats
                print(
                    f"    {len(right)} rows, {'right' if is_right else 'WRONG'}; {stats.requests} requests; "
                    f"one GET per row: {stats.rows} calls\n"
                )
    print(f"{len(EXPECTED)} questions, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
