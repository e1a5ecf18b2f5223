"""A cache of a test's own in which the built-in catalog is compiled already: that takes seconds."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from quaestor.catalog.store import open_catalog


def compiled_cache(folder: Path) -> str:
    """A folder to give as `cache_dir`; if it is called `quaestor`, the one above it is an `XDG_CACHE_HOME`."""
    with open_catalog() as store:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy2(store.path, folder / os.path.basename(store.path))
    return str(folder)
