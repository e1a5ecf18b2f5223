"""How a document's pages follow each other: what it configures, or what StackQL takes for granted.

Before: `methods` has the operation. After: `fetch.pages` goes from page to page.
"""

from __future__ import annotations

from quaestor.catalog import columns, document, facts
from quaestor.catalog.model import Pagination
from quaestor.catalog.stackql import config, jsonpath
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.catalog.columns import Lookup
    from quaestor.catalog.model import Response
    from quaestor.catalog.openapi import Operation

#: Providers whose pages follow the Link header though their documents don't say so.
_BY_LINK = ("github", "okta")


def pagination(
    provider: str, operation: Operation, levels: tuple[dict[str, Any], ...], response: Response, lookup: Lookup
) -> Pagination:
    """The paging of one operation. Raises CatalogError for an algorithm that isn't known."""
    ours = config.nearest(levels, config.PAGINATION)
    if ours is not None:
        return facts.pagination_from(ours, config.PAGINATION)
    size, size_max = _size(operation, levels)
    said = document.mapping(config.nearest(levels, "pagination"), "pagination")
    if said:
        return _configured(said, size, size_max)
    if operation.http != "GET":
        return Pagination()
    if provider in _BY_LINK:
        return Pagination(style="link", size_param=size, size_max=size_max)
    return _usual(operation, response, lookup, size, size_max)


#: The transforms of XML, which say nothing of further pages; where `fetch.transforms` puts what XML says of them.
XML = ("schema_driven_xml", "golang_template_mxj")
NEXT, MORE = ("quaestor:next",), ("quaestor:more",)
#: Parameters of AWS's lists that take the token of the answer before.
_TOKENS = ("Marker", "NextToken", "continuation-token", "marker", "part-number-marker")
#: With these, a page is named by two parameters, theirs and `key-marker`.
_SECOND = ("upload-id-marker", "version-id-marker")


def of_xml(operation: Operation, form: bool) -> Pagination:
    """How AWS's XML pages, of which its documents say nothing. Where no single parameter asks for the next page, an
    answer that says `IsTruncated` is an error, not a list.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html, Marker and IsTruncated.
    """
    names = [each.name for each in operation.parameters if each.location == "query"]
    token = next((name for name in _TOKENS if name in names), "")
    place = "form" if form else "query"
    second = next((name for name in _SECOND if name in names), "")
    if second and "key-marker" in names:
        token, place = f"key-marker&{second}", "queries"
    return Pagination(style="cursor", token_param=token, token_in=place, token_path=NEXT, more_path=MORE)


def _configured(said: dict[str, Any], size: str, size_max: int) -> Pagination:
    asked = document.mapping(said.get("requestToken"), "requestToken")
    told = document.mapping(said.get("responseToken"), "responseToken")
    key, place = str(asked.get("key") or ""), str(asked.get("location") or "query")
    path, where = str(told.get("key") or ""), str(told.get("location") or "body")
    algorithm = str(said.get("algorithm") or told.get("algorithm") or "")
    if algorithm not in ("", "naive", "page_number", "odata_next_link", "link_header_next"):
        raise CatalogError(f"the paging {algorithm!r} isn't known")
    if where == "header":
        if path.lower() != "link":
            raise CatalogError(f"paging by the header {path!r} isn't known")
        return Pagination(style="link", size_param=size, size_max=size_max)
    keys = _keys(path)
    if place == "request" or algorithm == "odata_next_link":
        return Pagination(
            style="next_url", token_path=keys or ("@odata.nextLink",), size_param=size, size_max=size_max
        )
    if algorithm == "page_number":
        return Pagination(style="page", token_param=key, first=1, size_param=size, size_max=size_max, total_path=())
    if place not in ("query", "body"):
        raise CatalogError(f"paging by a token in the {place!r} isn't known")
    return Pagination(
        style="cursor", token_param=key, token_in=place, token_path=keys, size_param=size, size_max=size_max
    )


def _usual(operation: Operation, response: Response, lookup: Lookup, size: str, size_max: int) -> Pagination:
    """`nextPageToken` sent as `pageToken`, which StackQL takes for granted; and `@odata.nextLink` or `nextLink`, a
    whole URL, where the schema or a transform tells of one."""
    names = {each.name for each in operation.parameters if each.location == "query"}
    members = columns.object_fields([operation.response], lookup) if operation.response is not None else {}
    if "pageToken" in names and "nextPageToken" in members:
        size = size or next((each for each in ("maxResults", "pageSize") if each in names), "")
        return Pagination(style="cursor", token_param="pageToken", token_path=("nextPageToken",), size_param=size)
    for name in ("@odata.nextLink", "nextLink"):
        if name in members or (response.transform and f'"{name}"' in response.template):
            return Pagination(style="next_url", token_path=(name,), size_param=size, size_max=size_max)
    return Pagination()


def _size(operation: Operation, levels: tuple[dict[str, Any], ...]) -> tuple[str, int]:
    """The parameter of a page's size, where the operation has it: a document may promise it for all of a service."""
    push = document.mapping(config.nearest(levels, "queryParamPushdown"), "queryParamPushdown")
    top = document.mapping(push.get("top"), "top")
    name = str(top.get("paramName") or ("$top" if top.get("dialect") == "odata" else ""))
    found = next((each for each in operation.parameters if each.location == "query" and each.name == name), None)
    if found is None:
        return "", 0
    stated = found.schema.maximum
    largest = top.get("maxValue")
    return name, int(stated) if stated else largest if isinstance(largest, int) else 0


def _keys(path: str) -> tuple[str, ...]:
    return (path,) if path.startswith("@") else jsonpath.keys(path)
