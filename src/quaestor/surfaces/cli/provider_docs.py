"""`quaestor provider docs`: the pages that document a provider.

Before: `provider` has seen which command it is. After: `authoring.pages.site` writes them; here is said what was
written.
"""

from __future__ import annotations

from quaestor.authoring.pages.site import COMPAT_VERSIONS, FORMATS, Source, write_compat, write_pages
from quaestor.catalog import texts
from quaestor.catalog.stackql import provider
from quaestor.catalog.stackql.folder import folders
from quaestor.catalog.store import open_providers
from quaestor.config import data_folder, document_roots
from quaestor.errors import CatalogError, IncompleteError, UsageError, did_you_mean
from quaestor.sandbox.answer.buckets import Table
from quaestor.sandbox.data.patterns import matching
from quaestor.sandbox.vendors import VENDORS
from quaestor.sandbox.wire.faults import pattern
from quaestor.surfaces.cli.output import Direct
from quaestor.surfaces.cli.provider import missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from quaestor.catalog.stackql.folder import Folder
    from quaestor.surfaces.cli.console import Console

_ATTEMPTS = 200


def run(arguments: tuple[str, ...], values: dict[str, Any], console: Console) -> int:
    """Write a provider's pages. Raises UsageError for arguments that don't fit, CatalogError for a provider that
    isn't there, and for documents that can't be read."""
    missing("docs", values, "out")
    (name,), out = arguments, values["out"]
    absent: tuple[str, ...] = ()
    form = values.get("format", "stackql" if "compat" in values else "markdown")
    if form not in FORMATS:
        raise UsageError(f"--format is {' or '.join(FORMATS)}, not {form!r}", hint=did_you_mean(form, FORMATS))
    roots = document_roots(values.get("registry", ""), console.env) if "registry" in values else ()
    if "compat" in values:
        _check_compat(values["compat"], form, roots, values.get("spec", ()))
        count = write_compat(name, _needed(roots, name), out, values.get("headers", ""))
    else:
        with open_providers(roots, note=console.note) as catalog:
            specs = tuple(values.get("spec", ()))
            folder = _folders(roots).get(name)
            if folder is not None:
                absent = tuple(entry.name for entry in provider.read(folder).services if not entry.path)
            kept = () if specs or folder else tuple(texts.documents(texts.path_of(data_folder(console.env), name)))
            source = Source(catalog, name, specs, folder.path if folder else "", _rate(name), kept, text_for, absent)
            count = write_pages(source, out, form, values.get("headers", ""))
    Direct(console.stdout, False).write(f"{name}: pages of {count} resources written to {out}\n")
    if absent:
        console.note(f"incomplete: the document lists {', '.join(absent)} too, but has nothing of them")
        return IncompleteError.exit_code
    return 0


def _check_compat(version: str, form: str, roots: Sequence[str], specs: Sequence[str]) -> None:
    if version not in COMPAT_VERSIONS:
        raise UsageError(f"--compat is {' or '.join(COMPAT_VERSIONS)}, not {version!r}")
    if form != "stackql":
        raise UsageError("--compat makes pages in StackQL's format", hint="leave out --format, or write stackql")
    if not roots:
        raise UsageError("--compat makes pages of a provider document", hint="say where it is: --registry PATH")
    if specs:
        raise UsageError("--compat takes all texts from the provider document", hint="leave out --spec")


def _folders(roots: Sequence[str]) -> dict[str, Folder]:
    """The folders of provider documents by provider, the last root's if several have one."""
    return {each.name: each for root in roots for each in folders(root)}


def _needed(roots: Sequence[str], name: str) -> str:
    """The folder of a provider's document. Raises CatalogError if there is none."""
    found = _folders(roots)
    if name not in found:
        raise CatalogError(f"the registry has no provider {name!r}", hint=did_you_mean(name, tuple(found)))
    return found[name].path


def text_for(pattern: str) -> str:
    """A text that a pattern matches, empty if none is found. Of a pattern that contradicts itself in part, such as
    one for durations that goes on behind `$`, most attempts fail."""
    return next((text for state in range(1, _ATTEMPTS) if (text := matching(pattern, state))), "")


def _rate(provider: str) -> Callable[[str, str], str]:
    """What is known of the usual rate limits of a vendor, for a call; nothing of vendors that the sandbox has no
    limits of."""
    table = VENDORS[provider].manners.limits if provider in VENDORS else Table()
    fits = [(bucket, *_split(bucket.route)) for bucket in table.buckets]

    def rate(http: str, path: str) -> str:
        for bucket, method, fitting in fits:
            if method in ("", http) and fitting(path):
                return (
                    f"usually {bucket.limit:,} requests in {bucket.per} s, counted for `{bucket.route}`; "
                    "what holds is learnt from each response"
                )
        return ""

    return rate


def _split(route: str) -> tuple[str, Callable[[str], bool]]:
    method, _, path = route.rpartition(" ")
    return method, pattern(path)
