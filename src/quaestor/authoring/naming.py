"""Names in SQL for operations that nobody has named, and titles that are made of names.

Before: `catalog.openapi` reads the operations; a `names.yaml` names those that it knows.
After: `authoring.build` puts the rest where these rules say.

Service: the first part of the path that is no version and no `api`. Resource: the last part that is a collection.
Method: the operationId in snake case, or HTTP method and resource. Verb: by HTTP method, and `exec` for what acts
on an item.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.catalog.openapi import Operation

#: What English titles write in capitals.
_ACRONYMS = re.compile(
    "api|apm|aws|ca|ci|csm|csrs?|dns|gcp|http|id|idps?|ip|jwks?|json|llm|mfa|oauth2?|oci|rum|saml|scim|slos?|sms|smtp"
    "|ssf|sso|tls|ui|uri|url|uuid"
)
_SKIPPED = re.compile(r"api|rest|v\d+(\.\d+)*|v\d+(alpha|beta)\d*|unstable", re.IGNORECASE)
_VERBS = {"GET": "select", "POST": "insert", "PATCH": "update", "PUT": "replace", "DELETE": "delete"}


def words(name: str) -> list[str]:
    """The words of a name in any spelling, in lower case: `listAWSAccounts` is list, aws, accounts."""
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3 \2\4", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]


def snake(name: str) -> str:
    """A name in snake case; one that begins with a digit gets an underscore before it."""
    text = "_".join(words(name)) or "_"
    return f"_{text}" if text[0].isdigit() else text


def title_of(name: str) -> str:
    """A title for a service or resource, made of its name alone."""
    shown = [word.upper() if _ACRONYMS.fullmatch(word) else word for word in words(name)]
    text = " ".join(shown)
    return text[:1].upper() + text[1:]


def singular(word: str) -> str:
    """An English plural's singular, or the word itself."""
    for end, instead in (("ies", "y"), ("sses", "ss"), ("ses", "se"), ("xes", "x"), ("ches", "ch")):
        if word.endswith(end) and len(word) > len(end) + 1:
            return word[: -len(end)] + instead
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def place(operation: Operation) -> tuple[str, str, str, str]:
    """Service, resource, method and verb of an operation that has no name."""
    parts = [part for part in operation.path.split("/") if part]
    fixed = [part for part in parts if "{" not in part and not _SKIPPED.fullmatch(part)]
    service = snake(fixed[0]) if fixed else "root"
    acts = _acts(operation, parts)
    collections = fixed
    if acts:  # the collection of the item that it acts on, or what it searches
        items = [index for index, part in enumerate(parts) if "{" in part]
        before = parts[: items[-1]] if items else parts[:-1]
        collections = [part for part in before if part in fixed]
    resource = snake(collections[-1]) if collections else service
    if operation.operation:
        method = snake(operation.operation)
    else:
        tail = [snake(part.strip("{}")) for part in parts if part not in fixed[:1]]
        method = "_".join([operation.http.lower(), *tail][-6:])
    return service, resource, method, "exec" if acts else _VERBS.get(operation.http, "exec")


def _acts(operation: Operation, parts: list[str]) -> bool:
    """Whether a POST or PUT acts on something rather than make or change it: its path goes on after an item with a
    verb, or it searches."""
    if operation.http in ("GET", "PATCH", "DELETE") or not parts or "{" in parts[-1]:
        return operation.http in ("HEAD", "OPTIONS", "TRACE")
    last = words(parts[-1])
    plural = bool(last) and last[-1].endswith("s") and not last[-1].endswith("ss")
    below_item = any("{" in part for part in parts[:-1])
    return (below_item and not plural and operation.http == "POST") or last[:1] in (
        ["search"],
        ["query"],
        ["validate"],
    )
