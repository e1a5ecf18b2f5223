"""Settings of hypothesis for these tests: a slow machine is no failure."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("fetch", deadline=None)
settings.load_profile("fetch")
