"""What `provider build` infers from a spec alone, held against the mapping that StackQL's people made by hand.

No names, no overlay. The mapping is a CSV with a row an operation: service (its file), resource, method, verb, row
path (`stackql_object_key`; Datadog's alone has it). Row paths of Okta are held against the built-in
provider's, which are made by the same rules but were checked with recorded answers. Paging is held against Datadog's
own `x-pagination`, which is taken out of the spec before.
"""

from __future__ import annotations

import copy
import csv
from pathlib import Path
from typing import NamedTuple

from quaestor.authoring.build import build
from quaestor.authoring.words import snake
from quaestor.catalog import document, facts
from quaestor.catalog.model import Method, Pagination
from quaestor.catalog.openapi import HTTP_METHODS, Spec
from quaestor.catalog.store import BUILTIN

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
#: By provider: the spec, the mapping.
SOURCES = {
    "okta": ("okta/management-5.1.0.yaml", "okta-5.1.0.csv"),
    "datadog": ("datadog/v2-2025.yaml", "datadog-v2.csv"),
}

#: Where the mapping is wrong, or of two minds, and we don't follow it: by operation, what is wrong with it.
MAPPING_ERRORS = {
    "POST /api/v1/iam/resource-sets/{resourceSetIdOrLabel}/resources": "'post' is no verb",
    "PUT /api/v1/apps/{appId}/policies/{policyId}": "exec, but assigning is replace for 10 other operations",
    "PUT /oauth2/v1/clients/{clientId}/roles/{roleAssignmentId}/targets/catalog/apps/{appName}/{appId}": "the same",
    "PUT /api/v1/users/{userId}/roles/{roleAssignmentId}/targets/catalog/apps": "the same",
    "PUT /api/v1/users/{userId}/roles/{roleAssignmentId}/targets/catalog/apps/{appName}": "the same",
    "PUT /api/v1/users/{userId}/roles/{roleAssignmentId}/targets/catalog/apps/{appName}/{appId}": "the same",
    "POST /api/v1/apps/{appId}/credentials/csrs": "exec, but insert for the CSRs of identity providers",
    "GET /api/v2/cases": "exec, but it lists cases",
    "GET /api/v2/siem-historical-detections/histsignals/search": "exec, but it lists signals",
    "POST /api/v2/logs/events/search": "insert, but it reads, and makes nothing",
    "POST /api/v2/spans/events/search": "the same",
    "POST /api/v2/events/search": "the same",
    "POST /api/v2/error-tracking/issues/search": "the same",
    "POST /api/v2/ci/tests/events/search": "the same",
    "PATCH /api/v2/siem-historical-detections/jobs/{job_id}/cancel": "update, but exec where others are cancelled",
    "GET /api/v2/security_monitoring/rules/{rule_id}/version_history": "$.data is one object; the versions are in it",
    "GET /api/v2/incidents/search": "$.data is one object; the incidents are in it",
}  # fmt: skip


class Count(NamedTuple):
    """Of how many operations something was right, and those where it wasn't: what we have, what is wanted."""

    right: int
    total: int
    misses: dict[str, tuple[str, str]]

    @property
    def share(self) -> float:
        return self.right / self.total

    @property
    def corrected(self) -> float:
        """The share if the mapping's own errors aren't held against us."""
        return (self.right + len(self.misses.keys() & MAPPING_ERRORS.keys())) / self.total


def counted(pairs: dict[str, tuple[str, str]]) -> Count:
    misses = {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
    return Count(len(pairs) - len(misses), len(pairs), misses)


def available() -> bool:
    """Whether specs and mappings are there."""
    return (SHARED / "mapping").is_dir() and (SHARED / "specs").is_dir()


def built(provider: str, root: dict[str, object]) -> dict[str, tuple[str, str, Method]]:
    """Service, resource and method of each operation, as built from the spec alone."""
    found, _ = build(provider, [("spec", Spec(root, provider))])
    return {
        f"{each.method.http} {each.method.path}": (resource.service, resource.name, each.method)
        for resource in found.resources
        for each in resource.methods
    }


def mapping(provider: str) -> dict[str, dict[str, str]]:
    """The rows of the mapping, by operation; those without a name are left out."""
    with open(SHARED / "mapping" / SOURCES[provider][1], encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["stackql_verb"]]
    return {f"{row['verb'].upper()} {row['path']}": row for row in rows}


def measure(provider: str) -> dict[str, Count]:
    """What was inferred right of a provider, by kind."""
    root = document.read(str(SHARED / "specs" / SOURCES[provider][0]), max_bytes=64 * 1024 * 1024)
    ours, wanted = built(provider, root), mapping(provider)
    out = {
        "verbs": counted({key: (ours[key][2].verb, row["stackql_verb"]) for key, row in wanted.items()}),
        "row paths": _row_paths(provider, ours, wanted),
        "resources": counted({key: (ours[key][1], row["stackql_resource_name"]) for key, row in wanted.items()}),
        "services": counted({key: (ours[key][0], row["filename"][: -len(".yaml")]) for key, row in wanted.items()}),
        "methods": counted({key: (ours[key][2].name, row["stackql_method_name"]) for key, row in wanted.items()}),
        "methods but for underscores": counted(
            {
                key: (_bare(ours[key][2].name), _bare(row["stackql_method_name"]))
                for key, row in wanted.items()
            }
        ),
    }  # fmt: skip
    paging = _pagings(root, ours)
    if paging:
        out["paging"] = counted(paging)
    return out


def _bare(name: str) -> str:
    return snake(name).replace("_", "")


def _row_paths(provider: str, ours: dict[str, tuple[str, str, Method]], wanted: dict[str, dict[str, str]]) -> Count:
    if provider == "datadog":
        selects = {
            key: row for key, row in wanted.items() if row["verb"] == "get" and row["stackql_verb"] == "select"
        }
        return counted({key: (_path(ours[key][2]), row["stackql_object_key"] or "$") for key, row in selects.items()})
    known = {
        f"{each.method.http} {each.method.path}": each.method
        for resource in facts.read(f"{BUILTIN}/{provider}").resources
        for each in resource.methods
    }
    keys = [key for key, (_, _, method) in ours.items() if method.verb == "select" and key in known]
    return counted({key: (_path(ours[key][2]), _path(known[key])) for key in keys})


def _path(method: Method) -> str:
    return ".".join(("$", *method.response.row_path))


def _pagings(root: dict[str, object], ours: dict[str, tuple[str, str, Method]]) -> dict[str, tuple[str, str]]:
    """For what declares its paging: what is found without that, and what it declares."""
    bare = copy.deepcopy(root)
    declared = []
    paths = bare["paths"]
    assert isinstance(paths, dict)
    for path, item in paths.items():
        for http in HTTP_METHODS:
            if isinstance(item.get(http), dict) and item[http].pop("x-pagination", None):
                declared.append(f"{http.upper()} {path}")
    if not declared:
        return {}
    guessed = built("bare", bare)
    return {key: (_paging(guessed[key][2].pagination), _paging(ours[key][2].pagination)) for key in declared}


def _paging(found: Pagination) -> str:
    return f"{found.style} {found.token_in}:{found.token_param} {'.'.join(found.token_path)} {found.size_param}"
