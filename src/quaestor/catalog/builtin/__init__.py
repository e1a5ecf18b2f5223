"""The built-in providers: facts as text, written by `quaestor provider build`, reviewed in diffs."""
