"""What a session is made of, each part when it is first needed; the settings in force, and the catalog as it is now.

Before: `connect` was told whose accounts, which settings, which files. After: `run.engine` asks for the part that its
statement needs, and the parts ask for each other.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from time import time

from quaestor.catalog.store import open_providers
from quaestor.config import Settings, data_folder, document_roots, journal_path, registry_source, workspace_path
from quaestor.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from typing import Any

    from quaestor.catalog.catalog import Catalog
    from quaestor.fetch.governor import Clock
    from quaestor.fetch.http import Transport
    from quaestor.run.registry import Registry
    from quaestor.run.selecting import Selector
    from quaestor.run.session import SessionStatements
    from quaestor.run.workspace.file import Workspace
    from quaestor.run.writing.journal import Journal
    from quaestor.run.writing.preparing import Preparer
    from quaestor.run.writing.writer import Writer


class Parts:
    """The parts of one session; may be asked for from any thread.

    Each is imported when it is made: SHOW and DESCRIBE answer in half the time without those of a SELECT, and most
    sessions never write (docs/decisions/0003-late-imports.md).

    Attributes:
        settings: those in force, which SET changes.
        catalog, names: what the providers offer, and each connection's provider; REGISTRY PULL adds to both.
        notify: told what a person may want to know while a statement runs.

    The arguments are those of `quaestor.connect`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        endpoints: Mapping[str, str] | None = None,
        auth: Mapping[str, Any] | None = None,
        transport: Transport | None = None,
        catalog: Catalog | None = None,
        env: Mapping[str, str] | None = None,
        notify: Callable[[str], None] | None = None,
        clock: Clock | None = None,
        now_s: Callable[[], float] = time,
    ) -> None:
        self.settings = settings
        self.notify = notify
        self._env = os.environ if env is None else env
        if catalog is None:
            catalog = open_providers(document_roots(settings.registry, self._env))
        self.catalog: Catalog = catalog
        own = {provider.name: provider.name for provider in catalog.providers()}
        self.names = {**own, **{name: known.provider for name, known in settings.connections.items()}}
        self._endpoints = {**settings.endpoints, **(endpoints or {})}
        self._auth = {**settings.auth, **(auth or {})}
        self._transport = transport
        self._clock = clock
        self._now_s = now_s
        self._selector: Selector | None = None
        self._retired: list[Selector] = []
        self._workspace: Workspace | None = None
        self._session: SessionStatements | None = None
        self._journal: Journal | None = None
        self._lock = allocate_lock()

    def close(self) -> None:
        """Close what was opened."""
        for selector in (*self._retired, *([self._selector] if self._selector is not None else ())):
            selector.close()
        if self._selector is None and self._transport is not None:
            self._transport.close()
        if self._workspace is not None:
            self._workspace.close()
        if self._journal is not None:
            self._journal.close()

    # --------------------------------------------------------------------------------------- each part

    def selector(self) -> Selector:
        """What runs SELECTs, by the settings in force."""
        from quaestor.run.connections import Connections
        from quaestor.run.selecting import Selector

        with self._lock:
            if self._selector is None:
                connections = Connections(
                    self.settings,
                    self.catalog,
                    self.names,
                    endpoints=self._endpoints,
                    auth=self._auth,
                    transport=self._transport,
                    env=self._env,
                    clock=self._clock,
                    now_s=self._now_s,
                )
                self._selector = Selector(
                    self.settings, self.catalog, connections, self.names, self.notify, self.workspace
                )
            return self._selector

    def preparer(self) -> Preparer:
        """What makes calls of writes, by the settings in force."""
        from quaestor.run.writing.preparing import Preparer

        selector = self.selector()
        # what is written depends on what is read: it is whole, or nothing is written
        whole = replace(self.settings, partial=False)
        return Preparer(
            self.settings,
            self.catalog,
            selector.connections,
            self.names,
            selector.with_settings(whole),
            selector.with_settings(replace(whole, fill_parents=False)),
        )

    def writer(self) -> Writer:
        """What carries writes out, by the settings in force."""
        from quaestor.run.writing.writer import Writer

        connections = self.selector().connections
        return Writer(self.settings, connections, self.preparer(), self.notify, self.journal())

    def journal(self) -> Journal | None:
        """What keeps account of writes; None where they don't leave this process and no file is named."""
        from quaestor.run.writing.journal import Journal

        with self._lock:
            path = self.settings.journal or ("" if self._transport is not None else journal_path(os.environ))
            if self._journal is None and path:
                self._journal = Journal(path)
            return self._journal

    def workspace(self) -> Workspace:
        """The views and tables of the session."""
        from quaestor.run.workspace.file import Workspace

        with self._lock:
            if self._workspace is None:
                path = self.settings.workspace or workspace_path(os.environ)
                self._workspace = Workspace(path, self.catalog, self.names)
            return self._workspace

    def session(self) -> SessionStatements:
        """What runs statements about the session itself."""
        from quaestor.run.session import SessionStatements

        workspace = self.workspace()
        with self._lock:
            if self._session is None:
                self._session = SessionStatements(workspace, self.selector, self.settings, self._change_settings)
            return self._session

    def registry(self) -> AbstractContextManager[Registry]:
        """Where documents of providers are pulled from."""
        from quaestor.run.registry import open_registry

        source = registry_source(self.settings.registry, self._env)
        return open_registry(source, os.path.join(self.data_folder(), "registry"), self.settings)

    def data_folder(self) -> str:
        """Where the user's own documents are."""
        return data_folder(self._env)

    # ------------------------------------------------------------------------------------- what changes

    def _change_settings(self, settings: Settings) -> None:
        """Put other settings in force for later statements."""
        selector = self.selector()
        with self._lock:
            self.settings = settings
            self._selector = selector.with_settings(settings)

    def reopen(self) -> None:
        """Take up the catalog as it is on the disk now; results that are still read keep what they had."""
        catalog = open_providers(document_roots(self.settings.registry, self._env), note=self.notify)
        with self._lock:
            if self._selector is not None:
                self._retired.append(self._selector)
            self._selector = self._session = None
            self.catalog = catalog
            self.names = {**{p.name: p.name for p in catalog.providers()}, **self.names}
            if self._workspace is not None:
                self._workspace.adopt(self.catalog, self.names)
