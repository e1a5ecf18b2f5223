"""What every test may count on."""

import os
import signal
import tempfile

import pytest
from hypothesis import settings

from quaestor.catalog.store import open_catalog

# The same examples every time, so that a red run is red again; QUAESTOR_EXPLORE=1 looks for new ones.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("explore" if os.environ.get("QUAESTOR_EXPLORE") else "steady")

# A shell that starts a job in the background has it ignore SIGINT, and children inherit that: Ctrl-C is tested here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Neither the configuration nor the workspace of whoever runs the tests takes part in them.
_OWN = tempfile.TemporaryDirectory(prefix="quaestor-tests-", ignore_cleanup_errors=True)
os.environ.update(XDG_CONFIG_HOME=f"{_OWN.name}/config", XDG_DATA_HOME=f"{_OWN.name}/data")


@pytest.fixture(scope="session", autouse=True)
def compiled_catalog() -> None:
    """The catalog is compiled before the first test: commands that tests run don't tell of it then."""
    open_catalog().close()
