"""`quaestor provider enrich`: a vendor's titles and descriptions beside a provider's catalog, on this machine only.

Before: `provider` has seen which command it is. After: `authoring.enrich` keeps them; here is said what was kept.
"""

from __future__ import annotations

from quaestor.authoring.enrich import enrich, known
from quaestor.catalog import texts
from quaestor.catalog.store import open_providers
from quaestor.config import data_folder, document_roots
from quaestor.errors import UsageError
from quaestor.surfaces.cli.output import Direct
from quaestor.surfaces.cli.provider import missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from quaestor.surfaces.cli.console import Console


def run(arguments: tuple[str, ...], values: dict[str, Any], console: Console) -> int:
    """Keep a vendor's texts, or take them away. Raises UsageError for flags that don't fit each other, CatalogError
    for a provider that isn't there, for documents that can't be read and for those of something else."""
    (name,) = arguments
    out = Direct(console.stdout, False)
    with open_providers(document_roots(values.get("registry", ""), console.env), note=console.note) as catalog:
        path = texts.path_of(data_folder(console.env), known(catalog, name).name)
        if values.get("remove"):
            if "spec" in values:
                raise UsageError("provider enrich takes --spec or --remove, not both")
            out.write(f"{name}: {'removed ' + path if texts.remove(path) else 'no texts are kept'}\n")
            return 0
        missing("enrich", values, "spec")
        made = enrich(catalog, name, tuple(values["spec"]), path)
    out.write(f"{name}: words on {made.described} of {made.methods} methods, {made.texts:,} texts, kept in {path}\n")
    return 0
