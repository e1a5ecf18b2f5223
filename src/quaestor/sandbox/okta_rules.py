"""Okta's rules for what is changed."""

from __future__ import annotations

from quaestor.sandbox.rules import Rules


class OktaRules(Rules):
    """Okta's rules."""

    links = True
    put_replaces = True
