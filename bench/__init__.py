"""Benchmarks: time ratios against a bare loop, taken in one run. Never part of the tests."""
