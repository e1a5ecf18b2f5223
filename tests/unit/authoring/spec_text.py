"""The small API in `acme.yaml`, as a document and as a spec."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from quaestor.catalog import document
from quaestor.catalog.openapi import Spec

FILE = Path(__file__).with_name("acme.yaml")
_SPEC = document.read(str(FILE))


def root(**paths: Any) -> dict[str, Any]:
    """A copy of the document, with these paths in place of its own if there are any."""
    copied = copy.deepcopy(_SPEC)
    if paths:
        copied["paths"] = paths
    return copied


def spec(**paths: Any) -> Spec:
    """The same as a spec."""
    return Spec(root(**paths), "acme.yaml")
