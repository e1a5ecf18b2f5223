"""Datadog's world and rules, written by hand where the catalog alone is not believable."""
