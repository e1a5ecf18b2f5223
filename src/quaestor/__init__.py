"""Quaestor: query, deploy and manage cloud and SaaS resources with SQL."""

__version__ = "0.1.0"
