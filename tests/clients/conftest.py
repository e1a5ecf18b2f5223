"""The vendors' clients, installed when CI runs the tests; elsewhere the tests are skipped unless they already are."""

import os
import shutil

import pytest
from tests.clients.install import install, missing


@pytest.fixture(scope="session")
def clients() -> None:
    """The clients are there as pinned."""
    if os.environ.get("QUAESTOR_TEST_ALL"):
        assert shutil.which("npm"), "QUAESTOR_TEST_ALL=1 needs Node with npm"
        install()
    elif why := missing():
        pytest.skip(why)
