"""Quaestor: query, deploy and manage cloud and SaaS resources with SQL.

    import quaestor

    with quaestor.connect() as con:
        for login, status in con.sql("SELECT profile ->> 'login', status FROM okta.users.users"):
            print(login, status)

The engine is imported when `connect`, `Connection` or `Result` is first asked for: `quaestor --version` needs none
of it.
"""

from quaestor.errors import (
    AuthError,
    BindError,
    Cancelled,
    CatalogError,
    ConflictError,
    DecodeError,
    EvaluationError,
    ForbiddenError,
    InvalidRequestError,
    LimitError,
    NotFoundError,
    PartialWriteError,
    ProviderError,
    QuaestorError,
    RateLimitError,
    ServerError,
    SqlSyntaxError,
    TransportError,
    UnsupportedError,
    UsageError,
)

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from quaestor.config import ConnectionSettings, CredentialReference, Settings
    from quaestor.run.engine import Connection, connect
    from quaestor.run.result import Result
    from quaestor.sandbox.rehearsal import sandbox
    from quaestor.secrets import Secret

#: Public names that are imported when they are first asked for, and from where.
_LATE = {
    "Connection": "quaestor.run.engine",
    "ConnectionSettings": "quaestor.config",
    "CredentialReference": "quaestor.config",
    "Result": "quaestor.run.result",
    "Secret": "quaestor.secrets",
    "Settings": "quaestor.config",
    "connect": "quaestor.run.engine",
}

__all__ = [
    "AuthError",
    "BindError",
    "Cancelled",
    "CatalogError",
    "ConflictError",
    "Connection",
    "ConnectionSettings",
    "CredentialReference",
    "DecodeError",
    "EvaluationError",
    "ForbiddenError",
    "InvalidRequestError",
    "LimitError",
    "NotFoundError",
    "PartialWriteError",
    "ProviderError",
    "QuaestorError",
    "RateLimitError",
    "Result",
    "Secret",
    "ServerError",
    "Settings",
    "SqlSyntaxError",
    "TransportError",
    "UnsupportedError",
    "UsageError",
    "__version__",
    "connect",
    "sandbox",
]


def __getattr__(name: str) -> object:
    if name not in _LATE and name != "sandbox":
        raise AttributeError(f"module 'quaestor' has no attribute {name!r}")
    import importlib

    if name == "sandbox":  # the package itself, which can be called
        return importlib.import_module("quaestor.sandbox")
    found = getattr(importlib.import_module(_LATE[name]), name)
    globals()[name] = found
    return found
