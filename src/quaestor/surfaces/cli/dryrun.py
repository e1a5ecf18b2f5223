"""`exec --dryrun`: the statements with their placeholders' values, and nothing is run.

Before: `exec` has the text and the variables. After: `exec` prints them as one row with the column `query`, like
StackQL. A placeholder is bound to the parsed statement, so what is shown is the tree printed again, without comments.
"""

from __future__ import annotations

from quaestor.sql.parser import parse_script
from quaestor.sql.printer import to_sql
from quaestor.sql.template import block_values, substitute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def rendered(text: str, variables: Mapping[str, Any]) -> str:
    """The statements, each ended by `;` and a line's end.

    Raises SqlSyntaxError for what is no statement, BindError for a value that is missing.
    """
    script = parse_script(text)
    values = {**block_values(script, text), **variables}
    return "\n".join(f"{to_sql(substitute(statement, values, text))};" for statement in script.statements)
