"""A provider's pages in a folder: the provider's own, one for each service, one for each resource.

Before: `compat` reads a provider in StackQL's layout. After: files, written whole or not at all.
"""

from __future__ import annotations

import os
import shutil
import tempfile

from quaestor.authoring.pages import compat, mdx
from quaestor.catalog import document
from quaestor.errors import CatalogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: The only version of StackQL's generator that is imitated.
COMPAT_VERSIONS = ("0.4.6",)


def write_compat(provider: str, folder: str, out: str, headers: str = "") -> int:
    """Writes the pages of the provider whose document is in `folder` (`provider.yaml`, `services/`) as StackQL's
    generator 0.4.6 did, and returns how many resources they document.

    `headers` is a folder with the texts that a provider's author gives: `headerContent1.txt`, with the front matter,
    stands before the counts, `headerContent2.txt` after them; without it our own short lines stand there.
    Raises CatalogError for documents that can't be read. `out` is replaced when all is written, not before.
    """
    return _write(out, _compat_files(provider, folder, headers))


def _write(out: str, files: Iterator[tuple[str, str]]) -> int:
    """Writes files below `out`, which takes its place when they are complete; returns how many pages of resources."""
    target = os.path.abspath(out)
    if os.path.isdir(target) and os.listdir(target) and not os.path.isfile(os.path.join(target, "index.md")):
        raise CatalogError(f"{out} holds other things than pages: choose an empty folder, or one with older pages")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    made = tempfile.mkdtemp(prefix=".pages-", dir=os.path.dirname(target))
    count = 0
    try:
        for path, text in files:
            count += path.count("/") == 3
            full = os.path.join(made, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
        os.chmod(made, 0o755)  # pages are to be read by all, unlike a temporary folder
        shutil.rmtree(target, ignore_errors=True)
        os.rename(made, target)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return count


def _compat_files(provider: str, folder: str, headers: str) -> Iterator[tuple[str, str]]:
    services = document.read(os.path.join(folder, "provider.yaml")).get("providerServices") or {}
    files = 0
    for name, service in services.items():
        file = os.path.basename(service["service"]["$ref"])
        resources = []
        for page in compat.pages(provider, name, document.read(os.path.join(folder, "services", file))):
            resources.append(page.resource)
            yield page.path, mdx.render(page)
        yield f"services/{name}/index.md", mdx.render_service(provider, name, resources)
        files += len(resources) + 1  # the generator counted a service's own page as a resource
    head = _text(headers, "headerContent1.txt") or mdx.provider_head(provider, f"The `{provider}` provider.")
    body = _text(headers, "headerContent2.txt") or f"## Installation\n\n```bash\nREGISTRY PULL {provider};\n```"
    yield "index.md", mdx.render_provider(head, body, list(services), files)


def _text(folder: str, name: str) -> str:
    if not folder:
        return ""
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise CatalogError(f"can't read {os.path.join(folder, name)}: {error.strerror or error}") from error
