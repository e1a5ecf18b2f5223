"""Executing a plan: fetched pages become rows of SQLite tables, and SQLite answers the statement over them."""
