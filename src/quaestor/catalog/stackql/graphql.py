"""GraphQL operations of a document (`x-stackQL-graphQL`): a query template, where its rows are, how it pages.

The operation's parameters are the variables of the template. Before: `methods` has the operation. After:
`fetch.transforms.graphql` makes the query of the template, `fetch.pages` asks for the next page by the cursor.
"""

from __future__ import annotations

import re

from quaestor.catalog import document
from quaestor.catalog.model import Body, Pagination, Server
from quaestor.catalog.stackql import jsonpath
from quaestor.errors import CatalogError
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KEYS = frozenset({"id", "url", "httpVerb", "query", "responseSelection", "cursor"})
_CURSOR_KEYS = frozenset({"strategy", "jsonPath", "format", "pageSize", "terminateOnJsonPath"})
#: Steps of a path that name no member: `*`, `0`, `-1:`.
_NO_NAME = re.compile(r"\*|-?\d*:?-?\d*|.*\(.*")


class Query(Record):
    """What a GraphQL operation says: how it is sent, and where in the answer the rows are."""

    http: str
    server: Server
    path: str
    body: Body
    row_path: tuple[str, ...]
    pagination: Pagination


def query_of(said: dict[str, Any]) -> Query:
    """A GraphQL operation. Raises CatalogError for a key or a way of paging that isn't known."""
    unknown = said.keys() - _KEYS
    if unknown:
        raise CatalogError(f"x-stackQL-graphQL has {min(unknown)!r}, which isn't known")
    url, template = said.get("url"), said.get("query")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")) or "{" in url:
        raise CatalogError(f"x-stackQL-graphQL: {url!r} is not an address")
    if not isinstance(template, str) or not template.strip():
        raise CatalogError("x-stackQL-graphQL has no query")
    http = str(said.get("httpVerb") or "POST").upper()
    if http != "POST":
        raise CatalogError(f"a GraphQL query goes by POST here, not by {http}")
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    selection = document.mapping(said.get("responseSelection"), "responseSelection")
    rows = str(selection.get("jsonPath") or "$.data")
    return Query(
        http,
        Server(f"{scheme}://{host}"),
        f"/{path}",
        Body(required=True, template=template, graphql=True),
        jsonpath.keys(rows, keeps_last=not rows.endswith("[*]")),
        # a document may put the cursor inside what is selected (StackQL), or beside it
        _pagination(document.mapping(selection.get("cursor") or said.get("cursor"), "cursor"), template),
    )


def _pagination(cursor: dict[str, Any], template: str) -> Pagination:
    unknown = cursor.keys() - _CURSOR_KEYS
    if unknown:
        raise CatalogError(f"the cursor has {min(unknown)!r}, which isn't known")
    strategy = str(cursor.get("strategy") or "cursor_after")
    if strategy not in ("cursor_after", "page_info", "offset"):
        raise CatalogError(
            f"paging GraphQL by {strategy!r} isn't known", hint="cursor_after, page_info and offset are"
        )
    if ".cursor" not in template:
        return Pagination()  # the documents name a path that leads nowhere then
    argument = str(cursor.get("format") or "")
    if strategy == "offset":
        return Pagination(style="offset", token_param=argument or ", offset: {{ .value }}", token_in="graphql")
    token, more = (jsonpath.keys(str(cursor.get(key) or "")) for key in ("jsonPath", "terminateOnJsonPath"))
    if not token or (strategy == "page_info" and not more):
        raise CatalogError("the cursor doesn't say where in the answer it is")
    if odd := [key for key in (*token, *more) if _NO_NAME.fullmatch(key)]:  # it would lead nowhere: one page, not all
        raise CatalogError(f"the cursor's path has [{odd[0]}], and leads to no one place")
    return Pagination(style="cursor", token_param=argument, token_in="graphql", token_path=token, more_path=more)
