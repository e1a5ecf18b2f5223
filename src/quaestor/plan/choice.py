"""List once or get each: a list whose rows are joined by their key need not be read to its end for a few of them.

Before: `plan.scans` gave a table the list of its resource. After: `run.spooling`, when the keys are known, asks for
the objects one by one, or several at a time (`plan.together`), if that takes no more requests than the list.

How long a list is, nobody knows before it is read. It is taken to have `ASSUMED_ROWS` objects: a list of 200 a page
counts as ten requests, and one for each further list of what it hides. The rows are the same either way, so a wrong
guess costs requests and nothing else: at most as many as the list was taken to need.

Only where the catalog says that both have the same objects (`Listing.same`), for columns that are the same in both
(`differs`).
"""

from __future__ import annotations

from quaestor.plan import routes
from quaestor.plan.keys import NEVER
from quaestor.plan.model import ByKey
from quaestor.plan.together import in_other
from quaestor.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quaestor.catalog.model import Method, Parameter
    from quaestor.plan.keys import KeyFinder
    from quaestor.plan.model import Scan
    from quaestor.plan.scope import Candidate, TableUse

#: How many objects a list is taken to have.
ASSUMED_ROWS = 2000


def getting(use: TableUse, whole: Method) -> tuple[Method, Parameter] | None:
    """The method that gets one object of this list by its key, if the objects are the same."""
    for method in use.resource.by_verb("select"):
        if method.listing.same == whole.name and len(method.required) == 1 and method.required[0].item_key:
            return method, method.required[0]
    return None


def key_candidates(use: TableUse) -> list[Candidate]:
    """What other tables say of the key by which the rows of a listable resource can be got one by one."""
    keys = set()
    for whole in use.resource.by_verb("select"):
        found = getting(use, whole)
        if found is not None and routes.returns(whole, found[1].field) is not None:
            keys |= (
                {found[1].field, found[1].name}
                if routes.is_parameter_only(use.resource, found[1].name)
                else {found[1].field}
            )
    return [each for each in use.candidates if each.column in keys and not each.is_constant]


def may_wait(use: TableUse, keys: KeyFinder, done: Mapping[int, int]) -> bool:
    """Whether keys for a table may come of tables that aren't read yet, so that it is better planned after them."""
    needs = [keys.needs(each) for each in key_candidates(use)]
    return any(not need <= done.keys() and NEVER not in need and use.id not in need for need in needs)


def by_key(
    use: TableUse, whole: Method, usable: Iterable[Candidate], homes: list[Candidate], keys: KeyFinder
) -> ByKey | None:
    """How a table's rows can be got by the keys that other tables have, instead of by a list without parameters."""
    found = getting(use, whole)
    of_keys = set(map(id, key_candidates(use)))
    offered = next((each for each in usable if id(each) in of_keys), None)
    if found is None or offered is None:
        return None
    method, parameter = found
    return ByKey(method, parameter.name, keys.keys(use, [(parameter.name, offered)], homes))


def settled(scan: Scan) -> Scan:
    """The scan, which is only listed if it wants what the two have differently."""
    if scan.by_key is None or singly(scan) is not None:
        return scan
    return replace(scan, by_key=None, depends=frozenset())


def singly(scan: Scan) -> Scan | None:
    """The scan of the method that gets one object; None if its rows have not all columns, or others."""
    if scan.by_key is None or scan.constants:
        return None
    method = scan.by_key.method
    columns = [in_other(column, method) for column in scan.columns]
    names = {column.field.name for column in scan.columns if column.field is not None}
    if None in columns or names & {*method.listing.differs, "_raw"}:
        return None
    return replace(
        scan,
        method=method,
        keys=scan.by_key.keys,
        columns=tuple(column for column in columns if column is not None),
        hidden=(),
        pushed={},
        by_key=None,
    )


def pages(scan: Scan) -> int:
    """How many requests its list is taken to need."""
    size = scan.method.pagination.size_max
    return (-(-ASSUMED_ROWS // size) if size else 1) + len(scan.hidden)
