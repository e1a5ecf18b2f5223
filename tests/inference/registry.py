"""What `provider build` infers from the OpenAPI inside StackQL's provider documents, held against their resources.

`python -m tests.inference.registry [PROVIDER …]`. Nothing was tuned on these APIs but what is true of any: they tell
whether the rules hold for documents that nobody has looked at. StackQL's own people disagree with each other in part
(a PUT is `insert` here and `replace` there; some lists aren't unwrapped), so that 100 % can't be had. Row paths are
those of GETs without a transform; a key that isn't said is `$`, or `$.items`, which StackQL takes if it is there.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import Any

from tests.inference.measure import SHARED

from quaestor.authoring.build import build
from quaestor.catalog import document
from quaestor.catalog.openapi import HTTP_METHODS, Spec

REGISTRY = SHARED / "registry" / "src"


def wanted(root: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Resource, verb and row path by operation, of those that one method alone reaches."""
    out: dict[str, dict[str, Any]] = {}
    twice: set[str] = set()
    for name, resource in root["components"].get("x-stackQL-resources", {}).items():
        verbs = {
            reference["$ref"].rsplit("/", 1)[-1]: verb
            for verb, references in (resource.get("sqlVerbs") or {}).items()
            for reference in references or ()
        }
        for method, fields in (resource.get("methods") or {}).items():
            pointer = fields.get("operation", {}).get("$ref", "")
            if pointer.count("/") != 3:
                continue
            _, _, path, http = pointer.split("/")
            key = f"{http.upper()} {path.replace('~1', '/').replace('~0', '~')}"
            twice |= {key} & out.keys()
            response = fields.get("response") or {}
            rows = str(response.get("objectKey") or "").removesuffix("[*]")
            verb = verbs.get(method, "exec")
            is_read = verb == "select" and http == "get" and not response.get("transform")
            out[key] = {"resources": name, "verbs": verb, **({"row paths": rows} if is_read else {})}
    return {key: each for key, each in out.items() if key not in twice}


def counted(provider: str) -> Counter[str]:
    """Of a provider's services, how much is right (`verbs`) of how much (`all verbs`), by kind."""
    out: Counter[str] = Counter()
    for path in sorted((REGISTRY / provider).rglob("services/*.yaml")):
        root = document.read(str(path))
        said = wanted(root)
        if not said:
            continue
        root["components"].pop("x-stackQL-resources")
        for item in root["paths"].values():
            for http in HTTP_METHODS:
                for key in [key for key in item.get(http) or () if key.startswith("x-stackQL")]:
                    del item[http][key]
        found, _ = build("x", [("spec", Spec(root, str(path)))])
        for resource in found.resources:
            for each in resource.methods:
                rows = ".".join(("$", *each.method.response.row_path))
                ours = {"verbs": each.method.verb, "resources": resource.name, "row paths": rows}
                right = said.get(f"{each.method.http} {each.method.path}", {})
                if right.get("row paths") == "":
                    right["row paths"] = rows if rows == "$.items" else "$"
                for kind, value in right.items():
                    out[kind] += ours[kind] == value
                    out[f"all {kind}"] += 1
    return out


def main(names: list[str]) -> int:
    """Print a line for each provider."""
    if not REGISTRY.is_dir():
        print("the shared data is not beside the checkout", file=sys.stderr)
        return 1
    for name in names or sorted(os.listdir(REGISTRY)):
        count = counted(name)
        shares = (f"{kind} {count[kind]} of {count[f'all {kind}']}" for kind in ("verbs", "row paths", "resources"))
        print(f"{name:15} " + ", ".join(shares))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
