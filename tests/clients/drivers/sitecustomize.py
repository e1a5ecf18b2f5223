"""Found by Python at its start (PYTHONPATH): connections to the host of QUAESTOR_HOST go to the sandbox's port on
this machine, as `loopback.js` does for Node. Name and certificate are checked as ever; the program isn't changed.

Before: `tests.clients.test_page_programs` started a program. After: the program asks the sandbox.
"""

from __future__ import annotations

import os
import socket
from typing import Any

_find = socket.getaddrinfo
_HOST = os.environ.get("QUAESTOR_HOST")


def _found(host: Any, port: Any, *given: Any, **named: Any) -> Any:
    if host == _HOST:
        host, port = "127.0.0.1", int(os.environ["QUAESTOR_PORT"])
    return _find(host, port, *given, **named)


if _HOST:
    import certifi

    socket.getaddrinfo = _found
    certifi.where = lambda: os.environ["QUAESTOR_CA"]
