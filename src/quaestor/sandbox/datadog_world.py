"""Datadog as a person expects to find it. For now everything is invented after the catalog's schemas.

Before: `world`. After: `core` takes it for provider datadog.
"""

from __future__ import annotations

from quaestor.sandbox.world import World


class DatadogWorld(World):
    """The objects of a Datadog organization."""

    scales = {"users": 60}
