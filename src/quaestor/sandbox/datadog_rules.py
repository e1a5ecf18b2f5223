"""Datadog's rules for what is changed."""

from __future__ import annotations

from quaestor.sandbox.rules import Rules


class DatadogRules(Rules):
    """Datadog's rules."""
