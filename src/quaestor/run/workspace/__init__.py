"""Views and tables that people keep: `file` holds them, `changes` makes and drops them, `rows` fills and changes
tables.
"""
