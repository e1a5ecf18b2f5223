"""What every test may count on."""

import signal

import pytest

from quaestor.catalog.store import open_catalog

# A shell that starts a job in the background has it ignore SIGINT, and children inherit that: Ctrl-C is tested here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def compiled_catalog() -> None:
    """The catalog is compiled before the first test: commands that tests run don't tell of it then."""
    open_catalog().close()
